"""Our emoji on a customer's message: put, changed, taken away; sent like a message, shown on the bubble it is about.

Each change is a Message of kind REACTION in the outbox: it has every guarantee of a reply (order, window asked twice,
one attempt at a time, unknown never repeated by itself) and nothing of what a reply means: no bubble, no preview,
nobody becomes responsible, nobody has answered. To Meta all of us are one sender: the newest wish of any of us counts.
"""

import uuid

import emoji as emojis
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Agent
from inbox import events
from inbox.actions import outbox
from inbox.actions.outgoing import lock_for_writing, new_message, require_open_window
from inbox.enums import MessageKind, MessageStatus
from inbox.errors import InboxRuleViolation
from inbox.message_rules import is_open_to_doubt, may_be_reacted_to
from inbox.models import Message, Reaction


class NotReactable(InboxRuleViolation):
    """Not a customer's message, too old for Meta, or gone."""

    code = "not_reactable"


@transaction.atomic
def react(target: Message, *, by: Agent, emoji: str) -> Message:
    """Put this emoji on a customer's message in place of ours so far, or take ours away (""). Returns the message.

    What Meta has been told already, or is being told, is not said again. A wish that still waits in the queue is
    replaced; one under way is followed by the new one, in order.
    """
    conversation = target.conversation
    lock_for_writing(conversation, by)
    target = Message.objects.select_for_update().get(pk=target.pk, conversation=conversation)
    target.conversation = conversation
    emoji = emoji.strip()
    ours = Reaction.objects.filter(message=target, contact=None).select_related("sending").first()
    if (ours.emoji if ours else "") == emoji and not is_open_to_doubt(ours):
        return target
    if emoji and not emojis.is_emoji(emoji):
        raise InboxRuleViolation(_("A reaction is a single emoji."))
    if emoji and not may_be_reacted_to(target):
        raise NotReactable(_("WhatsApp takes reactions only to customers' messages of the last 30 days."))
    told, sending = _told(target, ours)
    seq = None
    if told != emoji:
        require_open_window(conversation)
        sending = new_message(
            conversation, by=by, uid=uuid.uuid4(), kind=MessageKind.REACTION, data={"emoji": emoji}, quoted=target,
            quoted_wamid=target.wamid,
        )  # fmt: skip
        conversation.save(update_fields=["seq"])
        seq = sending.seq
        outbox.wake()
    Reaction.objects.update_or_create(
        message=target, contact=None,
        defaults={"emoji": emoji, "agent": by, "occurred_at": timezone.now(), "sending": sending},
    )  # fmt: skip
    events.message_changed(target, took=seq)
    return target


def _told(target: Message, ours: Reaction | None) -> tuple[str, Message | None]:
    """The emoji Meta has, or will have once all that is under way has arrived, and what brought it there.

    A wish that has not been tried yet is taken out of the queue first; no other comes in, the conversation is locked.
    """
    if ours is None or ours.sending_id is None:  # nothing yet, or put there from the phone
        return (ours.emoji if ours else ""), None
    sent = Message.objects.filter(kind=MessageKind.REACTION, quoted=target)
    waiting = sent.select_for_update(skip_locked=True).filter(status=MessageStatus.QUEUED, attempt=0)
    Message.objects.filter(pk__in=[message.pk for message in waiting]).delete()
    last = sent.exclude(status=MessageStatus.FAILED).exclude(
        status=MessageStatus.UNKNOWN, error_code__isnull=False
    ).order_by("-seq").first()  # fmt: skip
    return (str(last.data.get("emoji", "")) if last else ""), last
