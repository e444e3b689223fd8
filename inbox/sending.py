"""An outgoing message as the delivery loop holds it, and the request Meta gets for it. Pure: no query, no clock.

What Message.data holds for our own kinds:
    text       nothing
    image, video, audio, voice, document, sticker
               file_name of a document; the file is the message's attachment
    location   latitude, longitude, name, address
    contacts   contacts [{name, organization, title, phones [{phone}], emails [{email}]}]
    interactive  interactive "button" or "list", header, footer, buttons [{id, title}],
               button (its words), sections [{title, rows [{id, title, description}]}]
    reaction   emoji ("" takes ours away); what it is about is the quoted message
    template   name, title, language, category, header {kind, text, latitude …}, body, footer,
               buttons [{type, text, url, phone, code}], values {field: text}; offer {text, expires} of a limited-time
               offer; cards [{header, body, buttons}] of a carousel; the files of header or cards are the message's
               attachments, in this order
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from inbox.enums import CAPTIONED_KINDS, FILE_KINDS, MessageKind
from whatsapp import message_bodies
from whatsapp.models import MessageTemplate
from whatsapp.service_window import ServiceWindow
from whatsapp.template_filling import File, build_components
from whatsapp.template_parts import TemplateShape


@dataclass(slots=True)
class Outgoing:
    """One claimed message with every fact its sending needs, as read in the claim's transaction."""

    id: int
    uid: str
    attempt: int
    conversation_id: int
    contact_id: int
    workspace_id: int
    phone_number_id: int
    kind: str
    text: str
    data: dict[str, Any]
    quoted_wamid: str
    created_at: datetime
    phone: str
    bsuid: str
    last_customer_message_at: datetime | None
    window_refused_at: datetime | None
    window_margin_seconds: int
    template_id: int | None
    template: MessageTemplate | None = field(default=None)

    @property
    def recipient(self) -> str:
        """Under which id Meta's pair limit counts this customer; "" when we know no address."""
        return self.phone or self.bsuid

    @property
    def is_template(self) -> bool:
        return self.kind == MessageKind.TEMPLATE

    @property
    def is_marketing(self) -> bool:
        """Advertising, as far as Meta says so of its template."""
        return self.template is not None and self.template.is_marketing

    @property
    def is_file(self) -> bool:
        """A file of ours: it has to be at Meta before the message can be sent."""
        return self.kind in FILE_KINDS

    @property
    def service_window(self) -> ServiceWindow:
        return ServiceWindow(self.last_customer_message_at, self.window_refused_at, self.window_margin_seconds)


def payload_for(message: Outgoing, files: Mapping[str, File] | None = None) -> dict[str, Any]:
    """The body of Meta's `/messages` call; `files` are those at Meta: the message's own ("") or its template's."""
    files = files or {}
    payload: dict[str, Any] = {
        "messaging_product": "whatsapp", "recipient_type": "individual", "biz_opaque_callback_data": message.uid
    }  # fmt: skip
    if message.phone:
        payload["to"] = f"+{message.phone}"  # without "+" Meta may put our own country code in front
    else:
        payload["recipient"] = message.bsuid
    if message.kind == MessageKind.REACTION:
        emoji = str(message.data.get("emoji", ""))
        return payload | {"type": "reaction", "reaction": {"message_id": message.quoted_wamid, "emoji": emoji}}
    if message.quoted_wamid:
        payload["context"] = {"message_id": message.quoted_wamid}
    if message.is_template:
        return payload | {"type": "template", "template": _template(message, files)}
    if message.is_file:
        kind = "audio" if message.kind == MessageKind.VOICE else message.kind
        return payload | {"type": kind, kind: _file(message, *files.get("", ("", "")))}
    if message.kind == MessageKind.LOCATION:
        return payload | {"type": "location", "location": message_bodies.location_body(message.data)}
    if message.kind == MessageKind.CONTACTS:
        return payload | {"type": "contacts", "contacts": message_bodies.contacts_body(message.data)}
    if message.kind == MessageKind.INTERACTIVE:
        body = message_bodies.interactive_body(message.text, message.data)
        return payload | {"type": "interactive", "interactive": body}
    has_link = "http://" in message.text or "https://" in message.text
    return payload | {"type": "text", "text": {"body": message.text, "preview_url": has_link}}


def _file(message: Outgoing, media_id: str, file_name: str) -> dict[str, Any]:
    content: dict[str, Any] = {"id": media_id}
    if message.text and message.kind in CAPTIONED_KINDS:
        content["caption"] = message.text
    if message.kind == MessageKind.DOCUMENT and file_name:
        content["filename"] = file_name
    if message.kind == MessageKind.VOICE:
        content["voice"] = True
    return content


def _template(message: Outgoing, files: Mapping[str, File]) -> dict[str, Any]:
    template = message.template
    assert template is not None  # claimed template messages come with theirs
    shape = TemplateShape.of(template)
    values = message.data.get("values") or {}
    components = build_components(shape, values, files)
    filled: dict[str, Any] = {"name": template.name, "language": {"code": template.language}}
    return filled | {"components": components} if components else filled
