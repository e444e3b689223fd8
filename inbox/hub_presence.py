"""The hub's side of presence: it beats for all its sockets at once and tells pages when colleagues come and go."""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from django.utils import timezone

from accounts.models import Agent
from inbox import presence
from inbox.sockets import Socket

if TYPE_CHECKING:
    from inbox.hub import Hub

LAST_SEEN_SECONDS = 60


class People:
    """Who of each workspace was online when the pages were told last, and what is still to be told."""

    def __init__(self, hub: "Hub"):
        self._hub = hub
        self._online: dict[int, set[int]] = {}
        self._changed: dict[int, dict[int, dict]] = defaultdict(dict)
        self._seen_at: dict[int, float] = {}  # when last_seen_at was last written, per agent

    async def arrived(self, socket: Socket) -> None:
        """A page opened: the others hear within 2 s that somebody came."""
        await self._write({socket.person.rights.workspace_id: [(socket.person.agent_id, socket.tab)]}, None)

    def left(self, socket: Socket) -> None:
        """A page closed; the agent stays present for assignment until the grace is over."""
        person = socket.person
        self._hub.in_background(
            self._hub.in_thread(presence.gone, person.rights.workspace_id, person.agent_id, socket.tab)
        )

    def changed(self, payload: dict) -> None:
        """A colleague's availability or name changed."""
        self._changed[payload["workspace"]][payload["agent"]["id"]] = payload["agent"]

    async def broadcast(self) -> None:
        """Tell the pages that somebody came, went or changed since the last time; a board looks up who is here."""
        for workspace_id in {socket.person.rights.workspace_id for socket in self._hub.sockets}:
            online = await self._hub.in_thread(presence.online_agent_ids, workspace_id)
            changed = list(self._changed.pop(workspace_id, {}).values())
            if online != self._online.get(workspace_id) or changed:
                self._online[workspace_id] = online
                self._hub.push_to_workspace(workspace_id, {"kind": "people", "agents": changed})

    async def beat(self, started_at: float) -> None:
        """Write the presence of all sockets of this process."""
        tabs: dict[int, list[tuple[int, str]]] = defaultdict(list)
        for socket in self._hub.sockets:
            tabs[socket.person.rights.workspace_id].append((socket.person.agent_id, socket.tab))
        await self._write(tabs, started_at)
        await self._hub.in_thread(
            presence.keep_viewing,
            {(socket.conversation, socket.person.agent_id) for socket in self._hub.sockets if socket.conversation},
        )

    async def _write(self, tabs: Mapping[int, Iterable[tuple[int, str]]], started_at: float | None) -> None:
        await self._hub.in_thread(presence.beat_many, tabs, started_at=started_at)
        limit = time.monotonic() - LAST_SEEN_SECONDS + 1
        due = {agent for members in tabs.values() for agent, _ in members if self._seen_at.get(agent, 0) < limit}
        if due:
            await self._hub.in_thread(_write_last_seen, due)
            self._seen_at.update(dict.fromkeys(due, time.monotonic()))


def _write_last_seen(agent_ids: set[int]) -> None:
    Agent.objects.filter(pk__in=agent_ids).update(last_seen_at=timezone.now())
