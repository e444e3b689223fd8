"""Work of people who are gone returns to the queue (decisions.md 15).

Unanswered conversations only, and after the team's grace, or at once when their window closes within the team's guard;
a deactivated person's work returns whole and at once. An agent set to "away" is gone since then, one whose working
hours are over since their end; one without a socket since the last sign of life, and that counts only while presence is
settled: right after a restart of Redis or web, silence proves nothing. Who is away and keeps what is theirs is gone
only for the guard while their working hours last.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import Agent, Availability
from inbox import events, presence
from inbox.actions.activity import add_activity
from inbox.actions.locks import lock, lock_all
from inbox.actions.wakeups import request_routing
from inbox.enums import ConversationStatus
from inbox.models import Assignment, Conversation, RoutingDecision
from inbox.visibility import facts_of
from whatsapp.service_window import WINDOW

AT_ONCE = 20  # conversations in one look; as long as there are some, the next look is a moment away
DEFAULT_GRACE = timedelta(minutes=30)  # of a conversation without a team
DEFAULT_GUARD = timedelta(minutes=60)
GUARD_PATIENCE = timedelta(minutes=5)  # with somebody absent to whom a person has just given it

# When the window closes within the guard, what counts is only whether somebody has just given it to them by hand. Else
# work given to somebody who is away stays with them for the grace, too.
DUE = """
SELECT c.id, c.assignee_id
  FROM unnest(%(agents)s::bigint[], %(since)s::timestamptz[], %(keeps)s::bool[], %(for_good)s::bool[])
       AS gone (agent, since, keeps, for_good)
  JOIN inbox_conversation c ON c.assignee_id = gone.agent AND c.status = 'open' AND c.needs_answer
  JOIN accounts_workspace w ON w.id = c.workspace_id
  LEFT JOIN accounts_team t ON t.id = c.team_id
  CROSS JOIN LATERAL (SELECT c.last_customer_message_at + %(window)s
       - w.window_margin_seconds * interval '1 second' AS closes_at) AS until
 WHERE c.workspace_id = %(workspace)s AND (gone.for_good OR CASE
       WHEN until.closes_at > %(now)s
            AND until.closes_at <= %(now)s + coalesce(t.guard_minutes * interval '1 minute', %(guard)s)
            AND (c.window_refused_at IS NULL OR c.window_refused_at < c.last_customer_message_at)
       THEN c.assigned_at IS NULL OR c.assigned_at + %(patience)s <= %(now)s
       ELSE NOT gone.keeps AND greatest(gone.since, c.assigned_at)
            + coalesce(t.handback_minutes * interval '1 minute', %(grace)s) <= %(now)s END)
 ORDER BY c.waiting_since, c.id LIMIT %(limit)s
"""


def hand_back_absent(workspace_id: int, now: datetime) -> int:
    """Return what people beyond their grace have not answered; answered ones stay theirs. Gives the number."""
    gone = _gone_since(workspace_id, now)
    if not gone:
        return 0
    due = _due(workspace_id, gone, now)
    rows = Conversation.objects.select_related("team", "assignee", "workspace").in_bulk([pk for pk, _ in due])
    for pk, holder_id in due:
        conversation = rows[pk]
        is_guarded = _window_is_closing(conversation, now)
        with transaction.atomic(), events.gathered():
            lock(conversation)
            # Answered, closed or taken over since the look: then it is fine where it is.
            if conversation.assignee_id == holder_id and conversation.needs_answer and conversation.is_open:
                _hand_back(conversation, gone[holder_id].why, now, guarded=is_guarded)
    return len(due)


def hand_back_everything(agent: Agent, *, by: Agent | None = None) -> int:
    """All that this agent holds, answered or not, snoozed ones too, goes back to its teams. Closed ones keep the name.

    Part of the caller's transaction (deactivation), so that both stand or fall together.
    """
    held = Conversation.objects.filter(
        Q(status=ConversationStatus.OPEN) | Q(status=ConversationStatus.SNOOZED), assignee=agent
    )
    with transaction.atomic(), events.gathered():
        conversations = lock_all(held.order_by("pk"))
        for conversation in conversations:
            _hand_back(conversation, "deactivated", timezone.now(), by=by)
        request_routing()
        return len(conversations)


def hand_back_late(conversation: Conversation, now: datetime) -> None:
    """From somebody who let the answer target pass. The caller holds the lock."""
    _hand_back(conversation, "target", now)


@dataclass(frozen=True, slots=True)
class Absence:
    since: datetime
    why: str  # away, off_duty, offline or deactivated
    keeps: bool = False


def _gone_since(workspace_id: int, now: datetime) -> dict[int, Absence]:
    """Agent id → absence of whoever is away, off duty, offline beyond reach of new work, or deactivated."""
    settled = presence.is_settled(now)
    last_seen = presence.last_present_at(workspace_id) if settled else {}
    recently = now - timedelta(seconds=presence.GRACE_SECONDS)
    gone: dict[int, Absence] = {}
    for agent in Agent.objects.filter(workspace_id=workspace_id):
        if not agent.is_active:
            gone[agent.pk] = Absence(agent.deactivated_at or agent.created_at, "deactivated")
            continue
        off = [(_off_since(agent, now), "off_duty")] if agent.is_off_duty(now) else []
        if agent.availability == Availability.AWAY and agent.away_keeps:
            since, why = min(off, default=(agent.availability_changed_at, "away"))
            gone[agent.pk] = Absence(since, why, keeps=not off)
            continue
        reasons = off
        if agent.availability == Availability.AWAY:
            reasons.append((agent.availability_changed_at, "away"))
        if settled and (seen := last_seen.get(agent.pk, agent.created_at)) < recently:
            reasons.append((seen, "offline"))
        if reasons:
            gone[agent.pk] = Absence(*min(reasons))
    return gone


def _off_since(agent: Agent, now: datetime) -> datetime:
    """The end of their working hours, also when the sweeper has not written it yet."""
    return (agent.duty_until if agent.is_due(now) else agent.duty_since) or now


def _due(workspace_id: int, gone: dict[int, Absence], now: datetime) -> list[tuple[int, int]]:
    """Conversation and holder of what goes back now, the longest wait first; a handful, however much they hold."""
    absences = list(gone.values())
    parameters: dict[str, Any] = {
        "workspace": workspace_id, "now": now, "agents": list(gone),
        "since": [each.since for each in absences], "keeps": [each.keeps for each in absences],
        "for_good": [each.why == "deactivated" for each in absences], "window": WINDOW, "guard": DEFAULT_GUARD,
        "grace": DEFAULT_GRACE, "patience": GUARD_PATIENCE, "limit": AT_ONCE,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(DUE, parameters)
        return cursor.fetchall()


def _window_is_closing(conversation: Conversation, now: datetime) -> bool:
    guard = conversation.team.guard if conversation.team else DEFAULT_GUARD
    return timedelta(0) < conversation.service_window.time_left(now) <= guard


def _hand_back(
    conversation: Conversation, why: str, now: datetime, by: Agent | None = None, *, guarded: bool = False
) -> None:
    previous, holder = facts_of(conversation), conversation.assignee
    assert holder is not None
    conversation.assignee, conversation.assigned_at, conversation.ruled_until = None, None, None
    conversation.save(update_fields=["assignee", "assigned_at", "ruled_until"])
    Assignment.objects.create(conversation=conversation, team=conversation.team, created_at=now)
    decision = RoutingDecision.objects.create(
        workspace_id=conversation.workspace_id, conversation=conversation, team=conversation.team,
        reason="handed_back", created_at=now,
        facts={"from": holder.pk, "why": why} | ({"guarded": True} if guarded else {}),
    )  # fmt: skip
    words: dict[str, Any] = {"from": holder.name, "from_id": holder.pk, "why": why, "decision": decision.pk}
    if guarded:
        words["guarded"] = True
    add_activity(conversation, "handed_back", actor=by, data=words, occurred_at=now)
    events.conversation_changed(conversation, previous=previous)
