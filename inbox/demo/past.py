"""Tells the practice phone what the demo workspace's conversations already hold, so that both show the same chat."""

import re
from datetime import datetime
from typing import Any

from django.conf import settings

from accounts.models import Workspace
from inbox.enums import Direction, MessageKind
from inbox.models import Attachment, Contact, Conversation, Message
from whatsapp.sandbox import history, seeds

TIMES = ("sent", "delivered", "read", "failed")
MEDIA_KINDS = {"image", "video", "audio", "voice", "document", "sticker"}
HIDDEN_PHONE = "49176041{:05d}"  # WhatsApp knows a phone of everybody; ours does not where a username hides it


def give_past_to_phone(workspace: Workspace) -> None:
    """Write every conversation into the phone's tables. In the transaction that makes the workspace."""
    chats = Conversation.objects.filter(workspace=workspace).select_related("contact").order_by("pk")
    files = history.folder(settings.DATA_DIR)
    history.store([_chat(conversation) for conversation in chats.prefetch_related("contact__identities")], files)


def phone_key_of(contact: Contact) -> str:
    """Under which key the phone knows this customer when `give_past_to_phone` told it."""
    for key, _name, phone, _username, bsuid in seeds.CUSTOMERS:
        if (contact.phone and contact.phone == phone) or (contact.bsuid and contact.bsuid == bsuid):
            return key
    return f"c{contact.phone}" if contact.phone else re.sub(r"[^a-z0-9]", "-", contact.username) or f"k{contact.pk}"


def _chat(conversation: Conversation) -> history.PastChat:
    contact = conversation.contact
    key = phone_key_of(contact)
    seeded = next((phone for known, _n, phone, _u, _b in seeds.CUSTOMERS if known == key), "")
    messages = conversation.messages.order_by("occurred_at", "seq").select_related("template", "quoted")
    return history.PastChat(
        key=key,
        name=contact.profile_name,
        phone=contact.phone or seeded or HIDDEN_PHONE.format(contact.pk),
        username=contact.username,
        bsuid=contact.bsuid,
        messages=[_message(message) for message in messages.prefetch_related("attachments", "reactions")],
    )


def _message(message: Message) -> history.PastMessage:
    reached = {name: getattr(message, f"{name}_at") for name in TIMES}
    attachment = message.attachments.first()
    kind, content = _content(message, attachment)
    return history.PastMessage(
        wamid=message.wamid,
        direction=str(message.direction),
        at=message.occurred_at.timestamp(),
        type=kind,
        content=content,
        status=str(message.status),
        times={name: at.timestamp() for name, at in reached.items() if isinstance(at, datetime)},
        error=message.error_code or 0,
        quoted=message.quoted.wamid if message.quoted else message.quoted_wamid,
        category=message.template.category.lower() if message.template else "service",
        reactions={"out" if one.contact_id is None else "in": one.emoji for one in message.reactions.all()},
        file=_file(attachment),
    )


def _file(attachment: Attachment | None) -> tuple[bytes, str, str] | None:
    if attachment is None or not attachment.file:
        return None
    with attachment.file.open("rb") as stored:
        return stored.read(), attachment.mime_type, attachment.file_name


def _content(message: Message, attachment: Attachment | None) -> tuple[str, dict[str, Any]]:
    """Meta's type and object for one of our messages, as far as the phone's screen needs it."""
    kind, data = str(message.kind), message.data or {}
    if kind in MEDIA_KINDS:
        content: dict[str, Any] = {"caption": message.text} if message.text else {}
        if kind == "document" and attachment:
            content["filename"] = attachment.file_name
        if kind in {"voice", "audio"}:
            content["voice"] = kind == "voice"
        return ("audio" if kind == "voice" else kind), content
    if kind == MessageKind.TEMPLATE:
        shown = {name: data.get(name) or "" for name in ("name", "language", "footer")}
        header = data.get("header") or {}
        buttons = [button | {"index": index} for index, button in enumerate(data.get("buttons") or [])]
        shown |= {"body": message.text, "buttons": buttons}
        return "template", shown | ({"header": header | {"type": header.get("kind")}} if header else {})
    if kind == MessageKind.INTERACTIVE and message.direction == Direction.OUT:
        buttons = [
            {"type": "reply", "reply": {"id": one.get("id", ""), "title": one.get("title", "")}}
            for one in data.get("buttons") or []
        ]
        return "interactive", {"type": "button", "body": {"text": message.text}, "action": {"buttons": buttons}}
    if kind == MessageKind.BUTTON_REPLY:
        reply = {"id": data.get("id", ""), "title": message.text}
        return "interactive", {"type": "button_reply", "button_reply": reply}
    if kind == MessageKind.LOCATION:
        return "location", data
    return "text", {"body": message.text}
