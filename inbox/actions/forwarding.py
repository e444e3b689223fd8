"""Passing a message on into other open conversations: each one gets a message of its own, by all rules of a reply."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Agent
from inbox.actions.outgoing import (
    existing,
    lock_for_writing,
    new_message,
    parsed_uid,
    put_in_thread,
    require_open_window,
)
from inbox.actions.sending_files import attach
from inbox.enums import FILE_KINDS, MessageKind
from inbox.errors import InboxRuleViolation, Sentence
from inbox.message_rules import FORWARDED_DATA, file_to_forward, may_be_forwarded
from inbox.models import Conversation, Message

TARGETS = 5


@dataclass(frozen=True)
class Refusal:
    """Where it was not passed on to, and why."""

    conversation: Conversation
    sentence: Sentence


def forward(
    message: Message, *, to: Sequence[Conversation], by: Agent, uid: uuid.UUID | str
) -> tuple[list[Message], list[Refusal]]:
    """Pass it on to each of these; one that is refused (its window closed meanwhile) stops none of the others.

    The same uid again finds what was passed on the first time.
    """
    if not may_be_forwarded(message):
        raise InboxRuleViolation(_("This message cannot be forwarded."))
    if not to:
        raise InboxRuleViolation(_("Choose at least one conversation."))
    if len(to) > TARGETS:
        raise InboxRuleViolation(_("Forward to at most %(limit)s conversations at once.") % {"limit": TARGETS})
    base, sent, refused = parsed_uid(uid), list[Message](), list[Refusal]()
    for conversation in to:
        try:
            sent.append(_into(conversation, message, by, uuid.uuid5(base, str(conversation.pk))))
        except InboxRuleViolation as violation:
            refused.append(Refusal(conversation, violation.sentence))
    return sent, refused


@transaction.atomic
def _into(conversation: Conversation, message: Message, by: Agent, uid: uuid.UUID) -> Message:
    lock_for_writing(conversation, by)
    known = existing(conversation, uid, by)
    if known is not None:
        return known
    require_open_window(conversation)
    copy = new_message(conversation, by=by, uid=uid, forwarded=1, **_content(message))
    if (file := file_to_forward(message) if message.kind in FILE_KINDS else None) is not None:
        attach(copy, file)
    put_in_thread(copy)
    return copy


def _content(message: Message) -> dict[str, Any]:
    if message.kind in FILE_KINDS:
        named = {key: message.data[key] for key in ("file_name",) if message.data.get(key)}
        return {"kind": message.kind, "text": message.text, "data": named}
    keys = FORWARDED_DATA.get(MessageKind(message.kind))
    if keys is None:
        return {"kind": MessageKind.TEXT, "text": message.text}
    return {"kind": message.kind, "data": {key: message.data[key] for key in keys if message.data.get(key)}}
