"""The hours that were set, as values (accounts.hours): of the business, its teams and its people.

Two queries whatever the number of teams or people. Holidays are laid over the week for last year, this and the next:
deadlines and reports look no further.
"""

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db.models import QuerySet
from django.utils import timezone

from accounts.holidays import holidays_of
from accounts.hours import Blocks, OpeningHours
from accounts.models import Team, WorkingHours, Workspace


def workspace_hours(workspace: Workspace) -> OpeningHours:
    """When the business is open; always, if nothing was set."""
    row = _rows(workspace.pk).filter(team=None, agent=None).first()
    return _opening_hours(row, zone_of(workspace.timezone)) if row else OpeningHours(zone_of(workspace.timezone))


def hours_of_teams(workspace: Workspace) -> dict[int, OpeningHours]:
    """Team id → its own hours, else those of the business. Every team of the workspace is in it."""
    zone = zone_of(workspace.timezone)
    rows = {row.team_id: _opening_hours(row, zone) for row in _rows(workspace.pk).filter(agent=None)}
    usual = rows.get(None, OpeningHours(zone))
    teams = Team.objects.filter(workspace=workspace).values_list("pk", flat=True)
    return {team_id: rows.get(team_id, usual) for team_id in teams}


def team_hours(team: Team) -> OpeningHours:
    """The hours of one team: its own, else those of the business."""
    row = _rows(team.workspace_id).filter(team=team).first()
    return _opening_hours(row, zone_of(team.workspace.timezone)) if row else workspace_hours(team.workspace)


def hours_of_agents(workspace_id: int) -> dict[int, OpeningHours]:
    """Agent id → working hours in that person's own zone; only of those for whom some were set."""
    rows = _rows(workspace_id).exclude(agent=None).select_related("agent")
    return {row.agent.pk: _opening_hours(row, row.agent.zone) for row in rows if row.agent}


def zone_of(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("Europe/Berlin")


def _rows(workspace_id: int) -> QuerySet[WorkingHours]:
    return WorkingHours.objects.filter(workspace_id=workspace_id).prefetch_related("exceptions").order_by("pk")


def _opening_hours(row: WorkingHours, zone: ZoneInfo, now: datetime | None = None) -> OpeningHours:
    year = (now or timezone.now()).year
    days: dict[date, Blocks] = {}
    for each in (year - 1, year, year + 1):
        days |= dict.fromkeys(holidays_of(row.region, each), ())
    days |= {exception.date: as_blocks(exception.blocks) for exception in row.exceptions.all()}
    return OpeningHours(zone, tuple(as_blocks(day) for day in row.weekly), days)


def as_blocks(stored: Iterable[Iterable[int]]) -> Blocks:
    """A day as it is stored (lists of [start, end]) → blocks in order."""
    return tuple(sorted((int(start), int(end)) for start, end in stored))
