"""The rules as a list to be looked at: in words, with what is wrong with them and what the viewer may do."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.models import Agent
from inbox.actions.rules import Keeper
from inbox.models import RoutingRule
from inbox.rules.stored import as_rule, rules_of
from inbox.rules.words import Words


@dataclass(frozen=True)
class RuleLine:
    row: RoutingRule
    number: int
    title: str
    summary: str
    where: str
    problem: str  # why it is skipped or never holds; "" when it is whole
    may_change: bool


def lines_of(viewer: Agent) -> list[RuleLine]:
    """All rules of the viewer's workspace, in their order."""
    words, keeper = Words(viewer.workspace_id), Keeper.of(viewer)
    found = []
    for number, row in enumerate(rules_of(viewer.workspace_id), 1):
        rule = as_rule(row, number)
        found.append(
            RuleLine(
                row, number, words.title(rule), words.summary(rule), words.where(rule), _problem(row, words, number),
                keeper.may_change(row),
            )
        )
    return found


def _problem(row: RoutingRule, words: Words, number: int) -> str:
    if row.is_broken:
        return _("Whom it gives work to is gone. The rule is skipped.")
    if gone := words.gone(as_rule(row, number)):
        return _("It never holds: %(what)s it asks for is gone.") % {"what": ", ".join(gone)}
    return ""
