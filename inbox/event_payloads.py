"""What an event carries: the facts by which the hub picks its audience, and the changed parts, rendered once.

This runs in every transaction that changes what a screen shows, so it counts its statements: one raises the versions
and answers with the conversations as they are now and all that their rows show.
"""

import json
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, models, transaction
from django.db.models import prefetch_related_objects

from accounts.models import Agent, Team, Workspace
from inbox import rendering, statements
from inbox.bubbles.delivery import MAY_BE_RESENT
from inbox.enums import WITHOUT_FILES, BlockState
from inbox.models import Activity, Contact, ContactIdentity, Conversation, Label, Message, Note

logger = logging.getLogger(__name__)

Item = Message | Note | Activity
Part = tuple[str, Item | Conversation]  # row, head, message, note or activity, and what it shows

LANGUAGES = [code for code, _ in settings.LANGUAGES]

# Of the rows beside it what templates show, in the order of their models; anything else is read when asked for.
BESIDE: dict[str, tuple[type[models.Model], tuple[str, ...]]] = {
    "workspace": (Workspace, ("id", "name", "window_margin_seconds")),
    "contact": (Contact, ("id", "workspace_id", "kind", "name", "profile_name", "username", "language")),
    "team": (Team, ("id", "workspace_id", "name")),
    "assignee": (Agent, ("id", "workspace_id", "name")),
}


CONVERSATION = statements.Columns(Conversation, "c")
RAISE_VERSIONS = statements.sql(
    """
UPDATE inbox_conversation c SET version = version + 1 WHERE id = ANY(%s)
RETURNING
    (SELECT jsonb_build_array(w.id, w.name, w.window_margin_seconds)::text
       FROM accounts_workspace w WHERE w.id = c.workspace_id),
    (SELECT jsonb_build_array(p.id, p.workspace_id, p.kind, p.name, p.profile_name, p.username, p.language)::text
       FROM inbox_contact p WHERE p.id = c.contact_id),
    (SELECT jsonb_build_array(t.id, t.workspace_id, t.name)::text FROM accounts_team t WHERE t.id = c.team_id),
    (SELECT jsonb_build_array(a.id, a.workspace_id, a.name)::text FROM accounts_agent a WHERE a.id = c.assignee_id),
    ARRAY(SELECT l FROM unnest(%s::text[]) l WHERE EXISTS (
        SELECT FROM accounts_agent r WHERE r.workspace_id = c.workspace_id AND r.language = l AND r.is_active)),
    ARRAY(SELECT DISTINCT m.agent_id FROM inbox_mention m WHERE m.conversation_id = c.id),
    ARRAY(SELECT f.agent_id FROM inbox_follower f WHERE f.conversation_id = c.id ORDER BY f.id),
    (SELECT coalesce(jsonb_object_agg(r.agent_id, r.read_count), '{{}}')::text
       FROM inbox_readcursor r WHERE r.conversation_id = c.id),
    (SELECT coalesce(jsonb_agg(jsonb_build_object(
           'id', l.id, 'name', l.name, 'hue', l.hue, 'position', l.position)), '[]')::text
       FROM inbox_label l JOIN inbox_conversation_labels t ON t.label_id = l.id WHERE t.conversation_id = c.id),
    (SELECT coalesce(jsonb_agg(jsonb_build_object('id', i.id, 'kind', i.kind, 'value', i.value) ORDER BY i.id), '[]')
       FROM inbox_contactidentity i WHERE i.contact_id = c.contact_id AND i.is_active)::text,
    {c}
""",
    c=CONVERSATION,
)


@dataclass
class Snapshot:
    """A conversation as it is now."""

    conversation: Conversation
    mentioned: list[int]
    followers: list[int]
    reads: dict[str, int]
    languages: list[str]  # that somebody of its workspace reads

    def facts(self) -> dict:
        """What decides who may see it, and what the page works out for its own agent."""
        conversation = self.conversation
        return {
            "assignee": conversation.assignee_id,
            "team": conversation.team_id,
            "mentioned": self.mentioned,
            "followers": self.followers,
            "number": conversation.phone_number_id,
            "language": conversation.contact.language,
            "labels": [label.pk for label in conversation.labels.all()],
            "status": conversation.status,
            "blocked": conversation.block_state != BlockState.NONE,
            "inbound_count": conversation.inbound_count,
            "needs_answer": conversation.needs_answer,
            "closes_at": milliseconds(conversation.service_window.closes_at),
            "answer_due_at": milliseconds(conversation.answer_due_at),
            "last_message_at": milliseconds(conversation.last_message_at),
        }


def milliseconds(moment: datetime | None) -> int | None:
    """Milliseconds since 1970, as scripts count."""
    return None if moment is None else int(moment.timestamp() * 1000)


def snapshots(conversation_ids: Iterable[int]) -> dict[int, Snapshot]:
    """Raise the version of these conversations and read them anew. The caller holds their row locks.

    They are read again on purpose: whoever reports an event may hold an instance that is older than the row.
    """
    result = {}
    for answer in statements.fetch(RAISE_VERSIONS, [sorted(conversation_ids), LANGUAGES]):
        spoken, mentioned, followers, reads, labels, identities = answer[len(BESIDE):len(BESIDE) + 6]
        row = CONVERSATION.instance(answer[len(BESIDE) + 6:])
        for (name, (model, columns)), values in zip(BESIDE.items(), answer, strict=False):
            setattr(row, name, model.from_db(connection.alias, columns, json.loads(values)) if values else None)
        _fill(row.labels, [Label(workspace_id=row.workspace_id, **label) for label in json.loads(labels)])
        _fill(
            row.contact.identities,
            [ContactIdentity(contact=row.contact, is_active=True, **each) for each in json.loads(identities)],
        )
        result[row.pk] = Snapshot(row, mentioned, followers, json.loads(reads), spoken or LANGUAGES)
    return result


def parts_of(item: Item, snapshot: Snapshot, *, is_new: bool) -> Part:
    """What shows this item of the thread, with what its template reads at hand."""
    name = "message" if isinstance(item, Message) else "note" if isinstance(item, Note) else "activity"
    if not Conversation.contact.is_cached(item.conversation):
        item.conversation.contact = snapshot.conversation.contact
    if isinstance(item, Message):
        if is_new and item.kind in WITHOUT_FILES and "attachments" not in _prefetched(item):
            _fill(item.attachments, [])
        if is_new and "reactions" not in _prefetched(item):
            _fill(item.reactions, [])
        prefetch_related_objects([item], "attachments__renditions", "reactions")
        if item.status in MAY_BE_RESENT:
            prefetch_related_objects([item], "resends")
    return name, item


def element_id(item: Item) -> str:
    """The id of the element that shows it."""
    if isinstance(item, Message):
        return f"message-{item.uid}"
    return f"note-{item.uid}" if isinstance(item, Note) else f"activity-{item.pk}"


def rendered(parts: Sequence[Part], languages: Sequence[str]) -> list[dict[str, str]]:
    """Each part in each language. What cannot be rendered is empty: the page then fetches it itself."""
    result: list[dict[str, str]] = [{} for _ in parts]
    guard = _Guard()
    try:
        with connection.execute_wrapper(guard):
            for (name, thing), html in zip(parts, result, strict=True):
                try:
                    html.update({language: _render(name, thing, language) for language in languages})
                except DatabaseError:
                    raise
                except Exception:
                    logger.exception("An event goes out without its %s", name)
    except DatabaseError:
        logger.exception("Events go out without some of their parts")
        guard.undo()
    else:
        guard.keep()
    return result


class _Guard:
    """A savepoint before the first query of a template, so that a failing one does not spoil the transaction.

    Nearly always everything is at hand, no query comes, and then there is none.
    """

    def __init__(self) -> None:
        self._savepoint: str | None = None

    def __call__(self, execute: Callable, sql: Any, params: Any, many: bool, context: Any) -> Any:
        if self._savepoint is None:
            self._savepoint = ""  # its own statement comes through here, too
            self._savepoint = transaction.savepoint()
        return execute(sql, params, many, context)

    def keep(self) -> None:
        if self._savepoint:
            transaction.savepoint_commit(self._savepoint)

    def undo(self) -> None:
        if self._savepoint:
            transaction.savepoint_rollback(self._savepoint)


def _render(name: str, thing: Any, language: str) -> str:
    return getattr(rendering, f"render_{name}")(thing, language)


def _prefetched(instance: models.Model) -> dict:
    return instance.__dict__.get("_prefetched_objects_cache", {})


def _fill(manager: Any, objects: list[Any]) -> None:
    """Give a relation its objects as a prefetch would."""
    queryset = manager.all()
    queryset._result_cache, queryset._prefetch_done = objects, True
    name = (
        manager.prefetch_cache_name
        if hasattr(manager, "prefetch_cache_name")
        else manager.field.remote_field.cache_name
    )
    manager.instance.__dict__.setdefault("_prefetched_objects_cache", {})[name] = queryset
