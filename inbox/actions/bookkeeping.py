"""What each message does to its conversation and case: counts, times, preview, who is waited for.

Called by whoever stores the message (receiving, replying), inside that transaction and under the row lock. All times
are Meta's, cut at our own clock, so that a clock ahead neither lengthens a window nor pins a row to the top.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone

from accounts.models import Agent, Team
from inbox import events, statements
from inbox.actions import answer_timers, lost_windows
from inbox.actions.activity import add_activity
from inbox.actions.receipts import acknowledge
from inbox.enums import ConversationStatus, Direction, Via
from inbox.models import Assignment, Case, Conversation, Message, NumberRouting
from inbox.visibility import ConversationFacts, facts_of
from whatsapp.models import PhoneNumber

PREVIEW_LENGTH = 200
HUMAN = (Via.AGENT, Via.PHONE_APP)
A_BLINK = timedelta(microseconds=1)

CASE = statements.Columns(Case, "k")
COUNT_IN_CASE = statements.sql(
    """
UPDATE inbox_case k SET message_count = message_count + 1, subject = coalesce(nullif(subject, ''), %s)
 WHERE conversation_id = %s AND closed_at IS NULL RETURNING {k}
""",
    k=CASE,
)

BOOKKEEPING_FIELDS = [
    "status", "team", "assignee", "assigned_at", "last_agent", "last_customer_message_at", "window_refused_at",
    "last_message_at", "preview", "inbound_count", "needs_answer", "waiting_since", "answer_due_at", "answered_at",
    "snoozed_until", "closed_at", "seq", "ruled_until",
]  # fmt: skip


def register_customer_message(conversation: Conversation, message: Message, now: datetime) -> None:
    """A customer's new message: window, counts and preview; a closed conversation reopens, a snoozed one wakes.

    The message's `case` is set here, whether it is stored already or right after. `events.message_created` is the
    caller's, afterwards.
    Reopened means a new case and nobody assigned: routing decides after the commit, and gives it back to the last
    agent where the team wants that and the agent is there and under capacity.
    """
    at = min(message.occurred_at, now)
    lost_windows.before_new_message(conversation, at)
    turn = _Turn(conversation, at)
    turn.give_team()
    conversation.ruled_until = None  # the rules are asked about what it says now
    if conversation.status == ConversationStatus.CLOSED:
        turn.reopen("message")
        if conversation.assignee_id is not None:
            turn.hand_to(None, by=None)
    elif conversation.status == ConversationStatus.SNOOZED:
        turn.wake()
    _move_window(conversation, at)
    conversation.inbound_count += 1
    begins_to_wait = turn.previous is not None or not conversation.needs_answer
    conversation.needs_answer = True
    conversation.waiting_since = min(conversation.waiting_since or at, at)
    _show_in_row(conversation, message, at)
    case = _count_in_case(conversation, message, opened_at=turn.opened_at)
    if begins_to_wait:
        answer_timers.set_timer(conversation, since=at, is_first=case.first_replied_at is None)
    turn.finish()


def register_reply(conversation: Conversation, message: Message) -> None:
    """Our message is in the thread: nobody waits any more, and an unassigned conversation belongs to its author.

    Automatic messages only change preview and counts. A message to a closed conversation opens a new case, its
    author's. The message's `case` is set here; `events.message_created` is the caller's, afterwards.
    """
    at = min(message.occurred_at, timezone.now())
    turn = _Turn(conversation, at)
    author = message.author if message.via == Via.AGENT else None
    turn.give_team()
    was_closed = conversation.status == ConversationStatus.CLOSED
    if was_closed:
        turn.reopen("reply", by=message.author)
    is_free = was_closed or conversation.assignee_id is None
    if author is not None and is_free and conversation.assignee_id != author.pk:
        turn.hand_to(author, by=author)
    if message.via in HUMAN:
        _answered(conversation, message, at)
    _show_in_row(conversation, message, at)
    case = _count_in_case(conversation, message, opened_at=turn.opened_at)
    if author is not None:
        acknowledge(conversation)
    if message.via in HUMAN and case.first_replied_at is None:
        case.first_replied_at, case.first_replied_by = max(at, case.opened_at), message.author
        case.save(update_fields=["first_replied_at", "first_replied_by"])
    turn.finish()


def register_beside(conversation: Conversation, message: Message, case: Case | None, now: datetime) -> None:
    """A message that nobody has to answer, ours by itself or the customer's answer to it: row, counts and window only.

    It opens nothing, nobody waits and nobody has answered. The message's `case` is set here, as above.
    """
    at = min(message.occurred_at, now)
    if message.is_inbound:
        _move_window(conversation, at)
        conversation.inbound_count += 1
    _show_in_row(conversation, message, at)
    if case is not None:
        Case.objects.filter(pk=case.pk).update(message_count=F("message_count") + 1)
    message.case = case
    statements.update(conversation, BOOKKEEPING_FIELDS)


class _Turn:
    """What a message changes beside the counts, gathered so that it is reported after the row is saved."""

    def __init__(self, conversation: Conversation, at: datetime) -> None:
        self.conversation, self.opened_at = conversation, at
        self.previous: ConversationFacts | None = None
        self.giver: Agent | None = None
        self.lines: list[tuple[str, Agent | None, dict[str, Any]]] = []
        # Above the message that did it, but below the closing before it.
        self.moment = max(at - A_BLINK, conversation.closed_at or at - A_BLINK)

    def give_team(self) -> None:
        if self.conversation.team_id is None:
            if self.conversation.preview:  # a first message says enough by itself
                self._changes()
            self.conversation.team = team_for(self.conversation.phone_number)

    def reopen(self, why: str, by: Agent | None = None) -> None:
        self._changes()
        self.opened_at = max(self.opened_at, self.moment)
        self.conversation.status, self.conversation.closed_at = ConversationStatus.OPEN, None
        self.lines.append(("reopened", by, {"why": why}))

    def wake(self) -> None:
        self._changes()
        self.conversation.status, self.conversation.snoozed_until = ConversationStatus.OPEN, None
        self.lines.append(("woke", None, {"why": "message"}))

    def hand_to(self, agent: Agent | None, *, by: Agent | None) -> None:
        """Silently when to nobody: "reopened" says enough."""
        self._changes()
        conversation = self.conversation
        Assignment.objects.create(conversation=conversation, agent=agent, team_id=conversation.team_id, by=by)
        conversation.assignee, conversation.assigned_at = agent, timezone.now() if agent else None
        self.giver = by
        if agent is not None:
            self.lines.append(("claimed", by, {"to": agent.name, "to_id": agent.pk}))

    def finish(self) -> None:
        statements.update(self.conversation, BOOKKEEPING_FIELDS)
        if self.previous is None:
            return
        with events.gathered():
            for kind, actor, data in self.lines:
                add_activity(self.conversation, kind, actor=actor, data=data, occurred_at=self.moment)
            events.conversation_changed(self.conversation, previous=self.previous, by=self.giver)

    def _changes(self) -> None:
        self.previous = self.previous or facts_of(self.conversation)


def preview_of(message: Message, at: datetime) -> dict[str, Any]:
    """What the list row shows of the newest message without a join."""
    return {
        "kind": message.kind,
        "text": (message.text or str(message.data.get("file_name", "")))[:PREVIEW_LENGTH],
        "direction": message.direction,
        "status": message.status,
        "uid": str(message.uid),
        "author_id": message.author_id,
        "at": at.isoformat(),
    } | {name: message.data[name] for name in ("seconds", "rating") if message.data.get(name)}


def subject_of(text: str) -> str:
    """What a case is called that begins with these words."""
    return " ".join(text.split())[:160]


def team_for(phone_number: PhoneNumber) -> Team | None:
    """The team that gets what comes in at this number: its own routing, else the workspace's default team."""
    routing = NumberRouting.objects.filter(phone_number=phone_number).select_related("team").first()
    if routing is not None:
        return routing.team
    teams = Team.objects.filter(workspace_id=phone_number.workspace_id)
    return teams.filter(is_default=True).first() or teams.order_by("pk").first()


def open_case(conversation: Conversation, *, at: datetime, by: Agent | None = None) -> Case:
    """The open case; begun at `at` when there is none. The caller holds the conversation's row lock."""
    return conversation.current_case() or _begin_case(conversation, at, by)


def _begin_case(conversation: Conversation, at: datetime, by: Agent | None, **fields: Any) -> Case:
    return Case.objects.create(
        workspace_id=conversation.workspace_id, conversation=conversation, team_id=conversation.team_id, opened_at=at,
        opened_by=by, **fields,
    )  # fmt: skip


def _move_window(conversation: Conversation, at: datetime) -> None:
    conversation.last_customer_message_at = max(conversation.last_customer_message_at or at, at)
    if conversation.window_refused_at is not None and at > conversation.window_refused_at:
        conversation.window_refused_at = None


def _answered(conversation: Conversation, message: Message, at: datetime) -> None:
    conversation.answered_at = max(conversation.answered_at or at, at)
    conversation.last_agent = message.author or conversation.last_agent
    last_word = conversation.last_customer_message_at
    # What was written on the phone before the customer's last message, and arrives after it, answers nothing.
    if message.via == Via.PHONE_APP and last_word is not None and at < last_word:
        return
    conversation.needs_answer, conversation.waiting_since = False, None
    answer_timers.end(conversation)


def _show_in_row(conversation: Conversation, message: Message, at: datetime) -> None:
    """Newest by Meta's time, then by arrival; an older one that comes late leaves the row as it is."""
    shown = conversation.preview.get("at") if conversation.preview else None
    if shown is None:
        conversation.last_message_at, conversation.preview = at, preview_of(message, at)
    elif at >= datetime.fromisoformat(shown):
        conversation.last_message_at = max(conversation.last_message_at, at)
        conversation.preview = preview_of(message, at)


def _count_in_case(conversation: Conversation, message: Message, opened_at: datetime) -> Case:
    subject = subject_of(message.text) if message.direction == Direction.IN else ""
    counted = statements.fetch(COUNT_IN_CASE, [subject, conversation.pk])
    if counted:
        case = CASE.instance(counted[0])
    else:
        case = _begin_case(conversation, opened_at, message.author, message_count=1, subject=subject)
    message.case = case
    if message.pk is not None:
        message.save(update_fields=["case"])
    return case
