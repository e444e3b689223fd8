"""What may be done with a message: reacted to, tried again, passed on. No query beyond what the caller has loaded."""

from datetime import timedelta

from django.utils import timezone

from inbox.enums import FILE_KINDS, AttachmentState, Direction, MessageKind, MessageStatus
from inbox.models import Attachment, Message, Reaction
from whatsapp.media_types import SENDABLE

REACTABLE_FOR = timedelta(days=30)
PALETTE = ("👍", "❤️", "😂", "😮", "😢", "🙏")
NO_REACTION = {MessageKind.SYSTEM, MessageKind.WELCOME, MessageKind.REACTION}
# What the customer's choice, a form or a template says is passed on as its words.
FORWARDED_AS_TEXT = {
    MessageKind.TEXT, MessageKind.BUTTON_REPLY, MessageKind.LIST_REPLY, MessageKind.TEMPLATE, MessageKind.INTERACTIVE
}  # fmt: skip
FORWARDED_DATA = {
    MessageKind.LOCATION: ("latitude", "longitude", "name", "address"),
    MessageKind.CONTACTS: ("contacts",),
}


def may_be_reacted_to(message: Message) -> bool:
    """Meta takes reactions to customers' messages of the last 30 days."""
    return (
        message.direction == Direction.IN and bool(message.wamid) and message.kind not in NO_REACTION
        and message.deleted_at is None and message.occurred_at > timezone.now() - REACTABLE_FOR
    )  # fmt: skip


def is_open_to_doubt(ours: Reaction | None) -> bool:
    """Its sending failed, or nobody can say whether it arrived: saying the same again makes sense."""
    sending = ours.sending if ours else None
    return sending is not None and (
        sending.status == MessageStatus.FAILED
        or (sending.status == MessageStatus.UNKNOWN and sending.error_code is not None)
    )


def may_be_forwarded(message: Message) -> bool:
    """Words, files, places and cards; nothing that was taken back, and nothing that is still held."""
    if message.deleted_at is not None or message.status == MessageStatus.HELD:
        return False
    if message.kind in FILE_KINDS:
        return file_to_forward(message) is not None
    return message.kind in FORWARDED_DATA or (message.kind in FORWARDED_AS_TEXT and bool(message.text))


def file_to_forward(message: Message) -> Attachment | None:
    """Our copy of the message's file, when Meta takes it from us: customers may send more kinds than we."""
    for file in message.attachments.all():
        types, most = SENDABLE["audio" if message.kind == MessageKind.VOICE else message.kind]
        if file.file and file.state == AttachmentState.READY and file.mime_type in types and file.size <= most:
            return file
    return None
