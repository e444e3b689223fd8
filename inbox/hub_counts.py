"""The hub's side of the numbers beside the views: counted anew at most every 2 s, after something changed, and each
minute for what only time changes: windows that close, days that end.
"""

import time
import weakref
from typing import TYPE_CHECKING

from inbox import filter_counts, view_counts
from inbox.sockets import Socket, frame
from inbox.visibility import Rights

if TYPE_CHECKING:
    from inbox.hub import Hub

TIMED_SECONDS = 60.0
OTHERS = ("read", "rights", "conversation_gone", "filters", "label")  # beside those of conversations


class Counts:
    """What each page was last told, and which workspaces have changed since."""

    def __init__(self, hub: "Hub"):
        self._hub = hub
        self._changed: dict[int, float] = {}  # workspace → when
        self._timed_at = time.monotonic()
        # Weakly: a page may go while it is counted for.
        self._told: weakref.WeakKeyDictionary[Socket, dict[str, int]] = weakref.WeakKeyDictionary()

    def note(self, payload: dict) -> None:
        """An event that may change a number."""
        if "version" in payload or payload["kind"] in OTHERS:
            self._changed[payload["workspace"]] = time.monotonic()

    async def broadcast(self) -> None:
        """Count for the changed workspaces and tell the pages whose numbers differ."""
        if (now := time.monotonic()) - self._timed_at >= TIMED_SECONDS:
            self._timed_at = now
            self._changed |= {page.person.rights.workspace_id: now for page in self._hub.sockets}
        changed, self._changed = self._changed, {}
        for workspace_id, at in changed.items():
            pages = [page for page in self._hub.sockets if page.person.rights.workspace_id == workspace_id]
            if not pages:
                continue
            people = {page.person.agent_id: page.person.rights for page in pages}
            tally, counts = await self._hub.in_thread(_counted, workspace_id, list(people.values()))
            if not tally.knows(at):  # from memory, and older than the change: again, once it may be counted anew
                self._changed.setdefault(workspace_id, at)
            for page in pages:
                if self._told.get(page) != counts[page.person.agent_id]:
                    self._told[page] = counts[page.person.agent_id]
                    page.push(frame({"kind": "counts", **counts[page.person.agent_id]}))


def _counted(workspace_id: int, people: list[Rights]) -> tuple[filter_counts.Tally, dict[int, dict[str, int]]]:
    tally = filter_counts.tally_of(workspace_id)
    saved = tally.counts_for(people)
    standing = view_counts.counts_for(workspace_id, people)
    return tally, {agent_id: counts | saved[agent_id] for agent_id, counts in standing.items()}
