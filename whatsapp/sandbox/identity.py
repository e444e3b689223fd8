"""Who a customer is to the business: phone number, username, BSUID (`whatsapp-cloud-api.md` §7)."""

import re
import secrets
import time
from typing import Any

from whatsapp.sandbox.state import DAY, Customer, Number, State, digits_of

BSUID = re.compile(r"^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}$")
PHONE_STAYS_KNOWN = 30 * DAY
COUNTRIES = {"49": "DE", "43": "AT", "41": "CH", "44": "GB", "1": "US", "90": "TR", "48": "PL"}


def normalise_phone(raw: str) -> str:
    """The digits of a `to`, or "" when it is no phone number. A missing country code becomes the sender's."""
    text = re.sub(r"[\s\-().]", "", raw)
    if text.startswith("+"):
        text = text[1:]
    elif text.startswith("00"):
        text = text[2:]
    elif text.startswith("0"):
        text = "49" + text[1:]
    return text if re.fullmatch(r"[0-9]{5,20}", text) else ""


def country_of(phone: str) -> str:
    return next((land for prefix, land in COUNTRIES.items() if phone.startswith(prefix)), "DE")


def bsuid_for(state: State, customer: Customer, number: Number) -> str:
    """The customer's BSUID in the number's portfolio, made on first use."""
    known = customer.bsuids.get(number.portfolio_id)
    if known:
        return known
    value = f"{country_of(customer.phone)}.{digits_of(f'{number.portfolio_id}/{customer.key}/{customer.phone}', 20)}"
    customer.bsuids[number.portfolio_id] = value
    state.by_bsuid[value] = customer.key
    state.save_customer(customer)
    return value


def phone_is_visible(customer: Customer, number: Number, now: float | None = None) -> bool:
    """Does Meta tell this number the customer's phone? Always without a username; else only if it was used lately."""
    if not customer.phone:
        return False
    if not customer.username or customer.in_contact_book:
        return True
    used_at = customer.phone_used_at.get(number.id, 0.0)
    return used_at > (now or time.time()) - PHONE_STAYS_KNOWN


def contact_entry(state: State, customer: Customer, number: Number, *, with_username: bool = True) -> dict[str, Any]:
    """The `contacts[]` entry of a webhook."""
    profile: dict[str, Any] = {"name": customer.name}
    if customer.username and with_username:
        profile["username"] = customer.username
    entry: dict[str, Any] = {"profile": profile}
    if phone_is_visible(customer, number):
        entry["wa_id"] = customer.phone
    entry["user_id"] = bsuid_for(state, customer, number)
    return entry


def stranger(state: State, *, phone: str = "", bsuid: str = "", number: Number | None = None) -> Customer:
    """Somebody the business writes to whom nobody plays. A BSUID we never gave out reaches nobody."""
    customer = Customer(
        key=f"n{phone}" if phone else f"b{secrets.token_hex(8)}",
        name="" if phone else "?",
        phone=phone,
        listed=False,
        unreachable=not phone,
        created_at=time.time(),
    )
    if bsuid and number:
        customer.bsuids[number.portfolio_id] = bsuid
    state.add("customer", customer)
    return customer


def change_number(state: State, customer: Customer, phone: str) -> dict[str, str]:
    """Give the customer another phone, and with it other BSUIDs; returns the old ids by portfolio."""
    state.by_phone.pop(customer.phone, None)
    previous = dict(customer.bsuids)
    for value in previous.values():
        state.by_bsuid.pop(value, None)
    customer.phone = phone
    customer.bsuids = {}
    state.by_phone[phone] = customer.key
    state.save_customer(customer)
    return previous
