"""Which rule holds for a conversation: facts in, decision out. Pure.

All conditions of a rule must hold, of a list of values any one; a rule without conditions holds always. The rules come
in their order and the first that holds wins. Keywords are compared word by word, without regard to case and umlauts
("Grösse", "groesse" and "GRÖSSE" are one); a star at the end stands for the rest of a word, several words must follow
each other.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, NamedTuple

from inbox.models.routing_rule import Manner, Target
from inbox.search.words import forms, tokens
from inbox.text import clean, fold

KNOWN, NEW = "known", "new"
INSIDE, OUTSIDE = "inside", "outside"
EQUALS, CONTAINS = "equals", "contains"
MOST_WORDS = 2_000  # of what a customer wrote; nobody explains a repair in more
YES = frozenset({"yes", "ja", "true", "1"})
NO = frozenset({"no", "nein", "false", "0"})

Word = frozenset[str]  # the ways it may be written


class FieldCondition(NamedTuple):
    """One of the business's own fields of a contact."""

    field: int
    how: str  # equals, contains
    value: str


@dataclass(frozen=True, slots=True)
class Conditions:
    """What must hold, all of it; what is empty is not asked."""

    numbers: frozenset[int] = frozenset()
    teams: frozenset[int] = frozenset()  # where it is before any rule
    labels: frozenset[int] = frozenset()
    languages: frozenset[str] = frozenset()
    customer: str = ""  # known, new
    field: FieldCondition | None = None
    hours: str = ""  # inside, outside
    from_ad: bool = False
    keywords: tuple[str, ...] = ()

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> "Conditions":
        """From the JSON of a rule."""
        asked = stored.get("field")
        return cls(
            numbers=frozenset(stored.get("numbers", ())), teams=frozenset(stored.get("teams", ())),
            labels=frozenset(stored.get("labels", ())), languages=frozenset(stored.get("languages", ())),
            customer=stored.get("customer", ""), hours=stored.get("hours", ""), from_ad=stored.get("from_ad", False),
            field=FieldCondition(*asked) if asked else None, keywords=tuple(stored.get("keywords", ())),
        )  # fmt: skip

    def stored(self) -> dict[str, Any]:
        """As JSON, without what is not asked."""
        said: dict[str, Any] = {
            "numbers": sorted(self.numbers), "teams": sorted(self.teams), "labels": sorted(self.labels),
            "languages": sorted(self.languages), "customer": self.customer, "hours": self.hours,
            "from_ad": self.from_ad, "field": list(self.field) if self.field else None,
            "keywords": list(self.keywords),
        }  # fmt: skip
        return {name: value for name, value in said.items() if value}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a conversation that waits."""

    number: int
    team: int | None = None  # where it is before any rule
    labels: frozenset[int] = frozenset()
    language: str = ""
    is_known: bool = False
    fields: Mapping[str, Any] = field(default_factory=dict)
    is_open: bool = True  # its team's hours
    from_ad: bool = False
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as it is matched; `number` is its place as people count."""

    pk: int
    number: int
    name: str
    conditions: Conditions = Conditions()
    target: str = Target.OWN
    team: int | None = None
    agent: int | None = None
    manner: str = Manner.LEAST_BUSY
    skill: int | None = None

    def team_for(self, base: int | None) -> int | None:
        """Where a conversation goes that would be in team `base` without rules."""
        return base if self.target == Target.OWN or self.team is None else self.team


def first_match(rules: Iterable[Rule], facts: Facts) -> Rule | None:
    """The rule that holds, or None: then everything is as if there were no rules."""
    return next((rule for rule in rules if holds(rule.conditions, facts)), None)


def holds(asked: Conditions, facts: Facts) -> bool:
    return (
        (not asked.numbers or facts.number in asked.numbers)
        and (not asked.teams or facts.team in asked.teams)
        and (not asked.labels or not asked.labels.isdisjoint(facts.labels))
        and (not asked.languages or facts.language in asked.languages)
        and (not asked.customer or facts.is_known == (asked.customer == KNOWN))
        and (asked.field is None or _field_holds(asked.field, facts.fields))
        and (not asked.hours or facts.is_open == (asked.hours == INSIDE))
        and (not asked.from_ad or facts.from_ad)
        and (not asked.keywords or any(says(facts.words, keyword) for keyword in asked.keywords))
    )


def words_of(text: str) -> tuple[Word, ...]:
    """A text as its words, in their order."""
    found = []
    for match in tokens(_composed(text)):
        found.append(_forms(match[0]))
        if len(found) == MOST_WORDS:
            break
    return tuple(found)


def says(words: tuple[Word, ...], keyword: str) -> bool:
    """Does the text contain this word, or these words one after the other?"""
    wanted = _pattern(keyword)
    last = len(words) - len(wanted)
    return bool(wanted) and any(
        all(_is_word(words[start + offset], *one) for offset, one in enumerate(wanted)) for start in range(last + 1)
    )


def _is_word(word: Word, ways: Word, is_beginning: bool) -> bool:
    if not is_beginning:
        return not word.isdisjoint(ways)
    return any(each.startswith(way) for each in word for way in ways)


@lru_cache(maxsize=2_000)
def _pattern(keyword: str) -> tuple[tuple[Word, bool], ...]:
    """The words of a keyword, each with whether it is only the beginning of one."""
    keyword = _composed(keyword)
    return tuple((_forms(match[0]), keyword[match.end() : match.end() + 1] == "*") for match in tokens(keyword))


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", clean(text))


@lru_cache(maxsize=10_000)
def _forms(word: str) -> Word:
    return frozenset(forms(word.replace("ı", "i").replace("ẞ", "ß")))


def _field_holds(asked: FieldCondition, fields: Mapping[str, Any]) -> bool:
    stored = fields.get(str(asked.field))
    if stored is None:
        return False
    wanted = fold(asked.value)
    if isinstance(stored, bool):
        return wanted in (YES if stored else NO)
    if asked.how == CONTAINS:
        return wanted in fold(str(stored))
    return fold(str(stored)) == wanted or _are_same_number(str(stored), asked.value)


def _are_same_number(one: str, other: str) -> bool:
    try:
        return Decimal(one) == Decimal(other.strip().replace(",", "."))
    except InvalidOperation:
        return False
