"""The services of compose.yaml without an engine: each one's very command and environment, in production mode.

What a container adds (images, users, read-only file systems, networks) is not here; what is started inside them is.
"""

import http.client
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from config.binaries import Binaries
from config.data_folder import DataFolder, unprivileged_account
from config.ports import free_port
from config.postgres import Postgres
from config.servers import running
from config.valkey import Valkey

pytestmark = pytest.mark.stack

PROJECT = Path(__file__).resolve().parent.parent.parent
SECONDS = 240
WORKING = ("web", "hook", "ingest", "deliver", "worker", "attachments", "scheduler")
DOTENV = {
    "DOMAIN": "inbox.example.com",
    "SECRET_KEY": "production-set-0123456789abcdefghijklmnopqrstuvwxyzABCDEFG",
    "FIELD_KEYS": "cHJvZHVjdGlvbi1zZXQta2V5LW9mLTMyLWJ5dGVzISE=",
    "POSTGRES_PASSWORD": "superuser",
    "OWNER_DB_PASSWORD": "owner",
    "APP_DB_PASSWORD": "app",
    "REDIS_PASSWORD": "redis",
    "METRICS_TOKEN": "a-long-token-for-monitoring",
}
VARIABLE = re.compile(r"\$\{(\w+)(?:(:-|:\?)([^}]*))?\}")


def resolved(value: object) -> str:
    """As Compose replaces variables from .env."""

    def one(match: re.Match[str]) -> str:
        name, how, default = match.groups()
        if name in DOTENV:
            return DOTENV[name]
        assert how == ":-", f"{name} has neither a value nor a default"
        return default

    return VARIABLE.sub(one, str(value)).replace("$$", "$")


class House:
    """Servers, folder and services of one production set."""

    def __init__(self, folder: DataFolder, postgres: Postgres, valkey: Valkey, path: Path) -> None:
        self.folder, self.postgres, self.valkey, self.path = folder, postgres, valkey, path
        self.services: dict[str, Any] = yaml.safe_load((PROJECT / "compose.yaml").read_text())["services"]
        self.ports = {"8000": str(free_port("")), "8002": str(free_port(""))}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def environment(self, name: str, database: str = "tresen") -> dict[str, str]:
        env = {key: resolved(value) for key, value in self.services[name]["environment"].items()}
        host = f"@127.0.0.1:{self.postgres.port}/{database}"
        env["DATABASE_URL"] = env["DATABASE_URL"].replace("@postgres:5432/tresen", host)
        env["REDIS_URL"] = self.valkey.url
        places = {"DATA_DIR": "data", "BACKUP_DIR": "backups", "STATIC_ROOT": "static", "TMPDIR": "tmp"}
        env |= {key: str(self.path / place) for key, place in places.items()}
        return env | {"PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}", "LANG": "en_GB.UTF-8"}

    def command(self, words: list[str]) -> list[str]:
        """Ports of this machine instead of the container's, and this Python."""
        words = [self.ports.get(resolved(word), resolved(word)) for word in words]
        if words[0] == "daphne":
            words = ["python", "-m", *words]
        return [sys.executable, *words[1:]] if words[0] == "python" else words

    def start(self, name: str) -> None:
        output = (self.path / f"{name}.log").open("wb")
        self.processes[name] = subprocess.Popen(
            self.command(shlex.split(self.services[name]["command"])), cwd=PROJECT, env=self.environment(name),
            stdout=output, stderr=output,
        )  # fmt: skip

    def run(self, name: str, words: list[str], database: str = "tresen") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(words), cwd=PROJECT, env=self.environment(name, database), capture_output=True, text=True,
            check=False,
        )  # fmt: skip

    def stop(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            process.wait(timeout=SECONDS)


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    path = Path(tempfile.mkdtemp(prefix="tresen-production-"))
    path.chmod(0o711 if unprivileged_account() else 0o700)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, path, ignore_errors=True)
        folder = DataFolder.open(path, str(path / "servers"))
        for place in ("data", "backups", "static", "tmp"):
            (path / place).mkdir()
        binaries = Binaries.find(folder)
        postgres, valkey = Postgres(folder, binaries), Valkey(folder, binaries)
        for server in (valkey, postgres):
            server.initialise()
            stack.enter_context(running(server, path))
        made = House(folder, postgres, valkey, path)
        with postgres.connect() as server:
            for role in ("owner", "app"):
                server.execute(f"CREATE ROLE tresen_{role} LOGIN PASSWORD '{role}'")
            for database in ("tresen", "tresen_restored"):
                server.execute(f"CREATE DATABASE {database} OWNER tresen_owner")
                server.execute(f"REVOKE ALL ON DATABASE {database} FROM PUBLIC")
                server.execute(f"GRANT CONNECT ON DATABASE {database} TO tresen_app")
        stack.callback(made.stop)
        yield made


def test_the_set_starts_works_is_backed_up_and_restored(house: House) -> None:
    as_in_the_image = {"TRESEN_DEMO": "1", "STATIC_ROOT": str(house.path / "static")}
    collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
    subprocess.run(collect, cwd=PROJECT, env=as_in_the_image, check=True)
    migrated = house.run("migrate", shlex.split(house.services["migrate"]["command"]))
    assert migrated.returncode == 0, migrated.stderr
    assert "tresen_app may not change or remove rows of: accounts_auditentry" in migrated.stdout
    assert "Set up Tresen at https://inbox.example.com/setup/ with the code " in migrated.stdout

    for name in WORKING:
        house.start(name)
    everything_works(house)
    signs_of_life(house)
    logs_are_json(house)

    who = ["--name", "Radhaus Lindenhof", "--email", "ada@radhaus.example"]
    assert house.run("web", ["python", "manage.py", "create_workspace", *who]).returncode == 0
    backed_up = house.run("backup", [*shlex.split(house.services["backup"]["command"])[:3], "--keep", "2"])
    assert backed_up.returncode == 0, backed_up.stderr
    (backup,) = (house.path / "backups").iterdir()
    (house.path / "data").rename(house.path / "data-lost")
    (house.path / "data").mkdir()
    restored = house.run("migrate", ["python", "manage.py", "restore", str(backup)], "tresen_restored")
    assert restored.returncode == 0, restored.stderr
    again = house.run("migrate", shlex.split(house.services["migrate"]["command"]), "tresen_restored")
    assert again.returncode == 0, again.stderr
    url = house.environment("web", "tresen_restored")["DATABASE_URL"]
    with psycopg.connect(url) as application:
        assert application.execute("SELECT name FROM accounts_workspace").fetchall() == [("Radhaus Lindenhof",)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            application.execute("DELETE FROM accounts_auditentry")


def everything_works(house: House) -> None:
    """Asked as the application's role, until the last process has come up."""
    asked = [word for part in ("database", "redis", "loops", "workers") for word in ("--only", part)]
    deadline, answer = time.monotonic() + SECONDS, ""
    while time.monotonic() < deadline:
        ended = {name: process.poll() for name, process in house.processes.items() if process.poll() is not None}
        assert ended == {}, "\n".join((house.path / f"{name}.log").read_text()[-2000:] for name in ended)
        done = house.run("web", ["python", "manage.py", "doctor", "--json", *asked])
        answer = done.stdout
        if json.loads(answer)["level"] == "good":
            return
        time.sleep(1)
    raise AssertionError(answer)


def signs_of_life(house: House) -> None:
    for name in ("web", "hook"):
        words, deadline = house.services[name]["healthcheck"]["test"], time.monotonic() + SECONDS
        while house.run(name, words[1:]).returncode != 0:
            assert time.monotonic() < deadline, name
    answers = {}
    for path in ("/readyz", "/metrics", "/setup/"):  # nobody lives here yet
        connection = http.client.HTTPConnection("127.0.0.1", int(house.ports["8000"]), timeout=SECONDS)
        headers = {"Host": "inbox.example.com", "X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.1",
                   "Authorization": "Bearer a-long-token-for-monitoring"}  # fmt: skip
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answers[path] = answer.status
        assert answer.read()
    assert answers == {"/readyz": 200, "/metrics": 200, "/setup/": 200}
    door = http.client.HTTPConnection("127.0.0.1", int(house.ports["8002"]), timeout=SECONDS)
    door.request("POST", "/webhooks/whatsapp/", b"{}", {"Host": "inbox.example.com"})
    assert door.getresponse().status == 401


def logs_are_json(house: House) -> None:
    for name in WORKING:
        for line in (house.path / f"{name}.log").read_text().splitlines():
            assert json.loads(line)["process"] == name, line
