"""The embedded servers and the folder they live in."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from config import ports
from config.binaries import Binaries
from config.data_folder import DataFolder, StartRefused, unprivileged_account
from config.postgres import Postgres
from config.processes import MARK, spawn
from config.servers import throwaway_servers
from config.valkey import Valkey

PROJECT = Path(__file__).resolve().parent.parent.parent
Server = Postgres | Valkey


@pytest.fixture
def folder() -> Iterator[DataFolder]:
    with _reachable_folder() as path:
        yield DataFolder.open(PROJECT, str(path))


@contextmanager
def _reachable_folder() -> Iterator[Path]:
    # pytest's own folders are closed to other users, so to the servers' user too when we are root.
    path = Path(tempfile.mkdtemp(prefix="tresen-test-"))
    path.chmod(0o711)
    try:
        yield path / "data folder"
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def running(server: Server) -> Iterator[subprocess.Popen[bytes]]:
    program = server.program()
    if program.before:
        program.before()
    process = spawn(program, {"PATH": os.environ["PATH"], MARK: str(server.folder.path)}, subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not server.is_ready():
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        yield process
    finally:
        process.send_signal(program.stop_signal)
        process.wait(timeout=60)


def test_secrets_stay_the_same_and_are_private(folder: DataFolder) -> None:
    first = folder.secret("postgres-password")

    assert folder.secret("postgres-password") == first
    assert folder.secret("valkey-password") != first
    assert stat.S_IMODE((folder.path / "secrets").stat().st_mode) == 0o700
    assert stat.S_IMODE((folder.path / "secrets" / "postgres-password").stat().st_mode) == 0o600


def test_a_folder_has_one_user_at_a_time(folder: DataFolder) -> None:
    second = DataFolder(folder.path, folder.account)

    assert folder.lock()
    assert not second.lock()
    assert folder.recall("supervisor.pid") == str(os.getpid())


def test_permissions_of_folders_we_did_not_make_stay_as_they_were(tmp_path: Path) -> None:
    closed = tmp_path / "home"
    closed.mkdir(mode=0o700)

    if unprivileged_account() is None:
        DataFolder.open(PROJECT, str(closed / "data"))
    else:
        with pytest.raises(StartRefused, match="cannot reach"):
            DataFolder.open(PROJECT, str(closed / "data"))

    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


def test_a_strict_umask_does_not_lock_the_servers_out() -> None:
    before = os.umask(0o077)
    try:
        with _reachable_folder() as path:
            folder = DataFolder.open(PROJECT, str(path / "deeper" / "still"))
            postgres = Postgres(folder, Binaries.find(folder), throwaway=True)
            postgres.initialise()
            with running(postgres):
                postgres.prepare()
    finally:
        os.umask(before)


def test_a_folder_that_cannot_be_made_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StartRefused, match="cannot be used"):
        DataFolder.open(PROJECT, str(tmp_path / "file" / "data"))


def test_a_taken_port_is_not_chosen() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]

        assert not ports.port_is_free(port)
        assert ports.free_port(str(port)) != port

    assert ports.free_port(str(port)) == port


def test_postgres_asks_for_its_password_and_speaks_german(folder: DataFolder) -> None:
    postgres = Postgres(folder, Binaries.find(folder), throwaway=True)
    postgres.initialise()

    with running(postgres):
        postgres.prepare()
        postgres.prepare()  # a second start finds everything there
        with psycopg.connect(postgres.url) as connection:
            connection.execute("CREATE EXTENSION pg_trgm; CREATE EXTENSION unaccent")
            stem = connection.execute("SELECT to_tsvector('german', 'Rechnungen')::text").fetchone()
            locale = connection.execute("SELECT datlocale FROM pg_database WHERE datname = 'tresen'").fetchone()
            superuser = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = 'tresen'").fetchone()
        wrong = postgres.url.replace(folder.secret("postgres-password"), "wrong")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)

    assert (stem, locale, superuser) == (("'rechnung':1",), ("C.UTF-8",), (False,))


def test_postgres_keeps_what_was_committed_when_it_is_killed(folder: DataFolder) -> None:
    postgres = Postgres(folder, Binaries.find(folder))
    postgres.initialise()
    with running(postgres) as process:
        postgres.prepare()
        with psycopg.connect(postgres.url) as connection:
            connection.execute("CREATE TABLE said (word text)")
            connection.execute("INSERT INTO said VALUES ('Moin')")
        process.kill()
        process.wait()

    again = Postgres(folder, Binaries.find(folder))
    again.initialise()
    with running(again), psycopg.connect(again.url) as connection:
        words = connection.execute("SELECT word FROM said").fetchall()

    assert words == [("Moin",)]


def test_a_pid_file_that_names_somebody_elses_process_is_removed(folder: DataFolder) -> None:
    postgres = Postgres(folder, Binaries.find(folder), throwaway=True)
    postgres.initialise()
    stranger = subprocess.Popen(["sleep", "600"], **(folder.account.as_user() if folder.account else {}))
    (postgres.data / "postmaster.pid").write_text(f"{stranger.pid}\n{postgres.data}\n")

    with running(postgres):
        pass

    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_a_server_that_outlived_its_supervisor_is_stopped_not_doubled(folder: DataFolder) -> None:
    postgres = Postgres(folder, Binaries.find(folder), throwaway=True)
    postgres.initialise()
    with running(postgres) as orphan:
        second = Postgres(folder, Binaries.find(folder), throwaway=True)
        with running(second):
            alive = psutil.pid_exists(orphan.pid) and psutil.Process(orphan.pid).status() != psutil.STATUS_ZOMBIE

    assert not alive


def test_a_half_made_cluster_is_made_again(folder: DataFolder) -> None:
    postgres = Postgres(folder, Binaries.find(folder), throwaway=True)
    for name in ("postgres", "postgres.new"):
        folder.private(name)
        (folder.path / name / "base").write_text("an initdb that was killed")

    postgres.initialise()

    with running(postgres):
        postgres.prepare()


def test_data_of_another_major_version_is_refused_in_a_sentence(folder: DataFolder) -> None:
    postgres = Postgres(folder, Binaries.find(folder), throwaway=True)
    folder.private("postgres")
    (postgres.data / "PG_VERSION").write_text("12\n")

    with pytest.raises(StartRefused, match="made by PostgreSQL 12"):
        postgres.initialise()


def test_valkey_asks_for_its_password_and_keeps_its_data(folder: DataFolder) -> None:
    valkey = Valkey(folder, Binaries.find(folder))
    valkey.initialise()
    with running(valkey):
        redis.Redis.from_url(valkey.url).set("moin", "hallo")
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=valkey.port, retry=Retry(NoBackoff(), 0)).get("moin")

    with running(valkey):
        assert redis.Redis.from_url(valkey.url).get("moin") == b"hallo"


def test_passwords_stand_on_no_command_line(folder: DataFolder) -> None:
    binaries = Binaries.find(folder)
    words = [word for server in (Postgres, Valkey) for word in server(folder, binaries).program().argv]

    secrets = {file.read_text() for file in (folder.path / "secrets").iterdir()}
    assert len(secrets) == 3
    assert not any(secret in word for secret in secrets for word in words)


def test_throwaway_servers_leave_nothing_behind() -> None:
    with throwaway_servers() as env:
        place = Path(env["DATA_DIR"]).parent
        with psycopg.connect(env["DATABASE_URL"]) as connection:
            pids = [row[0] for row in connection.execute("SELECT pg_backend_pid()").fetchall()]
        assert redis.Redis.from_url(env["REDIS_URL"]).ping()

    assert not place.exists()
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_a_command_with_servers_of_its_own_ends_with_its_exit_code_and_stops_them() -> None:
    code = "import os; print(os.environ['DATA_DIR']); raise SystemExit(5)"
    done = subprocess.run(
        [sys.executable, "-m", "config.servers", sys.executable, "-c", code],
        cwd=PROJECT,
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 5
    assert not Path(done.stdout.strip()).parent.exists()


def test_sigterm_to_a_command_with_servers_stops_the_servers_too() -> None:
    code = "import os, time; print(os.environ['DATA_DIR'], flush=True); time.sleep(600)"
    process = subprocess.Popen(
        [sys.executable, "-m", "config.servers", sys.executable, "-c", code], cwd=PROJECT, stdout=subprocess.PIPE
    )
    assert process.stdout
    place = Path(process.stdout.readline().decode().strip()).parent

    process.send_signal(signal.SIGTERM)

    process.wait(timeout=60)
    process.stdout.close()
    assert not place.exists()
