"""`make run` as a person has it: a clean clone in an awkward place, started, killed, started again, ended.

The interpreter of the tests is used instead of a new virtual environment; all else is the real thing.
"""

import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from config.data_folder import default_location
from config.ports import free_port, port_is_free
from config.processes import leftovers
from config.stack import applications

PROJECT = Path(__file__).resolve().parent.parent.parent
OURS = {program.name for program in applications(8000)}
NOT_IN_A_CLONE = shutil.ignore_patterns(
    ".git", ".venv", ".data", "__pycache__", "staticfiles", "node_modules", ".*_cache", ".hypothesis", "tmp", ".env"
)

pytestmark = pytest.mark.stack


class Clone:
    """A copy of the project below a closed home folder, and its `make run`."""

    def __init__(self, home: Path):
        self.folder = home / ("a long path with spaces " * 4).strip() / "tresen"
        shutil.copytree(PROJECT, self.folder, ignore=NOT_IN_A_CLONE)
        home.chmod(0o700)
        self.data = default_location(self.folder)
        self.port = free_pair()
        self.runs: list[tuple[subprocess.Popen[bytes], Path]] = []

    def start(self, **environment: str) -> "Clone":
        """`make run`, in the background."""
        private = ("DATABASE_URL", "REDIS_URL", "REDIS_PREFIX", "DATA_DIR", "TRESEN_DEMO", "DJANGO_SETTINGS_MODULE")
        inherited = {name: value for name, value in os.environ.items() if name not in private}
        env = {
            **inherited,
            "TRESEN_PYTHON": sys.executable,
            "PORT": str(self.port),
            "TRESEN_PROCESS": "",
            **environment,
        }
        said = self.folder.parent / f"said-{len(self.runs)}.txt"
        with said.open("wb") as stream:
            process = subprocess.Popen(
                ["make", "run"],
                cwd=self.folder,
                env=env,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.runs.append((process, said))
        return self

    @property
    def process(self) -> subprocess.Popen[bytes]:
        return self.runs[-1][0]

    def said(self) -> str:
        return self.runs[-1][1].read_text(errors="replace")

    def await_text(self, *words: str) -> None:
        wait_until(lambda: all(word in self.said() for word in words), self.said)

    def await_open(self) -> None:
        def is_open() -> bool:
            assert self.process.poll() is None and self.said().count("| ended (exit code") < 10, self.said()
            return "Tresen is open" in self.said()

        wait_until(is_open, self.said)

    def await_all_processes(self) -> None:
        wait_until(lambda: set(self.pids()) == OURS | {"postgres", "valkey"}, lambda: f"{self.pids()}\n{self.said()}")

    def pids(self) -> dict[str, int]:
        return {name: process.pid for name, process in leftovers(str(self.data))}

    def supervisor(self) -> psutil.Process:
        return psutil.Process(int((self.data / "run" / "supervisor.pid").read_text()))

    def end(self) -> None:
        """SIGTERM to what the person started, and wait until it is gone."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=90)

    def remove(self) -> None:
        for process, _ in self.runs:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(timeout=90)
        for _, process in leftovers(str(self.data)):
            process.kill()
        shutil.rmtree(self.data, ignore_errors=True)


def free_pair() -> int:
    """A port that is free together with the next one, which is the practice phone's."""
    while True:
        port = free_port()
        if port_is_free(port + 1):
            return port


def wait_until(question: Callable[[], bool], explain: Callable[[], object], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < deadline, explain()
        time.sleep(0.1)


def sign_in(port: int, email: str, password: str = "radhaus-demo") -> int:
    """Like a browser; the status of the answer: 302 when it worked."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/accounts/login/")
    page = connection.getresponse()
    html = page.read().decode()
    assert page.status == 200, html
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', html)
    name = re.search(r'<input[^>]*name="(username|email)"', html)
    assert token and name, html
    cookie = page.headers["Set-Cookie"].split(";")[0]
    form = {"csrfmiddlewaretoken": token[1], name[1]: email, "password": password}
    headers = {
        "Cookie": cookie,
        "Content-Type": "application/x-www-form-urlencoded",
        "Origin": f"http://127.0.0.1:{port}",
    }
    connection.request("POST", "/accounts/login/", urllib.parse.urlencode(form), headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


@pytest.fixture
def clone() -> Iterator[Clone]:
    home = Path(tempfile.mkdtemp(prefix="home-"))
    clone = Clone(home)
    try:
        yield clone
    finally:
        clone.remove()
        shutil.rmtree(home, ignore_errors=True)


def test_a_clean_clone_starts_is_killed_starts_again_and_ends_without_a_trace(clone: Clone) -> None:
    clone.start().await_open()
    clone.await_all_processes()
    assert sign_in(clone.port, "mara@radhaus.example") == 302
    assert sign_in(clone.port, "mara@radhaus.example", "wrong") == 422
    before = workspaces(clone)

    clone.supervisor().kill()
    clone.process.wait(timeout=60)
    clone.start().await_open()

    assert workspaces(clone) == before
    assert sign_in(clone.port, "jonas@radhaus.example") == 302

    clone.await_all_processes()
    clone.end()

    assert "ended; the data is in" in clone.said()
    assert clone.pids() == {}
    assert port_is_free(clone.port) and port_is_free(clone.port + 1)
    assert not (clone.data / "postgres" / "postmaster.pid").exists()


def workspaces(clone: Clone) -> list[tuple[object, ...]]:
    """What the demo made, straight from the database that runs."""
    code = "from accounts.models import Workspace; print(list(Workspace.objects.values_list('pk', 'name')))"
    done = subprocess.run(
        ["make", "-s", "manage", f'ARGS=shell -v 0 -c "{code}"'],
        cwd=clone.folder,
        env={"PATH": os.environ["PATH"], "TRESEN_PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Radhaus Lindenhof" in done.stdout
    return [(done.stdout,)]


def test_a_process_that_is_killed_is_named_and_comes_back(clone: Clone) -> None:
    clone.start().await_open()
    clone.await_all_processes()
    killed = clone.pids()

    for pid in killed.values():
        psutil.Process(pid).kill()

    clone.await_text(*(f"{name:<11} | ended (killed by SIGKILL); restarting in" for name in killed))
    clone.await_all_processes()
    assert not set(killed.values()) & set(clone.pids().values())
    wait_until(lambda: answers(clone.port), clone.said)
    assert sign_in(clone.port, "lead@radhaus.example") == 302


def answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/accounts/login/")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def test_what_make_started_ends_when_make_itself_is_killed(clone: Clone) -> None:
    clone.start().await_open()

    os.killpg(clone.process.pid, signal.SIGKILL)

    wait_until(lambda: clone.pids() == {}, clone.pids)
    clone.start().await_open()


def test_a_second_start_from_the_same_folder_is_refused(clone: Clone) -> None:
    clone.start().await_open()
    first, _ = clone.runs[0]

    clone.start()

    assert clone.process.wait(timeout=60) != 0
    assert "Tresen already runs from" in clone.said()
    assert first.poll() is None
    assert answers(clone.port)


@pytest.mark.parametrize("offset", [0, 1])
def test_a_taken_port_is_said_in_a_sentence(clone: Clone, offset: int) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", clone.port + offset))
        listener.listen()

        clone.start()

        assert clone.process.wait(timeout=60) != 0

    assert f"Port {clone.port + offset} is taken by another program: choose another one with PORT=." in clone.said()
    assert clone.pids() == {}


def test_servers_that_are_named_are_used_and_none_is_started(clone: Clone) -> None:
    name = "stack_on_given_servers"
    given = os.environ["DATABASE_URL"]
    with psycopg.connect(given, autocommit=True, dbname="postgres") as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    try:
        clone.start(DATABASE_URL=given.rpartition("/")[0] + f"/{name}", REDIS_URL=os.environ["REDIS_URL"]).await_open()

        assert sign_in(clone.port, "admin@radhaus.example") == 302
        clone.end()
        assert not (clone.data / "postgres").exists()
        assert not (clone.data / "valkey").exists()
    finally:
        with psycopg.connect(given, autocommit=True, dbname="postgres") as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def test_nonsense_for_a_port_is_refused(clone: Clone) -> None:
    clone.start(PORT="eighty")

    assert clone.process.wait(timeout=60) != 0
    assert "PORT must be a number" in clone.said()
