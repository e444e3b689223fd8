"""Send later: what happens to a reply without anybody's doing. Its time comes, the customer writes, the case is closed.

All rules are asked at that moment, whatever was true when it was planned.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from inbox import events
from inbox.actions import later_steps, locks, outgoing, uploads
from inbox.enums import BlockState
from inbox.errors import InboxRuleViolation
from inbox.models import Conversation, ScheduledReply

State, IfWritten = ScheduledReply.State, ScheduledReply.IfWritten
TOO_LATE = timedelta(hours=2)  # after a standstill: "good morning" in the afternoon is asked about


@transaction.atomic
def send_due(pk: int, now: datetime) -> None:
    """Its time has come: it goes out, or a person is told why not. Does nothing when somebody was faster."""
    reply = ScheduledReply.objects.select_related("conversation").filter(pk=pk).first()
    if reply is None:
        return
    conversation = locks.lock(reply.conversation)
    claimed = ScheduledReply.objects.filter(pk=pk, state=State.WAITING, due_at__lte=now)
    if not claimed.update(state=State.SENT, ended_at=now):
        return
    reply = ScheduledReply.objects.select_related("author", "template", "quoted").get(pk=pk)
    reply.conversation = conversation
    with events.gathered():
        _take_turn(reply, now)
        later_steps.report(conversation)


def customer_wrote(conversation: Conversation, now: datetime) -> None:
    """What waits here is held or cancelled, as its author chose. The caller holds the conversation's lock."""
    if not conversation.later_count:
        return
    with events.gathered():
        for reply in ScheduledReply.objects.pending(conversation).filter(state=State.WAITING):
            reply.conversation = conversation
            if reply.if_written == IfWritten.CANCEL:
                later_steps.end(reply, State.CANCELLED, "customer", now)
                uploads.forget(reply.files.all())
                later_steps.tell(reply, "later_cancelled", asks=True)
            else:
                later_steps.hold(reply, "customer")
        later_steps.report(conversation)


def conversation_closed(conversation: Conversation, now: datetime) -> None:
    """Closing ends what was to be said later; files stay, closing can be undone. The caller holds the lock."""
    if not conversation.later_count:
        return
    for reply in ScheduledReply.objects.pending(conversation):
        reply.conversation = conversation
        later_steps.end(reply, State.CANCELLED, "closed", now)
        later_steps.tell(reply, "later_cancelled")
    later_steps.report(conversation)


def closing_undone(conversation: Conversation, closed_at: datetime) -> None:
    """What that closing cancelled waits again; what would be overdue by now is held."""
    ended = ScheduledReply.objects.filter(
        conversation=conversation, state=State.CANCELLED, why="closed", ended_at=closed_at
    )
    now = timezone.now()
    ended.filter(due_at__lte=now).update(state=State.HELD, why="late", ended_at=None)
    ended.update(state=State.WAITING, why="", ended_at=None)
    if ScheduledReply.objects.pending(conversation).exists():
        later_steps.report(conversation)


def _take_turn(reply: ScheduledReply, now: datetime) -> None:
    if why := _held_because(reply, now):
        later_steps.hold(reply, why)
        return
    assert reply.author is not None
    if not reply.is_template and reply.conversation.service_window.is_open(now):
        later_steps.send(reply, reply.author)
    elif not reply.is_template and reply.template is None:
        later_steps.give_back(reply, "window", now)
    else:
        _send_template(reply, now)


def _send_template(reply: ScheduledReply, now: datetime) -> None:
    """What was planned, or goes in place of words and files: those are for when the customer has answered it."""
    assert reply.author is not None
    try:
        with transaction.atomic():
            later_steps.send_template(reply, reply.author)
    except InboxRuleViolation:
        if reply.is_template:
            later_steps.hold(reply, "template")
        else:
            later_steps.give_back(reply, "template", now)
    else:
        if not reply.is_template:
            later_steps.give_back(reply, "instead", now)


def _held_because(reply: ScheduledReply, now: datetime) -> str:
    author = reply.author
    if author is None or not author.is_active or not later_steps.sees(author, reply.conversation):
        return "author"
    if reply.conversation.block_state != BlockState.NONE:
        return "blocked"
    if reply.conversation.phone_number.disconnected_at is not None:
        return "number"
    if now - reply.due_at > TOO_LATE:
        return "late"
    return "colleague" if outgoing.colleague_answered(reply.conversation, author, reply.seen_seq) else ""
