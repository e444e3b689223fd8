"""A conversation on paper or in a text file: who said what when, files by their names. No tools, no marks, no media."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from django.db.models import QuerySet
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from accounts.models import Agent
from accounts.models.api_token import shown_name
from inbox import formatting
from inbox.enums import Direction, MessageStatus, Via
from inbox.in_words import in_words
from inbox.models import Attachment, Conversation, Message, Note
from inbox.rows import kind_label
from whatsapp.phone_format import pretty

PRINTED = 3_000  # entries on one page; the text file holds all
CHUNK = 500
QUOTED = 160  # characters of a message that another one answers


@dataclass(frozen=True)
class File:
    """A file by its name; `path` where it lies beside the transcript."""

    name: str
    path: str = ""
    is_picture: bool = False


@dataclass(frozen=True)
class Entry:
    """One message or note."""

    at: datetime
    who: str
    text: str
    files: list[File]
    is_note: bool = False
    is_ours: bool = False


Paths = Mapping[int, str]  # attachment → where it lies beside the transcript


def newest_entries(
    conversation: Conversation, *, notes: bool, most: int = PRINTED, paths: Paths = MappingProxyType({})
) -> tuple[list[Entry], bool]:
    """The last ones in order, and whether there are older ones."""
    messages = list(_messages(conversation).order_by("-occurred_at", "-seq")[: most + 1])
    found = [_of_message(message, conversation, paths) for message in reversed(messages[:most])]
    if notes:
        found += [_of_note(note) for note in _notes(conversation).order_by("-occurred_at", "-seq")[:most]]
    return sorted(found, key=lambda entry: entry.at), len(messages) > most


def as_text(
    conversation: Conversation, *, by: Agent, notes: bool, paths: Paths = MappingProxyType({})
) -> Iterator[str]:
    """The whole conversation, a piece at a time."""
    yield from _head(conversation, by)
    aside = [_of_note(note) for note in _notes(conversation).order_by("occurred_at", "seq")] if notes else []
    for message in _messages(conversation).order_by("occurred_at", "seq").iterator(chunk_size=CHUNK):
        entry = _of_message(message, conversation, paths)
        while aside and aside[0].at <= entry.at:
            yield _line(aside.pop(0))
        yield _line(entry)
    yield from map(_line, aside)


def text_of(conversation: Conversation, entries: Iterable[Entry], *, by: Agent) -> str:
    """The same of entries that are there already."""
    return "".join([*_head(conversation, by), *map(_line, entries)])


def _head(conversation: Conversation, by: Agent) -> Iterator[str]:
    name, phone = conversation.contact.display_name, conversation.contact.phone
    yield _("Conversation with %(name)s") % {"name": f"{name} ({pretty(phone)})" if phone else name} + "\r\n"
    yield f"{conversation.workspace.name} · {conversation.phone_number}\r\n"
    yield _("Exported by %(name)s, %(when)s") % {"name": by.name, "when": _when(timezone.now())} + "\r\n\r\n"


def _line(entry: Entry) -> str:
    who = f"{entry.who} ({_('Internal note')})" if entry.is_note else entry.who
    lines = [f"[{_when(entry.at)}] {who}: {entry.text}", *(f"    [{file.path or file.name}]" for file in entry.files)]
    return "\r\n".join(lines).replace("\n", "\r\n").replace("\r\r", "\r") + "\r\n"


def _when(at: datetime) -> str:
    return formats.date_format(timezone.localtime(at), "SHORT_DATETIME_FORMAT")


def _messages(conversation: Conversation) -> QuerySet[Message]:
    return (
        conversation.messages.exclude(status=MessageStatus.HELD)
        .select_related("author", "sender_contact", "template", "quoted")
        .prefetch_related("attachments", "sender_contact__identities")
    )


def _notes(conversation: Conversation) -> QuerySet[Note]:
    return conversation.notes.select_related("author")


def _of_note(note: Note) -> Entry:
    return Entry(note.occurred_at, note.author_name or "–", note.text, [], is_note=True, is_ours=True)


def _of_message(message: Message, conversation: Conversation, paths: Paths) -> Entry:
    files = [
        File(file.file_name or kind_label(message.kind), paths.get(file.pk, ""), _is_picture(file))
        for file in message.attachments.all() if not message.deleted_at
    ]  # fmt: skip
    return Entry(
        message.occurred_at, _who(message, conversation), _words(message, bool(files)), files,
        is_ours=message.direction == Direction.OUT,
    )  # fmt: skip


def _is_picture(file: Attachment) -> bool:
    return file.is_inline and file.kind == "image"


def _who(message: Message, conversation: Conversation) -> str:
    if message.direction == Direction.IN:
        return (message.sender_contact or conversation.contact).display_name
    if message.author is not None:
        return message.author.name
    if name := message.data.get("api", {}).get("name"):
        return shown_name(name)
    return str(Via(message.via).label) if message.via in Via.values else conversation.workspace.name


def _words(message: Message, has_files: bool) -> str:
    if message.deleted_at:
        return _("This message was deleted")
    words = "\n".join(in_words(message))
    if message.edited_at is not None:
        words = f"{words} ({_('edited')})"
    if message.status == MessageStatus.FAILED:
        words = f"{words} ({_('Not delivered')})"
    words = words or ("" if has_files else kind_label(message.kind))
    quoted = _quoted(message)
    return f"> {quoted}\n{words}" if quoted else words


def _quoted(message: Message) -> str:
    """The message that it answers, on one line."""
    if message.quoted is None:
        return _("The quoted message is not available") if message.quoted_wamid else ""
    if message.quoted.deleted_at is not None:
        return _("This message was deleted")
    words = formatting.to_line(message.quoted.text or str(message.quoted.data.get("file_name") or ""))
    return words[:QUOTED] or kind_label(message.quoted.kind)
