"""Writes the phone's memory behind to its tables, and reads it back at the start.

One flush at a time: what changed since the last one goes out in a single transaction. A flush that fails is merged
back and repeated, so a database that is away for a while costs nothing but time. In durable mode the answer to a send
waits for `committed()`.
"""

import asyncio
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import OperationalError, connection, transaction

from whatsapp.sandbox.state import KINDS, Message, State, from_dict, to_dict

log = logging.getLogger(__name__)
INTERVAL = 0.2
UPSERT_MESSAGES = """
    INSERT INTO sandbox_phonemessage (wamid, direction, customer, accepted_at, data)
    SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::float8[], %s::text[])
    ON CONFLICT (wamid) DO UPDATE SET data = excluded.data, accepted_at = excluded.accepted_at
"""
UPSERT_DOCUMENTS = """
    INSERT INTO sandbox_phonedocument (kind, key, data) SELECT * FROM unnest(%s::text[], %s::text[], %s::text[])
    ON CONFLICT (kind, key) DO UPDATE SET data = excluded.data
"""
UPSERT_WEBHOOKS = """
    INSERT INTO sandbox_pendingwebhook (key, data) SELECT * FROM unnest(%s::text[], %s::text[])
    ON CONFLICT (key) DO NOTHING
"""
Batch = dict[tuple[str, str], tuple | None]  # (kind, key) -> the row to write, or None to delete it


class Journal:
    """`keep=False` (tests, memory mode) writes nothing and calls every change committed."""

    def __init__(self, state: State, *, keep: bool = True, interval: float = INTERVAL) -> None:
        self.state = state
        self.keep = keep
        self.interval = interval
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        self._waiting: list[asyncio.Future[None]] = []
        self._urgent = asyncio.Event()
        self._task: asyncio.Task | None = None
        self._stopping = False
        self._written_webhooks: set[str] = set()

    async def load(self) -> list[tuple[str, str]]:
        """Fill the state from the tables; returns the webhooks that were never answered with 200 (key, JSON)."""
        if not self.keep:
            return []
        while True:
            try:
                documents, messages, webhooks = await self._run(_read_everything)
                break
            except OperationalError as error:
                log.warning("practice phone: waiting for the database (%s)", error)
                await asyncio.sleep(1)
        for kind, data in documents:
            self.state.index(kind, from_dict(KINDS[kind], json.loads(data)))
        for data in messages:
            self.state.index_message(from_dict(Message, json.loads(data)))
        self._written_webhooks = {key for key, _ in webhooks}
        return webhooks

    def start(self) -> None:
        if self.keep:
            self._task = asyncio.get_running_loop().create_task(self._loop())

    async def stop(self) -> None:
        self._stopping = True
        self._urgent.set()
        if self._task:
            await self._task
        self._pool.shutdown()

    async def committed(self) -> None:
        """Return when everything changed so far is in the database."""
        if not self.keep:
            return
        future = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        self._urgent.set()
        await future

    async def erase(self) -> None:
        """Forget everything stored."""
        self.state.dirty.clear()
        self._written_webhooks.clear()
        if self.keep:
            await self._run(_erase)

    async def _loop(self) -> None:
        while not self._stopping:
            if not self._urgent.is_set():
                try:
                    await asyncio.wait_for(self._urgent.wait(), self.interval)
                except TimeoutError:
                    pass
            self._urgent.clear()
            await self._flush()
        await self._flush()

    async def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        batch = self._take()
        while batch:
            try:
                await self._run(_write, batch)
                break
            except Exception as error:
                log.warning("practice phone: could not write %d records yet (%s)", len(batch), error)
                if self._stopping:
                    return
                await asyncio.sleep(0.5)
                batch |= self._take()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    def _take(self) -> Batch:
        """Serialise what changed. A webhook that was answered before it was ever written leaves no trace."""
        dirty, self.state.dirty = self.state.dirty, {}
        batch: Batch = {}
        for (kind, key), record in dirty.items():
            if kind == "webhook":
                if record is None:
                    if key not in self._written_webhooks:
                        continue
                    self._written_webhooks.discard(key)
                    batch[kind, key] = None
                else:
                    self._written_webhooks.add(key)
                    batch[kind, key] = (key, json.dumps(record))
            elif record is None:
                batch[kind, key] = None
            elif kind == "message":
                data = json.dumps(to_dict(record))
                batch[kind, key] = (key, record.direction, record.customer, record.at, data)
            else:
                batch[kind, key] = (kind, key, json.dumps(to_dict(record)))
        return batch

    async def _run(self, function: Any, *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._pool, _with_connection, function, args)


def _with_connection(function: Any, args: tuple) -> Any:
    try:
        return function(*args)
    except Exception:
        connection.close()  # the next try gets a new one
        raise


def _read_everything() -> tuple[list[tuple[str, str]], list[str], list[tuple[str, str]]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT kind, data FROM sandbox_phonedocument ORDER BY id")
        documents = cursor.fetchall()
        cursor.execute("SELECT data FROM sandbox_phonemessage ORDER BY accepted_at, id")
        messages = [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT key, data FROM sandbox_pendingwebhook ORDER BY id")
        return documents, messages, cursor.fetchall()


def _erase() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE sandbox_phonedocument, sandbox_phonemessage, sandbox_pendingwebhook")


def _write(batch: Batch) -> None:
    rows: dict[str, list[tuple]] = {"message": [], "webhook": [], "document": []}
    gone: dict[str, list[str]] = {}
    for (kind, key), row in batch.items():
        if row is None:
            gone.setdefault(kind, []).append(key)
        else:
            rows[kind if kind in rows else "document"].append(row)
    with transaction.atomic(), connection.cursor() as cursor:
        _upsert(cursor, UPSERT_MESSAGES, rows["message"])
        _upsert(cursor, UPSERT_DOCUMENTS, rows["document"])
        _upsert(cursor, UPSERT_WEBHOOKS, rows["webhook"])
        for kind, keys in gone.items():
            if kind == "webhook":
                cursor.execute("DELETE FROM sandbox_pendingwebhook WHERE key = ANY(%s)", [keys])
            else:
                cursor.execute("DELETE FROM sandbox_phonedocument WHERE kind = %s AND key = ANY(%s)", [kind, keys])


def _upsert(cursor: Any, sql: str, rows: list[tuple]) -> None:
    if rows:
        cursor.execute(sql, [list(column) for column in zip(*rows, strict=True)])
