"""A contact's number is corrected, or they have told us a new one.

The thread goes on under the new number. To WhatsApp it is another account until it writes to us: the 24 hours are over,
and the first message is a template. The old number becomes a former one: who writes from it is somebody new.
"""

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.audit import record_audit
from accounts.models import Agent
from inbox import events
from inbox.access import visible_contacts
from inbox.actions.activity import add_activity
from inbox.actions.consent import contact_changed
from inbox.actions.contact_book import NumberTaken
from inbox.actions.locks import lock
from inbox.enums import BlockState, MessageStatus
from inbox.errors import InboxRuleViolation
from inbox.models import Contact, ContactIdentity, Conversation, Message
from inbox.reports.rolling import mark_conversations
from whatsapp.models import PhoneNumber
from whatsapp.phone_format import pretty

UNDER_WAY = (MessageStatus.QUEUED, MessageStatus.SENDING)
Kind = ContactIdentity.Kind


def change_number(contact: Contact, *, number: PhoneNumber, phone: str, by: Agent) -> bool:
    """From now on this person is reached at `phone` (digits) by `number` of ours; whether anything changed.

    Raises NumberTaken, or InboxRuleViolation while something is on its way to the old number.
    """
    try:
        with transaction.atomic(), events.gathered():
            return _change(contact, number, phone, by)
    except IntegrityError:
        raise NumberTaken(None)  # they have written from it in this very moment


def _change(contact: Contact, number: PhoneNumber, phone: str, by: Agent) -> bool:
    contact = Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)
    ids = ContactIdentity.objects.filter(workspace=contact.workspace_id, portfolio=number.portfolio, is_active=True)
    holder = ids.filter(kind=Kind.PHONE, value=phone).first()
    if holder is not None and holder.contact_id == contact.pk:
        return False
    if holder is not None:
        raise NumberTaken(visible_contacts(by).filter(pk=holder.contact_id).first())
    theirs = Conversation.objects.filter(contact=contact).order_by("pk")
    conversations = [each for each in map(lock, theirs) if each.phone_number.portfolio == number.portfolio]
    if any(each.block_state != BlockState.NONE for each in conversations):
        raise InboxRuleViolation(_("This person is blocked. Unblock them first."))
    if Message.objects.filter(conversation__in=conversations, status__in=UNDER_WAY).exists():
        raise InboxRuleViolation(_("A message is just being sent. Try again in a moment."))
    former = contact.phone
    # The WhatsApp user id belongs to the account of the old number; the new one shows its own when it writes.
    ids.filter(contact=contact).exclude(kind=Kind.GROUP).update(is_active=False, ended_at=timezone.now())
    ContactIdentity.objects.create(
        workspace_id=contact.workspace_id, contact=contact, portfolio=number.portfolio, kind=Kind.PHONE, value=phone
    )
    mark_conversations(theirs.values_list("pk", flat=True))
    for conversation in conversations:
        if conversation.last_customer_message_at is not None:
            conversation.window_refused_at = timezone.now()
            conversation.save(update_fields=["window_refused_at"])
        words = {"from": pretty(former) if former else "", "to": pretty(phone)}
        add_activity(conversation, "number_changed", actor=by, data=words)
    record_audit(by.workspace, by, "contact.number", subject=contact.display_name, data={"contact": contact.pk})
    contact_changed(contact)
    return True
