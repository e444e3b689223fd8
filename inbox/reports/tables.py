"""The tables beside the drawings, which are also what the export writes."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from html import escape
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from inbox.models import LostWindow
from inbox.reports import words
from inbox.reports.cells import CATEGORIES
from inbox.reports.drill import link
from inbox.reports.reading import Period, Times, share_answered
from inbox.reports.wanted import Wanted
from whatsapp import errors

HOUR = 3600


@dataclass(frozen=True)
class Cell:
    """What stands in a table: in words, as a value for spreadsheets, perhaps with a way to what is behind it."""

    words: str
    value: Any
    url: str = ""
    unit: str = ""  # of the value
    form: str = ""  # how a workbook shows the value

    @property
    def html(self) -> SafeString:
        said = escape(self.words)
        if self.url:
            said = f'<a href="{escape(self.url)}">{said}</a>'
        return SafeString(f'<td class="r">{said}</td>')


@dataclass
class Table:
    title: str
    headings: list[str]
    rows: list[list[Cell]] = field(default_factory=list)

    def of(self, *columns: int) -> "Table":
        """Only these columns, to stand beside one drawing."""
        return Table(
            self.title, [self.headings[place] for place in columns],
            [[row[place] for place in columns] for row in self.rows],
        )  # fmt: skip

    @property
    def units(self) -> list[str]:
        """Of each column, where all of it is in the same one."""
        found = [{row[place].unit for row in self.rows} for place in range(len(self.headings))]
        return [each.pop() if len(each) == 1 else "" for each in found]

    @property
    def html(self) -> SafeString:
        """Its rows: hundreds of cells are written faster here than by a template."""
        return SafeString("".join(
            f'<tr><th scope="row">{escape(row[0].words)}</th>{"".join(cell.html for cell in row[1:])}</tr>'
            for row in self.rows
        ))  # fmt: skip


def text(said: object, url: str = "") -> Cell:
    return Cell(str(said), str(said), url)


def count(value: int, url: str = "") -> Cell:
    return Cell(words.number(value), value, url if value else "", form="#,##0")


def share(value: float | None) -> Cell:
    return Cell(words.percent(value), None if value is None else round(value, 1), unit="%", form="0.0%")


def decimal(value: float | None) -> Cell:
    said = "–" if value is None else words.number(value, 1)
    return Cell(said, None if value is None else round(value, 2), form="0.0")


def took(seconds: float | None, wanted: Wanted) -> Cell:
    """Spreadsheets get minutes."""
    value, said = None if seconds is None else round(seconds / 60, 1), words.duration_words(seconds, clock=wanted.clock)
    return Cell(said, value, unit=pgettext("duration", "min"), form="#,##0.0")


def cost(millionths: int, currency: str) -> Cell:
    value = round(millionths / words.MILLIONTHS, 4)
    return Cell(words.money(millionths, currency), value, unit=currency, form="#,##0.00")


def days(wanted: Wanted, period: Period, buckets: list[tuple[date, date]]) -> Table:
    """Everything that has a course in time, a line a day (or week)."""
    table = Table(_("Course"), [
        _("Day") if wanted.unit == "day" else _("Week from"), _("Received"), _("Sent"), _("Automatic"), _("Opened"),
        _("Opened again"), _("Closed"), _("First reply, median"), _("First reply, slowest tenth"),
        _("Until closed, median"), _("Until closed, slowest tenth"), _("In target"), _("Answered inside the window"),
        _("Windows lost"),
    ])  # fmt: skip
    for first, last in buckets:
        key = first if wanted.unit == "day" else _monday(first)
        here = wanted.on(first, last)
        counts = period.by_bucket.get(key, {})
        opened, closed = period.opened_by_bucket.get(key, Times()), period.closed_by_bucket.get(key, Times())
        lost = period.lost_by_bucket.get(key, 0)
        table.rows.append([
            Cell(words.day(first), first, form="yyyy-mm-dd"), count(counts.get("received", 0), link(here, "received")),
            count(counts.get("replies", 0), link(here, "replies")),
            count(counts.get("automatic", 0), link(here, "automatic")),
            count(opened.cases, link(here, "opened")), count(opened.again, link(here, "again")),
            count(closed.cases, link(here, "closed")), took(opened.median, wanted), took(opened.slowest, wanted),
            took(closed.median, wanted), took(closed.slowest, wanted), share(opened.target_percent),
            share(share_answered(counts.get("answered", 0), lost)), count(lost, link(here, "lost")),
        ])  # fmt: skip
    return table


def hours(title: str, columns: list[str], cells: list[list[Cell]]) -> Table:
    """A heat map's: a line a day of the week."""
    table = Table(title, [_("Weekday"), *columns])
    for name, row in zip(words.weekdays(), cells, strict=True):
        table.rows.append([text(name), *row])
    return table


def teams(wanted: Wanted, period: Period) -> Table:
    table = Table(_("By team"), [
        _("Team"), _("Opened"), _("Received"), _("Sent"), _("First reply, median"), _("Until closed, median"),
        _("In target"), _("Answered inside the window"), _("Windows lost"), _("Cost"),
    ])  # fmt: skip
    for team_id, name in teams_of(wanted, period):
        counts = period.by_team.get(team_id, {})
        opened, closed = period.opened_by_team.get(team_id, Times()), period.closed_by_team.get(team_id, Times())
        lost = period.lost_by_team.get(team_id, 0)
        here = replace(wanted, team_id=team_id) if team_id is not None else None
        table.rows.append([
            text(name), *(
                count(value, link(here, figure) if here else "") for figure, value in (
                    ("opened", opened.cases), ("received", counts.get("received", 0)),
                    ("replies", counts.get("replies", 0)),
                )
            ),
            took(opened.median, wanted), took(closed.median, wanted), share(opened.target_percent),
            share(share_answered(counts.get("answered", 0), lost)), count(lost, link(here, "lost") if here else ""),
            _costs_of(period, team_id),
        ])  # fmt: skip
    return table


def teams_of(wanted: Wanted, period: Period) -> Iterator[tuple[int | None, str]]:
    """The teams of which there are figures, by name; what belongs to none comes last."""
    there = {*period.by_team, *period.opened_by_team, *period.closed_by_team, *period.lost_by_team}
    yield from ((team.pk, team.name) for team in wanted.scope.teams if team.pk in there)
    if None in there:
        yield None, _("No team")


def _costs_of(period: Period, team_id: int | None) -> Cell:
    """A number where the whole column is in one currency; else each says its own."""
    totals = {place: sum(paid[f"{name}_cost"] for name in CATEGORIES) for place, paid in period.costs.items()}
    spent = {currency: total for (team, currency), total in totals.items() if team == team_id and total}
    if len(currencies := {currency for (_team, currency), total in totals.items() if total}) == 1:
        currency = currencies.pop()
        return cost(spent[currency], currency) if spent else Cell("–", None, unit=currency)
    return text(" + ".join(words.money(total, currency) for currency, total in spent.items()) or "–")


def costs(wanted: Wanted, period: Period) -> Table:
    table = Table(_("Cost by category"), [_("Category"), _("Currency"), _("Messages"), _("Cost")])
    for currency, paid in by_currency(period).items():
        for name in CATEGORIES:
            if paid[name]:
                shown = count(paid[name], link(wanted, name))
                table.rows.append([
                    text(words.category(name)), text(currency), shown, cost(paid[f"{name}_cost"], currency)
                ])  # fmt: skip
        if unpriced := paid["unpriced"]:
            shown = count(unpriced, link(wanted, "unpriced"))
            no_cost = Cell("–", None, unit=currency)
            table.rows.append([text(_("of them without a price")), text(currency), shown, no_cost])
    return table


def team_costs(wanted: Wanted, period: Period) -> Table:
    """A line for each team and category, as a spreadsheet likes to put it together."""
    table = Table(
        _("Cost by category and team"), [_("Team"), _("Category"), _("Currency"), _("Messages"), _("Cost")]
    )
    for team_id, team in teams_of(wanted, period):
        here = replace(wanted, team_id=team_id) if team_id is not None else None
        for (its, currency), paid in sorted(period.costs.items(), key=lambda item: item[0][1]):
            for name in CATEGORIES:
                if its == team_id and paid[name]:
                    table.rows.append([
                        text(team), text(words.category(name)), text(currency),
                        count(paid[name], link(here, name) if here else ""), cost(paid[f"{name}_cost"], currency),
                    ])  # fmt: skip
    return table


def by_currency(period: Period) -> dict[str, dict[str, int]]:
    """Currency → counts and costs, over all teams."""
    found: dict[str, dict[str, int]] = {}
    for (_team, currency), paid in sorted(period.costs.items(), key=lambda item: item[0][1]):
        total = found.setdefault(currency, dict.fromkeys(paid, 0))
        for name, value in paid.items():
            total[name] += value
    return {currency: paid for currency, paid in found.items() if any(paid[name] for name in CATEGORIES)}


def templates(wanted: Wanted, period: Period) -> Table:
    table = Table(_("Delivery of templates"), [_("State"), _("Messages"), _("Share")])
    total = period.counts["templates"]
    for name, state in template_states():
        value = period.counts[name]
        table.rows.append([
            text(state), count(value, link(wanted, name)), share(100 * value / total if total else None)
        ])  # fmt: skip
    return table


def template_states() -> list[tuple[str, str]]:
    return [
        ("templates", _("Sent")), ("templates_delivered", _("Delivered")), ("templates_read", _("Read")),
        ("templates_answered", _("Replied")), ("templates_failed", _("Failed")),
    ]  # fmt: skip


def failures(wanted: Wanted, period: Period) -> Table:
    table = Table(_("Why messages failed"), [_("Reason"), _("Messages")])
    for sentence, codes in reasons(period):
        total = sum(period.failures[code] for code in codes)
        url = link(wanted, "failed", code=",".join(map(str, codes)))
        table.rows.append([text(sentence), count(total, url)])
    return table


def reasons(period: Period) -> list[tuple[str, list[int]]]:
    """Sentences with the codes behind them, the most frequent first."""
    found: dict[str, list[int]] = {}
    for code in period.failures:
        found.setdefault(str(errors.sentence(code or None)), []).append(code)
    return sorted(found.items(), key=lambda item: (-sum(period.failures[code] for code in item[1]), item[0]))


def lost(wanted: Wanted, period: Period) -> Table:
    table = Table(_("Windows lost, and why"), [_("Reason"), _("Windows")])
    for why in LostWindow.Why:
        if found := period.lost.get(why, 0):
            table.rows.append([text(why.label), count(found, link(wanted, "lost", why=str(why)))])
    return table


def _monday(day: date) -> date:
    return date.fromordinal(day.toordinal() - day.weekday())
