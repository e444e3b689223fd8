"""Who gets what waits: the rules of automatic assignment, pure (decisions.md 13 and 14).

Order of the queue: windows that close within four hours, soonest first; then whoever has waited longest; closed windows
last. For each in turn: the person whom a rule names; the last agent where the team or the rule wants that; whoever has
the skill that a rule asks for; else by the strategy, the least busy relative to capacity (tie: the longest idle), or in
turn. Nobody is ever given more than their capacity, or than their limit in the team the conversation is of, and no
customer waits for one person while another could answer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from accounts.models import RoutingStrategy
from inbox.models.routing_rule import Manner, Target
from inbox.rules.matching import Rule

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
    person: int | None = None  # whom a rule names, in this team or not
    able: frozenset[int] | None = None  # who has the skill that a rule asks for
    rule: dict | None = None  # what a decision keeps of that rule


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

    @property
    def is_free(self) -> bool:
        return self.load < self.capacity

    def has_room_for(self, team_id: int) -> bool:
        return self.is_free and self.team_room.get(team_id, 1) > 0

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
    reason: str  # person, sticky, skill, least_busy, round_robin, nobody_free
    facts: dict


def by_rule(waiting: Waiting, rule: Rule, able: Mapping[int, frozenset[int]]) -> Waiting:
    """In the ways of a rule instead of its team's own; `able` says who has which skill."""
    if rule.target == Target.AGENT:
        return replace(waiting, person=rule.agent)
    usual = RoutingStrategy.LEAST_BUSY if waiting.strategy == RoutingStrategy.MANUAL else waiting.strategy
    strategies: dict[str, str] = {Manner.ROUND_ROBIN: RoutingStrategy.ROUND_ROBIN, Manner.STICKY: usual}
    return replace(
        waiting,
        strategy=strategies.get(rule.manner, RoutingStrategy.LEAST_BUSY),
        sticky=rule.manner == Manner.STICKY,
        able=able.get(rule.skill or 0, frozenset()) if rule.manner == Manner.SKILL else None,
    )


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
        if waiting.strategy == RoutingStrategy.MANUAL and waiting.person is None:
            continue
        team = [people[agent_id] for agent_id in by_team.get(waiting.team_id, []) if agent_id != waiting.not_to]
        choice = _choose_one(waiting, team, people.get(waiting.person or 0), now)
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


def _choose_one(waiting: Waiting, team: list[Candidate], named: Candidate | None, now: datetime) -> Choice:
    chosen, reason = _person_for(waiting, team, named)
    facts = _facts(chosen, waiting, team, now) | ({"rule": waiting.rule} if waiting.rule else {})
    return Choice(waiting.conversation_id, waiting.team_id, chosen.agent_id if chosen else None, reason, facts)


def _person_for(waiting: Waiting, team: list[Candidate], named: Candidate | None) -> tuple[Candidate | None, str]:
    if named is not None and named.has_room_for(waiting.team_id) and named.agent_id != waiting.not_to:
        return named, "person"
    free = [person for person in team if person.has_room_for(waiting.team_id)]
    if not free or waiting.strategy == RoutingStrategy.MANUAL:
        return None, "nobody_free"
    if waiting.sticky and (last := next((p for p in free if p.agent_id == waiting.last_agent_id), None)):
        return last, "sticky"
    if waiting.able is not None and (able := [person for person in free if person.agent_id in waiting.able]):
        return _least_busy(able), "skill"
    if waiting.strategy == RoutingStrategy.ROUND_ROBIN:
        return min(free, key=_turn), "round_robin"
    return _least_busy(free), "least_busy"


def _turn(person: Candidate) -> tuple[datetime, int]:
    return person.last_turn, person.agent_id


def _least_busy(free: list[Candidate]) -> Candidate:
    # Equal fractions are equal floats, because division rounds correctly.
    return min(free, key=lambda p: (p.load / p.capacity, p.idle_since, p.agent_id))


def _facts(chosen: Candidate | None, waiting: Waiting, team: list[Candidate], now: datetime) -> dict:
    """What the choice was made by. The load is the one before it, `turn` the place of each where they take turns."""
    listed = team[:LISTED_CANDIDATES]
    turns = {person.agent_id: place for place, person in enumerate(sorted(listed, key=_turn))}
    facts: dict = {
        "candidates": [
            {
                "agent": person.agent_id, "load": person.load, "capacity": person.capacity,
                "idle_minutes": _idle_minutes(person, now), "turn": turns[person.agent_id],
            } | ({"team_full": True} if person.is_free and not person.has_room_for(waiting.team_id) else {})
            for person in listed
        ]
    }  # fmt: skip
    # Who would have come first, and did not.
    chosen_id = chosen.agent_id if chosen else None
    if waiting.person not in (None, chosen_id):
        facts["named"] = waiting.person
    if waiting.sticky and waiting.last_agent_id not in (None, chosen_id):
        facts["knows_them"] = waiting.last_agent_id
    if waiting.not_to is not None:
        facts["not_to"] = waiting.not_to
    if waiting.strategy == RoutingStrategy.MANUAL:
        facts["by_people"] = True
    if chosen is not None:
        facts |= {"load": chosen.load, "capacity": chosen.capacity, "idle_minutes": _idle_minutes(chosen, now)}
    return facts


def _idle_minutes(person: Candidate, now: datetime) -> int | None:
    """Whole minutes since the last work, None when there never was any."""
    if person.idle_since == LONG_AGO:
        return None
    return max(int((now - person.idle_since).total_seconds() // 60), 0)
