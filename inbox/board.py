"""The team board: what waits, what is in danger, and who has how much. For team leads and admins.

A bounded number of queries whatever the number of people and conversations. A lead sees the people of the teams they
lead and the conversations that are theirs to see; whether a person is busy is counted over everything they hold.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import (
    BooleanField,
    Count,
    ExpressionWrapper,
    Min,
    Prefetch,
    Q,
    QuerySet,
    prefetch_related_objects,
)
from django.utils import timezone
from django.utils.functional import cached_property

from accounts.hours_words import short_words
from accounts.models import Agent, Membership, Role, Team
from accounts.permissions import teams_led_by
from accounts.schedules import hours_of_teams
from inbox import presence
from inbox.actions.load import counts_as_load
from inbox.board_slots import TeamLimit, slots_of
from inbox.board_tickets import Ticket, by_wait, by_window, tickets_for
from inbox.enums import ConversationStatus
from inbox.filters import window_q
from inbox.models import Activity, Conversation
from inbox.reports.today import first_reply_today
from inbox.reports.words import duration_words
from inbox.visibility import rights_of
from whatsapp.service_window import ServiceWindow

SHOWN_WAITING = 50
SHOWN_AT_RISK = 30
SHOWN_RISKS_OF_ONE = 4
SHOWN_OF_ONE = 100
SHOWN_RECENT = 12
SORTS = ("waiting", "closing")
ASSIGNING = ("assigned", "claimed", "taken_over", "moved", "released", "handed_back")


@dataclass
class Seat:
    """A person at the counter: whether they are there, and what they hold."""

    agent: Agent
    teams: list[Team]
    state: str  # available, away, off (duty) or offline
    load: int = 0
    urgent: int = 0  # of the load: unanswered, window closes within the hour
    soon: int = 0  # … within four hours
    held: int = 0  # open, whether it counts as load or not
    unanswered: int = 0
    waiting_since: datetime | None = None  # the first of the unanswered
    risks: list[Ticket] = field(default_factory=list)
    limits: dict[int, int] = field(default_factory=dict)  # team → how many of its conversations at most
    load_of: Counter[int] = field(default_factory=Counter)  # team → its part of the load

    @property
    def team_limits(self) -> list[TeamLimit]:
        return [
            TeamLimit(team, self.load_of[team.pk], self.limits[team.pk])
            for team in self.teams
            if team.pk in self.limits
        ]

    @property
    def is_full(self) -> bool:
        return self.load >= self.agent.capacity_now

    @property
    def is_left_alone(self) -> bool:
        """Customers wait for somebody who is not there."""
        return self.state != "available" and self.unanswered > 0

    @property
    def team_names(self) -> str:
        return ", ".join(team.name for team in self.teams)

    @cached_property
    def slots(self) -> list[str]:
        filled = ["urgent"] * self.urgent + ["soon"] * self.soon
        return slots_of(filled + ["on"] * (self.load - len(filled)), self.agent.capacity_now)


@dataclass
class Board:
    """Everything on the page, as of `now`."""

    now: datetime
    teams: list[Team]  # to choose from
    team: Team | None  # the chosen one
    sort: str
    waiting: list[Ticket]
    waiting_count: int
    waiting_since: datetime | None
    at_risk: list[Ticket]
    at_risk_count: int
    closing_count: int  # unanswered, window closes within the hour
    open_count: int
    first_reply: str  # "6 min", the median of today; "" while there was none
    seats: list[Seat]
    recent: list[Activity]

    @property
    def available_count(self) -> int:
        return sum(seat.state == "available" for seat in self.seats)


def board_of(agent: Agent, *, team_id: int | None = None, sort: str = "", now: datetime | None = None) -> Board:
    """The board as this lead or admin may see it, narrowed to one of their teams if it is one."""
    now = now or timezone.now()
    teams = list(teams_led_by(agent))
    team = next((each for each in teams if each.pk == team_id), None)
    sort = sort if sort in SORTS else SORTS[0]
    open_times = hours_of_teams(agent.workspace)
    for each in teams:
        each.hours_now = short_words(open_times[each.pk], now)  # type: ignore[attr-defined]
    here = _conversations(agent, team)
    everything = team is None and agent.role == Role.ADMIN
    people = _people(agent)
    online = presence.online_agent_ids(agent.workspace_id)
    # Of other teams, too: they may hold conversations of this one.
    states = {person.pk: presence.state_of(person, online) for person in people}
    seats = _seats(agent, people, states, [team] if team else teams, everybody=everything, now=now)
    margin = agent.workspace.window_margin
    risky = here.filter(needs_answer=True).filter(
        window_q("soon", now, margin)
        | Q(answer_due_at__lte=now)
        | Q(assignee__in=[pk for pk, state in states.items() if state != "available"])
    )
    at_risk = tickets_for(agent, by_window(risky, now, margin)[:SHOWN_AT_RISK], states, now)
    _give_risks(seats, at_risk)
    unassigned = here.filter(assignee=None)
    waiting = by_window(unassigned, now, margin) if sort == "closing" else by_wait(unassigned, teams, now, margin)
    numbers = here.aggregate(
        open=Count("pk"),
        waiting=Count("pk", filter=Q(assignee=None)),
        since=Min("waiting_since", filter=Q(assignee=None)),
        closing=Count("pk", filter=Q(needs_answer=True) & window_q("urgent", now, margin)),
    )
    reply = first_reply_today(agent.workspace, None if everything else [team] if team else teams, now)
    return Board(
        now=now, teams=teams, team=team, sort=sort,
        waiting=tickets_for(agent, waiting[:SHOWN_WAITING], states, now),
        waiting_count=numbers["waiting"], waiting_since=numbers["since"],
        first_reply="" if reply is None else duration_words(reply),
        at_risk=at_risk, at_risk_count=len(at_risk) if len(at_risk) < SHOWN_AT_RISK else risky.count(),
        closing_count=numbers["closing"], open_count=numbers["open"], seats=seats, recent=_recent(agent, team),
    )  # fmt: skip


def held_by(person: Agent, *, seen_by: Agent, now: datetime | None = None) -> list[Ticket]:
    """The open conversations of one person that the lead may see, those that wait first."""
    now = now or timezone.now()
    online = presence.online_agent_ids(person.workspace_id)
    theirs = _conversations(seen_by, None).filter(assignee=person).order_by("-needs_answer", "waiting_since", "pk")
    return tickets_for(seen_by, theirs[:SHOWN_OF_ONE], {person.pk: presence.state_of(person, online)}, now)


def work_of(person: Agent) -> dict[str, int]:
    """How many open conversations somebody holds, and in how many the customer waits."""
    held = Conversation.objects.filter(assignee=person, status=ConversationStatus.OPEN)
    return held.aggregate(held=Count("pk"), unanswered=Count("pk", filter=Q(needs_answer=True)))


def _conversations(agent: Agent, team: Team | None) -> QuerySet[Conversation]:
    here = Conversation.objects.visible_to(agent).filter(status=ConversationStatus.OPEN)
    return here if team is None else here.filter(team=team)


def _people(agent: Agent) -> list[Agent]:
    people = Agent.objects.filter(workspace=agent.workspace_id, is_active=True)
    memberships = Prefetch("memberships", Membership.objects.select_related("team"))
    people = people.select_related("availability_changed_by").prefetch_related(memberships)
    return list(people.order_by("name", "pk"))


def _seats(
    agent: Agent, people: list[Agent], states: dict[int, str], teams: list[Team], *, everybody: bool, now: datetime
) -> list[Seat]:
    """Whoever is in these teams, and with `everybody` also who has work without being in one; the present first."""
    wanted = {team.pk for team in teams}
    seats = {}
    for person in people:
        mine = [membership for membership in person.memberships.all() if membership.team_id in wanted]
        theirs = sorted((membership.team for membership in mine), key=lambda team: team.name)
        if theirs or everybody:
            limits = {each.team_id: each.capacity for each in mine if each.capacity is not None}
            seats[person.pk] = Seat(person, theirs, states[person.pk], limits=limits)
    _count_work(seats, agent, now)
    order = ("available", "away", "off", "offline")
    shown = [seat for seat in seats.values() if seat.teams or seat.held]
    return sorted(shown, key=lambda seat: order.index(seat.state))


def _count_work(seats: dict[int, Seat], agent: Agent, now: datetime) -> None:
    margin = agent.workspace.window_margin_seconds
    held = Conversation.objects.filter(assignee__in=seats, status=ConversationStatus.OPEN)
    counts = ExpressionWrapper(counts_as_load(now), output_field=BooleanField())
    columns = (
        "assignee_id", "team_id", "needs_answer", "waiting_since", "last_customer_message_at", "window_refused_at",
        "counts",
    )  # fmt: skip
    rows = held.annotate(counts=counts).values_list(*columns)
    for holder, team_id, needs_answer, since, last, refused, is_load in rows:
        seat = seats[holder]
        seat.held += 1
        seat.load += is_load
        seat.load_of[team_id] += is_load
        if not needs_answer:
            continue
        seat.unanswered += 1
        seat.waiting_since = min(filter(None, (seat.waiting_since, since)), default=None)
        state = ServiceWindow(last, refused, margin).state(now)
        seat.urgent += state == "urgent"
        seat.soon += state == "soon"


def _give_risks(seats: list[Seat], tickets: list[Ticket]) -> None:
    by_holder: dict[int | None, list[Ticket]] = defaultdict(list)
    for ticket in tickets:
        if ticket.row.window_state in ("soon", "urgent"):
            by_holder[ticket.conversation.assignee_id].append(ticket)
    for seat in seats:
        seat.risks = by_holder[seat.agent.pk][:SHOWN_RISKS_OF_ONE]


def _recent(agent: Agent, team: Team | None) -> list[Activity]:
    lines: Any = Activity.objects.filter(workspace=agent.workspace_id, kind__in=ASSIGNING)
    if team is not None or not rights_of(agent).sees_everything:
        lines = lines.filter(conversation__in=_conversations(agent, team))
    found = list(lines.select_related("actor", "conversation__contact").order_by("-occurred_at", "-pk")[:SHOWN_RECENT])
    prefetch_related_objects([line.conversation.contact for line in found], "identities")
    return found
