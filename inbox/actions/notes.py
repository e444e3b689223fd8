"""Notes: what only colleagues see, and whom it calls."""

import uuid

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiToken
from inbox import events
from inbox.access import agents_who_see, require_sight
from inbox.actions.following import follow_all
from inbox.actions.locks import lock
from inbox.errors import EmptyMessage, TextTooLong
from inbox.mentions import find_mentions
from inbox.models import Conversation, Mention, Note
from inbox.text import clean
from inbox.visibility import Actor, person_of

LONGEST_NOTE = 10_000


def add_note(conversation: Conversation, *, by: Actor, text: str, uid: uuid.UUID) -> Note:
    """Write a note; the colleagues it mentions find it under Mentions, provided they may see the conversation, and
    follow it from now on.

    The same `uid` again returns the first note and does nothing. Notes may be added to closed conversations too.
    """
    text = clean(text).strip()
    if not text:
        raise EmptyMessage
    if len(text) > LONGEST_NOTE:
        raise TextTooLong(LONGEST_NOTE, _("At most %(limit)s characters fit into a note.") % {"limit": LONGEST_NOTE})
    with transaction.atomic():
        lock(conversation)
        require_sight(by, conversation)
        if (written := conversation.notes.filter(uid=uid).first()) is not None:
            return written
        note = Note.objects.create(
            workspace_id=conversation.workspace_id, conversation=conversation, seq=conversation.next_seq(), uid=uid,
            author=person_of(by), system=by.name if isinstance(by, ApiToken) else "", text=text,
        )  # fmt: skip
        conversation.save(update_fields=["seq"])
        events.note_added(note, calls=_mention(note))
    return note


def _mention(note: Note) -> set[int]:
    if "@" not in note.text:
        return set()
    people = [(agent.pk, agent.name) for agent in agents_who_see(note.conversation)]
    called = {agent_id for found in find_mentions(note.text, people) for agent_id in found.agent_ids} - {note.author_id}
    Mention.objects.bulk_create(
        Mention(note=note, conversation=note.conversation, agent_id=agent_id) for agent_id in called
    )
    follow_all(note.conversation, called)
    return called
