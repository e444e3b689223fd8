"""What people say about saved filters."""

from typing import Any

from django import forms

from accounts.models import Agent, Team
from inbox.actions.saved_filters import LONGEST_NAME
from inbox.filter_words import led_teams


class SaveForm(forms.Form):
    """`for_team` shares it; none: for oneself. What it holds is in the query string, or beside it in the form."""

    name = forms.CharField(max_length=LONGEST_NAME)
    for_team = forms.ModelChoiceField(Team.objects.none(), required=False)

    def __init__(self, *args: Any, agent: Agent, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        teams = Team.objects.filter(pk__in=[team.pk for team in led_teams(agent)])
        self.fields["for_team"].queryset = teams  # type: ignore[attr-defined]
