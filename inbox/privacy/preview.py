"""What an erasure would take away, in numbers: every group of the register, counted where counting is quick."""

from dataclasses import dataclass, field
from typing import Any

from django.db import OperationalError, connection, transaction

from inbox.actions.uploads import HOLDERS
from inbox.models import Attachment, SearchDocument, Upload
from inbox.privacy.people import Person
from inbox.privacy.places import GROUPS, PLACES, of_conversation, of_message

MILLISECONDS = 3_000  # for what has to be looked through
IN_BODIES = """
SELECT count(*) FROM whatsapp_webhookdelivery d JOIN whatsapp_metaapp a ON a.id = d.meta_app_id
WHERE a.workspace_id = %s
  AND EXISTS (SELECT 1 FROM unnest(%s::text[]) n (needle) WHERE position(convert_to(needle, 'UTF8') IN d.body) > 0)
"""
WORDS = """
SELECT count(DISTINCT word) FROM inbox_searchdocument d, unnest(tsvector_to_array(d.words)) word
WHERE d.conversation_id = ANY(%s)
"""


@dataclass
class Preview:
    person: Person
    counts: list[tuple[Any, int | None]] = field(default_factory=list)  # None: looked through when it happens
    shared_files: int = 0  # stay, because others have them too
    words: int | None = 0  # of the search index


def preview_of(person: Person) -> Preview:
    """In a bounded time, however much there is."""
    totals: dict[str, int | None] = dict.fromkeys(GROUPS, 0)
    for place in PLACES:
        if place.counted:
            totals[place.group] = (totals[place.group] or 0) + place.rows(person).count()
    totals["deliveries"] = _within(IN_BODIES, [person.workspace_id, person.ids])
    totals["imports"] = totals["audit"] = None
    found = Preview(person, [(GROUPS[key], count) for key, count in totals.items() if count or count is None])
    found.shared_files = _shared(person)
    found.words = _within(WORDS, [person.conversations]) if SearchDocument.objects.filter(
        conversation__in=person.conversations
    ).exists() else 0  # fmt: skip
    return found


def _within(statement: str, values: list[Any]) -> int | None:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {MILLISECONDS}")
            cursor.execute(statement, values)
            return int(cursor.fetchone()[0])
    except OperationalError:  # it took too long; an erasure looks through everything in portions
        return None


def _shared(person: Person) -> int:
    """Files that somebody else's row names as well."""
    theirs = (
        (Attachment, of_message("message")(person)), (Upload, of_conversation()(person)),
    )  # fmt: skip
    names = {name for model, mine in theirs for name in model._base_manager.filter(mine).values_list("file", flat=True)}
    names.discard("")
    others: set[str] = set()
    holders: tuple[Any, ...] = HOLDERS  # previews are shared by nobody
    for holder in holders:
        rows = holder._base_manager.filter(file__in=names)
        mine = next((condition for model, condition in theirs if model is holder), None)
        rows = rows.exclude(pk__in=holder._base_manager.filter(mine).values("pk")) if mine is not None else rows
        others.update(rows.values_list("file", flat=True))
    return len(others)
