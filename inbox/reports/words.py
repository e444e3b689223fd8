"""Figures as people read them, in the active language."""

from datetime import date
from functools import lru_cache

from django.utils import dateformat, formats, translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from inbox.templatetags.inbox import money as money_words

MILLIONTHS = 1_000_000
HOUR, DAY = 3600, 24 * 3600
_DAYS = {"de": ("j. F", "j. F Y", "j.n."), "en": ("j F", "j F Y", "j M")}


def number(value: float, places: int = 0) -> str:
    return _number(round(value, places) + 0, places, _language())  # + 0: there is no minus nought


@lru_cache(maxsize=4096)  # a page of reports has a thousand of them, most of them small
def _number(value: float, places: int, language: str) -> str:
    return formats.number_format(value, places, use_l10n=True, force_grouping=True)


def percent(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{number(value)} %" if _language() != "en" else f"{number(value)}%"


def duration(seconds: float | None, *, clock: bool = False) -> tuple[str, str]:
    """(value, unit): minutes, from an hour on hours, by the clock days from the third on."""
    if seconds is None:
        return "–", ""
    if seconds < HOUR:
        return number(seconds / 60) if seconds >= 30 or seconds == 0 else "< 1", pgettext("duration", "min")
    if clock and seconds >= 3 * DAY:
        return number(seconds / DAY, 1), pgettext("duration", "days")
    return number(seconds / HOUR, 1), pgettext("duration", "h")


def duration_words(seconds: float | None, *, clock: bool = False) -> str:
    return " ".join(part for part in duration(seconds, clock=clock) if part)


def money(millionths: int, currency: str) -> str:
    return money_words(round(millionths / MILLIONTHS, 2), currency)


def day(value: date, style: str = "long") -> str:
    """ "1. April", with its year, or "1.4."."""
    patterns = _DAYS.get(_language(), _DAYS["en"])
    return dateformat.format(value, patterns[{"long": 0, "year": 1, "short": 2}[style]])


def span(first: date, last: date) -> str:
    """ "18. März – 16. April 2026"."""
    if first == last:
        return day(first, "year")
    return f"{day(first, 'long' if first.year == last.year else 'year')} – {day(last, 'year')}"


def weekdays() -> list[str]:
    """Monday first, in short."""
    return [dateformat.format(date(2024, 1, place), "D") for place in range(1, 8)]


def category(name: str) -> str:
    known = {
        "marketing": _("Marketing"), "utility": _("Utility"), "authentication": _("Authentication"),
        "service": _("Service replies"), "other": _("Other"),
    }  # fmt: skip
    return known[name]


def _language() -> str:
    return (translation.get_language() or "de")[:2]
