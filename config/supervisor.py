"""Keep a set of processes running: start them, show what they say, restart who dies, stop them in order.

One thread, one loop. Everything slow (database creation, migrations) runs as a child too, so that the log goes on and
Ctrl-C is heard at any moment. What is run for `make run` stands in `config.stack`.
"""

import os
import selectors
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from config.log import Log
from config.processes import Program, spawn

BACKOFF_SECONDS = (0.5, 1, 2, 4, 8, 15, 30)
STEADY_SECONDS = 60  # a process that ran this long starts its backoff anew
LONGEST_LINE = 16_384


class Stopped(Exception):
    """Somebody asked for the end while something was being waited for."""


class Child:
    """One program and, most of the time, its process."""

    def __init__(self, program: Program):
        self.program = program
        self.process: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0
        self.failures = 0
        self.restart_at: float | None = None
        self.rest = b""

    @property
    def name(self) -> str:
        return self.program.name

    def lines(self, data: bytes) -> list[str]:
        """The whole lines in what has been read so far."""
        *whole, self.rest = (self.rest + data).split(b"\n")
        if len(self.rest) > LONGEST_LINE:
            whole.append(self.rest)
            self.rest = b""
        return [line.decode("utf-8", "replace") for line in whole]


class Supervisor:
    """Runs programs with one environment and one log."""

    def __init__(self, env: Mapping[str, str], log: Log):
        self.env, self.log = dict(env), log
        self.children: dict[str, Child] = {}
        self.stop_requests = 0
        self._selector = selectors.DefaultSelector()
        self._listen_to_signals()

    def _listen_to_signals(self) -> None:
        # A signal wakes the loop through this pair; handlers only count.
        self._wake, write_end = socket.socketpair()
        for end in (self._wake, write_end):
            end.setblocking(False)
        self._write_end = write_end
        signal.set_wakeup_fd(write_end.fileno(), warn_on_full_buffer=False)
        self._selector.register(self._wake, selectors.EVENT_READ)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_stop_signal)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def _on_stop_signal(self, *_: object) -> None:
        self.stop_requests += 1

    # --- starting ---

    def start(self, program: Program) -> Child:
        """Keep this program running from now on."""
        child = self.children[program.name] = Child(program)
        self._launch(child)
        return child

    def _launch(self, child: Child) -> None:
        child.restart_at = None
        child.started_at = time.monotonic()
        try:
            if child.program.before:
                child.program.before()
            child.process = spawn(child.program, self.env)
        except OSError as error:
            self.log(child.name, f"cannot be started: {error}")
            self._plan_restart(child)
            return
        assert child.process.stdout
        os.set_blocking(child.process.stdout.fileno(), False)
        self._selector.register(child.process.stdout, selectors.EVENT_READ, child)

    def run_to_end(self, program: Program) -> int:
        """Run a program once and wait for it, showing what it says; its exit code."""
        child = Child(program)
        self._launch(child)
        while child.process and child.process.poll() is None:
            self.tick()
            if self.stop_requests:
                self._end([child])
                self._drain(child)
                raise Stopped
        self._drain(child)
        return child.process.returncode if child.process else 1

    def wait_until(self, question: Callable[[], bool], waiting: Callable[[], None], every: float = 5) -> None:
        """Pump until the answer is yes, however long that takes; `waiting` is called every few seconds."""
        said = time.monotonic()
        while not question():
            if self.stop_requests:
                raise Stopped
            if time.monotonic() - said > every:
                said = time.monotonic()
                waiting()
            self.tick(0.05)

    # --- running ---

    def run(self) -> None:
        """Until somebody asks for the end."""
        while not self.stop_requests:
            self.tick()

    def tick(self, seconds: float = 0.5) -> None:
        """Read what there is, notice who died, restart who is due."""
        for key, _ in self._selector.select(seconds):
            if key.data is None:
                with suppress(BlockingIOError):
                    self._wake.recv(4096)
            else:
                self._read(key.data)
        for child in self.children.values():
            if child.process and child.process.poll() is not None:
                self._drain(child)
                self._report_end(child)
            if child.restart_at is not None and time.monotonic() >= child.restart_at and not self.stop_requests:
                self._launch(child)

    def _report_end(self, child: Child) -> None:
        assert child.process
        code = child.process.returncode
        child.process = None
        if not self.stop_requests:
            how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
            self._plan_restart(child)
            assert child.restart_at is not None
            self.log(child.name, f"ended ({how}); restarting in {child.restart_at - time.monotonic():.1f} s")

    def _plan_restart(self, child: Child) -> None:
        child.process = None
        if time.monotonic() - child.started_at > STEADY_SECONDS:
            child.failures = 0
        child.restart_at = time.monotonic() + BACKOFF_SECONDS[min(child.failures, len(BACKOFF_SECONDS) - 1)]
        child.failures += 1

    def _read(self, child: Child) -> bool:
        """Show what it has said; whether more may come."""
        assert child.process and child.process.stdout
        try:
            data = os.read(child.process.stdout.fileno(), 65_536)
        except BlockingIOError:
            return False
        if not data:
            self._selector.unregister(child.process.stdout)
            child.process.stdout.close()
            return False
        for line in child.lines(data):
            self._show(child, line)
        return True

    def _drain(self, child: Child) -> None:
        # Its own children may hold the pipe open, so the end of the process counts, not the end of the pipe.
        if child.process and child.process.stdout and not child.process.stdout.closed:
            while self._read(child):
                pass
            if not child.process.stdout.closed:
                self._selector.unregister(child.process.stdout)
                child.process.stdout.close()
        if child.rest:
            self._show(child, child.rest.decode("utf-8", "replace"))
            child.rest = b""

    def _show(self, child: Child, line: str) -> None:
        routine = child.program.routine
        if line.strip() and not (routine and routine.search(line)):
            self.log(child.name, line)

    # --- stopping ---

    def stop(self) -> None:
        """End all, those who use a server before the server."""
        self.stop_requests = max(self.stop_requests, 1)
        for stage in sorted({child.program.stage for child in self.children.values()}):
            self._end([child for child in self.children.values() if child.program.stage == stage])

    def _end(self, children: list[Child]) -> None:
        asked = time.monotonic()
        impatience = self.stop_requests
        for child in children:
            if child.process:
                with suppress(ProcessLookupError):
                    child.process.send_signal(child.program.stop_signal)
        said = asked
        while alive := [child for child in children if child.process and child.process.poll() is None]:
            self.tick(0.2)
            waited = time.monotonic() - asked
            if time.monotonic() - said > 5:
                said = time.monotonic()
                self.log("tresen", f"waiting for {', '.join(child.name for child in alive)} to end …")
            for child in alive:
                limit = child.program.stop_seconds
                hurried = self.stop_requests > impatience and limit is not None
                if child.process and (hurried or (limit is not None and waited > limit)):
                    child.process.kill()
