"""Hours in words, in the active language: "Mon–Fri 09:00–18:30", "Open until 18:30 · closed from then on until …"."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import groupby

from django.utils import dateformat, translation
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.hours import DAY, Blocks, OpeningHours
from accounts.models import WorkingHours
from accounts.schedules import as_blocks


def clock(minute: int) -> str:
    """ "09:00"; midnight at the end of a day is "24:00"."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def blocks_words(blocks: Blocks) -> str:
    """ "09:00–12:00, 13:00–18:30"; "closed" for none."""
    if blocks == ((0, DAY),):
        return _("around the clock")
    return ", ".join(f"{clock(start)}–{clock(end)}" for start, end in blocks) or pgettext("hours", "closed")


def week_words(weekly: Sequence) -> str:
    """Days with the same hours together: "Mon–Fri 09:00–18:30 · Sat 10:00–14:00"; closed days are not named."""
    days = [(number, as_blocks(day)) for number, day in enumerate(weekly)]
    parts = []
    for blocks, run in groupby(days, key=lambda day: day[1]):
        numbers = [number for number, _blocks in run]
        if blocks:
            first, last = str(WEEKDAYS_ABBR[numbers[0]]), str(WEEKDAYS_ABBR[numbers[-1]])
            joint = "–" if len(numbers) > 2 else ", "
            parts.append(f"{first if first == last else first + joint + last} {blocks_words(blocks)}")
    return " · ".join(parts) or _("never")


def week_of(row: WorkingHours | None) -> str:
    """Of hours as they are stored; "" where none are in use."""
    return week_words(row.weekly) if row is not None and row.is_used else ""


def short_words(hours: OpeningHours, now: datetime) -> str:
    """For a line among others: "open until 18:30", "closed until Monday, 09:00"."""
    if hours.always_open:
        return _("always open")
    if hours.is_open(now):
        closes = hours.closes_after(now)
        if closes is None or closes - now > timedelta(days=2):
            return _("always open")
        return _("open until %(until)s") % {"until": _end_words(closes, hours, now)}
    opens = hours.next_opening(now)
    if opens is None:
        return pgettext("hours", "closed")
    return _("closed until %(when)s") % {"when": moment_words(opens, hours, now)}


def now_words(hours: OpeningHours, now: datetime) -> str:
    """Whether it is open now, until when, and when it opens next."""
    if hours.always_open:
        return _("Always open.")
    closes = hours.closes_after(now)
    opens = hours.next_opening(closes or now)
    if hours.is_open(now):
        if closes is None:
            return _("Open now, and never closed.")
        until = _end_words(closes, hours, now)
        if opens is None:
            return _("Open now until %(until)s, then closed.") % {"until": until}
        return _("Open now until %(until)s · opens again %(when)s") % {
            "until": until, "when": _opening_words(opens, hours, now),
        }  # fmt: skip
    if opens is None:
        return _("Closed now, and no opening ahead.")
    return _("Closed now · opens %(when)s") % {"when": _opening_words(opens, hours, now)}


def duty_words(hours: OpeningHours, now: datetime) -> str:
    """The same of a person's hours."""
    if hours.always_open:
        return _("No fixed hours: the own switch alone counts.")
    closes = hours.closes_after(now)
    opens = hours.next_opening(closes or now)
    again = _opening_words(opens, hours, now) if opens else _("nobody knows when")
    if not hours.is_open(now):
        return _("Off now · back %(when)s") % {"when": again}
    if closes is None:
        return _("On duty now, without an end.")
    until = _end_words(closes, hours, now)
    return _("On duty now until %(until)s · back %(when)s") % {"until": until, "when": again}


def _end_words(moment: datetime, hours: OpeningHours, now: datetime) -> str:
    return moment_words(moment, hours, now, is_end=True)


def _opening_words(moment: datetime, hours: OpeningHours, now: datetime) -> str:
    words = moment_words(moment, hours, now)
    is_today = moment.astimezone(hours.zone).date() == now.astimezone(hours.zone).date()
    return _("today, %(time)s") % {"time": words} if is_today else words


def moment_words(moment: datetime, hours: OpeningHours, now: datetime, *, is_end: bool = False) -> str:
    """ "18:30" today, "tomorrow, 09:00", "Monday, 09:00" within a week, "7 January, 09:00"; in the hours' zone."""
    local, today = moment.astimezone(hours.zone), now.astimezone(hours.zone).date()
    date_, time = local.date(), f"{local:%H:%M}"
    if is_end and time == "00:00":  # as people say it
        date_, time = date_ - timedelta(days=1), "24:00"
    days = (date_ - today).days
    if days == 0:
        return time
    day = _("tomorrow") if days == 1 else day_words(date_, with_year=False, today=today)
    return f"{day}, {time}"


def day_words(day: date, *, with_year: bool = True, today: date | None = None) -> str:
    """ "Monday" within a week from `today`, else "Thu, 24.12.2026" or, without the year, "24 December"."""
    german = (translation.get_language() or "de").startswith("de")
    if today is not None and timedelta(0) <= day - today < timedelta(days=7):
        return dateformat.format(day, "l")
    if with_year:
        return dateformat.format(day, "D, d.m.Y" if german else "D, j M Y")
    return dateformat.format(day, "j. F" if german else "j F")
