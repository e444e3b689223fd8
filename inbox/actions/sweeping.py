"""Stored files that belong to nothing any more.

A file goes with the last row that names it (inbox.receivers). What is left all the same, because a write was cut off or
rows went without Django, is swept away at night.
"""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.core.files.storage import Storage, default_storage
from django.db.models import Model
from django.utils import timezone

from inbox.actions.uploads import HOLDERS
from inbox.models import DraftFile, PersonExport, Rendition

logger = logging.getLogger(__name__)

FOLDERS: dict[str, tuple[type[Model], ...]] = {
    "attachments": HOLDERS, "renditions": (Rendition,), "exports": (PersonExport,),
    "template-samples": (DraftFile,),
}  # fmt: skip
SETTLED = timedelta(days=1)  # a younger file's row may still be on its way
AT_ONCE = 500
FEW = 200


def sweep_files(storage: Storage = default_storage, now: datetime | None = None) -> int:
    """Delete what no row names; how many. Deletes nothing when that would be most: then it is the wrong database."""
    before = (now or timezone.now()) - SETTLED
    total, lost = 0, list[str]()
    for folder, holders in FOLDERS.items():
        for names in _batches(storage, folder):
            total += len(names)
            known: set[str] = set()
            for model in holders:
                known.update(model._default_manager.filter(file__in=names).values_list("file", flat=True))
            lost += [name for name in names if name not in known and _is_before(storage, name, before)]
    if len(lost) > max(FEW, total // 2):
        logger.error("%s of %s stored files belong to no row: nothing was deleted", len(lost), total)
        return 0
    for name in lost:
        storage.delete(name)
    return len(lost)


def _batches(storage: Storage, folder: str) -> Iterator[list[str]]:
    try:
        folders, files = storage.listdir(folder)
    except FileNotFoundError:
        return
    for start in range(0, len(files), AT_ONCE):
        yield [f"{folder}/{name}" for name in files[start : start + AT_ONCE]]
    for name in folders:
        yield from _batches(storage, f"{folder}/{name}")


def _is_before(storage: Storage, name: str, moment: datetime) -> bool:
    try:
        return storage.get_modified_time(name) < moment
    except OSError:
        return False
