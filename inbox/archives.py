"""A conversation with its files as one ZIP: a text, a page that shows it, and the files under names that say when.

What asks the database is done first; then the archive is written as it is sent, so that neither memory nor a disk holds
it as a whole. It is bounded: older files that have no room are counted in it, and not there.
"""

import io
import zipfile
from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models.fields.files import FieldFile
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.text import slugify

from accounts.models import Agent
from inbox import transcripts
from inbox.enums import MessageStatus
from inbox.file_names import name_on_disk
from inbox.models import Attachment, Conversation

MOST_BYTES = 2 * 1024**3
MOST_FILES = 5_000
MOST_ENTRIES = 20_000  # on the page; the text holds all
CHUNK = 256 * 1024


@dataclass(frozen=True)
class Enclosed:
    path: str
    file: FieldFile
    at: datetime


@dataclass(frozen=True)
class Archive:
    """Ready to be written."""

    name: str
    text: str
    page: str
    files: list[Enclosed]
    left_out: int

    @property
    def size(self) -> int:
        return sum(each.file.size for each in self.files)


def archive_of(conversation: Conversation, *, by: Agent, notes: bool) -> Archive:
    """Everything that this agent may take along; no file is opened yet."""
    found, left_out = _files(conversation)
    files, paths = [], {}
    for number, attachment in enumerate(reversed(found), 1):
        at = timezone.localtime(attachment.message.occurred_at)
        paths[attachment.pk] = path = f"files/{number:04d} {at:%Y-%m-%d} {name_on_disk(attachment)}"
        files.append(Enclosed(path, attachment.file, at))
    entries, is_cut = transcripts.newest_entries(conversation, notes=notes, most=MOST_ENTRIES, paths=paths)
    text = (
        "".join(transcripts.as_text(conversation, by=by, notes=notes, paths=paths)) if is_cut
        else transcripts.text_of(conversation, entries, by=by)
    )  # fmt: skip
    context = {"conversation": conversation, "entries": entries, "is_cut": is_cut, "left_out": left_out}
    return Archive(
        f"{slugify(conversation.contact.display_name) or 'conversation'}-{timezone.localdate()}",
        text, render_to_string("inbox/transcripts/archive.html", context), files, left_out,
    )  # fmt: skip


def written(archive: Archive) -> Generator[bytes]:
    """The bytes of the ZIP, as they come. A file that has gone meanwhile is not in it."""
    sink = _Sink()
    now = timezone.localtime()
    with zipfile.ZipFile(sink, "w") as packed:
        for ending, words in (("html", archive.page), ("txt", "\ufeff" + archive.text)):
            packed.writestr(_entry(f"{archive.name}/{archive.name}.{ending}", now, zipfile.ZIP_DEFLATED), words)
        yield sink.taken()
        for each in archive.files:
            try:
                source = each.file.storage.open(each.file.name or "", "rb")
            except OSError:
                continue
            # Pictures and films are packed already.
            with source, packed.open(_entry(f"{archive.name}/{each.path}", each.at, zipfile.ZIP_STORED), "w") as target:
                while chunk := source.read(CHUNK):
                    target.write(chunk)
                    yield sink.taken()
    yield sink.taken()


def _files(conversation: Conversation) -> tuple[list[Attachment], int]:
    """The newest ones that there is room for, newest first, and how many are left out or gone."""
    attachments = (
        Attachment.objects.filter(message__conversation=conversation, message__deleted_at=None)
        .exclude(message__status=MessageStatus.HELD).select_related("message")
        .only("kind", "file_name", "mime_type", "size", "file", "created_at", "message__occurred_at")
        .order_by("-message__occurred_at", "-message__seq", "pk")
    )  # fmt: skip
    found: list[Attachment] = []
    room, left_out = MOST_BYTES, 0
    for attachment in attachments.iterator(chunk_size=500):
        is_there = bool(attachment.file) and attachment.file.storage.exists(attachment.file.name or "")
        if not is_there or len(found) >= MOST_FILES or attachment.size > room:
            left_out += 1
            continue
        room -= attachment.size
        found.append(attachment)
    return found, left_out


def _entry(path: str, at: datetime, packing: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(path, date_time=at.timetuple()[:6])
    entry.compress_type = packing
    entry.external_attr = 0o644 << 16
    return entry


class _Sink(io.RawIOBase):
    """What the ZIP is written to: there is no way back, so sizes stand behind each file."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: Any) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        """What has been written since the last time."""
        data = b"".join(self._pieces)
        self._pieces.clear()
        return data
