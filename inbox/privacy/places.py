"""The register: every table of the database is in exactly one of the three lists below (a test walks them all).

PLACES      rows that belong to a person: found through `rows`, exported as `shown`, erased in this order
SCANNED     rows of many people in which one is looked for by number and name (inbox.privacy.scans)
NOT_THEIRS  tables without a customer's data, and why

A place that has text, files or JSON shows each such column in the export or says in `apart` that it does not. Whoever
adds a table or a column adds it here.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Model, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from inbox import models as inbox
from inbox.privacy.people import Person

Find = Callable[[Person], Q]

# What a person is shown before something is erased, in this order: the words of each group.
GROUPS: dict[str, str | Promise] = {
    "contacts": _("Contacts, with those that were merged"),
    "numbers": _("Phone numbers and WhatsApp ids"),
    "conversations": _("Conversations"),
    "cases": _("Cases"),
    "messages": _("Messages"),
    "files": _("Files and their previews"),
    "reactions": _("Reactions"),
    "notes": _("Internal notes"),
    "planned": _("Replies planned for later"),
    "drafts": _("Drafts and files in composers"),
    "ratings": _("Ratings and comments"),
    "consents": _("Entries of the consent ledger"),
    "routing": _("Assignments and the reasons for them"),
    "lines": _("Lines in the thread"),
    "marks": _("Marks: read, followed, mentioned, reminded, blocked"),
    "search": _("Entries of the search index"),
    "exports": _("Exports of this person"),
    "traces": _("Live events, undo and merge records"),
    "imports": _("Rows of imported files"),
    "deliveries": _("Raw webhook deliveries"),
    "audit": _("Names in the activity log"),
}


@dataclass(frozen=True)
class Place:
    """The rows of one table that belong to a person."""

    model: type[Model]
    group: str
    find: Find
    section: str = ""  # of the export
    shown: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()  # columns with words that are not exported: technical, or of colleagues
    counted: bool = True  # not: figures, and what comes with the rows of its group
    files: str = ""  # the column that names a stored file
    order: tuple[str, ...] = ("pk",)

    @property
    def label(self) -> str:
        return self.model._meta.label

    def rows(self, person: Person) -> "QuerySet[Model]":
        return self.model._base_manager.filter(self.find(person))


def of_contact(name: str = "contact") -> Find:
    return lambda person: Q(**{f"{name}__in": person.contacts})


def of_conversation(name: str = "conversation") -> Find:
    return lambda person: Q(**{f"{name}__in": person.conversations})


def of_message(path: str = "") -> Find:
    """Messages of their conversations, and what they wrote in groups."""
    start = f"{path}__" if path else ""
    return lambda person: Q(**{f"{start}conversation__in": person.conversations}) | Q(
        **{f"{start}sender_contact__in": person.contacts}
    )


def _reactions(person: Person) -> Q:
    return Q(contact__in=person.contacts) | of_message("message")(person)


def _search(person: Person) -> Q:
    return Q(conversation__in=person.conversations) | Q(message__sender_contact__in=person.contacts)


def _undo(person: Person) -> Q:
    found = Q(pk__in=[])
    for pk in person.conversations:
        found |= Q(steps__contains=[{"conversation": pk}])
    return found


FILE_FACTS = ("kind", "file_name", "mime_type", "size")

PLACES: tuple[Place, ...] = (
    Place(
        inbox.Consent, "consents", of_contact(), "consents",
        ("category", "state", "source", "wording", "said", "note", "number", "occurred_at", "created_at"),
        apart=("wamid", "question_wamid", "chain"), order=("occurred_at", "pk"),
    ),
    Place(
        inbox.ConsentRequest, "consents", of_conversation(), "consent_questions",
        ("source", "wording__text", "asked_at", "expires_at", "answer", "answered_at"),
    ),
    Place(inbox.PushNotice, "marks", of_conversation(), apart=("kind",)),
    Place(inbox.ClosingWarning, "marks", of_conversation()),
    Place(inbox.Reminder, "marks", of_conversation()),
    Place(inbox.AnswerTimer, "marks", of_conversation(), apart=("kind", "basis")),
    Place(inbox.PendingAnswer, "marks", of_conversation(), apart=("why",)),
    Place(
        inbox.AutomaticAnswer, "marks", of_conversation(), "automatic_answers",
        ("conversation_id", "kind", "language", "sent_at"),
    ),
    Place(inbox.WindowAsk, "marks", of_conversation()),
    Place(inbox.Block, "marks", of_conversation(), "blocks", ("spam", "asked_at")),
    Place(inbox.Follower, "marks", of_conversation()),
    Place(inbox.ReadCursor, "marks", of_conversation()),
    Place(inbox.Mention, "marks", of_conversation()),
    Place(
        inbox.Upload, "drafts", of_conversation(), "files_not_sent", (*FILE_FACTS, "created_at"),
        apart=("note", "peaks", "sha256", "file"), files="file",
    ),
    Place(
        inbox.ScheduledReply, "planned", of_conversation(), "planned_replies",
        ("text", "template_values", "due_at", "state", "created_at"), apart=("if_written", "why"),
    ),
    Place(inbox.Draft, "drafts", of_conversation(), "drafts", ("kind", "text", "updated_at")),
    Place(
        inbox.Satisfaction, "ratings", of_conversation(), "ratings",
        ("language", "asked_at", "score", "answered_at", "comment", "commented_at"), apart=("skipped",),
    ),
    Place(inbox.Reaction, "reactions", _reactions, "reactions", ("message_id", "emoji", "occurred_at")),
    Place(
        inbox.DeliveryAttempt, "messages", of_message("message"), apart=("outcome", "error_detail", "trace_id"),
        counted=False,
    ),
    Place(
        inbox.Rendition, "files", of_message("attachment__message"), apart=("kind", "file", "mime_type"), files="file"
    ),
    Place(
        inbox.Attachment, "files", of_message("message"), "files", ("id", "message_id", *FILE_FACTS),
        apart=("token", "sha256", "media_id", "file", "peaks", "state", "reason"), files="file",
    ),
    Place(
        inbox.Message, "messages", of_message(), "messages",
        ("id", "conversation_id", "direction", "via", "kind", "text", "data", "occurred_at", "status", "sent_at",
         "delivered_at", "read_at", "edited_at", "deleted_at", "forwarded"),
        apart=("wamid", "quoted_wamid", "error_detail", "pricing"), order=("conversation_id", "occurred_at", "seq"),
    ),
    Place(
        inbox.Note, "notes", of_conversation(), "notes", ("conversation_id", "text", "occurred_at"),
        apart=("system",), order=("conversation_id", "occurred_at", "seq"),
    ),
    Place(
        inbox.Activity, "lines", of_conversation(), "history", ("conversation_id", "kind", "data", "occurred_at"),
        order=("conversation_id", "occurred_at", "seq"),
    ),
    Place(
        inbox.Assignment, "routing", of_conversation(), "assignments",
        ("conversation_id", "team__name", "created_at"),
    ),
    Place(
        inbox.RoutingDecision, "routing", of_conversation(), "assignment_reasons",
        ("conversation_id", "team__name", "reason", "created_at"), apart=("facts",),
    ),
    Place(
        inbox.LostWindow, "cases", of_conversation(), "windows_missed",
        ("conversation_id", "waiting_since", "closed_at", "why"), counted=False,
    ),
    Place(inbox.ReportFailure, "cases", of_conversation(), counted=False),
    Place(inbox.ReportCell, "cases", of_conversation(), counted=False),
    Place(inbox.CaseFigures, "cases", of_conversation(), counted=False),
    Place(
        inbox.Case, "cases", of_conversation(), "cases",
        ("id", "conversation_id", "team__name", "subject", "opened_at", "first_replied_at", "closed_at", "outcome",
         "message_count"),
    ),
    Place(inbox.ReportMark, "cases", lambda person: Q(conversation_id__in=person.conversations), counted=False),
    Place(inbox.SearchDocument, "search", _search, apart=("words",)),
    Place(
        inbox.Conversation.labels.through, "conversations", of_conversation(), "labels",
        ("conversation_id", "label__name"), counted=False,
    ),
    Place(inbox.MovedConversation, "traces", of_conversation()),
    Place(
        inbox.Event, "traces", lambda person: Q(conversation_id__in=person.conversations), apart=("kind", "payload")
    ),
    Place(inbox.Undo, "traces", _undo, apart=("steps",)),
    Place(
        inbox.PairLimit, "traces",
        lambda person: Q(recipient__in=person.ids, phone_number__workspace=person.workspace_id), apart=("recipient",),
    ),
    Place(
        inbox.Conversation, "conversations", of_contact(), "conversations",
        ("id", "phone_number__display_number", "status", "team__name", "referral", "guessed_language", "created_at",
         "last_customer_message_at", "closed_at"),
        apart=("preview", "block_state"),
    ),
    Place(
        inbox.ContactIdentity, "numbers", of_contact(), "numbers",
        ("kind", "value", "is_active", "created_at", "ended_at"), apart=("portfolio",),
    ),
    Place(
        inbox.ContactMerge, "traces", lambda person: Q(kept__in=person.contacts) | Q(gone__in=person.contacts),
        apart=("record",),
    ),
    Place(inbox.PersonExport, "exports", of_contact(), apart=("state", "file"), files="file"),
    Place(
        inbox.Contact, "contacts", lambda person: Q(pk__in=person.contacts), "contacts",
        ("id", "kind", "name", "profile_name", "username", "language", "email", "note", "fields", "created_at"),
        apart=("name_key",),
    ),
)  # fmt: skip

SCANNED: dict[str, str] = {
    "accounts.AuditEntry": "audit",
    "inbox.ApiAnswer": "traces",
    "inbox.ContactImportRow": "imports",
    "inbox.UnmatchedStatus": "deliveries",
    "inbox.SearchWord": "search",  # goes with the last document that has the word
    "whatsapp.WebhookDelivery": "deliveries",
}

_COLLEAGUES = "about people who work here, not about customers"
_OURS = "the business's own words and settings"
_META = "about our own numbers and accounts at Meta"
_COUNTS = "counts without anybody in them"
_DJANGO = "Django's own, not used"
_LEDGER = "keyed hashes; what it knows while it works is emptied at its end"
_PHONE = "the practice phone: it plays the customer's own device and Meta, in demo mode only"

_TOLD = "whom we tell, and of which rows: what is said is made of the rows as they are then, so it ends with them"
NOT_THEIRS: dict[str, str] = {
    label: why
    for why, labels in {
        _COLLEAGUES: """
            accounts.Agent accounts.Invitation accounts.Invitation_teams accounts.LoginThrottle accounts.Membership
            accounts.RecoveryCode accounts.SecondFactor accounts.Session accounts.SignOnProvider
            accounts.Skill accounts.Skill_agents accounts.Team accounts.WorkingHours accounts.HoursException
            inbox.NotificationSettings inbox.PushDevice inbox.TemplateFavourite inbox.TestRecipient
        """,
        _OURS: """
            accounts.Workspace accounts.ApiToken accounts.ApiToken_teams
            inbox.TemplateDraft inbox.DraftText inbox.DraftFile
            inbox.ConsentSettings inbox.ConsentWording inbox.OptInPage
            accounts.SetupCode accounts.MailServer inbox.AlarmMail inbox.AutomaticText inbox.KeywordAnswer
            inbox.TemplateMapping inbox.TemplateTeam
            inbox.Label inbox.NumberRouting inbox.ReportSettings inbox.RoutingRule
            inbox.SatisfactionSettings inbox.SatisfactionSettings_teams
            inbox.SavedFilter inbox.SavedReply inbox.SavedReplyFile
            inbox.ContactField inbox.ContactImport inbox.PushKey inbox.ErasureKey inbox.RetentionSettings
        """,
        _META: """
            whatsapp.MetaApp whatsapp.AppSecret whatsapp.WebhookCheck whatsapp.BusinessAccount whatsapp.PhoneNumber
            whatsapp.NumberHealth whatsapp.NumberChange whatsapp.BusinessProfile whatsapp.MessageTemplate
            whatsapp.TemplateHeaderMedia whatsapp.TemplateChange whatsapp.RateTable
            whatsapp.Rate
        """,
        _TOLD: "inbox.OutgoingWebhook inbox.OutgoingWebhook_numbers inbox.OutgoingDelivery",
        _COUNTS: """
            inbox.ReportSlot inbox.ServiceMessageCount inbox.StorageReading inbox.SearchBacklog
            whatsapp.WebhookRejection
        """,
        _PHONE: "sandbox.PhoneDocument sandbox.PhoneMessage sandbox.PendingWebhook",
        _DJANGO: "auth.Group auth.Group_permissions auth.Permission contenttypes.ContentType django_rq.Dashboard",
        _LEDGER: "inbox.Erasure",
    }.items()
    for label in labels.split()
}
