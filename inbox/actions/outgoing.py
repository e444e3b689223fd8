"""What every way of sending shares: the lock, the rules about the thread, the row, and all that follows from it."""

import uuid
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Agent, ApiToken
from inbox import events
from inbox.access import require_sight
from inbox.actions import bookkeeping, drafts, locks, outbox
from inbox.enums import BUILT_KINDS, BlockState, Direction, MessageKind, MessageStatus, Via
from inbox.errors import (
    ContactBlocked,
    InboxRuleViolation,
    NumberDisconnected,
    ReadOnlyConversation,
    ServiceWindowClosed,
)
from inbox.models import Conversation, Message
from inbox.visibility import Actor

BY_MACHINE = 5  # the place in the outbox of what no person writes, behind people


def lock_for_writing(conversation: Conversation, by: Actor) -> None:
    """Take the conversation's row; refuse who may not see it (any more) and what is read-only."""
    locks.lock(conversation)
    require_sight(by, conversation)
    require_writable(conversation)


def require_writable(conversation: Conversation) -> None:
    """Not a group, not blocked, and still at a number of ours."""
    if conversation.block_state != BlockState.NONE:
        raise ContactBlocked
    if conversation.phone_number.disconnected_at is not None:
        raise NumberDisconnected
    if conversation.may_be_read_only():
        raise ReadOnlyConversation


def existing(conversation: Conversation, uid: uuid.UUID | str, by: Actor) -> Message | None:
    """This sender's message of this uid. Under the conversation's lock a look is enough: nobody else can add one.

    A uid names what its maker sent; somebody else's (or the customer's) is refused, not shown.
    """
    message = Message.objects.filter(conversation=conversation, uid=parsed_uid(uid)).first()
    if message is not None and not _is_from(message, by):
        raise InboxRuleViolation(_("This page is out of date. Please reload it."))
    return message


def _is_from(message: Message, by: Actor) -> bool:
    if message.direction != Direction.OUT:
        return False
    if isinstance(by, ApiToken):
        return message.via == Via.API and message.data.get("api", {}).get("token") == by.pk
    return message.author_id == by.pk


def parsed_uid(uid: uuid.UUID | str) -> uuid.UUID:
    try:
        return uid if isinstance(uid, uuid.UUID) else uuid.UUID(str(uid))
    except ValueError:
        raise InboxRuleViolation(_("This page is out of date. Please reload it."))


def require_open_window(conversation: Conversation) -> None:
    if not conversation.service_window.is_open(timezone.now()):
        raise ServiceWindowClosed


def colleague_answered(conversation: Conversation, by: Actor, seen_seq: int | None) -> bool:
    """Whether somebody else has replied after `seen_seq`, the last thing this agent had on screen."""
    if seen_seq is None:
        return False
    return (
        conversation.messages.filter(direction=Direction.OUT, via__in=bookkeeping.HUMAN, seq__gt=seen_seq)
        .exclude(author=by if isinstance(by, Agent) else None)
        .exclude(status__in=[MessageStatus.HELD, MessageStatus.FAILED])
        .exclude(kind=MessageKind.REACTION)
        .exists()
    )


def new_message(conversation: Conversation, *, by: Actor, uid: uuid.UUID | str, **fields: Any) -> Message:
    """Store an outgoing message with the next number of the thread (QUEUED unless said otherwise).

    What another system sends has no author: its data keep which token it came through and what that was called. It
    waits behind what people write.
    """
    fields.setdefault("status", MessageStatus.QUEUED)
    if isinstance(by, ApiToken):
        fields["data"] = {**fields.get("data", {}), "api": {"token": by.pk, "name": by.name}}
        fields |= {"via": Via.API, "priority": BY_MACHINE}
    else:
        fields |= {"via": Via.AGENT, "author": by}
    return Message.objects.create(
        workspace_id=conversation.workspace_id, conversation=conversation, phone_number_id=conversation.phone_number_id,
        seq=conversation.next_seq(), uid=parsed_uid(uid), direction=Direction.OUT, occurred_at=timezone.now(),
        **fields,
    )  # fmt: skip


def put_in_thread(message: Message, *, keeps_draft: bool = False) -> None:
    """All that follows from a stored, queued message: counts, claim, reopening, draft, event, and the loop is woken.

    `keeps_draft`: it is not what the author is typing in the composer, so that stays.
    """
    conversation = message.conversation
    with events.gathered():
        bookkeeping.register_reply(conversation, message)
        if conversation.has_failed_send:
            conversation.has_failed_send = False
            conversation.save(update_fields=["has_failed_send"])
        # What did not come from the composer's field leaves alone what is being typed there.
        is_typed = message.kind not in BUILT_KINDS and not message.forwarded and not keeps_draft
        if message.author is not None and is_typed:
            drafts.settle_draft(message.author, conversation, message.text)
        events.message_created(message)
    outbox.wake()
