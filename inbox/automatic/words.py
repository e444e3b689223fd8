"""The words of automatic answers: ours to begin with, and the places in them that fill themselves in.

Customers read these, in their language, so they are no strings of the catalogue. A place without a value disappears
with the space before it: nobody reads "Hallo {{contact.first_name}}".
"""

import re
from collections.abc import Mapping
from datetime import datetime

from django.utils import dateformat, translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.hours import OpeningHours
from inbox.enums import AutomaticKind

LONGEST = 1_000  # characters; WhatsApp takes 4,096, people on a phone do not
DEFAULTS: dict[str, dict[str, str]] = {
    AutomaticKind.GREETING: {
        "de": "Hallo {{contact.first_name}}! Danke für deine Nachricht. Gleich antwortet dir jemand von uns.",
        "en": "Hello {{contact.first_name}}! Thanks for your message. One of us will answer you soon.",
    },
    AutomaticKind.AWAY: {
        "de": "Hallo {{contact.first_name}}! Wir haben gerade geschlossen. Wir melden uns {{next_opening}}.",
        "en": "Hello {{contact.first_name}}! We are closed right now. We will get back to you {{next_opening}}.",
    },
    AutomaticKind.BACK: {
        "de": "Guten Tag {{contact.first_name}}! Wir sind wieder da und kümmern uns jetzt um deine Nachricht.",
        "en": "Hello {{contact.first_name}}! We are back and are looking at your message now.",
    },
    AutomaticKind.BUSY: {
        "de": "Hallo {{contact.first_name}}! Gerade ist viel los. Wir antworten dir {{waiting_time}}.",
        "en": "Hello {{contact.first_name}}! We are very busy right now. We will answer you {{waiting_time}}.",
    },
}
PLACES: dict[str, str | Promise] = {
    "contact.first_name": _("Customer's first name"),
    "team.name": _("Team"),
    "workspace.name": _("Name of the business"),
    "next_opening": _("Next opening"),
    "waiting_time": _("Usual waiting time"),
}
_PLACE = re.compile(r"[ \t]?\{\{\s*([^{}\n]{1,60}?)\s*\}\}")
# (today, tomorrow, within a week, later, nobody knows)
_OPENING = {
    "de": ("heute um {time} Uhr", "morgen um {time} Uhr", "am {day} um {time} Uhr", "am {date} um {time} Uhr",
           "so bald wie möglich"),
    "en": ("today at {time}", "tomorrow at {time}", "on {day} at {time}", "on {date} at {time}", "as soon as we can"),
    "tr": ("bugün {time}", "yarın {time}", "{day} {time}", "{date} {time}", "en kısa sürede"),
    "fr": ("aujourd’hui à {time}", "demain à {time}", "{day} à {time}", "le {date} à {time}", "dès que possible"),
    "it": ("oggi alle {time}", "domani alle {time}", "{day} alle {time}", "il {date} alle {time}",
           "il prima possibile"),
    "es": ("hoy a las {time}", "mañana a las {time}", "el {day} a las {time}", "el {date} a las {time}",
           "lo antes posible"),
    "pl": ("dziś o {time}", "jutro o {time}", "{day}, {time}", "{date}, {time}", "jak najszybciej"),
    "uk": ("сьогодні о {time}", "завтра о {time}", "{day}, {time}", "{date}, {time}", "якнайшвидше"),
}  # fmt: skip
# (minutes, one hour, some hours)
_WAITING = {
    "de": ("in etwa {count} Minuten", "in etwa einer Stunde", "in etwa {count} Stunden"),
    "en": ("in about {count} minutes", "in about an hour", "in about {count} hours"),
    "tr": ("yaklaşık {count} dakika içinde", "yaklaşık bir saat içinde", "yaklaşık {count} saat içinde"),
    "fr": ("dans environ {count} minutes", "dans environ une heure", "dans environ {count} heures"),
    "it": ("tra circa {count} minuti", "tra circa un’ora", "tra circa {count} ore"),
    "es": ("en unos {count} minutos", "en una hora aproximadamente", "en unas {count} horas"),
    "pl": ("za około {count} minut", "za około godzinę", "za około {count} godziny"),
    "uk": ("приблизно за {count} хвилин", "приблизно за годину", "приблизно за {count} години"),
}
_WAITING_ELSEWHERE = ("~ {count} min", "~ 1 h", "~ {count} h")
_STEPS = (5, 10, 15, 20, 30, 45, 60, 90, 120, 180)  # minutes, as people say them; the languages above know no others
_ELSEWHERE = ("{time}", "{day}, {time}", "{day}, {time}", "{date}, {time}", "…")
_DATES = {"de": "j. F", "en": "j F", "es": "j \\d\\e F"}


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its places filled in, without those of which nothing is known."""

    def filled(place: re.Match[str]) -> str:
        value = values.get(place[1], "")
        lead = place[0][0] if place[0][0] in " \t" else ""
        return lead + value if value else ""

    return _PLACE.sub(filled, text).strip()


def unknown(text: str) -> list[str]:
    """Places that mean nothing to us."""
    return [place[1] for place in _PLACE.finditer(text) if place[1] not in PLACES]


def pieces(text: str) -> list[tuple[str, bool]]:
    """For a line of the settings: (words, whether they are a place)."""
    found, end = [], 0
    for place in _PLACE.finditer(text):
        start = place.end() - len(place[0].lstrip(" \t"))
        found += [(text[end:start], False), (str(PLACES.get(place[1], place[1])), True)]
        end = place.end()
    return [(words, is_place) for words, is_place in [*found, (text[end:], False)] if words]


def texts_of(kind: str, texts: Mapping[str, str]) -> Mapping[str, str]:
    """The business's own words, or ours while there are none."""
    return texts or DEFAULTS.get(kind, {})


def opening_words(hours: OpeningHours, now: datetime, language: str) -> str:
    """When somebody is there again, as part of a sentence in the customer's language: "am Montag um 09:00 Uhr"."""
    today, tomorrow, within, later, unknown_ = _OPENING.get(language, _ELSEWHERE)
    opens = hours.next_opening(now)
    if opens is None:
        return unknown_
    local = opens.astimezone(hours.zone)
    days = (local.date() - now.astimezone(hours.zone).date()).days
    form = today if days == 0 else tomorrow if days == 1 else within if days < 7 else later
    with translation.override(language):
        day = dateformat.format(local, "l")
        date = dateformat.format(local, _DATES.get(language, "j F"))
    return form.format(time=f"{local:%H:%M}", day=day, date=date)


def waiting_words(seconds: float | None, language: str) -> str:
    """How long it takes, as part of a sentence, rounded up: "in etwa 20 Minuten". Too long to promise: "so bald …"."""
    minutes = next((step for step in _STEPS if seconds is not None and seconds <= step * 60), None)
    if minutes is None:
        return _OPENING.get(language, _ELSEWHERE)[4]
    some, one, hours = _WAITING.get(language, _WAITING_ELSEWHERE)
    if minutes == 60:
        return one
    return hours.format(count=minutes // 60) if minutes % 60 == 0 else some.format(count=minutes)
