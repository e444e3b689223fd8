"""The fan-out: one hub per web process, fed by one Redis subscription, repaired from the event table (R13, R14).

Redis brings an event within milliseconds. Once a second, and at once after a Redis connection was made anew, the hub
reads the table behind its cursor and passes on what Redis did not bring. A third loop asks every 3 s, in one query,
whether the people behind the sockets may still be here. No loop but these touches the database, none of them runs in
the event loop's thread, and a failure of any is logged and tried again.
"""

import asyncio
import json
import logging
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from django.db import connections

from inbox import event_tail, hub_counts, hub_presence, socket_auth
from inbox.audience import Lately, Memory, Outgoing, without_superseded_parts
from inbox.sockets import Socket, frame
from inbox.subscription import Subscription

logger = logging.getLogger(__name__)

TAIL_SECONDS = 1.0
BEAT_SECONDS = 20.0
CHECK_SECONDS = 3.0
PEOPLE_SECONDS = 2.0
SILENT_SECONDS = 65.0  # a page answers every beat; one that does not for so long is gone
GATHER_SECONDS = 0.025
STALE_SECONDS = 8.0  # neither Redis nor PostgreSQL heard for so long: the pages are told
RECENT = 2 * event_tail.AT_MOST  # the tail reads some events again and tells them by their ids

P = ParamSpec("P")
T = TypeVar("T")

_hubs: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Hub]" = weakref.WeakKeyDictionary()
_hubs_lock = threading.Lock()


def hub_of_this_process() -> "Hub":
    """The running hub of this event loop; the first caller starts it."""
    loop = asyncio.get_running_loop()
    with _hubs_lock:
        hub = _hubs.get(loop)
        if hub is None:
            hub = _hubs[loop] = Hub()
            hub.start()
        return hub


class Hub:
    """All sockets of this process, and the loops that feed and check them."""

    def __init__(self) -> None:
        self.sockets: set[Socket] = set()
        self.mark = 0  # the highest event id passed on
        self.people = hub_presence.People(self)
        self.counts = hub_counts.Counts(self)
        self.lately = Lately()
        self._started_at = time.time()
        self._memory = Memory()
        self._recent: OrderedDict[int, None] = OrderedDict()  # ids passed on, so that the tail repeats none
        self._bursts: dict[int, list[dict]] = {}
        self._threads = ThreadPoolExecutor(max_workers=3, thread_name_prefix="hub")
        self._tail_lock = asyncio.Lock()
        self._tail_wanted = asyncio.Event()
        self._check_wanted = asyncio.Event()
        self._cursor: int | None = None
        self._heard_at = time.monotonic()
        self._stale = False
        self._tasks: list[asyncio.Task[None]] = []
        self._background: set[asyncio.Task[Any]] = set()

    def start(self) -> None:
        """Start the loops in the running event loop."""
        subscription = Subscription(on_message=self.receive, on_connected=self._tail_wanted.set)
        for name, coroutine in {
            "subscription": subscription.run(),
            "tail": self._repeat(self._read_tail, TAIL_SECONDS, self._tail_wanted),
            "check": self._repeat(self._check_people, CHECK_SECONDS, self._check_wanted),
            "health": self._repeat(self._tell_when_stale, PEOPLE_SECONDS),
            "beat": self._repeat(self._beat, BEAT_SECONDS),
            "people": self._repeat(self.people.broadcast, PEOPLE_SECONDS),
            "counts": self._repeat(self.counts.broadcast, PEOPLE_SECONDS),
        }.items():
            self._tasks.append(asyncio.create_task(coroutine, name=f"hub-{name}"))

    async def stop(self) -> None:
        """End the loops and all sockets."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for socket in list(self.sockets):
            socket.close(1001)
        await asyncio.gather(*self._background, return_exceptions=True)
        self._threads.shutdown(wait=True)

    async def in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run something that may block, in a thread of the hub; its database connection goes back at the end."""

        def run() -> T:
            try:
                return function(*args, **kwargs)
            finally:
                connections.close_all()

        return await asyncio.get_running_loop().run_in_executor(self._threads, run)

    def in_background(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        """Start something nobody waits for; its failure is logged."""
        task = asyncio.create_task(coroutine)
        self._background.add(task)
        task.add_done_callback(self._background_done)

    def _background_done(self, task: "asyncio.Task[Any]") -> None:
        self._background.discard(task)
        if not task.cancelled() and (error := task.exception()):
            logger.warning("Something in the hub's background failed", exc_info=error)

    # --- sockets

    async def add(self, socket: Socket) -> None:
        """From now on this socket hears everything its agent may see."""
        if self._cursor is None:
            await self._read_tail()
        twin = next((other for other in self.sockets if other.person.key == socket.person.key), None)
        if twin:  # checked and brought up to date as one
            twin.person.language = socket.person.language  # this page has just been rendered in it
            socket.person = twin.person
        self.sockets.add(socket)

    def remove(self, socket: Socket) -> None:
        """The page has gone."""
        self.sockets.discard(socket)
        self.people.left(socket)

    # --- events

    def receive(self, text: bytes | str) -> None:
        """An event from Redis."""
        self._alive()
        try:
            payload = json.loads(text)
            self.pass_on(payload)
        except Exception:
            logger.exception("An event from Redis could not be passed on")

    def pass_on(self, payload: dict[str, Any]) -> None:
        """Give an event to the sockets it is for, once. Quick successions of one conversation go as one frame."""
        event_id = payload.get("id")
        if event_id is not None:
            if event_id in self._recent:
                return
            self._recent[event_id] = None
            if len(self._recent) > RECENT:
                self._recent.popitem(last=False)
            self.mark = max(self.mark, event_id)
        self.counts.note(payload)
        if payload["kind"] == "agent":
            self.people.changed(payload)
            return
        if payload["kind"] == "rights":
            self._check_wanted.set()
        conversation = payload.get("conversation")
        if conversation is None:
            self._deliver([payload])
        elif conversation in self._bursts:
            self._bursts[conversation].append(payload)
        else:
            self._deliver([payload])
            self._bursts[conversation] = []
            asyncio.get_running_loop().call_later(GATHER_SECONDS, self._end_burst, conversation)

    def _end_burst(self, conversation: int) -> None:
        waiting = self._bursts.pop(conversation, [])
        if not waiting:
            return
        self._deliver(waiting)
        self._bursts[conversation] = []
        asyncio.get_running_loop().call_later(GATHER_SECONDS, self._end_burst, conversation)

    def _deliver(self, payloads: list[dict]) -> None:
        outgoing = [Outgoing(payload, self._memory) for payload in without_superseded_parts(payloads)]
        self.lately.note(outgoing)
        batches: dict[tuple[str, ...], str] = {}
        for socket in list(self.sockets):
            texts = tuple(text for event in outgoing if (text := event.text_for(socket)) is not None)
            if len(texts) == 1:
                socket.push(texts[0])
            elif texts:
                if texts not in batches:
                    batches[texts] = f'{{"kind":"batch","events":[{",".join(texts)}]}}'
                socket.push(batches[texts])

    def push_to_workspace(self, workspace_id: int, payload: dict) -> None:
        """The same frame to everybody of a workspace."""
        text = frame(payload)
        for socket in list(self.sockets):
            if socket.person.rights.workspace_id == workspace_id:
                socket.push(text)

    # --- loops

    async def _read_tail(self) -> None:
        async with self._tail_lock:
            self._tail_wanted.clear()
            if self._cursor is None:
                self._cursor = await self.in_thread(event_tail.here)
            payloads, self._cursor = await self.in_thread(event_tail.since, self._cursor, self._recent)
            self._alive()
            for payload in payloads:
                self.pass_on(payload)

    async def _check_people(self) -> None:
        self._check_wanted.clear()
        sockets = list(self.sockets)
        if not sockets:
            return
        rights_before = [(socket, socket.person.rights) for socket in sockets]
        ended = await self.in_thread(socket_auth.refusals, [socket.person for socket in sockets])
        for socket, rights in rights_before:
            if (code := ended.get(socket.person.key)) is not None:
                socket.close(code)
            elif socket.person.rights != rights:
                socket.push(frame({"kind": "rights_changed"}))

    async def _beat(self) -> None:
        limit = time.monotonic() - SILENT_SECONDS
        for socket in list(self.sockets):
            if socket.last_heard < limit:
                socket.close(1013)
            else:
                socket.beat(self.mark)
        await self.people.beat(self._started_at)

    async def _repeat(self, step: Callable, seconds: float, wanted: asyncio.Event | None = None) -> None:
        """Run a step each so many seconds, or as soon as wanted; a failing one is logged and tried again."""
        while True:
            try:
                await step()
            except Exception as error:
                logger.warning("The hub's %s failed: %r", getattr(step, "__name__", "loop"), error)
            try:
                async with asyncio.timeout(seconds):
                    await (wanted or asyncio.Event()).wait()
            except TimeoutError:
                pass

    def _alive(self) -> None:
        self._heard_at = time.monotonic()

    async def _tell_when_stale(self) -> None:
        """While neither source can be heard, the pages say "connecting" instead of looking current."""
        stale = time.monotonic() - self._heard_at > STALE_SECONDS
        if stale != self._stale:
            self._stale = stale
            for socket in list(self.sockets):
                socket.push(frame({"kind": "health", "ok": not stale}))
