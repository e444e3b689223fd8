"""How busy people are: the load that automatic routing obeys and that the assign menu shows (decisions.md 13)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Count, Q
from django.utils import timezone

from accounts.duty import on_duty
from accounts.models import Agent, Availability, Membership
from inbox.models import Conversation
from inbox.routing_rules import LONG_AGO, Candidate

STILL_BUSY = timedelta(hours=4)  # an answered conversation counts this long after our last reply

# The same as `counts_as_load`, for many at once: in words that the index conv_load answers alone.
WORK = """
SELECT assignee_id, count(*) FILTER (WHERE needs_answer OR answered_at > %s), max(assigned_at)
  FROM inbox_conversation WHERE status = 'open' AND assignee_id IS NOT NULL AND assignee_id = ANY(%s)
 GROUP BY assignee_id
"""


@dataclass(frozen=True, slots=True)
class Fullness:
    """For "Aylin has 8 of 8. Assign anyway?"."""

    load: int
    capacity: int

    @property
    def is_full(self) -> bool:
        return self.load >= self.capacity


def counts_as_load(now: datetime) -> Q:
    """Assigned and open (not snoozed), and the customer spoke last or our answer is younger than four hours."""
    return Q(status="open", assignee__isnull=False) & (Q(needs_answer=True) | Q(answered_at__gt=now - STILL_BUSY))


def loads(agent_ids: Iterable[int], now: datetime | None = None) -> dict[int, int]:
    """Agent id → load, in one query; 0 for whoever has nothing."""
    return {agent_id: load for agent_id, (load, _) in _work(agent_ids, now or timezone.now()).items()}


def fullness(agent: Agent, now: datetime | None = None) -> Fullness:
    """Of one person, to warn before somebody gives them more. Nobody is kept from doing so."""
    return Fullness(loads([agent.pk], now)[agent.pk], agent.capacity_at(now or timezone.now()))


def candidates(workspace_id: int, present: Iterable[int], now: datetime, *, locked: bool) -> list[Candidate]:
    """Whom routing may choose: active, on duty, available, present, in a team. `locked` keeps them so."""
    teams: dict[int, dict[int, int | None]] = {}
    memberships = Membership.objects.filter(
        team__workspace_id=workspace_id, agent_id__in=list(present),
        agent__is_active=True, agent__availability=Availability.AVAILABLE,
    )  # fmt: skip
    for agent_id, team_id, limit in memberships.values_list("agent_id", "team_id", "capacity"):
        teams.setdefault(agent_id, {})[team_id] = limit
    able = Agent.objects.filter(
        on_duty(now), workspace_id=workspace_id, pk__in=teams, is_active=True, availability=Availability.AVAILABLE
    ).order_by("pk")
    # Not FOR UPDATE: every row that merely refers to an agent would have to wait.
    people = list(able.select_for_update(no_key=True) if locked else able)
    work = _work([person.pk for person in people], now)
    room = _team_room({person.pk: teams[person.pk] for person in people}, now)
    found = []
    for person in people:
        load, last_work = work[person.pk]
        last_turn = person.last_assigned_at or LONG_AGO
        found.append(
            Candidate(
                agent_id=person.pk, team_ids=frozenset(teams[person.pk]), capacity=person.capacity_at(now), load=load,
                idle_since=max(last_turn, last_work or LONG_AGO), last_turn=last_turn,
                team_room=room.get(person.pk, {}),
            )
        )  # fmt: skip
    return found


def _team_room(limits: Mapping[int, Mapping[int, int | None]], now: datetime) -> dict[int, dict[int, int]]:
    """Agent id → team id → how many more of that team's conversations; only where the membership has a limit."""
    room: dict[int, dict[int, int]] = {}
    for agent_id, teams in limits.items():
        if limited := {team_id: limit for team_id, limit in teams.items() if limit is not None}:
            room[agent_id] = limited
    if not room:
        return room
    rows = (
        Conversation.objects.filter(counts_as_load(now), assignee_id__in=list(room), team_id__isnull=False)
        .values_list("assignee_id", "team_id")
        .annotate(load=Count("pk"))
        .order_by()
    )
    for agent_id, team_id, load in rows:
        if agent_id is not None and team_id in room[agent_id]:
            room[agent_id][team_id] -= load
    return room


def _work(agent_ids: Iterable[int], now: datetime) -> dict[int, tuple[int, datetime | None]]:
    """Agent id → (load, when the last open conversation came to them)."""
    found: dict[int, tuple[int, datetime | None]] = dict.fromkeys(agent_ids, (0, None))
    with connection.cursor() as cursor:
        cursor.execute(WORK, [now - STILL_BUSY, list(found)])
        for agent_id, load, last_work in cursor.fetchall():
            found[agent_id] = (load, last_work)
    return found
