"""What the pages about prices show: what holds today, and a card beside what would hold without it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from accounts.models import Workspace
from inbox.actions.rate_tables import prices_of
from inbox.importing.rate_cards import market_words
from whatsapp.models import BusinessAccount, Rate, RateTable
from whatsapp.rate_markets import countries_of, country_name
from whatsapp.rates import rates_on

HOME = ("DE", "AT", "CH")
CATEGORIES: dict[str, str | Promise] = {
    "marketing": _("Marketing"), "utility": _("Utility"), "authentication": _("Authentication"),
    "service": _("Replies"),
    "authentication-international": _("Authentication, international"), "marketing_lite": _("Marketing Lite"),
}  # fmt: skip
USUAL = ("marketing", "utility", "authentication", "service")
# Where the prices that come with the product are from (whatsapp/rate_card.json): stored as they are, shown translated.
PRESET_SOURCES = (
    gettext_noop("Meta rate card as mirrored by third parties, April 2026"),
    gettext_noop('Meta rate card as mirrored by third parties, April 2026, "Rest of Western Europe"'),
    gettext_noop(
        "charles pricing guide, July 2025 card; unchanged in the change lists of Oct 2025, Jan and Apr 2026; October"
        " 2026 card not seen"
    ),
    gettext_noop("Meta's rule until 30 Sep 2026: replies inside the window are free (pricing page, July 2025)"),
    gettext_noop(
        "Meta's rule since 1 Oct 2026: replies cost the utility rate after 1,000 free ones per number and month"
        " (pricing page of 30 Sep 2026 as read by third parties)"
    ),
)
NEW, UP, DOWN, SAME = "new", "up", "down", "same"


@dataclass
class Cell:
    amount: Decimal | None
    before: Decimal | None = None
    free: int = 0

    @property
    def change(self) -> str:
        """What the card does to this price; "" where it has none."""
        if self.amount is None:
            return ""
        if self.before is None:
            return NEW
        return SAME if self.amount == self.before else UP if self.amount > self.before else DOWN


@dataclass
class Row:
    market: str
    currency: str
    cells: list[tuple[str | Promise, Cell]]
    source: str = ""
    since: date | None = None
    is_home: bool = False

    @property
    def is_changed(self) -> bool:
        return any(cell.change not in ("", SAME) for _words, cell in self.cells)


def valid_today(workspace: Workspace, today: date) -> list[Row]:
    """The prices of our countries in the currencies in which this workspace pays."""
    rows = []
    for currency in _currencies(workspace):
        held = _held(rates_on(today, workspace.pk, currency).filter(market__in=HOME))
        for code in HOME:
            mine = [held.get((code, category)) for category in USUAL]
            known = [rate for rate in mine if rate]
            cells = [Cell(rate.amount if rate else None, free=rate.free_per_month if rate else 0) for rate in mine]
            rows.append(Row(
                country_name(code, translation.get_language() or "de"), currency,
                [(CATEGORIES[category], cell) for category, cell in zip(USUAL, cells, strict=True)],
                source=_source_words(known[0]) if known else "",
                since=known[0].effective_from if known else None,
            ))  # fmt: skip
    return rows


def card_rows(table: RateTable) -> list[Row]:
    """The lines of a card, ours first; beside each price the one that would hold on that day without it."""
    language = translation.get_language() or "de"
    currencies = {line["currency"] for line in table.lines}
    held = {
        currency: _held(rates_on(table.effective_from, table.workspace_id, currency).exclude(table=table))
        for currency in currencies
    }
    shown = columns_of(table)
    rows = []
    for line in table.lines:
        codes, prices = countries_of(line["market"]), prices_of(line, table)
        home = next((code for code in HOME if code in codes), "")
        former = held[line["currency"]]
        cells = []
        for category in shown:
            known = former.get((home or codes[0], category))
            amount, free, _until = prices.get(category, (None, 0, None))
            cells.append((CATEGORIES.get(category, category), Cell(amount, known.amount if known else None, free)))
        rows.append(Row(market_words(line["market"], language), line["currency"], cells, is_home=bool(home)))
    return sorted(rows, key=lambda row: (not row.is_home, row.currency, row.market.casefold()))


def columns_of(table: RateTable) -> list[str]:
    known = {category for line in table.lines for category in line["prices"]}
    return [category for category in CATEGORIES if category in known or category in USUAL]


def changes(rows: Iterable[Row]) -> dict[str, int]:
    """How many prices are new, dearer, cheaper, the same."""
    counted = Counter(cell.change for row in rows for _words, cell in row.cells)
    return {kind: counted[kind] for kind in (NEW, UP, DOWN, SAME)}


def _held(rates: Iterable[Rate]) -> dict[tuple[str, str], Rate]:
    return {(rate.market, rate.category): rate for rate in rates}  # later ones replace earlier ones


def _source_words(rate: Rate) -> str:
    """Of a card of one's own, what was said when it was put in."""
    return gettext(rate.source) if rate.workspace_id is None and rate.source else rate.source


def _currencies(workspace: Workspace) -> list[str]:
    found = BusinessAccount.objects.filter(workspace=workspace).order_by("currency").values_list("currency", flat=True)
    return list(dict.fromkeys(found)) or ["EUR"]
