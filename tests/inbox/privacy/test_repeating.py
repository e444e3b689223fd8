"""A backup knows nothing of whom was erased after it; restoring it erases them again."""

import shutil

import psycopg
import pytest
from django.db import connection

from inbox.backup import making
from inbox.models import Contact, Erasure
from inbox.privacy import erasing, ledger, repeating
from tests.inbox.privacy.life import NAME, PHONE, WORD
from tests.inbox.test_backup import address, empty_database, manage  # noqa: F401
from tests.recording_queue import run_jobs

pytestmark = pytest.mark.django_db(transaction=True)


def erase(talk, cast) -> Erasure:
    erasing.begin_erasure(talk.contact, by=cast.ada, typed=NAME)
    run_jobs(50)
    return Erasure.objects.get()


@pytest.mark.parametrize("copy", ["beside the backup", "in the data folder"])
def test_a_restored_backup_from_before_does_not_bring_anybody_back(talk, cast, tmp_path, empty_database, house, copy):  # noqa: F811
    backup, _manifest = making.make_backup(tmp_path / "backups")
    erasure = erase(talk, cast)
    new_house = tmp_path / "new-house"
    if copy == "beside the backup":
        making.make_backup(tmp_path / "backups")  # the next night's
    else:
        new_house.mkdir()
        shutil.copy(house / ledger.NAME, new_house)

    done = manage("restore", str(backup), DATABASE_URL=empty_database, DATA_DIR=str(new_house), LC_ALL="en_GB.UTF-8")

    assert done.returncode == 0, done.stderr
    assert "1 erasure from after the backup was repeated." in done.stdout
    with psycopg.connect(empty_database) as restored:
        words = [text for (text,) in restored.execute("SELECT text FROM inbox_message").fetchall()]
        names = [name for (name,) in restored.execute("SELECT name || profile_name FROM inbox_contact").fetchall()]
        line = restored.execute("SELECT uid, is_repeated, state, work FROM inbox_erasure").fetchone()
    assert sorted(names) == ["Clara Sommer", "Dario Conti"]
    assert words and not any(WORD in text for text in words)
    assert line == (erasure.uid, True, "done", {})
    assert not any(WORD.encode() in path.read_bytes() for path in new_house.rglob("*") if path.is_file())
    assert PHONE not in done.stdout + done.stderr


def test_without_the_ledger_they_are_back(talk, cast, tmp_path, empty_database):  # noqa: F811
    """So the others prove something."""
    backup, _manifest = making.make_backup(tmp_path / "backups")
    erase(talk, cast)

    done = manage("restore", str(backup), DATABASE_URL=empty_database, DATA_DIR=str(tmp_path / "new-house"))

    assert done.returncode == 0, done.stderr
    with psycopg.connect(empty_database) as restored:
        assert restored.execute("SELECT count(*) FROM inbox_contact WHERE name = %s", [NAME]).fetchone() == (1,)


def test_a_line_of_another_key_is_told_and_touches_nobody(talk, cast):
    erasure = erase(talk, cast)
    ledger.path().write_text(ledger.path().read_text().replace(ledger.fingerprint(), "0" * 12))
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE inbox_erasure")

    assert repeating.repeat_all() == (0, [str(erasure.uid)])
    assert Contact.objects.count() == 2
