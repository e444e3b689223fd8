"""What a row of a file would do: a verdict, what it changes from what to what, and what of it cannot be taken.

Only reads. The dry run and the import ask the same question, the import under the lock of the row's contact, so that
what has changed since the dry run is seen. Nothing is ever emptied by an empty cell.
"""

from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any

from django.utils import formats, timezone

from inbox.access import visible_contacts
from inbox.contacts import fields as contact_fields
from inbox.enums import ConsentState
from inbox.importing import columns, reading
from inbox.models import Consent, Contact, ContactIdentity, ContactImport, ContactImportRow
from inbox.models.contact import ContactField
from whatsapp.models import PhoneNumber
from whatsapp.phone_format import country_of

Verdict = ContactImportRow.Verdict
LONGEST = {columns.NAME: 200, columns.NOTE: 4000}
READERS = {columns.EMAIL: reading.email, columns.LANGUAGE: reading.language}


@dataclass
class ConsentSaid:
    state: str
    occurred_at: datetime
    note: str
    wording: str


@dataclass
class Judged:
    """`said` holds only what changes, `consent` only what adds something to the ledger."""

    phone: str = ""
    contact: Contact | None = None
    said: dict[str, Any] = field(default_factory=dict)
    consent: ConsentSaid | None = None
    verdict: str = Verdict.REFUSED
    changes: list[list[str]] = field(default_factory=list)
    reasons: list[list[str]] = field(default_factory=list)

    @property
    def has_remarks(self) -> bool:
        return bool(self.reasons) and self.verdict not in (Verdict.REFUSED, Verdict.DUPLICATE)


class Judge:
    """For one import. Build it anew for each batch: fields and rights may change meanwhile."""

    def __init__(self, imported: ContactImport) -> None:
        self.imported = imported
        self.agent = imported.agent
        self.number = imported.phone_number
        self.country = country_of(self.number.display_number)
        self.own_fields = contact_fields.fields_of(imported.workspace_id)
        known = columns.targets_for(self.own_fields)
        self.places = {target: index for index, target in enumerate(imported.columns) if target in known}

    def judge(self, rows: list[ContactImportRow]) -> list[Judged]:
        """In the order of the rows, in five queries. Writes each row's phone number into the row."""
        for row in rows:
            row.phone = reading.phone(self._cell(row, columns.PHONE), self.country)[:20]
        phones = {row.phone for row in rows if row.phone}
        holders = {
            each.value: each.contact
            for each in ContactIdentity.objects.filter(
                workspace=self.imported.workspace_id, portfolio=self.number.portfolio,
                kind=ContactIdentity.Kind.PHONE, value__in=phones, is_active=True,
            ).select_related("contact")
        }  # fmt: skip
        ids = [contact.pk for contact in holders.values()]
        visible = set(visible_contacts(self.agent).filter(pk__in=ids).values_list("pk", flat=True))
        consents = Consent.objects.filter(contact__in=ids, category="marketing")
        latest = {
            each.contact_id: each
            for each in consents.order_by("contact", "-occurred_at", "-id").distinct("contact")
        }
        numbers = PhoneNumber.objects.filter(workspace=self.imported.workspace_id, display_number__in=phones)
        ours = set(numbers.values_list("display_number", flat=True))
        first = self._first_lines(rows, phones)
        found = []
        for row in rows:
            contact = holders.get(row.phone)
            judged = Judged(phone=row.phone, contact=contact)
            if reason := self._refusal(row, ours, contact is not None and contact.pk not in visible):
                judged.contact, judged.reasons = None, [reason]
            elif first[row.phone] != row.line:
                judged.verdict, judged.reasons = Verdict.DUPLICATE, [["duplicate", str(first[row.phone])]]
            else:
                self._compare(judged, row, latest.get(contact.pk) if contact else None)
            found.append(judged)
        return found

    def _cell(self, row: ContactImportRow, target: str) -> str:
        index = self.places.get(target)
        return str(row.cells[index]) if index is not None and index < len(row.cells) else ""

    def _first_lines(self, rows: list[ContactImportRow], phones: set[str]) -> dict[str, int]:
        """The first line of each number, over the rows judged before and these."""
        first: dict[str, int] = {}
        earlier = self.imported.rows.filter(phone__in=phones, line__lt=rows[0].line if rows else 0).order_by("-line")
        first.update(earlier.values_list("phone", "line"))
        for row in rows:
            first.setdefault(row.phone, row.line)
        return first

    def _refusal(self, row: ContactImportRow, ours: set[str], is_hidden: bool) -> list[str] | None:
        typed = self._cell(row, columns.PHONE)
        if not typed:
            return ["no_phone"]
        if reading.is_shortened(typed):
            return ["phone_shortened", typed[:40]]
        if not row.phone:
            return ["phone_wrong", typed[:40]]
        if row.phone in ours:
            return ["own_number"]
        return ["taken"] if is_hidden else None

    def _compare(self, judged: Judged, row: ContactImportRow, consent: Consent | None) -> None:
        contact = judged.contact
        for target in (columns.NAME, columns.EMAIL, columns.LANGUAGE, columns.NOTE):
            self._plain(judged, target, self._words(row, target))
        stored = dict(contact.fields) if contact else {}
        fields = {**stored}
        for each in self.own_fields:
            self._own(judged, each, self._cell(row, contact_fields.form_name(each)), fields)
        if fields != stored:
            judged.said["fields"] = fields
        if columns.CONSENT in self.places:
            self._consent(judged, row, consent)
        if contact is None:
            judged.verdict = Verdict.NEW
        else:
            judged.verdict = Verdict.CHANGED if judged.changes else Verdict.UNCHANGED

    def _words(self, row: ContactImportRow, target: str) -> str:
        words = self._cell(row, target)
        if target == columns.NAME and not words:
            return " ".join(filter(None, (self._cell(row, columns.FIRST), self._cell(row, columns.LAST))))
        return words

    def _plain(self, judged: Judged, target: str, words: str) -> None:
        if not words:
            return
        if len(words) > LONGEST.get(target, len(words)):
            judged.reasons.append(["long", target])
            return
        try:
            value = READERS[target](words) if target in READERS else words
        except ValueError:
            judged.reasons.append(["value", target, words[:60]])
            return
        held = getattr(judged.contact, target) if judged.contact else ""
        # A name that the person has already, if only by their own choice in WhatsApp, is no change.
        shown = judged.contact.profile_name if judged.contact and target == columns.NAME and not held else held
        if value == shown or (held and self.imported.fill_only):
            return
        judged.said[target] = value
        names = {code: str(name) for code, name in Contact._meta.get_field("language").flatchoices}
        judged.changes.append([target, names.get(held, held), names.get(value, value)]
                              if target == columns.LANGUAGE else [target, held, value])  # fmt: skip

    def _own(self, judged: Judged, each: ContactField, words: str, fields: dict[str, Any]) -> None:
        if not words:
            return
        target = contact_fields.form_name(each)
        try:
            value = reading.own_field(each, words)
        except ValueError:
            judged.reasons.append(["value", target, words[:60]])
            return
        held = fields.get(str(each.pk))
        if value == held or (held is not None and self.imported.fill_only):
            return
        fields[str(each.pk)] = value
        before, after = (contact_fields.words_of(each, stored) for stored in (held, value))
        judged.changes.append([target, before, after])

    def _consent(self, judged: Judged, row: ContactImportRow, latest: Consent | None) -> None:
        """An opt-in needs a source and a time, and never outdoes a no that came after it."""
        try:
            state, is_explicit = reading.consent(self._cell(row, columns.CONSENT))
        except ValueError:
            judged.reasons.append(["value", columns.CONSENT, self._cell(row, columns.CONSENT)[:60]])
            return
        now = latest.state if latest else ConsentState.UNKNOWN
        if state in (ConsentState.UNKNOWN, now):
            return
        if state == ConsentState.WITHDRAWN:
            if now == ConsentState.UNKNOWN and not is_explicit:
                return  # "no" of somebody who was never asked is no withdrawal
            self._say_consent(judged, row, state, timezone.now(), now)
            return
        note = self._cell(row, columns.CONSENT_SOURCE) or self.imported.consent_source
        if not note:
            judged.reasons.append(["consent_source"])
            return
        said = self._consent_at(judged, row)
        if said is None:
            return
        at, is_of_row = said
        if latest is not None and (at <= latest.occurred_at or not is_of_row):
            judged.reasons.append(["consent_withdrawn", _day(latest.occurred_at)])
            return
        self._say_consent(judged, row, state, at, now, note)

    def _consent_at(self, judged: Judged, row: ContactImportRow) -> tuple[datetime, bool] | None:
        """When it was given, and whether the row itself says so."""
        cell = self._cell(row, columns.CONSENT_AT)
        try:
            at = reading.moment(cell, self.agent.zone) if cell else None
        except ValueError:
            judged.reasons.append(["value", columns.CONSENT_AT, cell[:60]])
            return None
        is_of_row = at is not None
        if at is None and self.imported.consent_on:
            at = datetime.combine(self.imported.consent_on, time(), self.agent.zone)
        if at is None:
            judged.reasons.append(["consent_date"])
            return None
        if at > timezone.now():
            judged.reasons.append(["consent_future"])
            return None
        return at, is_of_row

    def _say_consent(
        self, judged: Judged, row: ContactImportRow, state: str, at: datetime, now: str, note: str = ""
    ) -> None:
        wording = self._cell(row, columns.CONSENT_WORDING) or self.imported.consent_wording
        note = note or self._cell(row, columns.CONSENT_SOURCE) or self.imported.file_name
        judged.consent = ConsentSaid(state, at, note[:200], wording if state == ConsentState.GIVEN else "")
        evidence = f"{note[:100]}, {_day(at)}"
        judged.changes.append(
            [columns.CONSENT, str(ConsentState(now).label), f"{ConsentState(state).label} · {evidence}"]
        )


def _day(at: datetime) -> str:
    return formats.date_format(timezone.localtime(at), "SHORT_DATE_FORMAT")
