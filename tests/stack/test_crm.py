"""The CRM of docs/examples at a real stack: a real HTTP client, a real worker, a signature checked by its own code."""

import http.cookiejar
import os
import re
import subprocess
import sys
import urllib.parse
import urllib.request
from html import unescape
from pathlib import Path

import pytest

from config.ports import free_port
from tests.stack.counter import open_counter

pytestmark = pytest.mark.stack
PROJECT = Path(__file__).resolve().parent.parent.parent
EVENTS = ("message.sent", "message.status", "contact.created")


class Admin:
    """Signs in and fills in forms, as a browser without scripts."""

    def __init__(self, url: str) -> None:
        self.url = url
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(jar)
        self.fill("/accounts/login/", email="admin@radhaus.example", password="radhaus-demo")

    def fill(self, path: str, *, to: str = "", **said: object) -> str:
        """The form of a page, sent to the page itself or to its own address."""
        form = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.read(path))
        assert form, path
        data = urllib.parse.urlencode({"csrfmiddlewaretoken": form[1], **said}, doseq=True).encode()
        return self.read(to or path, data)

    def secret(self, path: str, **said: object) -> str:
        """What the page shows once."""
        found = re.search(r"<code[^>]*data-secret>([^<]+)</code>", self.fill(path, **said))
        assert found, path
        return unescape(found[1])

    def read(self, path: str, data: bytes | None = None) -> str:
        request = urllib.request.Request(self.url + path, data, {"Origin": self.url, "Referer": self.url + "/"})
        with self.opener.open(request, timeout=30) as answer:
            return answer.read().decode()


def test_the_crm_enters_a_contact_sends_a_template_and_hears_that_it_arrived() -> None:
    listens = free_port()
    with open_counter(OUTGOING_WEBHOOK_ALLOW=f"127.0.0.1:{listens}") as counter:
        admin = Admin(counter.url)
        scopes = ["contacts:read", "contacts:write", "templates:read", "messages:send"]
        token = admin.secret("/settings/api/tokens/new/", name="CRM", days=30, scopes=scopes)
        secret = admin.secret("/settings/api/webhooks/new/", url=f"http://127.0.0.1:{listens}/", events=EVENTS)
        made = subprocess.run(
            [sys.executable, "docs/examples/crm.py", "--listen", str(listens), "--phone", "+49 170 5550199",
             "--name", "Emil Ernst", "--seconds", "90"],
            check=False, cwd=PROJECT, capture_output=True, text=True, timeout=240,
            env={**os.environ, "TRESEN_URL": counter.url, "TRESEN_TOKEN": token, "TRESEN_WEBHOOK_SECRET": secret},
        )  # fmt: skip
        assert made.returncode == 0, made.stdout + made.stderr
        assert re.search(r"heard message.status, message \d+: (delivered|read)", made.stdout), made.stdout
        assert "heard contact.created" in made.stdout
        assert counter.one("SELECT count(*) FROM inbox_message WHERE via = 'api' AND author_id IS NULL") == 1
        assert counter.one("SELECT count(*) FROM accounts_auditentry WHERE data->>'api' = 'CRM'") >= 1
