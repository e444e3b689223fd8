"""A contact card that a customer sent: keep the person in it as a contact, or write to them.

A number that is known leads to its contact and conversation, another one is entered into the contact book, which begins
a conversation. Who has not written to us yet is reached by a template, and the composer there says so.
"""

from contextlib import suppress
from typing import Any

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Agent
from inbox.access import require_sight, sees
from inbox.actions.contact_book import NumberTaken, change_contact, create_contact, start_conversation
from inbox.errors import InboxRuleViolation, NotAllowed
from inbox.models import Contact, Conversation, Message
from inbox.text import clean
from inbox.visibility import facts_of

NAME_LENGTH = 200


@transaction.atomic
def save_contact(message: Message, position: int, *, by: Agent) -> Contact:
    """Keep the person of this card, as the contact book does; somebody known only gets what we did not know yet."""
    require_sight(by, message.conversation)
    card = _card(message, position)
    digits, name, email = _digits(card), _name(card), _email(card)
    try:
        return create_contact(number=message.phone_number, phone=digits, by=by, name=name, email=email).contact
    except NumberTaken as taken:
        if taken.contact is None:
            raise
        known = taken.contact
    missing = {"name": known.name or name, "email": known.email or email}
    change_contact(known, by=by, **missing)
    known.refresh_from_db(fields=["name", "email"])
    return known


@transaction.atomic
def write_to(message: Message, position: int, *, by: Agent) -> Conversation:
    """The conversation of our number with the person of this card, begun when there is none."""
    contact = save_contact(message, position, by=by)
    conversation = start_conversation(contact, number=message.phone_number, by=by)
    if not sees(by, facts_of(conversation)):
        raise NotAllowed(_("Another team looks after this contact."))
    return conversation


def _card(message: Message, position: int) -> dict[str, Any]:
    cards = message.data.get("contacts") if isinstance(message.data, dict) else None
    if message.deleted_at is None and isinstance(cards, list) and 0 <= position < len(cards):
        card = cards[position]
        if isinstance(card, dict):
            return card
    raise InboxRuleViolation(_("This card is gone."))


def _name(card: dict[str, Any]) -> str:
    return clean(str(card.get("name") or card.get("organization") or "")).strip()[:NAME_LENGTH]


def _email(card: dict[str, Any]) -> str:
    """The first that is one."""
    for each in card.get("emails") or []:
        said = str(each.get("email", "")) if isinstance(each, dict) else ""
        with suppress(ValidationError):
            validate_email(said)
            return said
    return ""


def _digits(card: dict[str, Any]) -> str:
    """The first number of the card that WhatsApp can know: by its own word, else as it is written."""
    phones = [phone for phone in card.get("phones") or [] if isinstance(phone, dict)]
    for phone in phones:
        if (digits := str(phone.get("wa_id", ""))).isdecimal() and digits.isascii() and 6 < len(digits) < 20:
            return digits
    for phone in phones:
        try:
            parsed = phonenumbers.parse(str(phone.get("phone", "")), "DE")
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(parsed):
            return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164).lstrip("+")
    raise InboxRuleViolation(_("There is no phone number on this card."))
