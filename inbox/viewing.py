"""Who looks at a conversation and who is writing in it: hints from pages, checked and passed on to colleagues."""

from accounts.models import Agent
from inbox import events, presence, socket_auth
from inbox.actions import receipts
from inbox.models import Conversation
from inbox.socket_auth import SignedIn
from inbox.visibility import visible_q_for

MOST = 300  # conversations that somebody has open at once


def enter(person: SignedIn, conversation_id: int) -> bool:
    """The agent opened the conversation. False when that is not theirs to see (any more)."""
    conversation = _visible(person, conversation_id)
    if conversation is None:
        return False
    presence.keep_viewing([(conversation_id, person.agent_id)])
    _tell(conversation)
    return True


def leave(person: SignedIn, conversation_id: int) -> None:
    """The agent's last tab left it."""
    presence.stop_viewing(conversation_id, person.agent_id)
    conversation = Conversation.objects.filter(pk=conversation_id, workspace_id=person.rights.workspace_id).first()
    if conversation is not None:
        _tell(conversation)


def seen_by(person: SignedIn, looking: dict[int, set[int]]) -> list[dict]:
    """Who looks at what (conversation → agents), as frames for a page that has just come: what its agent may see."""
    conversations = Conversation.objects.filter(visible_q_for(person.rights), pk__in=list(looking)[:MOST])
    agents = Agent.objects.in_bulk(set().union(*looking.values()))
    return [
        {
            "kind": "viewing", "conversation": pk,
            "agents": [events.colleague(agents[agent_id]) for agent_id in sorted(looking[pk])],
        }
        for pk in conversations.values_list("pk", flat=True)
    ]  # fmt: skip


def say_typing(person: SignedIn, conversation_id: int, what: str) -> None:
    """The agent is writing; told at most each 3 s, and only of conversations that are theirs to see."""
    conversation = _visible(person, conversation_id)
    if conversation is not None and presence.may_say_typing(conversation_id, person.agent_id, what):
        events.typing(conversation, Agent.objects.get(pk=person.agent_id), what)
        if what == "reply":
            receipts.show_typing(conversation)


def _visible(person: SignedIn, conversation_id: int) -> Conversation | None:
    """Asked with the rights as they are now, not as they were at the handshake."""
    if socket_auth.refusals([person]):
        return None
    conversations = Conversation.objects.select_related("workspace")
    return conversations.filter(visible_q_for(person.rights), pk=conversation_id).first()


def _tell(conversation: Conversation) -> None:
    viewers = Agent.objects.filter(pk__in=presence.viewer_ids(conversation.pk), is_active=True).order_by("name")
    events.viewing(conversation, viewers)
