"""The WebSocket of a page: `/ws/`, one per tab.

Down go the events of `inbox.events`, beats, presence and {"kind": "batch", "events": [...]}. Up come small hints, and
nothing that changes data: that is always an HTTP request with CSRF, forms and rules.

    {"kind": "hello", "conversation": id|null}    {"kind": "view", "conversation": id|null}
        with "hidden": true|false when the page just went out of sight or came into it, and the first time with
        "since": ms, when its list was read: {"kind": "missed"} answers that the list may be older than what happened
    {"kind": "typing", "conversation": id, "what": "reply"|"note"}
    {"kind": "active"}  somebody is at work here    {"kind": "pong", "n": n}  answer to a beat
    {"kind": "ping"}  asks for a beat

A plain ASGI application instead of a Channels consumer: theirs hop through the process's one database thread before
every message, so that one slow query would hold up all sockets (mechanics §0.4).
"""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable

from django.contrib.staticfiles.storage import staticfiles_storage

from accounts.models import Agent, Availability
from inbox import presence, socket_auth, viewing
from inbox.actions import assignment
from inbox.hub import Hub, hub_of_this_process
from inbox.sockets import Socket, frame

logger = logging.getLogger(__name__)

PATH = "/ws/"
MAX_BYTES = 64 * 1024
TOO_BIG, MISBEHAVED = 1009, 1008
FAULTS_ALLOWED = 5
FRAMES_PER_SECOND, FRAMES_AT_ONCE = 5, 40
TYPING_SECONDS = 3.0
PAGES_PER_AGENT = 40

Scope = dict
Receive = Callable[[], Awaitable[dict]]
Send = Callable[[dict], Awaitable[None]]


async def socket_application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one WebSocket from handshake to end."""
    await receive()  # websocket.connect
    if scope["path"] != PATH or not socket_auth.origin_is_ours(scope["headers"]):
        logger.warning("A socket was refused: path %r, origin %r", scope["path"], _origin(scope))
        await send({"type": "websocket.close", "code": socket_auth.FORBIDDEN})  # before accept: HTTP 403
        return
    hub = hub_of_this_process()
    person = await hub.in_thread(socket_auth.sign_in, scope["headers"])
    await send({"type": "websocket.accept"})
    if person is None:  # accepted first, because a page cannot read the code of a refused handshake
        await send({"type": "websocket.close", "code": socket_auth.SIGNED_OUT})
        return
    if sum(other.person.agent_id == person.agent_id for other in hub.sockets) >= PAGES_PER_AGENT:
        await send({"type": "websocket.close", "code": MISBEHAVED})
        return
    page = Page(hub, Socket(person, send))
    try:
        await page.live(receive)
    finally:
        page.end()


class Page:
    """The conversation between one socket and the hub."""

    def __init__(self, hub: Hub, socket: Socket):
        self.hub, self.socket = hub, socket
        self.faults = 0
        self._allowance, self._allowance_at = float(FRAMES_AT_ONCE), time.monotonic()
        self._typing_at = 0.0

    async def live(self, receive: Receive) -> None:
        """Until the page goes away or the socket is closed from our side."""
        await self.hub.add(self.socket)
        self.socket.push(frame({"kind": "welcome", "now": int(time.time() * 1000), "build": _build()}))
        self.hub.in_background(self._arrive())
        reading = asyncio.create_task(self._read(receive))
        closing = asyncio.create_task(self.socket.closed.wait())
        try:
            await asyncio.wait({reading, closing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            reading.cancel()
            closing.cancel()

    async def _arrive(self) -> None:
        """Present first, then ready for work: routing asks who is present."""
        await self.hub.people.arrived(self.socket)
        await self.hub.in_thread(_came_online, self.socket.person.agent_id)

    def end(self) -> None:
        """The hub forgets the socket; colleagues no longer see this agent in the conversation."""
        self.hub.remove(self.socket)
        self.socket.close(1000)
        self.hub.in_background(
            self.hub.in_thread(presence.look_away, self.socket.person.agent_id, self.socket.tab)
        )
        if (left := self.socket.conversation) is not None:
            self.socket.conversation = None
            self.hub.in_background(self._leave(left))

    async def _read(self, receive: Receive) -> None:
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            size = len(text.encode(errors="surrogatepass")) if text is not None else len(message.get("bytes") or b"")
            if size > MAX_BYTES:
                self.socket.close(TOO_BIG)
                return
            hint = _hint(text)
            if hint is None:
                self.faults += 1
            if self.faults > FAULTS_ALLOWED or not self._allowed():
                logger.warning("Agent %s's page sent nonsense or too much", self.socket.person.agent_id)
                self.socket.close(MISBEHAVED)
                return
            if hint is not None:
                await self._take(hint)

    async def _take(self, hint: dict) -> None:
        self.socket.heard(hint.get("n"))
        kind, conversation = hint.get("kind"), hint.get("conversation")
        if conversation is not None and (type(conversation) is not int or not 0 < conversation < 2**63):
            self.faults += 1
        elif kind in ("hello", "view"):
            await self._look(hint.get("hidden"))
            await self._view(conversation)
            if kind == "hello":
                if hint.get("since") is not None and self.hub.lately.concern(self.socket, hint["since"]):
                    self.socket.push(frame({"kind": "missed"}))
                await self._show_viewers()
        elif kind == "typing" and conversation is not None:
            await self._typing(conversation, "note" if hint.get("what") == "note" else "reply")
        elif kind == "active":
            await self.hub.in_thread(socket_auth.touch, self.socket.person)
            await self._look(hidden=False)
        elif kind == "ping":
            self.socket.beat(self.hub.mark)

    async def _look(self, hidden: object) -> None:
        """Who is at the page right now gets no pushes."""
        if isinstance(hidden, bool):
            note = presence.look_away if hidden else presence.look
            await self.hub.in_thread(note, self.socket.person.agent_id, self.socket.tab)

    async def _view(self, conversation: int | None) -> None:
        left = self.socket.conversation
        if conversation == left:
            return
        self.socket.conversation = conversation  # events are held against the agent's rights all the same
        if left is not None:
            await self._leave(left)
        if conversation is not None and not await self.hub.in_thread(viewing.enter, self.socket.person, conversation):
            self.socket.conversation = None

    async def _show_viewers(self) -> None:
        """Later changes come as events; what is so already, a new page is told once, as far as this process knows."""
        looking: dict[int, set[int]] = {}
        for other in self.hub.sockets:
            if other.conversation is not None and other.person.agent_id != self.socket.person.agent_id:
                looking.setdefault(other.conversation, set()).add(other.person.agent_id)
        if looking:
            for payload in await self.hub.in_thread(viewing.seen_by, self.socket.person, looking):
                self.socket.push(frame(payload))

    async def _leave(self, conversation: int) -> None:
        """Another tab of this agent may still show it."""
        agent_id = self.socket.person.agent_id
        others = (other for other in self.hub.sockets if other.person.agent_id == agent_id)
        if not any(other.conversation == conversation for other in others):
            await self.hub.in_thread(viewing.leave, self.socket.person, conversation)

    async def _typing(self, conversation: int, what: str) -> None:
        now = time.monotonic()
        if now - self._typing_at >= TYPING_SECONDS:
            self._typing_at = now
            await self.hub.in_thread(viewing.say_typing, self.socket.person, conversation, what)

    def _allowed(self) -> bool:
        """Some hints a second, with room for a hasty minute."""
        now = time.monotonic()
        self._allowance = min(FRAMES_AT_ONCE, self._allowance + (now - self._allowance_at) * FRAMES_PER_SECOND) - 1
        self._allowance_at = now
        return self._allowance > 0


def _hint(text: str | None) -> dict | None:
    try:
        hint = json.loads(text or "")
    except (ValueError, RecursionError):
        return None
    return hint if isinstance(hint, dict) else None


def _build() -> str:
    """Changes with the scripts and styles, so that a page left open over an update notices."""
    return getattr(staticfiles_storage, "manifest_hash", "")


def _came_online(agent_id: int) -> None:
    agent = Agent.objects.filter(pk=agent_id, is_active=True, availability=Availability.AVAILABLE).first()
    if agent is not None:
        assignment.agent_came_online(agent)


def _origin(scope: Scope) -> list[str]:
    return [value.decode("latin-1")[:200] for name, value in scope["headers"] if name == b"origin"]
