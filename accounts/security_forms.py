"""What people type to prove who they are, beside the password."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import PASSWORD_LENGTH, Styled
from accounts.models import Workspace
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
