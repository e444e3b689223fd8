"""Entries of the search index go together with the words that nobody else has ever used."""

from collections import defaultdict
from collections.abc import Iterable

from django.db import connection

LOOKED_AT = 300  # of the newest documents: what is in one of them need not be looked for in all

_FORGET = """
DELETE FROM inbox_searchdocument WHERE id IN (SELECT id FROM inbox_searchdocument WHERE {which} LIMIT %s)
RETURNING workspace_id, tsvector_to_array(words)
"""
_PRUNE = """
WITH recent AS (
    SELECT DISTINCT unnest(tsvector_to_array(words)) AS word FROM (
        SELECT words FROM inbox_searchdocument WHERE workspace_id = %(workspace)s
        ORDER BY occurred_at DESC, id DESC LIMIT %(looked_at)s) newest),
rare AS (SELECT unnest(%(words)s::text[]) AS word EXCEPT SELECT word FROM recent)
DELETE FROM inbox_searchword w USING rare r
WHERE w.workspace_id = %(workspace)s AND w.word = r.word AND NOT EXISTS (
    SELECT 1 FROM inbox_searchdocument d WHERE d.workspace_id = w.workspace_id
       AND d.words @@ ('''' || replace(replace(r.word, '\\', '\\\\'), '''', '''''') || '''')::tsquery)
"""


def forget_documents(which: str, ids: Iterable[int], most: int = 1_000) -> int:
    """Delete documents whose `which` column is one of the ids, in the caller's transaction; how many."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('tresen.search'))")  # none is just being made
        cursor.execute(_FORGET.format(which=f"{which} = ANY(%s)"), [list(ids), most])
        gone = cursor.fetchall()
        by_workspace: dict[int, set[str]] = defaultdict(set)
        for workspace_id, words in gone:
            by_workspace[workspace_id].update(words)
        for workspace_id, words in by_workspace.items():
            cursor.execute(_PRUNE, {"workspace": workspace_id, "words": sorted(words), "looked_at": LOOKED_AT})
    return len(gone)
