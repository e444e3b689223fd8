"""After a restore: whoever was erased since that backup is in it again, and is erased again."""

import logging
from collections.abc import Iterator
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError

from inbox.models import Contact, Erasure
from inbox.privacy import erasing, ledger

logger = logging.getLogger(__name__)


def gather(backup: Path) -> None:
    """Before anything is replaced: every copy of the ledger, in the one of the data folder."""
    try:
        ledger.add(ledger.rows())
    except (DatabaseError, ImproperlyConfigured):
        logger.warning("The present database cannot say whom it has erased")
    # In it, beside it, and in the data folder it lies in, which may not be the one that is filled now.
    for place in (backup, backup.parent, backup.parent.parent):
        ledger.add(ledger.read(place / ledger.NAME))


def repeat_all() -> tuple[int, list[str]]:
    """How many lines were repeated, and those that cannot be: made with a key that this database does not have."""
    known = {str(uid) for uid in Erasure.objects.values_list("uid", flat=True)}
    lines = [line for line in ledger.read(ledger.path()) if line["uid"] not in known]
    ours = ledger.fingerprint()
    wanted = {hashed: line for line in lines if line["key"] == ours for hashed in line["people"]}
    found: dict[str, list[Contact]] = {}
    for contact in _everybody() if wanted else ():
        if line := wanted.get(ledger.contact_hash(contact)):
            found.setdefault(line["uid"], []).append(contact)
    for line in lines:
        if line["uid"] in found:
            erasing.repeat(found[line["uid"]], line)
    for erasure in Erasure.objects.filter(state=Erasure.State.RUNNING):  # the backup was made in the middle of it
        while erasing.work_on(erasure, seconds=60.0, is_alone=True):
            continue
    return len(found), [line["uid"] for line in lines if line["key"] != ours]


def _everybody() -> Iterator[Contact]:
    return Contact.objects.order_by("pk").iterator(chunk_size=2_000)
