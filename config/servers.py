"""Throw-away PostgreSQL and Valkey for tests and benchmarks.

`with throwaway_servers() as env:` gives DATABASE_URL and REDIS_URL of two fresh servers, gone at the end.
`python -m config.servers COMMAND …` runs a command with them.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from config.binaries import Binaries
from config.data_folder import DataFolder, StartRefused, unprivileged_account
from config.postgres import Postgres
from config.processes import MARK, Program, spawn
from config.valkey import Valkey

START_SECONDS = 60


@contextmanager
def throwaway_servers() -> Iterator[dict[str, str]]:
    """Fresh servers in a temporary folder, as the environment that points to them; call from the main thread."""
    with ExitStack() as stack:
        path = Path(tempfile.mkdtemp(prefix="tresen-"))
        stack.callback(shutil.rmtree, path, ignore_errors=True)
        account = unprivileged_account()
        path.chmod(0o711 if account else 0o700)
        folder = DataFolder.open(path, str(path))
        binaries = Binaries.find(folder)
        postgres = Postgres(folder, binaries, throwaway=True)
        valkey = Valkey(folder, binaries, throwaway=True)
        for server in (valkey, postgres):
            server.initialise()
            stack.enter_context(running(server, path))
        postgres.prepare()
        yield {"DATABASE_URL": postgres.url, "REDIS_URL": valkey.url, "DATA_DIR": str(path / "data")}


@contextmanager
def running(server: Postgres | Valkey, folder: Path) -> Iterator[None]:
    program = server.program()
    log = folder / f"{program.name}.log"
    with log.open("wb") as output:
        process = spawn(program, {"PATH": os.environ.get("PATH", ""), MARK: str(folder)}, output)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not server.is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise StartRefused(f"{program.name} did not start: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)
        yield
    finally:
        _stop(process, program)


def _stop(process: subprocess.Popen[bytes], program: Program) -> None:
    process.send_signal(program.stop_signal)
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def run(command: list[str], env: Mapping[str, str]) -> int:
    """Run a command to its end with fresh servers; SIGTERM and Ctrl-C end the command first, then the servers."""
    with throwaway_servers() as servers:
        process = subprocess.Popen(command, env={**env, **servers})
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        signal.signal(signal.SIGINT, lambda *_: None)  # the terminal tells the command as well
        return process.wait()


if __name__ == "__main__":
    try:
        sys.exit(run(sys.argv[1:], os.environ))
    except StartRefused as refusal:
        sys.exit(str(refusal))
