"""Setting the hours of the business, a team or a person. What changes counts at once, for routing and the screens.

Who may is asked by the views (accounts.permissions); each change is in the audit log.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import duty
from accounts.audit import record_audit
from accounts.hours import Blocks, OpeningHours
from accounts.hours_words import blocks_words, day_words
from accounts.models import Agent, HoursException, Team, WorkingHours, Workspace
from accounts.schedules import as_blocks, hours_of_business, hours_of_person, hours_of_team, zone_of
from inbox import events
from inbox.actions.wakeups import request_routing
from inbox.errors import InboxRuleViolation, StaleVersion

USUAL_WEEK = [[[540, 1080]]] * 5 + [[], []]
LONGEST_SPAN = 366  # days
NEVER = datetime(1970, 1, 1, tzinfo=UTC)  # when the hours were changed last, if only exceptions were
MOST_EXCEPTIONS = 1500  # days, of one owner


@dataclass(frozen=True)
class Owner:
    """Whose hours: the business's own, or those of a team or a person of it."""

    workspace: Workspace
    team: Team | None = None
    agent: Agent | None = None

    @property
    def kind(self) -> str:
        return "team" if self.team else "person" if self.agent else "business"

    @property
    def name(self) -> str:
        return str(self.team or self.agent or self.workspace)

    @property
    def zone(self) -> ZoneInfo:
        return self.agent.zone if self.agent else zone_of(self.workspace.timezone)

    def row(self) -> WorkingHours:
        """What is stored; else what is shown to begin with, not stored and not in use."""
        found = WorkingHours.objects.filter(workspace=self.workspace, team=self.team, agent=self.agent).first()
        if found is not None:
            return found
        business = self.business() if self.kind != "business" else None
        weekly = business.weekly if business and business.is_used else USUAL_WEEK
        return WorkingHours(
            workspace=self.workspace, team=self.team, agent=self.agent, weekly=weekly, is_used=False, changed_at=NEVER
        )

    def business(self) -> WorkingHours | None:
        return WorkingHours.objects.filter(workspace=self.workspace, team=None, agent=None).first()

    def hours(self, row: WorkingHours) -> OpeningHours:
        """What this row, stored or not, would mean."""
        if self.team:
            return hours_of_team(row, self.business(), self.zone)
        if self.agent:
            return hours_of_person(row, self.business(), self.zone)
        return hours_of_business(row, self.zone)


@dataclass(frozen=True)
class Span:
    """Days in a row that are different in the same way."""

    first: date
    last: date
    name: str
    blocks: Blocks

    @property
    def key(self) -> str:
        return f"{self.first:%Y-%m-%d}.{self.last:%Y-%m-%d}"

    @property
    def days(self) -> str:
        first, last = (day_words(day).replace(" ", "\u00a0") for day in (self.first, self.last))
        return first if first == last else f"{first} – {last}"

    @property
    def words(self) -> str:
        return blocks_words(self.blocks)


def save_hours(owner: Owner, *, by: Agent, seen: datetime | None = None, **fields: Any) -> WorkingHours:
    """Store week, use, region and what is observed; does and says nothing when nothing is different.

    `seen` is when the hours were changed last as far as the actor knew; StaleVersion if somebody was quicker.
    """
    with transaction.atomic():
        row = _locked(owner)
        if row.pk and seen is not None and row.changed_at != seen:
            raise StaleVersion(_("Somebody else has changed these hours meanwhile. Load the page again to see them."))
        before = {name: getattr(row, name) for name in fields}
        changed = {name: value for name, value in fields.items() if before[name] != value}
        if row.pk and not changed:
            return row
        for name, value in fields.items():
            setattr(row, name, value)
        row.changed_at = timezone.now()
        row.save()
        if "weekly" in changed:
            changed["weekly_before"] = before["weekly"]
        record_audit(owner.workspace, by, "hours.changed", owner.name, changed)
        take_effect(owner)
    return row


def add_exception(owner: Owner, first: date, last: date, *, name: str, blocks: Iterable[Any], by: Agent) -> Span:
    """Days on which the week does not count: closed, or open at other times. Refused where there is one already."""
    blocks = [list(block) for block in blocks]
    length = (last - first).days + 1
    if not 1 <= length <= LONGEST_SPAN:
        raise InboxRuleViolation(gettext_lazy("Choose a last day that is not before the first, within a year."))
    with transaction.atomic():
        row = _locked(owner)
        if not row.pk:
            row.save()
        there = row.exceptions.filter(date__range=(first, last)).order_by("date").first()
        if there is not None:
            words = _("On %(day)s there is something already: %(name)s. Remove that first.")
            raise InboxRuleViolation(
                words % {"day": day_words(there.date), "name": there.name or blocks_words(as_blocks(there.blocks))}
            )
        if row.exceptions.count() + length > MOST_EXCEPTIONS:
            raise InboxRuleViolation(gettext_lazy("There are too many exceptions. Remove old ones first."))
        days = [first + timedelta(days=n) for n in range(length)]
        HoursException.objects.bulk_create(
            HoursException(hours=row, date=day, name=name, blocks=blocks) for day in days
        )
        span = Span(first, last, name, as_blocks(blocks))
        _record_span(owner, by, "hours.exception_added", span)
        take_effect(owner)
    return span


def remove_exceptions(owner: Owner, first: date, last: date, *, by: Agent) -> int:
    """The week counts again on these days; how many they were."""
    with transaction.atomic():
        row = _locked(owner)
        found = list(row.exceptions.filter(date__range=(first, last)).order_by("date")) if row.pk else []
        if found:
            span = Span(found[0].date, found[-1].date, found[0].name, as_blocks(found[0].blocks))
            HoursException.objects.filter(pk__in=[each.pk for each in found]).delete()
            _record_span(owner, by, "hours.exception_removed", span)
            take_effect(owner)
    return len(found)


def spans_of(row: WorkingHours, since: date, most: int = 100) -> list[Span]:
    """The exceptions that are not over on that day, days that belong together as one, in order."""
    if not row.pk:
        return []
    spans: list[Span] = []
    for each in row.exceptions.filter(date__gte=since).order_by("date"):
        blocks, before = as_blocks(each.blocks), spans[-1] if spans else None
        if before and (before.name, before.blocks, before.last + timedelta(days=1)) == (each.name, blocks, each.date):
            spans[-1] = Span(before.first, each.date, each.name, blocks)
        else:
            spans.append(Span(each.date, each.date, each.name, blocks))
    return spans[:most]


def _locked(owner: Owner) -> WorkingHours:
    """The row, held until the commit; two who make the first one at once come one after the other."""
    Workspace.objects.select_for_update(no_key=True).get(pk=owner.workspace.pk)
    return owner.row()


def _record_span(owner: Owner, by: Agent, verb: str, span: Span) -> None:
    """Why somebody is off is nobody's business in the log."""
    data = {"from": span.first.isoformat(), "to": span.last.isoformat(), "blocks": [list(each) for each in span.blocks]}
    if owner.kind != "person" and span.name:
        data["name"] = span.name
    record_audit(owner.workspace, by, verb, owner.name, data)


def take_effect(owner: Owner) -> None:
    """Whose schedule says something else now is told so; whoever is on duty now may get work."""
    if owner.team:
        return
    people = Agent.objects.filter(workspace=owner.workspace, is_active=True, working_hours__isnull=False)
    if owner.agent:
        people = people.filter(pk=owner.agent.pk)
    changed = duty.refresh(people.select_for_update(of=("self",), no_key=True).order_by("pk"), timezone.now())
    for agent in changed:
        events.agent_changed(agent)
    if changed:
        request_routing()
