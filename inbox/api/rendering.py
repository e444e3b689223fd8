"""Rows as shapes. Reads only what the caller has loaded, so that a page costs the same for one row and for many."""

from typing import Any

from django.utils import timezone

from inbox.actions.sending_templates import why_not_sendable
from inbox.enums import ConsentState, Direction, MessageKind, Via
from inbox.models import Consent, Contact, ContactField, Conversation, Message, Note
from whatsapp.models import MessageTemplate, PhoneNumber
from whatsapp.template_parts import TemplateShape

# What the kinds hold besides their words.
CONTENT = {
    MessageKind.LOCATION: ("latitude", "longitude", "name", "address", "url"),
    MessageKind.CONTACTS: ("contacts",),
    MessageKind.ORDER: ("items", "total", "currency", "catalog_id"),
    MessageKind.FLOW_REPLY: ("name", "fields", "raw"),
    MessageKind.BUTTON_REPLY: ("id",),
    MessageKind.LIST_REPLY: ("id", "description"),
    MessageKind.UNSUPPORTED: ("type",),
}
SENDERS = {Via.AGENT: "person", Via.PHONE_APP: "phone", Via.API: "system"}


def number_of(number: PhoneNumber) -> dict[str, Any]:
    return {"id": number.pk, "phone": f"+{number.display_number}", "name": number.name}


def contact_of(contact: Contact, own: list[ContactField]) -> dict[str, Any]:
    """Needs `identities`."""
    return {
        "id": contact.pk, "name": contact.display_name, "phone": f"+{contact.phone}" if contact.phone else None,
        "email": contact.email, "language": contact.language, "note": contact.note, "created_at": contact.created_at,
        "fields": {field.name: contact.fields.get(str(field.pk)) for field in own},
    }  # fmt: skip


def conversation_of(conversation: Conversation) -> dict[str, Any]:
    """Needs `workspace`, `team`, `assignee` and `labels`."""
    window = conversation.service_window
    return {
        "id": conversation.pk, "contact_id": conversation.contact_id, "number_id": conversation.phone_number_id,
        "status": conversation.status, "team": conversation.team.name if conversation.team else None,
        "assignee": conversation.assignee.name if conversation.assignee else None,
        "labels": sorted(label.name for label in conversation.labels.all()),
        "needs_answer": conversation.needs_answer, "waiting_since": conversation.waiting_since,
        "window_closes_at": window.closes_at if window.is_open(timezone.now()) else None,
        "last_message_at": conversation.last_message_at, "snoozed_until": conversation.snoozed_until,
        "customer_messages": conversation.inbound_count,
    }  # fmt: skip


def note_of(note: Note) -> dict[str, Any]:
    """Needs `author`."""
    return {
        "id": note.pk, "conversation_id": note.conversation_id, "text": note.text, "author": note.author_name,
        "occurred_at": note.occurred_at,
    }  # fmt: skip


def content_of(message: Message) -> dict[str, Any]:
    """Places, cards, order lines, answers, and the ad or product it came from."""
    data = message.data if isinstance(message.data, dict) else {}
    names = (*CONTENT.get(MessageKind(message.kind), ()), "referral", "referred_product")
    return {name: data[name] for name in names if name in data}


def message_of(message: Message) -> dict[str, Any]:
    """Needs `author`, `sender_contact`, `template` and `attachments`. What the customer took back stays taken back."""
    is_deleted = message.deleted_at is not None
    return {
        "id": message.pk, "conversation_id": message.conversation_id, "direction": message.direction,
        "kind": message.kind, "text": "" if is_deleted else message.text, "sender": sender_of(message),
        "status": message.status, "error_code": message.error_code, "occurred_at": message.occurred_at,
        "template": message.template.name if message.template else None, "is_deleted": is_deleted,
        "content": {} if is_deleted else content_of(message),
        "files": [] if is_deleted else [
            {
                "kind": file.kind, "name": file.file_name, "media_type": file.mime_type, "size": file.size,
                "state": file.state,
            }
            for file in message.attachments.all()
        ],
    }  # fmt: skip


def sender_of(message: Message) -> dict[str, Any]:
    if message.direction == Direction.IN:
        return {"kind": "customer", "name": message.sender_contact.display_name if message.sender_contact else None}
    kind = SENDERS.get(Via(message.via), "automatic") if message.via else "automatic"
    if kind == "system":
        return {"kind": kind, "name": message.data.get("api", {}).get("name")}
    return {"kind": kind, "name": message.author.name if message.author and kind == "person" else None}


def template_of(template: MessageTemplate) -> dict[str, Any]:
    """Needs `business_account`."""
    shape = TemplateShape.of(template)
    reason = why_not_sendable(template, template.business_account) or str(shape.cannot_fill)
    return {
        "id": template.pk, "name": template.name, "language": template.language, "category": template.category,
        "status": template.status, "body": shape.body, "footer": shape.footer, "header": shape.header_kind,
        "fields": [
            {
                "field": gap.field, "label": gap.full_label, "example": gap.example, "limit": gap.limit,
                "is_optional": gap.is_optional,
            }
            for gap in shape.variables
        ],
        "is_sendable": not reason, "reason": reason,
    }  # fmt: skip


def consent_of(entries: list[Consent]) -> dict[str, Any]:
    return {
        "state": entries[0].state if entries else ConsentState.UNKNOWN,
        "entries": [
            {
                "id": entry.pk, "state": entry.state, "source": entry.source, "wording": entry.wording,
                "note": entry.note, "occurred_at": entry.occurred_at,
            }
            for entry in entries
        ],
    }  # fmt: skip


