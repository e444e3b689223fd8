"""Who is there for new work, and for how much: the switch, breaks and shifts that end, capacity for today."""

from contextlib import suppress
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import duty
from accounts.audit import record_audit
from accounts.models import Agent, Availability
from accounts.permissions import people_led_by
from inbox import events
from inbox.actions.wakeups import request_routing
from inbox.errors import InboxRuleViolation, NotAllowed, StaleVersion
from inbox.times import in_words

AT_ONCE = 20  # breaks and shifts that end in one sweep
SWITCH = ("availability", "availability_changed_at", "availability_changed_by", "away_until", "away_keeps")
LONGEST_BREAK = timedelta(hours=24)
MOST_AT_ONCE = 200  # conversations, as `Agent.capacity` allows


def set_availability(
    agent: Agent, availability: str, *, by: Agent | None, until: datetime | None = None, keeps: bool = False,
    seen: str | None = None,
) -> Agent:  # fmt: skip
    """The switch "available / away": one's own, or by a lead of one's teams or an admin. Coming back drains the queue.

    Away `until` a moment is a break, which the sweeper ends (`by` is None then). What somebody holds stays theirs for
    the team's grace, and with `keeps` beyond it. `seen` is the switch as it was on the actor's screen (`switch_of`); if
    it is another by now, StaleVersion says what. Outside the working hours one's own switch means extra work: on takes
    it up until the schedule changes next, off ends it.
    """
    if by is not None and by.pk != agent.pk:
        require_lead(by, agent)
    now = timezone.now()
    if until is not None and not now < until <= now + LONGEST_BREAK:
        raise InboxRuleViolation(gettext_lazy("Choose a time within the next day."))
    is_away = availability == Availability.AWAY
    wanted = (Availability(availability), until if is_away else None, is_away and keeps)
    with transaction.atomic():
        stored = Agent.objects.select_for_update(no_key=True).get(pk=agent.pk)
        if seen is not None and seen != switch_of(stored):
            raise StaleVersion(_switched_by(stored))
        is_changed = bool(duty.refresh([stored], now)) if stored.is_due(now) else False
        if by is not None and by.pk == agent.pk:
            if not is_away and stored.is_off_duty(now):
                duty.begin_extra(stored, now)
                is_changed = True
            elif is_away and until is None and stored.works_extra:
                duty.end_extra(stored, now)
                is_changed, wanted = True, (Availability.AVAILABLE, None, False)
        if (stored.availability, stored.away_until, stored.away_keeps) != wanted:
            if stored.availability != wanted[0]:  # who only sets an end to their break has been away since it began
                stored.availability_changed_at = now
            stored.availability, stored.away_until, stored.away_keeps = wanted
            stored.availability_changed_by = by
            stored.save(update_fields=SWITCH)
            is_changed = True
        for field in (*SWITCH, *duty.FIELDS):
            setattr(agent, field, getattr(stored, field))
        if is_changed:
            events.agent_changed(agent)
            request_routing()
    return agent


def end_breaks(now: datetime) -> bool:
    """Whose break is over is available again; are there more?"""
    over = Agent.objects.filter(away_until__lte=now, availability=Availability.AWAY, is_active=True)
    found = list(over.order_by("away_until", "pk")[:AT_ONCE])
    for agent in found:
        with suppress(StaleVersion):  # somebody has changed it this very moment
            set_availability(agent, Availability.AVAILABLE, by=None, seen=switch_of(agent))
    return len(found) == AT_ONCE


def change_shifts(now: datetime) -> bool:
    """Whose working hours begin or end is told so, and whoever comes gets work; are there more?"""
    due = list(Agent.objects.filter(duty.passed_boundaries(now)).order_by("duty_until", "pk")[:AT_ONCE])
    for workspace_id in sorted({agent.workspace_id for agent in due}):
        with transaction.atomic():
            these = Agent.objects.select_for_update(no_key=True).filter(
                duty.passed_boundaries(now), pk__in=[each.pk for each in due], workspace=workspace_id
            )
            changed = duty.refresh(list(these.order_by("pk")), now)
            for agent in changed:
                events.agent_changed(agent)
            if changed:
                request_routing()
    return len(due) == AT_ONCE


def agent_came_online(agent: Agent) -> None:
    """Somebody's first tab has opened: there may be work for them."""
    if agent.availability == Availability.AVAILABLE:
        request_routing()


def set_capacity_today(person: Agent, capacity: int, *, by: Agent, seen: int | None = None) -> Agent:
    """Another capacity until this person's day ends; the usual one changes nothing. It is in the audit log.

    `seen` is what the actor's screen said; if somebody else has changed it meanwhile, StaleVersion.
    """
    require_lead(by, person)
    if not 0 <= capacity <= MOST_AT_ONCE:
        raise InboxRuleViolation(_("Choose a capacity between 0 and %(most)s.") % {"most": MOST_AT_ONCE})
    with transaction.atomic():
        before = Agent.objects.select_for_update(no_key=True).get(pk=person.pk).capacity_now
        if seen is not None and before not in (seen, capacity):
            words = _("Somebody else has just set %(capacity)s at once for %(name)s.")
            raise StaleVersion(words % {"capacity": before, "name": person.first_name})
        person.capacity_today = None if capacity == person.capacity else capacity
        person.capacity_today_on = timezone.now().astimezone(person.zone).date()
        person.save(update_fields=["capacity_today", "capacity_today_on"])
        if capacity != before:
            record_audit(person.workspace, by, "person.capacity_today", person, {"from": before, "to": capacity})
            events.agent_changed(person)
            request_routing()
    return person


def switch_of(agent: Agent) -> str:
    """The switch as a word that changes with it, for `seen`."""
    until = agent.away_until.isoformat() if agent.away_until else ""
    return f"{agent.availability} {until} {int(agent.away_keeps)}"


def _switched_by(agent: Agent) -> str:
    """What the one who was quicker did."""
    names = {"who": agent.availability_changed_by.first_name if agent.availability_changed_by else "Tresen"}
    names["name"] = agent.first_name
    if agent.availability == Availability.AVAILABLE:
        return _("%(who)s was quicker: %(name)s is available.") % names
    if agent.away_until is None:
        return _("%(who)s was quicker: %(name)s is away.") % names
    names["time"] = in_words(agent.away_until, "since")
    return _("%(who)s was quicker: %(name)s is away until %(time)s.") % names


def require_lead(by: Agent, person: Agent) -> None:
    """NotAllowed unless this person is of the teams that `by` leads, or `by` an admin."""
    if not people_led_by(by).filter(pk=person.pk).exists():
        raise NotAllowed
