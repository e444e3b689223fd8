"""Lines of the thread that are nobody's message."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.models import ApiToken
from inbox import events
from inbox.models import Activity, Conversation
from inbox.visibility import Actor, person_of


def add_activity(
    conversation: Conversation,
    kind: str,
    *,
    actor: Actor | None = None,
    data: dict[str, Any] | None = None,
    occurred_at: datetime | None = None,
) -> Activity:
    """Write a line into the thread and report it. The caller holds the conversation's row lock.

    `data` keeps what the words need (names as they were then), see inbox.activity_lines; of another system too, which
    is nobody's actor. `seq` is saved here.
    """
    if isinstance(actor, ApiToken):
        data = {**(data or {}), "api": actor.name}
    activity = Activity.objects.create(
        workspace_id=conversation.workspace_id,
        conversation=conversation,
        seq=conversation.next_seq(),
        kind=kind,
        actor=person_of(actor),
        data=data or {},
        occurred_at=occurred_at or timezone.now(),
    )
    conversation.save(update_fields=["seq"])
    events.activity_added(activity)
    return activity
