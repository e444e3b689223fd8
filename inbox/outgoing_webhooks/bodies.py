"""What a webhook is told: the shapes of the API, made of the rows as they are now, with the facts of that moment."""

import json
from collections.abc import Callable
from typing import Any

from accounts.models import Agent
from inbox.api import rendering, shapes
from inbox.contacts import fields as contact_fields
from inbox.enums import ERASING
from inbox.models import Consent, Contact, Conversation, Message, OutgoingDelivery
from inbox.models.outgoing_webhook import PING
from whatsapp.models import MessageTemplate

Data = dict[str, Any]


def body_of(delivery: OutgoingDelivery) -> bytes | None:
    """The body of the request, or None when what it is about has gone."""
    about = _ABOUT[delivery.event.partition(".")[0]]
    data = about(delivery)
    if data is None:
        return None
    said = {
        "id": str(delivery.uid), "event": delivery.event, "occurred_at": delivery.occurred_at.isoformat(), "data": data
    }  # fmt: skip
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def _message(delivery: OutgoingDelivery) -> Data | None:
    found = Message.objects.select_related("author", "sender_contact", "template")
    found = found.prefetch_related("attachments", "sender_contact__identities")
    message = found.filter(pk=delivery.subject_id, workspace=delivery.webhook.workspace_id).first()
    conversation = _conversation_row(message.conversation_id if message else 0, delivery)
    if message is None or conversation is None:
        return None
    shown = rendering.message_of(message) | _moment(delivery, "status", "error_code")
    return {"message": _plain(shapes.Message(**shown)), **_thread(conversation)}


def _conversation(delivery: OutgoingDelivery) -> Data | None:
    conversation = _conversation_row(delivery.subject_id, delivery)
    if conversation is None:
        return None
    data = _thread(conversation)
    data["conversation"] |= _moment(delivery, "status")
    if "assignee_id" in delivery.facts:
        person = Agent.objects.filter(pk=delivery.facts["assignee_id"] or 0, workspace=conversation.workspace_id)
        data["conversation"]["assignee"] = person.values_list("name", flat=True).first()
    return data


def _contact(delivery: OutgoingDelivery) -> Data | None:
    found = Contact.objects.filter(workspace=delivery.webhook.workspace_id).prefetch_related("identities")
    contact = found.filter(pk=delivery.subject_id).exclude(kind=ERASING).first()
    return None if contact is None else {"contact": _contact_shape(contact), "merged_into": contact.merged_into_id}


def _consent(delivery: OutgoingDelivery) -> Data | None:
    found = Consent.objects.filter(pk=delivery.subject_id, workspace=delivery.webhook.workspace_id)
    entry = found.select_related("contact").exclude(contact__kind=ERASING).first()
    if entry is None:
        return None
    shown = rendering.consent_of([entry])["entries"][0]
    return {"contact_id": entry.contact_id, "entry": _plain(shapes.ConsentEntry(**shown))}


def _template(delivery: OutgoingDelivery) -> Data | None:
    found = MessageTemplate.objects.filter(business_account__workspace=delivery.webhook.workspace_id)
    template = found.select_related("business_account").filter(pk=delivery.subject_id).first()
    if template is None:
        return None
    shown = rendering.template_of(template) | _moment(delivery, "status")
    return {"template": _plain(shapes.Template(**shown)), "rejected_reason": template.rejected_reason}


def _ping(delivery: OutgoingDelivery) -> Data:
    return {"workspace": delivery.webhook.workspace.name}


_ABOUT: dict[str, Callable[[OutgoingDelivery], Data | None]] = {
    "message": _message, "conversation": _conversation, "contact": _contact, "consent": _consent,
    "template": _template, PING: _ping,
}  # fmt: skip


def _conversation_row(pk: int, delivery: OutgoingDelivery) -> Conversation | None:
    found = Conversation.objects.filter(workspace=delivery.webhook.workspace_id, pk=pk)
    related = found.select_related("workspace", "team", "assignee", "contact")
    shown = related.exclude(status=ERASING).prefetch_related("labels", "contact__identities")
    conversation: Conversation | None = shown.first()
    return conversation


def _thread(conversation: Conversation) -> Data:
    shown = shapes.Conversation(**rendering.conversation_of(conversation))
    return {"conversation": _plain(shown), "contact": _contact_shape(conversation.contact)}


def _contact_shape(contact: Contact) -> Data:
    own = contact_fields.fields_of(contact.workspace_id)
    return _plain(shapes.Contact(**rendering.contact_of(contact, own)))


def _moment(delivery: OutgoingDelivery, *names: str) -> Data:
    return {name: delivery.facts[name] for name in names if name in delivery.facts}


def _plain(shape: shapes.Schema) -> Data:
    return shape.model_dump(mode="json")
