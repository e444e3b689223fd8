"""A rate card to put in."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.forms import Styled
from accounts.models import Agent
from inbox.importing.limits import MOST_BYTES
from inbox.importing.tables import TOO_LARGE
from whatsapp.models import BusinessAccount

CURRENCIES = ("EUR", "USD", "GBP", "CHF", "INR", "AUD", "BRL", "IDR", "MXN", "SAR", "AED")
FREE_REPLIES = 1000


class RateCardForm(Styled, forms.Form):
    file = forms.FileField(
        label=_("Meta's rate card"), help_text=_("CSV or Excel (.xlsx), as Meta gives it out."),
        widget=forms.FileInput(attrs={"class": "input", "accept": ".csv,.tsv,.txt,.xlsx"}), allow_empty_file=True,
    )
    effective_from = forms.DateField(
        label=_("Holds from"), help_text=_("Meta changes prices on the first of a quarter."),
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"class": "input", "type": "date"}),
    )
    currency = forms.ChoiceField(
        label=_("Currency"), choices=[(each, each) for each in CURRENCIES], help_text=_("If the file does not say it.")
    )
    free_per_month = forms.IntegerField(
        label=_("Free replies"), min_value=0, max_value=1_000_000, initial=FREE_REPLIES,
        help_text=_("Per number and month, since October 2026."),
    )
    source = forms.CharField(
        label=_("Where it is from"), max_length=160, required=False,
        widget=forms.TextInput(attrs={"placeholder": _("e.g. Meta's pricing page, 1 October 2026")}),
    )

    def __init__(self, *args: Any, by: Agent, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        account = BusinessAccount.objects.filter(workspace=by.workspace_id).order_by("pk").first()
        today = timezone.localdate()
        self.initial |= {
            "currency": account.currency if account else "EUR", "free_per_month": FREE_REPLIES,
            "effective_from": today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1),
        }  # fmt: skip

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(TOO_LARGE)
        return file
