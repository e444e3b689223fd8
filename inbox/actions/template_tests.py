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
from inbox.models import Contact, ContactIdentity, Conversation, Message, TestRecipient
from whatsapp.models import MessageTemplate, PhoneNumber


class OwnNumber(InboxRuleViolation):
    code = "own_number"
    sentence = _("This is the number of the business itself. Take the phone in your pocket.")


class NoConsentForTest(NoConsent):
    sentence = _(
        "Marketing needs consent for a test too. Write START from this phone to your business number, then try again."
    )


def own_phone_of(agent: Agent) -> str:
    """Where this person's last test went, as digits, or ""."""
    return TestRecipient.objects.filter(agent=agent).values_list("phone", flat=True).first() or ""


@transaction.atomic
def send_test(
    template: MessageTemplate, *, number: PhoneNumber, phone: str, by: Agent, values: Mapping[str, Any],
    uid: uuid.UUID | str,
) -> Message:
    """Send it from `number` to one's own `phone` (digits) and remember that; raises what sending raises.

    The phone becomes a contact named after the person where nobody has it yet.
    """
    if PhoneNumber.objects.filter(workspace=by.workspace_id, display_number=phone).exists():
        raise OwnNumber
    TestRecipient.objects.update_or_create(agent=by, defaults={"phone": phone})
    conversation = _conversation(number, phone, by)
    try:
        message = send_template(conversation, by=by, template=template, values=values, uid=uid)
    except NoConsent as refused:
        raise NoConsentForTest from refused
    record_audit(by.workspace, by, "template.tested", str(template))
    return message


def _conversation(number: PhoneNumber, phone: str, by: Agent) -> Conversation:
    contact = Contact.objects.filter(
        identities__workspace=by.workspace_id, identities__portfolio=number.portfolio, identities__value=phone,
        identities__kind=ContactIdentity.Kind.PHONE, identities__is_active=True,
    ).first()  # fmt: skip
    if contact is not None:
        return contact_book.start_conversation(contact, number=number, by=by)
    return contact_book.create_contact(number=number, phone=phone, by=by, name=by.name)
