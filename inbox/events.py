"""The one door to the browsers. Facts in the past tense, reported by actions inside their transaction.

Each function writes an Event row (the truth, from which the hub repairs what Redis lost) and publishes the same
payload after the commit. A publish that fails is logged and nothing else: a stored message never depends on Redis.

A payload holds
    id, kind, workspace, conversation, version, seq, at
    facts       assignee, team, mentioned, labels, status, inbound_count, needs_answer, closes_at, last_message_at (ms)
    before      the facts that decided who could see it, when this event may take it out of somebody's sight
    reads       {agent id: how many of inbound_count this agent has read}
    only        the one agent who gets the item itself: a reply that is held back is its author's alone
    uid, item   of a message, note or activity: its own id, and the id of its element
    html        {language: {"row", "message", "head"}}, rendered once; never a word about one agent. Head only when
                the conversation itself changed; of a message it feels nothing but the window, which is in `facts`.
                What else is missing could not be rendered and is fetched by the page, unless `partial` says that row
                and head come with a later event
Kinds: message, message_changed, ticks, note, activity, conversation, agent, rights, alert; fleeting ones without a
row: typing, viewing, read.

Several events of one action belong together: `with transaction.atomic(), events.gathered():` renders row and head of a
conversation once, at the end, and publishes all in one go. It must be inside the block whose rollback undoes them.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import local
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from accounts.models import Agent, Workspace
from inbox import publishing
from inbox.enums import MessageStatus
from inbox.event_payloads import (
    Item,
    Part,
    Snapshot,
    element_id,
    languages_of,
    milliseconds,
    parts_of,
    rendered,
    snapshots,
)
from inbox.models import Activity, Conversation, Event, Mention, Message, Note

if TYPE_CHECKING:
    from inbox.visibility import ConversationFacts

# States that are nothing but a mark on the bubble. The others come with words or buttons, so they are rendered.
PLAIN_STATUSES = {
    MessageStatus.QUEUED, MessageStatus.SENDING, MessageStatus.ACCEPTED, MessageStatus.SENT,
    MessageStatus.DELIVERED, MessageStatus.READ, MessageStatus.PLAYED,
}  # fmt: skip

KEPT = timedelta(hours=48)
FORGOTTEN_AT_ONCE = 2_000

_gathering = local()


class _Reported:
    """One event of a conversation that waits for its snapshot."""

    def __init__(self, kind: str, conversation: Conversation, item: Item | None = None, before: dict | None = None):
        self.kind, self.conversation, self.item, self.before = kind, conversation, item, before


@contextmanager
def gathered() -> Iterator[None]:
    """Hold the events of the block and write them at its end; when it fails they are dropped. May be nested."""
    waiting: list[_Reported] | None = getattr(_gathering, "waiting", None)
    if waiting is not None:
        length = len(waiting)
        try:
            yield
        except BaseException:
            del waiting[length:]
            raise
        return
    waiting = _gathering.waiting = []
    try:
        yield
    finally:
        _gathering.waiting = None
    if waiting:
        _write(waiting)


def message_created(message: Message) -> None:
    """A message, either way, is in the thread."""
    _report(_Reported("message", message.conversation, message))


def message_changed(message: Message) -> None:
    """A message looks different: edited, deleted, reacted to, its file is ready, its sending failed or is in doubt."""
    _report(_Reported("message_changed", message.conversation, message))


def messages_changed(messages: Iterable[Message]) -> None:
    """Statuses moved, perhaps hundreds at once. Plain marks go out as one light event without rendering.

    Light means: no row is locked and no version raised, the page only moves a mark forward. Failed, unknown and
    held ones are rendered as by `message_changed`, whose caller must hold the conversations' locks. Call
    `message_changed` yourself when a message leaves one of those three states.
    """
    ticked = []
    for message in messages:
        if message.status in PLAIN_STATUSES:
            ticked.append(message)
        else:
            message_changed(message)
    if ticked:
        _write_ticks(ticked)


def conversation_changed(conversation: Conversation, *, previous: "ConversationFacts | None" = None) -> None:
    """Status, assignee, team, labels, snooze, window or name changed.

    `previous` are the facts before, so that people who lose sight of it are told to take it off their screens.
    """
    before = None
    if previous is not None:
        before = {
            "assignee": previous.assignee_id, "team": previous.team_id, "mentioned": sorted(previous.mentioned_ids)
        }  # fmt: skip
    _report(_Reported("conversation", conversation, None, before))


def note_added(note: Note) -> None:
    """Only colleagues who may see the conversation hear of it."""
    _report(_Reported("note", note.conversation, note))


def activity_added(activity: Activity) -> None:
    """A line in the thread that is nobody's message."""
    _report(_Reported("activity", activity.conversation, activity))


def agent_changed(agent: Agent) -> None:
    """Availability, name or load of a colleague: for everybody in the workspace."""
    person = {"id": agent.pk, "name": agent.name, "availability": agent.availability, "active": agent.is_active}
    _write_plain(agent.workspace_id, "agent", {"agent": person})


def rights_changed(agent: Agent) -> None:
    """Role, visibility, teams, password or activity changed: this agent's sockets re-read their rights or close."""
    _write_plain(agent.workspace_id, "rights", {"agent": {"id": agent.pk}})


def workspace_alert(workspace: Workspace, kind: str, **data: object) -> None:
    """Something leads and admins should know now, such as a queue with nobody free."""
    _write_plain(workspace.pk, "alert", {"alert": kind, "data": data})


def conversation_read(agent: Agent, conversation: Conversation, read_count: int) -> None:
    """One agent has read this far: for the other tabs of that agent alone. Not stored."""
    payload = {
        "kind": "read", "workspace": conversation.workspace_id, "conversation": conversation.pk,
        "agent": {"id": agent.pk}, "read_count": read_count,
    }  # fmt: skip
    publishing.after_commit([payload])


def typing(conversation: Conversation, agent: Agent, what: str = "reply") -> None:
    """A colleague is writing a reply or a note. Not stored; a page shows it for 6 s."""
    _publish_fleeting("typing", conversation, {"agent": _colleague(agent), "what": what})


def viewing(conversation: Conversation, agents: Iterable[Agent]) -> None:
    """Who has this conversation open now, all of them. Not stored."""
    _publish_fleeting("viewing", conversation, {"agents": [_colleague(agent) for agent in agents]})


def forget_old() -> int:
    """Delete events that no hub needs any more, in small transactions; how many."""
    limit, deleted = timezone.now() - KEPT, 0
    while True:
        oldest = Event.objects.filter(created_at__lt=limit).order_by("created_at").values_list("pk", flat=True)
        count, _ = Event.objects.filter(pk__in=list(oldest[:FORGOTTEN_AT_ONCE])).delete()
        deleted += count
        if count < FORGOTTEN_AT_ONCE:
            return deleted


def _colleague(agent: Agent) -> dict:
    return {"id": agent.pk, "name": agent.first_name, "initials": agent.initials, "hue": agent.hue}


def _report(reported: _Reported) -> None:
    waiting = getattr(_gathering, "waiting", None)
    if waiting is None:
        _write([reported])
    else:
        waiting.append(reported)


def _write(reported: list[_Reported]) -> None:
    """Store the events and publish them on commit. Row and head ride on the last event of each conversation."""
    known = snapshots({event.conversation.pk for event in reported})
    reported = [event for event in reported if event.conversation.pk in known]  # not what a savepoint undid
    html = _html(reported, known)
    last = {event.conversation.pk: event for event in reported}
    rows = []
    for event in reported:
        snapshot = known[event.conversation.pk]
        event.conversation.version = snapshot.conversation.version
        payload = _payload(event, snapshot)
        wanted = [] if event.item is None else [("message", payload["item"])]
        if last[event.conversation.pk] is event:
            wanted += [("row", f"row-{event.conversation.pk}"), ("head", f"head-{event.conversation.pk}")]
        else:
            payload["partial"] = True
        for name, element in wanted:
            for language, text in html.get(element, {}).items():
                payload["html"].setdefault(language, {})[name] = text
        rows.append(_row(payload))
    _store(rows)


def _html(reported: list[_Reported], known: dict[int, Snapshot]) -> dict[str, dict[str, str]]:
    """Element id → language → fragment, for all workspaces of one transaction; that is nearly always one."""
    by_workspace: dict[int, dict[str, Part]] = {}
    created = {element_id(event.item) for event in reported if event.item is not None and event.kind == "message"}
    for event in reported:
        snapshot = known[event.conversation.pk]
        parts = by_workspace.setdefault(snapshot.conversation.workspace_id, {})
        parts[f"row-{event.conversation.pk}"] = ("row", snapshot.conversation)
        if (
            event.kind == "conversation"
        ):  # all that a message changes in it is the window, and the page moves that itself
            parts[f"head-{event.conversation.pk}"] = ("head", snapshot.conversation)
        if event.item is not None:
            name = element_id(event.item)
            parts[name] = parts_of(event.item, snapshot, is_new=name in created)
    html: dict[str, dict[str, str]] = {}
    for workspace_id, parts in by_workspace.items():
        html.update(zip(parts, rendered(list(parts.values()), languages_of(workspace_id)), strict=True))
    return html


def _payload(event: _Reported, snapshot: Snapshot) -> dict:
    payload = {
        "kind": event.kind,
        "workspace": snapshot.conversation.workspace_id,
        "conversation": snapshot.conversation.pk,
        "version": snapshot.conversation.version,
        "seq": snapshot.conversation.seq if event.item is None else event.item.seq,
        "facts": snapshot.facts(),
        "reads": snapshot.reads,
        "html": {},
    }
    if event.item is not None:
        payload["uid"] = str(getattr(event.item, "uid", event.item.pk))
        payload["item"] = element_id(event.item)
        payload["at"] = milliseconds(event.item.occurred_at)
        if getattr(event.item, "status", None) == MessageStatus.HELD:
            payload["only"] = getattr(event.item, "author_id", None)
    if event.before is not None:
        payload["before"] = event.before
    return payload


def _write_ticks(messages: list[Message]) -> None:
    """One event a conversation, with the marks of all its messages."""
    conversations = {
        row["id"]: row
        for row in Conversation.objects.filter(pk__in={message.conversation_id for message in messages}).values(
            "id", "workspace_id", "assignee_id", "team_id", "preview__uid"
        )
    }
    mentioned: dict[int, list[int]] = {}
    mentions = Mention.objects.filter(conversation__in=conversations).values_list("conversation_id", "agent_id")
    for conversation_id, agent_id in mentions.distinct():
        mentioned.setdefault(conversation_id, []).append(agent_id)
    payloads: dict[int, dict] = {}
    for message in messages:
        row = conversations[message.conversation_id]
        payload = payloads.setdefault(row["id"], {
            "kind": "ticks", "workspace": row["workspace_id"], "conversation": row["id"], "ticks": [],
            "facts": {
                "assignee": row["assignee_id"], "team": row["team_id"], "mentioned": mentioned.get(row["id"], [])
            },
            "in_row": False,
        })  # fmt: skip
        payload["ticks"].append({"uid": str(message.uid), "status": message.status})
        payload["in_row"] = payload["in_row"] or row["preview__uid"] == str(message.uid)
    _store([_row(payload) for payload in payloads.values()])


def _write_plain(workspace_id: int, kind: str, content: dict) -> None:
    _store([_row({"kind": kind, "workspace": workspace_id, **content})])


def _row(payload: dict) -> Event:
    return Event(
        workspace_id=payload["workspace"],
        kind=payload["kind"],
        conversation_id=payload.get("conversation"),
        payload=payload,
    )


def _store(rows: list[Event]) -> None:
    """Write the rows; the commit publishes them. Outside a transaction that would be two facts, so it is refused."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("Events are reported inside the transaction that makes them true.")
    stored = Event.objects.bulk_create(rows)
    publishing.after_commit([{"id": row.pk, **row.payload} for row in stored])


def _publish_fleeting(kind: str, conversation: Conversation, content: dict) -> None:
    mentioned = Mention.objects.filter(conversation=conversation).values_list("agent_id", flat=True).distinct()
    facts = {
        "assignee": conversation.assignee_id, "team": conversation.team_id, "mentioned": list(mentioned)
    }  # fmt: skip
    payload = {
        "kind": kind, "workspace": conversation.workspace_id, "conversation": conversation.pk, "facts": facts, **content
    }  # fmt: skip
    publishing.after_commit([payload])
