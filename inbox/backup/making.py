"""Write a backup: the database first, then the files, so that every row finds its file.

The dump and the counts of its rows come from one snapshot. Everything streams: nothing is held in memory, and the
folder gets its final name only when it is whole. Two tables go without their rows: sessions (everybody signs in again)
and events (their order is told by transaction numbers of this very server, which mean nothing on another).
"""

import hashlib
import os
import subprocess
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import psycopg
from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils.translation import gettext as _
from psycopg import sql

from accounts.fields import key_fingerprints
from inbox.backup import folders
from inbox.backup.manifest import DATABASE, MEDIA, Manifest, StoredFile
from inbox.backup.programs import ProgramMissing, access, program, version_of
from inbox.privacy import ledger

WITHOUT_ROWS = ("accounts_session", "inbox_event")
NOT_KEPT = ("exports",)  # of single people, for a day
CHUNK = 1024 * 1024

_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"


class BackupFailed(Exception):
    """Nothing was kept; the text says why, for the person at the console."""


class HashingWriter:
    """A file that knows its size and checksum; all that a streaming tarfile asks for is `write`."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.size, self._digest = file, 0, hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.size += len(data)
        self._digest.update(data)
        return self.file.write(data)

    @property
    def stored(self) -> StoredFile:
        return StoredFile(self.size, self._digest.hexdigest())


def make_backup(place: Path, *, moment: datetime | None = None) -> tuple[Path, Manifest]:
    """Write one below `place`. BackupFailed leaves nothing under a final name."""
    moment = moment or datetime.now(UTC)
    final = place / folders.folder_name(moment)
    while final.exists():  # folders are named by the second
        moment = max(datetime.now(UTC), moment + timedelta(seconds=1))
        final = place / folders.folder_name(moment)
    partial = final.with_name(final.name + folders.PARTIAL)
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial.mkdir(mode=0o700)
        manifest = _write(partial, moment)
        partial.rename(final)
        ledger.add(ledger.rows(), place / ledger.NAME)  # beside the backups: older ones need the newest
    except OSError as error:
        raise BackupFailed(_("The backup could not be written to %(folder)s: %(error)s") % {
            "folder": place, "error": error.strerror or type(error).__name__}) from error  # fmt: skip
    except ProgramMissing as missing:
        raise BackupFailed(missing.sentence) from missing
    return final, manifest


def _write(folder: Path, moment: datetime) -> Manifest:
    migrations = sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations())
    ledger.ensure_key()  # without it a restored database could not tell whom it has to erase again
    server, version = _server()
    dumper = program("pg_dump", server)
    with psycopg.connect(**_parameters()) as snapshot:
        snapshot.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        rows = dict(_rows(snapshot))
        name = snapshot.execute("SELECT pg_export_snapshot()").fetchone()
        dump = _dump(dumper, folder / DATABASE, str(name[0]) if name else "")
    media, count = _archive(Path(settings.MEDIA_ROOT), folder / MEDIA)
    manifest = Manifest(
        created_at=moment, postgres=version, program=version_of(dumper), migrations=migrations,
        field_keys=key_fingerprints(), files={DATABASE: dump, MEDIA: media}, rows=rows, media_files=count,
        base_url=settings.BASE_URL,
    )  # fmt: skip
    manifest.write(folder)
    return manifest


def _server() -> tuple[int, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int / 10000, current_setting('server_version')")
        major, version = cursor.fetchone()
    return int(major), str(version)


def _parameters() -> dict:
    """A connection of its own: the dump may take longer than an idle transaction may live elsewhere."""
    parameters = connection.get_connection_params()
    for name in ("cursor_factory", "context", "prepare_threshold", "pool"):
        parameters.pop(name, None)
    return {**parameters, "options": "-c idle_in_transaction_session_timeout=0 -c statement_timeout=0"}


def _rows(snapshot: psycopg.Connection) -> Iterator[tuple[str, int]]:
    for (table,) in snapshot.execute(_TABLES).fetchall():
        if table not in WITHOUT_ROWS:
            counted = snapshot.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
            yield table, int(counted[0]) if counted else 0


def _dump(dumper: Path, target: Path, snapshot: str) -> StoredFile:
    command = [
        str(dumper), "--format=custom", "--no-owner", "--no-privileges", "--no-password",
        f"--snapshot={snapshot}", *(f"--exclude-table-data={table}" for table in WITHOUT_ROWS),
    ]  # fmt: skip
    with _private(target) as file:
        written = HashingWriter(file)
        with subprocess.Popen(command, env=access(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None and process.stderr is not None
            while chunk := process.stdout.read(CHUNK):
                written.write(chunk)
            said = process.stderr.read().decode(errors="replace").strip()
        if process.returncode != 0:
            raise BackupFailed(_("pg_dump failed: %(error)s") % {"error": said[-500:]})
        os.fsync(file.fileno())
    return written.stored


def _archive(media: Path, target: Path) -> tuple[StoredFile, int]:
    """All files below `media`. One that goes in the meantime was deleted with its row, and is left out."""
    count = 0
    with _private(target) as file:
        written = HashingWriter(file)
        with tarfile.open(fileobj=written, mode="w|", bufsize=CHUNK, format=tarfile.PAX_FORMAT) as archive:  # type: ignore[call-overload]
            for path in _files(media):
                count += _add(archive, path, path.relative_to(media).as_posix())
        os.fsync(file.fileno())
    return written.stored, count


def _files(media: Path) -> Iterator[Path]:
    for folder, names, files in os.walk(media):
        names[:] = sorted(name for name in names if Path(folder, name) not in {media / each for each in NOT_KEPT})
        yield from (Path(folder, name) for name in sorted(files))


def _add(archive: tarfile.TarFile, path: Path, name: str) -> bool:
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return False
    with file:
        entry = tarfile.TarInfo(name)
        status = os.fstat(file.fileno())
        entry.size, entry.mtime, entry.mode = status.st_size, int(status.st_mtime), 0o600
        archive.addfile(entry, file)
    return True


def _private(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
