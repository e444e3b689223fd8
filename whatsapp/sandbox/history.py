"""Put a past into the phone's tables before it starts: what customers and business wrote to each other so far.

For the demo workspace, whose conversations would otherwise be unknown to the phone, and every reply to them outside
its window. A phone that is running has read its tables already and does not see it.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from whatsapp.sandbox.media_api import record_file
from whatsapp.sandbox.models import PhoneDocument, PhoneMessage
from whatsapp.sandbox.seeds import NUMBER_ID, PORTFOLIO_ID
from whatsapp.sandbox.state import Customer, Media, Message, to_dict


@dataclass
class PastMessage:
    """One message as the phone shows it. `file` is its content with type and name, for media."""

    wamid: str
    direction: str  # in, out
    at: float
    type: str
    content: dict[str, Any]
    status: str = "received"
    times: dict[str, float] = field(default_factory=dict)
    error: int = 0
    quoted: str = ""
    category: str = "service"
    reactions: dict[str, str] = field(default_factory=dict)
    file: tuple[bytes, str, str] | None = None


@dataclass
class PastChat:
    """A customer with what was said, oldest first."""

    key: str
    name: str
    phone: str
    username: str = ""
    bsuid: str = ""
    messages: list[PastMessage] = field(default_factory=list)


def folder(data_folder: Path) -> Path:
    """Where the phone keeps its files."""
    return data_folder / "practice-phone"


def store(chats: Iterable[PastChat], files: Path) -> None:
    """Write these chats, in the caller's transaction; files go to the folder."""
    documents, messages = [], []
    for chat in chats:
        customer = Customer(
            key=chat.key, name=chat.name, phone=chat.phone, username=chat.username,
            bsuids={PORTFOLIO_ID: chat.bsuid} if chat.bsuid else {},
            created_at=chat.messages[0].at if chat.messages else 0.0,
        )  # fmt: skip
        for past in chat.messages:
            if past.direction == "in":
                customer.inbound_at[NUMBER_ID] = past.at
            media = _store_file(past, files)
            if media:
                documents.append(_document("media", media.id, media))
            messages.append(_message(chat, past, media))
        documents.append(_document("customer", customer.key, customer))
    PhoneDocument.objects.bulk_create(documents, ignore_conflicts=True)
    PhoneMessage.objects.bulk_create(messages, ignore_conflicts=True)


def _store_file(past: PastMessage, files: Path) -> Media | None:
    if past.file is None:
        return None
    content, mime_type, name = past.file
    return record_file(files, NUMBER_ID, content, mime_type, inbound=past.direction == "in", name=name, at=past.at)


def _message(chat: PastChat, past: PastMessage, media: Media | None) -> PhoneMessage:
    content = past.content | ({"id": media.id, "mime_type": media.mime_type} if media else {})
    message = Message(
        wamid=past.wamid, direction=past.direction, customer=chat.key, number=NUMBER_ID, at=past.at, type=past.type,
        content=content, quoted=past.quoted, to=chat.phone if past.direction == "out" else "", status=past.status,
        times=past.times, error=past.error, category=past.category, reactions=past.reactions,
        business_read=past.direction == "in",
    )  # fmt: skip
    return PhoneMessage(
        wamid=past.wamid, direction=past.direction, customer=chat.key, accepted_at=past.at,
        data=json.dumps(to_dict(message)),
    )  # fmt: skip


def _document(kind: str, key: str, record: Any) -> PhoneDocument:
    return PhoneDocument(kind=kind, key=key, data=json.dumps(to_dict(record)))
