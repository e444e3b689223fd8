"""The contacts page: the people an agent may know of, by name, a page at a time, in a bounded number of queries."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet, prefetch_related_objects
from django.utils import timezone

from accounts.models import Agent
from inbox import text, times
from inbox.access import visible_contacts
from inbox.enums import ConsentState
from inbox.models import Consent, Contact, ContactIdentity, Conversation
from whatsapp.phone_format import pretty
from whatsapp.service_window import ServiceWindow

PAGE_SIZE = 50
LAST = "last"
MOST_FOUND = 2_000  # people found by a search; nobody pages through more


@dataclass(frozen=True)
class ContactFilter:
    """Whom the page shows. Nonsense in the query string counts as not said."""

    search: str = ""
    consent: str = ""
    label_id: int | None = None
    language: str = ""
    sort: str = ""  # "last": who was heard of last first; else by name

    @classmethod
    def of(cls, values: "dict[str, str]") -> "ContactFilter":
        consent, label, language = values.get("consent", ""), values.get("label", ""), values.get("language", "")
        return cls(
            search=values.get("q", "").strip()[:100],
            consent=consent if consent in ConsentState.values else "",
            label_id=int(label) if label.isdecimal() and len(label) < 19 else None,
            language=language if language in dict(settings.LANGUAGES) else "",
            sort=LAST if values.get("sort") == LAST else "",
        )

    @property
    def parameters(self) -> dict[str, str]:
        said = {"q": self.search, "consent": self.consent, "label": self.label_id or "", "language": self.language}
        return {name: str(value) for name, value in said.items() if value}

    @property
    def by_name(self) -> str:
        """The address of the same people in the order of their names."""
        return urlencode(self.parameters)

    @property
    def by_last(self) -> str:
        return urlencode(self.parameters | {"sort": LAST})

    @property
    def query(self) -> str:
        return self.by_last if self.sort == LAST else self.by_name


@dataclass
class ContactRow:
    """One person with what the table shows. `conversation` is the newest that this agent may see."""

    contact: Contact
    consent: Consent | None = None
    conversation: Conversation | None = None

    @property
    def phone(self) -> str:
        return pretty(self.contact.phone) if self.contact.phone else ""

    @property
    def consent_state(self) -> str:
        return self.consent.state if self.consent else ConsentState.UNKNOWN

    @property
    def window(self) -> ServiceWindow | None:
        return self.conversation.service_window if self.conversation else None

    @property
    def window_state(self) -> str:
        return self.window.state(timezone.now()) if self.window else ""

    @property
    def window_words(self) -> str:
        return times.window_left(self.window, timezone.now()) if self.window else ""

    @property
    def labels(self) -> list[Any]:
        found = self.conversation.labels.all() if self.conversation else []
        return sorted(found, key=lambda label: label.name.casefold())


@dataclass(frozen=True)
class ContactPage:
    rows: list[ContactRow]
    next: int | None  # the contact after which the next page begins


def contact_page(
    agent: Agent, wanted: ContactFilter, *, after: int | None = None, size: int | None = None
) -> ContactPage:
    """One page in the order of the names, or of the last contact with those without any at the end.

    A contact that has gone meanwhile begins the list anew.
    """
    size = size or PAGE_SIZE
    last = Contact.objects.filter(workspace=agent.workspace_id, pk=after).first() if after is not None else None
    found = (_by_last_contact if wanted.sort == LAST else _by_name)(agent, matching(agent, wanted), last, size + 1)
    prefetch_related_objects(found, "identities")
    more = len(found) > size
    return ContactPage(rows=rows_of(agent, found[:size]), next=found[size - 1].pk if more else None)


def _by_name(agent: Agent, contacts: QuerySet[Contact], last: Contact | None, most: int) -> list[Contact]:
    if last is not None:
        contacts = contacts.filter(name_key__gte=last.name_key).exclude(name_key=last.name_key, pk__lte=last.pk)
    return list(contacts.order_by("name_key", "pk")[:most])


def _by_last_contact(agent: Agent, contacts: QuerySet[Contact], last: Contact | None, most: int) -> list[Contact]:
    """By their newest thread that the agent may see and in which something was said."""
    said = Conversation.objects.visible_to(agent).exclude(preview={})
    newest = said.order_by("-last_message_at", "-pk")
    newer = said.filter(contact=OuterRef("contact")).filter(
        Q(last_message_at__gt=OuterRef("last_message_at"))
        | Q(last_message_at=OuterRef("last_message_at"), pk__gt=OuterRef("pk"))
    )
    threads = newest.filter(~Exists(newer), contact__in=contacts).select_related("contact")
    place = newest.filter(contact=last).first() if last is not None else None
    found: list[Contact] = []
    if last is None or place is not None:
        if place is not None:
            at = place.last_message_at
            threads = threads.filter(Q(last_message_at__lt=at) | Q(last_message_at=at, pk__lt=place.pk))
        found = [each.contact for each in threads[:most]]
        last = None
    if len(found) < most:
        silent = contacts.filter(~Exists(said.filter(contact=OuterRef("pk"))))
        found += _by_name(agent, silent, last, most - len(found))
    return found


def matching(agent: Agent, wanted: ContactFilter) -> QuerySet[Contact]:
    """The people this agent may know of, as far as they match."""
    contacts = visible_contacts(agent).filter(kind=Contact.Kind.PERSON)
    if wanted.search:
        contacts = contacts.filter(pk__in=_found(agent, wanted.search))
    if wanted.consent:
        contacts = _with_consent(contacts, agent, wanted.consent)
    if wanted.label_id is not None:
        labelled = Conversation.objects.visible_to(agent).filter(labels=wanted.label_id)
        contacts = contacts.filter(pk__in=labelled.values("contact_id"))
    if wanted.language:
        contacts = contacts.filter(language=wanted.language)
    return contacts


def rows_of(agent: Agent, contacts: list[Contact]) -> list[ContactRow]:
    """What the table shows of these people, in three queries."""
    ids = [contact.pk for contact in contacts]
    consents = Consent.objects.filter(contact__in=ids, category="marketing")
    latest = {each.contact_id: each for each in consents.order_by("contact", "-occurred_at", "-id").distinct("contact")}
    seen = Conversation.objects.visible_to(agent).filter(contact__in=ids).prefetch_related("labels")
    newest = seen.order_by("contact", "-last_message_at", "-pk").distinct("contact")
    conversations = {each.contact_id: each for each in newest}
    for conversation in conversations.values():
        conversation.workspace = agent.workspace
    return [ContactRow(contact, latest.get(contact.pk), conversations.get(contact.pk)) for contact in contacts]


def _found(agent: Agent, words: str) -> list[int]:
    """By every word of the name in any order, by username, a part of the number, or the e-mail address."""
    contacts = Contact.objects.filter(workspace=agent.workspace_id)
    named = Q()
    for word in text.fold(words).split():
        named &= Q(name_key__contains=word)
    sources: list[QuerySet[Any, tuple[Any, ...]]] = [
        contacts.filter(named).values_list("pk") if named else contacts.none().values_list("pk"),
        contacts.filter(~Q(username=""), username__istartswith=words.lstrip("@")).values_list("pk"),
    ]
    if "@" in words:
        sources.append(contacts.filter(email__icontains=words).values_list("pk"))
    # As people say it here: 0172 … and 0049 172 … are +49 172 …
    digits = re.sub(r"^00?", "", "".join(char for char in words if char in "0123456789"))
    if len(digits) >= 3 and not any(char.isalpha() for char in words):
        numbers = ContactIdentity.objects.filter(workspace=agent.workspace_id, kind="phone", value__contains=digits)
        sources.append(numbers.values_list("contact"))
    return [pk for (pk,) in sources[0].union(*sources[1:], all=True)[:MOST_FOUND]]


def _with_consent(contacts: QuerySet[Contact], agent: Agent, state: str) -> QuerySet[Contact]:
    """By the newest word of each; "unknown" are those who were never asked."""
    said = Consent.objects.filter(workspace=agent.workspace_id, category="marketing")
    if state == ConsentState.UNKNOWN:
        return contacts.exclude(pk__in=said.values("contact_id"))
    latest = said.order_by("contact", "-occurred_at", "-id").distinct("contact")
    return contacts.filter(pk__in=Consent.objects.filter(pk__in=latest.values("pk"), state=state).values("contact_id"))
