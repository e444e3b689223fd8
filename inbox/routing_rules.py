"""Who gets what waits: the rules of automatic assignment, pure (decisions.md 13 and 14).

Order of the queue: windows that close within four hours, soonest first; then whoever has waited longest; closed windows
last. For each in turn: the last agent where the team wants that; else by the team's strategy, the least busy relative
to capacity (tie: the longest idle), or in turn. Nobody is ever given more than their capacity, or than their limit in
the team the conversation is of.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from accounts.models import RoutingStrategy

CLOSING_SOON = timedelta(hours=4)
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
LISTED_CANDIDATES = 20  # kept with a decision: enough to explain it


@dataclass(frozen=True, slots=True)
class Waiting:
    """A conversation in a team's queue."""

    conversation_id: int
    team_id: int
    strategy: str
    waiting_since: datetime
    closes_at: datetime | None = None  # of the service window, margin included
    last_agent_id: int | None = None
    sticky: bool = True
    not_to: int | None = None  # who just put it back


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody present and available."""

    agent_id: int
    team_ids: frozenset[int]
    capacity: int
    load: int
    idle_since: datetime = LONG_AGO  # last work given or taken
    last_turn: datetime = LONG_AGO  # last automatic assignment
    team_room: Mapping[int, int] = field(default_factory=dict)  # in teams with a limit of one's own: how many more

    def has_room_for(self, team_id: int) -> bool:
        return self.load < self.capacity and self.team_room.get(team_id, 1) > 0

    def with_one_more(self, team_id: int, moment: datetime) -> "Candidate":
        room = self.team_room
        if team_id in room:
            room = {**room, team_id: room[team_id] - 1}
        return replace(self, load=self.load + 1, idle_since=moment, last_turn=moment, team_room=room)


@dataclass(frozen=True, slots=True)
class Choice:
    """What was decided for one conversation; `agent_id` None means it stays where it is."""

    conversation_id: int
    team_id: int
    agent_id: int | None
    reason: str  # sticky, least_busy, round_robin, nobody_free
    facts: dict


def queue_order(queue: Iterable[Waiting], now: datetime) -> list[Waiting]:
    """The queue as it is served."""
    return sorted(queue, key=lambda waiting: _rank(waiting, now))


def choose(queue: Iterable[Waiting], candidates: Sequence[Candidate], now: datetime) -> list[Choice]:
    """One choice per waiting conversation, in the order of the queue. Each choice counts for the next."""
    people = {candidate.agent_id: candidate for candidate in candidates}
    by_team: dict[int, list[int]] = {}
    for candidate in candidates:
        for team_id in candidate.team_ids:
            by_team.setdefault(team_id, []).append(candidate.agent_id)
    choices = []
    for turn, waiting in enumerate(queue_order(queue, now)):
        if waiting.strategy == RoutingStrategy.MANUAL:
            continue
        team = [people[agent_id] for agent_id in by_team.get(waiting.team_id, []) if agent_id != waiting.not_to]
        choice = _choose_one(waiting, team, now)
        choices.append(choice)
        if choice.agent_id is not None:
            person = people[choice.agent_id]
            # A microsecond apart, so that the next tie and the next turn know who came first.
            moment = now + timedelta(microseconds=turn)
            people[choice.agent_id] = person.with_one_more(waiting.team_id, moment)
    return choices


def _rank(waiting: Waiting, now: datetime) -> tuple[int, datetime, int]:
    if waiting.closes_at is None or waiting.closes_at <= now:
        return 2, waiting.waiting_since, waiting.conversation_id
    if waiting.closes_at - now < CLOSING_SOON:
        return 0, waiting.closes_at, waiting.conversation_id
    return 1, waiting.waiting_since, waiting.conversation_id


def _choose_one(waiting: Waiting, team: list[Candidate], now: datetime) -> Choice:
    free = [person for person in team if person.has_room_for(waiting.team_id)]
    if not free:
        return Choice(waiting.conversation_id, waiting.team_id, None, "nobody_free", _facts(None, team, now))
    if waiting.sticky and (last := next((p for p in free if p.agent_id == waiting.last_agent_id), None)):
        chosen, reason = last, "sticky"
    elif waiting.strategy == RoutingStrategy.ROUND_ROBIN:
        chosen, reason = min(free, key=lambda person: (person.last_turn, person.agent_id)), "round_robin"
    else:
        # Equal fractions are equal floats, because division rounds correctly.
        chosen = min(free, key=lambda p: (p.load / p.capacity, p.idle_since, p.agent_id))
        reason = "least_busy"
    return Choice(waiting.conversation_id, waiting.team_id, chosen.agent_id, reason, _facts(chosen, team, now))


def _facts(chosen: Candidate | None, team: list[Candidate], now: datetime) -> dict:
    """What the choice was made by. The load is the one before it."""
    facts: dict = {
        "candidates": [
            {"agent": person.agent_id, "load": person.load, "capacity": person.capacity}
            for person in team[:LISTED_CANDIDATES]
        ]
    }
    if chosen is not None:
        facts |= {"load": chosen.load, "capacity": chosen.capacity, "idle_minutes": _idle_minutes(chosen, now)}
    return facts


def _idle_minutes(person: Candidate, now: datetime) -> int | None:
    """Whole minutes since the last work, None when there never was any."""
    if person.idle_since == LONG_AGO:
        return None
    return max(int((now - person.idle_since).total_seconds() // 60), 0)
