"""A person says that two contacts are one, looks at what that means, and may take it back for some minutes.

Each contact has one account in use per business of ours; when both have one, the person says which: the other becomes
a former one, and who still writes from it comes in as somebody new. The 24 hours are those of the account in use.

Undoing puts back everything but the ledger of consents, which nothing is ever taken out of: where the merge has changed
what counts for the contact that stayed, a new line says what counted before.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from accounts.audit import record_audit
from accounts.models import Agent
from inbox import events
from inbox.actions import merge_record
from inbox.actions.activity import add_activity
from inbox.actions.consent import contact_changed, latest_consent, record_consent
from inbox.actions.contacts import name_key
from inbox.actions.locks import lock
from inbox.actions.merge_undo import part
from inbox.actions.merging import merge_contacts
from inbox.contacts import fields as contact_fields
from inbox.enums import BlockState, ConsentState, MessageStatus
from inbox.errors import InboxRuleViolation
from inbox.models import Consent, Contact, ContactIdentity, ContactMerge, Conversation, Erasure, Message
from whatsapp.phone_format import pretty

UNDO_WITHIN = timedelta(minutes=10)
KEPT_FOR = timedelta(days=1)
PLAIN = {"name": gettext_lazy("Name"), "email": gettext_lazy("Email"), "language": gettext_lazy("Language")}
UNDER_WAY = (MessageStatus.QUEUED, MessageStatus.SENDING)


@dataclass
class Choice:
    """A value that both have, differently."""

    key: str
    words: Any
    keep: str
    gone: str


@dataclass
class Preview:
    """What a merge would do. `rivals` are the accounts of both of which one is used from then on."""

    keep: Contact
    gone: Contact
    choices: list[Choice] = field(default_factory=list)
    rivals: list[tuple[ContactIdentity, ContactIdentity]] = field(default_factory=list)
    newest: str = "keep"  # whose account was heard of last
    consents: tuple[Consent | None, Consent | None, Consent | None] = (None, None, None)  # keep's, gone's, after
    conversations: int = 0
    joined: int = 0  # threads that become one, in the order of their times
    messages: int = 0
    has_two_notes: bool = False

    @property
    def accounts(self) -> tuple[str, str]:
        """The rivals in words: phone numbers as people write them."""
        words = [[pretty(each.value) if each.kind == "phone" else each.value for each in pair] for pair in self.rivals]
        return ", ".join(ours for ours, _other in words), ", ".join(other for _ours, other in words)


def preview_merge(keep: Contact, gone: Contact, *, by: Agent) -> Preview:
    """InboxRuleViolation when it cannot be done."""
    theirs = _conversations(keep, gone, by)
    found = Preview(keep, gone)
    for key, words in PLAIN.items():
        _choice(found, key, words, _shown(keep, key), _shown(gone, key))
    for each in contact_fields.fields_of(keep.workspace_id):
        held = [contact_fields.words_of(each, contact.fields.get(str(each.pk))) for contact in (keep, gone)]
        _choice(found, contact_fields.form_name(each), each.name, *held)
    found.rivals = _rivals(keep, gone)
    heard = {contact.pk: _heard(theirs, contact) for contact in (keep, gone)}
    found.newest = "gone" if (heard[gone.pk] or _NEVER) > (heard[keep.pk] or _NEVER) else "keep"
    ours, other = latest_consent(keep), latest_consent(gone)
    newest = max((row for row in (ours, other) if row), key=lambda row: (row.occurred_at, row.pk), default=None)
    found.consents = (ours, other, newest)
    found.conversations = sum(each.contact_id == gone.pk for each in theirs)
    found.joined = len(theirs) - len({each.phone_number_id for each in theirs})
    found.messages = Message.objects.filter(conversation__contact=gone).count()
    found.has_two_notes = bool(keep.note and gone.note and keep.note != gone.note)
    return found


def merge(keep: Contact, gone: Contact, *, by: Agent, choices: dict[str, str], uses: str = "keep") -> ContactMerge:
    """Make them one. `choices` says "gone" for values of the second that win; `uses` whose account is written to."""
    with transaction.atomic(), events.gathered():
        keep, gone = _locked(keep, gone)
        theirs = _conversations(keep, gone, by)
        if Message.objects.filter(conversation__in=theirs, status__in=UNDER_WAY).exists():
            raise InboxRuleViolation(gettext_lazy("A message is just being sent. Try again in a moment."))
        record = merge_record.before(keep, gone)
        said = {key: getattr(gone, key) for key in PLAIN if choices.get(key) == "gone" and getattr(gone, key)}
        if choices.get("name") == "gone":
            said["name"] = _shown(gone, "name")
        elif keep.profile_name:
            said["name"] = keep.name  # perhaps none: what they call themselves is shown
        own = {key: value for key, value in gone.fields.items() if choices.get(f"field_{key}") == "gone"}
        rivals = _rivals(keep, gone)
        used = gone.pk if uses == "gone" else keep.pk
        windows = {each.phone_number_id: each for each in theirs if each.contact_id == used}
        merge_contacts(keep, gone)
        for ours, other in rivals:
            _end(ours if uses == "gone" else other)
        for key, value in said.items():
            setattr(keep, key, value)
        keep.fields = keep.fields | own
        keep.name_key = name_key(keep)
        keep.save(update_fields=[*PLAIN, "fields", "name_key"])
        if rivals:
            _follow_account(keep, {ours.portfolio for ours, _other in rivals}, windows)
        for conversation in Conversation.objects.filter(contact=keep).order_by("pk"):
            add_activity(lock(conversation), "merged", actor=by, data={"with": gone.display_name})
        contact_changed(keep)
        record["after"] = merge_record.after(keep)
        record_audit(by.workspace, by, "contacts.merged", subject=gone.display_name, data={"with": keep.display_name})
        return ContactMerge.objects.create(workspace=by.workspace, kept=keep, gone=gone, by=by, record=record)


def undoable_merge(contact: Contact) -> ContactMerge | None:
    """The merge into this contact that could still be undone, if nothing has happened since."""
    since = timezone.now() - UNDO_WITHIN
    return ContactMerge.objects.filter(kept=contact, created_at__gt=since).order_by("-created_at").first()


def undo_merge(done: ContactMerge, *, by: Agent) -> Contact:
    """Part them again; the contact that is back. Refused when it is late or something new has happened."""
    with transaction.atomic(), events.gathered():
        keep, gone = _locked(done.kept, done.gone)
        found = ContactMerge.objects.filter(pk=done.pk, created_at__gt=timezone.now() - UNDO_WITHIN).first()
        if found is None or gone.merged_into_id != keep.pk:
            raise InboxRuleViolation(gettext_lazy("It is too late to take this back."))
        for conversation in Conversation.objects.filter(contact=keep).order_by("pk"):
            lock(conversation)
        if merge_record.after(keep) != found.record["after"]:
            raise InboxRuleViolation(gettext_lazy("Something new has happened with this person, so it stays as it is."))
        part(keep, gone, found.record)
        _restore_consent(keep, gone, by)
        for contact in (keep, gone):
            contact_changed(contact)
        found.delete()
        record_audit(
            by.workspace, by, "contacts.merge_undone", subject=gone.display_name, data={"with": keep.display_name}
        )
        return gone


def forget_old(now: datetime | None = None) -> int:
    """What can no longer be undone is not kept: it names people."""
    return ContactMerge.objects.filter(created_at__lt=(now or timezone.now()) - KEPT_FOR).delete()[0]


_NEVER = datetime.min.replace(tzinfo=UTC)


def _locked(keep: Contact, gone: Contact) -> tuple[Contact, Contact]:
    """Both, locked in the order of their ids as everywhere. What is being erased must not move out of sight."""
    both = Contact.objects.select_for_update(no_key=True).filter(pk__in=[keep.pk, gone.pk]).order_by("pk")
    found = {contact.pk: contact for contact in both}
    if any(Erasure.running_for(contact) is not None for contact in both):
        raise InboxRuleViolation(gettext_lazy("This person is being erased already."))
    return found[keep.pk], found[gone.pk]


def _conversations(keep: Contact, gone: Contact, by: Agent) -> list[Conversation]:
    """Those of both. One must see them all: nothing unseen is moved."""
    person = Contact.Kind.PERSON
    if keep.pk == gone.pk or (keep.kind, gone.kind) != (person, person) or keep.merged_into_id or gone.merged_into_id:
        raise InboxRuleViolation(gettext_lazy("These two cannot be merged."))
    theirs = list(Conversation.objects.filter(contact__in=[keep, gone]).order_by("pk"))
    if Conversation.objects.visible_to(by).filter(contact__in=[keep, gone]).count() != len(theirs):
        raise InboxRuleViolation(gettext_lazy("Some of their conversations belong to another team. Ask an admin."))
    if any(each.block_state != BlockState.NONE for each in theirs):
        raise InboxRuleViolation(gettext_lazy("One of them is blocked. Unblock them first."))
    return theirs


def _shown(contact: Contact, key: str) -> str:
    if key == "name":
        return contact.name or contact.profile_name
    return str(contact.get_language_display()) if key == "language" else getattr(contact, key)


def _choice(found: Preview, key: str, words: Any, keep: str, gone: str) -> None:
    if keep and gone and keep != gone:
        found.choices.append(Choice(key, words, keep, gone))


def _rivals(keep: Contact, gone: Contact) -> list[tuple[ContactIdentity, ContactIdentity]]:
    """Ids in use of the same kind for the same business account."""
    active = ContactIdentity.objects.filter(contact__in=[keep, gone], is_active=True).order_by("pk")
    ours = {(each.portfolio, each.kind): each for each in active if each.contact_id == keep.pk}
    theirs = [each for each in active if each.contact_id == gone.pk]
    return [(ours[key], each) for each in theirs if (key := (each.portfolio, each.kind)) in ours]


def _heard(conversations: list[Conversation], contact: Contact) -> datetime | None:
    times = [each.last_customer_message_at for each in conversations if each.contact_id == contact.pk]
    return max((at for at in times if at), default=None)


def _end(identity: ContactIdentity) -> None:
    ContactIdentity.objects.filter(pk=identity.pk).update(is_active=False, ended_at=timezone.now())


def _follow_account(keep: Contact, portfolios: set[str], windows: dict[int, Conversation]) -> None:
    """The 24 hours of a thread are those of the account that is written to from now on."""
    for conversation in Conversation.objects.filter(contact=keep).select_related("phone_number__business_account"):
        if conversation.phone_number.portfolio not in portfolios:
            continue
        source = windows.get(conversation.phone_number_id)
        Conversation.objects.filter(pk=conversation.pk).update(
            last_customer_message_at=source.last_customer_message_at if source else None,
            window_refused_at=source.window_refused_at if source else None,
        )


def _restore_consent(keep: Contact, gone: Contact, by: Agent) -> None:
    """The copies stay in the ledger; a new line makes count again what counted before."""
    own = Consent.objects.filter(contact=keep, category="marketing").exclude(pk__in=_copied(keep, gone))
    was = own.order_by("-occurred_at", "-id").first()
    now = latest_consent(keep)
    state = was.state if was is not None else ConsentState.WITHDRAWN
    if now is None or now.state == state:
        return
    record_consent(
        keep, state, source=Consent.Source.AGENT, occurred_at=timezone.now(), by=by,
        wording=was.wording if was is not None else "",
        note=gettext("Two contacts parted again: what counted before"),
    )  # fmt: skip


def _copied(keep: Contact, gone: Contact) -> list[int]:
    """Rows of `keep` that repeat rows of `gone`."""
    facts = ("state", "source", "occurred_at", "message_id")
    theirs = set(Consent.objects.filter(contact=gone).values_list(*facts))
    rows = Consent.objects.filter(contact=keep).values_list("pk", *facts)
    return [pk for pk, *row in rows if tuple(row) in theirs]
