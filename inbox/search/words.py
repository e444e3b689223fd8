"""Text as the search sees it: words in lower case, and the ways each may be written. Pure."""

import re
import unicodedata
from collections.abc import Iterator

from inbox.text import clean, fold

LONGEST = 40  # of a word; the rest of it is not looked at
MOST = 2_000  # different words of one document
_WORD = re.compile(r"[^\W_]+")


def tokens(text: str) -> Iterator[re.Match[str]]:
    """Each word where it stands: letters and digits; everything else parts words, underscores too."""
    return _WORD.finditer(text)


def words_of(text: str) -> list[str]:
    """The different words of a text, as written but in lower case, in their order."""
    lowered = unicodedata.normalize("NFC", clean(text)).lower()
    found = dict.fromkeys(match[0][:LONGEST] for match in tokens(lowered))
    return list(found)[:MOST]


def forms(word: str) -> tuple[str, ...]:
    """A word without its accents (muller), and as it is written without umlauts (mueller): often the same."""
    if word.isascii():
        return (word.lower(),)
    decomposed = unicodedata.normalize("NFKD", word.lower().replace("ß", "ss"))
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    german = fold(word)
    return (plain, german) if plain != german else (plain,)


def is_word(form: str) -> bool:
    """Something that people mistype, not a number, and not so short that everything is near."""
    return 3 <= len(form) <= LONGEST and form.isalpha()


def distance(one: str, other: str, limit: int) -> int:
    """How many slips of the finger lie between two words (left out, added, another, two swapped); at most limit + 1."""
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if last and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
    return min(row[-1], limit + 1)
