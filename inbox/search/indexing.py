"""Documents follow their messages and notes: what triggers put on the backlog is made anew, a batch at a time.

Run by the ingest loop after its commits, never in the transaction that receives a message, and by `manage.py
index_search`. Everything is in rows: whoever is killed goes on where the last batch was committed.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from inbox.enums import Direction, MessageKind, MessageStatus
from inbox.models import Message, Note, SearchBacklog, SearchKind
from inbox.search.words import LONGEST, forms, words_of

BATCH = 100


@dataclass(frozen=True)
class Text:
    """What a document will hold."""

    kind: int
    message_id: int | None
    note_id: int | None
    workspace_id: int
    conversation_id: int
    author_id: int | None
    is_inbound: bool
    occurred_at: datetime
    words: list[str]


def index_batch(size: int = BATCH) -> int:
    """Make the documents of the newest entries of the backlog, in one transaction; how many entries were done."""
    with transaction.atomic(), connection.cursor() as cursor:
        # One at a time: an older batch that commits later would bring back what was written before a change.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('tresen.search'))")
        entries = list(SearchBacklog.objects.order_by("-pk")[:size])
        if not entries:
            return 0
        messages = {entry.source for entry in entries if entry.kind == SearchKind.MESSAGE}
        notes = {entry.source for entry in entries if entry.kind == SearchKind.NOTE}
        texts = [text for text in [*_of_messages(messages), *_of_notes(notes)] if text.words]
        written = _write(cursor, texts)
        _forget_others(cursor, messages, notes, written)
        SearchBacklog.objects.filter(pk__in=[entry.pk for entry in entries]).delete()
    return len(entries)


def enqueue_missing() -> int:
    """Put on the backlog what has no document and is not on it yet; how many entries that were."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(_MISSING, {"message": SearchKind.MESSAGE, "note": SearchKind.NOTE})
        return cursor.rowcount


def said(message: Message) -> list[str]:
    """The text, and the words of places, cards, choices, orders, forms and templates."""
    spoken = _of_template if message.kind == MessageKind.TEMPLATE else _spoken
    return [message.text, *spoken(message.data)]


def _of_messages(ids: set[int]) -> list[Text]:
    found = Message.objects.filter(pk__in=ids, deleted_at=None).exclude(kind=MessageKind.SYSTEM)
    # A held reply is its author's alone until it is sent.
    found = found.exclude(status=MessageStatus.HELD).prefetch_related("attachments")
    texts = []
    for message in found:
        common: dict[str, Any] = {
            "message_id": message.pk, "note_id": None, "workspace_id": message.workspace_id,
            "conversation_id": message.conversation_id, "author_id": message.author_id,
            "is_inbound": message.direction == Direction.IN, "occurred_at": message.occurred_at,
        }  # fmt: skip
        names = " ".join(attachment.file_name for attachment in message.attachments.all())
        texts.append(Text(kind=SearchKind.MESSAGE, words=words_of(" ".join(said(message))), **common))
        texts.append(Text(kind=SearchKind.FILE, words=words_of(names), **common))
    return texts


def _of_notes(ids: set[int]) -> list[Text]:
    return [
        Text(
            kind=SearchKind.NOTE, message_id=None, note_id=note.pk, workspace_id=note.workspace_id,
            conversation_id=note.conversation_id, author_id=note.author_id, is_inbound=False,
            occurred_at=note.occurred_at, words=words_of(note.text),
        )  # fmt: skip
        for note in Note.objects.filter(pk__in=ids)
    ]


_SPOKEN = {
    "name", "title", "address", "description", "formatted_name", "organization", "phone", "email", "product_name",
    "caption",
}  # fmt: skip


def _spoken(data: Any, key: str = "", depth: int = 0) -> list[str]:
    """The words people would look for in `data`, which comes from outside and may hold anything."""
    if depth > 6 or key == "api":  # that is who sent it
        return []
    if key == "items" and isinstance(data, list):  # of an order: they have no other name
        return [str(item["id"]) for item in data if isinstance(item, dict) and item.get("id")]
    if isinstance(data, dict):
        return [word for name, value in data.items() for word in _spoken(value, str(name), depth + 1)]
    if isinstance(data, list):
        return [word for value in data for word in _spoken(value, key, depth + 1)]
    return [data] if isinstance(data, str) and (key in _SPOKEN or key == "fields") else []


def _of_template(data: Any) -> list[str]:
    """What a template says besides its text: its header, the words of an offer, the cards of a carousel."""
    if not isinstance(data, dict):
        return []
    cards = [card for card in data.get("cards") or [] if isinstance(card, dict)]
    places = [data.get("header"), data.get("offer"), *(card.get("header") for card in cards)]
    found = [place.get("text") for place in places if isinstance(place, dict)] + [card.get("body") for card in cards]
    return [words for words in found if isinstance(words, str)]


def _write(cursor: Any, texts: list[Text]) -> list[tuple[int, int | None, int | None]]:
    """Insert or renew; returns (kind, message, note) of what is there now."""
    notes = [text for text in texts if text.kind == SearchKind.NOTE]
    others = [text for text in texts if text.kind != SearchKind.NOTE]
    for chosen, target in ((notes, _ON_NOTE), (others, _ON_MESSAGE)):
        if chosen:
            cursor.execute(_UPSERT.format(target=target, vector=VECTOR, longest=LONGEST), _columns(chosen))
    return [(text.kind, text.message_id, text.note_id) for text in texts]


def _columns(texts: list[Text]) -> list[Any]:
    return [
        [text.workspace_id for text in texts], [text.conversation_id for text in texts], [text.kind for text in texts],
        [text.message_id for text in texts], [text.note_id for text in texts], [text.author_id for text in texts],
        [text.is_inbound for text in texts], [text.occurred_at for text in texts],
        [" ".join(text.words) for text in texts],
        [" ".join({form for word in text.words for form in forms(word)}) for text in texts],
    ]  # fmt: skip


def _forget_others(cursor: Any, messages: set[int], notes: set[int], written: list[Any]) -> None:
    """Whatever of these has no words any more: deleted, emptied, its file gone."""
    kept = [
        {message for kind, message, _ in written if kind == SearchKind.MESSAGE},
        {message for kind, message, _ in written if kind == SearchKind.FILE},
        {note for kind, _, note in written if kind == SearchKind.NOTE},
    ]
    for kind, ids in ((SearchKind.MESSAGE, messages - kept[0]), (SearchKind.FILE, messages - kept[1])):
        if ids:
            cursor.execute(
                "DELETE FROM inbox_searchdocument WHERE message_id = ANY(%s) AND kind = %s", [list(ids), kind]
            )
    if gone := notes - kept[2]:
        cursor.execute("DELETE FROM inbox_searchdocument WHERE note_id = ANY(%s)", [list(gone)])


_ON_NOTE = "(note_id) WHERE note_id IS NOT NULL"
_ON_MESSAGE = "(message_id, kind)"
# The words as written and their forms, and the stems of the former.
VECTOR = """array_to_tsvector(string_to_array(forms, ' ') || ARRAY(
    SELECT stem FROM unnest(string_to_array(said, ' ')) word,
           unnest(ts_lexize('german_stem', word) || ts_lexize('english_stem', word)) stem WHERE stem <> ''))"""
# Every lexeme is counted, stems too: a stem that many words share is as frequent as all of them.
_UPSERT = """
WITH written AS (
INSERT INTO inbox_searchdocument AS d
    (workspace_id, conversation_id, kind, message_id, note_id, author_id, is_inbound, occurred_at, words)
SELECT workspace, conversation, kind, message, note, author, inbound, at, {vector}
FROM unnest(%s::bigint[], %s::bigint[], %s::smallint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::boolean[],
            %s::timestamptz[], %s::text[], %s::text[])
     AS t (workspace, conversation, kind, message, note, author, inbound, at, said, forms)
ON CONFLICT {target} DO UPDATE SET conversation_id = excluded.conversation_id, author_id = excluded.author_id,
    is_inbound = excluded.is_inbound, occurred_at = excluded.occurred_at, words = excluded.words
RETURNING d.workspace_id, d.words)
INSERT INTO inbox_searchword (workspace_id, word, documents)
SELECT workspace_id, lexeme, count(*) FROM written, unnest(words)
WHERE length(lexeme) BETWEEN 2 AND {longest} AND lexeme !~ '[0-9]' GROUP BY 1, 2
ON CONFLICT (workspace_id, word) DO UPDATE SET documents = inbox_searchword.documents + excluded.documents
"""
_MISSING = """
INSERT INTO inbox_searchbacklog (kind, source)
SELECT kind, id FROM (
    SELECT %(message)s AS kind, m.id FROM inbox_message m
    WHERE (m.text <> '' OR EXISTS (SELECT 1 FROM inbox_attachment a WHERE a.message_id = m.id AND a.file_name <> ''))
      AND m.kind <> 'system' AND m.deleted_at IS NULL AND m.status <> 'held'
      AND NOT EXISTS (SELECT 1 FROM inbox_searchdocument d WHERE d.message_id = m.id)
    UNION ALL
    SELECT %(note)s, n.id FROM inbox_note n
    WHERE NOT EXISTS (SELECT 1 FROM inbox_searchdocument d WHERE d.note_id = n.id)
) lacking
WHERE NOT EXISTS (SELECT 1 FROM inbox_searchbacklog b WHERE b.kind = lacking.kind AND b.source = lacking.id)
ORDER BY id
"""
