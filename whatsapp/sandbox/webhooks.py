"""Meta's side of webhooks: envelope, escaping, signature, batching, and retry until 200.

An *update* is (waba id, field, value part). With `batch_items` 1 every update is a POST of its own; with more, those of
one number and field that lie ready share a body, as Meta's do (at most 1,000 items and 3 MB).
"""

import asyncio
import hashlib
import hmac
import json
import logging
import secrets
import time
from collections import deque
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from whatsapp.sandbox.event_log import EventLog
from whatsapp.sandbox.outbound_http import Client
from whatsapp.sandbox.state import APP_SECRET, VERIFY_TOKEN, Number, State

log = logging.getLogger(__name__)
MAX_ITEMS = 1_000
MAX_BYTES = 3 * 1024 * 1024
# These obey a WABA's or number's own callback; template and account fields always go to the app's.
OVERRIDABLE = {"messages", "user_preferences", "smb_message_echoes", "calls", "history"}


def encode(payload: dict[str, Any]) -> bytes:
    """JSON as Meta writes it: compact, lower-case \\u escapes, slashes escaped."""
    return json.dumps(payload, separators=(",", ":"), ensure_ascii=True).replace("/", "\\/").encode()


def sign(body: bytes, secret: str = APP_SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@dataclass(slots=True)
class Update:
    """One thing to tell: a message or status (with its contact), or the whole value of another field."""

    number: Number
    field: str
    kind: str  # messages, statuses, or "" for a whole value
    item: dict[str, Any]
    contact: dict[str, Any] | None = None
    customer: str = ""
    note: str = ""  # what it is, for the log


@dataclass(slots=True)
class Post:
    key: str
    override: str  # "": the app's own address, whatever that is when the post leaves
    body: bytes
    items: int
    customer: str = ""
    note: str = ""
    attempts: int = 0
    generation: int = 0


class Outbox:
    """Sends updates to our webhook. `idle()` returns when nothing waits any more."""

    def __init__(self, state: State, events: EventLog) -> None:
        self.state = state
        self.events = events
        self.client = Client()
        self.updates: deque[Update] = deque()
        self.posts: deque[Post] = deque()
        self.waiting = 0  # posts that are under way or wait for their next try
        self.delivered_items = 0
        self.delivered_posts = 0
        self.failed_posts = 0
        self.last_ack_ms = 0.0
        self.generation = 0  # a reset ends the posts of the one before
        self._ready = asyncio.Event()
        self._tasks: set[asyncio.Task] = set()

    def start(self) -> None:
        for _ in range(self.state.settings.webhook_lanes):
            self._spawn(self._lane())

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.client.close()

    def restore(self, rows: list[tuple[str, str]]) -> None:
        """Take up the posts a former process did not get rid of."""
        for key, data in rows:
            stored = json.loads(data)
            self.posts.append(Post(key, stored["override"], stored["body"].encode(), stored["items"], note="restart"))
        self._ready.set()

    def put(self, update: Update) -> None:
        self.updates.append(update)
        if self.state.settings.batch_items > 1 and self.state.settings.batch_wait:
            asyncio.get_running_loop().call_later(self.state.settings.batch_wait, self._ready.set)
        else:
            self._ready.set()

    def put_raw(self, body: bytes, note: str = "") -> None:
        """Post these bytes as they are (signed), for tests that bring their own."""
        self._enqueue(Post(secrets.token_hex(12), "", body, 1, note=note))

    def forget(self) -> None:
        """Drop everything that waits; what is under way is not repeated."""
        self.updates.clear()
        self.posts.clear()
        self.generation += 1
        self.waiting = 0

    async def idle(self, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while self.updates or self.posts or self.waiting:
            if time.monotonic() > end:
                return False
            await asyncio.sleep(0.01)
        return True

    def pending(self) -> int:
        return len(self.updates) + len(self.posts) + self.waiting

    async def verify(self, url: str, token: str = VERIFY_TOKEN) -> bool:
        """The GET handshake: does this address echo our challenge?"""
        challenge = str(secrets.randbelow(10**10))
        query = urlencode({"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": token})
        try:
            answer = await self.client.request("GET", f"{url}?{query}")
        except (OSError, TimeoutError, ValueError):
            return False
        return answer.status == 200 and answer.body.decode("latin-1") == challenge

    def _spawn(self, coroutine: Any) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _lane(self) -> None:
        while True:
            post = self._next_post()
            if post is None:
                self._ready.clear()
                await self._ready.wait()
                continue
            await self._deliver(post)

    def _next_post(self) -> Post | None:
        if self.posts:
            return self.posts.popleft()
        if not self.updates:
            return None
        first = self.updates.popleft()
        batch = [first]
        limit = min(self.state.settings.batch_items, MAX_ITEMS) if first.kind else 1
        while len(batch) < limit and self.updates and _same_change(self.updates[0], first):
            batch.append(self.updates.popleft())
        return self._post(batch)

    def _post(self, batch: list[Update]) -> Post:
        body = encode(envelope(batch))
        while len(body) > MAX_BYTES and len(batch) > 1:
            self.updates.extendleft(reversed(batch[len(batch) // 2 :]))
            batch = batch[: len(batch) // 2]
            body = encode(envelope(batch))
        first = batch[0]
        override = first.number.override_target if first.field in OVERRIDABLE else ""
        post = Post(secrets.token_hex(12), override, body, len(batch), first.customer, first.note)
        self._remember(post)
        return post

    def _enqueue(self, post: Post) -> None:
        self._remember(post)
        self.posts.append(post)
        self._ready.set()

    def _remember(self, post: Post) -> None:
        post.generation = self.generation
        self.state.touch(
            "webhook", post.key, {"override": post.override, "body": post.body.decode("ascii"), "items": post.items}
        )

    async def _deliver(self, post: Post) -> None:
        self.waiting += 1
        started = time.monotonic()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "facebookexternalua",
            "X-Hub-Signature-256": sign(post.body, self.state.settings.app_secret),
        }
        settings = self.state.settings
        target = post.override or settings.webhook_target
        problem = ""
        try:
            answer = await self.client.request("POST", target, post.body, headers, timeout=settings.webhook_timeout)
            if answer.status != 200:
                problem = f"HTTP {answer.status}"
        except TimeoutError:
            problem = "no answer in time"
        except (OSError, ValueError, asyncio.IncompleteReadError) as error:
            problem = f"{type(error).__name__}: {error}"
        milliseconds = (time.monotonic() - started) * 1000
        if post.generation != self.generation:
            return
        post.attempts += 1
        self.events.webhook(post, target, milliseconds, problem)
        if problem:
            self.failed_posts += 1
            delays = settings.retry_delays
            self._spawn(self._retry(post, delays[min(post.attempts, len(delays)) - 1]))
            return
        self.waiting -= 1
        self.delivered_posts += 1
        self.delivered_items += post.items
        self.last_ack_ms = milliseconds
        self.state.touch("webhook", post.key, None)

    async def _retry(self, post: Post, delay: float) -> None:
        await asyncio.sleep(delay)
        if post.generation != self.generation:
            return
        self.posts.append(post)
        self.waiting -= 1
        self._ready.set()


def _same_change(update: Update, first: Update) -> bool:
    return update.number is first.number and update.field == first.field and bool(update.kind)


def envelope(batch: list[Update]) -> dict[str, Any]:
    """The body for these updates, which all belong to one number and field."""
    first = batch[0]
    entry: dict[str, Any] = {"id": first.number.waba_id}
    if first.kind:
        value = _message_value(first.number, batch)
    else:
        entry["time"] = int(time.time())
        value = first.item
    entry["changes"] = [{"value": value, "field": first.field}]
    return {"object": "whatsapp_business_account", "entry": [entry]}


def _message_value(number: Number, batch: list[Update]) -> dict[str, Any]:
    contacts: dict[str, dict[str, Any]] = {}
    lists: dict[str, list[dict[str, Any]]] = {}
    for update in batch:
        if update.contact:
            contacts.setdefault(json.dumps(update.contact), update.contact)
        lists.setdefault(update.kind, []).append(update.item)
    value: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": number.display, "phone_number_id": number.id},
    }
    if contacts:
        value["contacts"] = list(contacts.values())
    return value | lists
