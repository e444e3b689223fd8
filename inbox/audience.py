"""Who hears of an event, and in which words, from what the payload says and what the sockets may see. No I/O."""

import time
from collections import OrderedDict, deque
from collections.abc import Iterable

from accounts.models import Role
from inbox.enums import Alert
from inbox.sockets import Socket, frame
from inbox.visibility import ConversationFacts, may_see

# Only for pages that have the conversation open; a mark goes further when the row shows it.
OPEN_ONLY = {"ticks"}
REMEMBERED = 10_000
LATELY = 300  # events, with what they show
INNER = ("html", "before", "workspace", "in_row", "only")  # what the hub needs and the page does not
ITEM = ("uid", "item", "at")


class Memory:
    """The last facts of the conversations this process has heard of: who loses sight of one, and what is older news."""

    def __init__(self) -> None:
        self._known: OrderedDict[int, tuple[int, ConversationFacts]] = OrderedDict()

    def compare(
        self, conversation_id: int, version: int, facts: ConversationFacts
    ) -> tuple[ConversationFacts, ConversationFacts | None]:
        """The newest facts, and those before them. An event that arrives late goes by the newer facts it missed."""
        known_version, known = self._known.pop(conversation_id, (-1, None))
        late = known is not None and version < known_version
        self._known[conversation_id] = (known_version, known) if late and known else (version, facts)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return (known, None) if late and known else (facts, known)


class Outgoing:
    """An event on its way to the sockets of this process; each language is serialised once, when first asked for."""

    def __init__(self, payload: dict, memory: Memory):
        self.payload = payload
        self.kind: str = payload["kind"]
        self.workspace: int = payload["workspace"]
        self.conversation: int | None = payload.get("conversation")
        self.facts = self._facts_of(payload.get("facts"))
        self.before = self._facts_of(payload.get("before"))
        self._texts: dict[tuple[str, bool], str] = {}
        if self.facts is not None and self.conversation is not None and "version" in payload:
            self.facts, remembered = memory.compare(self.conversation, payload["version"], self.facts)
            self.before = self.before or remembered
        if self.before == self.facts:
            self.before = None

    def _facts_of(self, facts: dict | None) -> ConversationFacts | None:
        if facts is None:
            return None
        return ConversationFacts(self.workspace, facts["team"], facts["assignee"], frozenset(facts["mentioned"]))

    def text_for(self, socket: Socket) -> str | None:
        """The frame for this socket, None when the event is none of its business."""
        rights = socket.person.rights
        if rights.workspace_id != self.workspace:
            return None
        if self.facts is None:
            return self._text(socket) if self._concerns(socket) else None
        if may_see(rights, self.facts):
            wanted = socket.conversation == self.conversation or self._goes_to_lists(socket)
            return self._text(socket) if wanted else None
        if self.before is not None and may_see(rights, self.before):
            return self._gone()
        return None

    @property
    def changes_lists(self) -> bool:
        """Whether a list that was read before it is no longer right. Who writes or looks is said again."""
        if self.conversation is None:
            return self.kind in ("label", "filters")
        return self.kind not in ("typing", "viewing")

    def _goes_to_lists(self, socket: Socket) -> bool:
        return self.kind not in OPEN_ONLY or bool(self.payload.get("in_row"))

    def _concerns(self, socket: Socket) -> bool:
        """Events without facts: most alerts are for those who lead, notices for whom they tell, some for one agent."""
        if self.kind == "notice":
            return str(socket.person.agent_id) in self.payload["tell"]
        if self.kind == "alert":
            leads = socket.person.rights.role in (Role.LEAD, Role.ADMIN)
            return leads or self.payload["alert"] in set(Alert)
        if self.kind == "filters":
            rights = socket.person.rights
            is_shared = bool(self.payload["teams"]) and rights.role == Role.ADMIN
            is_theirs = self.payload["owner"] == rights.agent_id
            return is_shared or is_theirs or not rights.team_ids.isdisjoint(self.payload["teams"])
        if self.kind in ("read", "rights", "draft"):
            return self.payload["agent"]["id"] == socket.person.agent_id
        return True

    def _text(self, socket: Socket) -> str:
        language = socket.person.language
        whole = self.payload.get("only") in (None, socket.person.agent_id)
        text = self._texts.get((language, whole))
        if text is None:
            content = {name: value for name, value in self.payload.items() if name not in INNER}
            parts = self.payload.get("html", {}).get(language, {})
            if not whole:
                content = {name: value for name, value in content.items() if name not in ITEM}
                content["kind"] = "conversation"
                parts = {name: html for name, html in parts.items() if name != "message"}
            if "html" in self.payload:
                content["html"] = parts
            text = self._texts[language, whole] = frame(content)
        return text

    def _gone(self) -> str:
        return frame({"kind": "conversation_gone", "conversation": self.conversation})


class Lately:
    """What was passed on last: whether a page that has just come was rendered before any of it."""

    def __init__(self) -> None:
        self._complete_since = time.time()
        self._passed: deque[tuple[float, Outgoing]] = deque()

    def note(self, outgoing: Iterable[Outgoing]) -> None:
        """It goes to all sockets that are here now."""
        now = time.time()
        self._passed.extend((now, event) for event in outgoing if event.changes_lists)
        while len(self._passed) > LATELY:
            self._complete_since, _ = self._passed.popleft()

    def concern(self, socket: Socket, since: object) -> bool:
        """Whether something after this moment (ms since 1970, server's clock) was, or may have been, for the socket."""
        if not isinstance(since, int) or since / 1000 <= self._complete_since:
            return True
        return any(event.text_for(socket) for at, event in reversed(self._passed) if at >= since / 1000)


def without_superseded_parts(payloads: list[dict]) -> list[dict]:
    """Of several events of one conversation only the newest keeps row and head; what else it shows stays."""
    newest = max(
        (payload["version"] for payload in payloads if any("row" in part for part in payload.get("html", {}).values())),
        default=None,
    )
    slim = []
    for payload in payloads:
        if newest is not None and payload.get("html") and payload.get("version", newest) < newest:
            html = {
                language: {name: text for name, text in parts.items() if name in ("message", "later")}
                for language, parts in payload["html"].items()
            }
            payload = {**payload, "html": html, "partial": True}
        slim.append(payload)
    return slim
