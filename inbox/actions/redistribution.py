"""What customers wait for with one person goes to whoever else is free: by a lead, or by that person who leaves."""

from typing import Any

from accounts.models import Agent
from inbox.actions import bulk
from inbox.actions.assignment import release
from inbox.actions.availability import require_lead
from inbox.enums import ConversationStatus
from inbox.models import Conversation


def redistribute(person: Agent, *, by: Agent, first: dict[str, Any] | None = None) -> bulk.Outcome:
    """What customers wait for goes back to the queues, from which routing gives it to whoever is free but this person.

    At most `bulk.AT_ONCE`, the longest waiting first; answered conversations stay. One `Undo` takes it back, and
    what was done with the person `first`, too.
    """
    if by.pk != person.pk:
        require_lead(by, person)
    unanswered = Conversation.objects.visible_to(by).filter(
        assignee=person, status=ConversationStatus.OPEN, needs_answer=True
    )
    ids = list(unanswered.order_by("waiting_since", "pk").values_list("pk", flat=True)[: bulk.AT_ONCE])
    return bulk.for_each(ids, lambda each: release(each, by=by, seen_assignee_id=person.pk), by=by, first=first)
