"""The hub's side of the numbers beside the views: counted anew at most every 2 s, and only after something changed."""

from typing import TYPE_CHECKING

from inbox import filter_counts, view_counts
from inbox.sockets import Socket, frame
from inbox.visibility import Rights

if TYPE_CHECKING:
    from inbox.hub import Hub


class Counts:
    """What each page was last told, and which workspaces have changed since."""

    def __init__(self, hub: "Hub"):
        self._hub = hub
        self._changed: set[int] = set()
        self._told: dict[Socket, dict[str, int]] = {}

    def note(self, payload: dict) -> None:
        """An event that may change a number."""
        if "version" in payload or payload["kind"] in ("read", "rights", "conversation_gone"):
            self._changed.add(payload["workspace"])

    def forget(self, socket: Socket) -> None:
        """The page has gone."""
        self._told.pop(socket, None)

    async def broadcast(self) -> None:
        """Count for the changed workspaces and tell the pages whose numbers differ."""
        changed, self._changed = self._changed, set()
        for workspace_id in changed:
            pages = [page for page in self._hub.sockets if page.person.rights.workspace_id == workspace_id]
            if not pages:
                continue
            people = {page.person.agent_id: page.person.rights for page in pages}
            counts = await self._hub.in_thread(_counted, workspace_id, list(people.values()))
            for page in pages:
                if self._told.get(page) != counts[page.person.agent_id]:
                    self._told[page] = counts[page.person.agent_id]
                    page.push(frame({"kind": "counts", **counts[page.person.agent_id]}))


def _counted(workspace_id: int, people: list[Rights]) -> dict[int, dict[str, int]]:
    saved = filter_counts.counts_for(workspace_id, people)
    standing = view_counts.counts_for(workspace_id, people)
    return {agent_id: counts | saved[agent_id] for agent_id, counts in standing.items()}
