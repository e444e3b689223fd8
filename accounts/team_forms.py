"""Teams and skills as admins type them, cleaned. Only listed fields can be changed."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.forms import MembershipFields, Styled
from accounts.models import Agent, Membership, Skill, Team


class TeamForm(MembershipFields, Styled, forms.ModelForm):
    handback_minutes = forms.IntegerField(
        label=_("Hand back after (minutes)"), min_value=1, max_value=7 * 24 * 60,
        help_text=_("Unanswered conversations of somebody who has been away this long return to the team."),
    )

    guard_minutes = forms.IntegerField(
        label=_("Window guard (minutes)"), min_value=0, max_value=23 * 60,
        help_text=_("Closes a window within this time and whoever has the customer is not there, it returns at once."),
    )

    first_response_minutes = forms.IntegerField(
        label=_("First answer within (minutes)"), min_value=1, max_value=7 * 24 * 60, required=False,
        help_text=_("Counted while the team is open. Empty: no target."),
    )
    next_response_minutes = forms.IntegerField(
        label=_("Further answers within (minutes)"), min_value=1, max_value=7 * 24 * 60, required=False,
        help_text=_("For every later question of the same case. Empty: no target."),
    )
    remind_percent = forms.IntegerField(
        label=_("Reminder after (percent of the time)"), min_value=0, max_value=95, required=False,
        help_text=_("Whoever has the customer is reminded then. Empty: no reminder."),
    )
    tell_lead_minutes = forms.IntegerField(
        label=_("Tell the leads (minutes after the target)"), min_value=0, max_value=7 * 24 * 60, required=False,
        help_text=_("0: at the target itself. Empty: never."),
    )

    class Meta:
        model = Team
        fields = (
            "name", "strategy", "sticky", "handback_minutes", "guard_minutes", "first_response_minutes",
            "next_response_minutes", "remind_percent", "requeues_at_target", "tell_lead_minutes",
        )  # fmt: skip

    def __init__(self, *args: Any, may_rename: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_rename:
            del self.fields["name"]

    def clean(self) -> dict[str, Any]:
        self.read_limits(self.people())
        return super().clean() or {}

    def clean_name(self) -> str:
        name = self.cleaned_data["name"].strip()
        same = Team.objects.filter(workspace_id=self.instance.workspace_id, name__iexact=name)
        if same.exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("There is a team of this name already."))
        return name

    def clean_remind_percent(self) -> int:
        return self.cleaned_data["remind_percent"] or 0

    def people(self) -> list[tuple[Agent, bool, bool, str]]:
        """Every active person of the workspace with: is a member, leads the team, the limit."""
        memberships = Membership.objects.filter(team_id=self.instance.pk).values_list("agent_id", "is_lead", "capacity")
        people = Agent.objects.filter(workspace_id=self.instance.workspace_id, is_active=True).order_by("name")
        return self.rows(people, {pk: (leads, limit) for pk, leads, limit in memberships})

    def chosen_people(self) -> dict[Agent, bool]:
        return self.chosen([person for person, *_rest in self.people()])


class SkillForm(Styled, forms.ModelForm):
    agents = forms.ModelMultipleChoiceField(
        queryset=Agent.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Skill
        fields = ("name",)

    def __init__(self, *args: Any, instance: Skill, **kwargs: Any) -> None:
        had = list(instance.agents.values_list("pk", flat=True)) if instance.pk else []
        super().__init__(*args, instance=instance, initial={"agents": had}, **kwargs)
        people = Agent.objects.filter(workspace_id=instance.workspace_id, is_active=True).order_by("name")
        self.fields["agents"].queryset = people  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        name = " ".join(self.cleaned_data["name"].split())
        same = Skill.objects.filter(workspace_id=self.instance.workspace_id, name__iexact=name)
        if same.exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("There is a skill of this name already."))
        return name
