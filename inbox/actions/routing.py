"""Automatic assignment: what waits is given to whoever is free (R15; how is in inbox.routing_rules).

First the workspace's own rules say where each belongs (`ruling`); then the queues are served in one order for all.

One run per workspace at a time, by advisory lock, in transactions of its own. Agents are locked before their load is
read and conversations by SKIP LOCKED, which never waits, so this order cannot deadlock with anybody's. Few
conversations a transaction: all of them are rendered for the screens inside it, and others wait for the lock.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.models import Agent, Team, Workspace
from inbox import events, presence
from inbox.actions import answer_timers, automatic_due
from inbox.actions.locks import lock_all, lock_assignment
from inbox.actions.queue import (
    Look,
    circumstances,
    default_team,
    head_of_queue,
    put_back_by,
    settled,
    unassigned,
    waiting_in_queue,
)
from inbox.actions.ruling import judge_waiting
from inbox.models import Activity, Assignment, Conversation, Mention, RoutingDecision
from inbox.routing_rules import Choice, choose
from inbox.rules.stored import Rulebook
from inbox.visibility import ConversationFacts

BATCH = 10  # conversations given away, or marked as waiting, in one transaction
MOST_ROUNDS = 400


def route_waiting(
    workspace_id: int, now: datetime | None = None, *, rounds: int = MOST_ROUNDS, expect_room: bool = False
) -> list[RoutingDecision]:
    """Give every conversation that waits in this workspace to somebody, as far as there is room.

    Stores each decision with its reason and facts, an Assignment and a line in the thread, and reports them. What
    nobody can take stays in the queue; that is decided, shown and told to the leads once per wait. Returns the new
    decisions. To be called outside a transaction; any number of processes may call it at once. With one round, for
    who has other things to do, at most a BATCH of either: less than that means it is done. `expect_room`: somebody had
    room a moment ago, so their rows are locked at once.
    """
    now = now or timezone.now()
    if not unassigned(workspace_id).exists():
        return []
    book, default = Rulebook.of(workspace_id), default_team(workspace_id)
    for _ in range(rounds):
        if not judge_waiting(workspace_id, book, default, now):
            break
    if not waiting_in_queue(workspace_id).exists():
        return []
    present = presence.present_agent_ids(workspace_id, now)
    look = Look(workspace_id, present, book, default, now, expect_room=expect_room)
    decisions: list[RoutingDecision] = []
    for step in (_give_batch, _mark_unserved):
        for _ in range(rounds):
            done = step(look)
            decisions += done
            if not done or len(decisions) >= rounds * BATCH:
                break
    return decisions


def _give_batch(look: Look) -> list[RoutingDecision]:
    with transaction.atomic(), events.gathered():
        lock_assignment(look.workspace_id)
        # A full house with a long queue is looked at every second: without row locks, that costs little.
        if not look.expect_room and not any(person.is_free for person in look.candidates(locked=False)):
            return []
        people = look.candidates(locked=True)
        queue = head_of_queue(look, people)
        choices = [choice for choice in choose(queue, people, look.now) if choice.agent_id is not None]
        return _give({choice.conversation_id: choice for choice in choices[:BATCH]}, look.now) if choices else []


def _give(choices: dict[int, Choice], now: datetime) -> list[RoutingDecision]:
    """Carry out what was chosen; whatever has changed meanwhile, or is being changed, is left for the next look."""
    free = lock_all(waiting_in_queue().filter(pk__in=choices), skip_locked=True)
    locked = {conversation.pk: conversation for conversation in free}
    agents = Agent.objects.in_bulk({choices[pk].agent_id for pk in locked})
    mentioned = _mentioned(locked)
    given, moved, lines, decisions, before = [], [], [], [], {}
    for turn, (pk, choice) in enumerate(choices.items()):
        if (conversation := locked.get(pk)) is None:
            continue
        agent = agents[choice.agent_id]
        before[pk] = ConversationFacts(
            conversation.workspace_id, conversation.team_id, None, mentioned.get(pk, frozenset())
        )
        conversation.assignee, conversation.assigned_at = agent, now
        if conversation.team_id != choice.team_id:
            conversation.team_id = choice.team_id
            moved.append(conversation)
        agent.last_assigned_at = now + timedelta(microseconds=turn)
        given.append(Assignment(conversation=conversation, agent=agent, team_id=choice.team_id, created_at=now))
        decisions.append(_decision(conversation, choice, now))
        words = {"to": agent.name, "to_id": agent.pk, "reason": choice.reason, **_numbers(choice)}
        lines.append(_line(conversation, "assigned", words, now))
    _save(locked.values(), agents.values(), now)
    for conversation in moved:
        answer_timers.follow(conversation)
    Assignment.objects.bulk_create(given)
    for line, decision in zip(lines, RoutingDecision.objects.bulk_create(decisions), strict=True):
        line.data |= _explained(choices[decision.conversation_id], decision)
    for line in Activity.objects.bulk_create(lines):
        events.activity_added(line)
        events.conversation_changed(line.conversation, previous=before[line.conversation_id])
    return decisions


# One statement each; the ORM's bulk_update needs longer to write its own SQL than PostgreSQL for the work.
SAVE_CONVERSATIONS = """
UPDATE inbox_conversation c SET assignee_id = v.assignee, assigned_at = %s, team_id = v.team, seq = v.seq
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[]) AS v (id, assignee, team, seq) WHERE c.id = v.id
"""
SAVE_AGENTS = """
UPDATE accounts_agent a SET last_assigned_at = v.at
FROM unnest(%s::bigint[], %s::timestamptz[]) AS v (id, at) WHERE a.id = v.id
"""


def _save(conversations: Collection[Conversation], agents: Collection[Agent], now: datetime) -> None:
    with connection.cursor() as cursor:
        columns = [[getattr(row, name) for row in conversations] for name in ("pk", "assignee_id", "team_id", "seq")]
        cursor.execute(SAVE_CONVERSATIONS, [now, *columns])
        cursor.execute(SAVE_AGENTS, [[agent.pk for agent in agents], [agent.last_assigned_at for agent in agents]])


def _mark_unserved(look: Look) -> list[RoutingDecision]:
    """Say once per wait that nobody is free: a decision, a line in the thread, and word to the leads."""
    said = RoutingDecision.objects.filter(
        conversation=OuterRef("pk"), reason="nobody_free", created_at__gte=OuterRef("waiting_since")
    )
    unsaid = waiting_in_queue(look.workspace_id).filter(~Exists(said))
    if look.book.rules:
        unsaid = unsaid.filter(settled(look.now))
    if not unsaid.exists():
        return []
    with transaction.atomic(), events.gathered():
        lock_assignment(look.workspace_id)
        people = look.candidates(locked=False)
        chosen: list[tuple[Conversation, Choice, Team]] = []
        locked = lock_all(unsaid.order_by("waiting_since", "pk")[:BATCH], skip_locked=True)
        put_back = put_back_by(locked)
        for row in locked:
            if (team := look.team_of(row)) is None:
                continue
            for choice in choose([look.waiting(row, team, put_back.get(row.pk))], people, look.now):
                if choice.agent_id is None:  # else there is room since a moment, and the next run gives it away
                    chosen.append((row, choice, team))
        decisions = RoutingDecision.objects.bulk_create(_decision(row, choice, look.now) for row, choice, _ in chosen)
        lines = []
        for (row, choice, team), decision in zip(chosen, decisions, strict=True):
            lines.append(_line(row, "nobody_free", {"team": team.name, **_explained(choice, decision)}, look.now))
            row.save(update_fields=["seq"])
        for line in Activity.objects.bulk_create(lines):
            events.activity_added(line)
        if decisions:
            automatic_due.nobody_is_free([decision.conversation_id for decision in decisions], look.now)
            waiting = waiting_in_queue(look.workspace_id).count()
            events.workspace_alert(Workspace.objects.get(pk=look.workspace_id), "nobody_free", waiting=waiting)
        return decisions


def _decision(conversation: Conversation, choice: Choice, now: datetime) -> RoutingDecision:
    return RoutingDecision(
        workspace_id=conversation.workspace_id, conversation=conversation, team_id=choice.team_id,
        agent_id=choice.agent_id, reason=choice.reason, facts=choice.facts | circumstances(conversation),
        created_at=now,
    )  # fmt: skip


def _line(conversation: Conversation, kind: str, data: dict, now: datetime) -> Activity:
    return Activity(
        workspace_id=conversation.workspace_id, conversation=conversation, seq=conversation.next_seq(), kind=kind,
        data=data, occurred_at=now,
    )  # fmt: skip


def _explained(choice: Choice, decision: RoutingDecision) -> dict:
    """What a line keeps so that its decision can be looked up, and the rule that led to it."""
    rule = choice.facts.get("rule")
    return {"decision": decision.pk} | ({"rule": rule} if rule else {})


def _numbers(choice: Choice) -> dict:
    return {name: choice.facts[name] for name in ("load", "capacity", "idle_minutes")}


def _mentioned(conversation_ids: Iterable[int]) -> dict[int, frozenset[int]]:
    found: dict[int, set[int]] = {}
    pairs = Mention.objects.filter(conversation__in=list(conversation_ids)).values_list("conversation_id", "agent_id")
    for conversation_id, agent_id in pairs:
        found.setdefault(conversation_id, set()).add(agent_id)
    return {conversation_id: frozenset(ids) for conversation_id, ids in found.items()}
