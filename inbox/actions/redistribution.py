"""A lead's gestures towards a person of their teams: pause them, more or less work today, give theirs to others."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.audit import record_audit
from accounts.models import Agent, Availability
from inbox import events
from inbox.actions import bulk
from inbox.actions.assignment import release
from inbox.actions.availability import set_availability
from inbox.actions.wakeups import request_routing
from inbox.board import people_led_by
from inbox.enums import ConversationStatus
from inbox.errors import InboxRuleViolation, NotAllowed
from inbox.models import Conversation

LONGEST_BREAK = timedelta(hours=24)
MOST_AT_ONCE = 200  # as `Agent.capacity` allows


def pause(person: Agent, *, by: Agent, until: datetime | None = None) -> Agent:
    """No new work for this person, by themselves or by a lead, until a moment or until somebody ends it.

    What they hold stays theirs for the team's grace.
    """
    if by.pk != person.pk:
        _require_lead(by, person)
    if until is not None and not timezone.now() < until <= timezone.now() + LONGEST_BREAK:
        raise InboxRuleViolation(_("Choose a time within the next day."))
    return set_availability(person, Availability.AWAY, by=by, until=until)


def end_pause(person: Agent, *, by: Agent) -> Agent:
    """Work again."""
    if by.pk != person.pk:
        _require_lead(by, person)
    return set_availability(person, Availability.AVAILABLE, by=by)


def set_capacity_today(person: Agent, capacity: int, *, by: Agent) -> Agent:
    """Another capacity until this person's day ends; the usual one changes nothing. It is in the audit log."""
    _require_lead(by, person)
    if not 0 <= capacity <= MOST_AT_ONCE:
        raise InboxRuleViolation(_("Choose a capacity between 0 and %(most)s.") % {"most": MOST_AT_ONCE})
    with transaction.atomic():
        before = person.capacity_now
        person.capacity_today = None if capacity == person.capacity else capacity
        person.capacity_today_on = timezone.now().astimezone(person.zone).date()
        person.save(update_fields=["capacity_today", "capacity_today_on"])
        if capacity != before:
            record_audit(person.workspace, by, "person.capacity_today", person, {"from": before, "to": capacity})
            events.agent_changed(person)
            request_routing()
    return person


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
