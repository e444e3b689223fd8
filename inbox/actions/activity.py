"""Lines of the thread that are nobody's message."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.models import Agent
from inbox import events
from inbox.models import Activity, Conversation


def add_activity(
    conversation: Conversation,
    kind: str,
    *,
    actor: Agent | None = None,
    data: dict[str, Any] | None = None,
    occurred_at: datetime | None = None,
) -> Activity:
    """Write a line into the thread and report it. The caller holds the conversation's row lock.

    `data` keeps what the words need (names as they were then), see inbox.activity_lines. `seq` is saved here.
    """
    activity = Activity.objects.create(
        workspace_id=conversation.workspace_id,
        conversation=conversation,
        seq=conversation.next_seq(),
        kind=kind,
        actor=actor,
        data=data or {},
        occurred_at=occurred_at or timezone.now(),
    )
    conversation.save(update_fields=["seq"])
    events.activity_added(activity)
    return activity
