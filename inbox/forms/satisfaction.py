"""How customers are asked after closing, as an admin chooses it."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.forms import Styled
from inbox import text as words
from inbox.models import SatisfactionSettings
from inbox.satisfaction_rules import DEFAULTS, PARTS, QUESTION, TITLE, wording_for

MOST_OUTCOMES, LONGEST_OUTCOME = 50, 120
LABELS = {
    "question": _("Question"), "good": _("Button for good"), "so_so": _("Button for so-so"),
    "bad": _("Button for bad"), "why": _("Afterwards: what was it?"),
}  # fmt: skip
LANGUAGES = [(code, name) for code, name in settings.LANGUAGES if code in DEFAULTS]


class SatisfactionForm(Styled, forms.ModelForm):
    """Words of each language, and the limits."""

    outcomes = forms.CharField(
        label=_("Outcomes after which nobody is asked"), required=False, max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3, "class": "input"}), help_text=_("One a line."),
    )  # fmt: skip

    class Meta:
        model = SatisfactionSettings
        fields = ("every_days", "comment_hours")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["outcomes"].initial = "\n".join(self.instance.without_outcomes)
        for language, _name in LANGUAGES:
            known = wording_for(language, self.instance.wording, fallback=language)
            for part in PARTS:
                self.fields[f"{part}_{language}"] = _field(part, getattr(known, part))

    @property
    def languages(self) -> list[tuple[str, list[forms.BoundField]]]:
        """(name, fields) of each, for the template."""
        return [(name, [self[f"{part}_{language}"] for part in PARTS]) for language, name in LANGUAGES]

    def clean_outcomes(self) -> list[str]:
        lines = [" ".join(words.clean(line).split()) for line in self.cleaned_data["outcomes"].splitlines()]
        found = list(dict.fromkeys(line for line in lines if line))
        if len(found) > MOST_OUTCOMES or any(len(line) > LONGEST_OUTCOME for line in found):
            raise forms.ValidationError(_("At most 50 outcomes of 120 characters."))
        return found

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for language, _name in LANGUAGES:
            titles = [cleaned.get(f"{part}_{language}", "").casefold() for part in ("good", "so_so", "bad")]
            if all(titles) and len(set(titles)) < len(titles):
                self.add_error(f"bad_{language}", _("Each button needs words of its own."))
        return cleaned

    @property
    def said(self) -> dict[str, Any]:
        """What the action takes."""
        cleaned = self.cleaned_data
        return {
            "wording": {
                language: {part: cleaned[f"{part}_{language}"] for part in PARTS} for language, _name in LANGUAGES
            },
            "every_days": cleaned["every_days"], "comment_hours": cleaned["comment_hours"],
            "without_outcomes": cleaned["outcomes"],
        }  # fmt: skip


def _field(part: str, initial: str) -> forms.CharField:
    if part in ("question", "why"):
        return forms.CharField(
            label=LABELS[part], max_length=QUESTION, initial=initial, required=part == "question",
            widget=forms.Textarea(attrs={"rows": 2, "class": "input"}),
            help_text=_("Leave it empty to ask for no comment.") if part == "why" else "",
        )  # fmt: skip
    widget = forms.TextInput(attrs={"class": "input"})
    return forms.CharField(label=LABELS[part], max_length=TITLE, initial=initial, widget=widget)
