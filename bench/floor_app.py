"""The floor beneath our figures: a bare ASGI application without Django, rendering or rules.

POST / inserts the body as one committed row; /ws/ relays whatever is published on the Redis channel `floor`.
Run as `daphne bench.floor_app:application` with DATABASE_URL and REDIS_URL set.
"""

import asyncio
import os

import psycopg_pool
import redis.asyncio

_pool: psycopg_pool.AsyncConnectionPool | None = None
_sockets: set[asyncio.Queue[str]] = set()
_relay: asyncio.Task | None = None


async def application(scope, receive, send):  # type: ignore[no-untyped-def]
    if scope["type"] == "websocket":
        await _socket(receive, send)
    else:
        await _insert(receive, send)


async def _insert(receive, send) -> None:  # type: ignore[no-untyped-def]
    global _pool
    body = b""
    while True:
        part = await receive()
        body += part.get("body", b"")
        if not part.get("more_body"):
            break
    if _pool is None:
        _pool = psycopg_pool.AsyncConnectionPool(os.environ["DATABASE_URL"], min_size=4, max_size=8, open=False)
        await _pool.open()
    async with _pool.connection() as connection:
        await connection.execute("INSERT INTO bench_floor (body) VALUES (%s)", (body,))
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


async def _socket(receive, send) -> None:  # type: ignore[no-untyped-def]
    global _relay
    await receive()
    await send({"type": "websocket.accept"})
    _relay = _relay or asyncio.create_task(_listen())
    queue: asyncio.Queue[str] = asyncio.Queue()
    _sockets.add(queue)
    writer = asyncio.create_task(_write(queue, send))
    while (await receive())["type"] != "websocket.disconnect":
        pass
    _sockets.discard(queue)
    writer.cancel()


async def _write(queue: "asyncio.Queue[str]", send) -> None:  # type: ignore[no-untyped-def]
    while True:
        await send({"type": "websocket.send", "text": await queue.get()})


async def _listen() -> None:
    client = redis.asyncio.from_url(os.environ["REDIS_URL"], socket_timeout=None, decode_responses=True)
    async with client.pubsub() as channel:
        await channel.subscribe("floor")
        async for message in channel.listen():
            if message["type"] == "message":
                for queue in _sockets:
                    queue.put_nowait(message["data"])
