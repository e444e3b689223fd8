"""The contact book: people are entered and corrected by hand, and a conversation with them is begun.

A thread that we begin is closed until something is sent in it: nobody waits there, and the first message has to be a
template anyway (whatsapp-cloud-api.md §9).
"""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.audit import record_audit
from accounts.models import Agent
from inbox.access import visible_contacts
from inbox.actions import bookkeeping
from inbox.actions.consent import contact_changed
from inbox.actions.contacts import name_key
from inbox.actions.ruling import ask_all_again
from inbox.enums import ConversationStatus
from inbox.errors import InboxRuleViolation
from inbox.models import Contact, ContactIdentity, Conversation
from inbox.visibility import Actor
from whatsapp.models import PhoneNumber

CHANGEABLE = ("name", "email", "language", "note", "fields")


class NumberTaken(InboxRuleViolation):
    """Somebody has this number already. `contact` is that person where the agent may know of them, else None."""

    code = "number_taken"

    def __init__(self, contact: Contact | None) -> None:
        self.contact = contact
        super().__init__(
            _("%(name)s has this number already.") % {"name": contact.display_name} if contact
            else _("Somebody in another team has this number already. Ask your team lead.")
        )  # fmt: skip


@transaction.atomic
def create_contact(*, number: PhoneNumber, phone: str, by: Actor, **said: Any) -> Conversation:
    """Enter a person reachable at `phone` (digits with country code) and begin their thread with our `number`.

    Raises NumberTaken. `said` are name, email, language, note and fields.
    """
    holder = ContactIdentity.objects.filter(
        workspace_id=by.workspace_id, portfolio=number.portfolio, kind=ContactIdentity.Kind.PHONE, value=phone,
        is_active=True,
    ).first()  # fmt: skip
    if holder is not None:
        raise NumberTaken(visible_contacts(by).filter(pk=holder.contact_id).first())
    contact = Contact(workspace_id=by.workspace_id, **{key: value for key, value in said.items() if key in CHANGEABLE})
    contact.name_key = name_key(contact)
    contact.save()
    try:
        with transaction.atomic():
            ContactIdentity.objects.create(
                workspace_id=by.workspace_id, contact=contact, portfolio=number.portfolio,
                kind=ContactIdentity.Kind.PHONE, value=phone,
            )
    except IntegrityError:
        raise NumberTaken(None)  # entered or written by them in this very moment
    record_audit(by.workspace, by, "contact.created", subject=contact.display_name, data={"contact": contact.pk})
    return start_conversation(contact, number=number, by=by)


@transaction.atomic
def start_conversation(contact: Contact, *, number: PhoneNumber, by: Actor) -> Conversation:
    """The thread of this person with this number of ours; begun by `by` when there was none.

    One that exists is returned as it is: whether `by` may see it, its page decides.
    """
    Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)
    found = Conversation.objects.filter(contact=contact, phone_number=number).first()
    if found is not None:
        return found
    return Conversation.objects.create(
        workspace_id=contact.workspace_id, phone_number=number, contact=contact, status=ConversationStatus.CLOSED,
        team=bookkeeping.team_for(number), assignee=by if isinstance(by, Agent) else None,
    )


@transaction.atomic
def change_contact(contact: Contact, *, by: Actor, **said: Any) -> list[str]:
    """Correct what we know of a person; the names of the fields that changed. Open screens show it at once."""
    contact = Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)
    changed = [key for key in CHANGEABLE if key in said and getattr(contact, key) != said[key]]
    if not changed:
        return []
    for key in changed:
        setattr(contact, key, said[key])
    contact.name_key = name_key(contact)
    contact.save(update_fields=[*changed, "name_key"])
    # Which fields, not what they held: the log is kept longer than the person may be.
    record_audit(
        by.workspace, by, "contact.changed", subject=contact.display_name,
        data={"fields": changed, "contact": contact.pk},
    )  # fmt: skip
    contact_changed(contact)
    if {"language", "fields"} & set(changed):
        ask_all_again(Conversation.objects.filter(contact=contact))
    return changed
