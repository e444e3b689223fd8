"""Where the words of a search stand in a text: a short piece around the first, each marked. Escapes everything."""

from collections.abc import Iterable, Set

from django.db import connection
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from inbox.search.asking import Term
from inbox.search.words import LONGEST, forms, tokens, words_of

BEFORE = 40  # characters shown before the first marked word
LENGTH = 150


def matching_words(texts: Iterable[str], terms: list[Term]) -> set[str]:
    """Those words of the texts, in lower case, that the search means: by their forms or by their stems. One query."""
    words = {word for text in texts for word in words_of(text)}
    found = {word for word in words if any(term.means(form) for form in forms(word) for term in terms)}
    stems = {stem for term in terms for stem in (*term.stems, *term.forms)}
    if rest := list(words - found):
        with connection.cursor() as cursor:
            cursor.execute(_BY_STEM, [rest, list(stems)])
            found |= {word for (word,) in cursor.fetchall()}
    return found


def snippet(text: str, matching: Set[str]) -> SafeString:
    """The text from a little before the first matching word, as HTML with <mark>."""
    spots = [match.span() for match in tokens(text) if match[0].lower()[:LONGEST] in matching]
    start = max(0, spots[0][0] - BEFORE) if spots and spots[0][0] > BEFORE + 20 else 0
    if start:  # not in the middle of a word
        start = min(text.find(" ", start) + 1 or start, spots[0][0])
    end = len(text) if len(text) <= start + LENGTH else max(text.rfind(" ", start, start + LENGTH), start + LENGTH // 2)
    pieces, position = ["… " if start else ""], start
    for begin, finish in spots:
        if begin < start or finish > end:
            continue
        pieces += [escape(text[position:begin]), "<mark>", escape(text[begin:finish]), "</mark>"]
        position = finish
    pieces += [escape(text[position:end]), " …" if end < len(text) else ""]
    return mark_safe("".join(pieces))  # noqa: S308 - every piece is escaped above


_BY_STEM = """
SELECT word FROM unnest(%s::text[]) word
WHERE ts_lexize('german_stem', word) || ts_lexize('english_stem', word) && %s::text[]
"""
