"""`manage.py backup`: the database and all files into a folder of their own, old ones deleted."""

import signal
import threading
from argparse import ArgumentParser
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.template.defaultfilters import filesizeformat
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from inbox.backup import folders
from inbox.backup.making import BackupFailed, make_backup
from inbox.terminal import language_of_terminal


class Command(BaseCommand):
    help = "Writes the database and all media into a new folder below BACKUP_DIR, with a manifest and checksums."
    requires_system_checks: list[str] = []  # noqa: RUF012 - a backup is made of a troubled house above all

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", type=Path, default=settings.BACKUP_DIR, help="where backups lie (BACKUP_DIR)")
        parser.add_argument("--keep", type=_number, metavar="N", help="afterwards delete all but the newest N")
        parser.add_argument("--at", type=_clock, metavar="HH:MM", help="stay, and make one each day at this time (UTC)")

    def handle(self, *args: Any, to: Path, keep: int | None, at: time | None, **options: Any) -> None:
        with translation.override(language_of_terminal()):
            if at is None:
                self._make(to, keep)
            else:
                self._stay(at, to, keep)

    def _stay(self, at: time, to: Path, keep: int | None) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        while not stop.wait(seconds_until(at, timezone.now())):
            try:
                self._make(to, keep)
            except CommandError as error:  # tomorrow is another day; the doctor warns meanwhile
                self.stderr.write(str(error))
            connection.close()  # until tomorrow

    def _make(self, to: Path, keep: int | None) -> None:
        try:
            path, manifest = make_backup(to)
        except BackupFailed as failure:
            raise CommandError(str(failure)) from failure
        size = sum(file.size for file in manifest.files.values())
        facts = {"folder": path, "rows": sum(manifest.rows.values()), "files": manifest.media_files}
        words = _("Backed up to %(folder)s: %(rows)s rows, %(files)s files, %(size)s.")
        self.stdout.write(words % {**facts, "size": filesizeformat(size)})
        key = manifest.field_keys[0] if manifest.field_keys else "–"
        words = _("To restore it you need FIELD_KEYS with the fingerprint %(key)s. Keep that key somewhere else.")
        self.stdout.write(words % {"key": key})
        for old in folders.prune(to, keep) if keep else ():
            self.stdout.write(_("Deleted the old backup %(folder)s.") % {"folder": old.name})


def seconds_until(at: time, now: datetime) -> float:
    """From now to the next time the clock (UTC) shows `at`."""
    target = now.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
    if target <= now:
        target += timedelta(days=1)
    return (target - now).total_seconds()


def _clock(text: str) -> time:
    return time.fromisoformat(text)


def _number(text: str) -> int:
    if (number := int(text)) < 1:
        raise ValueError
    return number
