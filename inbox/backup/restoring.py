"""Read a backup into an empty database and an empty folder, check that everything arrived, and bring it up to date.

Nothing is overwritten without `force`, and with it the old files are set aside, not deleted. The files are unpacked
beside their place first; the database is restored in one transaction; only then do the files move in.
"""

import hashlib
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils.translation import gettext as _

from accounts.fields import key_fingerprints
from inbox.backup.afterwards import STEPS
from inbox.backup.manifest import DATABASE, MEDIA, Manifest, ManifestUnreadable
from inbox.backup.programs import ProgramMissing, access, program
from inbox.privacy import repeating

CHUNK = 1024 * 1024
Tell = Callable[[str], object]


class RestoreRefused(Exception):
    """Nothing was changed; the text is for the person at the console."""


class RestoreFailed(Exception):
    """It broke in the middle; the text says how far it came."""


def verify(folder: Path) -> Manifest:
    """The manifest, once every file has proved to be what it says. RestoreRefused."""
    try:
        manifest = Manifest.read(folder)
    except ManifestUnreadable as error:
        raise RestoreRefused(
            _("%(folder)s is no backup of Tresen: there is no readable manifest.json in it.") % {"folder": folder}
        ) from error
    for name in (DATABASE, MEDIA):
        wanted, path = manifest.files.get(name), folder / name
        if wanted is None or not path.is_file():
            raise RestoreRefused(_("%(file)s is missing from the backup.") % {"file": name})
        if path.stat().st_size != wanted.size or _sha256(path) != wanted.sha256:
            raise RestoreRefused(_("%(file)s is damaged: its checksum is not the manifest's.") % {"file": name})
    return manifest


def restore(folder: Path, *, force: bool, tell: Tell) -> Manifest:
    """All of it. RestoreRefused before anything is changed, RestoreFailed after."""
    manifest = verify(folder)
    tell(_("The backup of %(moment)s is whole.") % {"moment": f"{manifest.created_at:%Y-%m-%d %H:%M} UTC"})
    media = Path(settings.MEDIA_ROOT)
    _refuse_what_cannot_work(manifest)
    if not force:
        _refuse_wrong_keys(manifest)
        _refuse_unless_empty(media)
    repeating.gather(folder)  # what the database knows of erasures must not go with it
    unpacked = _unpack(folder / MEDIA, media, manifest)
    _fill_database(folder / DATABASE)
    _compare(manifest)
    tell(_("The database is restored: %(rows)s rows.") % {"rows": sum(manifest.rows.values())})
    if aside := _move_in(unpacked, media):
        tell(_("The files that were there before now lie in %(folder)s.") % {"folder": aside})
    tell(_("%(count)s files are restored.") % {"count": manifest.media_files})
    call_command("migrate", interactive=False, verbosity=0)
    tell(_("All migrations are applied."))
    for step in STEPS:
        if sentence := step(manifest):
            tell(sentence)
    return manifest


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _refuse_what_cannot_work(manifest: Manifest) -> None:
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations or {}}
    ours = {name.partition(".")[0] for name in known}
    strange = [name for name in manifest.migrations if name.partition(".")[0] in ours and name not in known]
    if strange:
        raise RestoreRefused(
            _("This backup was made by a newer version of Tresen (%(name)s): install that one first.")
            % {"name": strange[-1]}
        )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND application_name LIKE 'tresen-%' AND application_name <> 'tresen-shell'"
        )
        running = cursor.fetchone()[0]
    if running:
        raise RestoreRefused(_("Tresen is running on this database: stop all its processes first."))


def _refuse_wrong_keys(manifest: Manifest) -> None:
    ours = key_fingerprints()
    if manifest.field_keys and not set(manifest.field_keys) & set(ours):
        raise RestoreRefused(
            _("FIELD_KEYS is not the one of this backup: it needs the key with the fingerprint %(wanted)s, and here is "
              "%(ours)s. Without it stored tokens cannot be read; --force restores all the rest.")
            % {"wanted": ", ".join(manifest.field_keys), "ours": ", ".join(ours)}
        )  # fmt: skip


def _refuse_unless_empty(media: Path) -> None:
    if _has_rows():
        raise RestoreRefused(_("The database is not empty. --force replaces everything that is in it."))
    if media.is_dir() and any(files for _folder, _names, files in os.walk(media)):
        raise RestoreRefused(
            _("%(folder)s is not empty. --force sets its files aside and puts those of the backup there.")
            % {"folder": media}
        )


def _has_rows() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('public.accounts_workspace') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return False
        cursor.execute("SELECT EXISTS (SELECT 1 FROM accounts_workspace)")
        return bool(cursor.fetchone()[0])


def _unpack(archive: Path, media: Path, manifest: Manifest) -> Path:
    """Beside the place where the files will live, so that moving them there is one step."""
    target = media.with_name(f"{media.name}.restoring")
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(mode=0o700, parents=True)
    with tarfile.open(archive, mode="r|", bufsize=CHUNK) as opened:
        opened.extractall(target, filter="data")
    count = sum(len(files) for _folder, _names, files in os.walk(target))
    if count != manifest.media_files:
        raise RestoreFailed(
            _("%(count)s files were unpacked instead of %(wanted)s; nothing else was changed.")
            % {"count": count, "wanted": manifest.media_files}
        )
    return target


def _fill_database(dump: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int / 10000")
        server = int(cursor.fetchone()[0])
        cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = 'public')")
        if cursor.fetchone()[0]:
            cursor.execute("DROP SCHEMA public CASCADE")
            cursor.execute("CREATE SCHEMA public")
    connection.close()
    try:
        restorer = program("pg_restore", server)
    except ProgramMissing as missing:
        raise RestoreFailed(missing.sentence) from missing
    command = [
        str(restorer), "--no-owner", "--no-privileges", "--no-password", "--single-transaction", "--exit-on-error",
        f"--dbname={access()['PGDATABASE']}", str(dump),
    ]  # fmt: skip
    done = subprocess.run(command, env=access(), capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        raise RestoreFailed(
            _("pg_restore failed, and the database is empty now: %(error)s") % {"error": done.stderr.strip()[-500:]}
        )


def _compare(manifest: Manifest) -> None:
    with connection.cursor() as cursor:
        for table, wanted in manifest.rows.items():
            cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")  # noqa: S608 - quoted
            count = cursor.fetchone()[0]
            if count != wanted:
                raise RestoreFailed(
                    _("The table %(table)s has %(count)s rows instead of %(wanted)s.")
                    % {"table": table, "count": count, "wanted": wanted}
                )


def _move_in(unpacked: Path, media: Path) -> Path | None:
    """Where the old files went, if there were any."""
    aside = None
    if media.exists():
        if any(media.iterdir()):
            aside = media.with_name(f"{media.name}.before-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
            media.rename(aside)
        else:
            media.rmdir()
    unpacked.rename(media)
    return aside
