"""The rules of a workspace from the database: as people see them, and as they are matched."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.utils import translation

from accounts.models import Agent, Workspace
from inbox.models import RoutingRule
from inbox.models.routing_rule import Manner
from inbox.rules.matching import Conditions, Rule
from inbox.rules.words import Words

MOST_RULES = 100


def rules_of(workspace_id: int) -> QuerySet[RoutingRule]:
    """All of them in their order, with what they refer to."""
    return RoutingRule.objects.filter(workspace=workspace_id).select_related("team", "agent", "skill")[:MOST_RULES]


def in_force(rows: Iterable[RoutingRule]) -> list[Rule]:
    """Those that are switched on and whole. Each keeps the number that it has in the whole list."""
    return [as_rule(row, number) for number, row in enumerate(rows, 1) if row.is_active and not row.is_broken]


def as_rule(row: RoutingRule, number: int) -> Rule:
    return Rule(
        pk=row.pk or 0, number=number, name=row.name, conditions=Conditions.read(row.conditions), target=row.target,
        team=row.team_id, agent=row.agent_id, manner=row.manner, skill=row.skill_id,
    )  # fmt: skip


class Rulebook:
    """The rules in force, for one look at the queue."""

    def __init__(self, workspace_id: int, rules: list[Rule]) -> None:
        self.workspace_id, self.rules = workspace_id, rules
        self.by_id = {rule.pk: rule for rule in rules}
        self.able = able({rule.skill for rule in rules if rule.skill and rule.manner == Manner.SKILL})
        self._notes: dict[int, dict[str, Any]] = {}

    @classmethod
    def of(cls, workspace_id: int) -> "Rulebook":
        return cls(workspace_id, in_force(rules_of(workspace_id)))

    def note(self, rule: Rule) -> dict[str, Any]:
        """What a decision keeps of the rule that it follows, in the language of the business."""
        if rule.pk not in self._notes:
            name = rule.name or self._title(rule)
            note = {"id": rule.pk, "number": rule.number, "name": name}
            if rule.skill is not None:
                note["skill"] = Words(self.workspace_id).skills.get(rule.skill, "")
            self._notes[rule.pk] = note
        return self._notes[rule.pk]

    def _title(self, rule: Rule) -> str:
        language = Workspace.objects.values_list("language", flat=True).get(pk=self.workspace_id)
        with translation.override(language):
            return Words(self.workspace_id).title(rule)


def able(skills: Iterable[int]) -> dict[int, frozenset[int]]:
    """Skill → who has it; one query, none without skills."""
    wanted = list(skills)
    if not wanted:
        return {}
    found: dict[int, set[int]] = {}
    for skill, agent in Agent.skills.through.objects.filter(skill__in=wanted).values_list("skill_id", "agent_id"):
        found.setdefault(skill, set()).add(agent)
    return {skill: frozenset(agents) for skill, agents in found.items()}
