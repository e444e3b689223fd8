"""What people do with a conversation as a whole: close, reopen, snooze, label, read.

Each action locks the row, checks that the actor still sees it (404 otherwise), and does nothing when there is nothing
to do. `previous` facts go with the event, so that whoever loses sight is told.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Agent, Role
from inbox import events, statements
from inbox.access import require_sight
from inbox.actions import answer_timers, later_turns, satisfaction
from inbox.actions.activity import add_activity
from inbox.actions.bookkeeping import open_case, register_customer_message, register_reply, team_for
from inbox.actions.locks import lock
from inbox.actions.receipts import acknowledge
from inbox.actions.ruling import ask_again
from inbox.actions.wakeups import request_routing
from inbox.enums import ConversationStatus, Direction
from inbox.errors import ConversationClosedRule, FieldsInvalid, InboxRuleViolation, StaleVersion
from inbox.models import Assignment, Conversation, Label, Mention, ReadCursor
from inbox.visibility import Actor, facts_of, person_of

__all__ = [
    "change_labels",
    "close_conversation",
    "mark_read",
    "mark_unread",
    "register_customer_message",
    "register_reply",
    "reopen_conversation",
    "snooze_conversation",
    "team_for",
    "wake_conversation",
]

CLOSING_FIELDS = (
    "status", "closed_at", "snoozed_until", "needs_answer", "waiting_since", "answer_due_at", "last_agent",
    "placed_by_hand",
)  # fmt: skip
UNDO = timedelta(minutes=2)  # reopening one's own closing within this continues the same case
LONGEST_SNOOZE = timedelta(days=365)
NO_SUCH_TIME = _("Choose a time in the future, within a year.")


def close_conversation(
    conversation: Conversation, *, by: Actor, outcome: str = "", seen_inbound: int | None = None, asks: bool = True
) -> Conversation:
    """End the case; the assignee stays on record, nobody waits any more, and the freed place is filled.

    `seen_inbound` is the `inbound_count` the agent had on screen: when the customer has written since, StaleVersion.
    `asks`: the customer is asked whether it went well, where the team does that.
    """
    with transaction.atomic(), events.gathered():
        lock(conversation)
        require_sight(by, conversation)
        if conversation.status == ConversationStatus.CLOSED:
            return conversation
        if seen_inbound is not None and conversation.inbound_count > seen_inbound:
            raise StaleVersion(_("The customer has written again. Please look before closing."))
        now, previous = timezone.now(), facts_of(conversation)
        case = open_case(conversation, at=now)
        case.closed_at, case.closed_by, case.outcome = now, person_of(by), outcome.strip()[:120]
        case.save(update_fields=["closed_at", "closed_by", "outcome"])
        conversation.status, conversation.closed_at, conversation.snoozed_until = ConversationStatus.CLOSED, now, None
        conversation.needs_answer, conversation.waiting_since = False, None
        conversation.last_agent = conversation.last_agent or conversation.assignee
        answer_timers.end(conversation)
        conversation.placed_by_hand = False
        conversation.save(update_fields=CLOSING_FIELDS)
        add_activity(conversation, "closed", actor=by, data={"outcome": case.outcome}, occurred_at=now)
        later_turns.conversation_closed(conversation, now)
        if asks:
            satisfaction.case_closed(conversation, case, now)
        events.conversation_changed(conversation, previous=previous)
        request_routing()
    return conversation


def reopen_conversation(conversation: Conversation, *, by: Actor | None = None) -> Conversation:
    """Open it again for whoever had it, else for the one who reopens. Takes back one's own closing when just done.

    Another system gets nothing: what nobody has any more goes into the queue.
    """
    with transaction.atomic(), events.gathered():
        lock(conversation)
        if by is not None:
            require_sight(by, conversation)
        if conversation.status != ConversationStatus.CLOSED:
            return conversation
        now, previous, person = timezone.now(), facts_of(conversation), person_of(by)
        closed_at, undone = conversation.closed_at, _undo_closing(conversation, person, now)
        if not undone:
            open_case(conversation, at=now, by=person)
        conversation.status, conversation.closed_at = ConversationStatus.OPEN, None
        if conversation.preview.get("direction") == Direction.IN and "rating" not in conversation.preview:
            conversation.needs_answer, conversation.waiting_since = True, conversation.last_customer_message_at
        if conversation.assignee != person and (conversation.assignee is None or not conversation.assignee.is_active):
            conversation.assignee, conversation.assigned_at = person, now if person else None
            Assignment.objects.create(conversation=conversation, agent=person, team=conversation.team, by=person)
        conversation.save(
            update_fields=["status", "closed_at", "needs_answer", "waiting_since", "assignee", "assigned_at"]
        )
        answer_timers.follow(conversation, since=conversation.waiting_since if undone else now)
        add_activity(conversation, "reopened", actor=by, data={"why": "person"}, occurred_at=now)
        if undone and closed_at is not None:
            later_turns.closing_undone(conversation, closed_at)
        events.conversation_changed(conversation, previous=previous, by=person)
        request_routing()
    return conversation


def snooze_conversation(conversation: Conversation, *, until: datetime, by: Actor) -> Conversation:
    """Out of the way until a moment in the future, or until the customer writes. Frees its place meanwhile."""
    now = timezone.now()
    if not now < until <= now + LONGEST_SNOOZE:
        raise FieldsInvalid({"until": NO_SUCH_TIME}, NO_SUCH_TIME)
    with transaction.atomic(), events.gathered():
        lock(conversation)
        require_sight(by, conversation)
        if conversation.status == ConversationStatus.CLOSED:
            raise ConversationClosedRule
        if conversation.status == ConversationStatus.SNOOZED and conversation.snoozed_until == until:
            return conversation
        previous = facts_of(conversation)
        conversation.status, conversation.snoozed_until = ConversationStatus.SNOOZED, until
        answer_timers.end(conversation)
        conversation.save(update_fields=["status", "snoozed_until", "answer_due_at"])
        add_activity(conversation, "snoozed", actor=by, data={"until": until.isoformat()})
        events.conversation_changed(conversation, previous=previous)
        request_routing()
    return conversation


def wake_conversation(conversation: Conversation, *, by: Actor | None = None) -> Conversation:
    """Bring a snoozed conversation back: by a person, or because its time has come."""
    with transaction.atomic(), events.gathered():
        lock(conversation)
        if by is not None:
            require_sight(by, conversation)
        if conversation.status != ConversationStatus.SNOOZED:
            return conversation
        previous = facts_of(conversation)
        conversation.status, conversation.snoozed_until = ConversationStatus.OPEN, None
        conversation.save(update_fields=["status", "snoozed_until"])
        answer_timers.follow(conversation, since=timezone.now())
        add_activity(conversation, "woke", actor=by, data={"why": "person" if by else "due"})
        events.conversation_changed(conversation, previous=previous)
        request_routing()
    return conversation


def change_labels(
    conversation: Conversation, *, add: Iterable[Label] = (), remove: Iterable[Label] = (), by: Actor
) -> Conversation:
    """Put labels on and take labels off; the others stay, whoever puts them on meanwhile."""
    with transaction.atomic(), events.gathered():
        lock(conversation)
        require_sight(by, conversation)
        wanted = _held([label.pk for label in add], conversation)
        current = {label.pk: label for label in conversation.labels.all()}
        added = [label for label in wanted if label.pk not in current]
        removed = [label for label in remove if label.pk in current and label not in wanted]
        if not added and not removed:
            return conversation
        conversation.labels.add(*added)
        conversation.labels.remove(*removed)
        words = {
            name: sorted(label.name for label in labels) for name, labels in (("added", added), ("removed", removed))
        }
        add_activity(conversation, "labelled", actor=by, data=words)
        ask_again(conversation)
        events.conversation_changed(conversation)
    return conversation


def _held(label_ids: list[int], conversation: Conversation) -> list[Label]:
    """These labels, which nobody deletes until the commit; those of another workspace are refused."""
    if not label_ids:
        return []
    statements.fetch("SELECT id FROM inbox_label WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE", [label_ids])
    found = list(Label.objects.filter(pk__in=label_ids, workspace=conversation.workspace_id))
    if len(found) != len(set(label_ids)):
        raise InboxRuleViolation(_("This label does not exist."))
    return found


# The conversation is locked first, as everywhere: its foreign key would be checked only at the commit, after messages.
MARK_READ = """
INSERT INTO inbox_readcursor (agent_id, conversation_id, read_count, read_at)
SELECT %(agent)s, c.id, LEAST(c.inbound_count, %(up_to)s), %(now)s
  FROM inbox_conversation c WHERE c.id = %(conversation)s FOR KEY SHARE
ON CONFLICT (agent_id, conversation_id) DO UPDATE
  SET read_count = excluded.read_count, read_at = excluded.read_at
  WHERE inbox_readcursor.read_count < excluded.read_count
RETURNING read_count
"""


def mark_read(agent: Agent, conversation: Conversation, *, up_to: int | None = None) -> bool:
    """The agent has read the first `up_to` customer messages (all by default); only ever forward. True when it moved.

    One statement, so that two tabs cannot overtake each other. Mentions of the agent in here count as read too, and
    the customer gets blue ticks when whoever answers has read: colleagues and leads may read along unnoticed.
    """
    now = timezone.now()
    seen = conversation.inbound_count if up_to is None else up_to
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            MARK_READ, {"agent": agent.pk, "conversation": conversation.pk, "up_to": max(seen, 0), "now": now}
        )
        moved = cursor.fetchone()
        Mention.objects.filter(agent=agent, conversation=conversation, read_at=None).update(read_at=now)
        if moved:
            if _answers(agent, conversation):
                acknowledge(conversation, read_count=moved[0])
            events.conversation_read(agent, conversation, moved[0])
    return moved is not None


def _answers(agent: Agent, conversation: Conversation) -> bool:
    """Whoever has it; where nobody has it, those who take work from the queue."""
    if conversation.assignee_id is not None:
        return conversation.assignee_id == agent.pk
    return agent.role == Role.AGENT


def mark_unread(agent: Agent, conversation: Conversation) -> None:
    """The newest customer message counts as unread again for this agent."""
    with transaction.atomic():
        conversation.refresh_from_db(fields=["inbound_count"])
        count = max(conversation.inbound_count - 1, 0)
        ReadCursor.objects.update_or_create(agent=agent, conversation=conversation, defaults={"read_count": count})
        events.conversation_read(agent, conversation, count)


def _undo_closing(conversation: Conversation, by: Agent | None, now: datetime) -> bool:
    """Continue the case that this person closed a moment ago, so that a slip of the hand is no second case."""
    last = conversation.cases.order_by("-opened_at", "-id").first()
    if last is None or by is None or last.closed_by_id != by.pk or last.closed_at is None:
        return False
    if now - last.closed_at > UNDO:
        return False
    last.closed_at, last.closed_by, last.outcome = None, None, ""
    last.save(update_fields=["closed_at", "closed_by", "outcome"])
    return True
