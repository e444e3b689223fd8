"""What just happened, for the phone's page: the last events with the raw bytes of both directions."""

import json
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from whatsapp.sandbox.http import Request, Response
from whatsapp.sandbox.state import State

if TYPE_CHECKING:
    from whatsapp.sandbox.webhooks import Post

KEPT = 1_500
LONGEST = 20_000  # characters of a payload that are kept


class EventLog:
    """Events are dicts: id, at, kind, customer, and what the kind needs. `kind` is one of received (a call to the
    API), webhook (a POST of ours), status, customer, review, clock, fault, marked (a message is read, or we are seen
    writing, when that is news)."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.events: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._next_id = 1

    def add(self, kind: str, customer: str = "", **facts: Any) -> None:
        self.events.append({"id": self._next_id, "at": time.time(), "kind": kind, "customer": customer, **facts})
        self._next_id += 1
        self.state.changed()

    def call(self, request: Request, response: Response, customer: str = "", **facts: Any) -> None:
        """A call to the Cloud API and our answer."""
        if not self.state.settings.log_payloads:
            return
        self.add(
            "received", customer, method=request.method, path=request.path, status=response.status,
            request=_readable(request.body), response=_readable(response.body), **facts,
        )  # fmt: skip

    def marked(self, customer: str, what: str, body: dict[str, Any]) -> None:
        """`what` is read or typing."""
        if self.state.settings.log_payloads:
            self.add("marked", customer, what=what, request=json.dumps(body))

    def webhook(self, post: "Post", target: str, milliseconds: float, problem: str) -> None:
        if not self.state.settings.log_payloads:
            return
        self.add(
            "webhook", post.customer, note=post.note, target=target, items=post.items, attempt=post.attempts,
            milliseconds=round(milliseconds, 1), problem=problem, request=_readable(post.body),
        )  # fmt: skip

    def after(self, event_id: int, limit: int, customer: str = "", *, raw: bool = False) -> list[dict[str, Any]]:
        """The newest `limit` events after that id, oldest first."""
        found = [
            event
            for event in self.events
            if event["id"] > event_id and (not customer or event["customer"] in {"", customer})
        ][-limit:]
        if raw:
            return found
        return [
            {name: value for name, value in event.items() if name not in {"request", "response"}} for event in found
        ]


def _readable(body: bytes) -> str:
    if not body:
        return ""
    try:
        text = body.decode()
        json.loads(text)
    except ValueError:
        return f"{len(body)} bytes"
    return text[:LONGEST]
