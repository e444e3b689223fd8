"""What people type to prove who they are, beside the password."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import PASSWORD_LENGTH, Styled
from accounts.models import SignOnProvider, Workspace
from accounts.security_keys import MAX_ANSWER


class CodeForm(Styled, forms.Form):
    """Six digits of an app; where a code on paper will do as well, letters too."""

    code = forms.CharField(label=_("Code"), max_length=40)

    def __init__(self, *args: Any, paper: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs.update(
            {"class": "input input--l mono", "autocomplete": "one-time-code", "autocapitalize": "off",
             "spellcheck": "false"}
        )  # fmt: skip
        if paper:
            self.fields["code"].help_text = _("Six digits from your app, or one of your recovery codes.")
        else:
            self.fields["code"].widget.attrs["inputmode"] = "numeric"


class PasswordForm(Styled, forms.Form):
    password = forms.CharField(
        label=_("Password"), max_length=PASSWORD_LENGTH, strip=False,
        widget=forms.PasswordInput(attrs={"class": "input input--l", "autocomplete": "current-password"}),
    )


class KeyForm(Styled, forms.Form):
    """A new key: what the person calls it, and what the browser answered."""

    name = forms.CharField(label=_("Name"), max_length=60, help_text=_("So that you know it again in the list."))
    credential = forms.CharField(max_length=MAX_ANSWER, widget=forms.HiddenInput)


class RuleForm(Styled, forms.ModelForm):
    class Meta:
        model = Workspace
        fields = ("second_factor_rule",)


class SignOnForm(Styled, forms.ModelForm):
    """The identity provider. Its secret is written, never read, and asked for again when it would go elsewhere."""

    issuer = forms.URLField(
        label=_("Issuer"), max_length=300, assume_scheme="https", widget=forms.URLInput(attrs={"class": "input"}),
        help_text=_("Such as https://login.example.com/realms/shop, exactly as the provider calls itself."),
    )
    client_secret = forms.CharField(
        label=_("Client secret"), max_length=300, required=False, strip=True,
        widget=forms.PasswordInput(attrs={"class": "input", "autocomplete": "off"}),
    )

    class Meta:
        model = SignOnProvider
        fields = ("name", "issuer", "client_id")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].help_text = _("Such as the name of your provider or your business.")
        if self.instance.pk:
            hint = self.instance.client_secret.hint
            self.fields["client_secret"].help_text = _("Kept: %(hint)s. Leave empty to keep it.") % {"hint": hint}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        place = ("issuer", "client_id")
        kept = SignOnProvider.objects.filter(pk=self.instance.pk).values_list(*place).first()
        if not cleaned.get("client_secret") and kept != tuple(cleaned.get(name) for name in place):
            self.add_error("client_secret", _("Please enter the secret of this client."))
        return cleaned
