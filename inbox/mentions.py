"""Finding colleagues in the text of a note: @Mara, @Mara Vogt or @"Mara Vogt". Pure.

Upper and lower case do not matter, the longest name wins, and a first name that two people share means both. An @
inside a word (an e-mail address) is none.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Found:
    """One mention: where it stands in the text (of `normal(text)`), and whom it means."""

    start: int
    end: int
    agent_ids: frozenset[int]


def normal(text: str) -> str:
    """Composed characters, so that names compare however a keyboard makes its umlauts."""
    return unicodedata.normalize("NFC", text)


def find_mentions(text: str, people: Iterable[tuple[int, str]]) -> list[Found]:
    """The mentions in `text` of these people, (id, name) each, in order."""
    names: dict[str, set[int]] = {}
    for agent_id, name in people:
        full = " ".join(normal(name).split())
        for form in {full, full.split(" ")[0]}:
            if form:
                names.setdefault(form.lower(), set()).add(agent_id)
    if not names:
        return []
    longest_first = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    pattern = re.compile(rf'(?<![\w@])@(?:"({longest_first})"|({longest_first})(?!\w))', re.IGNORECASE)
    found = []
    for match in pattern.finditer(normal(text)):
        name = (match[1] or match[2]).lower()
        found.append(Found(match.start(), match.end(), frozenset(names.get(name, ()))))
    return found
