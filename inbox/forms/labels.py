"""What leads say about labels."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from inbox.actions.labels import LONGEST_NAME
from inbox.models import Label
from inbox.models.label import HUES


class LabelForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=LONGEST_NAME)
    hue = forms.TypedChoiceField(
        label=_("Colour"), coerce=int, choices=[(hue, str(hue)) for hue in HUES], initial=HUES[0]
    )

    @property
    def chosen_hue(self) -> int:
        """The one to mark, also when the name is refused."""
        chosen = str(self["hue"].value())
        return int(chosen) if chosen.isdecimal() else HUES[0]


class RemovalForm(forms.Form):
    """`into` is the label that takes its place; none: it is deleted."""

    into = forms.ModelChoiceField(Label.objects.none(), required=False)

    def __init__(self, *args: Any, label: Label, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = Label.objects.filter(workspace=label.workspace_id).exclude(pk=label.pk)
        self.fields["into"].queryset = others  # type: ignore[attr-defined]
