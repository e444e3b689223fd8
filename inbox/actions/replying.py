"""Agents send. A message is stored and queued here; the delivery loop (inbox.actions.delivery) hands it to Meta.

Every function locks the conversation first, so what the rules see is what the message is stored under. The `uid` comes
from the browser: the same one again is the same message, so a double click or a repeated request sends once.
"""

import uuid
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Agent
from inbox import events, formatting, saved_reply_places
from inbox import text as words
from inbox.actions import drafts, locks, sending_files, sending_templates
from inbox.actions.outgoing import (
    colleague_answered,
    existing,
    lock_for_writing,
    new_message,
    put_in_thread,
    require_open_window,
)
from inbox.actions.sending_files import send_files
from inbox.actions.sending_templates import send_template
from inbox.enums import BUILT_KINDS, Direction, DraftKind, MessageKind, MessageStatus
from inbox.errors import EmptyMessage, InboxRuleViolation, NotAllowed, TextTooLong, UnfilledGap
from inbox.models import Conversation, Message
from inbox.structured import Parts
from inbox.visibility import Actor

__all__ = [
    "confirm_held", "drop_held", "send_again", "send_files", "send_reply", "send_structured", "send_template"
]  # fmt: skip

TEXT_LIMIT = 4096
IN_DOUBT_AFTER = timedelta(minutes=10)


@transaction.atomic
def send_reply(
    conversation: Conversation, *, by: Actor, text: str, uid: uuid.UUID | str, seen_seq: int | None = None,
    quoted: Message | None = None, confirm: bool = False, gaps_meant: bool = False,
) -> Message:
    """Queue a free text for delivery; it reopens a closed conversation and claims an unassigned one.

    When a colleague has answered after `seen_seq`, the last thing this agent had on screen, the message is kept with
    status HELD instead: only its author sees it, and `confirm_held` or `drop_held` decides. `confirm` skips that.
    A gap that a saved reply left is refused once; `gaps_meant` sends it as it stands.
    """
    cleaned = words.clean(text).strip()
    lock_for_writing(conversation, by)
    known = existing(conversation, uid, by)
    if known is not None:
        if isinstance(by, Agent):
            drafts.settle_draft(by, conversation, known.text, is_new=False)
        is_held = known.status == MessageStatus.HELD and isinstance(by, Agent)
        return confirm_held(known, by=by) if confirm and is_held else known  # type: ignore[arg-type]
    if formatting.is_blank(cleaned):
        raise EmptyMessage
    if len(cleaned) > TEXT_LIMIT:
        raise TextTooLong(TEXT_LIMIT)
    if not gaps_meant and (gaps := saved_reply_places.gaps(cleaned)):
        raise UnfilledGap(gaps[0])
    require_open_window(conversation)
    if quoted is not None and quoted.conversation_id != conversation.pk:
        raise NotAllowed
    return _queue_or_hold(
        conversation, by=by, uid=uid, kind=MessageKind.TEXT, text=cleaned, seen_seq=seen_seq, quoted=quoted,
        confirm=confirm,
    )  # fmt: skip


@transaction.atomic
def send_structured(
    conversation: Conversation, *, by: Agent, parts: Parts, uid: uuid.UUID | str, seen_seq: int | None = None,
    quoted: Message | None = None, confirm: bool = False,
) -> Message:  # fmt: skip
    """Queue a place, contact cards or a question with answers to tap. All rules of a reply."""
    lock_for_writing(conversation, by)
    known = existing(conversation, uid, by)
    if known is not None:
        return confirm_held(known, by=by) if confirm and known.status == MessageStatus.HELD else known
    require_open_window(conversation)
    if quoted is not None and quoted.conversation_id != conversation.pk:
        raise NotAllowed
    return _queue_or_hold(
        conversation, by=by, uid=uid, kind=parts.kind, text=parts.text, data=parts.data, seen_seq=seen_seq,
        quoted=quoted, confirm=confirm,
    )  # fmt: skip


@transaction.atomic
def confirm_held(message: Message, *, by: Agent) -> Message:
    """Send what was held back, now that its author has seen the colleague's answer. Rules are asked again."""
    conversation = message.conversation
    lock_for_writing(conversation, by)
    message = _held_of(conversation, message, by)
    if message.status != MessageStatus.HELD:
        return message
    sent = sending_files.release(sending_files.sent_together(message), conversation)
    return next(each for each in sent if each.pk == message.pk)


@transaction.atomic
def drop_held(message: Message, *, by: Agent, keep: bool = True) -> str:
    """Take a held message back: its files go into the composer again, and its text, before what was typed since.

    Returns that text. Without `keep` files and text are dropped for good; the text is returned all the same.
    """
    conversation = locks.lock(message.conversation)
    message = _held_of(conversation, message, by)
    if message.status != MessageStatus.HELD:
        raise InboxRuleViolation(_("This message has already been sent."))
    if message.kind in BUILT_KINDS:
        message.delete()
        return ""
    said = sending_files.take_back(sending_files.sent_together(message), by, keep_files=keep)
    if keep:
        typed = drafts.draft_for(by, conversation)
        said = f"{said}\n{typed}" if typed else said
        drafts.save_draft(by, conversation, DraftKind.REPLY, said)
    return said


@transaction.atomic
def send_again(message: Message, *, by: Agent, uid: uuid.UUID | str) -> Message:
    """Send a failed or unconfirmed message once more, as a new one. A second click finds the first one's message."""
    conversation = message.conversation
    lock_for_writing(conversation, by)
    message = Message.objects.select_related("template").get(pk=message.pk, conversation=conversation)
    known = existing(conversation, uid, by) or message.resends.exclude(status=MessageStatus.FAILED).first()
    if known is not None:
        return known
    is_open = message.status in (MessageStatus.FAILED, MessageStatus.UNKNOWN)
    if message.direction != Direction.OUT or not is_open or message.is_reaction:
        raise InboxRuleViolation(_("This message has already been sent."))
    if message.status == MessageStatus.UNKNOWN and not _is_in_doubt(message):
        raise InboxRuleViolation(_("WhatsApp may still confirm this message. Please wait a few minutes."))
    message.conversation = conversation
    with events.gathered():
        again = _repeated(message, conversation, by=by, uid=uid)
        events.message_changed(message)  # it says so, and offers it no more
    return again


def _repeated(message: Message, conversation: Conversation, *, by: Agent, uid: uuid.UUID | str) -> Message:
    if message.kind == MessageKind.TEMPLATE:
        return sending_templates.repeat(message, conversation, by=by, uid=uid)
    require_open_window(conversation)
    again = new_message(
        conversation, by=by, uid=uid, kind=message.kind, text=message.text, data=message.data, resend_of=message,
        quoted_id=message.quoted_id, quoted_wamid=message.quoted_wamid,
    )  # fmt: skip
    sending_files.attach_again(again, message)
    put_in_thread(again, keeps_draft=True)
    return again


def _queue_or_hold(
    conversation: Conversation, *, by: Actor, seen_seq: int | None, quoted: Message | None, confirm: bool, **fields: Any
) -> Message:
    """Into the thread, or aside while a colleague's newer answer has not been seen by the author."""
    held = not confirm and colleague_answered(conversation, by, seen_seq)
    message = new_message(
        conversation, by=by, seen_seq=seen_seq, quoted=quoted, quoted_wamid=quoted.wamid if quoted else "",
        status=MessageStatus.HELD if held else MessageStatus.QUEUED, **fields,
    )  # fmt: skip
    if held:
        conversation.save(update_fields=["seq"])
        if message.kind == MessageKind.TEXT and isinstance(by, Agent):
            drafts.settle_draft(by, conversation, message.text)  # the held message keeps the text now
    else:
        put_in_thread(message)
    return message


def _is_in_doubt(message: Message) -> bool:
    """Long enough without a word of Meta's that a person may decide."""
    since = message.unknown_since or message.created_at
    return message.error_code is not None or since <= timezone.now() - IN_DOUBT_AFTER


def _held_of(conversation: Conversation, message: Message, by: Agent) -> Message:
    """The row as it is now; a held message is its author's alone."""
    found = Message.objects.select_for_update().filter(pk=message.pk, conversation=conversation).first()
    if found is None or found.author_id != by.pk:
        raise NotAllowed
    return found
