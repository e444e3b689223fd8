"""Consent in words: what customers say for yes and no, and what they read. Pure: no query, no clock.

A keyword is a whole message that says nothing else, so that "Stop, ich komme doch" remains a message. Case, spaces,
punctuation, umlauts and emoji make no difference. The words of every language count everywhere: people write the one
they know. Our words for "stop" always count, what an admin adds counts as well; those for "start" an admin chooses,
because a sports club gets "anmelden" for other reasons.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields

from inbox.enums import ConsentState
from inbox.text import fold

LONGEST_MESSAGE = 60
LONGEST_TEXT, LONGEST_TITLE = 1024, 20  # Meta's limits
LONGEST_WORD, MOST_WORDS = 30, 20
CODE = re.compile(r"[a-z0-9]{4}[2-9]")  # of a public page, behind START; the digit keeps "start jetzt" a message

STOP_WORDS: dict[str, tuple[str, ...]] = {
    "de": (
        "STOP", "STOPP", "ABMELDEN", "ABMELDUNG", "ABBESTELLEN", "KEINE WERBUNG", "KEINE WERBUNG MEHR",
        "NICHT MEHR SCHREIBEN", "KEINE NACHRICHTEN MEHR",
    ),
    "en": ("STOP", "STOP ALL", "STOPALL", "UNSUBSCRIBE", "OPT OUT", "OPTOUT", "NO MARKETING", "NO MORE MESSAGES"),
}  # fmt: skip
START_WORDS: dict[str, tuple[str, ...]] = {
    "de": ("START", "ANMELDEN", "WERBUNG JA"),
    "en": ("START", "SUBSCRIBE", "OPT IN", "OPTIN"),
}
YES = {
    "ja", "ja bitte", "ja gern", "ja gerne", "ja klar", "ja ich stimme zu", "ich stimme zu", "einverstanden",
    "ja einverstanden", "yes", "yes please", "i agree", "yes i agree", "agreed",
}  # fmt: skip
NO = {"nein", "nein danke", "nee", "no", "no thanks", "no thank you", "lieber nicht"}
# Said every day and for many reasons: no keyword can be one of these.
EVERYDAY = YES | NO | {
    "ok", "okay", "danke", "thanks", "hallo", "hello", "hi", "moin", "hey", "bitte", "please", "gerne", "super", "gut",
}  # fmt: skip

_POLITE = re.compile(r"\b(bitte|please|newsletter|news|danke|thanks)\b")
_NO_LETTERS = re.compile(r"[^\w ]+|_+")


@dataclass(frozen=True, slots=True)
class Texts:
    """What customers read around our question, in one language."""

    yes: str
    no: str
    confirmed: str
    stopped: str


PARTS = tuple(field.name for field in fields(Texts))
TEXTS = {
    "de": Texts(
        "Ja, gern", "Nein, danke", "Danke, du bist angemeldet. Mit STOP meldest du dich jederzeit ab.",
        "Erledigt, du bekommst keine Werbung mehr. Bei Fragen zu deinem Auftrag kannst du uns weiter schreiben.",
    ),
    "en": Texts(
        "Yes, please", "No, thanks", "Thank you, you are subscribed. Write STOP at any time to unsubscribe.",
        "Done, we will not send you any more marketing. You can still write to us about your orders.",
    ),
}  # fmt: skip
QUESTIONS = {
    "de": "Darf %(business)s dir per WhatsApp Neuigkeiten und Angebote schicken? Du kannst jederzeit mit STOP "
    "widerrufen. Was bis dahin geschah, bleibt rechtmäßig.",
    "en": "May %(business)s send you news and offers by WhatsApp? You can withdraw at any time by writing STOP. What "
    "happened until then remains lawful.",
}
PRIVACY = {"de": "Datenschutz: %s", "en": "Privacy: %s"}


@dataclass(frozen=True, slots=True)
class Keywords:
    """Normalised words of one business."""

    stop: frozenset[str]
    start: frozenset[str]

    @classmethod
    def of(cls, own: Mapping[str, Mapping[str, Collection[str]]]) -> "Keywords":
        """Ours, with what is chosen per language: {"de": {"stop": [more], "start": [instead]}}."""
        stop = {word for words in STOP_WORDS.values() for word in words}
        start: set[str] = set()
        for language, words in START_WORDS.items():
            start |= set(own.get(language, {}).get("start", words))
        for chosen in own.values():
            stop |= set(chosen.get("stop", ()))
        stopping = frozenset(filter(None, map(normalised, stop)))
        return cls(stopping, frozenset(filter(None, map(normalised, start))) - stopping)

    def meaning(self, text: str) -> ConsentState | None:
        """What a whole message says about advertising, or None when it is about something else. Stop wins."""
        if len(text) > LONGEST_MESSAGE:
            return None
        said = _ways_to_read(text)
        if not said.isdisjoint(self.stop):
            return ConsentState.WITHDRAWN
        return ConsentState.GIVEN if not said.isdisjoint(self.start) else None


def normalised(text: str) -> str:
    """Letters and digits in lower case, ä as ae, single spaces."""
    return " ".join(_NO_LETTERS.sub(" ", fold(text)).split())


def answer_in(text: str) -> bool | None:
    """Yes or no to our question, in so many words; None for everything else."""
    said = normalised(text) if len(text) <= LONGEST_MESSAGE else ""
    return said in YES if said in YES or said in NO else None


def texts_for(language: str, own: Mapping[str, Mapping[str, str]], *, fallback: str = "de") -> Texts:
    """The business's own words where it has some, else ours; of another language when there are none."""
    known = next((each for each in (language, fallback) if each in TEXTS), "de")
    words = {part: getattr(TEXTS[known], part) for part in PARTS}
    return Texts(**words | {part: text for part, text in own.get(known, {}).items() if part in words and text})


def language_of(*wanted: str) -> str:
    """The first of these that we have words in."""
    return next((each for each in wanted if each in TEXTS), "de")


def _ways_to_read(text: str) -> set[str]:
    """The message, without politeness, with letters put together ("S T O P"), a word repeated as one ("STOP STOP")."""
    plain = normalised(text)
    ways = {plain}
    for words in (plain.split(), _POLITE.sub(" ", plain).split()):
        ways.add(" ".join(words))
        if len(set(words)) == 1:
            ways.add(words[0])
        if len(words) > 2 and all(len(letter) == 1 for letter in words):
            ways.add("".join(words))
    return ways - {""}
