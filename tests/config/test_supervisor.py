"""The supervisor over small children of its own: who dies comes back, who is told to stop does so in order."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from config.data_folder import unprivileged_account
from config.log import Log
from config.processes import MARK, Program, end_leftovers, leftovers
from config.supervisor import LONGEST_LINE, Child

PROJECT = Path(__file__).resolve().parent.parent.parent

DRIVER = """
import signal, sys
from config.log import Log
from config.processes import APPLICATION, CACHE, DATABASE, PHONE, Program, Account
from config.supervisor import Supervisor

def child(name, code, **options):
    return Program(name, (sys.executable, "-u", "-c", code), **options)

supervisor = Supervisor({environment!r}, Log())
{programs}
print("READY", flush=True)
supervisor.run()
supervisor.stop()
"""

LASTING = "import time, os; print('pid', os.getpid()); time.sleep(600)"


class Run:
    """A supervisor in a process of its own, and what it has said so far."""

    def __init__(self, folder: Path, programs: str):
        self.said = folder / "said.txt"
        self.mark = str(folder)
        environment = {"PATH": os.environ["PATH"], MARK: self.mark}
        code = DRIVER.format(programs=textwrap.dedent(programs), environment=environment)
        with self.said.open("wb") as stream:
            self.process = subprocess.Popen(
                [sys.executable, "-c", code], cwd=PROJECT, stdout=stream, stderr=subprocess.STDOUT
            )

    def text(self) -> str:
        return self.said.read_text()

    def await_text(self, *words: str) -> None:
        wait_until(lambda: all(word in self.text() for word in words), self.text)

    def pid_of(self, name: str) -> int:
        lines = [line for line in self.text().splitlines() if f" {name} " in line and "| pid " in line]
        return int(lines[-1].rsplit(" ", 1)[1])

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


def wait_until(question: Callable[[], bool], explain: Callable[[], str] = str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < deadline, explain()
        time.sleep(0.05)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[str], Run]]:
    runs: list[Run] = []

    def _start(programs: str) -> Run:
        runs.append(Run(tmp_path, programs))
        runs[-1].await_text("READY")
        return runs[-1]

    yield _start
    for run in runs:
        run.process.kill()
        run.process.wait()
        for _, process in leftovers(run.mark):
            process.kill()


def test_a_child_that_dies_is_named_and_started_again(start: Callable[[str], Run]) -> None:
    run = start(f"supervisor.start(child('ingest', {LASTING!r}))")
    run.await_text("| pid ")
    first = run.pid_of("ingest")

    os.kill(first, signal.SIGKILL)
    run.await_text("ended (killed by SIGKILL); restarting in")
    wait_until(lambda: run.pid_of("ingest") != first, run.text)

    assert psutil.pid_exists(run.pid_of("ingest"))
    assert run.end() == 0


def test_a_child_that_keeps_failing_is_started_ever_more_slowly(start: Callable[[str], Run]) -> None:
    run = start("supervisor.start(child('deliver', 'raise SystemExit(3)'))")

    run.await_text("exit code 3); restarting in 0.5 s", "restarting in 1.0 s", "restarting in 2.0 s")

    assert run.end() == 0


def test_a_program_that_is_missing_does_not_end_the_others(start: Callable[[str], Run]) -> None:
    run = start(
        f"""
        supervisor.start(Program("phone", ("/nowhere/at/all",)))
        supervisor.start(child("web", {LASTING!r}))
        """
    )

    run.await_text("cannot be started", "| pid ")

    assert run.end() == 0


def test_stopping_ends_those_who_use_a_server_before_the_server(start: Callable[[str], Run]) -> None:
    told = "import signal,sys,time\\ndef stop(*_): time.sleep(.3); print('bye {}'); sys.exit()\\n"
    told += "signal.signal({}, stop); print('up'); time.sleep(600)"
    run = start(
        f"""
        supervisor.start(child("postgres", "{told.format("postgres", "signal.SIGINT")}", stage=DATABASE,
                               stop_signal=signal.SIGINT))
        supervisor.start(child("valkey", "{told.format("valkey", "signal.SIGTERM")}", stage=CACHE))
        supervisor.start(child("phone", "{told.format("phone", "signal.SIGTERM")}", stage=PHONE))
        supervisor.start(child("deliver", "{told.format("deliver", "signal.SIGTERM")}"))
        """
    )
    wait_until(lambda: run.text().count("| up") == 4, run.text)

    assert run.end() == 0

    ends = [line.rsplit("bye ", 1)[1] for line in run.text().splitlines() if "bye " in line]
    assert ends == ["deliver", "phone", "valkey", "postgres"]


def test_a_child_that_ignores_the_request_to_stop_is_killed(start: Callable[[str], Run]) -> None:
    deaf = "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up'); time.sleep(600)"
    run = start(f"supervisor.start(child('worker', {deaf!r}, stop_seconds=0.5))")
    run.await_text("| up")

    assert run.end() == 0

    assert leftovers(run.mark) == []


def test_children_end_when_the_supervisor_is_killed(start: Callable[[str], Run]) -> None:
    account = unprivileged_account()  # as root, the death signal must survive the change of user
    run = start(
        f"""
        supervisor.start(child("web", {LASTING!r}))
        supervisor.start(Program("postgres", ("/bin/sh", "-c", "echo pid $$; exec sleep 600"), account={account!r},
                                 cwd="/"))
        """
    )
    wait_until(lambda: run.text().count("| pid ") == 2, run.text)

    run.process.kill()

    wait_until(lambda: leftovers(run.mark) == [], run.text)


def test_what_a_killed_run_left_behind_is_found_and_ended(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], MARK: str(tmp_path), "TRESEN_PROCESS": "postgres"}
    # A shell starts what it runs in the background deaf to SIGINT, and this test with it.
    listen = "import signal, time\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
    code = listen + "try: print('up'); time.sleep(600)\nexcept KeyboardInterrupt: print('interrupted')"
    orphan = subprocess.Popen([sys.executable, "-u", "-c", code], env=environment, stdout=subprocess.PIPE)
    stranger = subprocess.Popen([sys.executable, "-c", LASTING], env={**environment, MARK: "/elsewhere"})
    assert orphan.stdout
    orphan.stdout.readline()
    said: list[tuple[str, str]] = []

    end_leftovers(
        str(tmp_path), [Program("postgres", (), stop_signal=signal.SIGINT)], lambda *words: said.append(words)
    )

    assert orphan.stdout.read() == b"interrupted\n"
    assert [name for name, _ in said] == ["postgres"]
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()
    orphan.wait()
    orphan.stdout.close()


def test_lines_are_put_together_from_pieces() -> None:
    child = Child(Program("web", ()))

    assert child.lines(b"one\ntw") == ["one"]
    assert child.lines(b"o\n\xff\n") == ["two", "\ufffd"]


def test_a_line_without_end_is_shown_in_parts() -> None:
    child = Child(Program("web", ()))

    assert child.lines(b"x" * (LONGEST_LINE + 1)) == ["x" * (LONGEST_LINE + 1)]
    assert child.rest == b""


def test_what_customers_write_cannot_steer_the_terminal(tmp_path: Path) -> None:
    file = tmp_path / "log"
    with file.open("w") as stream:
        Log(stream)("ingest", "Hallo \x1b]0;owned\x07\x1b[2J \x1b[31mrot\x1b[0m")

    text = file.read_text()
    assert "\x1b" not in text
    assert r"\x1b]0;owned\x07\x1b[2J rot" in text


def test_a_reader_who_has_gone_does_not_stop_the_log(tmp_path: Path) -> None:
    stream = (tmp_path / "log").open("w")
    log = Log(stream)
    stream.close()

    log("web", "nobody reads this")

    assert log.recent[-1].endswith("nobody reads this")
