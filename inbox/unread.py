"""How many messages of a conversation an agent has not read: its `inbound_count` less the agent's ReadCursor."""

from typing import TYPE_CHECKING

from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce, Greatest

from accounts.models import Agent
from inbox.models import Conversation, ReadCursor

if TYPE_CHECKING:
    from inbox.models.conversation import ConversationQuerySet


def with_unread(conversations: "ConversationQuerySet", agent: Agent) -> "ConversationQuerySet":
    """Each conversation gets `unread`, counted for this agent."""
    cursor = ReadCursor.objects.filter(agent=agent, conversation=OuterRef("pk")).values("read_count")
    return conversations.annotate(unread=Greatest(F("inbound_count") - Coalesce(Subquery(cursor), 0), 0))


def unread_count(conversation: Conversation, agent: Agent) -> int:
    """For one conversation."""
    cursor = ReadCursor.objects.filter(agent=agent, conversation=conversation).first()
    return max(conversation.inbound_count - (cursor.read_count if cursor else 0), 0)


def read_counts(conversation_id: int) -> dict[int, int]:
    """Agent id → how many of this conversation's messages they have read; agents who read none are absent."""
    return dict(ReadCursor.objects.filter(conversation_id=conversation_id).values_list("agent_id", "read_count"))
