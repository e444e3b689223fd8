"""What an event carries: the facts by which the hub picks its audience, and the changed parts, rendered once."""

import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction
from django.db.models import prefetch_related_objects

from inbox.models import Activity, Conversation, Message, Note

logger = logging.getLogger(__name__)

Item = Message | Note | Activity
Html = dict[str, dict[str, str]]

LANGUAGES = [code for code, _ in settings.LANGUAGES]

# One statement raises the versions and answers what no joined row can: who is mentioned, who has read how far.
RAISE_VERSIONS = """
UPDATE inbox_conversation c SET version = version + 1 WHERE id = ANY(%s)
RETURNING id,
    ARRAY(SELECT DISTINCT m.agent_id FROM inbox_mention m WHERE m.conversation_id = c.id),
    (SELECT coalesce(jsonb_object_agg(r.agent_id, r.read_count), '{}')::text
       FROM inbox_readcursor r WHERE r.conversation_id = c.id)
"""


@dataclass
class Snapshot:
    """A conversation as it is now, with its row and head rendered."""

    conversation: Conversation
    mentioned: list[int]
    reads: dict[str, int]
    html: Html = field(default_factory=dict)

    def facts(self) -> dict:
        """What decides who may see it, and what the page works out for its own agent."""
        conversation = self.conversation
        return {
            "assignee": conversation.assignee_id,
            "team": conversation.team_id,
            "mentioned": self.mentioned,
            "labels": [label.pk for label in conversation.labels.all()],
            "status": conversation.status,
            "inbound_count": conversation.inbound_count,
            "needs_answer": conversation.needs_answer,
            "closes_at": milliseconds(conversation.service_window.closes_at),
            "last_message_at": milliseconds(conversation.last_message_at),
        }


def milliseconds(moment: datetime | None) -> int | None:
    """Milliseconds since 1970, as scripts count."""
    return None if moment is None else int(moment.timestamp() * 1000)


def snapshots(conversation_ids: Iterable[int], *, rendered: bool = True) -> dict[int, Snapshot]:
    """Raise the version of these conversations and read them anew. The caller holds their row locks.

    They are read again on purpose: whoever reports an event may hold an instance that is older than the row.
    """
    with connection.cursor() as cursor:
        cursor.execute(RAISE_VERSIONS, [sorted(conversation_ids)])
        raised = {pk: (mentioned, json.loads(reads)) for pk, mentioned, reads in cursor.fetchall()}
    found = (
        Conversation.objects.filter(pk__in=raised)
        .select_related("workspace", "contact", "team", "assignee", "phone_number__business_account")
        .prefetch_related("labels", "contact__identities")
    )
    result = {row.pk: Snapshot(row, *raised[row.pk]) for row in found}
    if rendered:
        for snapshot in result.values():
            snapshot.html = _per_language(row=("row", snapshot.conversation), head=("head", snapshot.conversation))
    return result


def rendered_item(item: Item) -> Html:
    """The part of the thread that shows this message, note or activity."""
    if isinstance(item, Message):
        prefetch_related_objects([item], "attachments", "reactions")
        return _per_language(message=("message", item))
    return _per_language(message=("note" if isinstance(item, Note) else "activity", item))


def element_id(item: Item) -> str:
    """The id of the element that shows it."""
    if isinstance(item, Message):
        return f"message-{item.uid}"
    return f"note-{item.uid}" if isinstance(item, Note) else f"activity-{item.pk}"


def _per_language(**parts: tuple[str, Item | Conversation]) -> Html:
    """Render the parts in every language. What cannot be rendered is left out: the page then fetches it itself.

    The savepoint keeps a failed query of a template from spoiling the transaction that stores the message.
    """
    try:
        from inbox import rendering

        renderers: dict[str, Callable[[Item | Conversation, str], str]] = {
            name: getattr(rendering, f"render_{name}") for name, _ in parts.values()
        }
        with transaction.atomic():
            return {
                language: {part: renderers[name](thing, language) for part, (name, thing) in parts.items()}
                for language in LANGUAGES
            }
    except Exception:
        logger.exception("An event goes out without its rendered parts")
        return {}
