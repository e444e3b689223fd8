"""Who one person is to us: a contact with all that was merged into it, their conversations, numbers and names."""

from dataclasses import asdict, dataclass, field
from typing import Any

from django.db.models import Q

from inbox.models import Contact, ContactIdentity, Conversation
from whatsapp.phone_format import pretty

SHORTEST_NAME = 2
TAIL = 9  # digits that a number written in any way ends with


@dataclass
class Person:
    """Plain values only: an erasure keeps them while it works, when the rows they came from have gone."""

    workspace_id: int
    contacts: list[int] = field(default_factory=list)
    conversations: list[int] = field(default_factory=list)
    phones: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)  # every id of WhatsApp's, phone numbers among them
    names: list[str] = field(default_factory=list)

    def as_work(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def tails(self) -> list[str]:
        return [phone[-TAIL:] for phone in self.phones if len(phone) >= TAIL]


def person_of(contact: Contact) -> Person:
    """Everything that leads to this person. A contact that was merged into another stands for that one."""
    root = contact.merged_into or contact
    same = Contact.objects.filter(Q(pk=root.pk) | Q(merged_into=root.pk)).prefetch_related("identities").order_by("pk")
    found = Person(root.workspace_id)
    for each in same:
        found.contacts.append(each.pk)
        found.names += [each.name, each.profile_name, each.username, each.email]
        if each.name or each.profile_name:
            found.names.append(each.display_name)
    values = ContactIdentity.objects.filter(contact__in=found.contacts).order_by("pk").values_list("kind", "value")
    for kind, value in values:
        found.ids.append(value)
        if kind == ContactIdentity.Kind.PHONE:
            found.phones.append(value)
            found.names.append(pretty(value))
    conversations = Conversation.objects.filter(contact__in=found.contacts).order_by("pk")
    found.conversations = list(conversations.values_list("pk", flat=True))
    return _tidy(found)


def joined(before: Person, now: Person) -> Person:
    """What an erasure knew, and what has come since."""
    return _tidy(Person(
        before.workspace_id, before.contacts + now.contacts, before.conversations + now.conversations,
        before.phones + now.phones, before.ids + now.ids, before.names + now.names,
    ))  # fmt: skip


def _tidy(person: Person) -> Person:
    for name in ("contacts", "conversations", "phones", "ids", "names"):
        setattr(person, name, list(dict.fromkeys(value for value in getattr(person, name) if value)))
    person.names = [name for name in person.names if len(name) >= SHORTEST_NAME]
    return person
