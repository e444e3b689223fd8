"""The three loads: webhooks to the door, frames out of sockets, pages."""

import asyncio
import itertools
import json
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

import websockets

from bench.wire import Connection, inbound_text, percentile, signed

TOKEN = re.compile(r"bench-(\d+)-")
WEBHOOK = "/webhooks/whatsapp/"
_wamids = itertools.count(int(time.time() * 1000))


@dataclass
class Latencies:
    """Milliseconds of one measured series."""

    values: list[float] = field(default_factory=list)
    missing: int = 0

    def row(self) -> str:
        lost = f", {self.missing} missing" if self.missing else ""
        return f"p50 {self.p50:.1f} ms, p99 {self.p99:.1f} ms (n={len(self.values)}{lost})"

    def row95(self) -> str:
        """Where the target is a 95th percentile."""
        return f"p50 {self.p50:.1f} ms, p95 {percentile(self.values, 0.95):.1f} ms (n={len(self.values)})"

    @property
    def p50(self) -> float:
        return percentile(self.values, 0.5)

    @property
    def p99(self) -> float:
        return percentile(self.values, 0.99)


def webhook(number: int, customers: int) -> tuple[bytes, dict[str, str]]:
    """A signed text message whose words carry its number, from one of `customers` people."""
    return signed(inbound_text(
        f"Hallo bench-{number}- ist mein Rad fertig?", customer=number % customers, wamid=f"wamid.load.{next(_wamids)}"
    ))  # fmt: skip


async def post_at_rate(
    port: int, requests: Iterable[tuple[bytes, dict[str, str]]], rate: float, path: str = WEBHOOK, lanes: int = 8
) -> tuple[Latencies, dict[int, float]]:
    """POST each body at a fixed rate over `lanes` connections: latencies and, by index, the moment of start."""
    connections = asyncio.Queue[Connection]()
    for _ in range(lanes):
        connections.put_nowait(Connection(port))
    acknowledged, started = Latencies(), {}

    async def one(index: int, body: bytes, headers: dict[str, str]) -> None:
        started[index] = time.perf_counter()
        connection = await connections.get()
        try:
            answer = await connection.request("POST", path, body, headers)
            if answer.status == 200:
                acknowledged.values.append((time.perf_counter() - started[index]) * 1000)
            else:
                acknowledged.missing += 1
        finally:
            connections.put_nowait(connection)

    tasks, begin = [], time.perf_counter()
    for index, (body, headers) in enumerate(requests):
        delay = begin + index / rate - time.perf_counter()
        if delay > 0:
            await asyncio.sleep(delay)
        tasks.append(asyncio.create_task(one(index, body, headers)))
    await asyncio.gather(*tasks)
    for _ in range(lanes):
        (await connections.get()).close()
    return acknowledged, started


class Screens:
    """Many open sockets; remembers when each numbered message reached each of them."""

    def __init__(self, port: int, cookies: list[str], path: str = "/ws/", origin_port: int = 0) -> None:
        self.port, self.cookies, self.path, self.origin_port = port, cookies, path, origin_port or port
        self.arrived: dict[int, dict[int, float]] = {}
        self._tasks: list[asyncio.Task] = []

    async def __aenter__(self) -> "Screens":
        for index, cookie in enumerate(self.cookies):
            socket = await websockets.connect(
                f"ws://127.0.0.1:{self.port}{self.path}", origin=f"http://127.0.0.1:{self.origin_port}",
                additional_headers={"Cookie": cookie} if cookie else {}, compression=None, max_size=None,
                ping_interval=None,
            )  # fmt: skip
            await socket.send(json.dumps({"kind": "hello", "conversation": None}))
            self._tasks.append(asyncio.create_task(self._read(index, socket)))
        await asyncio.sleep(1)
        return self

    async def _read(self, index: int, socket: websockets.ClientConnection) -> None:
        async for frame in socket:
            moment = time.perf_counter()
            if '"kind":"beat"' in str(frame):  # a page answers each; one that does not is given up after a minute
                await socket.send(json.dumps({"kind": "pong", "n": json.loads(frame)["n"]}))
            for match in TOKEN.finditer(str(frame)):
                self.arrived.setdefault(int(match.group(1)), {}).setdefault(index, moment)

    async def __aexit__(self, *error: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def last_frame(self, started: dict[int, float]) -> Latencies:
        """From the start of each POST to the frame in the last of all sockets."""
        series = Latencies()
        for number, moment in started.items():
            frames = self.arrived.get(number, {})
            if len(frames) < len(self.cookies):
                series.missing += 1
            else:
                series.values.append((max(frames.values()) - moment) * 1000)
        return series


async def page_times(port: int, path: str, cookie: str, more: dict[str, str], count: int = 60) -> Latencies:
    """Whole-request times of one page, one after another on one connection."""
    connection, series = Connection(port), Latencies()
    for index in range(count + 10):
        answer = await connection.request("GET", path, headers={"Cookie": cookie, **more})
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}")
        if index >= 10:
            series.values.append(answer.seconds * 1000)
    connection.close()
    return series
