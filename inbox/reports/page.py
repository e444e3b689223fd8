"""The page of the reports: figures in words, drawings and the tables beside them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from inbox.reports import charts, tables, words
from inbox.reports.cells import CATEGORIES
from inbox.reports.charts import Series
from inbox.reports.drill import link
from inbox.reports.ratings import Ratings, ratings_of, rows_of
from inbox.reports.reading import Period, Times, read, share_answered
from inbox.reports.tables import Table
from inbox.reports.wanted import COMPARED, PERIODS, Wanted
from inbox.satisfaction_rules import FACES, SCORES, score_words

# Of each category: the class of its key, and of its part of the bar.
LOOKS = {
    "marketing": ("key--1", "c1"), "utility": ("key--3", "c3"), "authentication": ("", "c6"),
    "service": ("key--off", "c-line"), "other": ("key--5", "c5"),
}  # fmt: skip
REASONS = ("key--bad", "key--4", "key--5", "key--3")
LATEST = 3  # comments shown beside the scores
FIRST_HOUR, LAST_HOUR = 7, 20  # always shown; earlier and later ones where something happened


@dataclass
class Figure:
    """One of the strip: its value, how it compares, and its course in small."""

    name: str
    value: str
    unit: str = ""
    url: str = ""
    change: str = ""  # "8 %", without a sign
    is_up: bool = False
    is_good: bool | None = None  # None: neither
    spark: SafeString = field(default_factory=SafeString)

    @property
    def said(self) -> str:
        """The change for those who do not see the arrow."""
        return (_("up by %(change)s") if self.is_up else _("down by %(change)s")) % {"change": self.change}


@dataclass
class Part:
    """A line beside a drawing."""

    name: str
    look: str
    count: str
    amount: str = ""
    url: str = ""
    percent: float = 0.0


class Report:
    """Everything the page shows, as of `now`."""

    def __init__(self, wanted: Wanted, now: datetime) -> None:
        self.wanted, self.now, self.scope = wanted, now, wanted.scope
        self.period, self.before = read(wanted, now)

    # --- what the filters offer ---------------------------------------------------------------------------------------
    @property
    def periods(self) -> dict[str, Promise]:
        return PERIODS

    @property
    def comparisons(self) -> dict[str, Promise]:
        return COMPARED

    @property
    def span_words(self) -> str:
        return words.span(self.wanted.span.first, self.wanted.span.last)

    @property
    def before_words(self) -> str:
        before = self.wanted.before
        return words.span(before.first, before.last) if before else ""

    @property
    def is_empty(self) -> bool:
        period = self.period
        figures = (period.opened.cases, period.closed.cases, period.lost, self.ratings.asked)
        return not (any(period.counts.values()) or any(figures))

    # --- the strip ----------------------------------------------------------------------------------------------------
    @cached_property
    def figures(self) -> list[Figure]:
        period, before, wanted = self.period, self.before or Period(), self.wanted
        reply, reply_unit = words.duration(period.opened.median, clock=wanted.clock)
        close, close_unit = words.duration(period.closed.median, clock=wanted.clock)
        return [
            self._figure(
                _("Conversations"), words.number(period.opened.cases), link(wanted, "opened"),
                (period.opened.cases, before.opened.cases), None, self._opened(lambda times: times.cases),
            ),
            self._figure(
                _("First reply, median"), reply, link(wanted, "replied"),
                (period.opened.median, before.opened.median), False, self._opened(lambda times: times.median),
                unit=reply_unit,
            ),
            self._figure(
                _("Until closed, median"), close, link(wanted, "closed"),
                (period.closed.median, before.closed.median), False,
                [self._closed(key).median for key in self.keys], unit=close_unit,
            ),
            self._percent(
                _("In target"), period.opened.target_percent, before.opened.target_percent, link(wanted, "missed"),
                self._opened(lambda times: times.target_percent),
            ),
            self._percent(
                _("Answered inside the window"), period.answered_percent, before.answered_percent,
                link(wanted, "lost"), [self._answered(key) for key in self.keys],
            ),
            *self._cost_figures(),
        ]  # fmt: skip

    def _cost_figures(self) -> list[Figure]:
        spent, earlier = tables.by_currency(self.period), tables.by_currency(self.before or Period())
        found = []
        for currency, paid in spent.items():
            total, was = cost_of(paid), cost_of(earlier.get(currency, {}))
            course = [cost_of(self.period.by_bucket.get(key, {})) for key in self.keys] if len(spent) == 1 else []
            found.append(self._figure(_("Cost"), words.money(total, currency), "", (total, was), False, course))
        return found

    def _figure(
        self, name: str, value: str, url: str, ends: tuple[float | None, float | None], more_is_good: bool | None,
        course: list[float | None] | list[Any], *, unit: str = "",
    ) -> Figure:  # fmt: skip
        made = Figure(name, value, unit, url, spark=charts.spark(course))
        now, before = ends
        if self.before is not None and now is not None and before:
            change = round(100 * (now - before) / before)
            made.change, made.is_up = words.percent(abs(change)), change > 0
            made.is_good = None if more_is_good is None or not change else (change > 0) == more_is_good
        return made

    def _percent(
        self, name: str, now: float | None, before: float | None, url: str, course: list[float | None]
    ) -> Figure:
        value = "–" if now is None else words.number(now)
        made = Figure(name, value, "%" if now is not None else "", url, spark=charts.spark(course))
        if now is not None and before is not None:
            change = round(now) - round(before)
            made.change, made.is_up = _("%(points)s pts") % {"points": abs(change)}, change > 0
            made.is_good = None if not change else change > 0
        return made

    # --- the course ---------------------------------------------------------------------------------------------------
    @cached_property
    def buckets(self) -> list[tuple[date, date]]:
        """First and last day of each, as far as they are within the period."""
        span, found = self.wanted.span, []
        first = span.first
        while first <= span.last:
            last = first if self.wanted.unit == "day" else first + timedelta(days=6 - first.weekday())
            found.append((first, min(last, span.last)))
            first = last + timedelta(days=1)
        return found

    @cached_property
    def keys(self) -> list[date]:
        """Under which the figures of each are kept: its day, or its Monday."""
        if self.wanted.unit == "day":
            return [first for first, _last in self.buckets]
        return [first - timedelta(days=first.weekday()) for first, _last in self.buckets]

    @cached_property
    def labels(self) -> list[str]:
        return [words.day(first, "short") for first, _last in self.buckets]

    @property
    def messages_chart(self) -> SafeString:
        counts = [self.period.by_bucket.get(key, {}) for key in self.keys]
        names = (("received", _("received"), "c1"), ("replies", _("sent"), "c2"), ("automatic", _("automatic"), "c3"))
        series = [
            Series(name, look, [each.get(measure, 0) for each in counts])
            for measure, name, look in names if measure != "automatic" or self.has_automatic
        ]  # fmt: skip
        totals = self.period.counts
        about = _("%(received)s received, %(sent)s sent, %(span)s") % {
            "received": words.number(totals["received"]), "sent": words.number(totals["replies"]),
            "span": self.span_words,
        }  # fmt: skip
        return charts.bars(_("Messages"), about, self.labels, series)

    @property
    def has_automatic(self) -> bool:
        return self.period.counts["automatic"] > 0

    @property
    def cases_chart(self) -> SafeString:
        opened = self._opened(lambda times: times.cases)
        closed: list[float | None] = [self._closed(key).cases for key in self.keys]
        about = _("%(opened)s opened, %(again)s of them again, %(closed)s closed, %(span)s") % {
            "opened": words.number(self.period.opened.cases), "again": words.number(self.period.opened.again),
            "closed": words.number(self.period.closed.cases), "span": self.span_words,
        }  # fmt: skip
        series = [Series(_("opened"), "k1", opened), Series(_("closed"), "k2", closed)]
        return charts.lines(_("Conversations"), about, self.labels, series)

    @property
    def replies_chart(self) -> SafeString:
        target = self.target_minutes
        series = [
            _minutes(_("Median"), "k1", self._opened(lambda times: times.median), self.wanted.clock),
            _minutes(_("slowest tenth"), "k2", self._opened(lambda times: times.slowest), self.wanted.clock),
        ]
        about = _("Median %(median)s, slowest tenth %(slowest)s, in minutes, %(span)s") % {
            "median": self.said(self.period.opened.median), "slowest": self.said(self.period.opened.slowest),
            "span": self.span_words,
        }  # fmt: skip
        target_words = _("Target %(minutes)s min") % {"minutes": target} if target else ""
        return charts.lines(
            _("First reply"), about, self.labels, series, target=target, target_words=target_words
        )  # fmt: skip

    @property
    def target_minutes(self) -> int | None:
        """Of the chosen team, else the one that all teams share."""
        chosen = [team for team in self.scope.teams if self.wanted.team_id in (None, team.pk)]
        targets = {team.first_response_minutes for team in chosen}
        return targets.pop() if len(targets) == 1 else None

    @property
    def closings_chart(self) -> SafeString:
        hours = [_hours(self._closed(key).median) for key in self.keys]
        slowest = [_hours(self._closed(key).slowest) for key in self.keys]
        said = [[self.said(getattr(self._closed(key), name)) for key in self.keys] for name in ("median", "slowest")]
        series = [Series(_("Median"), "k1", hours, said[0]), Series(_("slowest tenth"), "k2", slowest, said[1])]
        about = _("Median %(median)s, slowest tenth %(slowest)s, in hours, %(span)s") % {
            "median": self.said(self.period.closed.median), "slowest": self.said(self.period.closed.slowest),
            "span": self.span_words,
        }  # fmt: skip
        return charts.lines(_("Until closed"), about, self.labels, series)

    def said(self, seconds: float | None) -> str:
        return words.duration_words(seconds, clock=self.wanted.clock)

    def _opened(self, pick: Callable[[Times], float | None]) -> list[float | None]:
        return [pick(self.period.opened_by_bucket.get(key, Times())) for key in self.keys]

    def _closed(self, key: date) -> Times:
        return self.period.closed_by_bucket.get(key, Times())

    def _answered(self, key: date) -> float | None:
        counts = self.period.by_bucket.get(key, {})
        return share_answered(counts.get("answered", 0), self.period.lost_by_bucket.get(key, 0))

    @property
    def case_links(self) -> list[Part]:
        """To the lists behind this drawing."""
        opened, closed = self.period.opened, self.period.closed
        return [
            Part(_("opened"), "", words.number(opened.cases), url=link(self.wanted, "opened")),
            Part(_("of them opened again"), "", words.number(opened.again), url=link(self.wanted, "again")),
            Part(_("closed"), "", words.number(closed.cases), url=link(self.wanted, "closed")),
        ]

    # --- by hour and weekday ------------------------------------------------------------------------------------------
    @cached_property
    def hours(self) -> range:
        places = [*self.period.by_hour, *self.period.opened_by_hour]
        found = [hour for _weekday, hour in places]
        return range(min([FIRST_HOUR, *found]), max([LAST_HOUR, *found]) + 1)

    @property
    def received_heat(self) -> SafeString:
        values = [[self._received(weekday, hour) for hour in self.hours] for weekday in range(1, 8)]
        said = [[words.number(value) for value in row] for row in values]
        return charts.heat(
            _("When customers write"), self.busiest, words.weekdays(), [str(hour) for hour in self.hours],
            values, said,
        )  # fmt: skip

    @property
    def busiest(self) -> str:
        """The three hours with the most, in words."""
        found = {place: counts["received"] for place, counts in self.period.by_hour.items() if counts["received"]}
        most = sorted(found, key=lambda place: (-found[place], place))[:3]
        return _("Busiest: %(hours)s") % {"hours": _places(most)} if most else _("Nothing received")

    @property
    def waiting_heat(self) -> SafeString:
        values = [[self._waited(weekday, hour) for hour in self.hours] for weekday in range(1, 8)]
        said = [[self.said(value) for value in row] for row in values]
        return charts.heat(
            _("How long customers wait"), self.slowest, words.weekdays(), [str(hour) for hour in self.hours],
            values, said,
        )  # fmt: skip

    @property
    def slowest(self) -> str:
        """The three hours whose customers wait longest, in words."""
        found = {place: times.median for place, times in self.period.opened_by_hour.items() if times.median}
        most = sorted(found, key=lambda place: (-(found[place] or 0), place))[:3]
        return _("Longest waits: %(hours)s") % {"hours": _places(most)} if most else _("Nobody has waited")

    def _received(self, weekday: int, hour: int) -> int:
        return self.period.by_hour.get((weekday, hour), {}).get("received", 0)

    def _waited(self, weekday: int, hour: int) -> float | None:
        return self.period.opened_by_hour.get((weekday, hour), Times()).median

    # --- parts of a whole ---------------------------------------------------------------------------------------------
    @cached_property
    def costs(self) -> list[tuple[str, SafeString, list[Part]]]:
        """Per currency: the total, its drawing, its parts."""
        found = []
        for currency, paid in tables.by_currency(self.period).items():
            parts = [
                Part(
                    words.category(name), LOOKS[name][0], words.number(paid[name]),
                    words.money(cost, currency) if (cost := paid[f"{name}_cost"]) else _("free"),
                    link(self.wanted, name),
                )
                for name in CATEGORIES if paid[name]
            ]  # fmt: skip
            shares = [(words.category(name), LOOKS[name][1], paid[f"{name}_cost"]) for name in CATEGORIES]
            about = ", ".join(f"{part.name} {part.amount}" for part in parts)
            drawn = charts.stacked(_("Cost by category"), about, shares)
            found.append((words.money(cost_of(paid), currency), drawn, parts))
        return found

    @property
    def unpriced(self) -> Part | None:
        """Delivered messages whose price nobody has said."""
        value = self.period.counts["unpriced"]
        return Part("", "key--off", words.number(value), url=link(self.wanted, "unpriced")) if value else None

    @property
    def deliveries(self) -> list[tuple[Part, SafeString]]:
        total, found = self.period.counts["templates"], []
        for name, state in tables.template_states():
            value = self.period.counts[name]
            percent = 100 * value / total if total else 0.0
            look = "c-bad" if name == "templates_failed" else "c1" if name.endswith(("read", "answered")) else "c2"
            part = Part(state, look, words.number(value), words.percent(percent), link(self.wanted, name))
            found.append((part, charts.meter(percent, look)))
        return found

    # --- what customers said ------------------------------------------------------------------------------------------
    @cached_property
    def ratings(self) -> Ratings:
        return ratings_of(self.wanted, self.wanted.span)

    @cached_property
    def ratings_before(self) -> Ratings | None:
        return ratings_of(self.wanted, self.wanted.before) if self.wanted.before else None

    @property
    def average(self) -> str:
        return "" if self.ratings.average is None else words.number(self.ratings.average, 1)

    @property
    def scores(self) -> list[tuple[Part, SafeString]]:
        found = []
        for score, look in zip(SCORES, ("c1", "c2", "c-bad"), strict=True):
            percent = self.ratings.percent(score)
            part = Part(
                f"{FACES[score]} {score_words(score)}", look, words.number(self.ratings.scores[score]),
                words.percent(percent), link(self.wanted, "rated", why=str(score)),
            )  # fmt: skip
            found.append((part, charts.meter(percent, look)))
        return found

    @property
    def comments(self) -> Part:
        count, url = words.number(self.ratings.comments), link(self.wanted, "rated", why="comments")
        return Part(_("Comments"), "", count, url=url)

    @property
    def latest_comments(self) -> list[dict[str, Any]]:
        return rows_of(self.wanted, "comments", None, LATEST)

    @property
    def failures(self) -> list[Part]:
        looks = [*REASONS, *("" for _code in self.period.failures)]
        return [
            Part(row[0].words, look, row[1].words, url=row[1].url)
            for row, look in zip(self.tables["failures"].rows, looks, strict=False)
        ]

    @property
    def failed_count(self) -> str:
        return words.number(sum(self.period.failures.values()))

    @property
    def lost(self) -> list[tuple[Part, SafeString]]:
        most = max(self.period.lost.values(), default=1)
        return [
            (Part(row[0].words, "c4", row[1].words, url=row[1].url), charts.meter(100 * row[1].value / most, "c4"))
            for row in self.tables["lost"].rows
        ]  # fmt: skip

    @property
    def lost_count(self) -> str:
        return words.number(self.period.lost_count)

    # --- tables -------------------------------------------------------------------------------------------------------
    @cached_property
    def tables(self) -> dict[str, Table]:
        """In the order in which the export writes them."""
        wanted, period, hours = self.wanted, self.period, [str(hour) for hour in self.hours]
        received = [[tables.count(self._received(day, hour)) for hour in self.hours] for day in range(1, 8)]
        waited = [[tables.took(self._waited(day, hour), wanted) for hour in self.hours] for day in range(1, 8)]
        return {
            "summary": self._summary(), "days": tables.days(wanted, period, self.buckets),
            "teams": tables.teams(wanted, period),
            "received": tables.hours(_("When customers write"), hours, received),
            "waited": tables.hours(_("How long customers wait"), hours, waited),
            "costs": tables.costs(wanted, period), "templates": tables.templates(wanted, period),
            "failures": tables.failures(wanted, period), "lost": tables.lost(wanted, period),
            "ratings": self._ratings_table(),
        }  # fmt: skip

    def _ratings_table(self) -> Table:
        shown = [self.ratings, *([self.ratings_before] if self.ratings_before else [])]
        headings = [_("Figure"), self.span_words, *([self.before_words] if self.before else [])]
        table = Table(_("Customer satisfaction"), headings)
        table.rows = [
            [tables.text(_("Asked")), *(tables.count(each.asked) for each in shown)],
            [tables.text(_("Answered")), *(tables.count(each.answered) for each in shown)],
            [tables.text(_("Response rate")), *(tables.share(each.response_percent) for each in shown)],
            [tables.text(_("Average, 1 to 5")), *(tables.decimal(each.average) for each in shown)],
            *(
                [tables.text(score_words(score)), *(tables.count(each.scores[score]) for each in shown)]
                for score in SCORES
            ),
            [tables.text(_("Comments")), *(tables.count(each.comments) for each in shown)],
        ]  # fmt: skip
        return table

    @property
    def messages_table(self) -> Table:
        return self.tables["days"].of(0, 1, 2, 3, 12, 13)

    @property
    def cases_table(self) -> Table:
        return self.tables["days"].of(0, 4, 5, 6)

    @property
    def replies_table(self) -> Table:
        return self.tables["days"].of(0, 7, 8, 11)

    @property
    def closings_table(self) -> Table:
        return self.tables["days"].of(0, 9, 10)

    def _summary(self) -> Table:
        table = Table(_("Summary"), [_("Figure"), self.span_words, *([self.before_words] if self.before else [])])
        pairs: list[tuple[str, Callable[[Period], tables.Cell]]] = [
            (_("Messages received"), lambda period: tables.count(period.counts["received"])),
            (_("Messages sent"), lambda period: tables.count(period.counts["replies"])),
            (_("Automatic messages"), lambda period: tables.count(period.counts["automatic"])),
            (_("Conversations opened"), lambda period: tables.count(period.opened.cases)),
            (_("Conversations opened again"), lambda period: tables.count(period.opened.again)),
            (_("Conversations closed"), lambda period: tables.count(period.closed.cases)),
            (_("First reply, median"), lambda period: tables.took(period.opened.median, self.wanted)),
            (_("First reply, slowest tenth"), lambda period: tables.took(period.opened.slowest, self.wanted)),
            (_("Until closed, median"), lambda period: tables.took(period.closed.median, self.wanted)),
            (_("Until closed, slowest tenth"), lambda period: tables.took(period.closed.slowest, self.wanted)),
            (_("In target"), lambda period: tables.share(period.opened.target_percent)),
            (_("Answered inside the window"), lambda period: tables.share(period.answered_percent)),
            (_("Windows lost"), lambda period: tables.count(period.lost_count)),
        ]  # fmt: skip
        shown = [self.period, *([self.before] if self.before else [])]
        for name, pick in pairs:
            table.rows.append([tables.text(name), *(pick(period) for period in shown)])
        return table


def cost_of(paid: dict[str, int]) -> int:
    return sum(paid.get(f"{name}_cost", 0) for name in CATEGORIES)


def _minutes(name: str, look: str, seconds: list[float | None], clock: bool) -> Series:
    said = [words.duration_words(value, clock=clock) for value in seconds]
    return Series(name, look, [None if value is None else round(value / 60, 1) for value in seconds], said)


def _hours(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds / 3600, 1)


def _places(places: list[tuple[int, int]]) -> str:
    return ", ".join(
        _("%(day)s %(hour)s:00") % {"day": words.weekdays()[weekday - 1], "hour": hour} for weekday, hour in places
    )
