"""Send later: a reply waits for its time, in the sight of the whole team.

Everything happens under the conversation's lock, and a reply leaves its state by one conditional update: whoever
changes the row has it, so two workers, a click and a customer's message in the same second never make two messages of
one. The message also carries the reply's own uid, which is unique in the conversation.

Why one is held or has ended (`why`): customer (has written), colleague (has answered), author (works here no more or
sees it no more), late (we stood still at its time), window (closed, and nothing chosen for that), template (the chosen
one could not be sent), closed (the conversation), person (somebody's decision).
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Agent
from inbox import access, events, saved_reply_places, times
from inbox import text as words
from inbox.actions import drafts, locks, outgoing, replying, sending_templates
from inbox.actions.activity import add_activity
from inbox.enums import DraftKind, MessageKind, NoticeKind
from inbox.errors import EmptyMessage, InboxRuleViolation, NotAllowed, Sentence, TextTooLong, UnfilledGap
from inbox.models import Conversation, Mention, Message, ScheduledReply
from inbox.visibility import facts_of
from whatsapp.models import MessageTemplate

State, IfWritten = ScheduledReply.State, ScheduledReply.IfWritten
PENDING = (State.WAITING, State.HELD)
MOST = 20  # waiting in one conversation
LONGEST = timedelta(days=365)
TOO_LATE = timedelta(hours=2)  # after a standstill: "good morning" in the afternoon is asked about


class WindowClosesBefore(InboxRuleViolation):
    """By then only a template could be sent: whoever schedules says what should happen."""

    code = "window_before"
    status = 409
    sentence: Sentence = _("The window is closed at this time. What then?")

    def __init__(self, closes_at: datetime | None) -> None:
        super().__init__()
        if closes_at is not None:
            when = {"when": times.in_words(closes_at, "since")}
            self.sentence = gettext("The window closes at %(when)s, before this time. What then?") % when


class AlreadyDecided(InboxRuleViolation):
    code = "decided"
    status = 409
    sentence = _("This message has been sent or cancelled in the meantime.")


@dataclass(frozen=True)
class Plan:
    """When, and what happens if things are different by then. `asks`: a closed window makes it a draft again."""

    due_at: datetime
    if_written: str = IfWritten.HOLD
    asks: bool = False
    template: MessageTemplate | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
def schedule_reply(
    conversation: Conversation, *, by: Agent, text: str, uid: uuid.UUID | str, plan: Plan,
    seen_seq: int | None = None, quoted: Message | None = None, gaps_meant: bool = False,
) -> ScheduledReply:
    """Keep a reply for later. The same uid again is the same reply.

    Raises WindowClosesBefore when only a template could be sent by then and the plan says nothing about that.
    """
    outgoing.lock_for_writing(conversation, by)
    known = ScheduledReply.objects.filter(conversation=conversation, uid=outgoing.parsed_uid(uid)).first()
    if known is not None:
        if known.author_id != by.pk:
            raise NotAllowed
        return known
    if ScheduledReply.objects.pending(conversation).count() >= MOST:
        raise InboxRuleViolation(_("Enough is scheduled here already. Send or cancel some of it first."))
    if quoted is not None and quoted.conversation_id != conversation.pk:
        raise NotAllowed
    reply = ScheduledReply(
        workspace_id=conversation.workspace_id, conversation=conversation, author=by, uid=outgoing.parsed_uid(uid),
        quoted=quoted, seen_seq=conversation.seq if seen_seq is None else seen_seq,
    )
    _plan(reply, text, plan, gaps_meant)
    reply.save()
    drafts.clear_draft(by, conversation)
    _report(conversation)
    return reply


@transaction.atomic
def change_reply(
    reply: ScheduledReply, *, by: Agent, text: str, plan: Plan, gaps_meant: bool = False
) -> ScheduledReply:
    """Other words or another time; a held one waits again. Who changes it stands for it from then on."""
    conversation = _take_hold(reply, by)
    reply.author, reply.seen_seq, reply.state, reply.why = by, conversation.seq, State.WAITING, ""
    _plan(reply, text, plan, gaps_meant)
    reply.save()
    _report(conversation)
    return reply


@transaction.atomic
def cancel_reply(reply: ScheduledReply, *, by: Agent) -> str:
    """Do not send it. Returns the text, which goes back to whoever cancels; the author reads of it in the thread."""
    conversation = _take_hold(reply, by)
    with events.gathered():
        _end(reply, State.CANCELLED, "person", timezone.now())
        if reply.author_id not in (None, by.pk):
            _tell(reply, "later_cancelled", actor=by)
        _report(conversation)
    return reply.text


@transaction.atomic
def send_now(reply: ScheduledReply, *, by: Agent) -> Message:
    """Send it at once, whatever held it, as the message of whoever says so. Raises ServiceWindowClosed."""
    conversation = _take_hold(reply, by)
    outgoing.require_open_window(conversation)
    with events.gathered():
        message = _send_text(reply, by)
        _report(conversation)
    return message


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
        if why := _held_because(reply, now):
            _hold(reply, why)
        elif conversation.service_window.is_open(now):
            assert reply.author is not None
            _send_text(reply, reply.author)
        else:
            _send_instead(reply, now)
        _report(conversation)


def customer_wrote(conversation: Conversation, now: datetime) -> None:
    """What waits here is held or cancelled, as its author chose. The caller holds the conversation's lock."""
    if not conversation.later_count:
        return
    with events.gathered():
        for reply in ScheduledReply.objects.pending(conversation).filter(state=State.WAITING):
            reply.conversation = conversation
            if reply.if_written == IfWritten.CANCEL:
                _end(reply, State.CANCELLED, "customer", now)
                _tell(reply, "later_cancelled", asks=True)
            else:
                _hold(reply, "customer")
        _report(conversation)


def conversation_closed(conversation: Conversation, now: datetime) -> None:
    """Closing ends what was to be said later. The caller holds the lock and reports the conversation."""
    if not conversation.later_count:
        return
    for reply in ScheduledReply.objects.pending(conversation):
        reply.conversation = conversation
        _end(reply, State.CANCELLED, "closed", now)
        _tell(reply, "later_cancelled")
    _report(conversation)


def closing_undone(conversation: Conversation, closed_at: datetime) -> None:
    """What that closing cancelled waits again; what would be overdue by now is held."""
    ended = ScheduledReply.objects.filter(
        conversation=conversation, state=State.CANCELLED, why="closed", ended_at=closed_at
    )
    now = timezone.now()
    ended.filter(due_at__lte=now).update(state=State.HELD, why="late", ended_at=None)
    ended.update(state=State.WAITING, why="", ended_at=None)
    if ScheduledReply.objects.pending(conversation).exists():
        _report(conversation)


def _plan(reply: ScheduledReply, text: str, plan: Plan, gaps_meant: bool) -> None:
    cleaned, now = words.clean(text).strip(), timezone.now()
    if not cleaned:
        raise EmptyMessage
    if len(cleaned) > replying.TEXT_LIMIT:
        raise TextTooLong(replying.TEXT_LIMIT)
    if not gaps_meant and (gaps := saved_reply_places.gaps(cleaned)):
        raise UnfilledGap(gaps[0])
    if not now < plan.due_at <= now + LONGEST:
        raise InboxRuleViolation(_("Choose a time in the future, within a year."))
    window = reply.conversation.service_window
    if not window.is_open(plan.due_at) and not plan.asks and plan.template is None:
        raise WindowClosesBefore(window.closes_at)
    values: dict[str, Any] = {}
    if plan.template is not None:
        values = sending_templates.prepared(reply.conversation, plan.template, plan.values).values
    reply.text, reply.due_at, reply.if_written = cleaned, plan.due_at, plan.if_written
    reply.template, reply.template_values = plan.template, values


def _take_hold(reply: ScheduledReply, by: Agent) -> Conversation:
    """Lock conversation and reply for a person's decision; the instance is brought up to date."""
    conversation = locks.lock(reply.conversation)
    outgoing.lock_for_writing(conversation, by)
    fresh = ScheduledReply.objects.select_for_update().filter(pk=reply.pk, state__in=PENDING)
    if not fresh.exists():
        raise AlreadyDecided
    reply.refresh_from_db()
    reply.conversation = conversation
    return conversation


def _held_because(reply: ScheduledReply, now: datetime) -> str:
    author = reply.author
    if author is None or not author.is_active or not _sees(author, reply.conversation):
        return "author"
    if now - reply.due_at > TOO_LATE:
        return "late"
    return "colleague" if outgoing.colleague_answered(reply.conversation, author, reply.seen_seq) else ""


def _send_text(reply: ScheduledReply, by: Agent) -> Message:
    message = outgoing.new_message(
        reply.conversation, by=by, uid=reply.uid, kind=MessageKind.TEXT, text=reply.text, quoted=reply.quoted,
        quoted_wamid=reply.quoted.wamid if reply.quoted else "",
    )
    _end(reply, State.SENT, "", timezone.now(), message)
    outgoing.put_in_thread(message, keeps_draft=True)
    return message


def _send_instead(reply: ScheduledReply, now: datetime) -> None:
    """The window is closed: the template chosen for that, else back to its author."""
    if reply.template is None:
        return _give_back(reply, "window", now)
    assert reply.author is not None
    try:
        with transaction.atomic():
            message = sending_templates.queue_prepared(
                sending_templates.prepared(reply.conversation, reply.template, reply.template_values),
                by=reply.author, uid=reply.uid,
            )
            _end(reply, State.SENT, "window", now, message)
    except InboxRuleViolation:
        _give_back(reply, "template", now)


def _give_back(reply: ScheduledReply, why: str, now: datetime) -> None:
    """Its text is a draft of its author again, after what the author has typed since."""
    assert reply.author is not None
    _end(reply, State.RETURNED, why, now)
    kept = drafts.draft_for(reply.author, reply.conversation)
    text = f"{kept}\n{reply.text}" if kept else reply.text
    drafts.save_draft(reply.author, reply.conversation, DraftKind.REPLY, text)
    _tell(reply, "later_returned", asks=True)


def _hold(reply: ScheduledReply, why: str) -> None:
    reply.state, reply.why, reply.ended_at = State.HELD, why, None
    reply.save(update_fields=["state", "why", "ended_at"])
    _tell(reply, "later_held", asks=True)


def _end(reply: ScheduledReply, state: str, why: str, now: datetime, message: Message | None = None) -> None:
    reply.state, reply.why, reply.ended_at, reply.message = state, why, now, message
    reply.save(update_fields=["state", "why", "ended_at", "message"])


def _tell(reply: ScheduledReply, kind: str, *, actor: Agent | None = None, asks: bool = False) -> None:
    """A line in the thread; where the author has to decide, it calls them as a mention does."""
    author = reply.author
    data = {"of": author.name if author else "", "due": reply.due_at.isoformat(), "why": reply.why}
    line = add_activity(reply.conversation, kind, actor=actor, data=data)
    if asks and author is not None and author.is_active and _sees(author, reply.conversation):
        Mention.objects.create(activity=line, conversation=reply.conversation, agent=author)
        events.notice_due(reply.conversation, [author.pk], NoticeKind.MENTION)


def _sees(agent: Agent, conversation: Conversation) -> bool:
    return access.sees(agent, facts_of(conversation))


def _report(conversation: Conversation) -> None:
    """How many wait is on the conversation, so that nobody asks where there are none."""
    count = ScheduledReply.objects.pending(conversation).count()
    conversation.later_count = count
    conversation.save(update_fields=["later_count"])
    events.later_changed(conversation)

