"""What the webhook door keeps per event loop: connections, decrypted keys, counts of refusals. No ORM, no Redis."""

import asyncio
import hashlib
import hmac
import logging
import time
import weakref
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psycopg
from django.db import connections
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from accounts.fields import decrypt
from whatsapp.signature import is_valid

logger = logging.getLogger(__name__)

STORE_SECONDS = 8
KEYS_FRESH_SECONDS = 30.0  # a withdrawn secret stops working after this
FLUSH_SECONDS = 3.0

# One statement in autocommit is one transaction: the row and the wake-up are committed when it returns.
_STORE = """
WITH stored AS (
  INSERT INTO whatsapp_webhookdelivery (meta_app_id, body, sha256) VALUES (%s, %b, %s) RETURNING id
) SELECT pg_notify('tresen_ingest', '') FROM stored
"""
_TOKENS = """
SELECT verify_token FROM whatsapp_metaapp
UNION ALL SELECT verify_token FROM whatsapp_webhookcheck WHERE created_at > now() - interval '1 hour'
"""
_ARRIVED = "UPDATE whatsapp_webhookcheck SET arrived_at = now() WHERE token_sha256 = %s AND arrived_at IS NULL"
_COUNT = """
INSERT INTO whatsapp_webhookrejection (day, reason, count) VALUES (%s, %s, %s)
ON CONFLICT (day, reason) DO UPDATE SET count = whatsapp_webhookrejection.count + excluded.count
"""


@dataclass
class Keys:
    """Decrypted secrets and verify tokens of every MetaApp, as of `loaded`."""

    loaded: float = float("-inf")
    secrets: list[tuple[int, str, datetime | None]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)

    def app_of(self, body: bytes, signature: bytes) -> int | None:
        """The MetaApp one of whose valid secrets made this signature."""
        now = datetime.now(UTC)
        for app, secret, valid_until in self.secrets:
            if (valid_until is None or valid_until > now) and is_valid(body, signature, [secret]):
                return app
        return None

    def has_token(self, token: bytes) -> bool:
        matches = [hmac.compare_digest(token, known.encode()) for known in self.tokens]  # all of them, always
        return any(matches)


class Door:
    """What one event loop keeps: connections, keys, counts not yet written."""

    def __init__(self) -> None:
        self.pool_lock = asyncio.Lock()
        self.keys_lock = asyncio.Lock()
        self.pool: AsyncConnectionPool | None = None
        self.keys = Keys()
        self.rejected: Counter[str] = Counter()
        self.tasks: set[asyncio.Task[Any]] = set()
        self.flushing = False

    async def store(self, app: int, body: bytes) -> None:
        digest = hashlib.sha256(body).hexdigest()
        async with asyncio.timeout(STORE_SECONDS):
            await self.execute(_STORE, (app, body, digest))

    async def execute(self, query: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        """Run one statement on a pooled connection; once more when the server has been restarted since."""
        pool = await self.opened_pool()
        try:
            return await self._execute(pool, query, values)
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            if isinstance(error, PoolTimeout):
                raise
            # A repeat can at worst store the same bytes twice, which ingest does not mind.
            await pool.check()
            return await self._execute(pool, query, values)

    async def _execute(
        self, pool: AsyncConnectionPool, query: str, values: tuple[Any, ...]
    ) -> list[tuple[Any, ...]]:
        async with pool.connection() as connection:
            cursor = await connection.execute(query, values)
            return await cursor.fetchall() if cursor.description else []

    async def opened_pool(self) -> AsyncConnectionPool:
        if self.pool is None:
            async with self.pool_lock:
                if self.pool is None:
                    pool = AsyncConnectionPool(
                        kwargs=_connection_settings(), min_size=1, max_size=8, timeout=4, max_idle=300, open=False,
                        reconnect_timeout=5, name="webhook",
                    )
                    await pool.open()
                    self.pool = pool
        return self.pool

    async def fresh_keys(self) -> Keys:
        if time.monotonic() - self.keys.loaded < KEYS_FRESH_SECONDS:
            return self.keys
        return await self.newer_keys()

    async def newer_keys(self) -> Keys:
        """The keys as they are now; asked for again within a second, the same as before."""
        async with self.keys_lock:
            if time.monotonic() - self.keys.loaded >= 1.0:
                rows = await self.execute("SELECT meta_app_id, secret, valid_until FROM whatsapp_appsecret", ())
                tokens = await self.execute(_TOKENS, ())
                self.keys = Keys(
                    time.monotonic(),
                    [(app, decrypt(secret), until) for app, secret, until in rows if secret],
                    [decrypt(token) for (token,) in tokens if token],
                )
        return self.keys

    async def note_riddle(self, token: bytes) -> None:
        """Meta's riddle with this token has come here (whatsapp.connecting waits for it)."""
        await self.execute(_ARRIVED, (hashlib.sha256(token).hexdigest(),))

    def count(self, reason: str) -> None:
        """Note a refusal; the table hears of it every few seconds, the log at once of the first."""
        if not self.rejected[reason]:
            logger.warning("Webhook refused: %s", reason)
        self.rejected[reason] += 1
        if not self.flushing:
            self.flushing = True
            self.background(self.flush_later())

    async def flush_later(self) -> None:
        await asyncio.sleep(FLUSH_SECONDS)
        self.flushing = False
        await self.flush()

    async def flush(self) -> None:
        """Write the counts of refusals. What cannot be written stays for the next time."""
        counts, self.rejected = self.rejected, Counter()
        for reason, count in list(counts.items()):
            try:
                await self.execute(_COUNT, (datetime.now(UTC).date(), reason, count))
                del counts[reason]
            except (psycopg.Error, TimeoutError) as error:
                logger.warning("Refusals could not be counted: %s", type(error).__name__)
                break
        self.rejected += counts

    def background(self, work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    async def close(self) -> None:
        """Write the counts and close the connections (shutdown, tests)."""
        await self.flush()
        if self.pool is not None:
            await self.pool.close()
            self.pool = None


_doors: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Door]" = weakref.WeakKeyDictionary()


def door() -> Door:
    """The one of the running loop."""
    loop = asyncio.get_running_loop()
    if loop not in _doors:
        _doors[loop] = Door()
    return _doors[loop]


def _connection_settings() -> dict[str, Any]:
    """psycopg's arguments for the database that Django uses (tests have one of their own)."""
    database = connections["default"].settings_dict
    options = database.get("OPTIONS", {})
    passed = {key: options[key] for key in options if key.startswith(("ssl", "keepalives"))}
    named = {"host": database["HOST"], "port": database["PORT"], "user": database["USER"]}
    return {
        **{key: value for key, value in named.items() if value},
        "dbname": database["NAME"],
        "password": database["PASSWORD"],
        "autocommit": True,
        "connect_timeout": 3,
        "application_name": "tresen-webhook",
        # An answered webhook must survive a power cut, whatever the server's default is.
        "options": "-c synchronous_commit=on -c statement_timeout=5s -c lock_timeout=3s",
        **passed,
    }
