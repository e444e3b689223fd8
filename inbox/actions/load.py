"""How busy people are: the load that automatic routing obeys and that the assign menu shows (decisions.md 13)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Q
from django.utils import timezone

from accounts.models import Agent, Availability, Membership
from inbox.models import Conversation
from inbox.routing_rules import LONG_AGO, Candidate

STILL_BUSY = timedelta(hours=4)  # an answered conversation counts this long after our last reply


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
    """Whom routing may choose: active, available, present, in a team. `locked` keeps them so until the commit."""
    teams: dict[int, set[int]] = {}
    memberships = Membership.objects.filter(
        team__workspace_id=workspace_id, agent_id__in=list(present),
        agent__is_active=True, agent__availability=Availability.AVAILABLE,
    )  # fmt: skip
    for agent_id, team_id in memberships.values_list("agent_id", "team_id"):
        teams.setdefault(agent_id, set()).add(team_id)
    able = Agent.objects.filter(
        workspace_id=workspace_id, pk__in=teams, is_active=True, availability=Availability.AVAILABLE
    ).order_by("pk")
    # Not FOR UPDATE: every row that merely refers to an agent would have to wait.
    people = list(able.select_for_update(no_key=True) if locked else able)
    work = _work([person.pk for person in people], now)
    found = []
    for person in people:
        load, last_work = work[person.pk]
        last_turn = person.last_assigned_at or LONG_AGO
        found.append(
            Candidate(
                agent_id=person.pk, team_ids=frozenset(teams[person.pk]), capacity=person.capacity_at(now), load=load,
                idle_since=max(last_turn, last_work or LONG_AGO), last_turn=last_turn,
            )
        )  # fmt: skip
    return found


def _work(agent_ids: Iterable[int], now: datetime) -> dict[int, tuple[int, datetime | None]]:
    """Agent id → (load, when the last open conversation came to them)."""
    found: dict[int, tuple[int, datetime | None]] = dict.fromkeys(agent_ids, (0, None))
    rows = (
        Conversation.objects.filter(assignee_id__in=list(found), status="open")
        .values("assignee_id")
        .annotate(load=Count("pk", filter=counts_as_load(now)), last_work=Max("assigned_at"))
        .order_by()
    )
    for row in rows:
        found[row["assignee_id"]] = (row["load"], row["last_work"])
    return found
