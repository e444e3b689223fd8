"""Which figures somebody wants to see: read from a query string, within what they lead."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Agent, Role, Team
from accounts.permissions import teams_led_by
from accounts.schedules import zone_of
from inbox.models import Label
from inbox.models.label import in_order
from whatsapp.models import PhoneNumber

PERIODS: dict[str, Promise] = {
    "today": _("Today"), "7": _("Last 7 days"), "30": _("Last 30 days"), "90": _("Last 90 days"),
    "month": _("This month"), "last-month": _("Last month"), "year": _("Last 12 months"), "own": _("From … to …"),
}  # fmt: skip
COMPARED: dict[str, Promise] = {
    "": _("compared with the period before"), "year": _("compared with the year before"), "none": _("no comparison"),
}  # fmt: skip
LONGEST = 365  # days
DAYS_APIECE = 62  # a longer period is shown by weeks


@dataclass(frozen=True)
class Span:
    """Whole days of the business, the last one included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """From the first moment to the first one after, in UTC."""
        ends = (self.first, self.last + timedelta(days=1))
        start, end = (datetime.combine(day, time.min, zone).astimezone(UTC) for day in ends)
        return start, end


@lru_cache(maxsize=256)
def offsets(start: datetime, end: datetime, zone: ZoneInfo) -> list[tuple[datetime, int]]:
    """How many seconds the zone is ahead of UTC between these moments: (until when, seconds), the last until `end`."""
    found, at, last = [], start, end - timedelta(seconds=1)
    while at < last:
        later = min(at + timedelta(days=1), last)
        if ahead(at, zone) != ahead(later, zone):
            later = _turn(at, later, zone)
            found.append((later, ahead(at, zone)))
        at = later
    return [*found, (end, ahead(last, zone))]


def ahead(moment: datetime, zone: ZoneInfo) -> int:
    """Seconds that the zone's clocks are ahead of UTC at a moment."""
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None
    return round(offset.total_seconds())


def _turn(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The whole second between these moments at which the clocks are put forward or back."""
    former = ahead(before, zone)
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        before, after = (middle, after) if ahead(middle, zone) == former else (before, middle)
    return after.replace(microsecond=0)


@dataclass(frozen=True)
class Scope:
    """Of which teams somebody may see figures, and what there is to choose from."""

    agent: Agent
    teams: list[Team]
    numbers: list[PhoneNumber]
    labels: list[Label]

    @classmethod
    def of(cls, agent: Agent) -> "Scope":
        return cls(
            agent=agent, teams=list(teams_led_by(agent)),
            numbers=list(
                PhoneNumber.objects.filter(workspace=agent.workspace_id).select_related("business_account").order_by("pk")
            ),
            labels=in_order(Label.objects.filter(workspace=agent.workspace_id)),
        )  # fmt: skip

    @property
    def is_everything(self) -> bool:
        """Also what belongs to no team."""
        return self.agent.role == Role.ADMIN

    @property
    def zone(self) -> ZoneInfo:
        return zone_of(self.agent.workspace.timezone)


@dataclass(frozen=True)
class Wanted:
    """The filters of the page. What is not said, is nonsense or is not theirs counts as not said."""

    scope: Scope
    span: Span
    period: str = "30"
    compare: str = ""
    team_id: int | None = None
    number_id: int | None = None
    label_id: int | None = None
    clock: bool = False  # times by the clock; else in opening hours

    @classmethod
    def of(cls, values: Mapping[str, str], scope: Scope, now: datetime) -> "Wanted":
        period = values.get("period", "")
        period = period if period in PERIODS else "30"
        today = now.astimezone(scope.zone).date()
        own = _span_of(values.get("from", ""), values.get("to", ""), today) if period == "own" else None
        compare = values.get("compare", "")
        return cls(
            scope=scope, span=own or _preset(period, today), period=period,
            compare=compare if compare in COMPARED else "",
            team_id=_among(values.get("team"), scope.teams), number_id=_among(values.get("number"), scope.numbers),
            label_id=_among(values.get("label"), scope.labels), clock=values.get("times") == "clock",
        )  # fmt: skip

    @property
    def before(self) -> Span | None:
        """What it is compared with."""
        if self.compare == "none":
            return None
        if self.compare == "year":
            return Span(_year_before(self.span.first), _year_before(self.span.last))
        last = self.span.first - timedelta(days=1)
        return Span(last - timedelta(days=self.span.days - 1), last)

    @property
    def unit(self) -> str:
        return "day" if self.span.days <= DAYS_APIECE else "week"

    @property
    def team_ids(self) -> list[int] | None:
        """The teams whose figures are shown; None: everything there is."""
        if self.team_id is not None:
            return [self.team_id]
        return None if self.scope.is_everything else [team.pk for team in self.scope.teams]

    @property
    def team(self) -> str:
        """The name of the chosen one, as with the next two; "" for all."""
        return _name_of(self.team_id, self.scope.teams)

    @property
    def number(self) -> str:
        return _name_of(self.number_id, self.scope.numbers)

    @property
    def label(self) -> str:
        return _name_of(self.label_id, self.scope.labels)

    @property
    def narrowed(self) -> list[str]:
        """To what the figures are narrowed, by name."""
        return [name for name in (self.team, self.number, self.label) if name]

    @property
    def parameters(self) -> dict[str, str]:
        said: dict[str, Any] = {
            "period": self.period, "team": self.team_id, "number": self.number_id, "label": self.label_id,
            "compare": self.compare, "times": "clock" if self.clock else "",
        }  # fmt: skip
        if self.period == "own":
            said |= {"from": self.span.first.isoformat(), "to": self.span.last.isoformat()}
        return {name: str(value) for name, value in said.items() if value}

    @cached_property
    def query(self) -> str:
        return urlencode(self.parameters)

    def on(self, first: date, last: date) -> "Wanted":
        """The same for these days of it."""
        return replace(self, period="own", span=Span(max(first, self.span.first), min(last, self.span.last)))


def _preset(period: str, today: date) -> Span:
    if period == "today":
        return Span(today, today)
    if period == "month":
        return Span(today.replace(day=1), today)
    if period == "last-month":
        last = today.replace(day=1) - timedelta(days=1)
        return Span(last.replace(day=1), last)
    days = {"7": 7, "90": 90, "year": LONGEST}.get(period, 30)
    return Span(today - timedelta(days=days - 1), today)


def _span_of(first: str, last: str, today: date) -> Span | None:
    """Days that somebody chose, put in order and cut at a year."""
    try:
        ends = sorted((date.fromisoformat(first or last), date.fromisoformat(last or first)))
    except ValueError:
        return None
    if ends[0].year < 2000 or ends[1] > today + timedelta(days=LONGEST):
        return None
    return Span(max(ends[0], ends[1] - timedelta(days=LONGEST - 1)), ends[1])


def _year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


def _name_of(pk: int | None, known: list[Any]) -> str:
    return next((str(each) for each in known if each.pk == pk), "")


def _among(said: str | None, known: list[Any]) -> int | None:
    return next((each.pk for each in known if str(each.pk) == said), None)
