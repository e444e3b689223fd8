"""What is known of a person, for that person (Art. 15 and 20 GDPR): a ZIP with data.json, data.html and their files.

`data.json`, format "tresen.person.1":

    {"format", "made_at", "business", "person",
     "sections": {name: [{column: value, …}, …], …}}

Its sections and columns are those of the register (inbox.privacy.places): times in ISO 8601 with their offset, texts as
they were written, `id` and `…_id` tie rows of several sections together. Internal notes are in it, because they are
about the person; names of colleagues are not, because these are about somebody else. Both files are written row by row,
so that no size needs more memory.
"""

import json
import logging
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import IO, Any
from uuid import UUID

from django.core.files import File
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation

from accounts.audit import record_audit
from accounts.models import Agent
from accounts.permissions import may_manage_settings
from inbox import jobs
from inbox.contacts import fields as contact_fields
from inbox.errors import NotAllowed
from inbox.file_names import name_on_disk
from inbox.models import Attachment, Contact, PersonExport
from inbox.privacy.export_words import field_words, kind_of, section_words
from inbox.privacy.people import Person, person_of
from inbox.privacy.places import PLACES, Place

logger = logging.getLogger(__name__)

FORMAT = "tresen.person.1"
KEPT_FOR = timedelta(hours=24)
MOST_TRIES = 3
CHUNK = 500
BYTES = 256 * 1024
FIRST = ("contacts", "numbers", "consents", "conversations", "labels", "cases", "messages", "files", "notes", "ratings")
Row = dict[str, Any]


def begin_export(contact: Contact, *, by: Agent) -> PersonExport:
    """A job makes it; only this admin can take it, for a day."""
    _require_right(contact.workspace_id, by)
    with transaction.atomic():
        PersonExport.objects.filter(contact=contact, by=by).exclude(state=PersonExport.State.WAITING).delete()
        export = PersonExport.objects.create(workspace_id=contact.workspace_id, contact=contact, by=by)
        record_audit(
            by.workspace, by, "privacy.export", subject=contact.display_name, data={"contact": contact.pk}
        )  # fmt: skip
        jobs.enqueue(jobs.make_person_export, export.pk, queue="attachments")
    return export


def make(export: PersonExport) -> None:
    """Asked again in the job: the admin may be none any more. Twice is harmless."""
    if not export.is_waiting:
        return
    if not (export.by.is_active and may_manage_settings(export.by)):
        export.delete()
        return
    export.tries, export.touched_at = export.tries + 1, timezone.now()
    if export.tries > MOST_TRIES:
        export.state = PersonExport.State.FAILED
    export.save(update_fields=["tries", "touched_at", "state"])
    if export.state == PersonExport.State.FAILED:
        logger.error("Export %s could not be made", export.pk)
        return
    with tempfile.TemporaryFile(prefix="tresen-export-") as file:
        with translation.override(export.by.language), timezone.override(export.by.zone):
            _write(file, export)
        export.size = file.tell()
        file.seek(0)
        export.file.save(f"{export.uid}.zip", File(file), save=False)
    now = timezone.now()
    done = PersonExport.objects.filter(pk=export.pk, state=PersonExport.State.WAITING).update(
        file=export.file.name, size=export.size, state=PersonExport.State.READY, expires_at=now + KEPT_FOR
    )
    if not done:  # erased meanwhile, or another job was quicker
        export.file.storage.delete(export.file.name or "")


def open_export(uid: UUID, *, by: Agent) -> PersonExport | None:
    """For whoever asked for it, while they are an admin, within its day; the activity log keeps that it was taken."""
    found = PersonExport.objects.select_related("contact").filter(
        uid=uid, by=by, workspace=by.workspace_id, state=PersonExport.State.READY, expires_at__gt=timezone.now()
    )
    export = found.first()
    if export is None or not may_manage_settings(by) or not export.file.storage.exists(export.file.name or ""):
        return None
    record_audit(
        by.workspace, by, "privacy.downloaded", subject=export.contact.display_name,
        data={"contact": export.contact_id},
    )  # fmt: skip
    return export


def forget_old(now: datetime | None = None) -> int:
    """Their day is over, or they were never made."""
    now = now or timezone.now()
    ended = PersonExport.objects.filter(expires_at__lte=now) | PersonExport.objects.filter(asked_at__lt=now - KEPT_FOR)
    return ended.delete()[0]


def _require_right(workspace_id: int, by: Agent) -> None:
    if not may_manage_settings(by) or by.workspace_id != workspace_id:
        raise NotAllowed


def _write(file: IO[bytes], export: PersonExport) -> None:
    person = person_of(export.contact)
    name = export.contact.display_name
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for path, parts in (("data.json", json_parts), ("data.html", html_parts)):
            with packed.open(path, "w", force_zip64=True) as target:
                for part in parts(person, name, export.by.workspace.name):
                    target.write(part.encode())
        for attachment in _attachments(person).iterator(chunk_size=CHUNK):
            _add(packed, attachment)


def json_parts(person: Person, name: str, business: str) -> Iterator[str]:
    head = {"format": FORMAT, "made_at": timezone.now(), "business": business, "person": name}
    yield _json(head)[:-1] + ', "sections": {'
    for position, place in enumerate(shown_places()):
        yield f'{"," if position else ""}\n"{place.section}": ['
        for number, row in enumerate(rows_of(place, person)):
            yield f"{',' if number else ''}\n  {_json(row)}"
        yield "]"
    yield "\n}}\n"


def html_parts(person: Person, name: str, business: str) -> Iterator[str]:
    """One page that needs nothing but itself and the files beside it."""
    context = {"name": name, "business": business, "made_at": timezone.localtime()}
    yield render_to_string("inbox/privacy/export/head.html", context)
    for place in shown_places():
        rows, is_open = rows_of(place, person), False
        for row in rows:
            if not is_open:
                yield render_to_string("inbox/privacy/export/section.html", {"words": section_words(place.section)})
                is_open = True
            yield render_to_string("inbox/privacy/export/row.html", _entry(place, row))
        if is_open:
            yield "</ol></section>\n"
    yield "</main></html>\n"


def shown_places() -> list[Place]:
    """As a person would ask: who am I to you, what did I agree to, what was said; then the rest."""
    places = {place.section: place for place in PLACES if place.section}
    return [places[name] for name in (*FIRST, *(name for name in places if name not in FIRST))]


def rows_of(place: Place, person: Person) -> Iterator[Row]:
    found: Any = place.rows(person).order_by(*place.order).values(*place.shown)
    own = _own_fields(person.workspace_id) if place.section == "contacts" else None
    for row in found.iterator(chunk_size=CHUNK):
        clean = {column.replace("__display_number", "").replace("__name", ""): value for column, value in row.items()}
        if own is not None:
            clean["fields"] = own(clean["fields"])
        if place.model is Attachment:
            clean["path"] = path_of(row["id"], row["file_name"], row["mime_type"], row["kind"])
        yield clean


def path_of(pk: int, file_name: str, mime_type: str, kind: str) -> str:
    """Where a file lies in the ZIP."""
    like = Attachment(file_name=file_name, mime_type=mime_type, kind=kind)
    return f"media/{pk}-{name_on_disk(like)}"


def _own_fields(workspace_id: int) -> Callable[[Row], Row]:
    fields = {str(field.pk): field for field in contact_fields.fields_of(workspace_id)}
    return lambda stored: {
        fields[key].name: contact_fields.words_of(fields[key], value) for key, value in stored.items() if key in fields
    }


def _entry(place: Place, row: Row) -> Row:
    """Of a message: when, who, what; of anything else: pairs of words."""
    hidden = {"id", "message_id", "conversation_id", "data", "text", "occurred_at", "path"}
    text, at = row.get("text"), row.get("occurred_at") or row.get("created_at")
    pairs = [
        (field_words(column), kind_of(_chosen(place, column, value))) for column, value in row.items()
        if column not in hidden and value not in (None, "", [], {})
    ]  # fmt: skip
    is_talk = place.section == "messages"
    return {
        "text": text, "at": at, "pairs": [] if is_talk else pairs, "is_talk": is_talk,
        "is_ours": row.get("direction") == "out", "kind": row.get("kind", "") if is_talk else "",
        "path": row.get("path"), "number": row.get("id"), "message": row.get("message_id"),
        "more": _json(row["data"]) if row.get("data") else "",
    }  # fmt: skip


def _chosen(place: Place, column: str, value: Any) -> Any:
    """The words of a value that is one of a few."""
    fields = {field.name: dict(field.flatchoices) for field in place.model._meta.concrete_fields}
    return fields.get(column, {}).get(value, value) if isinstance(value, str) else value


def _attachments(person: Person) -> Any:
    place = next(place for place in PLACES if place.model is Attachment)
    found: Any = place.rows(person)
    return found.exclude(file="").order_by("pk")


def _add(packed: zipfile.ZipFile, attachment: Attachment) -> None:
    try:
        source = attachment.file.storage.open(attachment.file.name or "", "rb")
    except OSError:
        return  # gone meanwhile
    path = path_of(attachment.pk, attachment.file_name, attachment.mime_type, attachment.kind)
    entry = zipfile.ZipInfo(path, date_time=timezone.localtime(attachment.created_at).timetuple()[:6])
    entry.compress_type, entry.external_attr = zipfile.ZIP_STORED, 0o644 << 16  # packed already
    with source, packed.open(entry, "w", force_zip64=True) as target:
        while chunk := source.read(BYTES):
            target.write(chunk)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value)
