"""When a customer's question wants its answer, and what happens until then. Pure: moments in, moments out.

A team says within how much of its open time it answers. All moments of one wait are worked out when it begins and are
stored (inbox.models.AnswerTimer); the sweeper takes each step once. After a standstill only what still counts is done:
nobody is reminded of a target that has passed, but what was left lying goes back, and the lead is told.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntFlag

from accounts.hours import OpeningHours


class Step(IntFlag):
    """What a timer does, in this order."""

    REMIND = 1  # the assignee, while there is still time
    MISS = 2  # the target has passed: screens say so
    REQUEUE = 4  # whoever let it lie gives it back
    TELL_LEAD = 8


NONE = Step(0)


@dataclass(frozen=True, slots=True)
class Target:
    """What a team has set for one kind of answer."""

    minutes: int
    remind_percent: int = 0  # of the time to the target; 0: no reminder
    requeues: bool = False
    tell_lead_after: int | None = None  # minutes of open time after the target; None: never


@dataclass(frozen=True, slots=True)
class Plan:
    """The moments of one wait."""

    due_at: datetime
    remind_at: datetime | None = None
    requeue_at: datetime | None = None
    tell_lead_at: datetime | None = None

    def moments(self) -> dict[Step, datetime]:
        """Step → when; steps that are not wanted are left out."""
        planned = {
            Step.REMIND: self.remind_at, Step.MISS: self.due_at, Step.REQUEUE: self.requeue_at,
            Step.TELL_LEAD: self.tell_lead_at,
        }  # fmt: skip
        return {step: at for step, at in planned.items() if at is not None}

    def due(self, now: datetime, done: Step = NONE) -> list[Step]:
        """The steps to take now. A reminder that was overtaken by the target is none of them."""
        late = now >= self.due_at
        return [
            step for step, at in self.moments().items()
            if at <= now and step not in done and not (late and step == Step.REMIND)
        ]  # fmt: skip

    def passed(self, now: datetime) -> Step:
        """All steps whose moment has come, taken or overtaken."""
        return _together(step for step, at in self.moments().items() if at <= now)

    def next_at(self, done: Step = NONE) -> datetime | None:
        """When somebody has to look again; None when all is done."""
        return min((at for step, at in self.moments().items() if step not in done), default=None)


def plan(started_at: datetime, target: Target, hours: OpeningHours) -> Plan | None:
    """The moments of a wait that began then; None for a team that never opens."""
    span = timedelta(minutes=target.minutes)
    due_at = hours.add(started_at, span)
    if due_at is None:
        return None
    early = span * target.remind_percent / 100
    after = None if target.tell_lead_after is None else hours.add(due_at, timedelta(minutes=target.tell_lead_after))
    return Plan(
        due_at=due_at,
        remind_at=hours.add(started_at, early) if target.remind_percent else None,
        requeue_at=due_at if target.requeues else None,
        tell_lead_at=after,
    )


def basis(target: Target | None, hours: OpeningHours) -> str:
    """A fingerprint of what a plan was made from: another one means that it has to be made anew."""
    if target is None:
        return ""
    days = sorted((day.isoformat(), blocks) for day, blocks in hours.exceptions.items())
    said = repr((target, hours.zone.key, hours.weekly, days))
    return hashlib.md5(said.encode(), usedforsecurity=False).hexdigest()


def _together(steps: Iterable[Step]) -> Step:
    found = NONE
    for step in steps:
        found |= step
    return found
