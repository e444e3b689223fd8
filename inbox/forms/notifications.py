"""How an agent wants to be told."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.forms import Styled
from inbox.enums import Channel, NoticeTopic
from inbox.models import NotificationSettings

REPEAT_MINUTES = (5, 10, 15, 30, 60)
MOST_TIMES = 10
EVERYTHING = [f"{topic}.{channel}" for topic in NoticeTopic for channel in Channel]


def repeat_choices() -> list[tuple[int, str]]:
    words = [(minutes, str(_("every %(minutes)s min") % {"minutes": minutes})) for minutes in REPEAT_MINUTES]
    return [(0, str(_("never"))), *words]


def times_choices() -> list[tuple[int, str]]:
    return [(n, ngettext("once", "at most %(count)s times", n) % {"count": n}) for n in range(1, MOST_TIMES + 1)]


def clock_field(label: Any) -> forms.TimeField:
    widget = forms.TimeInput(attrs={"type": "time", "class": "input"}, format="%H:%M")
    return forms.TimeField(label=label, required=False, widget=widget)


class NotificationForm(Styled, forms.ModelForm):
    """`on` is what is ticked in the table of topics and channels; stored is what is not."""

    on = forms.MultipleChoiceField(choices=[(each, each) for each in EVERYTHING], required=False)
    quiet_from = clock_field(_("Quiet from"))
    quiet_until = clock_field(_("until"))
    repeat_minutes = forms.TypedChoiceField(label=_("Remind me"), choices=repeat_choices, coerce=int)
    repeat_times = forms.TypedChoiceField(label=_("How often"), choices=times_choices, coerce=int)

    class Meta:
        model = NotificationSettings
        fields = ("with_text", "quiet_from", "quiet_until", "quiet_weekends", "repeat_minutes", "repeat_times")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        start, end = cleaned.get("quiet_from"), cleaned.get("quiet_until")
        if (start is None) != (end is None) and not self.errors:
            missing = "quiet_from" if start is None else "quiet_until"
            self.add_error(missing, _("Say from when until when, or leave both empty."))
        elif start is not None and start == end:
            self.add_error("quiet_until", _("The end must differ from the start."))
        return cleaned

    def save(self, commit: bool = True) -> NotificationSettings:
        ticked = set(self.cleaned_data["on"])
        self.instance.muted = [each for each in EVERYTHING if each not in ticked]
        saved: NotificationSettings = super().save(commit)
        return saved

    def table(self) -> list[tuple[str, list[tuple[str, Any, bool]]]]:
        """Per topic its words and (value, words of the channel, is on) for each channel."""
        on = set(self.data.getlist("on")) if self.is_bound else set(self.instance.choices_on())
        return [
            (
                str(topic.label),
                [(value := f"{topic}.{channel}", channel.label, value in on) for channel in Channel],
            )
            for topic in NoticeTopic
        ]
