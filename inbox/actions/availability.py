"""Who is there for new work: the switch, and breaks that end by themselves."""

from datetime import datetime

from django.db import transaction
from django.db.models import Case, F, Value, When
from django.utils import timezone

from accounts.models import Agent, Availability, Role
from inbox import events
from inbox.actions.wakeups import request_routing
from inbox.errors import NotAllowed

AT_ONCE = 20  # breaks that end in one sweep


def set_availability(agent: Agent, availability: str, *, by: Agent | None, until: datetime | None = None) -> Agent:
    """The switch "available / away": one's own, or by a lead or admin. Coming back drains the queue.

    Away `until` a moment is a break, which the sweeper ends (`by` is None then).
    """
    if by is not None and by.pk != agent.pk and not _may_switch(by, agent):
        raise NotAllowed
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


def _may_switch(by: Agent, agent: Agent) -> bool:
    return by.workspace_id == agent.workspace_id and by.role in (Role.LEAD, Role.ADMIN)


def agent_came_online(agent: Agent) -> None:
    """Somebody's first tab has opened: there may be work for them."""
    if agent.availability == Availability.AVAILABLE:
        request_routing()
