"""One open socket: a bounded queue, a writer of its own, and an end that comes quickly when the reader is too slow."""

import asyncio
import json
import logging
import time
import uuid
from collections.abc import Awaitable, Callable

from inbox.socket_auth import SignedIn

logger = logging.getLogger(__name__)

QUEUE_LENGTH = 200
SEND_SECONDS = 5.0
# A server may buffer without end for a page that does not read (Daphne does). So the page is asked for a sign of life
# after this many bytes, and given up when it owes too many.
ASK_AFTER_BYTES = 512 * 1024
GIVE_UP_BYTES = 4 * 1024 * 1024

TOO_SLOW = 1013

Send = Callable[[dict], Awaitable[None]]


def frame(payload: dict) -> str:
    """The text of a frame."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"))


class Socket:
    """A connected page of a signed-in agent. `push` never waits; the writer task does."""

    def __init__(self, person: SignedIn, send: Send):
        self.person = person
        self.tab = uuid.uuid4().hex
        self.conversation: int | None = None  # what the page has open
        self.last_heard = time.monotonic()
        self.closed = asyncio.Event()
        self._send = send
        self._queue: asyncio.Queue[str] = asyncio.Queue(QUEUE_LENGTH)
        self._close_code: int | None = None
        self._sent = self._asked = self._acknowledged = 0  # bytes
        self._writer = asyncio.create_task(self._write(), name=f"socket-{self.tab}")

    def push(self, text: str) -> None:
        """Queue a frame; a full queue ends the socket, and the page comes back and repairs itself."""
        if self._close_code is not None:
            return
        try:
            self._queue.put_nowait(text)
        except asyncio.QueueFull:
            self.close(TOO_SLOW)

    def beat(self, mark: int) -> None:
        """Say that the connection lives, with the server's time; the page answers with the same `n`."""
        self.push(frame({"kind": "beat", "now": int(time.time() * 1000), "mark": mark, "n": self._sent}))

    def heard(self, acknowledged: object = None) -> None:
        """The page said something; perhaps how much it has read."""
        self.last_heard = time.monotonic()
        if isinstance(acknowledged, int) and self._acknowledged < acknowledged <= self._sent:
            self._acknowledged = acknowledged

    def close(self, code: int) -> None:
        """End the socket with this code, without waiting. What is still queued is dropped."""
        if self._close_code is None:
            self._close_code = code
            self._writer.cancel()

    async def _write(self) -> None:
        try:
            while True:
                text = await self._queue.get()
                async with asyncio.timeout(SEND_SECONDS):
                    await self._send({"type": "websocket.send", "text": text})
                self._sent += len(text)
                if self._sent - self._acknowledged > GIVE_UP_BYTES:
                    self._close_code = TOO_SLOW
                    break
                if self._sent - self._asked > ASK_AFTER_BYTES:
                    self._asked = self._sent
                    self.beat(0)
        except asyncio.CancelledError:
            pass
        except TimeoutError:
            self._close_code = TOO_SLOW
        except Exception as error:  # the server's own word for a connection that is gone
            logger.debug("A socket ended while being written to: %r", error)
        await self._finish()

    async def _finish(self) -> None:
        code = self._close_code = self._close_code or TOO_SLOW
        try:
            async with asyncio.timeout(1):
                await self._send({"type": "websocket.close", "code": code})
        except Exception as error:
            logger.debug("A socket was gone before it was closed: %r", error)
        self.closed.set()
