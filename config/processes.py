"""Child processes: started so that they cannot outlive us, recognised again when they somehow did."""

import ctypes
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO

import psutil

from config.data_folder import Account

# Every child carries this in its environment; its value is the data folder. A supervisor that was killed leaves
# children that its successor finds by it.
MARK = "TRESEN_SUPERVISED"

APPLICATION, PHONE, CACHE, DATABASE = range(4)  # the order in which processes are stopped

SET_PARENT_DEATH_SIGNAL = 1  # prctl(2)


@dataclass(frozen=True)
class Program:
    """One process of the stack: what to start, how to end it."""

    name: str
    argv: tuple[str, ...]
    stage: int = APPLICATION
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float | None = 25  # None: as long as it takes
    account: Account | None = None
    cwd: Path | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    routine: re.Pattern[str] | None = None  # lines nobody needs to read
    before: Callable[[], None] | None = None  # run before each start


def spawn(
    program: Program, env: Mapping[str, str], output: int | IO[bytes] = subprocess.PIPE
) -> subprocess.Popen[bytes]:
    """Start it in a session of its own (Ctrl-C reaches us alone), ended by the kernel when we die.

    Call it from the main thread: Linux sends the death signal when the *thread* that started the child ends.
    """
    user = program.account.as_user() if program.account else {}
    return subprocess.Popen(
        program.argv,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd=program.cwd,
        env={**env, **program.env, "TRESEN_PROCESS": program.name},
        start_new_session=True,
        preexec_fn=_dies_with_parent(program.stop_signal),  # noqa: PLW1509 - after setuid, which would clear it; no threads
        **user,
    )


def _dies_with_parent(signal_number: int) -> Callable[[], None] | None:
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def in_child() -> None:
        prctl(SET_PARENT_DEATH_SIGNAL, signal_number)
        if os.getppid() != parent:
            os._exit(1)

    return in_child


def end_with_parent() -> None:
    """Get SIGTERM ourselves when whoever started us is gone (Linux)."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)


def leftovers(mark: str) -> list[tuple[str, psutil.Process]]:
    """Processes of an earlier run over the same data folder that still live, with their names."""
    found: dict[int, tuple[str, psutil.Process]] = {}
    parents: dict[int, int] = {}
    for process in psutil.process_iter():
        try:
            environment = process.environ()
            if environment.get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                found[process.pid] = (environment.get("TRESEN_PROCESS", "?"), process)
                parents[process.pid] = process.ppid()
        except (psutil.Error, OSError):
            continue
    found.pop(os.getpid(), None)
    # Children of our children (a shell's command, say) end with them.
    return [entry for pid, entry in found.items() if parents[pid] not in found]


def end_leftovers(mark: str, programs: Iterable[Program], say: Callable[[str, str], object]) -> None:
    """Stop what an earlier run left behind, in the order and by the signals of its programs."""
    known = {program.name: program for program in programs}
    fallback = Program("?", ())
    left = [(known.get(name, fallback), name, process) for name, process in leftovers(mark)]
    for stage in sorted({program.stage for program, _, _ in left}):
        now = [(program, name, process) for program, name, process in left if program.stage == stage]
        for program, name, process in now:
            say(name, f"left behind by an earlier run (process {process.pid}), ending it")
            _signal(process, program.stop_signal)
        for program, name, process in now:
            wait_for_end(process, program.stop_seconds, partial(say, name, "still ending …"))


def wait_for_end(process: psutil.Process, seconds: float | None, still: Callable[[], object]) -> None:
    """Wait until it is gone; after `seconds` kill it. Says so every five seconds."""
    started = time.monotonic()
    while True:
        try:
            process.wait(timeout=5)
            return
        except psutil.TimeoutExpired:
            still()
        if seconds is not None and time.monotonic() - started > seconds:
            _signal(process, signal.SIGKILL)


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        pass
