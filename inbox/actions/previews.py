"""What is made of a file, kept beside it: small pictures, pages, a waveform, a copy that every browser plays.

Made in the background, best before anybody hears of the file. A file of which nothing can be made is shown as it is.
"""

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.files import File
from django.db import transaction
from django.utils import timezone

from inbox import events
from inbox.actions.locks import locked_message
from inbox.enums import AttachmentState
from inbox.media.made import Made
from inbox.media.making import made_of
from inbox.models import Attachment, Message, Rendition
from whatsapp.media_types import PICTURES

PREPARED = {*PICTURES, "video/mp4", "video/3gpp", "audio/ogg", "audio/mpeg", "audio/mp4", "audio/aac", "audio/amr",
            "application/pdf"}  # fmt: skip
CHUNK = 256 * 1024


@dataclass
class Prepared:
    """What to write into the row, and the files that already lie in our storage."""

    fields: dict[str, Any]
    renditions: list[Rendition]

    def keep(self, attachment: Attachment) -> None:
        """Inside the transaction that has this attachment's message locked."""
        Attachment.objects.filter(pk=attachment.pk).update(prepared_at=timezone.now(), **self.fields)
        for rendition in self.renditions:
            rendition.attachment = attachment
        Rendition.objects.bulk_create(self.renditions)

    def discard(self) -> None:
        for rendition in self.renditions:
            rendition.file.storage.delete(rendition.file.name or "")


@contextmanager
def prepared(source: Path, mime_type: str) -> Iterator[Prepared]:
    """Make what this file needs. The files are taken away again when the block fails."""
    if mime_type not in PREPARED:
        yield Prepared({}, [])
        return
    with made_of(source, mime_type) as made:
        result = Prepared(_fields(made), _stored(made))
    try:
        yield result
    except BaseException:
        result.discard()
        raise


def prepare_attachment(attachment: Attachment) -> bool:
    """Make the previews of a file that is here; True when they are now. Does nothing when that was done before."""
    if attachment.state != AttachmentState.READY or attachment.prepared_at is not None or not attachment.file:
        return False
    with tempfile.NamedTemporaryFile(prefix="tresen-file-") as copy:
        with attachment.file.open("rb") as stored:
            while chunk := stored.read(CHUNK):
                copy.write(chunk)
        copy.flush()
        with prepared(Path(copy.name), attachment.mime_type) as found:
            is_kept = _keep(attachment, found)
    if not is_kept:
        found.discard()
    return is_kept


def _keep(attachment: Attachment, found: Prepared) -> bool:
    with transaction.atomic():
        message = locked_message(attachment)
        if message is None or not Attachment.objects.filter(pk=attachment.pk, prepared_at=None).exists():
            return False
        found.keep(attachment)
        note_length(message, attachment, found.fields.get("seconds"))
        events.message_changed(message)
    return True


def note_length(message: Message, attachment: Attachment, seconds: float | None) -> None:
    """How long a voice message is belongs to what the list says of it."""
    if seconds is None or not attachment.is_voice:
        return
    length = max(1, round(seconds))
    message.data = {**message.data, "seconds": length}
    message.save(update_fields=["data"])
    conversation = message.conversation
    if conversation.preview.get("uid") == str(message.uid):
        conversation.preview = {**conversation.preview, "seconds": length}
        conversation.save(update_fields=["preview"])


def _fields(made: Made) -> dict[str, Any]:
    """Only what is known now; the rest stays as it was."""
    found = {
        "seconds": made.seconds, "peaks": made.peaks, "page_count": made.page_count, "width": made.width,
        "height": made.height, "is_animated": made.is_animated or None,
    }  # fmt: skip
    return {name: value for name, value in found.items() if value is not None}


def _stored(made: Made) -> list[Rendition]:
    found = Prepared({}, [])
    try:
        for each in made.files:
            rendition = Rendition(
                kind=each.kind, number=each.number, mime_type=each.mime_type, size=each.path.stat().st_size,
                width=each.width, height=each.height,
            )  # fmt: skip
            with each.path.open("rb") as content:
                rendition.file.save(secrets.token_hex(16), File(content), save=False)
            found.renditions.append(rendition)
    except BaseException:
        found.discard()
        raise
    return found.renditions
