"""Automatic assignment: what waits is given to whoever is free (R15; the rules are in inbox.routing_rules).

One run per workspace at a time, by advisory lock, in transactions of its own. Agents are locked before their load is
read and conversations by SKIP LOCKED, which never waits, so this order cannot deadlock with anybody's. Few
conversations a transaction: all of them are rendered for the screens inside it, and others wait for the lock.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from accounts.models import Agent, RoutingStrategy, Team, Workspace
from inbox import events, presence
from inbox.actions import answer_timers
from inbox.actions.load import candidates
from inbox.actions.locks import lock_all, lock_assignment
from inbox.enums import ConversationStatus
from inbox.models import Activity, AnswerTimer, Assignment, Conversation, Mention, RoutingDecision
from inbox.routing_rules import CLOSING_SOON, Candidate, Choice, Waiting, choose
from inbox.visibility import ConversationFacts
from whatsapp.service_window import WINDOW, ServiceWindow

BATCH = 10  # conversations given away, or marked as waiting, in one transaction
LOOK_AHEAD = 30  # of the queue, more than a batch because some may be under way elsewhere
MOST_ROUNDS = 400


def route_waiting(
    workspace_id: int, now: datetime | None = None, *, rounds: int = MOST_ROUNDS
) -> list[RoutingDecision]:
    """Give every conversation that waits in this workspace to somebody, as far as there is room.

    Stores each decision with its reason and facts, an Assignment and a line in the thread, and reports them. What
    nobody can take stays in the queue; that is decided, shown and told to the leads once per wait. Returns the new
    decisions. To be called outside a transaction; any number of processes may call it at once. With one round, for
    who has other things to do, at most a BATCH of either: less than that means it is done.
    """
    now = now or timezone.now()
    if not waiting_in_queue(workspace_id).exists():
        return []
    present = presence.present_agent_ids(workspace_id, now)
    decisions: list[RoutingDecision] = []
    for step in (_give_batch, _mark_unserved):
        for _ in range(rounds):
            done = step(workspace_id, present, now)
            decisions += done
            if not done or len(decisions) >= rounds * BATCH:
                break
    return decisions


def waiting_in_queue(workspace_id: int | None = None) -> QuerySet[Conversation]:
    """What routing is responsible for: open, nobody's, and the customer spoke last; teams by hand are left alone."""
    queue = Conversation.objects.filter(status=ConversationStatus.OPEN, assignee=None, needs_answer=True)
    queue = queue.exclude(team__strategy=RoutingStrategy.MANUAL)
    return queue if workspace_id is None else queue.filter(workspace_id=workspace_id)


def _give_batch(workspace_id: int, present: set[int], now: datetime) -> list[RoutingDecision]:
    with transaction.atomic(), events.gathered():
        lock_assignment(workspace_id)
        # First without row locks: a full house with a long queue is looked at every second and should cost little.
        if not _teams_with_room(candidates(workspace_id, present, now, locked=False)):
            return []
        people = candidates(workspace_id, present, now, locked=True)
        queue = _head_of_queue(workspace_id, _teams_with_room(people), now)
        choices = [choice for choice in choose(queue, people, now) if choice.agent_id is not None]
        return _give({choice.conversation_id: choice for choice in choices[:BATCH]}, now) if choices else []


def _teams_with_room(people: Iterable[Candidate]) -> set[int]:
    return {team_id for person in people for team_id in person.team_ids if person.has_room_for(team_id)}


def _head_of_queue(workspace_id: int, teams: set[int], now: datetime) -> list[Waiting]:
    """The first of these teams' queues, in the order of decisions.md 14 (settled finally by routing_rules)."""
    workspace = Workspace.objects.get(pk=workspace_id)
    default = _default_team(workspace_id)
    opened_after = now - WINDOW + timedelta(seconds=workspace.window_margin_seconds)
    is_closed = Q(last_customer_message_at=None) | Q(last_customer_message_at__lte=opened_after)
    is_closed |= Q(window_refused_at__gte=F("last_customer_message_at"))
    closes_soon = Q(last_customer_message_at__lt=opened_after + CLOSING_SOON)
    of_teams = Q(team__in=teams) | (Q(team=None) if default is not None and default.pk in teams else Q(pk__in=[]))
    queue = (
        waiting_in_queue(workspace_id)
        .filter(of_teams)
        .annotate(rank=Case(When(is_closed, then=Value(2)), When(closes_soon, then=Value(0)), default=Value(1)))
        .annotate(urgency=Case(When(rank=0, then=F("last_customer_message_at")), default=F("waiting_since")))
        .order_by("rank", "urgency", "pk")
        .select_related("team", "workspace")[:LOOK_AHEAD]
    )
    rows = list(queue)
    put_back = _put_back_by(rows)
    return [_waiting(row, team, put_back.get(row.pk)) for row in rows if (team := row.team or default)]


def _waiting(conversation: Conversation, team: Team, not_to: int | None) -> Waiting:
    window = ServiceWindow(
        conversation.last_customer_message_at, conversation.window_refused_at,
        conversation.workspace.window_margin_seconds,
    )  # fmt: skip
    return Waiting(
        conversation_id=conversation.pk,
        team_id=team.pk,
        strategy=team.strategy,
        waiting_since=conversation.waiting_since or conversation.last_message_at,
        closes_at=window.closes_at,
        last_agent_id=conversation.last_agent_id,
        sticky=team.sticky,
        not_to=not_to,
    )


def _put_back_by(rows: Iterable[Conversation]) -> dict[int, int]:
    """From whom a conversation was put back into the queue by hand, or because they let the answer target pass.

    It is not theirs again until the customer writes again; in the other case until somebody has answered.
    """
    last_word = {row.pk: row.last_customer_message_at for row in rows}
    place = Window(RowNumber(), partition_by="conversation_id", order_by="-pk")
    latest: dict[int, list[tuple]] = {}
    for conversation_id, *change in (
        Assignment.objects.filter(conversation__in=last_word).annotate(place=place).filter(place__lte=2)
        .order_by("conversation_id", "-pk").values_list("conversation_id", "agent_id", "by_id", "created_at")
    ):  # fmt: skip
        latest.setdefault(conversation_id, []).append(tuple(change))
    late = AnswerTimer.objects.filter(conversation__in=last_word, requeued_from__isnull=False)
    found: dict[int, int] = dict(late.values_list("conversation_id", "requeued_from_id"))
    for conversation_id, [(agent_id, by_id, created_at), *before] in latest.items():
        said = last_word[conversation_id]
        if agent_id is None and by_id is not None and (said is None or created_at >= said):
            found[conversation_id] = before[0][0] if before and before[0][0] is not None else by_id
    return found


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
    RoutingDecision.objects.bulk_create(decisions)
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


def _mark_unserved(workspace_id: int, present: set[int], now: datetime) -> list[RoutingDecision]:
    """Say once per wait that nobody is free: a decision, a line in the thread, and word to the leads."""
    said = RoutingDecision.objects.filter(
        conversation=OuterRef("pk"), reason="nobody_free", created_at__gte=OuterRef("waiting_since")
    )
    unsaid = waiting_in_queue(workspace_id).filter(~Exists(said))
    if not unsaid.exists():
        return []
    with transaction.atomic(), events.gathered():
        lock_assignment(workspace_id)
        people = candidates(workspace_id, present, now, locked=False)
        decisions, lines = [], []
        default = _default_team(workspace_id)
        locked = lock_all(unsaid.order_by("waiting_since", "pk")[:BATCH], skip_locked=True)
        put_back = _put_back_by(locked)
        for row in locked:
            if (team := row.team or default) is None:
                continue
            for choice in choose([_waiting(row, team, put_back.get(row.pk))], people, now):
                if choice.agent_id is None:  # else there is room since a moment, and the next run gives it away
                    decisions.append(_decision(row, choice, now))
                    lines.append(_line(row, "nobody_free", {"team": team.name}, now))
        for line in lines:
            line.conversation.save(update_fields=["seq"])
        RoutingDecision.objects.bulk_create(decisions)
        for line in Activity.objects.bulk_create(lines):
            events.activity_added(line)
        if decisions:
            workspace = Workspace.objects.get(pk=workspace_id)
            events.workspace_alert(workspace, "nobody_free", waiting=waiting_in_queue(workspace_id).count())
        return decisions


def _decision(conversation: Conversation, choice: Choice, now: datetime) -> RoutingDecision:
    return RoutingDecision(
        workspace_id=conversation.workspace_id, conversation=conversation, team_id=choice.team_id,
        agent_id=choice.agent_id, reason=choice.reason, facts=choice.facts, created_at=now,
    )  # fmt: skip


def _line(conversation: Conversation, kind: str, data: dict, now: datetime) -> Activity:
    return Activity(
        workspace_id=conversation.workspace_id, conversation=conversation, seq=conversation.next_seq(), kind=kind,
        data=data, occurred_at=now,
    )  # fmt: skip


def _numbers(choice: Choice) -> dict:
    return {name: choice.facts[name] for name in ("load", "capacity", "idle_minutes")}


def _mentioned(conversation_ids: Iterable[int]) -> dict[int, frozenset[int]]:
    found: dict[int, set[int]] = {}
    pairs = Mention.objects.filter(conversation__in=list(conversation_ids)).values_list("conversation_id", "agent_id")
    for conversation_id, agent_id in pairs:
        found.setdefault(conversation_id, set()).add(agent_id)
    return {conversation_id: frozenset(ids) for conversation_id, ids in found.items()}


def _default_team(workspace_id: int) -> Team | None:
    teams = Team.objects.filter(workspace_id=workspace_id)
    return teams.filter(is_default=True).first() or teams.order_by("pk").first()


