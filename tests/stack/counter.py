"""A running stack as tests see it: the practice phone's control door, the database, the processes to be killed."""

import json
import os
import signal
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from bench.stack import open_port, running_stack
from config.processes import leftovers

# The stack of a test has servers of its own, and the settings of `make run`, whatever this process was told.
OWN = {"DATABASE_URL": "", "REDIS_URL": "", "REDIS_PREFIX": "tresen", "DJANGO_SETTINGS_MODULE": "config.settings"}


class Counter:
    """The demo business behind its counter, at 127.0.0.1:`port`."""

    def __init__(self, port: int, env: dict[str, str]) -> None:
        self.port, self.env = port, env
        self.url = f"http://127.0.0.1:{port}"

    def phone(self, method: str, path: str, data: dict | None = None) -> dict:
        """A call to the practice phone's control API."""
        body = json.dumps(data or {}).encode() if method != "GET" else None
        request = urllib.request.Request(f"http://127.0.0.1:{self.port + 1}/_control/{path}", body, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def rows(self, query: str, *values: object) -> list[tuple]:
        with psycopg.connect(self.env["DATABASE_URL"], connect_timeout=10) as connection:
            return connection.execute(query, values).fetchall()

    def one(self, query: str, *values: object) -> int:
        return self.rows(query, *values)[0][0]

    def kill(self, name: str) -> None:
        """kill -9, as the kernel would under memory pressure."""
        pids = [process.pid for found, process in leftovers(self.env["DATA_DIR"]) if found == name]
        assert pids, f"{name} does not run"
        for pid in pids:
            os.kill(pid, signal.SIGKILL)


@contextmanager
def open_counter(**settings: str) -> Iterator[Counter]:
    """Everything that `make run` starts, in a folder of its own and with these settings, until the block ends."""
    port = open_port()
    with running_stack(port, {**OWN, **settings}) as env:
        yield Counter(port, env)
