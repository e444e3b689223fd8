"""An import of contacts: begun with a file, checked without changing anything, applied when the person says so.

The work is done in the background, some seconds at a time, from what stands in the rows: whatever stops it, the next
job goes on where it ended, and a row that has been applied is never applied again.
"""

import logging
import time
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from accounts.audit import record_audit
from accounts.models import Agent
from accounts.permissions import may_manage_contacts
from inbox import jobs
from inbox.actions.consent import contact_changed, record_consent
from inbox.actions.contacts import name_key
from inbox.contacts import fields as contact_fields
from inbox.errors import InboxRuleViolation
from inbox.importing import columns
from inbox.importing.judging import Judge, Judged
from inbox.importing.tables import Table
from inbox.models import Consent, Contact, ContactIdentity, ContactImport, ContactImportRow
from inbox.text import clean
from whatsapp.models import PhoneNumber

logger = logging.getLogger(__name__)

State, Verdict = ContactImport.State, ContactImportRow.Verdict
BATCH = 250
BATCH_APPLIED = 100
SECONDS_A_JOB = 5.0  # other people's jobs wait meanwhile
KEPT_FOR = timedelta(days=14)
SAMPLE_ROWS = 50
WRITTEN = ["verdict", "phone", "detail", "has_remarks", "contact"]


@transaction.atomic
def begin_import(table: Table, *, file_name: str, number: PhoneNumber, by: Agent) -> ContactImport:
    """Keep the rows of a file; its columns are guessed and the dry run begins."""
    sample = [cells for _line, cells in table.rows[:SAMPLE_ROWS]]
    guessed = columns.guess(table.headings, sample, contact_fields.fields_of(by.workspace_id))
    imported = ContactImport.objects.create(
        workspace_id=by.workspace_id, agent=by, phone_number=number, file_name=clean(file_name)[:240],
        headings=table.headings, columns=guessed,
    )  # fmt: skip
    ContactImportRow.objects.bulk_create(
        (ContactImportRow(imported=imported, line=line, cells=cells) for line, cells in table.rows), batch_size=1000
    )
    jobs.enqueue(jobs.work_on_import, imported.pk)
    return imported


@transaction.atomic
def check_import(imported: ContactImport, **said: Any) -> None:
    """Take over how the columns are to be read (columns, fill_only, consent_…), and judge every row anew."""
    imported = _locked(imported)
    if imported.state not in (State.CHECKING, State.CHECKED):
        raise InboxRuleViolation(_("This file has been imported already."))
    for name, value in said.items():
        setattr(imported, name, value)
    imported.state, imported.touched_at = State.CHECKING, timezone.now()
    imported.save()
    imported.rows.update(verdict="", phone="", detail={}, has_remarks=False)
    jobs.enqueue(jobs.work_on_import, imported.pk)


@transaction.atomic
def apply_import(imported: ContactImport) -> None:
    """Do what the dry run says. Once: a second call finds it under way or done."""
    imported = _locked(imported)
    if imported.state != State.CHECKED:
        raise InboxRuleViolation(_("This file is being worked on, or has been imported already."))
    imported.state, imported.touched_at = State.APPLYING, timezone.now()
    imported.save(update_fields=["state", "touched_at"])
    jobs.enqueue(jobs.work_on_import, imported.pk)


def discard_import(imported: ContactImport) -> None:
    """Forget file and verdicts. Contacts that have been imported stay."""
    imported.delete()


def work_on(imported: ContactImport) -> None:
    """Some seconds of work, and a job for the rest. Ends without a word when there is nothing to do."""
    end = time.monotonic() + SECONDS_A_JOB
    with translation.override(imported.agent.language), timezone.override(imported.agent.zone):
        while imported.is_working:
            if not (imported.agent.is_active and may_manage_contacts(imported.agent)):
                _move_on(imported, State.STOPPED)
                return
            batch = _check_batch if imported.state == State.CHECKING else _apply_batch
            if not batch(imported, end):
                _move_on(imported, State.CHECKED if imported.state == State.CHECKING else State.DONE)
                return
            ContactImport.objects.filter(pk=imported.pk).update(touched_at=timezone.now())
            if time.monotonic() >= end:
                jobs.enqueue(jobs.work_on_import, imported.pk)
                return
            imported.refresh_from_db(fields=["state"])


def counts_of(imported: ContactImport) -> dict[str, int]:
    """How many rows have which verdict; "" are those not judged yet."""
    counted = imported.rows.order_by().values_list("verdict").annotate(Count("pk"))
    return dict(counted)


def forget_old(now: datetime | None = None) -> int:
    """Files are other people's data: kept no longer than somebody may want to look at what came of them."""
    before = (now or timezone.now()) - KEPT_FOR
    return ContactImport.objects.filter(created_at__lt=before).delete()[0]


def _locked(imported: ContactImport) -> ContactImport:
    return ContactImport.objects.select_for_update(no_key=True).get(pk=imported.pk)


def _move_on(imported: ContactImport, state: str) -> None:
    """From one state to the next, once, however many jobs come to it at a time."""
    with transaction.atomic():
        if _locked(imported).state == state or state == State.CHECKED and imported.rows.filter(verdict="").exists():
            return  # the columns are read in another way meanwhile
        finished = timezone.now() if state in (State.DONE, State.STOPPED) else None
        moved = ContactImport.objects.filter(pk=imported.pk, state=imported.state).update(
            state=state, finished_at=finished, touched_at=timezone.now()
        )
        if moved and state == State.DONE:
            counts = counts_of(imported)
            data = {str(verdict): counts.get(verdict, 0) for verdict in (Verdict.NEW, Verdict.CHANGED)}
            record_audit(imported.workspace, imported.agent, "contacts.imported", subject=imported.file_name, data=data)
    imported.state = state


@transaction.atomic
def _check_batch(imported: ContactImport, _end: float) -> bool:
    """Judge the next rows; are there any? Under the import's lock: a new reading of the columns waits, or has begun."""
    if _locked(imported).state != State.CHECKING:
        return True  # asked again by the caller
    rows = list(imported.rows.filter(verdict="").order_by("line")[:BATCH])
    fresh = ContactImport.objects.select_related("agent__workspace", "phone_number__business_account").get(
        pk=imported.pk
    )
    for row, judged in zip(rows, Judge(fresh).judge(rows), strict=True):
        _write(row, judged)
        row.contact = judged.contact
    ContactImportRow.objects.bulk_update(rows, WRITTEN)
    return bool(rows)


def _apply_batch(imported: ContactImport, end: float) -> bool:
    """Apply the next rows; are there any? New people together, changes each for itself: they lock what others use."""
    waiting = imported.rows.filter(verdict__in=ContactImportRow.EFFECTIVE, is_applied=False).order_by("line")
    found = list(waiting.values_list("pk", "verdict")[:BATCH_APPLIED])
    judge = Judge(imported)
    new = [pk for pk, verdict in found if verdict == Verdict.NEW]
    try:
        done = _apply_new(judge, new)
    except IntegrityError:
        done = set()
    for pk, _verdict in found:
        if pk in done:
            continue
        try:
            _apply_row(judge, pk)
        except IntegrityError:  # the customer wrote in this very moment: the row is looked at once more
            try:
                _apply_row(judge, pk)
            except IntegrityError:
                logger.exception("Row %s of import %s could not be applied", pk, imported.pk)
                _fail(pk)
        if time.monotonic() >= end:
            break
    return bool(found)


@transaction.atomic
def _apply_new(judge: Judge, ids: list[int]) -> set[int]:
    """Those of the rows that are people whom still nobody knows; the ids of the rows that are done."""
    waiting = ContactImportRow.objects.select_for_update(skip_locked=True).filter(pk__in=ids, is_applied=False)
    rows = list(waiting.order_by("line"))
    judgements = [each for each in zip(rows, judge.judge(rows), strict=True) if each[1].verdict == Verdict.NEW]
    contacts = Contact.objects.bulk_create(_contact(judge, judged) for _row, judged in judgements)
    ContactIdentity.objects.bulk_create(
        _phone_of(judge, contact, judged.phone)
        for contact, (_row, judged) in zip(contacts, judgements, strict=True)
    )
    for contact, (row, judged) in zip(contacts, judgements, strict=True):
        judged.contact = row.contact = contact
        _record(judge, judged)
        _write(row, judged)
        row.is_applied = True
    done = [row for row, _judged in judgements]
    ContactImportRow.objects.bulk_update(done, [*WRITTEN, "is_applied"])
    return {row.pk for row in done}


@transaction.atomic
def _apply_row(judge: Judge, pk: int) -> None:
    row = ContactImportRow.objects.select_for_update(skip_locked=True).filter(pk=pk, is_applied=False).first()
    if row is None:
        return  # another job has it
    if row.contact_id:
        Contact.objects.select_for_update(no_key=True).filter(pk=row.contact_id).first()
    judged = judge.judge([row])[0]
    if judged.verdict == Verdict.NEW:
        judged.contact = _create(judge, judged)
    elif judged.verdict == Verdict.CHANGED and judged.contact is not None:
        _change(judged.contact, judged.said)
    _record(judge, judged)
    if judged.verdict == Verdict.CHANGED and judged.contact is not None:
        contact_changed(judged.contact)
    _write(row, judged)
    row.contact, row.is_applied = judged.contact, True
    row.save()


def _create(judge: Judge, judged: Judged) -> Contact:
    contact = _contact(judge, judged)
    contact.save()
    _phone_of(judge, contact, judged.phone).save()
    return contact


def _contact(judge: Judge, judged: Judged) -> Contact:
    contact = Contact(workspace_id=judge.imported.workspace_id, **judged.said)
    contact.name_key = name_key(contact)
    return contact


def _phone_of(judge: Judge, contact: Contact, phone: str) -> ContactIdentity:
    return ContactIdentity(
        workspace_id=judge.imported.workspace_id, contact=contact, portfolio=judge.number.portfolio,
        kind=ContactIdentity.Kind.PHONE, value=phone,
    )  # fmt: skip


def _record(judge: Judge, judged: Judged) -> None:
    """The yes or no of the row goes into the ledger."""
    if (said := judged.consent) is not None and judged.contact is not None:
        record_consent(
            judged.contact, said.state, source=Consent.Source.IMPORT, occurred_at=said.occurred_at, note=said.note,
            wording=said.wording, by=judge.agent,
        )  # fmt: skip


def _change(contact: Contact, said: dict[str, Any]) -> None:
    if not said:
        return
    for name, value in said.items():
        setattr(contact, name, value)
    contact.name_key = name_key(contact)
    contact.save(update_fields=[*said, "name_key"])


def _write(row: ContactImportRow, judged: Judged) -> None:
    row.verdict, row.phone, row.has_remarks = judged.verdict, judged.phone, judged.has_remarks
    row.detail = {"changes": judged.changes, "reasons": judged.reasons}


def _fail(pk: int) -> None:
    ContactImportRow.objects.filter(pk=pk).update(
        verdict=Verdict.REFUSED, is_applied=True, detail={"changes": [], "reasons": [["failed"]]}
    )
