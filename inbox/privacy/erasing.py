"""One person is erased: a job takes small steps, each in a transaction that also says how far it came.

Whatever stops it, kill -9 included, the next job goes on from the row. Confirmed, the person is out of sight and reach
at once: nobody sees or writes to them, and their ids are gone, so that whoever writes again is somebody new. Then the
job waits for what is on its way; then the counts are let go of; then the register is worked through, table by table;
then one looks among the rows of many; then the conversations and contacts themselves go. Files are named in the row
before their own rows go, and deleted with the next step.
"""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.audit import record_audit
from accounts.models import Agent
from accounts.permissions import may_manage_settings
from inbox import events, jobs
from inbox.actions.uploads import HOLDERS
from inbox.enums import ERASING, MessageStatus
from inbox.errors import InboxRuleViolation
from inbox.models import (
    Consent,
    Contact,
    ContactIdentity,
    Conversation,
    Erasure,
    Mention,
    Message,
    Note,
    PersonExport,
    Rendition,
    SearchDocument,
)
from inbox.privacy import figures, groups, ledger, ledgers, words
from inbox.privacy.people import Person, joined, person_of
from inbox.privacy.places import PLACES, Place
from inbox.privacy.scans import SCANS, Scan

logger = logging.getLogger(__name__)

BATCH = 200
SECONDS_A_JOB = 5.0  # other people's jobs wait meanwhile


@dataclass
class Work:
    """An erasure under way, inside one transaction."""

    erasure: Erasure
    person: Person

    @property
    def state(self) -> dict[str, Any]:
        return self.erasure.work

    def count(self, group: str, number: int) -> None:
        if number:
            self.erasure.counts[group] = self.erasure.counts.get(group, 0) + number

    @property
    def name(self) -> str:
        """What stands in the activity log from now on."""
        return f"✕ {self.erasure.pk}"


class Outcome:
    MORE, DONE, WAIT = "more", "done", "wait"


Step = Callable[[Work], str]


def begin_erasure(contact: Contact, *, by: Agent, typed: str) -> Erasure:
    """Somebody has seen what would go, and has typed the name or number. InboxRuleViolation, or the work begins.

    Whoever it is about is out of sight when this returns.
    """
    if not may_manage_settings(by) or contact.workspace_id != by.workspace_id:
        raise InboxRuleViolation(gettext_lazy("Only admins can do this."))
    person = person_of(contact)
    if not is_confirmed(person, contact, typed):
        raise InboxRuleViolation(gettext_lazy("That is neither the name nor the number of this person."))
    with transaction.atomic(), events.gathered():
        _hold(person)
        if Erasure.running_for(contact) is not None:
            raise InboxRuleViolation(gettext_lazy("This person is being erased already."))
        person = joined(person, person_of(contact))  # what came while this waited
        erasure = _begin(person, by=by)
        record_audit(by.workspace, by, "privacy.erasure", subject=_name_of(erasure))
        transaction.on_commit(lambda: ledger.write(erasure))
        jobs.enqueue(jobs.work_on_erasure, erasure.pk)
    return erasure


def is_confirmed(person: Person, contact: Contact, typed: str) -> bool:
    said, digits = typed.strip().casefold(), "".join(char for char in typed if char.isdigit()).lstrip("0")
    names = {name.casefold() for name in (*person.names, contact.display_name)}
    tails = {phone for phone in person.phones if len(digits) >= 7 and phone.endswith(digits)}
    return bool(said) and (said in names or bool(tails))


def repeat(contacts: list[Contact], line: ledger.Line) -> Erasure:
    """After a restore: the same line again, and all its work at once."""
    person = person_of(contacts[0])
    for contact in contacts[1:]:
        person = joined(person, person_of(contact))
    erasure = _begin(person, by=None, is_repeated=True, uid=line["uid"], asked_at=line["asked_at"])
    erasure.numbers = sorted({*erasure.numbers, *line["numbers"]})
    erasure.save(update_fields=["numbers"])
    while work_on(erasure, seconds=60.0, is_alone=True):
        erasure.refresh_from_db()
    return erasure


@transaction.atomic
def _begin(person: Person, *, by: Agent | None, **said: Any) -> Erasure:
    contacts = Contact.objects.filter(pk__in=person.contacts).order_by("pk")
    erasure = Erasure.objects.create(
        workspace_id=person.workspace_id, by=by, numbers=ledger.number_hashes(person),
        people=[ledger.contact_hash(each) for each in contacts],
        work={"person": person.as_work(), "step": "hide", "from": 0, "last": {}, "files": []}, **said,
    )  # fmt: skip
    _put_out_of_sight(Work(erasure, person))
    erasure.save(update_fields=["counts"])
    return erasure


def work_on(erasure: Erasure, seconds: float = SECONDS_A_JOB, *, is_alone: bool = False) -> bool:
    """Some seconds of work, and a job for the rest; is there more? `is_alone`: no other process is running."""
    end = time.monotonic() + seconds
    outcome = Outcome.MORE
    while outcome == Outcome.MORE:
        outcome = _one_batch(erasure.pk, is_alone=is_alone)
        if outcome == Outcome.MORE and time.monotonic() >= end:
            if not is_alone:
                jobs.enqueue(jobs.work_on_erasure, erasure.pk)
            return True
    return outcome == Outcome.WAIT  # the sweeper asks again


def _one_batch(pk: int, *, is_alone: bool) -> str:
    with transaction.atomic(), events.gathered():
        erasure = Erasure.objects.select_for_update().filter(pk=pk, state=Erasure.State.RUNNING).first()
        if erasure is None:
            return Outcome.DONE
        work = Work(erasure, Person(**erasure.work["person"]))
        delete_files(work.state.pop("files", []))
        work.state["files"] = []
        names = [name for name, _step in steps()]
        place = names.index(work.state["step"]) if work.state["step"] in names else 0
        if is_alone and names[place] == "settle":
            outcome = Outcome.DONE
        else:
            outcome = steps()[place][1](work)
        if outcome == Outcome.DONE:
            if place + 1 == len(names):
                return Outcome.DONE
            work.state["step"], work.state["from"] = names[place + 1], 0
            outcome = Outcome.MORE
        figures.forget_marks(work.person)
        erasure.touched_at = timezone.now()
        erasure.save(update_fields=["work", "counts", "numbers", "people", "touched_at"])
        return outcome


def steps() -> list[tuple[str, Step]]:
    """By name, so that another version of the product goes on at the same place."""
    return [
        ("hide", _hide), ("settle", _settle), ("figures", _figures),
        *((place.label, _rows_of(place)) for place in PLACES if place.model not in (Conversation, Contact)),
        *((f"scan:{scan.model._meta.label}", _scan(scan)) for scan in SCANS),
        *((place.label, _rows_of(place)) for place in PLACES if place.model in (Conversation, Contact)),
        ("finish", _finish),
    ]  # fmt: skip


def _hide(work: Work) -> str:
    """What came to the person at that moment is hidden as well, and from now on it is known what to look for."""
    _hold(work.person)
    for contact in Contact.objects.filter(pk__in=work.person.contacts):
        work.person = joined(work.person, person_of(contact))
    work.state["person"] = work.person.as_work()
    work.erasure.numbers = sorted({*work.erasure.numbers, *ledger.number_hashes(work.person)})
    _put_out_of_sight(work)
    ledger.write(work.erasure)
    return Outcome.DONE


def _hold(person: Person) -> None:
    """Until the end of the transaction, and not against keys: see inbox.actions.contacts."""
    theirs = Contact.objects.select_for_update(no_key=True).filter(pk__in=person.contacts)
    list(theirs.order_by("pk").values_list("pk"))


def _put_out_of_sight(work: Work) -> None:
    """Nobody is reached by these ids any more, nothing more is sent, and no screen, search or API shows the person."""
    threads = Conversation.objects.filter(pk__in=work.person.conversations)
    for conversation in threads.select_for_update(no_key=True).exclude(status=ERASING).order_by("pk"):
        events.conversation_removed(conversation)
    threads.update(status=ERASING)
    Contact.objects.filter(pk__in=work.person.contacts).update(kind=ERASING)
    work.count("marks", Mention.objects.filter(conversation__in=threads).delete()[0])
    Message.objects.filter(conversation__in=threads, status=MessageStatus.QUEUED).update(status=MessageStatus.HELD)
    work.count("numbers", ContactIdentity.objects.filter(contact__in=work.person.contacts).delete()[0])


def _settle(work: Work) -> str:
    """What is just on its way to WhatsApp must have arrived, or have been given up."""
    sending = Message.objects.filter(conversation__in=work.person.conversations, status=MessageStatus.SENDING)
    return Outcome.WAIT if sending.exists() else Outcome.DONE


def _figures(work: Work) -> str:
    if not figures.are_fresh(work.person):
        return Outcome.MORE
    figures.let_go(work.person)
    return Outcome.DONE


def _rows_of(place: Place) -> Step:
    def erase(work: Work) -> str:
        if place.model is SearchDocument:
            found = place.rows(work.person).order_by("pk").values_list("pk", flat=True)
            count = words.forget_documents("id", list(found[:BATCH]))
            work.count(place.group, count)
            return Outcome.MORE if count else Outcome.DONE
        if place.model is Contact and (late := list(_said_meanwhile(work.person))):
            ledgers.erase_consents(late)
            return Outcome.MORE
        rows = list(place.rows(work.person).order_by("pk")[:BATCH])
        if not rows:
            return Outcome.DONE
        if place.files:
            work.state["files"] += [name for row in rows if (name := str(getattr(row, place.files) or ""))]
        after = groups.remember(rows, work.person) if place.model is Message else None
        work.count("search", delete_rows(place.model, [row.pk for row in rows]))
        if after:
            groups.tidy_up(after)
        if place.counted:
            work.count(place.group, len(rows))
        return Outcome.MORE

    return erase


def _said_meanwhile(person: Person) -> QuerySet[Consent, int]:
    """Entries of the ledger that somebody added while the work was going on: they would hold the contact fast."""
    return Consent.objects.filter(contact__in=person.contacts).values_list("pk", flat=True)[:BATCH]


def delete_rows(model: type[Model], ids: list[int]) -> int:
    """With their documents in the search; how many of these."""
    documents = 0
    if model in (Message, Note):
        which = "message_id" if model is Message else "note_id"
        documents = words.forget_documents(which, ids, most=10 * len(ids))
    if model is Consent:
        ledgers.erase_consents(ids)
    else:
        model._base_manager.filter(pk__in=ids).delete()
    return documents


def _scan(scan: Scan) -> Step:
    def look(work: Work) -> str:
        label = scan.model._meta.label
        last = work.state["last"].setdefault(label, scan.newest())  # what comes later is of somebody new
        found = scan.look(work.person, work.state["from"], last, work.name)
        work.count(scan.group, found.count)
        if found.waits:
            return Outcome.WAIT
        work.state["from"] = found.seen or 0
        return Outcome.DONE if found.seen is None else Outcome.MORE

    return look


def _finish(work: Work) -> str:
    """The line of the ledger stays, and knows nobody any more."""
    erasure = work.erasure
    erasure.state, erasure.work, erasure.finished_at = Erasure.State.DONE, {}, timezone.now()
    erasure.save()
    record_audit(erasure.workspace, erasure.by, "privacy.erased", subject=_name_of(erasure), data={
        "messages": erasure.counts.get("messages", 0), "files": erasure.counts.get("files", 0),
    })  # fmt: skip
    ledger.write(erasure)
    logger.info("Erasure %s is done", erasure.pk)
    return Outcome.DONE


def delete_files(names: list[str]) -> None:
    """From the disk, unless a row of somebody else names them too. A file that is gone already is no error."""
    for name in names:
        holders: Iterator[type[Model]] = iter((*HOLDERS, Rendition, PersonExport))
        if not any(model._default_manager.filter(file=name).exists() for model in holders):
            default_storage.delete(name)


def _name_of(erasure: Erasure) -> str:
    with translation.override(erasure.workspace.language):
        return _("Erasure %(number)s") % {"number": erasure.pk}
