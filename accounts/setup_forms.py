"""What a founder types in the wizard of the first hour."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.forms import NewPasswordForm, Styled, zone_choices
from accounts.models import Agent, Workspace


class FounderForm(NewPasswordForm):
    """The code of the server, and who begins."""

    code = forms.CharField(
        label=_("Set-up code"), max_length=40, help_text=_("It stands where Tresen was started."),
        widget=forms.TextInput(attrs={
            "class": "input mono", "autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false",
            "autofocus": True,
        }),
    )  # fmt: skip
    name = forms.CharField(label=_("Your name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(
        label=_("Email"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "username"})
    )
    field_order = ("code", "name", "email", "password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].label = _("Password")
        self.agent = Agent(email=self.data.get("email", "")[:254], name=self.data.get("name", "")[:80])

    def clean_email(self) -> str:
        return self.cleaned_data["email"].strip().lower()


class FounderDetailsForm(Styled, forms.ModelForm):
    """Name and address, looked at once more."""

    class Meta:
        model = Agent
        fields = ("name", "email")

    def clean_email(self) -> str:
        email = self.cleaned_data["email"].strip().lower()
        if Agent.objects.filter(email=email).exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("Somebody already signs in with this email address."))
        return email


class BusinessForm(Styled, forms.ModelForm):
    name = forms.CharField(
        label=_("Name of your business"), max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "organization", "autofocus": True}),
    )
    language = forms.ChoiceField(
        label=_("Language"), choices=settings.LANGUAGES, help_text=_("Everybody can choose another one for themselves.")
    )
    timezone = forms.ChoiceField(
        label=_("Time zone"), choices=zone_choices, help_text=_("Decides when your opening hours and reports begin.")
    )

    class Meta:
        model = Workspace
        fields = ("name", "language", "timezone")
