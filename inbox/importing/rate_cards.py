"""Meta's rate card as rows of prices: a line a market, a column a category, as Meta gives it out as CSV or workbook; or
a line a price (market, currency, category, rate). What is wrong is said with its line, and then nothing is taken.
"""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inbox.errors import FileRefused
from inbox.importing.tables import Table
from whatsapp.rate_markets import countries_of, country_name

CATEGORIES = {
    "marketing": "marketing", "utility": "utility", "authentication": "authentication", "service": "service",
    "dienst": "service", "dienstnachrichten": "service", "service messages": "service", "replies": "service",
    "versorgung": "utility", "authentifizierung": "authentication",
    "authentication international": "authentication-international",
    "auth international": "authentication-international", "marketing lite": "marketing_lite",
}  # fmt: skip
MARKET = ("market", "country", "region", "market name", "markt", "land")
CURRENCY = ("currency", "waehrung", "währung", "currency code")
CATEGORY = ("category", "message category", "kategorie")
RATE = ("rate", "price", "list rate", "amount", "preis", "rate per message", "list price")
NONE = {"", "-", "–", "n/a", "na", "not available", "none"}
SIGNS = {"€": "EUR", "$": "USD", "£": "GBP", "₹": "INR"}
CODES = {**SIGNS, "$US": "USD", "US$": "USD", "$AU": "AUD", "A$": "AUD", "R$": "BRL"}
DEAREST = Decimal(5)  # of one message, in currencies in which that is a lot
LARGE_UNITS = {"INR", "IDR", "MXN", "JPY", "COP", "CLP", "ARS", "KRW", "HUF", "PKR", "NGN"}
MOST_PROBLEMS = 20
MOST_LINES = 2000
HEAD_ROWS = 30

NO_MARKETS = gettext_lazy(
    "No line names the columns. We look for “Market” and at least one of “Marketing”, “Utility”, “Authentication”."
)
TIERS = gettext_lazy("These are the prices of volume tiers. Take the card with the list prices.")


@dataclass
class CardLine:
    """What the card says about one market in one currency; prices as text, exact."""

    line: int
    market: str
    currency: str
    prices: dict[str, str]

    def as_json(self) -> dict[str, object]:
        return {"line": self.line, "market": self.market, "currency": self.currency, "prices": self.prices}


@dataclass(frozen=True)
class _Columns:
    market: int
    currency: int | None
    prices: dict[int, str]  # column → category
    category: int | None = None  # of a card with a price a line
    rate: int | None = None


class CardRefused(FileRefused):
    """`problems` has a sentence for each line that is wrong, at most MOST_PROBLEMS."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(problems[0])
        self.problems = problems[:MOST_PROBLEMS]
        self.more = max(0, len(problems) - MOST_PROBLEMS)


def read_card(table: Table, *, currency: str) -> list[CardLine]:
    """The lines of the card. `currency` is what holds where the file names none."""
    rows = [(1, table.headings), *table.rows]
    start, columns = _head(rows)
    found: dict[tuple[str, str], CardLine] = {}
    problems: list[str] = []
    for number, cells in rows[start + 1 :]:
        market = cells[columns.market]
        if not market or not any(cells[each] for each in _priced(columns)):
            continue  # a headline, a footnote
        try:
            line = _line(number, cells, columns, currency)
            known = found.setdefault((_key(line.market), line.currency), line)
            if known is not line:
                _join(known, line, columns)
        except ValueError as error:
            problems.append(_("Line %(line)s: %(problem)s") % {"line": number, "problem": error})
    if not problems and not any(line.prices for line in found.values()):
        problems.append(_("There is no price in this file."))
    if len(found) > MOST_LINES:
        problems.append(_("That are too many lines for a rate card."))
    if problems:
        raise CardRefused(problems)
    return [line for line in found.values() if line.prices]


def _head(rows: list[tuple[int, list[str]]]) -> tuple[int, _Columns]:
    """The row that names the columns: Meta has a title and a date above it."""
    for place, (_number, cells) in enumerate(rows[:HEAD_ROWS]):
        names = [_key(cell) for cell in cells]
        if any("tier" in name for name in names) and any(name in MARKET for name in names):
            raise CardRefused([str(TIERS)])
        market = _first(names, MARKET)
        if market is None:
            continue
        prices = {column: CATEGORIES[name] for column, name in enumerate(names) if name in CATEGORIES}
        category, rate = _first(names, CATEGORY), _first(names, RATE)
        if prices:
            return place, _Columns(market, _first(names, CURRENCY), prices)
        if category is not None and rate is not None:
            return place, _Columns(market, _first(names, CURRENCY), {}, category, rate)
    raise CardRefused([str(NO_MARKETS)])


def _line(number: int, cells: list[str], columns: _Columns, currency: str) -> CardLine:
    market = cells[columns.market][:80]
    if not countries_of(market):
        unknown = _("We do not know the market “%(market)s”. Correct it, or remove the line.")
        raise ValueError(unknown % {"market": market})
    own = _currency(cells, columns) or currency
    if columns.category is not None and columns.rate is not None:
        category = CATEGORIES.get(_key(cells[columns.category]))
        if category is None:
            raise ValueError(_("“%(word)s” is no category of WhatsApp.") % {"word": cells[columns.category][:40]})
        priced = {category: cells[columns.rate]}
    else:
        priced = {category: cells[column] for column, category in columns.prices.items()}
    prices = {category: _amount(cell, own) for category, cell in priced.items() if cell.lower() not in NONE}
    return CardLine(number, market, own, prices)


def _join(known: CardLine, line: CardLine, columns: _Columns) -> None:
    """A price a line: they belong together. Else a market that is there twice is a mistake."""
    twice = set(known.prices) & set(line.prices)
    if columns.category is None or twice:
        raise ValueError(
            _("“%(market)s” is in line %(other)s already.") % {"market": line.market, "other": known.line}
        )
    known.prices |= line.prices


def _currency(cells: list[str], columns: _Columns) -> str:
    if columns.currency is not None and (named := cells[columns.currency].strip()):
        code = CODES.get(named.upper(), named.upper())
        if not re.fullmatch("[A-Z]{3}", code):
            raise ValueError(_("“%(word)s” is no currency.") % {"word": named[:20]})
        return code
    for column in _priced(columns):
        if sign := next((SIGNS[char] for char in cells[column] if char in SIGNS), ""):
            return sign
    return ""


def _amount(cell: str, currency: str) -> str:
    bare = re.sub(r"[€$£₹\s\u00a0]|EUR|USD|GBP|INR", "", cell).replace(",", ".")
    try:
        value = Decimal(bare) if re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,8})?", bare) else None
    except InvalidOperation:
        value = None
    if value is None:
        raise ValueError(_("“%(word)s” is no price.") % {"word": cell[:30]})
    if value > DEAREST and currency not in LARGE_UNITS:
        raise ValueError(_("%(price)s for one message cannot be right.") % {"price": f"{cell[:30]} {currency}"})
    return f"{value.quantize(Decimal('0.000001')).normalize():f}"


def _priced(columns: _Columns) -> list[int]:
    return [columns.rate] if columns.rate is not None else list(columns.prices)


def _first(names: list[str], wanted: tuple[str, ...]) -> int | None:
    return next((place for place, name in enumerate(names) if name in wanted), None)


def _key(cell: str) -> str:
    return " ".join(re.sub(r"[-_/*()]", " ", cell.lower()).split())


def market_words(market: str, language: str) -> str:
    """A country in the reader's language, a region as Meta calls it."""
    codes = countries_of(market)
    return country_name(codes[0], language) if len(codes) == 1 else market
