"""A real web process on the test database, to be killed and started again, and browsers signed in to it."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection
from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright

from accounts.models import Agent
from config import browser as chromium
from config.ports import free_port
from tests.signing_in import proven

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


class Web:
    """Daphne as in production, one process."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen | None = None

    def start(self) -> None:
        """Until it answers; one that runs is left alone."""
        if self._process is not None and self._process.poll() is None:
            return
        database = connection.settings_dict
        host, port = database["HOST"] or "127.0.0.1", database["PORT"] or "5432"
        environment = {
            **os.environ, "PORT": str(self.port), "TRESEN_PROCESS": "web", "TRESEN_DEMO": "1",
            "DJANGO_SETTINGS_MODULE": "tests.browser.web_settings", "REDIS_PREFIX": settings.REDIS_PREFIX,
            "REDIS_URL": settings.REDIS_URL,
            "DATABASE_URL": (
                f"postgres://{database['USER']}:{database['PASSWORD']}@{host}:{port}/{database['NAME']}"
            ),
        }  # fmt: skip
        options = ["-v", "0", "--websocket_timeout", "-1", "-b", "127.0.0.1", "-p", str(self.port)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "daphne", *options, "config.asgi:application"], env=environment
        )
        for _ in range(300):
            if self._answers():
                return
            time.sleep(0.1)
        raise AssertionError("the web process does not answer")

    def kill(self) -> None:
        """At once, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/accounts/login/", timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def signed_in(self, browser: Browser, agent: Agent, **options: object) -> BrowserContext:
        """A browser of this agent."""
        client = proven(agent)  # as whoever has just signed in
        key = client.cookies[settings.SESSION_COOKIE_NAME].value
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, "locale": "en", **options})
        context.add_cookies([{"name": f"tresen_session_{self.port}", "value": key, "url": self.url}])
        return context


@contextmanager
def running_browser(*arguments: str) -> Iterator[Browser]:
    """Chromium; none to be had is a failure."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's loop runs in the thread of the test
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium.find(), args=[*ARGUMENTS, *arguments])
            yield browser
            browser.close()
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def hold(page: Page, address: str) -> list[Route]:
    """Requests to this address wait in the list that is given back, until a test lets them go on."""
    held: list[Route] = []

    def keep(route: Route) -> None:
        held.append(route)

    page.route(address, keep)
    return held
