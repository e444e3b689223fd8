"""Times and countdowns in words: what a page shows before the script takes over, in the active language and zone.

The script (static/js/lib/times.js) says the same things; both follow design.md §3 and §10.
"""

from datetime import datetime, timedelta
from functools import lru_cache

from django.utils import dateformat, timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from whatsapp.service_window import SOON, URGENT, ServiceWindow

TARGET_NEAR = timedelta(minutes=10)

_PATTERNS = {
    "day": {"de": "l, j. F", "en": "l, j F"},
    "old_day": {"de": "l, j. F Y", "en": "l, j F Y"},
    "date": {"de": "d.m.", "en": "j M"},
    "old_date": {"de": "d.m.y", "en": "j M y"},
    "full": {"de": "d.m.Y, H:i", "en": "j M Y, H:i"},
    "month": {"de": "F Y", "en": "F Y"},
    "weekday": {"de": "D", "en": "D"},
    "weekday_clock": {"de": "D, H:i", "en": "D, H:i"},
}


def _write(local: datetime, pattern: str) -> str:
    if pattern == "clock":
        return f"{local:%H:%M}"  # in every language, and most often by far
    language = (translation.get_language() or "de")[:2]
    patterns = _PATTERNS[pattern]
    return dateformat.format(local, patterns.get(language, patterns["en"]))


def in_words(at: datetime, style: str = "clock", now: datetime | None = None) -> str:
    """`at` as "clock", "list" (today's time, this week's day, else the date), "day", "month" or "full"."""
    then = timezone.localtime(at)
    if style in ("clock", "full", "month"):
        return _write(then, style)
    today = timezone.localtime(now)
    days, same_year = (today.date() - then.date()).days, today.year == then.year
    if style == "day":
        if days == 0:
            return _("Today")
        return _("Yesterday") if days == 1 else _write(then, "day" if same_year else "old_day")
    if style == "since":
        return _write(then, "clock" if days == 0 else "weekday_clock" if -6 < days < 7 else "full")
    if days == 0:
        return _write(then, "clock")
    if 0 < days < 7:
        return _write(then, "weekday")
    return _write(then, "date" if same_year else "old_date")


def countdown(left: timedelta) -> str:
    """ "23 h left", "2:50 h left", "38 min left"; the last minute counts as one."""
    if left > SOON:
        return _("%(hours)s h left") % {"hours": int(left.total_seconds() // 3600)}
    minutes = max(1, int(left.total_seconds() // 60))
    if left >= URGENT:
        return _("%(time)s h left") % {"time": f"{minutes // 60}:{minutes % 60:02d}"}
    return _("%(minutes)s min left") % {"minutes": minutes}


def waited(since: datetime, now: datetime) -> str:
    """How long somebody has waited: "0 min", "22 min", "3 h", "2 d"."""
    return span(max(0, int((now - since).total_seconds() // 60)))


def span(minutes: int) -> str:
    """ "22 min", "3 h", "2 d"."""
    if minutes < 60:
        return _("%(minutes)s min") % {"minutes": minutes}
    if minutes < 48 * 60:
        return _("%(hours)s h") % {"hours": minutes // 60}
    return _("%(days)s d") % {"days": minutes // (24 * 60)}


def answer_target(due_at: datetime, now: datetime) -> str:
    """ "Answer target in 12 min", later than four hours the moment itself; once it has passed, by how much."""
    left = (due_at - now).total_seconds()
    if left > SOON.total_seconds():
        return _("Answer target %(when)s") % {"when": in_words(due_at, "since", now)}
    if left <= 0:
        return _missed_by(int(-left // 60), translation.get_language())
    return _due_in(max(1, int(left // 60)), translation.get_language())


@lru_cache(maxsize=4096)  # fifty rows of a page say it
def _missed_by(minutes: int, _language: str) -> str:
    return _("Answer target missed by %(time)s") % {"time": span(minutes)}


@lru_cache(maxsize=1024)
def _due_in(minutes: int, _language: str) -> str:
    clock = f"{minutes // 60}:{minutes % 60:02d}"
    time = _("%(time)s h") % {"time": clock} if minutes >= 60 else _("%(minutes)s min") % {"minutes": minutes}
    return _("Answer target in %(time)s") % {"time": time}


def target_state(due_at: datetime, now: datetime) -> str:
    """For colours: "urgent" once it has passed, "soon" in the last ten minutes, else "open"."""
    left = due_at - now
    return "urgent" if left <= timedelta(0) else "soon" if left <= TARGET_NEAR else "open"


def length(seconds: float) -> str:
    """How long something plays: "0:12", "1:02:03"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def window_short(window: ServiceWindow, now: datetime) -> str:
    """For rows: nothing while there is plenty of time, then digits, then "closed"."""
    state = window.state(now)
    if state == "closed":
        return pgettext("window", "closed")
    return "" if state == "open" else countdown(window.time_left(now))


def window_left(window: ServiceWindow, now: datetime) -> str:
    """For tables: always what is left, or "closed"."""
    return countdown(window.time_left(now)) if window.is_open(now) else pgettext("window", "closed")


def window_digits(window: ServiceWindow, now: datetime) -> str:
    """Where there is no room for words: "38 min", "2:05 h", "closed"."""
    if not window.is_open(now):
        return pgettext("window", "closed")
    minutes = max(1, int(window.time_left(now).total_seconds() // 60))
    if minutes < 60:
        return _("%(minutes)s min") % {"minutes": minutes}
    return _("%(time)s h") % {"time": f"{minutes // 60}:{minutes % 60:02d}"}


def window_long(window: ServiceWindow, now: datetime) -> str:
    """For the head of the thread: "Window open · 23 h left" or "Window closed since Tue, 17:22"."""
    if window.closes_at is None:
        return _("Window never opened")
    if not window.is_open(now):
        return _("Window closed since %(when)s") % {"when": in_words(window.closes_at, "since", now)}
    return _("Window open · %(left)s") % {"left": countdown(window.time_left(now))}
