"""Files of saved replies: checked like any that an agent sends, kept, and put into a composer without a copy."""

import hashlib
import secrets
import tempfile
from collections.abc import Iterable
from typing import IO

from django.core.files import File
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from accounts.models import Agent
from inbox import storage
from inbox.actions import uploads
from inbox.errors import FileRefused
from inbox.models import Conversation, SavedReply, SavedReplyFile
from whatsapp import sendable
from whatsapp.sendable import NotSendable, Verdict

MOST_FILES = 5


def attach(reply: SavedReply, file: UploadedFile) -> SavedReplyFile:
    """Keep a file with this reply. Raises FileRefused with the sentence that says what WhatsApp takes."""
    if reply.files.count() >= MOST_FILES:
        raise FileRefused(_("At most %(count)s files come with a reply.") % {"count": MOST_FILES})
    if reason := storage.no_room(reply.workspace):
        raise FileRefused(reason)
    with tempfile.TemporaryFile(prefix="tresen-reply-") as source:
        for chunk in file.chunks():
            source.write(chunk)
        try:
            verdict = sendable.judge(source, file.size or 0, uploads.clean_name(file.name or ""))
        except NotSendable as problem:
            raise FileRefused(problem.sentence) from problem
        with verdict.file as body:
            return _stored(reply, verdict, body)


def _stored(reply: SavedReply, verdict: Verdict, body: IO[bytes]) -> SavedReplyFile:
    body.seek(0)
    digest = hashlib.file_digest(body, "sha256").hexdigest()  # type: ignore[arg-type]
    kept = SavedReplyFile(
        reply=reply, kind=verdict.kind, file_name=verdict.file_name, mime_type=verdict.mime_type,
        is_inline=verdict.is_inline, is_animated=verdict.is_animated, width=verdict.width, height=verdict.height,
        size=body.tell(), sha256=digest,
    )  # fmt: skip
    body.seek(0)
    kept.file.save(secrets.token_hex(16), File(body), save=False)
    kept.save()
    return kept


def share(files: Iterable[SavedReplyFile], reply: SavedReply) -> None:
    """The files of one reply come with its copy too."""
    SavedReplyFile.objects.bulk_create(
        SavedReplyFile(reply=reply, file=each.file.name, **uploads.facts_of(each)) for each in files
    )


def detach(files: Iterable[SavedReplyFile]) -> None:
    """They come along no more. What has been put into composers or sent stays there."""
    for each in files:
        each.delete()


def put_into(conversation: Conversation, reply: SavedReply, *, by: Agent) -> int:
    """Put this reply's files into the agent's composer, after those that lie there; how many."""
    position = len(uploads.uploads_of(by, conversation))
    files = list(reply.files.order_by("pk"))
    for offset, each in enumerate(files):
        uploads.put_in(conversation, by=by, like=each, position=position + offset)
    return len(files)
