"""A contact card that a customer sent: keep the person in it as a contact, or write to them.

A number that is known leads to its contact and conversation, another one makes them. Who has not written to us yet is
reached by a template, so a new conversation belongs to whoever wants to write, and its composer says so.
"""

from typing import Any

import phonenumbers
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Agent
from inbox import events
from inbox.access import get_conversation, require_sight, sees
from inbox.actions import contacts
from inbox.actions.activity import add_activity
from inbox.actions.bookkeeping import open_case, team_for
from inbox.errors import InboxRuleViolation, NotAllowed
from inbox.models import Assignment, Contact, Conversation, Message
from inbox.text import clean
from inbox.visibility import facts_of
from whatsapp.models import PhoneNumber
from whatsapp.payloads import Person

NAME_LENGTH = 200


@transaction.atomic
def save_contact(message: Message, position: int, *, by: Agent) -> Contact:
    """Keep the person of this card; our own name for them is set when they had none."""
    require_sight(by, message.conversation)
    card = _card(message, position)
    contact = contacts.identify(message.phone_number, Person(phone=_digits(card)))
    name = clean(str(card.get("name") or card.get("organization") or "")).strip()[:NAME_LENGTH]
    emails = card.get("emails") or []
    changed = {}
    if name and not contact.name:
        changed["name"] = name
    if not contact.email and emails and "@" in str(emails[0].get("email", "")):
        changed["email"] = str(emails[0]["email"])[:254]
    if changed:
        for field, value in changed.items():
            setattr(contact, field, value)
        contact.name_key = contacts.name_key(contact)
        contact.save(update_fields=[*changed, "name_key"])
    return contact


@transaction.atomic
def write_to(message: Message, position: int, *, by: Agent) -> Conversation:
    """The conversation of our number with the person of this card, begun when there is none."""
    number, contact = message.phone_number, save_contact(message, position, by=by)
    found = Conversation.objects.filter(phone_number=number, contact=contact).first()
    if found is None:
        found = _begin(number, contact, by)
    elif not sees(by, facts_of(found)):
        raise NotAllowed(_("Another team looks after this contact."))
    return get_conversation(by, found.pk)


def _begin(number: PhoneNumber, contact: Contact, by: Agent) -> Conversation:
    now = timezone.now()
    conversation = Conversation.objects.create(
        workspace_id=number.workspace_id, phone_number=number, contact=contact, team=team_for(number), assignee=by,
        assigned_at=now,
    )  # fmt: skip
    Assignment.objects.create(conversation=conversation, agent=by, team=conversation.team, by=by)
    open_case(conversation, at=now, by=by)
    with events.gathered():
        add_activity(conversation, "claimed", actor=by, data={"to": by.name, "to_id": by.pk})
        events.conversation_changed(conversation)
    return conversation


def _card(message: Message, position: int) -> dict[str, Any]:
    cards = message.data.get("contacts") if isinstance(message.data, dict) else None
    if message.deleted_at is None and isinstance(cards, list) and 0 <= position < len(cards):
        card = cards[position]
        if isinstance(card, dict):
            return card
    raise InboxRuleViolation(_("This card is gone."))


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
