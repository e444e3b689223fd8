"""Files in an agent's composer: checked, kept like the draft's text, and gone once they are sent or removed.

    keep        what the browser posts becomes an Upload
    put_in      a file that is in our storage already (a saved reply's, one to forward) becomes one, without a copy
    uploads_of  what lies in this agent's composer, in order
    discard     takes one out

Rows share stored files with each other and with attachments, so a file is deleted only with its last row.
"""

import hashlib
import logging
import secrets
import tempfile
import uuid
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, Protocol

from django.core.files import File
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Agent
from inbox import storage
from inbox.actions import recordings
from inbox.actions.outgoing import parsed_uid, require_writable
from inbox.errors import FileOnlyAsDocument, FileRefused
from inbox.file_names import JOINERS, shortened
from inbox.models import Attachment, Conversation, Message, SavedReplyFile, Upload
from whatsapp import sendable
from whatsapp.models import TemplateHeaderMedia
from whatsapp.sendable import NotSendable

logger = logging.getLogger(__name__)

MOST_FILES = 30  # in one composer
HOLDERS = (Upload, Attachment, SavedReplyFile, TemplateHeaderMedia)  # whose rows name stored files
KEPT_FOR = timedelta(days=14)
CHUNK = 256 * 1024
VERDICT = ("kind", "file_name", "mime_type", "is_inline", "is_animated", "width", "height", "note")
FACTS = ("kind", "file_name", "mime_type", "is_inline", "is_animated", "size", "width", "height", "sha256",
         "seconds", "peaks")  # fmt: skip


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def keep(
    conversation: Conversation, *, by: Agent, uid: uuid.UUID | str, name: str, source: Readable, position: int = 0,
    as_document: bool = False, is_voice: bool = False,
) -> Upload:
    """Check what `source` holds and keep it in this agent's composer; the same uid again is the same file.

    A recording (`is_voice`) becomes a voice message, whatever the browser made it. Raises FileRefused with the sentence
    that says what WhatsApp takes. At most 100 MB are read.
    """
    key = parsed_uid(uid)
    _require_place(conversation, by, key)
    if (known := Upload.objects.filter(agent=by, uid=key).first()) is not None:
        return _same_place(known, conversation)
    with tempfile.NamedTemporaryFile(prefix="tresen-upload-") as file:
        size = _copy(source, file)
        if is_voice:
            file.flush()
            with recordings.voice_message(Path(file.name)) as (body, facts):
                return _stored(conversation, by, key, body, position, facts)
        try:
            verdict = sendable.judge(file, size, clean_name(name), as_document=as_document)
        except NotSendable as problem:
            raise (FileOnlyAsDocument if problem.as_document else FileRefused)(problem.sentence) from problem
        with verdict.file as body:
            facts = {name: getattr(verdict, name) for name in VERDICT}
            return _stored(conversation, by, key, body, position, facts)


def put_in(
    conversation: Conversation, *, by: Agent, like: Attachment | Upload | SavedReplyFile,
    uid: uuid.UUID | str | None = None, position: int = 0,
) -> Upload:
    """Put a file that was checked before into this agent's composer. The stored file is shared, not copied."""
    key = parsed_uid(uid) if uid is not None else uuid.uuid4()
    _require_place(conversation, by, key)
    upload, _made = Upload.objects.get_or_create(
        agent=by, uid=key,
        defaults={
            **facts_of(like), "workspace_id": conversation.workspace_id, "conversation": conversation,
            "position": position, "file": like.file.name,
        },
    )
    return _same_place(upload, conversation)


def uploads_of(agent: Agent, conversation: Conversation) -> list[Upload]:
    """The files in this agent's composer, in order."""
    return list(Upload.objects.in_composer(agent, conversation).order_by("position", "pk")[:MOST_FILES])


def discard(upload: Upload) -> None:
    """Take a file out of the composer."""
    upload.delete()


def forget_files(names: Iterable[str]) -> None:
    """Delete stored files that no row names any more, once the transaction has committed.

    Called whenever a row that named one goes (inbox.receivers), also with its message, conversation or contact.
    """
    field = Upload._meta.get_field("file")

    def delete() -> None:
        for name in filter(None, names):
            if not any(model._default_manager.filter(file=name).exists() for model in HOLDERS):
                field.storage.delete(name)

    transaction.on_commit(delete, robust=True)


def forget_old() -> None:
    """Delete what has been lying in composers for two weeks, or belongs to nothing that may still be sent; nightly."""
    before = timezone.now() - KEPT_FOR
    left = Q(scheduled=None) | Q(scheduled__ended_at__lt=before)
    while old := list(Upload.objects.filter(left, created_at__lt=before).order_by("created_at")[:200]):
        forget(old)


def forget(uploads: Iterable[Upload]) -> None:
    Upload.objects.filter(pk__in=[upload.pk for upload in uploads]).delete()


def facts_of(file: Attachment | Upload | SavedReplyFile) -> dict[str, Any]:
    """What an Upload says about a stored file."""
    facts = {name: getattr(file, name) for name in FACTS}
    return facts | {"kind": "voice"} if getattr(file, "is_voice", False) else facts


def clean_name(name: str) -> str:
    """The file's own name, without a path and what cannot be shown."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(char for char in last if char.isprintable() or char in JOINERS).strip(f" {JOINERS}")
    return shortened(kept, 200) or str(_("File"))


def _require_place(conversation: Conversation, by: Agent, key: uuid.UUID) -> None:
    require_writable(conversation)
    if reason := storage.no_room(by.workspace):
        raise FileRefused(reason)
    if Message.objects.filter(conversation=conversation, uid=key).exists():
        raise FileRefused(_("This file has already been sent."))
    if Upload.objects.in_composer(by, conversation).exclude(uid=key).count() >= MOST_FILES:
        raise FileRefused(_("At most %(count)s files at once. Send these first.") % {"count": MOST_FILES})


def _same_place(upload: Upload, conversation: Conversation) -> Upload:
    if upload.conversation_id != conversation.pk:
        raise FileRefused(_("This page is out of date. Please reload it."))
    return upload


def _copy(source: Readable, file: IO[bytes]) -> int:
    """Into our own file, piece by piece; more than Meta ever takes is not read."""
    size = 0
    while chunk := source.read(CHUNK):
        size += len(chunk)
        if size > sendable.MOST_BYTES:
            break
        file.write(chunk)
    return size


def _stored(
    conversation: Conversation, by: Agent, key: uuid.UUID, body: IO[bytes], position: int, facts: dict[str, Any]
) -> Upload:
    body.seek(0)
    digest = hashlib.file_digest(body, "sha256").hexdigest()  # type: ignore[arg-type]
    size = body.tell()
    body.seek(0)
    upload = Upload(
        workspace_id=conversation.workspace_id, conversation=conversation, agent=by, uid=key, position=position,
        size=size, sha256=digest, **facts,
    )  # fmt: skip
    upload.file.save(secrets.token_hex(16), File(body), save=False)
    try:
        with transaction.atomic():
            upload.save()
    except BaseException as error:
        upload.file.storage.delete(upload.file.name or "")
        if isinstance(error, IntegrityError) and (known := Upload.objects.filter(agent=by, uid=key).first()):
            return _same_place(known, conversation)  # the same file was posted twice at once
        raise
    return upload
