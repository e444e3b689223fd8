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

from django.db import transaction
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

AT_ONCE = 20  # conversations in one look; as long as there are some, the next look is a moment away
DEFAULT_GRACE = timedelta(minutes=30)  # of a conversation without a team
DEFAULT_GUARD = timedelta(minutes=60)
GUARD_PATIENCE = timedelta(minutes=5)  # with somebody absent to whom a person has just given it


def hand_back_absent(workspace_id: int, now: datetime) -> int:
    """Return what people beyond their grace have not answered; answered ones stay theirs. Gives the number."""
    gone = _gone_since(workspace_id, now)
    if not gone:
        return 0
    theirs = (
        Conversation.objects.filter(
            workspace_id=workspace_id, status=ConversationStatus.OPEN, needs_answer=True, assignee__in=gone
        )
        .select_related("team", "assignee", "workspace")
        .order_by("waiting_since", "pk")
    )
    found = [(row, row.assignee_id) for row in theirs if row.assignee_id is not None]
    due = [(row, holder_id) for row, holder_id in found if _is_due(row, gone[holder_id], now)][:AT_ONCE]
    for conversation, holder_id in due:
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


def _is_due(conversation: Conversation, absence: Absence, now: datetime) -> bool:
    assert conversation.assignee is not None
    if not conversation.assignee.is_active:
        return True
    if _window_is_closing(conversation, now):
        return conversation.assigned_at is None or conversation.assigned_at + GUARD_PATIENCE <= now
    if absence.keeps:
        return False
    # Work given by hand to somebody who is away stays with them for the grace, too.
    since = max(absence.since, conversation.assigned_at or absence.since)
    return since + (conversation.team.handback_after if conversation.team else DEFAULT_GRACE) <= now


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
    RoutingDecision.objects.create(
        workspace_id=conversation.workspace_id, conversation=conversation, team=conversation.team,
        reason="handed_back", created_at=now,
        facts={"from": holder.pk, "why": why} | ({"guarded": True} if guarded else {}),
    )  # fmt: skip
    words: dict[str, Any] = {"from": holder.name, "from_id": holder.pk, "why": why}
    if guarded:
        words["guarded"] = True
    add_activity(conversation, "handed_back", actor=by, data=words, occurred_at=now)
    events.conversation_changed(conversation, previous=previous)
