"""The hub's ear: one Redis subscription that comes back by itself and says when it does."""

import asyncio
import logging
import time
from collections.abc import Callable

import redis
from redis.asyncio.client import PubSub

from inbox import publishing, redis_connections

logger = logging.getLogger(__name__)

PING_SECONDS = 15.0
SILENT_SECONDS = 40.0  # no message and no answer to a ping: the connection is dead, whatever TCP says
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0


class Subscription:
    """Calls `on_message` with each published text, and `on_connected` whenever it listens (again).

    What was published while it did not listen is lost to it: `on_connected` is the moment to look elsewhere.
    """

    def __init__(self, *, on_message: Callable[[bytes], None], on_connected: Callable[[], None]):
        self._on_message, self._on_connected = on_message, on_connected

    async def run(self) -> None:
        """Listen for ever."""
        pause = FIRST_PAUSE
        while True:
            started = time.monotonic()
            try:
                await self._listen()
            except (redis.RedisError, OSError, TimeoutError) as error:
                logger.warning("The subscription to Redis broke, trying again: %s", error)
            except Exception:
                logger.exception("The subscription to Redis broke")
            pause = FIRST_PAUSE if time.monotonic() - started > LONGEST_PAUSE else min(pause * 2, LONGEST_PAUSE)
            await asyncio.sleep(pause)

    async def _listen(self) -> None:
        client = redis_connections.subscriber()
        try:
            async with client.pubsub() as pubsub:
                await pubsub.subscribe(publishing.channel())
                await self._read(pubsub)
        finally:
            await client.aclose()

    async def _read(self, pubsub: PubSub) -> None:
        heard = time.monotonic()
        while True:
            message = await pubsub.get_message(timeout=PING_SECONDS)
            now = time.monotonic()
            if message is None:
                if now - heard > SILENT_SECONDS:
                    raise TimeoutError("no answer for too long")
                await pubsub.ping()
                continue
            heard = now
            if message["type"] == "message":
                self._on_message(message["data"])
            elif message["type"] == "subscribe":
                self._on_connected()
