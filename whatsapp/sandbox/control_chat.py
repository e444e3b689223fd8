"""The control API's customers: list, create, change, chat, and what they do."""

import json
import re
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from whatsapp.sandbox import clock, identity
from whatsapp.sandbox.errors import CODES
from whatsapp.sandbox.http import Request, Response
from whatsapp.sandbox.state import DAY, Customer, Message, Number

if TYPE_CHECKING:
    from whatsapp.sandbox.phone import Phone

LOOKING_SECONDS = 12  # the page repeats that it looks more often than this
CHANGEABLE = {
    "name", "username", "online", "auto_read", "receipts", "in_contact_book", "failures", "listed", "unreachable",
}  # fmt: skip
Body = dict[str, Any]


def _read(request: Request) -> Body:
    data = json.loads(request.body or b"{}")
    if not isinstance(data, dict):
        raise ValueError("Send a JSON object.")
    return data


def _customer(phone: "Phone", key: str) -> Customer:
    key = unquote(key)
    customer = phone.state.customers.get(key) or phone.state.customer_by_phone(key.lstrip("+"))
    if customer is None:
        raise LookupError(f"customer {key}")
    return customer


def _number(phone: "Phone", data: Body) -> Number:
    number_id = data.get("number")
    if number_id is None:
        return phone.state.first_number()
    if number_id not in phone.state.numbers:
        raise LookupError(f"number {number_id}")
    return phone.state.numbers[number_id]


def show_customer(phone: "Phone", customer: Customer, number: Number) -> Body:
    inbound_at = customer.inbound_at.get(number.id, 0.0)
    chat = phone.state.chats.get(customer.key)
    last = phone.state.messages.get(chat[-1]) if chat else None
    return {
        "key": customer.key, "name": customer.name, "phone": customer.phone, "username": customer.username,
        "bsuid": identity.bsuid_for(phone.state, customer, number),
        "phone_visible": identity.phone_is_visible(customer, number), "online": customer.online,
        "looking": customer.looking_until > time.time(), "auto_read": customer.auto_read, "receipts": customer.receipts,
        "failures": customer.failures, "stopped_marketing": customer.stopped_marketing,
        "blocked": customer.key in number.blocked, "last_message_at": inbound_at,
        "window_closes_at": inbound_at + DAY if inbound_at else 0,
        "business_is_typing": customer.typing_until > time.time(),
        "last": show_message(last) if last else None,
    }  # fmt: skip


def show_message(message: Message) -> Body:
    return {
        "wamid": message.wamid, "direction": message.direction, "at": message.at, "type": message.type,
        "content": message.content, "quoted": message.quoted, "status": message.status, "times": message.times,
        "error": message.error, "pricing": message.pricing, "category": message.category,
        "business_read": message.business_read, "reactions": message.reactions, "callback": message.callback,
        "number": message.number,
    }  # fmt: skip


def list_customers(phone: "Phone", request: Request) -> Body:
    number = _number(phone, request.params)
    everybody = request.params.get("all") == "1"
    listed = [one for one in list(phone.state.customers.values()) if one.listed or everybody]
    return {"version": phone.state.version, "customers": [show_customer(phone, one, number) for one in listed]}


def create_customer(phone: "Phone", request: Request) -> Body:
    data = _read(request)
    digits = identity.normalise_phone(str(data.get("phone", "")))
    if not digits:
        raise ValueError("A customer needs a phone number (others may not see it, but WhatsApp knows it).")
    known = phone.state.customer_by_phone(digits)
    if known and known.listed:
        raise ValueError("Somebody has that number already.")
    name = str(data.get("name", "")).strip() or f"+{digits}"
    customer = known or Customer(key=data.get("key") or f"c{digits}", name=name, phone=digits, created_at=time.time())
    customer.name, customer.listed = name, bool(data.get("listed", True))
    customer.username = str(data.get("username", "")).lstrip("@")
    if customer.username and not re.fullmatch(r"(?=.*[a-z])[a-z0-9._]{3,35}", customer.username):
        raise ValueError("A username has 3 to 35 of a-z, 0-9, dot and underscore.")
    phone.state.add("customer", customer)
    return show_customer(phone, customer, _number(phone, data))


def get_customer(phone: "Phone", request: Request, key: str) -> Body:
    """The customer with their chat, oldest first (`limit`, default 100). `looking` says whether it is on screen."""
    customer = _customer(phone, key)
    number = _number(phone, request.params)
    if "looking" in request.params:
        _look(phone, customer, request.params["looking"] == "1")
    limit = int(request.params.get("limit", "100"))
    chat = sorted((one for one in phone.state.chat(customer) if one.number == number.id), key=lambda one: one.at)
    return {
        "version": phone.state.version,
        "customer": show_customer(phone, customer, number),
        "messages": [show_message(one) for one in chat[-limit:]],
    }


def _look(phone: "Phone", customer: Customer, looks: bool) -> None:
    customer.looking_until = time.time() + LOOKING_SECONDS if looks else 0.0
    if looks:
        phone.flow.looked(customer)


def change_customer(phone: "Phone", request: Request, key: str) -> Body:
    customer = _customer(phone, key)
    data = _read(request)
    was_online = customer.online
    for name, value in data.items():
        if name == "looking":
            _look(phone, customer, bool(value))
        elif name in CHANGEABLE:
            setattr(customer, name, value)
        elif name != "number":
            raise ValueError(f"{name} can't be changed.")
    customer.failures = [str(word) for word in customer.failures]
    if unknown := [word for word in customer.failures if word.isdigit() and int(word) not in CODES]:
        raise ValueError(f"Unknown error codes: {', '.join(unknown)}.")
    phone.state.save_customer(customer)
    if customer.online and not was_online:
        phone.flow.came_online(customer)
    if customer.auto_read:
        phone.flow.looked(customer)
    return show_customer(phone, customer, _number(phone, data))


def send_as_customer(phone: "Phone", request: Request, key: str) -> Body:
    """See `inbound.Inbound.send` for the fields."""
    data = _read(request)
    message = phone.inbound.send(_customer(phone, key), _number(phone, data), data)
    return show_message(message)


def upload(phone: "Phone", request: Request, key: str) -> Body:
    """The raw bytes as body, their type as Content-Type, `?name=` for the file name."""
    _customer(phone, key)
    mime_type = request.headers.get("content-type", "application/octet-stream")
    media = phone.inbound.upload(
        _number(phone, request.params), request.body, mime_type, request.params.get("name", "")
    )
    return {"id": media.id, "mime_type": media.mime_type, "size": media.size}


def download(phone: "Phone", request: Request, media_id: str) -> Response:
    media = phone.state.media.get(media_id)
    if media is None:
        raise LookupError(f"file {media_id}")
    return Response(phone.media.content(media), 200, media.mime_type)


def change_phone(phone: "Phone", request: Request, key: str) -> Body:
    data = _read(request)
    digits = identity.normalise_phone(str(data.get("phone", "")))
    if not digits or phone.state.customer_by_phone(digits):
        raise ValueError("That is no free phone number.")
    customer, number = _customer(phone, key), _number(phone, data)
    phone.inbound.change_number(customer, number, digits)
    return show_customer(phone, customer, number)


def advance(phone: "Phone", request: Request, key: str) -> Body:
    data = _read(request)
    customer = _customer(phone, key)
    clock.advance_customer(phone.state, phone.limits, customer, float(data["seconds"]))
    phone.events.add("clock", customer.key, seconds=float(data["seconds"]))
    return show_customer(phone, customer, _number(phone, data))


def preferences(phone: "Phone", request: Request, key: str) -> Body:
    data = _read(request)
    customer, number = _customer(phone, key), _number(phone, data)
    phone.inbound.set_marketing(customer, number, stopped=data["value"] == "stop")
    return show_customer(phone, customer, number)


def play(phone: "Phone", request: Request, key: str) -> Body:
    message = phone.state.messages.get(_read(request)["wamid"])
    if message is None or message.customer != _customer(phone, key).key:
        raise LookupError("message of theirs")
    phone.flow.played(message)
    return show_message(message)


KEY = "([^/]+)"
ROUTES: list[Any] = [
    ("GET", "customers", list_customers),
    ("POST", "customers", create_customer),
    ("GET", f"customers/{KEY}", get_customer),
    ("POST", f"customers/{KEY}", change_customer),
    ("POST", f"customers/{KEY}/messages", send_as_customer),
    ("POST", f"customers/{KEY}/media", upload),
    ("POST", f"customers/{KEY}/phone", change_phone),
    ("POST", f"customers/{KEY}/advance", advance),
    ("POST", f"customers/{KEY}/preferences", preferences),
    ("POST", f"customers/{KEY}/played", play),
    ("GET", "media/([0-9]+)", download),
]
