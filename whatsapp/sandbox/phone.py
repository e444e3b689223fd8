"""The practice phone as a whole: builds the parts and routes each request to the wire API, the files or the control."""

import asyncio
import logging
from collections.abc import Awaitable
from dataclasses import fields, replace
from pathlib import Path

from whatsapp.sandbox import seeds
from whatsapp.sandbox.control import Control
from whatsapp.sandbox.crowd import Crowd
from whatsapp.sandbox.errors import GraphError
from whatsapp.sandbox.event_log import EventLog
from whatsapp.sandbox.faults import Faults
from whatsapp.sandbox.graph import Graph
from whatsapp.sandbox.http import Request, Response, serve
from whatsapp.sandbox.inbound import Inbound
from whatsapp.sandbox.journal import Journal
from whatsapp.sandbox.limits import Limits
from whatsapp.sandbox.media_api import MediaStore
from whatsapp.sandbox.number_api import Numbers
from whatsapp.sandbox.profile_api import PICTURE_PATH, Profiles
from whatsapp.sandbox.sending import Sending
from whatsapp.sandbox.state import Settings, State
from whatsapp.sandbox.statuses import StatusFlow
from whatsapp.sandbox.template_api import Templates
from whatsapp.sandbox.visits import Visits
from whatsapp.sandbox.webhooks import Outbox

log = logging.getLogger(__name__)


class Phone:
    """One running practice phone. `keep=False` keeps everything in memory (and media in `folder`) only; `neutral` is
    for a house without the demo.
    """

    def __init__(self, settings: Settings, port: int, folder: Path, *, keep: bool, neutral: bool = False) -> None:
        self.port, self.neutral = port, neutral
        self.initial = replace(settings, retry_delays=list(settings.retry_delays))
        self.state = State(settings)
        self.events = EventLog(self.state)
        self.journal = Journal(self.state, keep=keep)
        self.limits = Limits(settings)
        self.faults = Faults()
        self.outbox = Outbox(self.state, self.events)
        self.flow = StatusFlow(self.state, self.outbox, self.events)
        self.media = MediaStore(self.state, folder, f"http://127.0.0.1:{port}")
        self.sending = Sending(self.state, self.limits, self.flow, self.events)
        self.templates = Templates(self.state, self.outbox, self.events, self.media)
        self.numbers = Numbers(self.state, self.outbox)
        self.profiles = Profiles(self.state, self.media)
        self.inbound = Inbound(self.state, self.outbox, self.media, self.limits, self.events)
        self.crowd = Crowd(self.state, self.inbound)
        self.visits = Visits(self.state, self.inbound)
        self.sending.listeners.append(self.visits.hear)
        self.graph = Graph(self)
        self.control = Control(self)

    async def run(self, stop: asyncio.Event, *, fresh: bool = False) -> None:
        """Serve until `stop` is set; then write what is left and return."""
        pending = await self.journal.load()
        if fresh:
            await self.reset(seed=False)
            pending = []
        self.seed_if_empty()
        self.journal.start()
        self.outbox.start()
        self.outbox.restore(pending)
        self.flow.resume()
        server, connections = await serve(self.handle, self.port)
        log.info("practice phone on http://127.0.0.1:%d, webhooks to %s", self.port, self.state.settings.webhook_target)
        await stop.wait()
        self.crowd.stop()
        self.visits.stop()
        server.close()
        for connection in list(connections):
            connection.transport.close()
        await self.outbox.stop()
        await self.journal.stop()

    def handle(self, request: Request) -> Response | Awaitable[Response]:
        if request.path.startswith("/_control/"):
            return self.control.handle(request)
        if request.path == "/whatsapp_business/attachments/":
            return self._download(request)
        if request.path.startswith(PICTURE_PATH):
            return self.profiles.picture(request.path.removeprefix(PICTURE_PATH))
        return self.graph.handle(request)

    def seed_if_empty(self) -> None:
        if not self.state.numbers:
            seeds.seed(self.state, neutral=self.neutral)

    async def reset(self, *, seed: bool = True) -> None:
        """Forget chats, customers, templates and the ledger; begin again with the seeds and the first settings."""
        self.crowd.stop()
        self.visits.stop()
        await self.journal.erase()
        state = self.state
        for index in (state.numbers, state.customers, state.templates, state.media, state.messages, state.chats):
            index.clear()
        state.by_phone.clear()
        state.by_bsuid.clear()
        state.ledger.clear()
        self.outbox.forget()
        self.flow.held.clear()
        self.events.events.clear()
        self.faults.scripts.clear()
        self.limits.forget()
        for field in fields(Settings):
            setattr(state.settings, field.name, getattr(self.initial, field.name))
        self.flow.random.seed(state.settings.seed)
        if seed:
            self.seed_if_empty()
        state.changed()

    def _download(self, request: Request) -> Response:
        script = self.faults.take(request)
        if script:
            return self.graph.scripted(script)
        if request.headers.get("authorization") != f"Bearer {self.state.settings.access_token}":
            return GraphError(190, message="Invalid OAuth access token").response()
        return self.media.download(request)
