"""What `make run` runs: every process of Tresen, from an empty folder, in demo mode.

python -m config.stack          DATA_DIR, PORT, DATABASE_URL and REDIS_URL are read from the environment
                                RESTORE names a backup to begin with, where there is nothing yet
"""

import http.client
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from config import postgres, running, valkey
from config.binaries import Binaries
from config.data_folder import HOUSE, DataFolder, StartRefused
from config.log import Log
from config.ports import port_is_free
from config.processes import MARK, PHONE, Program, end_leftovers, end_with_parent
from config.supervisor import Stopped, Supervisor

PROJECT = Path(__file__).resolve().parent.parent
DEMO_PEOPLE = ("admin", "lead", "mara", "jonas", "aylin", "tim")
ATTEMPTS = 5


def applications(port: int) -> tuple[Program, ...]:
    """The table of our own processes. Each finds its name in TRESEN_PROCESS."""

    def python(name: str, *arguments: str, stage: int = 0, stop_seconds: float = 25) -> Program:
        argv = (sys.executable, *arguments)
        return Program(name, argv, stage=stage, stop_seconds=stop_seconds, cwd=PROJECT)

    return (
        python(
            "web", "-m", "daphne", "-v", "0", "--websocket_timeout", "-1", "--ping-interval", "20",
            "--ping-timeout", "30", "--websocket-max-message-size", "65536", "--http-timeout", "60",
            "-b", "127.0.0.1", "-p", str(port), "config.asgi:application", stop_seconds=10,
        ),
        python("ingest", "manage.py", "ingest"),
        python("deliver", "manage.py", "deliver"),
        python("worker", "-m", "config.worker", "default"),
        python("attachments", "-m", "config.worker", "attachments"),
        python("scheduler", "-m", "config.scheduler", stop_seconds=10),
        python("phone", "manage.py", "practice_phone", "--port", str(port + 1), stage=PHONE, stop_seconds=10),
    )  # fmt: skip


class Stack:
    """One start of everything over one data folder."""

    def __init__(self, environ: Mapping[str, str], log: Log):
        self.environ, self.log = environ, log
        self.port = _port(environ)
        self.folder = DataFolder.open(PROJECT, environ.get("DATA_DIR", ""))
        self.applications = applications(self.port)
        self._ask_web_at = 0.0

    def take_over(self) -> None:
        """Become the only stack of this folder: wait for one that is ending, end what a killed one left behind."""
        self._lock()
        self.folder.remember("state", "running")
        end_leftovers(str(self.folder.path), (*self.applications, postgres.PROGRAM, valkey.PROGRAM), self.log)
        for port in (self.port, self.port + 1):
            if not port_is_free(port):
                raise StartRefused(f"Port {port} is taken by another program: choose another one with PORT=.")

    def _lock(self) -> None:
        started, told = time.monotonic(), False
        while not self.folder.lock():
            pid, waited = self.folder.recall("supervisor.pid"), time.monotonic() - started
            ending = self.folder.recall("state") == "ending"
            if waited > (60 if ending else 3):
                raise StartRefused(f"Tresen already runs from {self.folder.path} (process {pid}): stop that one first.")
            if ending and not told:
                self.log("tresen", f"the run before this one (process {pid}) is still ending, waiting …")
                told = True
            time.sleep(0.1)

    def environment(self) -> dict[str, str]:
        """What every process of the stack is told; the embedded servers' addresses come in as they start."""
        return {
            **self.environ,
            MARK: str(self.folder.path),
            "TRESEN_DEMO": "1",
            "DEBUG": self.environ.get("DEBUG", "0"),
            "PORT": str(self.port),
            "DATA_DIR": str(self.folder.path),
            "STATIC_ROOT": str(self.folder.path / "static"),
            "PYTHONUNBUFFERED": "1",
        }

    def run(self) -> None:
        """Everything, from the servers to the last word; returns when all has ended."""
        self.take_over()
        supervisor = Supervisor(self.environment(), self.log)
        try:
            self._start_servers(supervisor)
            self.folder.remember(running.FILE, running.as_text(supervisor.env))
            if self.environ.get("RESTORE") and supervisor.run_to_end(self._restoring()):
                raise StartRefused("The backup was not restored, see above.")
            if supervisor.run_to_end(Program("prepare", (sys.executable, "-m", "config.prepare"), cwd=PROJECT)):
                raise StartRefused("The database could not be prepared, see above.")
            for program in self.applications:
                supervisor.start(program)
            supervisor.wait_until(self._web_answers, lambda: self.log("tresen", "waiting for the web process …"))
            self.log.write(self._welcome())
            supervisor.run()
        except Stopped:
            pass
        finally:
            self.folder.remember("state", "ending")
            self.folder.forget(running.FILE)
            self.log("tresen", "ending all processes …")
            supervisor.stop()
            self.log("tresen", f"ended; the data is in {self.folder.path}")

    def _restoring(self) -> Program:
        backup = Path(self.environ["RESTORE"]).expanduser().resolve()
        return Program("restore", (sys.executable, "manage.py", "restore", str(backup)), cwd=PROJECT)

    def _start_servers(self, supervisor: Supervisor) -> None:
        embedded: list[tuple[str, postgres.Postgres | valkey.Valkey]] = []
        binaries = Binaries.find(self.folder)
        if not self.environ.get("REDIS_URL"):
            embedded.append(("REDIS_URL", valkey.Valkey(self.folder, binaries)))
        if not self.environ.get("DATABASE_URL"):
            _forget_client_settings(supervisor.env)
            embedded.append(("DATABASE_URL", postgres.Postgres(self.folder, binaries)))
        for name, server in embedded:
            server.initialise()
            supervisor.start(server.program())
            supervisor.env[name] = server.url
        for _, server in embedded:
            self._await(supervisor, server)
            server.prepare()

    def _await(self, supervisor: Supervisor, server: postgres.Postgres | valkey.Valkey) -> None:
        child = supervisor.children[server.program().name]

        def ready() -> bool:
            if child.failures >= ATTEMPTS:
                raise StartRefused(f"{child.name} does not start, see above.")
            return server.is_ready()

        supervisor.wait_until(ready, lambda: self.log(child.name, "is still reading its data back …"))

    def _web_answers(self) -> bool:
        if time.monotonic() < self._ask_web_at:
            return False
        self._ask_web_at = time.monotonic() + 0.2
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/accounts/login/")
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        if status not in (200, 302):  # an empty house leads to its set-up
            self.log("tresen", f"the sign-in page answers with status {status}")
            self._ask_web_at = time.monotonic() + 10
            return False
        return True

    def _welcome(self) -> str:
        rule, address = "-" * 72, f"http://127.0.0.1:{self.port}/"
        house = self.folder.recall(HOUSE)
        self.folder.forget(HOUSE)
        lines = [("Tresen is open:", address)]
        if house == "demo":
            people = [f"{name}@radhaus.example" for name in DEMO_PEOPLE]
            lines += [("Sign in as:", "  ".join(people[:3])), ("", "  ".join(people[3:]))]
            lines.append(("Password:", "radhaus-demo"))
        elif house != "own":
            lines = [("Set up Tresen at:", f"{address}setup/"), ("with the code:", house)]
        lines += [("Practice phone:", f"{address}practice/"), ("Data:", str(self.folder.path))]
        told = "".join(f"  {name:<17} {value}\n" for name, value in lines)
        return f"\n{rule}\n{told}  Ctrl-C ends everything.\n{rule}\n\n"


def _port(environ: Mapping[str, str]) -> int:
    raw = environ.get("PORT", "").strip() or "8000"
    if not raw.isdigit() or not 1 <= int(raw) <= 65534:
        raise StartRefused(f"PORT must be a number from 1 to 65534, not {raw!r}.")
    return int(raw)


def _forget_client_settings(env: dict[str, str]) -> None:
    # PGSSLMODE, PGOPTIONS and their like are meant for other servers than ours.
    for environment in (env, os.environ):
        for name in [name for name in environment if name.startswith("PG")]:
            del environment[name]


def main() -> None:
    """Start, stay, end; a refusal is one sentence and exit code 1."""
    if "MAKELEVEL" in os.environ:
        end_with_parent()
    try:
        Stack(os.environ, Log()).run()
    except StartRefused as refusal:
        sys.exit(f"\n{refusal}")


if __name__ == "__main__":
    main()
