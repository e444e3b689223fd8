"""`manage.py restore FOLDER`: a backup into an empty database and an empty media folder."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import translation
from django.utils.translation import gettext as _

from inbox.backup.restoring import RestoreFailed, RestoreRefused, restore, verify
from inbox.terminal import language_of_terminal


class Command(BaseCommand):
    help = "Restores a backup made by `manage.py backup`. Stop every process of Tresen first."
    requires_system_checks: list[str] = []  # noqa: RUF012 - there is no database to check yet

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="one backup: the folder with manifest.json")
        parser.add_argument("--check", action="store_true", help="only compare the checksums")
        parser.add_argument(
            "--force", action="store_true",
            help="replace what is in the database, set the present files aside, and go on without the right FIELD_KEYS",
        )

    def handle(self, *args: Any, folder: Path, check: bool, force: bool, **options: Any) -> None:
        with translation.override(language_of_terminal()):
            self._restore(folder, check=check, force=force)

    def _restore(self, folder: Path, *, check: bool, force: bool) -> None:
        try:
            if check:
                manifest = verify(folder)
                words = {"moment": f"{manifest.created_at:%Y-%m-%d %H:%M} UTC"}
                self.stdout.write(_("The backup of %(moment)s is whole.") % words)
                return
            manifest = restore(folder, force=force, tell=self.stdout.write)
        except (RestoreRefused, RestoreFailed) as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write("")
        self.stdout.write(_("What to do next:"))
        steps = (
            _("Start Tresen with the same FIELD_KEYS (fingerprint %(key)s) and the same or a new SECRET_KEY.")
            % {"key": ", ".join(manifest.field_keys) or "–"},
            _("With a database role of its own (compose.yaml) its rights are given by docker compose up -d, or by "
              "python -m config.grants."),
            _("Everybody signs in again. What customers wrote after the backup is not in it: WhatsApp repeats only "
              "what it could not deliver."),
            _("Erasures from after this backup are repeated from erasures.jsonl (beside the backups and in the data "
              "folder). If that file was lost, repeat them by hand."),
            _("Run manage.py doctor."),
        )  # fmt: skip
        for number, step in enumerate(steps, 1):
            self.stdout.write(f"  {number}. {step}")
