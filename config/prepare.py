"""Before the processes start: collect static files if they changed, migrate, create the demo workspace once.

Instead of the demo, `EMPTY=1` makes a code with which the founder sets up a workspace; a house that has one stays as it
is. One process for all three, since starting Django costs a second. Run by `config.stack`.
"""

import hashlib
import importlib.metadata
import os
import sys
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command

from config.data_folder import HOUSE, DataFolder

PROJECT = Path(__file__).resolve().parent.parent


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    collect_static_files()
    if _is_new():
        sys.stdout.write("The database is empty, its tables are being made …\n")
    call_command("migrate", interactive=False, verbosity=0)
    if settings.DEMO and not settings.EMPTY and not _is_somebodys():
        call_command("create_demo")
    DataFolder.open(PROJECT, str(settings.DATA_DIR)).remember(HOUSE, _house())


def collect_static_files() -> None:
    """Unless the collected ones are those of these very sources."""
    digest, note = static_digest(), Path(settings.STATIC_ROOT) / ".digest"
    if note.exists() and note.read_text() == digest:
        return
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    note.write_text(digest)


def static_digest() -> str:
    """Changes whenever a source file of ours or a package that ships static files does."""
    digest = hashlib.sha256()
    for package in ("django", "django-htmx", "whitenoise"):
        digest.update(importlib.metadata.version(package).encode())
    for folder in settings.STATICFILES_DIRS:
        for file in sorted(Path(folder).rglob("*")):
            digest.update(f"{file} {file.stat().st_mtime_ns} {file.stat().st_size}\n".encode())
    return digest.hexdigest()


def _is_new() -> bool:
    from django.db import connection

    return "django_migrations" not in connection.introspection.table_names()


def _is_somebodys() -> bool:
    """Whether somebody has set up a workspace of their own here."""
    from accounts.models import Workspace

    return Workspace.objects.filter(is_demo=False).exists()


def _house() -> str:
    """What the start has to say: "demo", "own", or the code with which the founder of an empty house begins."""
    from accounts import founding

    return founding.new_code() or ("own" if _is_somebodys() else "demo")


if __name__ == "__main__":
    main()
