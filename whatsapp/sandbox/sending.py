"""POST /{phone number id}/messages: Meta's order of checks, then acceptance.

JSON and messaging_product → recipient → own number → allow-list → type → its body → template (exists, state,
parameters) → rates → accepted. What depends on the recipient (window, reachability, opt-out) fails later by status.
"""

import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from whatsapp.sandbox import faults, identity
from whatsapp.sandbox.errors import ASYNCHRONOUS, GraphError
from whatsapp.sandbox.event_log import EventLog
from whatsapp.sandbox.http import Request, Response, json_response
from whatsapp.sandbox.limits import Limits
from whatsapp.sandbox.message_types import check_body
from whatsapp.sandbox.state import DAY, Customer, Message, Number, State, Template, new_wamid
from whatsapp.sandbox.statuses import StatusFlow
from whatsapp.sandbox.template_parameters import fill

MEDIA_OF_TYPE = {
    "image": {"image/jpeg", "image/png"},
    "video": {"video/mp4", "video/3gpp"},
    "audio": {"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"},
    "sticker": {"image/webp"},
}
TYPING_SECONDS = 25
FREE_ENTRY_SECONDS = 72 * 3600
Body = dict[str, Any]


class Sending:
    """Accepts messages. `post` returns the answer and what transport fault belongs to it."""

    def __init__(self, state: State, limits: Limits, flow: StatusFlow, events: EventLog) -> None:
        self.state = state
        self.events = events
        self.limits = limits
        self.flow = flow
        self.listeners: list[Callable[[Message], None]] = []  # told of every accepted message

    def post(self, number: Number, request: Request, script: faults.Fault | None = None) -> tuple[Response, str]:
        """Take one request; `script` is a fault that a test laid in its way. Returns (answer, word of the fault)."""
        body = read_json(request)
        if body.get("messaging_product") != "whatsapp":
            raise GraphError(100, message="(#100) The parameter messaging_product is required.")
        if "status" in body:
            return self._mark_read(number, body), ""
        to, recipient = _recipient(body)
        callback = _callback(body)
        word = script.effect() if script else faults.magic(to, callback)
        if word in faults.NOT_ACCEPTED or word == "status":
            return faults.refuse_transport(word, script), ""
        if to and to == number.display:
            raise GraphError(131021)
        if to and self.state.settings.allow_list and to not in self.state.settings.allow_list:
            raise GraphError(131030, "Add the number to the recipient list and try again.")
        content, template = self._content(number, body)
        customer = self._customer(number, to, recipient)
        if not word and customer.failures and not script:
            word = self._next_failure(customer)
        if word.isdigit() and int(word) not in ASYNCHRONOUS:
            raise GraphError(int(word))
        self.limits.check(number, customer.key)
        return self._accept(number, customer, body, content, template, word), word

    # --- checks ------------------------------------------------------------------------------------------------------
    def _content(self, number: Number, body: Body) -> tuple[Any, Template | None]:
        kind = body.get("type", "text")
        if not isinstance(kind, str):
            raise GraphError(100, "Param type must be a string.")
        if kind != "template":
            content = body.get(kind)
            check_body(self.state, kind, content)
            return content, None
        content = body.get("template")
        if not isinstance(content, dict):
            raise GraphError(131008, "Parameter 'template' is mandatory for type 'template'.")
        template = self._template(number, content)
        shown = fill(self.state, template, content.get("components") or [])
        return shown, template

    def _template(self, number: Number, content: Body) -> Template:
        name = content.get("name")
        language = (content.get("language") or {}).get("code") if isinstance(content.get("language"), dict) else None
        if not name or not language:
            raise GraphError(131008, "Parameters 'template['name']' and 'template['language']['code']' are mandatory.")
        found = next(
            (
                one
                for one in self.state.templates.values()
                if one.waba_id == number.waba_id and one.name == name and one.language == language
            ),
            None,
        )
        if found is None or found.status not in {"APPROVED", "PAUSED", "DISABLED"}:
            raise GraphError(132001, f"template name ({name}) does not exist in {language}")
        if found.status == "PAUSED":
            raise GraphError(132015)
        if found.status == "DISABLED":
            raise GraphError(132016)
        return found

    def _customer(self, number: Number, to: str, recipient: str) -> Customer:
        state = self.state
        if to:
            customer = state.customer_by_phone(to) or identity.stranger(state, phone=to)
            if customer.username:
                customer.phone_used_at[number.id] = time.time()
                state.save_customer(customer)
            return customer
        return state.customer_by_bsuid(recipient) or identity.stranger(state, bsuid=recipient, number=number)

    def _next_failure(self, customer: Customer) -> str:
        word = customer.failures.pop(0)
        self.state.save_customer(customer)
        return word

    # --- acceptance --------------------------------------------------------------------------------------------------
    def _accept(
        self, number: Number, customer: Customer, body: Body, content: Any, template: Template | None, word: str
    ) -> Response:
        now = time.time()
        failure = int(word) if word.isdigit() else self._late_failure(number, customer, body, template, now)
        if failure == 131047 and self.state.settings.enforce_window == "refused":
            raise GraphError(131047)
        self.limits.count(number, customer.key)
        message = Message(
            wamid=new_wamid(customer.phone or "000000000000", outgoing=True),
            direction="out",
            customer=customer.key,
            number=number.id,
            at=now,
            type=body.get("type", "text"),
            content=content if isinstance(content, dict) else {"contacts": content},
            callback=_callback(body),
            quoted=str((body.get("context") or {}).get("message_id", "")),
            to=str(body.get("to") or body.get("recipient")),
            by_bsuid=not body.get("to"),
            category=template.category.lower() if template else "service",
        )
        customer.typing_until = 0.0
        self._enter_free(number, customer, now)
        self.state.add_message(message)
        if message.type == "reaction" and not failure:
            self._react(message)
        if word != "silent":
            self.flow.accepted(message, failure)
        for listener in self.listeners:
            listener(message)
        contact: Body = {"input": message.to}
        if message.by_bsuid:
            contact["user_id"] = body["recipient"]
        else:
            contact["wa_id"] = customer.phone
        accepted: Body = {"id": message.wamid}
        if template:
            held = self.state.settings.hold_templates
            accepted["message_status"] = "held_for_quality_assessment" if held else "accepted"
        return json_response({"messaging_product": "whatsapp", "contacts": [contact], "messages": [accepted]})

    def _late_failure(
        self, number: Number, customer: Customer, body: Body, template: Template | None, now: float
    ) -> int:
        """The code this message will fail with after its 200; 0 when it will arrive."""
        if customer.unreachable or customer.key in number.blocked:
            return 131026
        if template and template.category == "MARKETING" and customer.stopped_marketing:
            return 131050
        window = self.state.settings.enforce_window
        if not template and window != "off" and customer.inbound_at.get(number.id, 0.0) <= now - DAY:
            return 131047
        return self._media_failure(body)

    def _media_failure(self, body: Body) -> int:
        allowed = MEDIA_OF_TYPE.get(str(body.get("type")))
        content = body.get(str(body.get("type")))
        if not allowed or not isinstance(content, dict):
            return 0
        media = self.state.media.get(str(content.get("id")))
        return 131053 if media and media.mime_type not in allowed else 0

    def _enter_free(self, number: Number, customer: Customer, now: float) -> None:
        """Answering a click on an ad within a day opens 72 free hours."""
        clicked = customer.ad_clicked_at.pop(number.id, 0.0)
        if clicked:
            if clicked > now - DAY:
                customer.free_entry_until[number.id] = now + FREE_ENTRY_SECONDS
            self.state.save_customer(customer)

    def _react(self, message: Message) -> None:
        target = self.state.messages.get(str(message.content.get("message_id")))
        if target:
            target.reactions["out"] = str(message.content.get("emoji", ""))
            self.state.save_message(target)

    def _mark_read(self, number: Number, body: Body) -> Response:
        message = self.state.messages.get(str(body.get("message_id")))
        if body.get("status") != "read":
            raise GraphError(100, "Param status must be one of {READ}.")
        if message is None or message.direction != "in" or message.number != number.id:
            raise GraphError(131009, "The message_id does not belong to a message of a customer.")
        customer = self.state.customers[message.customer]
        read = [
            earlier for earlier in self.state.chat(customer)
            if earlier.direction == "in" and not earlier.business_read and earlier.at <= message.at
        ]
        for earlier in read:
            earlier.business_read = True
            self.state.save_message(earlier)
        if read:
            self.events.marked(customer.key, "read", body)
        if body.get("typing_indicator"):
            if customer.typing_until < time.time():
                self.events.marked(customer.key, "typing", body)
            customer.typing_until = time.time() + TYPING_SECONDS
            self.state.changed()
        return json_response({"success": True})


def read_json(request: Request) -> Body:
    """The request's JSON object; form-encoded bodies are taken too, as Graph does."""
    if request.content_type == "application/x-www-form-urlencoded":
        return dict(parse_qsl(request.body.decode("utf-8", "replace")))
    try:
        body = json.loads(request.body or b"{}")
    except ValueError:
        raise GraphError(100, message="(#100) Invalid JSON in the request body.") from None
    if not isinstance(body, dict):
        raise GraphError(100, message="(#100) The request body must be a JSON object.")
    return body


def _recipient(body: Body) -> tuple[str, str]:
    """(digits of `to`, BSUID); `to` wins."""
    to, recipient = body.get("to"), body.get("recipient")
    if body.get("recipient_type", "individual") == "group":
        raise GraphError(131041, "The group does not exist or you do not belong to it.")
    if not to and not recipient:
        raise GraphError(131008, "Parameter 'to' or 'recipient' is mandatory.")
    if to:
        digits = identity.normalise_phone(to) if isinstance(to, str) else ""
        if not digits:
            raise GraphError(131009, "Parameter 'to' is not a valid phone number.")
        return digits, ""
    if not isinstance(recipient, str) or not identity.BSUID.match(recipient):
        raise GraphError(131009, "Parameter 'recipient' is not a valid business-scoped user id.")
    return "", recipient


def _callback(body: Body) -> str:
    callback = body.get("biz_opaque_callback_data") or ""
    if not isinstance(callback, str) or len(callback) > 512:
        raise GraphError(100, message="(#100) Param biz_opaque_callback_data must be at most 512 characters long.")
    return callback
