"""What schedules say of people, written with them: on, off, or working all the same, and until when.

Routing, hand-back and the screens read these columns and need no calendar. They hold for the second: whoever asks gives
the moment, and a boundary that has passed counts even before the sweeper has written what comes after it.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from accounts.hours import OpeningHours
from accounts.models import Agent, Duty
from accounts.schedules import hours_of_agents

FIELDS = ("duty", "duty_since", "duty_until")


def on_duty(moment: datetime) -> Q:
    """Agents who work at that moment as far as their schedule, or their own word against it, is concerned."""
    is_over = Q(duty_until__lte=moment)
    return (
        Q(duty=Duty.UNSCHEDULED)
        | Q(duty=Duty.EXTRA)
        | (Q(duty=Duty.ON) & ~is_over)
        | (Q(duty=Duty.ON, duty_until=None))
        | (Q(duty__in=(Duty.OFF, Duty.FREE)) & is_over)
    )


def passed_boundaries(moment: datetime) -> Q:
    """Agents whose schedule has changed since it was last looked at."""
    return Q(duty_until__lte=moment, is_active=True)


def refresh(agents: Iterable[Agent], moment: datetime) -> list[Agent]:
    """Write what the schedules of these people of one workspace say at `moment`; those for whom that is different.

    Off is counted from the end of the last block when the schedule ran into it, and from `moment` when the schedule
    itself was changed. Who works all the same goes on until the schedule changes.
    """
    agents = list(agents)
    if not agents:
        return []
    hours, changed = hours_of_agents(agents[0].workspace_id, agents), []
    for agent in agents:
        before = [getattr(agent, field) for field in FIELDS]
        look_at(agent, hours.get(agent.pk), moment)
        if [getattr(agent, field) for field in FIELDS] != before:
            agent.save(update_fields=FIELDS)
        if agent.duty != before[0]:
            changed.append(agent)
    return changed


def begin_extra(agent: Agent, moment: datetime) -> None:
    """They work although their schedule says no: until it changes, or until they switch off."""
    agent.duty, agent.duty_since = Duty.EXTRA, moment
    agent.save(update_fields=FIELDS)


def end_extra(agent: Agent, moment: datetime) -> None:
    """Off again, as the schedule says."""
    agent.duty, agent.duty_since = Duty.OFF, moment
    agent.save(update_fields=FIELDS)


def look_at(agent: Agent, hours: OpeningHours | None, moment: datetime) -> None:
    """Set the columns by these hours, unsaved."""
    boundary = agent.duty_until if agent.duty_until is not None and agent.duty_until <= moment else None
    if hours is None:
        agent.duty, agent.duty_since, agent.duty_until = Duty.UNSCHEDULED, None, None
    elif hours.is_open(moment):
        if agent.duty != Duty.ON:
            agent.duty, agent.duty_since = Duty.ON, boundary or moment
        agent.duty_until = hours.closes_after(moment)
    else:
        works_today = hours.blocks_on(moment.astimezone(hours.zone).date())
        kind = Duty.OFF if works_today else Duty.FREE
        if boundary is not None or agent.duty not in (Duty.OFF, Duty.FREE, Duty.EXTRA):
            ended = hours.closed_since(moment) if boundary is not None else None
            agent.duty, agent.duty_since = kind, ended or moment
        elif agent.duty != Duty.EXTRA:
            agent.duty = kind
        agent.duty_until = hours.next_opening(moment)
