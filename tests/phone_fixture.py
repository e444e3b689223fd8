"""The practice phone as a real process, for tests that talk to it over HTTP.

`practice_phone` is one process per test session, kept in memory and reset for each test; `start_practice_phone` starts
one of a test's own (kept in the test database, durable, killed and started again). `webhook_recorder` stands where our
webhook would be.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from django.db import connection

ROOT = Path(__file__).resolve().parent.parent
NUMBER_ID = "109876543210001"
WABA_ID = "208765432100001"
SECOND_NUMBER_ID = "109876543210002"
SECOND_WABA_ID = "208765432100002"
TOKEN = "sandbox-access-token"
LENA = "491729925904"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class PracticePhone:
    """A running phone: `api` and `send` speak Meta's protocol to it, everything else is its control API."""

    def __init__(self, *options: str, port: int = 0, environment: dict[str, str] | None = None) -> None:
        self.options = options
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = environment or {}
        self.http = requests.Session()
        self.process = self._spawn()

    def _spawn(self) -> subprocess.Popen:
        environment = os.environ | {"TRESEN_DEMO": "1", "DJANGO_SETTINGS_MODULE": "config.settings"} | self.environment
        command = [sys.executable, str(ROOT / "manage.py"), "practice_phone", "--port", str(self.port), *self.options]
        process = subprocess.Popen(command, env=environment, cwd=ROOT)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None:
            try:
                self.http.get(f"{self.url}/_control/state", timeout=2).raise_for_status()
                return process
            except requests.RequestException:
                time.sleep(0.05)
        process.kill()
        raise RuntimeError(f"the practice phone did not start on port {self.port} (exit code {process.poll()})")

    # --- Meta's protocol ---------------------------------------------------------------------------------------------
    def api(
        self, method: str, path: str, *, token: str | None = TOKEN, version: str = "v26.0", **more: Any
    ) -> requests.Response:
        """A call to the Graph API; `more` goes to requests."""
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        headers |= more.pop("headers", {})
        return self.http.request(
            method, f"{self.url}/{version}/{path}", headers=headers, timeout=more.pop("timeout", 10), **more
        )

    def send(
        self, payload: dict[str, Any] | None = None, *, number: str = NUMBER_ID, **fields: Any
    ) -> requests.Response:
        """POST a message; without a payload a text to Lena, changed by `fields`."""
        body = {"messaging_product": "whatsapp", "to": f"+{LENA}", "type": "text", "text": {"body": "Guten Tag"}}
        return self.api("POST", f"{number}/messages", json=(payload or body) | fields)

    def wamid(self, **fields: Any) -> str:
        """Send like `send` and return the accepted message's id."""
        response = self.send(**fields)
        assert response.status_code == 200, response.text
        return response.json()["messages"][0]["id"]

    # --- control -----------------------------------------------------------------------------------------------------
    def control(self, method: str, path: str, data: Any = None, **more: Any) -> Any:
        """A call to /_control/…; raises on anything but 200."""
        response = self.http.request(method, f"{self.url}/_control/{path}", json=data, timeout=60, **more)
        if response.status_code != 200:
            raise AssertionError(f"{method} {path}: {response.status_code} {response.text}")
        return response.json()

    def settings(self, **values: Any) -> dict[str, Any]:
        return self.control("POST", "settings", values)

    def webhooks_to(self, url: str) -> None:
        self.settings(webhook_target=url)

    def state(self) -> dict[str, Any]:
        return self.control("GET", "state")

    def customer(self, key: str = "lena", **changes: Any) -> dict[str, Any]:
        """The customer; with changes, after them (online=False, auto_read=True, failures=["131026"] …)."""
        if changes:
            return self.control("POST", f"customers/{key}", changes)
        return self.control("GET", f"customers/{key}")["customer"]

    def new_customer(self, name: str, phone: str, **fields: Any) -> str:
        return self.control("POST", "customers", {"name": name, "phone": phone, **fields})["key"]

    def chat(self, key: str = "lena", **params: Any) -> list[dict[str, Any]]:
        """The messages on the customer's screen, oldest first."""
        return self.control("GET", f"customers/{key}", params=params)["messages"]

    def message(self, wamid: str, key: str = "lena") -> dict[str, Any]:
        return next(message for message in self.chat(key) if message["wamid"] == wamid)

    def write(self, key: str = "lena", text: str = "Hallo", **fields: Any) -> dict[str, Any]:
        """The customer writes (or does what `type` and its fields say)."""
        data = {"type": "text", "text": text} | fields
        return self.control("POST", f"customers/{key}/messages", data)

    def upload(self, key: str, content: bytes, mime_type: str, name: str = "") -> str:
        """Put a file on the customer's phone; send it with `write(type="image", media_id=…)`."""
        response = self.http.post(
            f"{self.url}/_control/customers/{key}/media", data=content, params={"name": name},
            headers={"Content-Type": mime_type}, timeout=30,
        )  # fmt: skip
        response.raise_for_status()
        return response.json()["id"]

    def ledger(self, **params: Any) -> dict[str, Any]:
        return self.control("GET", "ledger", params=params)

    def fault(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Lay a scripted fault in the way of the next matching call (`whatsapp.sandbox.faults`)."""
        return self.control("POST", "faults", {"kind": kind, **fields})

    def advance(self, seconds: float, key: str = "") -> None:
        """Fast-forward one customer, or everything."""
        self.control("POST", f"customers/{key}/advance" if key else "advance", {"seconds": seconds})

    def templates(self) -> dict[tuple[str, str], dict[str, Any]]:
        found = self.control("GET", "templates")["templates"]
        return {(one["name"], one["language"]): one for one in found if one["waba_id"] == WABA_ID}

    def review(self, name: str, language: str = "de", **decision: Any) -> dict[str, Any]:
        template = self.templates()[name, language]
        return self.control("POST", f"templates/{template['id']}/review", decision)

    def idle(self, seconds: float = 10) -> None:
        """Wait until our webhook answered everything with 200."""
        assert self.control("GET", "idle", params={"seconds": seconds})["idle"]

    def wait_for(self, wamid: str, status: str, key: str = "lena", seconds: float = 10) -> dict[str, Any]:
        """Wait until a sent message has that status on the phone's side."""
        deadline = time.monotonic() + seconds
        while (message := self.message(wamid, key))["status"] != status:
            assert time.monotonic() < deadline, f"still {message['status']}"
            time.sleep(0.02)
        return message

    # --- process -----------------------------------------------------------------------------------------------------
    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()

    def start_again(self) -> None:
        self.http.close()
        self.process = self._spawn()


class WebhookRecorder:
    """An HTTP server in our webhook's place. `answers` are the statuses of the next POSTs (then 200)."""

    def __init__(self) -> None:
        self.posts: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        self.verify_token = "sandbox-verify-token"
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                recorder.posts.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self._answer(recorder.answers.pop(0) if recorder.answers else 200, b"")

            def do_GET(self) -> None:
                params = dict(parse_qsl(urlsplit(self.path).query))
                right = params.get("hub.verify_token") == recorder.verify_token
                self._answer(200 if right else 403, params["hub.challenge"].encode() if right else b"")

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhooks/whatsapp/"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def values(self, field: str = "messages") -> list[dict[str, Any]]:
        """The `value` of every change of that field, in order of arrival."""
        return [
            change["value"]
            for _, body in list(self.posts)
            for entry in json.loads(body)["entry"]
            for change in entry["changes"]
            if change["field"] == field
        ]

    def statuses(self, wamid: str = "") -> list[dict[str, Any]]:
        found = [status for value in self.values() for status in value.get("statuses", [])]
        return [status for status in found if wamid in {"", status["id"]}]

    def messages(self) -> list[dict[str, Any]]:
        return [message for value in self.values() for message in value.get("messages", [])]

    def wait(self, condition: Callable[[], Any], seconds: float = 10) -> Any:
        """Wait until the condition holds; returns its value."""
        deadline = time.monotonic() + seconds
        while not (value := condition()):
            assert time.monotonic() < deadline, f"it did not happen; {len(self.posts)} posts arrived"
            time.sleep(0.01)
        return value

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="session")
def running_practice_phone() -> Iterator[PracticePhone]:
    phone = PracticePhone("--memory", "--target", "http://127.0.0.1:9/")
    yield phone
    phone.stop()


@pytest.fixture
def practice_phone(running_practice_phone: PracticePhone) -> PracticePhone:
    """The phone with its seeds and default behaviour. Say where its webhooks go with `webhooks_to(url)`."""
    running_practice_phone.control("POST", "reset", {})
    return running_practice_phone


@pytest.fixture
def webhook_recorder() -> Iterator[WebhookRecorder]:
    recorder = WebhookRecorder()
    yield recorder
    recorder.close()


@pytest.fixture
def start_practice_phone(transactional_db: Any, tmp_path: Path) -> Iterator[Callable[..., PracticePhone]]:
    """Start a phone of your own that keeps its state in the test database: `start_practice_phone("--durable")`."""
    started: list[PracticePhone] = []

    def start(*options: str) -> PracticePhone:
        settings = connection.settings_dict
        url = f"postgres://{settings['USER']}:{settings['PASSWORD']}@{settings['HOST']}:{settings['PORT']}/{settings['NAME']}"
        phone = PracticePhone(*options, environment={"DATABASE_URL": url, "DATA_DIR": str(tmp_path)})
        started.append(phone)
        return phone

    yield start
    for phone in started:
        phone.stop()
