"""The one door to the browsers. Facts in the past tense, reported by actions inside their transaction.

Each function writes an Event row (the truth, from which the hub repairs what Redis lost) and publishes the same
payload after the commit. A publish that fails is logged and nothing else: a stored message never depends on Redis.

A payload holds
    id, kind, workspace, conversation, version, seq, at
    facts       assignee, team, mentioned, followers, number, language, labels, status, inbound_count, needs_answer,
                closes_at, last_message_at (ms): all by which a page decides whether a conversation is in its list
    before      the facts that decided who could see it, when this event may take it out of somebody's sight
    reads       {agent id: how many of inbound_count this agent has read}
    only        the one agent who gets the item itself: a reply that is held back is its author's alone
    tell        {agent id: NoticeKind}, who is to be told of it in their own words (inbox.notices), once
    uid, item   of a message, note or activity: its own id, and the id of its element
    took        a number of the thread that no item shows: a reaction of ours has it
    html        {language: {"row", "message", "head", "later"}}, rendered once; never a word about one agent. Head
                only when the conversation itself changed; of a message it feels nothing but the window, which is in
                `facts`. What else is missing could not be rendered and is fetched by the page, unless `partial`
                says that row and head come with a later event
Kinds: message, message_changed, ticks, note, activity, later, conversation, conversation_gone, notice, agent, rights,
alert, label (which has changed, or become another or nothing, wherever a page shows it), filters (one of a menu has
changed: `owner` and `teams` say whose); fleeting ones without a row:
typing, viewing, read, draft, drafting.

Several events of one action belong together: `with transaction.atomic(), events.gathered():` renders row and head of a
conversation once, at the end, and publishes all in one go. It must be inside the block whose rollback undoes them.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import local

from accounts.models import Agent, Availability, Workspace
from inbox import publishing
from inbox.enums import MessageStatus, NoticeKind
from inbox.event_writing import Reported, publish_fleeting, write, write_plain, write_ticks
from inbox.models import Activity, Conversation, Label, Message, Note, SavedFilter
from inbox.visibility import ConversationFacts, facts_of

# States that are nothing but a mark on the bubble. The others come with words or buttons, so they are rendered.
PLAIN_STATUSES = {
    MessageStatus.QUEUED, MessageStatus.SENDING, MessageStatus.ACCEPTED, MessageStatus.SENT,
    MessageStatus.DELIVERED, MessageStatus.READ, MessageStatus.PLAYED,
}  # fmt: skip

_gathering = local()


@contextmanager
def gathered() -> Iterator[None]:
    """Hold the events of the block and write them at its end; when it fails they are dropped. May be nested."""
    waiting: list[Reported] | None = getattr(_gathering, "waiting", None)
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
        write(waiting)


def message_created(message: Message) -> None:
    """A message, either way, is in the thread."""
    _report(Reported("message", message.conversation, message))


def message_changed(message: Message, *, took: int | None = None) -> None:
    """A message looks different: edited, deleted, reacted to, its file is ready, its sending failed or is in doubt.

    A reaction of ours is seen on the message it is about; `took` is the number of the thread it has used up.
    """
    shown = message.quoted if message.is_reaction else message
    if shown is not None:
        shown.conversation = message.conversation
        _report(Reported("message_changed", message.conversation, shown, took=took))


def messages_changed(messages: Iterable[Message]) -> None:
    """Statuses moved, perhaps hundreds at once. Plain marks go out as one light event without rendering.

    Light means: no row is locked and no version raised, the page only moves a mark forward. Failed, unknown and
    held ones are rendered as by `message_changed`, whose caller must hold the conversations' locks. Call
    `message_changed` yourself when a message leaves one of those three states.
    """
    ticked = []
    for message in messages:
        if message.is_reaction and message.status in PLAIN_STATUSES:
            continue
        if message.status in PLAIN_STATUSES:
            ticked.append(message)
        else:
            message_changed(message)
    if ticked:
        write_ticks(ticked)


def conversation_changed(
    conversation: Conversation, *, previous: ConversationFacts | None = None, by: Agent | None = None,
    notice: NoticeKind = NoticeKind.ASSIGNED,
) -> None:  # fmt: skip
    """Status, assignee, team, labels, snooze, window or name changed.

    `previous` are the facts before, so that people who lose sight of it are told to take it off their screens. Who
    has got it by this change is told (`notice`), unless they did it themselves (`by`; None is the routing).
    """
    before = None
    if previous is not None:
        before = {
            "assignee": previous.assignee_id, "team": previous.team_id, "mentioned": sorted(previous.mentioned_ids)
        }  # fmt: skip
    tell = {}
    got = conversation.assignee_id
    if previous is not None and got is not None and got not in (previous.assignee_id, by.pk if by else None):
        tell[got] = notice
    _report(Reported("conversation", conversation, None, before, tell=tell))


def conversation_removed(conversation: Conversation) -> None:
    """It is about to be merged into another, or erased: every page that shows it takes it off. Before that happens."""
    seen_by = facts_of(conversation)
    write_plain(conversation.workspace_id, "conversation_gone", {
        "conversation": conversation.pk,
        "facts": {
            "assignee": seen_by.assignee_id, "team": seen_by.team_id, "mentioned": sorted(seen_by.mentioned_ids)
        },
    })  # fmt: skip


def note_added(note: Note, *, calls: Iterable[int] = ()) -> None:
    """Only colleagues who may see the conversation hear of it. `calls` are the agents it mentions."""
    _report(Reported("note", note.conversation, note, tell=dict.fromkeys(calls, NoticeKind.MENTION)))


def activity_added(activity: Activity) -> None:
    """A line in the thread that is nobody's message."""
    _report(Reported("activity", activity.conversation, activity))


def later_changed(conversation: Conversation) -> None:
    """What is to be sent later in this thread: one more, one less, another time, held."""
    _report(Reported("later", conversation))


def notice_due(conversation: Conversation, agent_ids: Iterable[int], kind: NoticeKind) -> None:
    """Time alone has brought something about that these agents should know."""
    if tell := {str(agent_id): kind for agent_id in agent_ids}:
        content = {"conversation": conversation.pk, "tell": tell}
        write_plain(conversation.workspace_id, "notice", content)


def agent_changed(agent: Agent) -> None:
    """Availability, name or load of a colleague: for everybody in the workspace."""
    availability = Availability.AWAY if agent.is_off_duty_now else agent.availability
    person = {"id": agent.pk, "name": agent.name, "availability": availability, "active": agent.is_active}
    write_plain(agent.workspace_id, "agent", {"agent": person})


def rights_changed(agent: Agent) -> None:
    """Role, visibility, teams, password or activity changed: this agent's sockets re-read their rights or close."""
    write_plain(agent.workspace_id, "rights", {"agent": {"id": agent.pk}})


def workspace_alert(workspace: Workspace, kind: str, **data: object) -> None:
    """Something leads and admins should know now, such as a queue with nobody free; some of it everybody: see
    inbox.audience."""
    write_plain(workspace.pk, "alert", {"alert": kind, "data": data})


def label_changed(label: Label) -> None:
    """Its name or colour, for everybody in the workspace."""
    write_plain(label.workspace_id, "label", {"label": label.pk, "becomes": _label(label)})


def label_removed(workspace_id: int, label_id: int, into: Label | None) -> None:
    """It is gone; what bore it bears `into` now, if that is said."""
    write_plain(workspace_id, "label", {"label": label_id, "becomes": _label(into) if into else None})


def filters_changed(saved: SavedFilter, *, also: Iterable[int | None] = ()) -> None:
    """It is new, another or gone in the menus of its owner and its team; `also` are teams that had it before."""
    teams = sorted({pk for pk in (saved.team_id, *also) if pk is not None})
    write_plain(saved.workspace_id, "filters", {"owner": saved.owner_id, "teams": teams})


def conversation_read(agent: Agent, conversation: Conversation, read_count: int) -> None:
    """One agent has read this far: for the other tabs of that agent alone. Not stored."""
    payload = {
        "kind": "read", "workspace": conversation.workspace_id, "conversation": conversation.pk,
        "agent": {"id": agent.pk}, "read_count": read_count,
    }  # fmt: skip
    publishing.after_commit([payload])


def draft_changed(
    agent: Agent, conversation: Conversation, kind: str, text: str, *, page: str = "", files: bool = False,
    said: str = "",
) -> None:  # fmt: skip
    """What this agent has typed and not sent is another text: for the other pages of that agent alone. Not stored.

    `files`: there are more or others than before. `said`: what has become of it.
    """
    payload = {
        "kind": "draft", "workspace": conversation.workspace_id, "conversation": conversation.pk,
        "agent": {"id": agent.pk}, "what": str(kind), "text": text, "page": page,
        "files": files, "said": said,
    }  # fmt: skip
    publishing.after_commit([payload])


def drafting(conversation: Conversation, agent: Agent, *, has_draft: bool) -> None:
    """A colleague keeps a reply that is not sent, or does so no more. Not stored; a list fetched anew says it too."""
    publish_fleeting("drafting", conversation, {"agent": colleague(agent), "has": has_draft})


def typing(conversation: Conversation, agent: Agent, what: str = "reply") -> None:
    """A colleague is writing a reply or a note. Not stored; a page shows it for 6 s."""
    publish_fleeting("typing", conversation, {"agent": colleague(agent), "what": what})


def viewing(conversation: Conversation, agents: Iterable[Agent]) -> None:
    """Who has this conversation open now, all of them. Not stored."""
    publish_fleeting("viewing", conversation, {"agents": [colleague(agent) for agent in agents]})


def colleague(agent: Agent) -> dict:
    """What a page needs to draw them."""
    return {"id": agent.pk, "name": agent.first_name, "initials": agent.initials, "hue": agent.hue}


def _label(label: Label) -> dict:
    return {"id": label.pk, "name": label.name, "hue": label.hue}


def _report(reported: Reported) -> None:
    waiting = getattr(_gathering, "waiting", None)
    if waiting is None:
        write([reported])
    else:
        waiting.append(reported)
