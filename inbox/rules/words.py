"""Rules in plain language, in the language of whoever reads them.

"If the label Repair is set and it is written in Turkish → Workshop, least busy": every condition is a clause; the title
of a rule without a name is made of the same conditions in short ("Label Repair · in Turkish").
"""

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import get_language_info, gettext_lazy
from django.utils.translation import gettext as _

from accounts.models import Agent, Skill, Team
from inbox.models import ContactField, Label
from inbox.models.routing_rule import Manner, Target
from inbox.rules.matching import CONTAINS, INSIDE, KNOWN, Conditions, Rule
from whatsapp.models import PhoneNumber

Names = dict[int, str]


class Said(NamedTuple):
    """One condition: in short, and as a clause after "If"."""

    short: str
    clause: str


class Words:
    """Names what rules of one workspace refer to; each kind is looked up when the first rule needs it."""

    def __init__(self, workspace_id: int) -> None:
        self.workspace_id = workspace_id

    @cached_property
    def numbers(self) -> Names:
        numbers = PhoneNumber.objects.filter(workspace=self.workspace_id)
        return {number.pk: str(number) for number in numbers}

    @cached_property
    def teams(self) -> Names:
        return dict(Team.objects.filter(workspace=self.workspace_id).values_list("pk", "name"))

    @cached_property
    def labels(self) -> Names:
        return dict(Label.objects.filter(workspace=self.workspace_id).values_list("pk", "name"))

    @cached_property
    def fields(self) -> Names:
        return dict(ContactField.objects.filter(workspace=self.workspace_id).values_list("pk", "name"))

    @cached_property
    def people(self) -> Names:
        return dict(Agent.objects.filter(workspace=self.workspace_id, is_active=True).values_list("pk", "name"))

    @cached_property
    def skills(self) -> Names:
        return dict(Skill.objects.filter(workspace=self.workspace_id).values_list("pk", "name"))

    def title(self, rule: Rule) -> str:
        """Its name, else its conditions in short."""
        return rule.name or " · ".join(said.short for said in self.said(rule.conditions)) or _("Everything else")

    def summary(self, rule: Rule) -> str:
        """The whole rule in one sentence."""
        clauses = [said.clause for said in self.said(rule.conditions)]
        where = self.where(rule)
        if not clauses:
            return _("Everything else → %(where)s") % {"where": where}
        return _("If %(conditions)s → %(where)s") % {"conditions": _(" and ").join(clauses), "where": where}

    def where(self, rule: Rule) -> str:
        """Where it goes, and how somebody is chosen."""
        if rule.target == Target.AGENT:
            person = _named(self.people, rule.agent)
            if rule.team is None:
                return _("%(person)s, else the team it is in") % {"person": person}
            return _("%(person)s, else %(team)s") % {"person": person, "team": _named(self.teams, rule.team)}
        how = self.manner(rule)
        return how if rule.target == Target.OWN else f"{_named(self.teams, rule.team)}, {how}"

    def manner(self, rule: Rule) -> str:
        if rule.manner == Manner.SKILL:
            return _("first to whoever has the skill %(skill)s") % {"skill": _named(self.skills, rule.skill)}
        return str(MANNERS[rule.manner])

    def said(self, asked: Conditions) -> list[Said]:
        """Each condition in words."""
        found: list[Said] = []

        def add(short: str, clause: str, **names: str) -> None:
            found.append(Said(short % names, clause % names))

        if asked.numbers:
            add(_("at %(x)s"), _("it comes in at %(x)s"), x=_any(self.numbers, asked.numbers))
        if asked.teams:
            add(_("team %(x)s"), _("it is in the team %(x)s"), x=_any(self.teams, asked.teams))
        if asked.labels:
            add(_("label %(x)s"), _("the label %(x)s is set"), x=_any(self.labels, asked.labels))
        if asked.languages:
            add(_("in %(x)s"), _("it is written in %(x)s"), x=_or(map(language_name, sorted(asked.languages))))
        if asked.customer == KNOWN:
            add(_("known customers"), _("we know the customer"))
        elif asked.customer:
            add(_("new customers"), _("the customer is new"))
        if asked.field:
            names = {"field": _named(self.fields, asked.field.field), "value": asked.field.value}
            if asked.field.how == CONTAINS:
                add(_("%(field)s: … %(value)s …"), _("“%(value)s” is part of %(field)s"), **names)
            else:
                add(_("%(field)s: %(value)s"), _("%(field)s is “%(value)s”"), **names)
        if asked.hours == INSIDE:
            add(_("within business hours"), _("it is within business hours"))
        elif asked.hours:
            add(_("outside business hours"), _("it is outside business hours"))
        if asked.from_ad:
            add(_("from an ad"), _("it comes from an ad"))
        if asked.keywords:
            quoted = _or(_("“%(word)s”") % {"word": word} for word in asked.keywords)
            add(_("word %(x)s"), _("it says %(x)s"), x=quoted)
        return [Said(said.short[:1].upper() + said.short[1:], said.clause) if not at else said
                for at, said in enumerate(found)]  # fmt: skip

    def gone(self, rule: Rule) -> list[str]:
        """Which conditions can never hold, because nothing is left of what they ask for."""
        asked, lost = rule.conditions, []
        kinds: list[tuple[Iterable[int], Callable[[], Names], str]] = [
            (asked.numbers, lambda: self.numbers, _("the number")),
            (asked.teams, lambda: self.teams, _("the team")),
            (asked.labels, lambda: self.labels, _("the label")),
            ([asked.field.field] if asked.field else [], lambda: self.fields, _("the contact field")),
        ]
        for wanted, names, words in kinds:
            ids = set(wanted)
            if ids and ids.isdisjoint(names()):
                lost.append(words)
        return lost


MANNERS: dict[str, str | Promise] = {
    Manner.LEAST_BUSY: gettext_lazy("least busy"),
    Manner.ROUND_ROBIN: gettext_lazy("in turn"),
    Manner.STICKY: gettext_lazy("to the last person if they are free"),
    Manner.QUEUE: gettext_lazy("stays in the queue"),
}


def language_name(code: str) -> str:
    try:
        return str(get_language_info(code)["name_translated"])
    except KeyError:
        return code


def _or(words: Iterable[str]) -> str:
    return _(" or ").join(words)


def _any(names: Names, wanted: Iterable[int]) -> str:
    return _or(_named(names, pk) for pk in sorted(wanted, key=lambda pk: names.get(pk, "")))


def _named(names: Names, pk: int | None) -> str:
    return names.get(pk or 0, "–")
