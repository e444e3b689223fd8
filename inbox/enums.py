"""The inbox's fixed vocabularies. A leaf: anybody may import it."""

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _


class ConversationStatus(models.TextChoices):
    OPEN = "open", _("Open")
    SNOOZED = "snoozed", _("Snoozed")
    CLOSED = "closed", _("Closed")


# In place of a conversation's status and a contact's kind while the person is being erased (inbox.privacy.erasing): out
# of every list, sight and reach. No choice, so that no screen, filter or API ever offers it.
ERASING = "erasing"


class BlockState(models.TextChoices):
    """Whether WhatsApp keeps a contact from one of our numbers. Asked and lifting: it has not answered yet."""

    NONE = "", _("Not blocked")
    ASKED = "asked", _("Being blocked")
    BLOCKED = "blocked", _("Blocked")
    LIFTING = "lifting", _("Being unblocked")


class Direction(models.TextChoices):
    IN = "in", _("Received")
    OUT = "out", _("Sent")


class Via(models.TextChoices):
    """How an outgoing message came about."""

    AGENT = "agent", _("Agent")
    AUTOMATION = "automation", _("Automatic")
    PHONE_APP = "phone_app", _("From the phone")
    API = "api", _("Another system")


class AutomaticKind(models.TextChoices):
    """Which of the answers that nobody writes."""

    GREETING = "greeting", _("Greeting")
    AWAY = "away", _("Outside of business hours")
    BACK = "back", _("We are back")
    BUSY = "busy", _("Everybody is busy")
    KEYWORD = "keyword", _("Keyword")


class MessageStatus(models.TextChoices):
    """States of an outgoing message (decisions.md 10). Incoming ones are RECEIVED."""

    RECEIVED = "received", _("Received")
    HELD = "held", _("Held")  # a colleague answered since: the author must decide
    QUEUED = "queued", _("Queued")
    SENDING = "sending", _("Sending")
    UNKNOWN = "unknown", _("Not confirmed")
    ACCEPTED = "accepted", _("Accepted")
    SENT = "sent", _("Sent")
    DELIVERED = "delivered", _("Delivered")
    READ = "read", _("Read")
    PLAYED = "played", _("Played")
    FAILED = "failed", _("Not delivered")


# Forward only: a status applies when its rank is higher. FAILED stands apart (see Message.advance).
STATUS_RANK = {
    MessageStatus.HELD: -1,
    MessageStatus.QUEUED: 0,
    MessageStatus.SENDING: 1,
    MessageStatus.UNKNOWN: 1,
    MessageStatus.ACCEPTED: 2,
    MessageStatus.SENT: 3,
    MessageStatus.DELIVERED: 4,
    MessageStatus.READ: 5,
    MessageStatus.PLAYED: 6,
}


class MessageKind(models.TextChoices):
    """What a bubble shows. Anything Meta invents later is UNSUPPORTED with the raw type in `data`."""

    TEXT = "text", _("Text")
    IMAGE = "image", _("Image")
    VIDEO = "video", _("Video")
    AUDIO = "audio", _("Audio")
    VOICE = "voice", _("Voice message")
    DOCUMENT = "document", _("Document")
    STICKER = "sticker", _("Sticker")
    LOCATION = "location", _("Location")
    CONTACTS = "contacts", _("Contact card")
    BUTTON_REPLY = "button_reply", _("Button chosen")
    LIST_REPLY = "list_reply", _("List entry chosen")
    FLOW_REPLY = "flow_reply", _("Form answer")
    ORDER = "order", _("Order")
    INTERACTIVE = "interactive", _("Message with buttons")
    TEMPLATE = "template", _("Template")
    REACTION = "reaction", _("Reaction")  # ours on its way: shown on the message it is about, never as a bubble
    SYSTEM = "system", _("System")
    WELCOME = "welcome", _("Chat opened")
    UNSUPPORTED = "unsupported", _("Not supported")


# Kinds that are a file, and those of them that may carry words.
FILE_KINDS = frozenset({
    MessageKind.IMAGE, MessageKind.VIDEO, MessageKind.AUDIO, MessageKind.VOICE, MessageKind.DOCUMENT,
    MessageKind.STICKER,
})  # fmt: skip
# Most messages: nobody need look for a file of theirs.
WITHOUT_FILES = frozenset({
    MessageKind.TEXT, MessageKind.LOCATION, MessageKind.CONTACTS, MessageKind.BUTTON_REPLY
})  # fmt: skip
# Filled in beside the composer.
BUILT_KINDS = frozenset({MessageKind.LOCATION, MessageKind.CONTACTS, MessageKind.INTERACTIVE})
CAPTIONED_KINDS = frozenset({MessageKind.IMAGE, MessageKind.VIDEO, MessageKind.DOCUMENT})


class AttachmentState(models.TextChoices):
    PENDING = "pending", _("Loading")
    READY = "ready", _("Ready")
    EXPIRED = "expired", _("Expired")
    FAILED = "failed", _("Not loaded")


class ConsentState(models.TextChoices):
    UNKNOWN = "unknown", _("Not asked")
    GIVEN = "given", _("Given")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class DraftKind(models.TextChoices):
    REPLY = "reply", _("Reply")
    NOTE = "note", _("Note")


class NoticeKind(models.TextChoices):
    """What an agent is told. Each has its sound: static/sounds/<kind>.wav."""

    ASSIGNED = "assigned"
    MESSAGE = "message"
    MENTION = "mention"
    CLOSING_60 = "closing_60"
    CLOSING_15 = "closing_15"
    WAITING = "waiting"
    TARGET_SOON = "target_soon"
    TARGET_OVER = "target_over"
    ESCALATED = "escalated"


class NoticeTopic(models.TextChoices):
    """What an agent chooses by: the kinds, those of one sort together."""

    ASSIGNED = "assigned", _("A conversation is assigned to me")
    MESSAGE = "message", _("A message in a conversation of mine, or one I follow")
    MENTION = "mention", _("A colleague mentions me")
    CLOSING = "closing", _("A window closes in less than 60 or 15 minutes, unanswered")
    WAITING = "waiting", _("A reminder that somebody waits")
    TARGET = "target", _("An answer target is near, or has passed in my team")
    ESCALATED = "escalated", _("A colleague hands a conversation over to me as lead")


class Channel(models.TextChoices):
    """How an agent is told."""

    SCREEN = "screen", _("Screen")
    SOUND = "sound", _("Sound")
    PUSH = "push", _("Push")


class Alert(StrEnum):
    """Those of which everybody hears who writes replies, not only who leads (inbox.audience)."""

    SENDING_STOPPED = "sending_stopped"
    SENDING_RESUMED = "sending_resumed"
