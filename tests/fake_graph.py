"""Meta in the memory of a test: stands in for `whatsapp.client.request`, answers as told, records what it got."""

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest
import requests

from whatsapp import client

Answer = requests.Response | Exception


def response(status: int, body: Any = None, headers: dict[str, str] | None = None) -> requests.Response:
    """An HTTP answer; a dict becomes JSON, a string stays as it is."""
    made = requests.Response()
    made.status_code = status
    made._content = body.encode() if isinstance(body, str) else json.dumps(body).encode() if body is not None else b""
    made.headers.update(headers or {})
    return made


def graph_error(code: int, status: int = 400, **more: Any) -> requests.Response:
    """Meta's error envelope."""
    error = {"message": f"(#{code}) Title", "type": "OAuthException", "code": code, "fbtrace_id": "Trace1", **more}
    return response(status, {"error": error})


class FakeGraph:
    """Accepts everything unless `answers` holds something for the next call. `sent` are the accepted payloads."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.sent: list[dict[str, Any]] = []
        self.answers: list[Answer] = []
        self.before: Callable[[dict[str, Any]], None] | None = None
        self._ids = itertools.count(1)

    def request(self, method: str, url: str, *, token: str, timeout: Any = None, **more: Any) -> requests.Response:
        self.calls.append((method, url, {"token": token, **more}))
        payload = more.get("json") or {}
        if self.before is not None:
            self.before(payload)
        if self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        if url.endswith("/media"):
            return response(200, {"id": f"media-{next(self._ids)}"})
        self.sent.append(payload)
        return response(200, {
            "messaging_product": "whatsapp",
            "contacts": [{"input": payload.get("to", ""), "wa_id": payload.get("to", "").lstrip("+")}],
            "messages": [{"id": f"wamid.fake{next(self._ids)}"}],
        })  # fmt: skip

    @property
    def texts(self) -> list[str]:
        return [payload["text"]["body"] for payload in self.sent if payload["type"] == "text"]


@pytest.fixture
def graph(monkeypatch: pytest.MonkeyPatch) -> FakeGraph:
    fake = FakeGraph()
    monkeypatch.setattr(client, "request", fake.request)
    return fake
