"""The hours that were set, as values (accounts.hours): of the business, its teams and its people.

Few queries whatever the number of teams or people. Holidays are laid over the week for last year, this and the next:
deadlines and reports look no further. What was set for a date wins over a holiday; a team or person that follows the
business works on the business's special days as far as the business is open then.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db.models import QuerySet
from django.utils import timezone

from accounts.holidays import holidays_of
from accounts.hours import DAY, Blocks, OpeningHours
from accounts.models import Agent, Team, WorkingHours, Workspace

AROUND_THE_CLOCK: tuple[Blocks, ...] = (((0, DAY),),) * 7


def workspace_hours(workspace: Workspace) -> OpeningHours:
    """When the business is open; always, if nothing was set."""
    return hours_of_business(_business_row(workspace.pk), zone_of(workspace.timezone))


def hours_of_teams(workspace: Workspace) -> dict[int, OpeningHours]:
    """Team id → its own hours, else those of the business. Every team of the workspace is in it."""
    zone = zone_of(workspace.timezone)
    rows = {row.team_id: row for row in _rows(workspace.pk).filter(agent=None)}
    business = rows.get(None)
    usual = hours_of_business(business, zone)
    teams = Team.objects.filter(workspace=workspace).values_list("pk", flat=True)
    return {pk: hours_of_team(rows[pk], business, zone) if pk in rows else usual for pk in teams}


def team_hours(team: Team) -> OpeningHours:
    """The hours of one team: its own, else those of the business."""
    zone, business = zone_of(team.workspace.timezone), _business_row(team.workspace_id)
    row = _rows(team.workspace_id).filter(team=team).first()
    return hours_of_team(row, business, zone) if row else hours_of_business(business, zone)


def hours_of_agents(workspace_id: int, agents: Iterable[Agent] | None = None) -> dict[int, OpeningHours]:
    """Agent id → working hours in that person's own zone; only of those for whom some were set."""
    rows = _rows(workspace_id).exclude(agent=None).select_related("agent")
    if agents is not None:
        rows = rows.filter(agent__in=[agent.pk for agent in agents])
    found, business = {}, _business_row(workspace_id)
    for row in rows:
        if row.agent and not (hours := hours_of_person(row, business, row.agent.zone)).always_open:
            found[row.agent.pk] = hours
    return found


def hours_of_business(row: WorkingHours | None, zone: ZoneInfo) -> OpeningHours:
    """Of the business's row, stored or not."""
    if row is None:
        return OpeningHours(zone)
    return _laid_over(_week(row) if row.is_used else AROUND_THE_CLOCK, _own_days(row), zone)


def hours_of_team(row: WorkingHours, business: WorkingHours | None, zone: ZoneInfo) -> OpeningHours:
    """Of a team's row, stored or not: its own week, or what is its own beside the business's."""
    usual = hours_of_business(business, zone)
    if not row.is_used:
        return _laid_over(usual.weekly or AROUND_THE_CLOCK, {**usual.exceptions, **_exception_days(row)}, zone)
    return _laid_over(_week(row), _days_beside(row, business), zone)


def hours_of_person(row: WorkingHours, business: WorkingHours | None, zone: ZoneInfo) -> OpeningHours:
    """Of a person's row, stored or not: their week; without one only what was set for them is a day off."""
    if not row.is_used:
        return _laid_over(AROUND_THE_CLOCK, _exception_days(row), zone)
    return _laid_over(_week(row), _days_beside(row, business), zone)


def zone_of(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("Europe/Berlin")


def as_blocks(stored: Iterable[Iterable[int]]) -> Blocks:
    """A day as it is stored (lists of [start, end]) → blocks in order."""
    return tuple(sorted((int(start), int(end)) for start, end in stored))


def common(ours: Blocks, theirs: Blocks) -> Blocks:
    """When both are open."""
    both = [(max(a, c), min(b, d)) for a, b in ours for c, d in theirs]
    return tuple(sorted((start, end) for start, end in both if start < end))


def _rows(workspace_id: int) -> QuerySet[WorkingHours]:
    return WorkingHours.objects.filter(workspace_id=workspace_id).prefetch_related("exceptions").order_by("pk")


def _business_row(workspace_id: int) -> WorkingHours | None:
    return _rows(workspace_id).filter(team=None, agent=None).first()


def _laid_over(week: tuple[Blocks, ...], days: Mapping[date, Blocks], zone: ZoneInfo) -> OpeningHours:
    if week == AROUND_THE_CLOCK and not days:
        return OpeningHours(zone)
    return OpeningHours(zone, week, days)


def _week(row: WorkingHours) -> tuple[Blocks, ...]:
    return tuple(as_blocks(day) for day in row.weekly)


def _days_beside(row: WorkingHours, business: WorkingHours | None) -> dict[date, Blocks]:
    """What is different on which dates: of the business, of the row's own region, and what was set for it."""
    if not row.follows_business or business is None:
        return _own_days(row)
    week = _week(row)
    theirs = {day: common(week[day.weekday()], blocks) for day, blocks in _own_days(business).items()}
    return theirs | _own_days(row)


def _own_days(row: WorkingHours, now: datetime | None = None) -> dict[date, Blocks]:
    days: dict[date, Blocks] = {}
    year = (now or timezone.now()).year
    for each in (year - 1, year, year + 1) if row.region else ():
        found = holidays_of(row.region, each)
        days |= {day: () for day, name in found.items() if name not in row.open_holidays}
    return days | _exception_days(row)


def _exception_days(row: WorkingHours) -> dict[date, Blocks]:
    return {each.date: as_blocks(each.blocks) for each in row.exceptions.all()} if row.pk else {}
