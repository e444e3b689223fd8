"""Taking back what was just done with a person: their switch and their capacity for today (see undo)."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy

from accounts import duty
from accounts.audit import record_audit
from accounts.models import Agent
from inbox import events
from inbox.actions.availability import require_lead
from inbox.actions.wakeups import request_routing
from inbox.errors import InboxRuleViolation

PLAIN = ("availability", "availability_changed_by_id", "away_keeps", "capacity_today", "duty")
MOMENTS = ("availability_changed_at", "away_until", "duty_since", "duty_until")


def remembering_person(person: Agent, act: Callable[[Agent], Any]) -> dict[str, Any] | None:
    """Do something with a person and return the step that would take it back; None when nothing changed."""
    with transaction.atomic():
        before = _state(_locked(person.pk))
        act(person)
        after = _state(_locked(person.pk))
    if before["duty_until"] != after["duty_until"]:  # a shift has begun or ended: that was the time, not the deed
        after |= {name: before[name] for name in duty.FIELDS}
    if before == after:
        return None
    return {"person": person.pk, "name": person.name, "before": before, "after": after}


def restore_person(step: dict[str, Any], *, by: Agent) -> None:
    """As it was, unless somebody has changed the same thing meanwhile."""
    before, after = step["before"], step["after"]
    changed = [name for name in before if before[name] != after[name]]
    with transaction.atomic():
        person = _locked(step["person"])
        if person.pk != by.pk:
            require_lead(by, person)
        now, capacity = _state(person), person.capacity_now
        if any(now[name] != after[name] for name in changed):
            raise InboxRuleViolation(gettext_lazy("changed meanwhile"))
        for name in changed:
            setattr(person, name, _value(name, before[name]))
        person.save(update_fields=[name.removesuffix("_id") for name in changed])
        if person.capacity_now != capacity:
            said = {"from": capacity, "to": person.capacity_now}
            record_audit(person.workspace, by, "person.capacity_today", person, said)
        events.agent_changed(person)
        request_routing()


def _locked(pk: int) -> Agent:
    found = Agent.objects.select_for_update(no_key=True).filter(pk=pk, is_active=True).first()
    if found is None:
        raise InboxRuleViolation(gettext_lazy("This colleague is not working here any more."))
    return found


def _state(person: Agent) -> dict[str, Any]:
    """All that a deed can change, as JSON keeps it."""
    state: dict[str, Any] = {name: getattr(person, name) for name in PLAIN}
    for name in (*MOMENTS, "capacity_today_on"):
        state[name] = at.isoformat() if (at := getattr(person, name)) else None
    return state


def _value(name: str, stored: Any) -> Any:
    if stored and name in MOMENTS:
        return datetime.fromisoformat(stored)
    return date.fromisoformat(stored) if stored and name == "capacity_today_on" else stored
