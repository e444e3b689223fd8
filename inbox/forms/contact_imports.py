"""A file of contacts, and how its columns are to be read."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.forms import Styled
from accounts.models import Agent
from inbox.contacts import fields as contact_fields
from inbox.importing import columns
from inbox.importing.limits import MOST_BYTES
from inbox.importing.tables import TOO_LARGE
from inbox.models import ContactImport
from whatsapp.models import PhoneNumber

SAMPLES = 3


class ImportFileForm(Styled, forms.Form):
    file = forms.FileField(
        label=_("File"), help_text=_("CSV or Excel (.xlsx), up to 10,000 rows and 5 MB. One row per person."),
        widget=forms.FileInput(attrs={"class": "input", "accept": ".csv,.tsv,.txt,.xlsx"}), allow_empty_file=True,
    )
    number = forms.ModelChoiceField(
        PhoneNumber.objects.none(), label=_("Our number"), empty_label=None,
        help_text=_("These people will be written to from this number."),
    )

    def __init__(self, *args: Any, by: Agent, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        numbers = PhoneNumber.objects.connected().filter(workspace=by.workspace_id).select_related("business_account")
        self.fields["number"].queryset = numbers.order_by("id")  # type: ignore[attr-defined]

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(TOO_LARGE)
        return file


class ReadingForm(Styled, forms.Form):
    """What each column holds, and what is declared about the opt-ins. `said` is what the action takes."""

    fill_only = forms.BooleanField(
        label=_("Keep what we know"), required=False,
        help_text=_("Fill in only what is empty. Otherwise the file wins."),
    )
    consent_source = forms.CharField(
        label=_("Where and how did they agree?"), max_length=200, required=False,
        widget=forms.TextInput(attrs={"placeholder": _("e.g. form at the counter")}),
    )
    consent_on = forms.DateField(
        label=_("Since when at the latest?"), required=False, input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"class": "input", "type": "date"}),
    )
    consent_wording = forms.CharField(
        label=_("Exact words they agreed to"), max_length=2000, required=False,
        widget=forms.Textarea(attrs={"rows": 2, "class": "input"}),
    )

    def __init__(self, *args: Any, imported: ContactImport, **kwargs: Any) -> None:
        kept = {name: getattr(imported, name) for name in self.base_fields}
        super().__init__(*args, initial=kept, **kwargs)
        self.imported = imported
        own = contact_fields.fields_of(imported.workspace_id)
        choices = [("", _("leave out")), *columns.targets_for(own).items()]
        samples = [row.cells for row in imported.rows.order_by("line")[:SAMPLES]]
        self.columns = []
        for index, heading in enumerate(imported.headings):
            name = f"column_{index}"
            label = heading or _("Column %(number)s") % {"number": index + 1}
            self.fields[name] = forms.ChoiceField(
                label=label, choices=choices, required=False, initial=imported.columns[index],
                widget=forms.Select(attrs={"class": "input input--s"}),
            )
            examples = [str(cells[index]) for cells in samples if index < len(cells) and cells[index]]
            self.columns.append((name, examples))

    @property
    def rows(self) -> list[tuple[forms.BoundField, list[str]]]:
        """For the template: the choice of each column with a few of its cells."""
        return [(self[name], examples) for name, examples in self.columns]

    @property
    def chosen(self) -> list[str]:
        return [self.cleaned_data.get(name, "") for name, _examples in self.columns]

    def clean_consent_on(self) -> Any:
        day = self.cleaned_data["consent_on"]
        if day and day > timezone.localdate():
            raise forms.ValidationError(_("This day has not come yet."))
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        chosen = self.chosen
        for name, _examples in self.columns:
            if (target := cleaned.get(name)) and chosen.count(target) > 1:
                self.add_error(name, _("Two columns hold the same."))
        if columns.PHONE not in chosen:
            self.add_error(None, _("Say which column holds the phone number: it tells people apart."))
        if columns.CONSENT in chosen:
            if columns.CONSENT_SOURCE not in chosen and not cleaned.get("consent_source"):
                self.add_error("consent_source", _("There is no consent without a source. Or leave the column out."))
            if columns.CONSENT_AT not in chosen and "consent_on" in cleaned and not cleaned["consent_on"]:
                self.add_error("consent_on", _("A consent has a date. Or leave the column out."))
        return cleaned

    @property
    def said(self) -> dict[str, Any]:
        return {**{name: self.cleaned_data[name] for name in self.base_fields}, "columns": self.chosen}
