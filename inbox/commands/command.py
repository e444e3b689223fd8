"""One thing to do, with its names, found in German and in English, and how the page does it.

`do` says it in one word for the script: {"go": address}, {"tab": address}, {"list": address} in place, {"open":
address of a thread}, {"key": the single key that does the same}, {"click": a selector}, {"menu": the key of a menu}, or
{"send": address, "method", "values", "after", "swap"}, with "rows" for the selected conversations and "confirm" for a
question.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils import translation
from django.utils.translation import gettext as _

from inbox.search.words import forms, words_of

LANGUAGES = ("de", "en")
MOST_PEOPLE = 100


@dataclass(frozen=True)
class Command:
    """One thing to do. `name` is a msgid with %(who)s for a name out of the data."""

    key: str
    name: str
    icon: str
    do: dict[str, Any]
    who: str = ""
    kbd: str = ""
    also: tuple[str, ...] = field(default=())  # further msgids by which people look for it
    weight: int = 0  # of two that fit equally well, the heavier

    @property
    def words(self) -> str:
        return _filled(_(self.name), self.who)

    def score(self, query: list[str]) -> int:
        """How well the words of a query fit a name of it in any language; 0 when they do not."""
        fit = max(_fit(query, name) for name in self._names())
        return fit + self.weight if fit else 0

    def _names(self) -> Iterator[str]:
        for code in LANGUAGES:
            with translation.override(code):
                for name in (self.name, *self.also):
                    yield _filled(_(name), self.who)


def matching(commands: list[Command], text: str, most: int) -> list[Command]:
    """The commands that a few letters mean, the best first."""
    query = [forms(word)[0] for word in words_of(text)]
    scored = [(command.score(query), -place, command) for place, command in enumerate(commands)] if query else []
    best = sorted(scored, key=lambda each: each[:2], reverse=True)
    return [command for score, _place, command in best if score][:most]


def send(name: str, pk: int | None = None, method: str = "POST", **more: Any) -> dict[str, Any]:
    return {"send": reverse(name, args=[pk] if pk else []), "method": method, **more}


def address(name: str) -> str:
    """Where that page is; "" when this installation has none."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def _filled(words: str, who: str) -> str:
    return words % {"who": _(who)} if who else words


def _fit(query: list[str], name: str) -> int:
    """Every word of the query must begin a word of the name, or at least stand in it in this order of letters."""
    words = [form for word in words_of(name) for form in forms(word)]
    letters = "".join(char for char in unicodedata.normalize("NFKD", name.lower()) if char.isalnum())
    total = 0
    for wanted in query:
        if any(word == wanted for word in words):
            total += 12
        elif any(word.startswith(wanted) for word in words):
            total += 10
        elif len(wanted) > 2 and wanted in letters:
            total += 5
        elif len(wanted) > 2 and _in_order(wanted, words):
            total += 1
        else:
            return 0
    return total * 10 - min(len(words), 9)


def _in_order(wanted: str, words: list[str]) -> bool:
    """ "asgn" is in "assign": the letters in their order within one word, from its first."""
    for word in words:
        rest = iter(word)
        if word.startswith(wanted[0]) and all(char in rest for char in wanted):
            return True
    return False
