"""People at the counter without a browser: agents who hold a socket and answer by HTTP, and a lead who watches.

They see what their pages would show (asked of the database, which costs the server nothing) and do everything through
the real views with cookie and CSRF token, at speeds drawn from a seed.
"""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import websockets

from bench.wire import Connection

ANSWERS = ("Hallo, ich sehe gleich nach.", "Ja, das passt.", "Gern, am Freitag um 11?", "Das kostet 89 Euro.",
           "Wir haben es da.", "Danke für das Foto, das bekommen wir hin.")  # fmt: skip


@dataclass
class Pace:
    """Seconds that people take; `speed` times faster than in life."""

    speed: float = 1.0

    def reading(self, dice: Random) -> float:
        return dice.uniform(3, 9) / self.speed

    @property
    def silence(self) -> float:
        """After so long without a word from the customer an answered conversation is closed."""
        return 45 / self.speed


@dataclass
class Desk:
    """What one agent has done."""

    answered: int = 0
    closed: int = 0
    refused: int = 0
    trouble: list[str] = field(default_factory=list)


class Person:
    """Somebody signed in: requests with the session's cookie, and a socket that stays open."""

    def __init__(self, port: int, cookie: str, csrf: str) -> None:
        self.port, self.connection = port, Connection(port)
        self.cookie = f"{cookie}; {csrf}"
        self.token = csrf.partition("=")[2]

    async def ask(
        self, method: str, path: str, said: dict[str, Any] | None = None, **headers: str
    ) -> tuple[int, bytes]:
        body = urlencode(said or {}).encode() if method != "GET" else b""
        origin = f"http://127.0.0.1:{self.port}"
        answer = await self.connection.request(method, path, body, {
            "Cookie": self.cookie, "X-CSRFToken": self.token, "Origin": origin, "Referer": f"{origin}/",
            "Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json", **headers,
        })  # fmt: skip
        return answer.status, answer.body

    async def listen(self, hear: Callable[[dict[str, Any], float], None] | None = None) -> None:
        """Hold a socket as a page does; `hear` gets every event with its moment (Unix seconds)."""
        async with websockets.connect(
            f"ws://127.0.0.1:{self.port}/ws/", origin=f"http://127.0.0.1:{self.port}",  # type: ignore[arg-type]
            additional_headers={"Cookie": self.cookie}, compression=None, max_size=None, ping_interval=None,
        ) as socket:  # fmt: skip
            await socket.send(json.dumps({"kind": "hello", "conversation": None}))
            async for text in socket:
                moment, frame = time.time(), json.loads(text)
                if frame["kind"] == "beat":
                    await socket.send(json.dumps({"kind": "pong", "n": frame["n"]}))
                if hear is not None:
                    for event in frame.get("events", [frame]):
                        hear(event, moment)


class Worker:
    """One agent's day: whoever's window closes first is answered first, and what has gone quiet is closed."""

    def __init__(self, person: Person, agent_id: int, seed: int, pace: Pace) -> None:
        self.person, self.agent_id, self.pace = person, agent_id, pace
        self.dice, self.desk = Random(f"{seed} {agent_id}"), Desk()
        self.beyond: list[int] = []  # refused: groups, windows in their last seconds

    async def work(self) -> None:
        while True:
            await asyncio.sleep(self.pace.reading(self.dice))
            try:
                waiting, quiet = await asyncio.to_thread(self._look)
                if waiting is not None:
                    await self._answer(waiting)
                elif quiet is not None:
                    await self._close(*quiet)
            except Exception as error:
                self.desk.trouble.append(f"{type(error).__name__}: {error}")

    def _look(self) -> tuple[int | None, tuple[int, int] | None]:
        from datetime import timedelta

        from django.db import connection
        from django.utils import timezone

        from inbox.models import Conversation

        try:
            now = timezone.now()
            mine = Conversation.objects.open().filter(assignee=self.agent_id).exclude(pk__in=self.beyond)
            waiting = mine.filter(needs_answer=True, last_customer_message_at__gt=now - timedelta(hours=24))
            waiting = waiting.order_by("last_customer_message_at")
            silent_since = now - timedelta(seconds=self.pace.silence)
            quiet = mine.filter(needs_answer=False, answered_at__lt=silent_since, last_message_at__lt=silent_since)
            return waiting.values_list("pk", flat=True).first(), quiet.values_list("pk", "inbound_count").first()
        finally:
            connection.close()

    async def _answer(self, pk: int) -> None:
        uid = UUID(int=self.dice.getrandbits(128), version=4)
        said = {"text": self.dice.choice(ANSWERS), "uid": uid, "confirm": "on"}
        status, _ = await self.person.ask("POST", f"/conversations/{pk}/messages/", said)
        if status == 200:
            self.desk.answered += 1
        else:
            self.desk.refused += 1
            self.beyond.append(pk)

    async def _close(self, pk: int, seen: int) -> None:
        status, _ = await self.person.ask("POST", f"/conversations/{pk}/closure/", {"seen_inbound": seen})
        self.desk.closed += status < 300
        self.desk.refused += status >= 300


class Watching:
    """A lead's board: when each event reached its socket, and how long its page took to be looked up anew."""

    APART = 2.0  # seconds between two looks, as its script waits

    def __init__(self, person: Person) -> None:
        self.person = person
        self.heard: dict[int, float] = {}
        self.pages: list[float] = []
        self.trouble = 0
        self._news = asyncio.Event()

    def hear(self, event: dict[str, Any], moment: float) -> None:
        if "id" in event:
            self.heard.setdefault(event["id"], moment)
            self._news.set()

    async def look(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            began = time.perf_counter()
            status, _ = await self.person.ask("GET", "/team/", **{"HX-Request": "true", "Accept": "text/html"})
            self.trouble += status != 200
            self.pages.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(self.APART)
