"""The folder of backups: which are whole, and which may go."""

import shutil
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from inbox.backup.manifest import Manifest, ManifestUnreadable

PREFIX, PARTIAL = "tresen-", ".partial"
LEFT_OVER_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Made:
    path: Path
    created_at: datetime


def folder_name(moment: datetime) -> str:
    return f"{PREFIX}{moment.astimezone(UTC):%Y%m%dT%H%M%S}Z"


def finished_backups(place: Path) -> list[Made]:
    """The whole ones, oldest first. A backup without its manifest was never finished."""
    made = []
    for path in sorted(place.glob(f"{PREFIX}*")) if place.is_dir() else ():
        if path.suffix == PARTIAL:
            continue
        try:
            made.append(Made(path, Manifest.read(path).created_at))
        except ManifestUnreadable:
            continue
    return sorted(made, key=lambda each: each.created_at)


def prune(place: Path, keep: int) -> list[Path]:
    """Delete all but the newest `keep`, and what broken runs left behind; the paths of the old ones."""
    old = [each.path for each in finished_backups(place)[: -keep or None]]
    for path in old:
        shutil.rmtree(path)
    for path in place.glob(f"{PREFIX}*{PARTIAL}"):
        if time.time() - path.stat().st_mtime > LEFT_OVER_SECONDS:
            shutil.rmtree(path, ignore_errors=True)
    return old
