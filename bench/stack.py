"""The product itself, started for a measurement in a folder of its own, and people signed in to it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from config.ports import free_port, port_is_free

if TYPE_CHECKING:
    from accounts.models import Agent

PROJECT = Path(__file__).resolve().parent.parent


@contextmanager
def running_stack(port: int, extra: Mapping[str, str] | None = None) -> Iterator[dict[str, str]]:
    """`make run`'s whole stack on `port` with a fresh folder; yields the environment of its processes."""
    folder = Path(tempfile.mkdtemp(prefix="tresen-bench-"))
    folder.chmod(0o711)
    env = {**os.environ, "PORT": str(port), "DATA_DIR": str(folder), "TRESEN_DEMO": "1", **(extra or {})}
    with (folder / "stack.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "config.stack"], cwd=PROJECT, env=env, stdout=log, stderr=log)
        try:
            wait_for(f"http://127.0.0.1:{port}/accounts/login/", process)
            yield {**env, **json.loads((folder / "run" / "environment.json").read_text())}
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=120)
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_server(argv: list[str], url: str, env: Mapping[str, str]) -> Iterator[None]:
    """One more process beside the stack, until the block ends."""
    process = subprocess.Popen(argv, cwd=PROJECT, env=dict(env), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(url, process)
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:  # uvicorn waits for the last of its connections
            process.kill()
            process.wait()


def wait_for(url: str, process: "subprocess.Popen[bytes]", seconds: float = 300) -> None:
    """Until the address answers with any status; raises when the process ends first."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the process behind {url} ended with {process.returncode}")
        try:
            urllib.request.urlopen(url, timeout=2)
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"{url} does not answer")


def open_port() -> int:
    """A free port whose successor is free as well (the practice phone's)."""
    while True:
        port = free_port()
        if port_is_free(port + 1):
            return port


def session_of(agent: "Agent") -> str:
    """A new session of this person, as a Cookie header."""
    from importlib import import_module

    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(agent.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = agent.get_session_auth_hash()
    session["started_at"] = session["active_at"] = int(time.time())
    session.create()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def sign_in_people(count: int) -> list[str]:
    """Make `count` available agents who see everything, with a session each; returns their Cookie headers."""
    from accounts.models import Agent, Membership, Team, Visibility, Workspace

    workspace = Workspace.objects.filter(is_demo=True)[0]
    teams = list(Team.objects.filter(workspace=workspace))
    cookies = []
    for index in range(count):
        agent, _ = Agent.objects.get_or_create(
            email=f"bench{index}@radhaus.example",
            defaults={
                "workspace": workspace, "name": f"Bench {index}", "visibility": Visibility.ALL, "capacity": 400,
                "language": "de" if index % 2 else "en",
            },
        )  # fmt: skip
        Membership.objects.get_or_create(team=teams[index % len(teams)], agent=agent)
        cookies.append(session_of(agent))
    return cookies
