"""A test message to oneself: an ordinary template message to a contact with one's own number, by all the rules.

Nothing is let off: marketing needs a yes in the ledger here as well, and what it costs is charged.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.audit import record_audit
from accounts.models import Agent
from inbox.actions import contact_book
from inbox.actions.sending_templates import send_template
from inbox.errors import InboxRuleViolation, NoConsent
from inbox.models import Contact, ContactIdentity, Message, TestRecipient
from whatsapp.models import MessageTemplate, PhoneNumber


class OwnNumber(InboxRuleViolation):
    code = "own_number"
    sentence = _("This is the number of the business itself. Take the phone in your pocket.")


class SomebodysNumber(InboxRuleViolation):
    """A contact has this number: a test must not reach a customer by a slip. Who is that contact says so."""

    code = "somebodys_number"

    def __init__(self, contact: Contact) -> None:
        self.contact = contact
        words = _("%(name)s has this number. If that is you, send it once more.")
        super().__init__(words % {"name": contact.display_name})


class NoConsentForTest(NoConsent):
    sentence = _(
        "Marketing needs consent for a test too. Write START from this phone to your business number and confirm it,"
        " then try again."
    )


def own_phone_of(agent: Agent) -> str:
    """Where this person's last test went, as digits, or ""."""
    return TestRecipient.objects.filter(agent=agent).values_list("phone", flat=True).first() or ""


@transaction.atomic
def send_test(
    template: MessageTemplate, *, number: PhoneNumber, phone: str, by: Agent, values: Mapping[str, Any],
    uid: uuid.UUID | str, known: int | None = None,
) -> Message:
    """Send it from `number` to one's own `phone` (digits) and remember that; raises what sending raises.

    The phone becomes a contact named after the person where nobody has it yet. Where somebody has it, `known` says
    that this contact is oneself; a number that was tested on before needs no such word.
    """
    if PhoneNumber.objects.filter(workspace=by.workspace_id, display_number=phone).exists():
        raise OwnNumber
    contact = _holder(number, phone, by)
    if contact is not None and contact.pk != known and own_phone_of(by) != phone:
        raise SomebodysNumber(contact)
    TestRecipient.objects.update_or_create(agent=by, defaults={"phone": phone})
    if contact is not None:
        conversation = contact_book.start_conversation(contact, number=number, by=by)
    else:
        conversation = contact_book.create_contact(number=number, phone=phone, by=by, name=by.name)
    try:
        message = send_template(conversation, by=by, template=template, values=values, uid=uid)
    except NoConsent as refused:
        raise NoConsentForTest from refused
    record_audit(by.workspace, by, "template.tested", str(template))
    return message


def _holder(number: PhoneNumber, phone: str, by: Agent) -> Contact | None:
    return Contact.objects.filter(
        identities__workspace=by.workspace_id, identities__portfolio=number.portfolio, identities__value=phone,
        identities__kind=ContactIdentity.Kind.PHONE, identities__is_active=True,
    ).first()  # fmt: skip
