"""The page of the reports: figures in words, drawings and the tables beside them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inbox.reports import charts, tables, words
from inbox.reports.cells import CATEGORIES
from inbox.reports.clock import Clock
from inbox.reports.courses import Courses
from inbox.reports.drill import link
from inbox.reports.parts import Part
from inbox.reports.reading import Period
from inbox.reports.tables import Table
from inbox.reports.voices import Voices
from inbox.reports.wanted import COMPARED, PERIODS

# Of each category: the class of its key, and of its part of the bar.
LOOKS = {
    "marketing": ("key--1", "c1"), "utility": ("key--3", "c3"), "authentication": ("", "c6"),
    "service": ("key--off", "c-line"), "other": ("key--5", "c5"),
}  # fmt: skip
REASONS = ("key--bad", "key--4", "key--5", "key--3")


@dataclass
class Figure:
    """One of the strip: its value, how it compares, and its course in small."""

    name: str
    value: str
    unit: str = ""
    url: str = ""
    change: str = ""  # "8 %", without a sign
    is_flat: bool = False  # nothing to point at
    is_up: bool = False
    is_good: bool | None = None  # None: neither
    spark: SafeString = field(default_factory=SafeString)

    @property
    def said(self) -> str:
        """The change for those who do not see the arrow."""
        if self.is_flat:
            return self.change
        return (_("up by %(change)s") if self.is_up else _("down by %(change)s")) % {"change": self.change}


class Report(Courses, Clock, Voices):
    """Everything the page shows: the strip and the parts of a whole, beside what these two draw."""

    # --- what the filters offer ---------------------------------------------------------------------------------------
    @property
    def periods(self) -> dict[str, Promise]:
        return PERIODS

    @property
    def comparisons(self) -> dict[str, Promise]:
        return COMPARED

    @property
    def is_empty(self) -> bool:
        period = self.period
        figures = (period.opened.cases, period.closed.cases, period.lost, period.failures, self.ratings.asked)
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
            return self._changed(made, change, words.percent(abs(change)), more_is_good)
        return made

    def _percent(
        self, name: str, now: float | None, before: float | None, url: str, course: list[float | None]
    ) -> Figure:
        value = "–" if now is None else words.number(now)
        made = Figure(name, value, "%" if now is not None else "", url, spark=charts.spark(course))
        if now is not None and before is not None:
            change = round(now) - round(before)
            points = ngettext("%(points)s pt", "%(points)s pts", abs(change)) % {"points": abs(change)}
            return self._changed(made, change, points, True)
        return made

    def _changed(self, made: Figure, change: int, amount: str, more_is_good: bool | None) -> Figure:
        made.is_flat, made.is_up = not change, change > 0
        made.change = amount if change else _("unchanged")
        made.is_good = None if more_is_good is None or not change else made.is_up == more_is_good
        return made

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
            "summary": self._summary(), "choice": self._choice(), "days": tables.days(wanted, period, self.buckets),
            "teams": tables.teams(wanted, period),
            "received": tables.hours(_("When customers write"), hours, received),
            "waited": tables.hours(_("How long customers wait"), hours, waited),
            "costs": tables.costs(wanted, period), "team_costs": tables.team_costs(wanted, period),
            "templates": tables.templates(wanted, period),
            "failures": tables.failures(wanted, period), "lost": tables.lost(wanted, period),
            "ratings": self.ratings_table,
        }  # fmt: skip

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

    def _choice(self) -> Table:
        """What the figures are of: a file says it itself, wherever it ends up."""
        wanted, scope = self.wanted, self.scope
        names = ", ".join(team.name for team in scope.teams)
        table = Table(_("Selection"), [_("Filter"), _("Selection")])
        table.rows = [[tables.text(name), tables.text(said)] for name, said in (
            (_("Period"), self.span_words), (_("Comparison"), self.before_words or _("no comparison")),
            (_("Team"), wanted.team or (_("All teams") if scope.is_everything else names)),
            (_("Number"), wanted.number or _("All numbers")), (_("Label"), wanted.label or _("All labels")),
            (_("Times"), _("by the clock") if wanted.clock else _("in opening hours")),
            (_("Time zone"), scope.zone.key),
        )]  # fmt: skip
        return table

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
