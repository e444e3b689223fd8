"""A backup of a working house, restored into an empty one: every row and file is back, and nothing is sent twice."""

import hashlib
import os
import secrets
import subprocess
import sys
import tarfile
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from unittest import mock

import psycopg
import pytest
from cryptography.fernet import Fernet
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone, translation
from psycopg import sql

from inbox.actions.later import Plan, schedule_reply
from inbox.backup import folders, making, restoring
from inbox.backup.manifest import DATABASE, MEDIA, Manifest, StoredFile
from inbox.enums import MessageStatus
from inbox.management.commands.backup import seconds_until
from inbox.models import Attachment, Event, Message, ScheduledReply
from tests import factories
from tests.cast import Cast, make_cast

FILE_NAME = "attachments/2026/11/foto mit Ümlaut.jpg"
# Changed on purpose by restoring.
CHANGED = {"inbox_message", "inbox_scheduledreply", "inbox_event", "accounts_session"}


@pytest.fixture(autouse=True)
def in_english(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    with translation.override("en"):
        yield


@pytest.fixture
def media(settings: mock.Mock, tmp_path: Path) -> Path:
    folder = tmp_path / "house" / "media"
    for name, body in {FILE_NAME: b"\xff\xd8" + b"x" * 300_000, "uploads/a": b"", "renditions/b": b"small"}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(body)
    settings.MEDIA_ROOT = folder
    return folder


def work_of_a_day() -> Cast:
    """Messages with umlauts and files, a queued one, planned ones, an event."""
    cast = make_cast()
    message = factories.inbound_message(cast.claras, "Grüße ☀️ und 'Anführung'\nneue Zeile", kind="image")
    Attachment.objects.create(message=message, kind="image", file=FILE_NAME, size=300_002, state="ready")
    factories.outbound_message(cast.claras, "Schon gesagt", by=cast.ben)
    factories.outbound_message(cast.claras, "Noch nicht weg", by=cast.ben, status=MessageStatus.QUEUED)
    for hours in (1, 20):
        schedule_reply(
            cast.claras, by=cast.ben, text=f"In {hours} h", uid=uuid.uuid4(), files=[],
            plan=Plan(due_at=timezone.now() + timedelta(hours=hours)),
        )  # fmt: skip
    Event.objects.create(workspace=cast.workspace, kind="message", payload={"kind": "message"})
    return cast


def fingerprints(database: psycopg.Connection) -> dict[str, str]:
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
    found = {}
    for (table,) in database.execute(tables).fetchall():
        lines = sql.SQL(
            "SELECT md5(coalesce(string_agg(line, '|' ORDER BY line), '')) FROM (SELECT t::text AS line FROM {} t) l"
        ).format(sql.Identifier(table))
        found[table] = str(database.execute(lines).fetchone()[0])  # type: ignore[index]
    return found


def address(name: str) -> str:
    d = connection.settings_dict
    return f"postgres://{d['USER']}:{d['PASSWORD']}@{d['HOST']}:{d['PORT']}/{name}"


@pytest.fixture
def empty_database() -> Iterator[str]:
    """Its address."""
    name = f"restored_{secrets.token_hex(4)}"
    with psycopg.connect(address(str(connection.settings_dict["NAME"])), autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield address(name)
        server.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))


def manage(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """A real command in a process of its own, as at the console."""
    environment = {**os.environ, "TRESEN_DEMO": "1", "DJANGO_SETTINGS_MODULE": "config.settings",
                   "TRESEN_PROCESS": "shell", **env}  # fmt: skip
    return subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=django_settings.BASE_DIR, env=environment, capture_output=True,
        text=True, check=False,
    )  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_everything_comes_back_and_nothing_is_sent_twice(media: Path, empty_database: str, tmp_path: Path) -> None:
    work_of_a_day()
    ScheduledReply.objects.filter(text="In 1 h").update(due_at=timezone.now() - timedelta(minutes=5))
    backup, manifest = making.make_backup(tmp_path / "backups")
    with psycopg.connect(address(str(connection.settings_dict["NAME"]))) as house:
        before = fingerprints(house)

    house_2 = tmp_path / "other-house"
    done = manage("restore", str(backup), DATABASE_URL=empty_database, DATA_DIR=str(house_2))

    assert done.returncode == 0, done.stderr
    with psycopg.connect(empty_database) as restored:
        after = fingerprints(restored)
        assert {t: m for t, m in after.items() if t not in CHANGED} == {
            t: m for t, m in before.items() if t not in CHANGED
        }
        said = restored.execute("SELECT text, status FROM inbox_message ORDER BY id").fetchall()
        planned = dict(restored.execute("SELECT text, state FROM inbox_scheduledreply").fetchall())
        events = restored.execute("SELECT count(*) FROM inbox_event").fetchone()
        extensions = restored.execute("SELECT count(*) FROM pg_extension WHERE extname ~ 'trgm|unaccent'").fetchone()
    assert ("Grüße ☀️ und 'Anführung'\nneue Zeile", "received") in said
    assert ("Schon gesagt", "delivered") in said
    assert ("Noch nicht weg", "unknown") in said
    assert planned == {"In 1 h": "held", "In 20 h": "waiting"}
    assert (events, extensions) == ((0,), (2,))
    assert contents(house_2 / "media") == contents(media)
    assert manifest.rows["inbox_message"] == len(said)
    for sentence in ("1 message was waiting", "1 planned reply", "All stored tokens can be read", "same FIELD_KEYS",
                     "a STOP neither"):  # fmt: skip
        assert sentence in done.stdout
    assert folders.finished_backups(tmp_path / "backups")[0].path == backup


def contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*") if path.is_file()
    }  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_force_replaces_a_full_house_and_sets_its_files_aside(
    media: Path, empty_database: str, tmp_path: Path
) -> None:
    work_of_a_day()
    backup, _manifest = making.make_backup(tmp_path / "backups")
    house_2 = tmp_path / "other-house"
    env = {"DATABASE_URL": empty_database, "DATA_DIR": str(house_2)}
    assert manage("restore", str(backup), **env).returncode == 0
    (house_2 / "media" / "newer").write_text("newer")

    refused = manage("restore", str(backup), **env)
    forced = manage("restore", str(backup), "--force", **env)

    assert refused.returncode == 1
    assert "The database is not empty" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert forced.returncode == 0, forced.stderr
    assert contents(house_2 / "media") == contents(media)
    assert [path.name for path in house_2.glob("media.before-*/newer")] == ["newer"]


@pytest.mark.django_db(transaction=True)
def test_it_needs_the_same_key_and_a_house_where_nobody_works(
    media: Path, empty_database: str, tmp_path: Path
) -> None:
    work_of_a_day()
    backup, manifest = making.make_backup(tmp_path / "backups")
    env = {"DATABASE_URL": empty_database, "DATA_DIR": str(tmp_path / "other-house")}

    wrong_key = manage("restore", str(backup), FIELD_KEYS=Fernet.generate_key().decode(), **env)
    with psycopg.connect(empty_database, application_name="tresen-web"):
        busy = manage("restore", str(backup), **env)

    assert (wrong_key.returncode, busy.returncode) == (1, 1)
    assert manifest.field_keys[0] in wrong_key.stderr
    assert "stop all its processes" in busy.stderr
    with psycopg.connect(empty_database) as untouched:
        assert fingerprints(untouched) == {}
    text = (backup / "manifest.json").read_text()
    assert not any(key in text for key in django_settings.FIELD_KEYS)


@pytest.mark.django_db
class TestMaking:
    def test_a_file_that_goes_in_the_meantime_is_left_out(self, media: Path, tmp_path: Path) -> None:
        real = making._files

        def going(folder: Path) -> Iterator[Path]:
            for path in real(folder):
                if path.name == "b":
                    path.unlink()
                yield path

        with mock.patch.object(making, "_files", going):
            stored, count = making._archive(media, tmp_path / "media.tar")

        with tarfile.open(tmp_path / "media.tar") as archive:
            assert sorted(archive.getnames()) == [FILE_NAME, "uploads/a"]
        assert count == 2
        assert stored.size == (tmp_path / "media.tar").stat().st_size

    def test_what_was_not_finished_has_no_final_name(self, media: Path, tmp_path: Path) -> None:
        with mock.patch.object(making, "_dump", side_effect=making.BackupFailed("full")):
            with pytest.raises(making.BackupFailed):
                making.make_backup(tmp_path)

        assert folders.finished_backups(tmp_path) == []
        assert [path.suffix for path in tmp_path.glob("tresen-*")] == [".partial"]

    def test_a_folder_that_cannot_be_written_is_said_in_a_sentence(self, media: Path, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("not a folder")

        with pytest.raises(making.BackupFailed, match="could not be written"):
            making.make_backup(tmp_path / "file" / "backups")

    def test_nobody_else_can_read_it(self, media: Path, tmp_path: Path) -> None:
        backup, _manifest = making.make_backup(tmp_path / "backups")

        modes = {path.stat().st_mode & 0o077 for path in (backup, backup.parent, *backup.iterdir())}
        assert modes == {0}


def stored(folder: Path, moment: datetime, *, bodies: dict[str, bytes] | None = None) -> Path:
    """A backup as far as its manifest goes."""
    path = folder / folders.folder_name(moment)
    path.mkdir(parents=True)
    files = {}
    for name, body in (bodies or {DATABASE: b"dump", MEDIA: b"files"}).items():
        (path / name).write_bytes(body)
        files[name] = StoredFile(len(body), hashlib.sha256(body).hexdigest())
    Manifest(moment, "18", "pg_dump", ["inbox.0001_initial"], [], files, {}, 0).write(path)
    return path


def test_only_the_newest_are_kept_and_strangers_are_left_alone(tmp_path: Path) -> None:
    made = [stored(tmp_path, datetime(2026, 11, day, tzinfo=UTC)) for day in (3, 1, 2)]
    (tmp_path / "tresen-holiday-pictures").mkdir()
    fresh, old = tmp_path / "tresen-a.partial", tmp_path / "tresen-b.partial"
    for folder in (fresh, old):
        folder.mkdir()
    os.utime(old, (1, 1))

    gone = folders.prune(tmp_path, 1)

    assert sorted(gone) == sorted(made[1:])
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [made[0].name, "tresen-holiday-pictures", fresh.name]
    )


@pytest.mark.parametrize("name", [DATABASE, MEDIA])
def test_a_damaged_or_missing_file_is_refused(name: str, tmp_path: Path) -> None:
    backup = stored(tmp_path, datetime(2026, 11, 1, tzinfo=UTC))
    assert restoring.verify(backup).postgres == "18"

    (backup / name).write_bytes(b"x" * (backup / name).stat().st_size)
    with pytest.raises(restoring.RestoreRefused, match="damaged"):
        restoring.verify(backup)
    (backup / name).unlink()
    with pytest.raises(restoring.RestoreRefused, match="missing"):
        restoring.verify(backup)


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"format": 99}', "null"])
def test_what_is_no_manifest_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(text)

    with pytest.raises(restoring.RestoreRefused, match="no backup"):
        restoring.verify(tmp_path)


@pytest.mark.django_db
def test_a_backup_of_a_newer_version_is_refused() -> None:
    manifest = Manifest(timezone.now(), "18", "x", ["inbox.0001_initial", "inbox.9999_future"], [], {}, {}, 0)

    with pytest.raises(restoring.RestoreRefused, match=r"newer version of Tresen \(inbox.9999_future\)"):
        restoring._refuse_what_cannot_work(manifest)


@pytest.mark.parametrize("evil", ["../outside", "/tmp/absolute-outside"])
def test_an_archive_cannot_write_outside_its_folder(evil: str, tmp_path: Path) -> None:
    archive = tmp_path / MEDIA
    with tarfile.open(archive, "w") as opened:
        opened.addfile(tarfile.TarInfo(evil))
    manifest = mock.Mock(media_files=1)

    try:
        restoring._unpack(archive, tmp_path / "inner" / "media", manifest)
    except tarfile.FilterError:
        pass

    assert not (tmp_path / "outside").exists()
    assert not (tmp_path / "inner" / "outside").exists()
    assert not Path("/tmp/absolute-outside").exists()


def test_the_next_backup_of_a_daily_one() -> None:
    now = datetime(2026, 11, 26, 3, 30, tzinfo=UTC)

    assert seconds_until(time(3, 31), now) == 60
    assert seconds_until(time(3, 30), now) == 24 * 3600


@pytest.mark.django_db
def test_what_was_under_way_waits_for_a_person() -> None:
    cast = make_cast()
    for status in (MessageStatus.QUEUED, MessageStatus.SENDING):
        factories.outbound_message(cast.claras, status=status)

    from inbox.backup.afterwards import hold_what_was_queued

    assert "2 messages" in hold_what_was_queued(mock.Mock())
    assert not Message.objects.filter(status__in=["queued", "sending"]).exists()
    assert hold_what_was_queued(mock.Mock()) == ""
