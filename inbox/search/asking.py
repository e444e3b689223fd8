"""What somebody typed becomes terms: each word with its forms and stems, the last one as the beginning of a word.

Words stand for themselves in any order; all of them must occur. How often each occurs comes from the vocabulary,
roughly: it decides how to look. Who mistyped a word gets, at the second try, those that are a slip of the finger away.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.db import connection

from inbox.search.words import distance, forms, is_word, words_of

MOST_TERMS = 8
SHORTEST_PREFIX = 2  # one letter begins a good part of all words
CANDIDATES = 40  # words of the vocabulary that are compared letter by letter
MOST_CORRECTIONS = 5
AFTER_ALL = "\U0010ffff"


@dataclass(frozen=True)
class Term:
    """One word that must occur."""

    word: str
    forms: tuple[str, ...]
    stems: tuple[str, ...] = ()
    is_prefix: bool = False
    documents: int = 0  # about how many hold it; 0 also for what is no word, such as a number
    of: int = 0  # documents in all, roughly

    @property
    def query(self) -> str:
        """As a tsquery. The lexemes are letters and digits only."""
        ways = [f"'{form}':*" if self.is_prefix else f"'{form}'" for form in self.forms]
        return f"({' | '.join([*ways, *self._quoted_stems])})"

    @property
    def _quoted_stems(self) -> list[str]:
        return [f"'{stem}'" for stem in self.stems]

    def means(self, form: str) -> bool:
        """Does a word written like this match, stems aside?"""
        return any(form.startswith(mine) if self.is_prefix else form == mine for mine in self.forms)


def joint_documents(terms: list[Term]) -> float:
    """About how many documents hold all terms, if these have nothing to do with each other."""
    share = 1.0
    for term in terms:
        share *= min(term.documents / term.of, 1.0) if term.of else 0.0
    return share * max(term.of for term in terms)


def understand(workspace_id: int, text: str) -> list[Term]:
    """The terms of a search, in one query."""
    words = words_of(text)[:MOST_TERMS]
    if not words:
        return []
    terms = [Term(word, forms(word)) for word in words]
    if len(terms[-1].word) >= SHORTEST_PREFIX:
        terms[-1] = replace(terms[-1], is_prefix=True)
    return _looked_up(workspace_id, terms)


def corrected(workspace_id: int, terms: list[Term]) -> list[Term] | None:
    """The same search with what was mistyped replaced by words that exist; None where there is nothing to replace."""
    unknown = [term for term in terms if not term.documents and is_word(term.forms[0])]
    better = {term: words for term in unknown if (words := _similar(workspace_id, term))}
    if not better or len(better) < len(unknown):
        return None
    for term, words in better.items():
        terms = [replace(term, forms=tuple(words), is_prefix=False) if each == term else each for each in terms]
    return _looked_up(workspace_id, terms)


def as_query(terms: Iterable[Term]) -> str:
    return " & ".join(term.query for term in terms)


def _looked_up(workspace_id: int, terms: list[Term]) -> list[Term]:
    with connection.cursor() as cursor:
        cursor.execute(
            _LOOK_UP,
            {
                "ws": workspace_id,
                "words": [term.word for term in terms],
                "forms": [" ".join(term.forms) for term in terms],
                "ends": [AFTER_ALL if term.is_prefix else "" for term in terms],
            },
        )
        found = cursor.fetchall()
    return [
        replace(term, stems=tuple(sorted(set(stems) - set(term.forms) - {""})), documents=int(documents), of=int(of))
        for term, (stems, documents, of) in zip(terms, found, strict=True)
    ]


def _similar(workspace_id: int, term: Term) -> list[str]:
    """The words of the vocabulary nearest to this one, the frequent first among equals."""
    typed = term.forms[0]
    slips = 1 if len(typed) < 6 else 2
    with connection.cursor() as cursor:
        cursor.execute(_SIMILAR, {"ws": workspace_id, "word": typed, "most": CANDIDATES})
        candidates = cursor.fetchall()
    near = []
    for word, documents in candidates:
        off = distance(typed, word, slips)
        if term.is_prefix and len(word) > len(typed):
            off = min(off, distance(typed, word[: len(typed)], slips), distance(typed, word[: len(typed) + 1], slips))
        if off <= slips:
            near.append((off, -documents, word))
    return [word for _, _, word in sorted(near)[:MOST_CORRECTIONS]]


_LOOK_UP = """
SELECT stems,
       (SELECT coalesce(sum(documents), 0) FROM (
            SELECT v.documents FROM unnest(string_to_array(forms, ' ')) form, inbox_searchword v
            WHERE v.workspace_id = %(ws)s AND v.word ~>=~ form AND v.word ~<=~ (form || ends) LIMIT 5000) held)
       + (SELECT coalesce(sum(documents), 0) FROM inbox_searchword v
          WHERE v.workspace_id = %(ws)s AND v.word = ANY(stems) AND v.word <> ALL(string_to_array(forms, ' '))),
       (SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = 'inbox_searchdocument'::regclass)
FROM unnest(%(words)s::text[], %(forms)s::text[], %(ends)s::text[]) WITH ORDINALITY AS t (word, forms, ends, place),
     LATERAL (SELECT ts_lexize('german_stem', word) || ts_lexize('english_stem', word) AS stems) s
ORDER BY place
"""
_SIMILAR = """
SELECT word, documents FROM inbox_searchword
WHERE workspace_id = %(ws)s AND word %% %(word)s
ORDER BY similarity(word, %(word)s) DESC, documents DESC LIMIT %(most)s
"""
