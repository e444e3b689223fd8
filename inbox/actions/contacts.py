"""Who is it? From the ids of a payload to the one Contact behind them.

A contact has several identities per portfolio: phone, BSUID, parent BSUID. Looked up in the order BSUID, parent BSUID,
phone; the others seen in the same payload are attached. A phone number that another active BSUID holds is no proof of
identity (SIM cards change hands): the new BSUID becomes a contact of its own, marked for a look, and takes the number
with it, because from now on that number reaches this person.

Everything here runs inside the caller's transaction and returns the contact with its row locked.
"""

import logging

from django.db import IntegrityError, transaction
from django.utils import timezone

from inbox import statements
from inbox.actions.consent import contact_changed
from inbox.actions.merging import merge_contacts
from inbox.enums import ERASING
from inbox.models import Contact, ContactIdentity, Conversation
from inbox.reports.rolling import mark_conversations
from inbox.text import fold
from whatsapp.models import PhoneNumber
from whatsapp.payloads import Person

logger = logging.getLogger(__name__)

Kind = ContactIdentity.Kind
Ids = dict[str, str]
LOOKUP_ORDER = (Kind.BSUID, Kind.PARENT_BSUID, Kind.PHONE)

IDENTITY = statements.Columns(ContactIdentity, "i")
CONTACT = statements.Columns(Contact, "c")
# Not FOR UPDATE: a transaction that updates a conversation twice has its reference to the contact checked at the
# commit, under KEY SHARE, and would wait there for who waits for its conversation.
# Kinds are named although the values nearly say enough: only with them the unique index leads to the rows.
LOCK_HOLDERS = statements.sql(
    """
SELECT {i}, {c} FROM inbox_contactidentity i JOIN inbox_contact c ON c.id = i.contact_id
 WHERE i.workspace_id = %s AND i.portfolio = %s AND i.kind = ANY(%s) AND i.value = ANY(%s) AND i.is_active
 ORDER BY i.contact_id FOR NO KEY UPDATE OF c
""",
    i=IDENTITY,
    c=CONTACT,
)

__all__ = ["attach_ids", "identify", "identify_group", "learn", "merge_contacts", "move_ids"]


def ids_of(person: Person) -> Ids:
    """The ids this payload shows, in the order in which they are trusted."""
    found = {Kind.BSUID: person.bsuid, Kind.PARENT_BSUID: person.parent_bsuid, Kind.PHONE: person.phone}
    return {kind: value for kind, value in found.items() if value}


def identify(number: PhoneNumber, person: Person) -> Contact:
    """Find or make the contact behind these ids, attach what is new, keep name and username up to date."""
    ids = ids_of(person)
    known = _settled(number, ids) or _formerly(number, ids)
    contact = known or _created(number, ids)
    if _name(contact, person) and known:
        contact_changed(contact)
    return contact


def identify_group(number: PhoneNumber, group_id: str) -> Contact:
    """The contact that stands for a WhatsApp group."""
    ids: Ids = {Kind.GROUP: group_id}
    found = _active(number, ids)
    return found[Kind.GROUP].contact if found else _created(number, ids, kind=Contact.Kind.GROUP)


def learn(number: PhoneNumber, contact_id: int, person: Person) -> None:
    """Attach ids that a status taught us, if nobody else has them. Skipped while somebody works on the contact.

    Not to who is being erased: what they write from now on would lead to them.
    """
    contact = Contact.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=contact_id).first()
    if contact is None or contact.kind == ERASING:
        return
    held = _active(number, ids_of(person))
    for kind, value in ids_of(person).items():
        current = contact.identities.filter(portfolio=number.portfolio, kind=kind, is_active=True)
        if kind not in held and not current.exists():
            _attach(number, contact, kind, value)


def attach_ids(number: PhoneNumber, contact: Contact, ids: Ids) -> Contact:
    """Make these ids the contact's; whoever had them is merged, or loses the number when it is somebody else."""
    held = _active(number, ids)
    news = {kind: value for kind, value in ids.items() if kind not in held or held[kind].contact_id != contact.pk}
    for kind, value in news.items():
        holder = held.get(kind)
        if holder is None:
            _replace(number, contact, kind, value)
        else:
            _settle_conflict(number, contact, holder)
    if news:
        contact_changed(contact)
    return contact


def move_ids(number: PhoneNumber, before: Person, after: Person) -> Contact | None:
    """WhatsApp says that one person's ids changed: end the old ones, attach the new ones. None if nobody is known.

    A contact that already wrote under the new ids (messages overtake this notice) is the same person and is merged.
    """
    known = _active(number, ids_of(before))
    contact = next((known[kind].contact for kind in LOOKUP_ORDER if kind in known), None)
    if contact is None:
        arrived = _active(number, ids_of(after))
        return next((arrived[kind].contact for kind in LOOKUP_ORDER if kind in arrived), None)
    new = ids_of(after)
    for kind, identity in known.items():
        if identity.contact_id == contact.pk and kind in new and new[kind] != identity.value:
            _end(identity)
    for identity in _active(number, new).values():
        if identity.contact_id != contact.pk and identity.contact.merged_into_id is None:
            merge_contacts(contact, identity.contact)
            contact.refresh_from_db()
    return attach_ids(number, contact, new)


def _active(number: PhoneNumber, ids: Ids) -> dict[str, ContactIdentity]:
    """Who holds these ids now, with the contacts' rows locked (in the order of their ids).

    Whoever began to be erased while this waited for the lock holds nothing any more.
    """
    if not ids:
        return {}
    wanted = [number.workspace_id, number.portfolio, [str(kind) for kind in ids], list(ids.values())]
    held: dict[str, ContactIdentity] = {}
    contacts: dict[int, Contact] = {}
    for row in statements.fetch(LOCK_HOLDERS, wanted):
        identity = IDENTITY.instance(row[: len(IDENTITY)])
        identity.contact = contacts.setdefault(identity.contact_id, CONTACT.instance(row[len(IDENTITY):]))
        if ids.get(identity.kind) == identity.value and identity.contact.kind != ERASING:
            held[identity.kind] = identity
    return held


def _settled(number: PhoneNumber, ids: Ids) -> Contact | None:
    """The contact that these ids lead to, with all of them attached; None when it must be made."""
    held = _active(number, ids)
    leading = next((kind for kind in LOOKUP_ORDER if kind in held), None)
    if leading is None:
        return None
    contact = held[leading].contact
    if leading == Kind.PHONE and Kind.BSUID in ids and _has_bsuid(number, contact):
        return None  # a known number with an unknown person behind it
    if len(held) < len(ids) or any(identity.contact_id != contact.pk for identity in held.values()):
        attach_ids(number, contact, ids)
    return contact


def _formerly(number: PhoneNumber, ids: Ids) -> Contact | None:
    """Whose user id this was until it changed: a message from before that comes late. Nobody else ever gets it."""
    if Kind.BSUID not in ids:
        return None
    ended = ContactIdentity.objects.filter(
        workspace_id=number.workspace_id, portfolio=number.portfolio, kind=Kind.BSUID, value=ids[Kind.BSUID],
        is_active=False, contact__merged_into=None,
    ).exclude(contact__kind=ERASING).order_by("-ended_at").values_list("contact_id", flat=True).first()  # fmt: skip
    return Contact.objects.select_for_update(no_key=True).filter(pk=ended).first() if ended else None


def _has_bsuid(number: PhoneNumber, contact: Contact) -> bool:
    return contact.identities.filter(portfolio=number.portfolio, kind=Kind.BSUID, is_active=True).exists()


def _created(number: PhoneNumber, ids: Ids, kind: str = Contact.Kind.PERSON) -> Contact:
    """A new contact with these ids. When somebody else was quicker, that one."""
    for _ in range(3):
        try:
            with transaction.atomic():
                return _create(number, ids, kind)
        except IntegrityError:
            found = _active(number, ids)
            winner = next((found[each] for each in (*LOOKUP_ORDER, Kind.GROUP) if each in found), None)
            if winner is not None and (winner.kind != Kind.PHONE or Kind.BSUID not in ids):
                return attach_ids(number, winner.contact, ids)
    raise RuntimeError("contact could not be created")


def _create(number: PhoneNumber, ids: Ids, kind: str) -> Contact:
    taken = [identity for identity in _active(number, ids).values() if identity.kind == Kind.PHONE]
    contact = Contact.objects.create(
        workspace_id=number.workspace_id, kind=kind, needs_identity_check=bool(taken and Kind.BSUID in ids)
    )
    for identity in taken:
        logger.warning("Phone number of contact %s came back with another user id", identity.contact_id)
        _end(identity)
        contact_changed(identity.contact)
    for each, value in ids.items():
        _insert(number, contact, each, value)
    return contact


def _settle_conflict(number: PhoneNumber, contact: Contact, holder: ContactIdentity) -> None:
    """Somebody else holds an id that this contact has been seen with."""
    if holder.kind == Kind.PHONE and _has_bsuid(number, holder.contact):
        value = holder.value
        _end(holder)
        contact_changed(holder.contact)
        _replace(number, contact, Kind.PHONE, value)
        return
    merge_contacts(contact, holder.contact)
    for other in contact.identities.filter(portfolio=number.portfolio, kind=holder.kind, is_active=True):
        if other.value != holder.value:
            _end(other)


def _replace(number: PhoneNumber, contact: Contact, kind: str, value: str) -> None:
    """One active identity per kind and portfolio: the newest."""
    for identity in contact.identities.filter(portfolio=number.portfolio, kind=kind, is_active=True):
        _end(identity)
    _attach(number, contact, kind, value)


def _attach(number: PhoneNumber, contact: Contact, kind: str, value: str) -> None:
    """To somebody who has been written to perhaps: what their first number costs was not known then."""
    _insert(number, contact, kind, value)
    if kind == Kind.PHONE:
        mark_conversations(Conversation.objects.filter(contact=contact).values_list("pk", flat=True))


def _insert(number: PhoneNumber, contact: Contact, kind: str, value: str) -> None:
    ContactIdentity.objects.create(
        workspace_id=number.workspace_id, contact=contact, portfolio=number.portfolio, kind=kind, value=value
    )


def _end(identity: ContactIdentity) -> None:
    identity.is_active, identity.ended_at = False, timezone.now()
    identity.save(update_fields=["is_active", "ended_at"])


def _name(contact: Contact, person: Person) -> bool:
    """Take over what the customer calls themselves; the name that we gave stays. Whether anything changed."""
    changed: list[str] = []
    if person.name and person.name != contact.profile_name:
        contact.profile_name = person.name
        changed += ["profile_name"]
    if person.username and person.username != contact.username:
        contact.username = person.username
        changed += ["username"]
    if changed:
        contact.name_key = name_key(contact)
        contact.save(update_fields=[*changed, "name_key"])
    return bool(changed)


def name_key(contact: Contact) -> str:
    """By what this contact is sorted and found."""
    return fold(contact.name or contact.profile_name or contact.username)[:240]
