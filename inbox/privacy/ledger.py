"""The ledger of erasures: keyed hashes that prove an erasure, and let it be repeated after a restore.

A line is a row (Erasure) and once more a line of `erasures.jsonl` in the data folder, because a backup from before the
erasure knows nothing of it. Each backup takes a copy of that file along, beside the backups, not in them: restoring
reads every copy it can find. The key of the hashes is in every backup, encrypted like all tokens.
"""

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.dateparse import parse_datetime

from inbox.models import Contact, Erasure, ErasureKey
from inbox.privacy.people import Person

NAME = "erasures.jsonl"
Line = dict[str, Any]


def key() -> str:
    """Made once per installation: after the migrations, before anything can be erased or backed up."""
    found = ErasureKey.objects.order_by("pk").first()
    if found is None:
        found = ErasureKey.objects.create(secret=secrets.token_hex(32))
    return found.secret.reveal()


def ensure_key() -> None:
    """Where its table is there: every backup takes it along."""
    if ErasureKey._meta.db_table in connection.introspection.table_names():
        key()


def fingerprint() -> str:
    """Says which key lines were made with, and gives nothing of it away."""
    return hashlib.sha256(b"tresen erasure key " + key().encode()).hexdigest()[:12]


def hashed(kind: str, value: str) -> str:
    return hmac.new(key().encode(), f"{kind}:{value}".encode(), hashlib.sha256).hexdigest()


def number_hashes(person: Person) -> list[str]:
    return [hashed("number", f"{person.workspace_id}:{value}") for value in person.ids]


def contact_hash(contact: Contact) -> str:
    """Of the row itself: it is the same in every backup, and no other row will ever have it."""
    return hashed("contact", f"{contact.pk}:{contact.created_at.isoformat()}")


def find(workspace_id: int, digits: str) -> list[Erasure]:
    """The erasures of whoever had this number, the latest first."""
    wanted = hashed("number", f"{workspace_id}:{digits}")
    found = Erasure.objects.filter(workspace=workspace_id, numbers__contains=[wanted])
    return list(found.select_related("by").order_by("-asked_at")[:50])


def path() -> Path:
    return Path(settings.DATA_DIR) / NAME


def line_of(erasure: Erasure) -> Line:
    return {
        "uid": str(erasure.uid), "workspace": erasure.workspace_id, "asked_at": erasure.asked_at.isoformat(),
        "numbers": erasure.numbers, "people": erasure.people, "key": fingerprint(),
    }  # fmt: skip


def write(erasure: Erasure, place: Path | None = None) -> None:
    """Append the line unless it is there; on the disk when this returns."""
    add([line_of(erasure)], place)


def add(lines: Iterable[Line], place: Path | None = None) -> None:
    target = place or path()
    known = {each["uid"] for each in read(target)}
    fresh = [each for each in lines if each["uid"] not in known]
    if not fresh:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a", encoding="utf-8") as file:
        file.writelines(json.dumps(each, sort_keys=True) + "\n" for each in fresh)
        file.flush()
        os.fsync(file.fileno())


def read(place: Path) -> list[Line]:
    """The lines of one copy; a line that was cut off is none."""
    try:
        said = place.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    return [line for text in said if (line := _line(text)) is not None]


def _line(text: str) -> Line | None:
    try:
        line = json.loads(text)
        parse_datetime(line["asked_at"])
        return line if isinstance(line["numbers"], list) and isinstance(line["people"], list) else None
    except (ValueError, KeyError, TypeError):
        return None


def rows() -> list[Line]:
    """What the database knows; nothing where there is none yet."""
    if "inbox_erasure" not in connection.introspection.table_names():
        return []
    return [line_of(each) for each in Erasure.objects.order_by("pk")]
