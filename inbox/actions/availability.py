"""Who is there for new work, and for how much: the switch, breaks that end by themselves, capacity for today."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, F, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.audit import record_audit
from accounts.models import Agent, Availability
from accounts.permissions import people_led_by
from inbox import events
from inbox.actions.wakeups import request_routing
from inbox.errors import InboxRuleViolation, NotAllowed

AT_ONCE = 20  # breaks that end in one sweep
LONGEST_BREAK = timedelta(hours=24)
MOST_AT_ONCE = 200  # conversations, as `Agent.capacity` allows


def set_availability(agent: Agent, availability: str, *, by: Agent | None, until: datetime | None = None) -> Agent:
    """The switch "available / away": one's own, or by a lead of one's teams or an admin. Coming back drains the queue.

    Away `until` a moment is a break, which the sweeper ends (`by` is None then). What somebody holds stays theirs for
    the team's grace.
    """
    if by is not None and by.pk != agent.pk:
        require_lead(by, agent)
    if until is not None and not timezone.now() < until <= timezone.now() + LONGEST_BREAK:
        raise InboxRuleViolation(_("Choose a time within the next day."))
    with transaction.atomic():
        wanted = Availability(availability)
        until = until if wanted == Availability.AWAY else None
        # Who only sets an end to their break has been away since it began.
        since = Case(When(availability=wanted, then=F("availability_changed_at")), default=Value(timezone.now()))
        changed = (
            Agent.objects.filter(pk=agent.pk)
            .exclude(availability=wanted, away_until=until)
            .update(
                availability=wanted, availability_changed_at=since, availability_changed_by=by, away_until=until
            )
        )
        agent.refresh_from_db(
            fields=["availability", "availability_changed_at", "availability_changed_by", "away_until"]
        )
        if changed:
            events.agent_changed(agent)
            request_routing()
    return agent


def end_breaks(now: datetime) -> bool:
    """Whose break is over is available again; are there more?"""
    over = Agent.objects.filter(away_until__lte=now, availability=Availability.AWAY, is_active=True)
    found = list(over.order_by("away_until", "pk")[:AT_ONCE])
    for agent in found:
        set_availability(agent, Availability.AVAILABLE, by=None)
    return len(found) == AT_ONCE


def agent_came_online(agent: Agent) -> None:
    """Somebody's first tab has opened: there may be work for them."""
    if agent.availability == Availability.AVAILABLE:
        request_routing()


def set_capacity_today(person: Agent, capacity: int, *, by: Agent) -> Agent:
    """Another capacity until this person's day ends; the usual one changes nothing. It is in the audit log."""
    require_lead(by, person)
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


def require_lead(by: Agent, person: Agent) -> None:
    """NotAllowed unless this person is of the teams that `by` leads, or `by` an admin."""
    if not people_led_by(by).filter(pk=person.pk).exists():
        raise NotAllowed
