from inbox.models.activity import Activity
from inbox.models.alarm_mail import AlarmMail
from inbox.models.answer_timer import AnswerTimer, WindowAsk
from inbox.models.api import ApiAnswer
from inbox.models.assignment import Assignment, RoutingDecision
from inbox.models.automatic import AutomaticAnswer, AutomaticText, KeywordAnswer, PendingAnswer
from inbox.models.block import Block
from inbox.models.case import Case
from inbox.models.consent import Consent, ConsentRequest, ConsentSettings, ConsentWording, OptInPage
from inbox.models.contact import Contact, ContactField, ContactIdentity
from inbox.models.contact_import import ContactImport, ContactImportRow
from inbox.models.contact_merge import ContactMerge, MovedConversation
from inbox.models.conversation import Conversation, NumberRouting, ReadCursor
from inbox.models.event import Event
from inbox.models.follower import Follower
from inbox.models.label import Label
from inbox.models.message import (
    Attachment,
    DeliveryAttempt,
    Message,
    PairLimit,
    Reaction,
    Rendition,
    ServiceMessageCount,
    UnmatchedStatus,
)
from inbox.models.note import Draft, Mention, Note
from inbox.models.notification import ClosingWarning, NotificationSettings, Reminder
from inbox.models.outgoing_webhook import OutgoingDelivery, OutgoingEvent, OutgoingWebhook
from inbox.models.privacy import Erasure, ErasureKey, PersonExport, RetentionSettings
from inbox.models.push import PushDevice, PushKey, PushNotice
from inbox.models.report import (
    CaseFigures,
    LostWindow,
    ReportCell,
    ReportFailure,
    ReportMark,
    ReportSettings,
    ReportSlot,
)
from inbox.models.routing_rule import RoutingRule
from inbox.models.satisfaction import Satisfaction, SatisfactionSettings
from inbox.models.saved_filter import SavedFilter
from inbox.models.saved_reply import SavedReply, SavedReplyFile
from inbox.models.scheduled_reply import ScheduledReply
from inbox.models.search import SearchBacklog, SearchDocument, SearchKind, SearchWord
from inbox.models.storage import StorageReading
from inbox.models.template_care import TemplateFavourite, TemplateMapping, TemplateTeam, TestRecipient
from inbox.models.template_draft import DraftFile, DraftText, TemplateDraft
from inbox.models.undo import Undo
from inbox.models.upload import Upload

__all__ = [
    "Activity",
    "AlarmMail",
    "AnswerTimer",
    "ApiAnswer",
    "Assignment",
    "Attachment",
    "AutomaticAnswer",
    "AutomaticText",
    "Block",
    "Case",
    "CaseFigures",
    "ClosingWarning",
    "Consent",
    "ConsentRequest",
    "ConsentSettings",
    "ConsentWording",
    "Contact",
    "ContactField",
    "ContactIdentity",
    "ContactImport",
    "ContactImportRow",
    "ContactMerge",
    "Conversation",
    "DeliveryAttempt",
    "Draft",
    "DraftFile",
    "DraftText",
    "Erasure",
    "ErasureKey",
    "Event",
    "Follower",
    "KeywordAnswer",
    "Label",
    "LostWindow",
    "Mention",
    "Message",
    "MovedConversation",
    "Note",
    "NotificationSettings",
    "NumberRouting",
    "OptInPage",
    "OutgoingDelivery",
    "OutgoingEvent",
    "OutgoingWebhook",
    "PairLimit",
    "PendingAnswer",
    "PersonExport",
    "PushDevice",
    "PushKey",
    "PushNotice",
    "Reaction",
    "ReadCursor",
    "Rendition",
    "Reminder",
    "ReportCell",
    "ReportFailure",
    "ReportMark",
    "ReportSettings",
    "ReportSlot",
    "RetentionSettings",
    "RoutingDecision",
    "RoutingRule",
    "Satisfaction",
    "SatisfactionSettings",
    "SavedReply",
    "SavedReplyFile",
    "SavedFilter",
    "ScheduledReply",
    "SearchBacklog",
    "SearchDocument",
    "SearchKind",
    "SearchWord",
    "ServiceMessageCount",
    "StorageReading",
    "TemplateDraft",
    "TemplateFavourite",
    "TemplateMapping",
    "TemplateTeam",
    "TestRecipient",
    "Undo",
    "UnmatchedStatus",
    "Upload",
    "WindowAsk",
]
