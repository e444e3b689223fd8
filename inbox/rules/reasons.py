"""Why routing decided as it did: a decision, for whoever asks.

Whoever sees the conversation may know the reason. How busy colleagues were is for those who lead the team, and for
oneself.
"""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Agent
from accounts.permissions import leads_team, may_see_people
from inbox import times
from inbox.access import get_decision
from inbox.models import RoutingDecision, RoutingRule


@dataclass(frozen=True)
class Considered:
    """Somebody who was there."""

    agent: Agent
    load: int
    capacity: int
    idle_minutes: int | None
    is_chosen: bool
    is_team_full: bool = False  # as many of this team's conversations as the team may give them

    @property
    def is_full(self) -> bool:
        return self.load >= self.capacity

    @property
    def idle(self) -> str:
        """ "12 min", "4 h", "" when they had never got anything."""
        return "" if self.idle_minutes is None else times.span(self.idle_minutes)

    @property
    def order(self) -> tuple[bool, float, int]:
        """The chosen one first, then who had the least to do."""
        return not self.is_chosen, self.load / self.capacity if self.capacity else 1.0, self.agent.pk


@dataclass(frozen=True)
class Explanation:
    decision: RoutingDecision
    title: str
    reasons: list[str]
    considered: list[Considered]  # those whose figures the viewer may see
    hidden_count: int  # of those who were there, too
    rule: dict[str, Any] | None
    rule_pk: int | None  # where it still exists, for those who may read rules


def explanation_of(pk: int, *, seen_by: Agent) -> Explanation:
    """The decision in words, or 404."""
    decision = get_decision(seen_by, pk)
    facts = decision.facts
    shows_all = may_see_people(seen_by) and (decision.team is None or leads_team(seen_by, decision.team))
    listed = facts.get("candidates", [])
    people = Agent.objects.filter(workspace=seen_by.workspace_id).in_bulk([each["agent"] for each in listed])
    considered = [
        Considered(people[each["agent"]], each["load"], each["capacity"], each.get("idle_minutes"),
                   each["agent"] == decision.agent_id, each.get("team_full", False))
        for each in listed if each["agent"] in people
    ]  # fmt: skip
    shown = [each for each in considered if shows_all or each.agent.pk == seen_by.pk]
    shown.sort(key=lambda each: each.order)
    rule = facts.get("rule")
    exists = bool(rule) and may_see_people(seen_by) and RoutingRule.objects.filter(
        pk=rule["id"], workspace=seen_by.workspace_id
    ).exists()  # fmt: skip
    reasons = [*_passed_over(decision), *_reasons(decision, with_figures=shows_all or decision.agent_id == seen_by.pk)]
    hidden = len(considered) - len(shown)
    return Explanation(decision, _title(decision), reasons, shown, hidden, rule, rule["id"] if exists else None)


def _title(decision: RoutingDecision) -> str:
    if decision.reason == "handed_back":
        return _("Why back in the queue?")
    if decision.agent is None:
        return _("Why nobody?")
    return _("Why %(name)s?") % {"name": decision.agent.first_name}


def _reasons(decision: RoutingDecision, *, with_figures: bool) -> list[str]:
    """One or two sentences."""
    agent, facts = decision.agent, decision.facts
    names = {"name": agent.first_name if agent else "", "team": decision.team.name if decision.team else ""}
    rule = facts.get("rule") or {}
    if decision.reason == "person":
        return [_("The rule names %(name)s, who was there and had room.") % names]
    if decision.reason == "sticky":
        return [_("%(name)s answered this customer last, was there and had room.") % names]
    if decision.reason == "skill":
        skilled = names | {"skill": rule.get("skill", "")}
        return [_("%(name)s has the skill “%(skill)s” and, of those who have it, the least to do.") % skilled]
    if decision.reason == "round_robin":
        return [_("It was %(name)s’s turn: everybody else who had room got something later.") % names]
    if decision.reason == "queue":
        return [_("The rule leaves it in the queue of %(team)s, to be taken by hand.") % names]
    if decision.reason == "handed_back":
        return [_handed_back(decision)]
    if decision.reason == "nobody_free" and decision.facts.get("by_people"):
        return [_("%(team)s takes its work by hand. It is given away as soon as the person named has room.") % names]
    if decision.reason == "nobody_free":
        return [_("Nobody in %(team)s was there and had room. It is given away as soon as somebody does.") % names]
    reasons = [_("%(name)s had the least to do, measured by what each can take at once.") % names]
    if rule.get("skill"):
        reasons.insert(0, _("Nobody with the skill “%(skill)s” had room.") % {"skill": rule["skill"]})
    if with_figures and facts.get("idle_minutes") is not None:
        reasons.append(_("The last work had come %(time)s before.") % {"time": times.span(facts["idle_minutes"])})
    return reasons


def _passed_over(decision: RoutingDecision) -> list[str]:
    """Who would have come first, and why it was not them."""
    facts = decision.facts
    named, last, put_back = facts.get("named"), facts.get("knows_them"), facts.get("not_to")
    if last in (named, put_back):
        last = None
    people = Agent.objects.filter(workspace=decision.workspace_id).in_bulk({named, last, put_back} - {None})
    sentences = [
        (put_back, _("%(name)s had it just before, and others come first now.")),
        (named if named != put_back else None, _("The rule names %(name)s, who was not there or had no room.")),
        (last, _("%(name)s, who answered this customer last, was not there or had no room.")),
    ]
    return [words % {"name": people[pk].first_name} for pk, words in sentences if pk in people]


def _handed_back(decision: RoutingDecision) -> str:
    facts = decision.facts
    holder = Agent.objects.filter(workspace=decision.workspace_id, pk=facts.get("from")).first()
    name = {"name": holder.first_name if holder else "–"}
    if facts.get("why") == "deactivated":
        return _("%(name)s does not work here any more.") % name
    if facts.get("guarded"):
        return _("%(name)s was not there, and the window was about to close.") % name
    if facts.get("why") == "target":
        return _("%(name)s had not answered within the target, and a colleague had room.") % name
    if facts.get("why") == "off_duty":
        return _("The working hours of %(name)s had been over for longer than the team waits.") % name
    if facts.get("why") == "offline":
        return _("%(name)s had been offline for longer than the team waits.") % name
    return _("%(name)s had been away for longer than the team waits.") % name
