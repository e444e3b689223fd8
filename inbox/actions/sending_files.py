"""Agents send files: each becomes a message of its own, in order, with the words where WhatsApp shows them.

The words are the caption of the last file when that takes one and they fit; else they follow as a message of their
own. What one post sends belongs together (`data["batch"]`): held back by a colleague's answer, it is confirmed or
taken back as a whole.
"""

import uuid
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import Agent
from inbox import events, jobs, saved_reply_places
from inbox import text as words
from inbox.actions import drafts
from inbox.actions.outgoing import (
    colleague_answered,
    existing,
    lock_for_writing,
    new_message,
    parsed_uid,
    put_in_thread,
    require_open_window,
)
from inbox.actions.uploads import FACTS, MOST_FILES, facts_of
from inbox.enums import CAPTIONED_KINDS, AttachmentState, MessageKind, MessageStatus
from inbox.errors import FilesGone, NotAllowed, TextTooLong, UnfilledGap
from inbox.models import Attachment, Conversation, Message, Upload
from whatsapp import errors

CAPTION_LIMIT = 1024
TEXT_LIMIT = 4096
# After these the file has to be uploaded anew: Meta had something against it or has lost it.
ABOUT_THE_FILE = {100, 131008, 131009, 131052, 131053, errors.NO_HEADER_FILE}


@transaction.atomic
def send_files(
    conversation: Conversation, *, by: Agent, files: Sequence[uuid.UUID | str], text: str = "", uid: uuid.UUID | str,
    seen_seq: int | None = None, quoted: Message | None = None, confirm: bool = False, gaps_meant: bool = False,
) -> list[Message]:
    """Queue the named Uploads of this agent's composer, each as a message of the same uid, and the text with them.

    `uid` is the text's, should it need a message of its own. The same files again are the same messages. Rules and
    holding back as for a text (replying.send_reply).
    """
    cleaned = words.clean(text).strip()
    lock_for_writing(conversation, by)
    wanted = [parsed_uid(each) for each in files]
    known = [message for key in (*wanted, uid) if (message := existing(conversation, key, by)) is not None]
    if known:
        drafts.settle_draft(by, conversation, cleaned, is_new=False)
        return release(known, conversation) if confirm else known
    uploads = claimed(conversation, by, wanted)
    if len(cleaned) > TEXT_LIMIT:
        raise TextTooLong(TEXT_LIMIT)
    if not gaps_meant and (gaps := saved_reply_places.gaps(cleaned)):
        raise UnfilledGap(gaps[0])
    require_open_window(conversation)
    if quoted is not None and quoted.conversation_id != conversation.pk:
        raise NotAllowed
    is_held = not confirm and colleague_answered(conversation, by, seen_seq)
    status = MessageStatus.HELD if is_held else MessageStatus.QUEUED
    made = as_messages(uploads, cleaned, conversation, by=by, uid=uid, quoted=quoted, seen_seq=seen_seq, status=status)
    if is_held:
        conversation.save(update_fields=["seq"])
        drafts.settle_draft(by, conversation, cleaned)  # the held messages keep text and files now
        return made
    return _shown(made)


def as_messages(
    uploads: Sequence[Upload], text: str, conversation: Conversation, *, by: Agent, uid: uuid.UUID | str,
    quoted: Message | None, **fields: Any,
) -> list[Message]:  # fmt: skip
    """Store the uploads' messages, and the text with the last or after it; the uploads are no more."""
    caption = text if _may_carry(uploads[-1].kind, text) else ""
    made = []
    for upload in uploads:
        answers = quoted if upload is uploads[0] else None
        message = new_message(
            conversation, by=by, uid=upload.uid, kind=MessageKind(upload.kind), quoted=answers,
            quoted_wamid=answers.wamid if answers else "", data=_data(upload, uid),
            text=caption if upload is uploads[-1] else "", **fields,
        )  # fmt: skip
        attach(message, upload)
        made.append(message)
    if text and not caption:
        made.append(new_message(
            conversation, by=by, uid=uid, kind=MessageKind.TEXT, text=text, data={"batch": str(uid)}, **fields
        ))  # fmt: skip
    Upload.objects.filter(pk__in=[upload.pk for upload in uploads]).delete()
    return made


def attach(message: Message, file: Attachment | Upload, *, keep_media_id: bool = False) -> Attachment:
    """Give a message a file that is in our storage: an Upload's, or another message's (to send it again, or on)."""
    again = {}
    if isinstance(file, Attachment) and keep_media_id:
        again = {"media_id": file.media_id, "media_expires_at": file.media_expires_at}
    facts = {name: getattr(file, name) for name in FACTS}
    if is_voice := message.kind == MessageKind.VOICE:
        facts["kind"] = MessageKind.AUDIO
    attachment = Attachment.objects.create(
        message=message, file=file.file.name, state=AttachmentState.READY, is_voice=is_voice, **facts, **again
    )
    jobs.enqueue(jobs.prepare_attachment, attachment.pk, queue="attachments")
    return attachment


def attach_again(message: Message, earlier: Message) -> None:
    """The file of a message that is sent once more; uploaded anew when it was the file that Meta refused."""
    for file in earlier.attachments.exclude(file=""):
        attach(message, file, keep_media_id=earlier.error_code not in ABOUT_THE_FILE)


def sent_together(message: Message) -> list[Message]:
    """The messages of the same post, in order, with their files; a text alone is alone."""
    if not (batch := message.data.get("batch")):
        return [message]
    together = Message.objects.filter(
        conversation_id=message.conversation_id, author_id=message.author_id, seq__gte=message.seq - MOST_FILES,
        seq__lte=message.seq + MOST_FILES, data__batch=batch,
    )  # fmt: skip
    return list(together.order_by("seq").prefetch_related("attachments"))


def take_back(messages: Sequence[Message], by: Agent, *, keep_files: bool = True) -> str:
    """Undo what was held: the files lie in the composer again, under new uids; returns the words."""
    for position, message in enumerate(messages):
        for file in message.attachments.all() if keep_files else ():
            Upload.objects.create(
                workspace_id=message.workspace_id, conversation_id=message.conversation_id, agent=by,
                position=position, file=file.file.name, **facts_of(file),
            )  # fmt: skip
    said = "\n".join(message.text for message in messages if message.text)
    Message.objects.filter(pk__in=[message.pk for message in messages]).delete()  # and what no Upload names
    return said


def release(messages: Sequence[Message], conversation: Conversation) -> list[Message]:
    """Queue what was held. The caller holds the conversation's lock and has asked the rules."""
    held = [message for message in messages if message.status == MessageStatus.HELD]
    if held:
        require_open_window(conversation)
    for message in held:
        message.conversation = conversation
        message.status, message.occurred_at, message.seq = MessageStatus.QUEUED, timezone.now(), conversation.next_seq()
        message.save(update_fields=["status", "occurred_at", "seq"])
    _shown(held, keeps_draft=True)
    return list(messages)


def _shown(messages: list[Message], *, keeps_draft: bool = False) -> list[Message]:
    """The words go with the last one."""
    with events.gathered():
        for message in messages:
            put_in_thread(message, keeps_draft=keeps_draft or message is not messages[-1])
    return messages


def claimed(conversation: Conversation, by: Agent, wanted: Sequence[uuid.UUID]) -> list[Upload]:
    """The rows in the order wanted; all of them, or none is sent."""
    rows = Upload.objects.in_composer(by, conversation).select_for_update().filter(uid__in=wanted)
    found = {upload.uid: upload for upload in rows}
    if not wanted or len(found) != len(wanted):
        raise FilesGone
    return [found[key] for key in wanted]


def _may_carry(kind: str, caption: str) -> bool:
    return kind in CAPTIONED_KINDS and len(caption) <= CAPTION_LIMIT


def _data(upload: Upload, batch: uuid.UUID | str) -> dict[str, Any]:
    data: dict[str, Any] = {"batch": str(batch)}
    if upload.kind == MessageKind.DOCUMENT:
        data["file_name"] = upload.file_name
    if upload.kind == MessageKind.VOICE and upload.seconds:
        data["seconds"] = max(1, round(upload.seconds))
    return data
