"""Where one person is looked for among the rows of many: a range of ids at a time, each in the caller's transaction.

Each scan says up to which id it came; None when it has seen all. What is found is deleted, or loses the name.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Max, Model

from accounts.models import AuditEntry
from inbox.models import ApiAnswer, ContactImportRow, UnmatchedStatus
from inbox.privacy import ledgers
from inbox.privacy.people import Person
from whatsapp.models import DeliveryState, WebhookDelivery

RANGE = 2_000
AUDITED_AS = "contact"  # the key under which lines of the activity log name the contact they are about


@dataclass
class Found:
    count: int
    seen: int | None  # up to this id; None: all
    waits: bool = False  # something is not processed yet, so it cannot go


@dataclass(frozen=True)
class Scan:
    model: type[Model]
    group: str
    look: Callable[[Person, int, int, str], Found]  # from this id, to that, and the words in place of a name

    def newest(self) -> int:
        return self.model._default_manager.aggregate(newest=Max("pk"))["newest"] or 0


def _next(start: int, last: int) -> tuple[int, int | None]:
    end = min(start + RANGE, last)
    return end, None if end >= last else end


_BODIES = """
SELECT d.id, d.state = 'new' FROM whatsapp_webhookdelivery d JOIN whatsapp_metaapp a ON a.id = d.meta_app_id
WHERE d.id > %s AND d.id <= %s AND a.workspace_id = %s
  AND EXISTS (SELECT 1 FROM unnest(%s::text[]) n (needle) WHERE position(convert_to(needle, 'UTF8') IN d.body) > 0)
"""


def in_deliveries(person: Person, start: int, last: int, words: str) -> Found:
    """Raw bodies with one of their ids go as a whole: what was in them for others has been processed."""
    end, seen = _next(start, last)
    with connection.cursor() as cursor:
        cursor.execute(_BODIES, [start, end, person.workspace_id, person.ids])
        found = cursor.fetchall()
    if any(is_new for _pk, is_new in found):
        return Found(0, start, waits=True)
    done = WebhookDelivery.objects.filter(pk__in=[pk for pk, _ in found]).exclude(state=DeliveryState.NEW)
    return Found(done.delete()[0], seen)


_STATUSES = """
DELETE FROM inbox_unmatchedstatus s USING whatsapp_phonenumber p
WHERE p.id = s.phone_number_id AND s.id > %s AND s.id <= %s AND p.workspace_id = %s
  AND EXISTS (SELECT 1 FROM unnest(%s::text[]) n (needle) WHERE position(needle IN s.payload::text) > 0)
"""


def in_statuses(person: Person, start: int, last: int, words: str) -> Found:
    end, seen = _next(start, last)
    with connection.cursor() as cursor:
        cursor.execute(_STATUSES, [start, end, person.workspace_id, person.ids])
        return Found(cursor.rowcount, seen)


_IMPORT_ROWS = """
DELETE FROM inbox_contactimportrow r USING inbox_contactimport i
WHERE i.id = r.imported_id AND r.id > %s AND r.id <= %s AND i.workspace_id = %s
  AND (r.contact_id = ANY(%s) OR r.phone = ANY(%s) OR EXISTS (
       SELECT 1 FROM unnest(%s::text[]) n (tail)
       WHERE position(tail IN regexp_replace(r.cells::text, '[^0-9",]', '', 'g')) > 0))
"""


def in_import_rows(person: Person, start: int, last: int, words: str) -> Found:
    """By contact, by number, or by a number as people write it in a cell."""
    end, seen = _next(start, last)
    with connection.cursor() as cursor:
        cursor.execute(
            _IMPORT_ROWS, [start, end, person.workspace_id, person.contacts, person.phones, person.tails]
        )
        return Found(cursor.rowcount, seen)


_LINES = """
SELECT id FROM accounts_auditentry
WHERE id > %s AND id <= %s AND workspace_id = %s
  AND verb ~ '^(contact|conversation|privacy|consent[.](proof|recorded)|audit[.]exported)'
  AND (data->%s = ANY(%s::jsonb[]) OR EXISTS (
       SELECT 1 FROM unnest(%s::text[]) n (needle)
       WHERE position(needle IN subject) > 0 OR position(needle IN data::text) > 0))
"""


def in_audit(person: Person, start: int, last: int, words: str) -> Found:
    """The lines stay, without the name: who did what and when is not the customer's."""
    end, seen = _next(start, last)
    needles = [*person.names, *person.ids]
    with connection.cursor() as cursor:
        about = [json.dumps(pk) for pk in person.contacts]
        cursor.execute(_LINES, [start, end, person.workspace_id, AUDITED_AS, about, needles])
        ids = [pk for (pk,) in cursor.fetchall()]
    hide = hiding(needles, words)
    for entry in AuditEntry.objects.filter(pk__in=ids):
        is_about = entry.data.get(AUDITED_AS) in person.contacts
        data = {key: hide(value) for key, value in entry.data.items() if key != AUDITED_AS or not is_about}
        subject = words if is_about else hide(entry.subject)
        ledgers.hide_in_audit(entry.pk, subject, data)
    return Found(len(ids), seen)


def in_api_answers(person: Person, start: int, last: int, words: str) -> Found:
    """Kept for repeated requests, and encrypted: read one by one. Too many is no harm, they live for a day."""
    end, seen = _next(start, last)
    numbers = "|".join(str(pk) for pk in (*person.contacts, *person.conversations))
    needles = "|".join(re.escape(json.dumps(each, ensure_ascii=False)[1:-1]) for each in (*person.ids, *person.names))
    about = re.compile(rf"{needles or '$^'}|(?<![0-9])(?:{numbers or '$^'})(?![0-9])")
    rows = ApiAnswer.objects.filter(pk__gt=start, pk__lte=end, token__workspace=person.workspace_id)
    ids = [row.pk for row in rows.iterator(chunk_size=200) if row.body and about.search(row.body.reveal())]
    return Found(ApiAnswer.objects.filter(pk__in=ids).delete()[0], seen)


def hiding(needles: list[str], words: str) -> Callable[[Any], Any]:
    """A function that puts `words` in place of each needle that stands as a word, in every text of a value."""
    longest_first = sorted(needles, key=len, reverse=True)
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)") if needles else None

    def hide(value: Any) -> Any:
        if isinstance(value, str):
            return pattern.sub(lambda _found: words, value) if pattern else value
        if isinstance(value, list):
            return [hide(each) for each in value]
        return {key: hide(each) for key, each in value.items()} if isinstance(value, dict) else value

    return hide


SCANS = (
    Scan(WebhookDelivery, "deliveries", in_deliveries),
    Scan(UnmatchedStatus, "deliveries", in_statuses),
    Scan(ContactImportRow, "imports", in_import_rows),
    Scan(AuditEntry, "audit", in_audit),
    Scan(ApiAnswer, "traces", in_api_answers),
)
