"""Asking customers whether it went well: the words, and what counts as an answer. Pure: no query, no clock.

Three smileys as reply buttons, because one tap answers: five rows would be a list, which takes three (open, choose,
send), and three buttons are the most that WhatsApp shows. They are stored on the usual scale of five, as 5, 3 and 1.

An answer never opens a case, and a message never gets lost as an answer. It is
- a score, when one of our buttons was tapped, however late, or when the first words after the question are a smiley;
- a comment, when it is a text in the hours after the score, the case is still the last one and closed, and the text
  asks nothing (no question mark). What follows within two minutes belongs to it. STOP and START are heard before.
Everything else is a message like any other.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from inbox.enums import MessageKind

GOOD, SO_SO, BAD = 5, 3, 1
SCORES = (GOOD, SO_SO, BAD)
FACES = {GOOD: "😀", SO_SO: "😐", BAD: "🙁"}
ASK_AFTER = timedelta(minutes=1)  # long enough to take the closing back
TOO_LATE = timedelta(hours=2)  # after a standstill nobody is asked about yesterday
SMILEY_WITHIN = timedelta(hours=24)
ONE_BREATH = timedelta(minutes=2)  # people write a comment in several messages
LONGEST_COMMENT = 4000
QUESTION, TITLE = 1024, 20  # Meta's limits

_BUTTON = re.compile(r"rating:([0-9]{1,18}):([135])")
_ASKS = re.compile("[?？؟]")
_TRIMMED = re.compile(r"[\s\ufe0e\ufe0f\U0001f3fb-\U0001f3ff.!]+")
_SMILEYS = {
    GOOD: "😀 😃 😄 😁 😊 🙂 😍 🥰 🤩 😎 👍 👌 ❤ 🙏 🎉 :) :-) :D",
    SO_SO: "😐 😑 😕 🤷 :| :-|",
    BAD: "🙁 ☹ 😞 😠 😡 🤬 😢 😭 👎 :( :-(",
}
_SCORE_OF = {smiley: score for score, smileys in _SMILEYS.items() for smiley in smileys.split()}


@dataclass(frozen=True, slots=True)
class Wording:
    """What customers read, in one language. Without `why` nobody is asked for a comment."""

    question: str
    good: str
    so_so: str
    bad: str
    why: str

    def title(self, score: int) -> str:
        return {GOOD: self.good, SO_SO: self.so_so, BAD: self.bad}[score]


PARTS = tuple(field.name for field in fields(Wording))
DEFAULTS = {
    "de": Wording(
        "Hat alles geklappt? Ein Tipp genügt uns.", "😀 Ja, prima", "😐 Geht so", "🙁 Nein",
        "Danke! Magst du uns sagen, warum? Schreib es einfach hier.",
    ),
    "en": Wording(
        "Did everything work out? One tap is enough.", "😀 Yes, great", "😐 So-so", "🙁 No",
        "Thank you! Would you tell us why? Just write it here.",
    ),
}  # fmt: skip


def wording_for(language: str, own: Mapping[str, Mapping[str, str]], *, fallback: str = "de") -> Wording:
    """The business's own words where it has some, else ours; of another language when there are none."""
    known = next((each for each in (language, fallback) if each in DEFAULTS), "de")
    words = {part: getattr(DEFAULTS[known], part) for part in PARTS}
    return Wording(**words | {part: text for part, text in own.get(known, {}).items() if part in words})


def score_words(score: int) -> str | Promise:
    """What colleagues read."""
    return {GOOD: _("satisfied"), SO_SO: _("so-so")}.get(score, _("not satisfied"))


def button_id(satisfaction_id: int, score: int) -> str:
    return f"rating:{satisfaction_id}:{score}"


def tapped(kind: str, data: Mapping[str, object]) -> tuple[int, int] | None:
    """(question, score) of one of our buttons."""
    found = _BUTTON.fullmatch(str(data.get("id", ""))) if kind == MessageKind.BUTTON_REPLY else None
    return (int(found[1]), int(found[2])) if found else None


@dataclass(frozen=True, slots=True)
class Asked:
    """How far the question of the last case has got; that case and the conversation are closed."""

    asked_at: datetime
    comment_hours: int
    asks_why: bool
    answered_at: datetime | None = None
    commented_at: datetime | None = None


def said_in_words(asked: Asked, text: str, at: datetime) -> int | str | None:
    """What a text in a closed conversation is: a score, the words of a comment, or None for a message like any other.

    `at` is Meta's time of the message.
    """
    if at < asked.asked_at:
        return None
    if asked.answered_at is None:
        return smiley_score(text) if at - asked.asked_at <= SMILEY_WITHIN else None
    words = text.strip()
    if not asked.asks_why or not words or _ASKS.search(words):
        return None
    until = (
        asked.answered_at + timedelta(hours=asked.comment_hours)
        if asked.commented_at is None else asked.commented_at + ONE_BREATH
    )  # fmt: skip
    return words if asked.answered_at <= at <= until else None


def smiley_score(text: str) -> int | None:
    """The score of a message that is nothing but a smiley (or the same one several times)."""
    if len(text) > 40:
        return None
    said = text.strip()
    if said in _SCORE_OF:
        return _SCORE_OF[said]
    letters = set(_TRIMMED.sub("", said))
    return _SCORE_OF.get(letters.pop()) if len(letters) == 1 else None
