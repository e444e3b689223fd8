"""The list of rules: made, changed, put in order, switched and deleted by leads and admins.

Admins may do everything. Leads read every rule and change those that are about conversations of teams they lead and
give them to such a team or to a person of theirs: a rule that asked for no team would bring them everybody's work. Such
a rule they may move only past others of their own, because its place decides over those, too. Whatever waits is judged
anew after each change.
"""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.audit import record_audit
from accounts.models import Agent, Role, Workspace
from accounts.permissions import people_led_by, teams_led_by
from inbox.actions.ruling import ask_all_again
from inbox.errors import InboxRuleViolation, NotAllowed, StaleVersion
from inbox.models import Conversation, RoutingRule
from inbox.models.routing_rule import Manner, Target
from inbox.rules.matching import Conditions
from inbox.rules.stored import MOST_RULES, rules_of


@dataclass(frozen=True)
class Keeper:
    """What somebody may do with rules; their teams and people are looked up once."""

    agent: Agent
    teams: frozenset[int]
    people: frozenset[int]

    @classmethod
    def of(cls, agent: Agent) -> "Keeper":
        return cls(
            agent, frozenset(teams_led_by(agent).values_list("pk", flat=True)),
            frozenset(people_led_by(agent).values_list("pk", flat=True)),
        )  # fmt: skip

    def may_change(self, rule: RoutingRule) -> bool:
        if rule.workspace_id != self.agent.workspace_id:
            return False
        if self.agent.role == Role.ADMIN:
            return True
        about = Conditions.read(rule.conditions).teams
        if not about or not about <= self.teams:
            return False
        if rule.target == Target.AGENT:
            return rule.agent_id in self.people and (rule.team_id is None or rule.team_id in self.teams)
        return rule.target == Target.TEAM and rule.team_id in self.teams


def create_rule(rule: RoutingRule, *, by: Agent) -> RoutingRule:
    """A new rule at the end of the list."""
    with transaction.atomic():
        rules = _locked(rule.workspace)
        if len(rules) >= MOST_RULES:
            raise InboxRuleViolation(_("There are 100 rules already. Delete some first."))
        rule.position = max((each.position for each in rules), default=0) + 1
        _store(rule, by, "rule.created")
    return rule


def change_rule(rule: RoutingRule, *, by: Agent, seen: str = "") -> RoutingRule:
    """Store what the rule says now. It must have been theirs to change before, and be theirs afterwards.

    `seen` is when it was changed last as far as the actor knew (ISO); StaleVersion if somebody was quicker.
    """
    with transaction.atomic():
        _locked(rule.workspace)
        stored = RoutingRule.objects.select_related("changed_by").get(pk=rule.pk)
        _require(by, stored)
        if seen and seen != stored.changed_at.isoformat():
            words = _("%(who)s has changed this rule meanwhile. Load the page again to see it.")
            raise StaleVersion(words % {"who": stored.changed_by.first_name if stored.changed_by else "Tresen"})
        _store(rule, by, "rule.changed")
    return rule


def switch_rule(rule: RoutingRule, *, on: bool, by: Agent) -> RoutingRule:
    """On or off, at its place."""
    with transaction.atomic():
        _locked(rule.workspace)
        rule.refresh_from_db()
        _require(by, rule)
        if rule.is_active != on:
            rule.is_active = on
            _store(rule, by, "rule.switched_on" if on else "rule.switched_off")
    return rule


def delete_rule(rule: RoutingRule, *, by: Agent) -> None:
    with transaction.atomic():
        _locked(rule.workspace)
        _require(by, rule)
        record_audit(rule.workspace, by, "rule.deleted", subject=rule.name, data={"conditions": rule.conditions})
        # Before it goes: what it has put somewhere is judged anew, and else would not be found any more.
        _judge_again(rule.workspace_id)
        rule.delete()


def move_rule(rule: RoutingRule, to: int, *, by: Agent) -> None:
    """To that place of the list, counted from 0."""
    with transaction.atomic():
        rules = _locked(rule.workspace)
        keeper = Keeper.of(by)
        at = next(place for place, each in enumerate(rules) if each.pk == rule.pk)
        to = max(0, min(to, len(rules) - 1))
        passed = rules[min(at, to) : max(at, to) + 1]
        if not keeper.may_change(rules[at]):
            raise NotAllowed
        if not all(keeper.may_change(each) for each in passed):
            raise InboxRuleViolation(_("Only admins can move it past a rule of another team."))
        if at == to:
            return
        rules.insert(to, rules.pop(at))
        for place, each in enumerate(rules, 1):
            each.position = place
        RoutingRule.objects.bulk_update(rules, ["position"])
        record_audit(rule.workspace, by, "rule.moved", subject=rule.name, data={"to": to + 1})
        _judge_again(rule.workspace_id)


def replace_label(workspace_id: int, gone: int, into: int) -> None:
    """A label was merged into another: the rules ask for that one."""
    asking = RoutingRule.objects.filter(workspace=workspace_id, conditions__labels__contains=gone)
    for rule in asking.select_for_update():
        labels = {into if label == gone else label for label in rule.conditions["labels"]}
        rule.conditions = rule.conditions | {"labels": sorted(labels)}
        rule.save(update_fields=["conditions"])
    _judge_again(workspace_id)


def _locked(workspace: Workspace) -> list[RoutingRule]:
    """The whole list, held until the commit; two who change it at once do so one after the other."""
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
    return list(rules_of(workspace.pk))


def _require(by: Agent, rule: RoutingRule) -> None:
    if not Keeper.of(by).may_change(rule):
        raise NotAllowed


def _store(rule: RoutingRule, by: Agent, verb: str) -> None:
    keep_only_what_is_used(rule)
    _require(by, rule)
    rule.changed_by, rule.changed_at = by, timezone.now()
    rule.save()
    record_audit(rule.workspace, by, verb, subject=rule.name, data={"conditions": rule.conditions})
    _judge_again(rule.workspace_id)


def keep_only_what_is_used(rule: RoutingRule) -> None:
    """Forget what its target and manner do not ask for."""
    if rule.target != Target.AGENT:
        rule.agent = None
    else:
        rule.manner = Manner.LEAST_BUSY  # what the team's ways are where the person is not free
    if rule.target == Target.OWN:
        rule.team = None
    if rule.manner != Manner.SKILL:
        rule.skill = None


def _judge_again(workspace_id: int) -> None:
    ask_all_again(Conversation.objects.filter(workspace=workspace_id))
