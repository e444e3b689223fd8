"""What may be done with a message: reacted to, tried again, passed on. No query beyond what the caller has loaded."""

from datetime import timedelta

from django.utils import timezone

from inbox.enums import Direction, MessageKind, MessageStatus
from inbox.models import Message, Reaction

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
    """Words, places and cards; nothing that was taken back, and nothing that is still held."""
    if message.deleted_at is not None or message.status == MessageStatus.HELD:
        return False
    return message.kind in FORWARDED_DATA or (message.kind in FORWARDED_AS_TEXT and bool(message.text))
