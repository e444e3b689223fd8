"""Events into the table and on their way: what stands behind the functions of `inbox.events`."""

import json
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from inbox import publishing, push_queue, statements
from inbox.enums import ERASING, Direction, MessageKind, MessageStatus, NoticeKind
from inbox.event_payloads import (
    Item,
    Part,
    Snapshot,
    element_id,
    milliseconds,
    parts_of,
    rendered,
    snapshots,
)
from inbox.models import Conversation, Event, Mention, Message
from inbox.visibility import facts_of, may_see, rights_by_agent

KEPT = timedelta(hours=48)
FORGOTTEN_AT_ONCE = 2_000
# All in one text; numbered in the order given, so that the ids say which is which.
STORE = """
INSERT INTO inbox_event (workspace_id, kind, conversation_id, payload, created_at)
SELECT (payload->>'workspace')::bigint, payload->>'kind', (payload->>'conversation')::bigint, payload, %s
  FROM jsonb_array_elements(%s::jsonb) WITH ORDINALITY AS t (payload, place) ORDER BY place RETURNING id
"""
TICKED = """
SELECT c.id, c.workspace_id, c.assignee_id, c.team_id, c.preview->>'uid',
    ARRAY(SELECT DISTINCT m.agent_id FROM inbox_mention m WHERE m.conversation_id = c.id)
FROM inbox_conversation c WHERE c.id = ANY(%s)
"""


class Reported:
    """One event of a conversation that waits for its snapshot."""

    def __init__(
        self, kind: str, conversation: Conversation, item: Item | None = None, before: dict | None = None,
        took: int | None = None, tell: dict[int, NoticeKind] | None = None,
    ):  # fmt: skip
        self.kind, self.conversation, self.item, self.before = kind, conversation, item, before
        self.took, self.tell = took, tell or {}


def write(reported: list[Reported]) -> None:
    """Store the events and publish them on commit. Row and head ride on the last event of each conversation."""
    known = snapshots({event.conversation.pk for event in reported})
    known = {pk: snapshot for pk, snapshot in known.items() if snapshot.conversation.status != ERASING}
    reported = [event for event in reported if event.conversation.pk in known]  # not what a savepoint undid
    if not reported:
        return
    html = _html(reported, known)
    last = {event.conversation.pk: event for event in reported}
    payloads = []
    for event in reported:
        snapshot = known[event.conversation.pk]
        event.conversation.version = snapshot.conversation.version
        payload = _payload(event, snapshot)
        wanted = [] if event.item is None else [("message", payload["item"])]
        if event.kind == "later":
            wanted.append(("later", f"later-{event.conversation.pk}"))
        if last[event.conversation.pk] is event:
            wanted += [("row", f"row-{event.conversation.pk}"), ("head", f"head-{event.conversation.pk}")]
        else:
            payload["partial"] = True
        for name, element in wanted:
            for language, text in html.get(element, {}).items():
                payload["html"].setdefault(language, {})[name] = text
        payloads.append(payload)
    _store(payloads)


def _html(reported: list[Reported], known: dict[int, Snapshot]) -> dict[str, dict[str, str]]:
    """Element id → language → fragment, for all workspaces of one transaction; that is nearly always one."""
    by_workspace: dict[int, dict[str, Part]] = {}
    languages: dict[int, list[str]] = {}
    created = {element_id(event.item) for event in reported if event.item is not None and event.kind == "message"}
    for event in reported:
        snapshot = known[event.conversation.pk]
        parts = by_workspace.setdefault(snapshot.conversation.workspace_id, {})
        languages[snapshot.conversation.workspace_id] = snapshot.languages
        parts[f"row-{event.conversation.pk}"] = ("row", snapshot.conversation)
        if event.kind == "conversation":  # what a message changes in it, the page moves itself (live/thread.js)
            parts[f"head-{event.conversation.pk}"] = ("head", snapshot.conversation)
        elif event.kind == "later":
            parts[f"later-{event.conversation.pk}"] = ("later", snapshot.conversation)
        if event.item is not None:
            name = element_id(event.item)
            parts[name] = parts_of(event.item, snapshot, is_new=name in created)
    html: dict[str, dict[str, str]] = {}
    for workspace_id, parts in by_workspace.items():
        html.update(zip(parts, rendered(list(parts.values()), languages[workspace_id]), strict=True))
    return html


def _payload(event: Reported, snapshot: Snapshot) -> dict:
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
    if event.took is not None:
        payload["took"] = event.took
    if event.before is not None:
        payload["before"] = event.before
    if tell := event.tell or _customer_wrote(event, snapshot):
        payload["tell"] = {str(agent_id): kind for agent_id, kind in tell.items()}
    return payload


def _customer_wrote(event: Reported, snapshot: Snapshot) -> dict[int, NoticeKind]:
    """A new message of the customer: whoever has the conversation is told, and who follows it and may see it."""
    message = event.item
    if event.kind != "message" or not isinstance(message, Message):
        return {}
    if message.direction != Direction.IN or message.kind == MessageKind.SYSTEM:
        return {}
    if "rating" in message.data or "rating_comment" in message.data:  # stands with its case, and is no news
        return {}
    told = [] if snapshot.conversation.assignee_id is None else [snapshot.conversation.assignee_id]
    if snapshot.followers:
        facts = facts_of(snapshot.conversation)
        rights = rights_by_agent(facts.workspace_id)
        told += [each for each in snapshot.followers if each in rights and may_see(rights[each], facts)]
    return dict.fromkeys(told, NoticeKind.MESSAGE)


def write_ticks(messages: list[Message]) -> None:
    """One event a conversation, with the marks of all its messages."""
    about = {
        pk: ({"assignee": assignee, "team": team, "mentioned": mentioned}, workspace_id, shown)
        for pk, workspace_id, assignee, team, shown, mentioned in statements.fetch(
            TICKED, [list({message.conversation_id for message in messages})]
        )
    }
    payloads: dict[int, dict] = {}
    for message in messages:
        pk, uid = message.conversation_id, str(message.uid)
        facts, workspace_id, shown = about[pk]
        payload = payloads.setdefault(pk, {
            "kind": "ticks", "workspace": workspace_id, "conversation": pk, "ticks": [], "facts": facts, "in_row": False
        })  # fmt: skip
        payload["ticks"].append({"uid": uid, "status": message.status})
        payload["in_row"] = payload["in_row"] or shown == uid
    _store(list(payloads.values()))


def write_plain(workspace_id: int, kind: str, content: dict) -> None:
    _store([{"kind": kind, "workspace": workspace_id, **content}])


def _store(payloads: list[dict]) -> None:
    """Write the rows; the commit publishes them. Outside a transaction that would be two facts, so it is refused."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("Events are reported inside the transaction that makes them true.")
    ids = sorted(pk for (pk,) in statements.fetch(STORE, [timezone.now(), json.dumps(payloads)]))
    publishing.after_commit([{"id": pk, **payload} for pk, payload in zip(ids, payloads, strict=True)])
    push_queue.remember(payloads)


def publish_fleeting(kind: str, conversation: Conversation, content: dict) -> None:
    mentioned = Mention.objects.filter(conversation=conversation).values_list("agent_id", flat=True).distinct()
    facts = {
        "assignee": conversation.assignee_id, "team": conversation.team_id, "mentioned": list(mentioned)
    }  # fmt: skip
    payload = {
        "kind": kind, "workspace": conversation.workspace_id, "conversation": conversation.pk, "facts": facts, **content
    }  # fmt: skip
    publishing.after_commit([payload])


def forget_old() -> int:
    """Delete events that no hub needs any more, in small transactions; how many."""
    limit, deleted = timezone.now() - KEPT, 0
    while True:
        oldest = Event.objects.filter(created_at__lt=limit).order_by("created_at").values_list("pk", flat=True)
        count, _ = Event.objects.filter(pk__in=list(oldest[:FORGOTTEN_AT_ONCE])).delete()
        deleted += count
        if count < FORGOTTEN_AT_ONCE:
            return deleted
