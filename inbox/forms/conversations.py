"""What agents decide about a conversation: whom, until when, with which outcome, which labels, which consent."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Agent, Team, Workspace
from inbox.enums import ConsentState
from inbox.models import Label

LONGEST_OUTCOME = 120
LONGEST_NOTE = 10_000
# Of a consent. A slip of the keyboard ("0026") must not get into a ledger that nobody can correct; and a moment that
# the agent's zone puts before the year 1 could be stored, but never read again.
EARLIEST_YEAR = 2009
# A menu was open while somebody changed what stands in it.
LABEL_GONE = {"invalid_choice": _("This label is no longer there. Choose another.")}


class AssignmentForm(forms.Form):
    """To an agent or to a team, with a `note` for the team."""

    agent = forms.ModelChoiceField(
        Agent.objects.none(), required=False,
        error_messages={"invalid_choice": _("This colleague is not working here any more.")},
    )  # fmt: skip
    team = forms.ModelChoiceField(
        Team.objects.none(), required=False,
        error_messages={"invalid_choice": _("This team is no longer there. Choose another.")},
    )  # fmt: skip
    note = forms.CharField(required=False, max_length=LONGEST_NOTE)

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["agent"].queryset = Agent.objects.filter(workspace=workspace, is_active=True)  # type: ignore[attr-defined]
        self.fields["team"].queryset = Team.objects.filter(workspace=workspace)  # type: ignore[attr-defined]


class ClosureForm(forms.Form):
    outcome = forms.CharField(required=False, max_length=LONGEST_OUTCOME)
    seen_inbound = forms.IntegerField(required=False, min_value=0)
    without_rating = forms.BooleanField(required=False)  # the customer is not asked how it went

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        cleaned["asks"] = not cleaned.pop("without_rating", False)
        return cleaned


class SnoozeForm(forms.Form):
    """One of the offered moments, or one's own. Times are in the agent's zone."""

    until = forms.CharField(required=False)
    at = forms.DateTimeField(required=False, input_formats=["%Y-%m-%dT%H:%M"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        moments = {key: moment for key, _words, _icon, moment in snooze_choices()}
        wanted = cleaned.get("at") or moments.get(cleaned.get("until", ""))
        if wanted is None:
            raise forms.ValidationError(_("Choose a time in the future, within a year."))
        cleaned["moment"] = wanted
        return cleaned


def snooze_choices(now: datetime | None = None) -> list[tuple[str, Any, str, datetime]]:
    """(key, words, icon, moment) in the active time zone."""
    here = timezone.localtime(now)

    def after(hours: int) -> datetime:  # not that much further on the wall
        return timezone.localtime(here.astimezone(UTC) + timedelta(hours=hours))

    def morning(days: int) -> datetime:
        day = here.date() + timedelta(days=days)
        return timezone.make_aware(datetime.combine(day, time(9)), here.tzinfo)

    choices = [
        ("hour", _("In one hour"), "clock", after(1)),
        ("three_hours", _("In three hours"), "clock", after(3)),
        ("tomorrow", _("Tomorrow morning"), "sun", morning(1)),
    ]
    days_to_monday = 7 - here.weekday()
    return (
        choices
        if days_to_monday == 1
        else [*choices, ("monday", _("Monday morning"), "calendar", morning(days_to_monday))]
    )


class LabelsForm(forms.Form):
    """Labels to put on and to take off; `new` is the name of one that does not exist yet."""

    add = forms.ModelMultipleChoiceField(Label.objects.none(), required=False, error_messages=LABEL_GONE)
    remove = forms.ModelMultipleChoiceField(Label.objects.none(), required=False, error_messages=LABEL_GONE)
    new = forms.CharField(required=False)

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("add", "remove"):
            self.fields[name].queryset = Label.objects.filter(workspace=workspace)  # type: ignore[attr-defined]


class ConsentForm(forms.Form):
    """A yes or no that a colleague records, with its evidence."""

    state = forms.ChoiceField(choices=[(ConsentState.GIVEN, _("Given")), (ConsentState.WITHDRAWN, _("Withdrawn"))])
    note = forms.CharField(max_length=200, label=_("Where and how"))
    wording = forms.CharField(required=False, max_length=2000, label=_("Exact words"))
    occurred_at = forms.DateTimeField(required=False, input_formats=["%Y-%m-%dT%H:%M"], label=_("When"))

    def clean_occurred_at(self) -> datetime:
        at = self.cleaned_data["occurred_at"] or timezone.now()
        if at.year < EARLIEST_YEAR:
            raise forms.ValidationError(_("WhatsApp did not exist then."))
        if at > timezone.now() + timedelta(minutes=5):
            raise forms.ValidationError(_("This is in the future."))
        return min(at, timezone.now())
