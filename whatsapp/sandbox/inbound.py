"""What customers do: write, send files, press buttons, react, change their number, stop marketing.

Each action makes a message in the chat and a webhook update, as Meta would tell it (`whatsapp-cloud-api.md` §5).
"""

import base64
import time
from typing import Any

from whatsapp.sandbox import identity
from whatsapp.sandbox.errors import webhook_error
from whatsapp.sandbox.event_log import EventLog
from whatsapp.sandbox.limits import Limits
from whatsapp.sandbox.media_api import MediaStore
from whatsapp.sandbox.state import Customer, Media, Message, Number, State, new_wamid
from whatsapp.sandbox.webhooks import Outbox, Update

MEDIA_TYPES = {"image", "video", "audio", "document", "sticker"}
# These do not open the service window.
SILENT_TYPES = {"reaction", "system", "edit", "revoke"}
UNSUPPORTED_DETAILS = "Message type is currently not supported."
Body = dict[str, Any]


class CannotSend(ValueError):
    """What a customer was asked to do makes no sense; the text says why."""


class Inbound:
    def __init__(self, state: State, outbox: Outbox, media: MediaStore, limits: Limits, events: EventLog) -> None:
        self.state = state
        self.outbox = outbox
        self.media = media
        self.limits = limits
        self.events = events

    def send(self, customer: Customer, number: Number, data: Body) -> Message:
        """The customer sends something. `data`: type, the type's own fields or `content`, and optionally `quoted`
        (a wamid), `context` (raw), `referral`, `at` (Unix seconds), `repeat` (how often the webhook comes)."""
        kind = str(data.get("type", "text"))
        content = data.get("content")
        if content is None:
            content = self._content(customer, kind, data)
        at = float(data.get("at") or time.time())
        message = Message(
            wamid=str(data.get("wamid") or new_wamid(customer.phone or "000000000000", outgoing=False)),
            direction="in", customer=customer.key, number=number.id, at=at, type=kind, status="received",
            content=content if isinstance(content, dict) else {kind: content}, quoted=str(data.get("quoted") or ""),
        )  # fmt: skip
        if customer.key in number.blocked:
            self.state.add_message(message)  # the customer sees one tick; the business hears nothing
            return message
        self._remember(customer, number, message, data)
        item = self._item(customer, number, message, content, data)
        contact = None if kind == "system" else identity.contact_entry(self.state, customer, number)
        for _ in range(int(data.get("repeat", 1))):
            self.outbox.put(Update(number, "messages", "messages", item, contact, customer.key, kind))
        return message

    def upload(self, number: Number, content: bytes, mime_type: str, name: str) -> Media:
        """A file on the customer's phone, to be sent with `media_id`."""
        return self.media.keep(number, content, mime_type, inbound=True, name=name)

    def change_number(self, customer: Customer, number: Number, phone: str) -> None:
        """The customer moves to another SIM: every business number they know is told."""
        old_phone = customer.phone
        was_visible = identity.phone_is_visible(customer, number)
        previous = identity.change_number(self.state, customer, phone)
        old_bsuid = previous.get(number.portfolio_id, "")
        system: Body = {"user_id": identity.bsuid_for(self.state, customer, number)}
        if old_bsuid:
            system["previous_user_id"] = old_bsuid
        data: Body = {"type": "system", "content": system}
        if was_visible:
            system |= {
                "body": f"User {customer.name} changed from {old_phone} to {phone}", "wa_id": phone,
                "type": "user_changed_number",
            }  # fmt: skip
            data["from"] = old_phone
        else:
            system |= {
                "body": f"User {customer.name} changed from {old_bsuid} to {system['user_id']}",
                "type": "user_changed_user_id",
            }  # fmt: skip
        self.send(customer, number, data)

    def set_marketing(self, customer: Customer, number: Number, *, stopped: bool) -> None:
        """Meta's own stop or resume control in the chat."""
        customer.stopped_marketing = stopped
        self.state.save_customer(customer)
        contact = identity.contact_entry(self.state, customer, number)
        preference: Body = {
            "user_id": contact["user_id"],
            "detail": f"User requested to {'stop' if stopped else 'resume'} marketing messages",
            "category": "marketing_messages", "value": "stop" if stopped else "resume", "timestamp": int(time.time()),
        }  # fmt: skip
        if "wa_id" in contact:
            preference["wa_id"] = contact["wa_id"]
        value = {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": number.display, "phone_number_id": number.id},
            "contacts": [contact], "user_preferences": [preference],
        }  # fmt: skip
        self.events.add("customer", customer.key, type="preference", value=preference["value"])
        self.outbox.put(
            Update(number, "user_preferences", "", value, None, customer.key, f"marketing {preference['value']}")
        )

    # --- parts -------------------------------------------------------------------------------------------------------
    def _remember(self, customer: Customer, number: Number, message: Message, data: Body) -> None:
        self.state.add_message(message)
        self.limits.count(number)
        self.events.add("customer", customer.key, type=message.type, wamid=message.wamid)
        if message.type not in SILENT_TYPES:
            customer.inbound_at[number.id] = max(customer.inbound_at.get(number.id, 0.0), message.at)
        if data.get("referral"):
            customer.ad_clicked_at[number.id] = message.at
        if message.type == "contacts" and data.get("shares_own_number"):
            customer.in_contact_book = True
        self.state.save_customer(customer)
        if message.type == "reaction":
            target = self.state.messages.get(str(message.content.get("message_id")))
            if target:
                target.reactions["in"] = str(message.content.get("emoji", ""))
                self.state.save_message(target)

    def _item(self, customer: Customer, number: Number, message: Message, content: Any, data: Body) -> Body:
        item: Body = {}
        if message.type == "system":
            if data.get("from"):
                item["from"] = data["from"]
        else:
            if identity.phone_is_visible(customer, number) and not data.get("shares_own_number"):
                item["from"] = customer.phone
            item["from_user_id"] = identity.bsuid_for(self.state, customer, number)
        item |= {"id": message.wamid, "timestamp": str(int(message.at)), "type": message.type}
        if message.type == "unsupported":
            item["errors"] = content["errors"]
            if "unsupported" in content:
                item["unsupported"] = content["unsupported"]
        elif message.type != "request_welcome":
            item[message.type] = content
        context = data.get("context") or self._context(customer, number, message)
        if context:
            item["context"] = context
        if data.get("referral"):
            item["referral"] = data["referral"]
        return item

    def _context(self, customer: Customer, number: Number, message: Message) -> Body:
        if not message.quoted:
            return {}
        target = self.state.messages.get(message.quoted)
        context: Body = {"id": message.quoted}
        if target and target.direction == "in":
            if identity.phone_is_visible(customer, number):
                context["from"] = customer.phone
        else:
            context["from"] = number.display
        return context

    def _content(self, customer: Customer, kind: str, data: Body) -> Any:
        if kind == "text":
            text = data.get("text")
            if not isinstance(text, str) or not text:
                raise CannotSend("A text needs words.")
            return {"body": text[:4096]}
        if kind in MEDIA_TYPES:
            return self._file(kind, data)
        if kind == "reaction":
            emoji = data.get("emoji")
            return {"message_id": data["message_id"]} | ({"emoji": emoji} if emoji else {})
        if kind == "button":
            return {"payload": data.get("payload") or data["text"], "text": data["text"]}
        if kind == "interactive":
            return _choice(data)
        if kind == "contacts" and data.get("shares_own_number"):
            return [{"origin": "contact_request", "phones": [_phone_entry(customer.phone)]}]
        if kind == "unsupported":
            details = data.get("details", UNSUPPORTED_DETAILS)
            errors: Body = {"errors": [webhook_error(int(data.get("code", 131051)), details)]}
            named = data.get("unsupported_type")
            return errors | ({"unsupported": {"type": named}} if named else {})
        if kind == "request_welcome":
            return {}
        if kind in data:
            return data[kind]
        raise CannotSend(f"A message of type {kind} needs its content.")

    def _file(self, kind: str, data: Body) -> Body:
        media = self.state.media.get(str(data.get("media_id")))
        if media is None:
            raise CannotSend("There is no such file; upload it first.")
        content: Body = {
            "mime_type": media.mime_type, "sha256": base64.b64encode(bytes.fromhex(media.sha256)).decode(),
            "id": media.id, "url": self.media.address(media, "webhook"),
        }  # fmt: skip
        if kind == "audio":
            content["voice"] = bool(data.get("voice", False))
        if kind == "sticker":
            content["animated"] = bool(data.get("animated", False))
        if kind == "document":
            content["filename"] = data.get("filename") or media.file_name or "Dokument"
        if data.get("caption") and kind in {"image", "video", "document"}:
            content["caption"] = data["caption"]
        return content


def _choice(data: Body) -> Body:
    kind = "list_reply" if data.get("list") else "button_reply"
    choice: Body = {"id": data["id"], "title": data["title"]}
    if kind == "list_reply" and data.get("description"):
        choice["description"] = data["description"]
    return {"type": kind, kind: choice}


def _phone_entry(phone: str) -> Body:
    return {"phone": f"+{phone[:2]} {phone[2:]}", "wa_id": phone, "type": "CELL"}
