"""The door for Meta: a raw ASGI application that stores what it answers 200 to, and does nothing else.

GET answers the verification of the callback address. POST checks the size and the signature over the raw bytes,
inserts one WebhookDelivery and wakes the ingest loop, in one committed statement; only then 200. What Meta did not
sign gets 401 and leaves nothing but a count. Any trouble of ours is 503, so that Meta repeats. Needs no lifespan
events: everything opens on first use, in the loop that uses it (`whatsapp.door`).
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings

from whatsapp.door import Door, door

logger = logging.getLogger(__name__)

WEBHOOK_PATH = "/webhooks/whatsapp/"
READ_SECONDS = 30  # for a whole body; the proxy in front is stricter
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII)

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Refused(Exception):
    """An answer other than 200. With `reason` it is counted and logged."""

    def __init__(self, status: int, reason: str = "") -> None:
        self.status, self.reason = status, reason


class Disconnected(Exception):
    """The other side has gone before its body was complete."""


async def webhook_application(scope: Scope, receive: Receive, send: Send) -> None:
    """ASGI: answer Meta at WEBHOOK_PATH."""
    here = door()
    try:
        if scope["method"] == "GET":
            await _answer(send, 200, await _verify(here, scope["query_string"]))
        elif scope["method"] == "POST":
            await _accept(here, scope, receive)
            await _answer(send, 200)
        else:
            await _answer(send, 405, extra=[(b"allow", b"GET, POST")])
    except Disconnected:
        return
    except Refused as refusal:
        if refusal.reason:
            here.count(refusal.reason)
        await _answer(send, refusal.status)
    except Exception as error:
        # Never the traceback with its values: the body is somebody's letter.
        logger.error("Webhook could not be stored: %s", type(error).__name__)
        await _answer(send, 503)


async def _verify(here: Door, query: bytes) -> bytes:
    """The challenge of a GET, to be sent back as it is."""
    try:
        values = parse_qs(query.decode("ascii"), keep_blank_values=True, max_num_fields=20)
    except ValueError as error:
        raise Refused(400) from error
    token = values.get("hub.verify_token", [""])[0].encode(errors="replace")
    if values.get("hub.mode") != ["subscribe"] or not token:
        raise Refused(403, "verify_token")
    if not (await here.fresh_keys()).has_token(token) and not (await here.newer_keys()).has_token(token):
        raise Refused(403, "verify_token")
    challenge = values.get("hub.challenge", [""])[0]
    if not _CHALLENGE.fullmatch(challenge):
        raise Refused(400)
    await here.note_riddle(token)
    return challenge.encode()


async def _accept(here: Door, scope: Scope, receive: Receive) -> None:
    """Check and store one POST."""
    signature = _signature(scope)
    body = await _read(scope, receive)
    app = (await here.fresh_keys()).app_of(body, signature)
    if app is None:
        app = (await here.newer_keys()).app_of(body, signature)
    if app is None:
        raise Refused(401, "wrong_signature")
    # Shielded: a caller that hangs up must not turn a commit on its way into half of one.
    await asyncio.shield(here.background(here.store(app, body)))


def _signature(scope: Scope) -> bytes:
    found = [value for name, value in scope["headers"] if name.lower() == b"x-hub-signature-256"]
    if len(found) > 1 or (found and b"," in found[0]):  # servers may join repeated headers
        raise Refused(401, "two_signatures")
    if not found or not found[0]:
        raise Refused(401, "missing_signature")
    return bytes(found[0])


async def _read(scope: Scope, receive: Receive) -> bytes:
    """The whole body, or a refusal as soon as it is known to be too large."""
    limit = settings.WEBHOOK_MAX_BYTES
    for name, value in scope["headers"]:
        if name.lower() == b"content-length":
            if not value.isdigit():
                raise Refused(400)
            if int(value[:20]) > limit:
                raise Refused(413, "too_large")
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(READ_SECONDS):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Disconnected
                chunk = message.get("body", b"")
                size += len(chunk)
                if size > limit:
                    raise Refused(413, "too_large")
                chunks.append(chunk)
                if not message.get("more_body", False):
                    return b"".join(chunks)
    except TimeoutError as error:
        raise Refused(408, "too_slow") from error


async def _answer(send: Send, status: int, body: bytes = b"", extra: list[tuple[bytes, bytes]] | None = None) -> None:
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"cache-control", b"no-store"),
        *(extra or []),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
