"""Pages with a socket, for tests: the real ASGI application, the real hub, a browser session's cookie."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.db import connections, transaction
from django.test import Client

from accounts.models import Agent
from config.asgi import application
from inbox import hub as hub_module
from inbox.hub import Hub, hub_of_this_process

ORIGIN = settings.ALLOWED_ORIGINS[0]
NEWS = {"message", "message_changed", "note", "activity", "conversation", "ticks", "conversation_gone"}


def cookie_of(agent: Agent) -> str:
    """A signed-in session's cookie header. May be called from async tests."""

    def sign_in() -> str:
        try:
            client = Client()
            client.force_login(agent)
            return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(sign_in).result()


async def in_db(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Run something that uses the database, in a thread, committed."""

    def run() -> Any:
        try:
            with transaction.atomic():
                return function(*args, **kwargs)
        finally:
            connections.close_all()

    return await asyncio.to_thread(run)


class Page:
    """One tab. `frames` are all that came, batches unpacked, beats and presence included."""

    def __init__(self, cookie: str | None, *, origin: str | None = ORIGIN, path: str = "/ws/"):
        headers = [(b"cookie", cookie.encode())] if cookie else []
        headers += [(b"origin", origin.encode())] if origin is not None else []
        self.wire = WebsocketCommunicator(application, path, headers=headers)
        self.frames: list[dict] = []
        self.texts: list[str] = []
        self.closed_with: int | None = None
        self._reader: asyncio.Task[None] | None = None

    async def open(self) -> bool:
        """Whether the handshake was accepted. Frames are collected from now on."""
        accepted, code = await self.wire.connect(timeout=5)
        if not accepted:
            self.closed_with = code
            return False
        self._reader = asyncio.create_task(self._read())
        return True

    async def _read(self) -> None:
        while self.closed_with is None:
            message = await self.wire.output_queue.get()
            if message["type"] == "websocket.close":
                self.closed_with = message["code"]
            else:
                self.texts.append(message["text"])
                frame = json.loads(message["text"])
                self.frames += frame["events"] if frame["kind"] == "batch" else [frame]

    async def say(self, **hint: Any) -> None:
        await self.wire.send_to(text_data=json.dumps(hint))

    async def look_at(self, conversation: Any) -> None:
        """Open a conversation and wait until the hub knows."""
        known = len(self.frames)
        await self.say(kind="view", conversation=conversation.pk)
        await eventually(lambda: any(
            frame["kind"] == "viewing" and frame["conversation"] == conversation.pk for frame in self.frames[known:]
        ))  # fmt: skip

    def news(self) -> list[dict]:
        """The frames about conversations, in the order they came."""
        return [frame for frame in self.frames if frame["kind"] in NEWS]

    def uids(self) -> list[str]:
        return [frame["uid"] for frame in self.news() if "uid" in frame]

    async def leave(self) -> None:
        if self._reader:
            self._reader.cancel()
        with contextlib.suppress(asyncio.CancelledError, asyncio.TimeoutError):
            await self.wire.disconnect(timeout=5)


async def eventually(condition: Callable[[], Any], seconds: float = 10) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def living_hub() -> AsyncIterator[Hub]:
    """The hub of this test's event loop, stopped at the end."""
    hub = hub_of_this_process()
    try:
        yield hub
    finally:
        await hub.stop()
        hub_module._hubs.pop(asyncio.get_running_loop(), None)


@contextlib.asynccontextmanager
async def open_pages(*cookies: str) -> AsyncIterator[list[Page]]:
    """A living hub and one open page per cookie."""
    async with living_hub() as hub:
        pages = [Page(cookie) for cookie in cookies]
        for page in pages:
            assert await page.open()
        await eventually(lambda: len(hub.sockets) == len(pages))
        try:
            yield pages
        finally:
            for page in pages:
                await page.leave()
