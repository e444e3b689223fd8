"""What is chosen when a reply is to be sent later: the time, and what should happen if things have changed by then."""

import uuid
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from inbox.actions.later import Plan
from inbox.forms.messages import ReplyForm
from inbox.models import ScheduledReply
from whatsapp.models import MessageTemplate

EVENING, MORNING = time(18), time(9)
VALUE = "value:"  # before the name of a template's field


class LaterForm(ReplyForm):
    """One of the offered moments or one's own, in the agent's zone; `uid` only names a new one."""

    uid = forms.UUIDField(required=False)
    without = forms.CharField(required=False)  # uids of its files that shall stay behind, with commas
    mark = forms.CharField(required=False, max_length=16)
    when = forms.CharField(required=False)
    at = forms.DateTimeField(required=False, input_formats=["%Y-%m-%dT%H:%M"])
    if_written = forms.ChoiceField(choices=ScheduledReply.IfWritten.choices)
    fallback = forms.ChoiceField(choices=[("", ""), ("ask", ""), ("template", "")], required=False)
    template = forms.ModelChoiceField(MessageTemplate.objects.none(), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        account = self.conversation.phone_number.business_account_id
        self.fields["template"].queryset = MessageTemplate.objects.filter(business_account=account)  # type: ignore[attr-defined]

    def clean_without(self) -> list[uuid.UUID]:
        return self.uids("without")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        moments = {key: moment for key, _words, _icon, moment in later_choices()}
        cleaned["due_at"] = moments.get(cleaned.get("when", "")) or cleaned.get("at")
        if "at" not in self.errors and cleaned["due_at"] is None:
            raise forms.ValidationError(_("Choose a time in the future, within a year."))
        if cleaned.get("fallback") == "template" and not cleaned.get("template"):
            raise forms.ValidationError(_("Choose the template."))
        return cleaned

    @property
    def plan(self) -> Plan:
        said = self.cleaned_data
        return Plan(
            due_at=said["due_at"], if_written=said["if_written"], asks=said["fallback"] == "ask",
            template=said["template"] if said["fallback"] == "template" else None,
            values={name[len(VALUE):]: str(value) for name, value in self.data.items() if name.startswith(VALUE)},
        )  # fmt: skip


def later_choices(now: datetime | None = None) -> list[tuple[str, Any, str, datetime]]:
    """(key, words, icon, moment) in the active time zone; the clock on the wall counts, also over a change of hour."""
    here = timezone.localtime(now)

    def on(days: int, clock: time) -> datetime:
        return datetime.combine(here.date() + timedelta(days=days), clock, tzinfo=here.tzinfo)

    # Sixty minutes, not one hour further on the wall.
    choices = [("hour", _("In one hour"), "clock", timezone.localtime(here.astimezone(UTC) + timedelta(hours=1)))]
    if here + timedelta(minutes=30) < on(0, EVENING):
        choices.append(("evening", _("This evening"), "moon", on(0, EVENING)))
    choices.append(("tomorrow", _("Tomorrow morning"), "sun", on(1, MORNING)))
    if (days := 7 - here.weekday()) > 1:
        choices.append(("monday", _("Monday morning"), "calendar", on(days, MORNING)))
    return choices
