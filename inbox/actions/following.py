"""Following a conversation: it stands in one's own view and says when something happens, while one may see it."""

from collections.abc import Iterable

from django.db import transaction

from accounts.models import Agent
from inbox import events
from inbox.access import require_sight
from inbox.actions.locks import lock
from inbox.models import Conversation, Follower


def follow(conversation: Conversation, *, by: Agent) -> None:
    """From now on it is in the follower's list."""
    with transaction.atomic():
        lock(conversation)
        require_sight(by, conversation)
        if follow_all(conversation, [by.pk]):
            events.conversation_changed(conversation)


def unfollow(conversation: Conversation, *, by: Agent) -> None:
    """Enough of it; a later mention begins anew."""
    with transaction.atomic():
        lock(conversation)
        require_sight(by, conversation)
        count, _ = Follower.objects.filter(conversation=conversation, agent=by).delete()
        if count:
            events.conversation_changed(conversation)


def follow_all(conversation: Conversation, agent_ids: Iterable[int]) -> int:
    """Who does not follow yet does now; how many. The caller holds the lock and reports."""
    followed = Follower.objects.filter(conversation=conversation).values_list("agent_id", flat=True)
    new = [Follower(conversation=conversation, agent_id=agent_id) for agent_id in set(agent_ids) - set(followed)]
    return len(Follower.objects.bulk_create(new))
