"""An earlier backup in a fresh folder: who was erased since is not in it, and the desk says why."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.stack.counter import Counter, open_counter
from tests.stack.test_crm import PROJECT, Admin

pytestmark = pytest.mark.stack


def back_up(counter: Counter) -> Path:
    done = subprocess.run(
        [sys.executable, "manage.py", "backup"], cwd=PROJECT, env=counter.env, capture_output=True, text=True,
        check=False, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    [made] = [path for path in (Path(counter.env["DATA_DIR"]) / "backups").iterdir() if path.is_dir()]
    return made


def known(counter: Counter, name: str) -> int:
    return counter.one("SELECT count(*) FROM inbox_contact WHERE name = %s OR profile_name = %s", name, name)


def test_an_earlier_backup_brings_back_everybody_but_who_was_erased_since() -> None:
    with open_counter() as counter:
        backup = back_up(counter)
        [(contact, name)] = counter.rows(
            "SELECT c.id, c.name FROM inbox_contact c JOIN inbox_conversation v ON v.contact_id = c.id"
            " WHERE c.name <> '' AND c.kind = 'person' ORDER BY c.id LIMIT 1"
        )
        [(messages, people)] = counter.rows(
            "SELECT (SELECT count(*) FROM inbox_message m JOIN inbox_conversation v ON v.id = m.conversation_id"
            " WHERE v.contact_id = %s), (SELECT count(*) FROM inbox_contact)", contact,
        )  # fmt: skip
        assert known(counter, name) == 1 and messages > 0
        admin = Admin(counter.url)  # has just proven who it is
        desk = f"/settings/privacy/people/{contact}/"
        admin.fill(desk, to=desk + "erasure/", typed=name)
        deadline = time.monotonic() + 120
        while counter.one("SELECT count(*) FROM inbox_erasure WHERE state = 'done'") == 0:
            assert time.monotonic() < deadline, "the erasure is still at work"
            time.sleep(0.3)
        assert known(counter, name) == 0

        with open_counter(RESTORE=str(backup), LC_ALL="en_GB.UTF-8") as fresh:
            assert known(fresh, name) == 0
            assert fresh.one("SELECT count(*) FROM inbox_contact") == people - 1
            assert fresh.rows("SELECT is_repeated, state, work FROM inbox_erasure") == [(True, "done", {})]
            admin = Admin(fresh.url)
            assert name not in admin.read(f"/contacts/?q={name.split()[-1]}")
            assert "Zurückgespielte Sicherung" in admin.read("/settings/privacy/")
            told = (Path(fresh.env["DATA_DIR"]) / "stack.log").read_text()
            assert "1 erasure from after the backup was repeated." in told
