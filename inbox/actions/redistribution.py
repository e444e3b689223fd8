"""A lead's gestures towards a person of their teams: pause them, and give what customers wait for to others."""

from accounts.models import Agent, Availability
from inbox.actions import bulk
from inbox.actions.assignment import release, set_availability
from inbox.board import people_led_by
from inbox.enums import ConversationStatus
from inbox.errors import NotAllowed
from inbox.models import Conversation


def pause(person: Agent, *, by: Agent, paused: bool = True) -> Agent:
    """No new work for this person, or work again. What they hold stays theirs for the team's grace."""
    _require_lead(by, person)
    return set_availability(person, Availability.AWAY if paused else Availability.AVAILABLE, by=by)


def redistribute(person: Agent, *, by: Agent) -> bulk.Outcome:
    """What customers wait for goes back to the queues, from which routing gives it to whoever is free but this person.

    At most `bulk.AT_ONCE`, the longest waiting first; answered conversations stay. One `Undo` takes it back.
    """
    _require_lead(by, person)
    unanswered = Conversation.objects.visible_to(by).filter(
        assignee=person, status=ConversationStatus.OPEN, needs_answer=True
    )
    ids = list(unanswered.order_by("waiting_since", "pk").values_list("pk", flat=True)[: bulk.AT_ONCE])
    return bulk.for_each(ids, lambda each: release(each, by=by, seen_assignee_id=person.pk), by=by)


def _require_lead(by: Agent, person: Agent) -> None:
    if not people_led_by(by).filter(pk=person.pk).exists():
        raise NotAllowed
