"""What a lead says about a rule: each condition may be left out, and it goes somewhere."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Agent, Role, Skill, Team
from inbox.actions.rules import Keeper
from inbox.models import ContactField, Label, RoutingRule
from inbox.models.label import in_order
from inbox.models.routing_rule import Manner, Target
from inbox.rules.language import LANGUAGES
from inbox.rules.matching import CONTAINS, EQUALS, INSIDE, KNOWN, NEW, OUTSIDE, Conditions, FieldCondition, words_of
from inbox.rules.words import language_name
from inbox.text import clean
from whatsapp.models import PhoneNumber

MOST_KEYWORDS = 40
LONGEST_KEYWORD = 60
ANY = ("", _("does not matter"))
ASKED = ("numbers", "teams", "labels", "languages", "customer", "field", "hours", "from_ad", "keywords")

Choices = list[tuple[Any, Any]]


def _several(label: Any, **kwargs: Any) -> forms.TypedMultipleChoiceField:
    return forms.TypedMultipleChoiceField(label=label, required=False, coerce=int, **kwargs)


def _one(label: Any, choices: Any = (), **kwargs: Any) -> forms.ChoiceField:
    select = forms.Select(attrs={"class": "input"})
    return forms.ChoiceField(label=label, choices=choices, widget=select, required=False, **kwargs)


class RuleForm(forms.Form):
    """Of one rule of this workspace, within what `by` may give work to."""

    name = forms.CharField(
        label=_("Name"), max_length=80, required=False, widget=forms.TextInput(attrs={"class": "input"}),
        help_text=_("Without one it is called after its conditions."),
    )
    numbers = _several(_("Our number"))
    teams = _several(_("Team it is in"))
    labels = _several(_("Label"))
    languages = forms.MultipleChoiceField(label=_("Language"), required=False)
    customer = _one(_("Customer"), [ANY, (KNOWN, _("known")), (NEW, _("new"))])
    field = _one(_("Contact field"))
    field_how = _one(_("How"), [(EQUALS, _("is")), (CONTAINS, _("contains"))])
    field_value = forms.CharField(
        label=_("Value"), max_length=120, required=False, widget=forms.TextInput(attrs={"class": "input"})
    )
    hours = _one(_("Business hours"), [ANY, (INSIDE, _("within")), (OUTSIDE, _("outside"))])
    from_ad = forms.BooleanField(label=_("Comes from an ad"), required=False)
    keywords = forms.CharField(
        label=_("Words in the message"), max_length=1_000, required=False,
        widget=forms.TextInput(attrs={"class": "input", "autocapitalize": "none"}),
        help_text=_("One of them is enough, part them by commas. A star stands for the rest of a word: repair*"),
    )
    goes_to = _one(_("Goes to"))
    fallback = _one(_("If that person is not free"))
    manner = _one(_("Who gets it"), Manner.choices)
    skill = _one(_("Skill"))
    is_active = forms.BooleanField(label=_("Switched on"), required=False)
    fits_all = forms.BooleanField(label=_("Yes, it should fit every conversation"), required=False)

    def __init__(self, *args: Any, rule: RoutingRule, by: Agent, **kwargs: Any) -> None:
        self.rule, self.by, self.keeper = rule, by, Keeper.of(by)
        super().__init__(*args, initial=_initial(rule), **kwargs)
        workspace = rule.workspace_id
        teams = list(Team.objects.filter(workspace=workspace).order_by("name"))
        numbers = PhoneNumber.objects.filter(workspace=workspace).order_by("pk")
        self._offer("numbers", [(number.pk, str(number)) for number in numbers])
        self.is_limited = by.role != Role.ADMIN
        own = [team for team in teams if team.pk in self.keeper.teams]
        self._offer("teams", [(team.pk, team.name) for team in (own if self.is_limited else teams)])
        self.label_rows = in_order(Label.objects.filter(workspace=workspace))
        self._offer("labels", [(label.pk, label.name) for label in self.label_rows])
        self._offer("languages", sorted(((code, language_name(code)) for code in LANGUAGES), key=lambda pair: pair[1]))
        fields = ContactField.objects.filter(workspace=workspace)
        self._offer("field", [ANY, *((field.pk, field.name) for field in fields)])
        skills = Skill.objects.filter(workspace=workspace).order_by("name")
        self._offer("skill", [("", _("Choose a skill")), *((skill.pk, skill.name) for skill in skills)])
        self._offer("goes_to", self._targets(teams))
        self._offer("fallback", [("", _("the team it is in")), *((team.pk, team.name) for team in own)])

    def _offer(self, name: str, choices: Choices) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def _targets(self, teams: list[Team]) -> Choices:
        people = Agent.objects.filter(pk__in=self.keeper.people, is_active=True).order_by("name")
        own: Choices = [("own", _("the team it is in"))] if self.by.role == Role.ADMIN else []
        return [
            *own,
            (_("Teams"), [(f"team:{team.pk}", team.name) for team in teams if team.pk in self.keeper.teams]),
            (_("People"), [(f"agent:{person.pk}", person.name) for person in people]),
        ]

    def clean_keywords(self) -> list[str]:
        words = [" ".join(clean(word).split()) for word in self.cleaned_data["keywords"].split(",")]
        words = list(dict.fromkeys(word for word in words if word))
        if len(words) > MOST_KEYWORDS:
            raise forms.ValidationError(_("At most 40 words."))
        for word in words:
            if len(word) > LONGEST_KEYWORD or not words_of(word):
                raise forms.ValidationError(_("“%(word)s” is no word.") % {"word": word[:LONGEST_KEYWORD]})
        return words

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("field") and not said.get("field_value", "").strip():
            self.add_error("field_value", _("Say what the field should be."))
        if not said.get("goes_to"):
            self.add_error("goes_to", _("Choose where it goes."))
        is_person = str(said.get("goes_to")).startswith("agent:")
        if said.get("manner") == Manner.SKILL and not said.get("skill") and not is_person:
            self.add_error("skill", _("Choose the skill, or another way."))
        if not self.is_limited and not any(said.get(name) for name in (*ASKED, "fits_all")):
            self.add_error("fits_all", _("Without a condition this rule fits every conversation. Is that meant?"))
        return said

    def _about(self, chosen: list[int]) -> frozenset[int]:
        """Rules of leads are about conversations of their teams: of all of these, if they choose none."""
        return frozenset(chosen) or (self.keeper.teams if self.is_limited else frozenset())

    def filled(self) -> RoutingRule:
        """The rule as the form has it, not stored."""
        said, rule = self.cleaned_data, self.rule
        rule.name, rule.is_active = " ".join(clean(said["name"]).split()), said["is_active"]
        asked = None
        if said["field"]:
            asked = FieldCondition(int(said["field"]), said["field_how"] or EQUALS, said["field_value"].strip())
        rule.conditions = Conditions(
            numbers=frozenset(said["numbers"]), teams=self._about(said["teams"]), labels=frozenset(said["labels"]),
            languages=frozenset(said["languages"]), customer=said["customer"], hours=said["hours"],
            from_ad=said["from_ad"], keywords=tuple(said["keywords"]), field=asked,
        ).stored()  # fmt: skip
        kind, _colon, pk = said["goes_to"].partition(":")
        rule.target, rule.manner = Target(kind), Manner(said["manner"] or Manner.LEAST_BUSY)
        rule.team_id = int(pk) if rule.target == Target.TEAM else int(said["fallback"]) if said["fallback"] else None
        rule.agent_id = int(pk) if rule.target == Target.AGENT else None
        rule.skill_id = int(said["skill"]) if said["skill"] else None
        return rule


def _initial(rule: RoutingRule) -> dict[str, Any]:
    asked = Conditions.read(rule.conditions)
    goes_to = {Target.OWN: "own", Target.TEAM: f"team:{rule.team_id}", Target.AGENT: f"agent:{rule.agent_id}"}
    return {
        "name": rule.name, "numbers": sorted(asked.numbers), "teams": sorted(asked.teams),
        "labels": sorted(asked.labels), "languages": sorted(asked.languages), "customer": asked.customer,
        "field": asked.field.field if asked.field else "", "field_how": asked.field.how if asked.field else EQUALS,
        "field_value": asked.field.value if asked.field else "", "hours": asked.hours, "from_ad": asked.from_ad,
        "keywords": ", ".join(asked.keywords), "goes_to": goes_to[Target(rule.target)], "manner": rule.manner,
        "fallback": (rule.team_id or "") if rule.target == Target.AGENT else "", "skill": rule.skill_id or "",
        "is_active": rule.is_active,
    }  # fmt: skip
