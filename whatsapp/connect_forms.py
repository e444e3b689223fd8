"""What admins paste from Meta: ids, and secrets that are never shown again."""

import re
from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.forms import Styled
from whatsapp.connections import Given
from whatsapp.round_trip import BAD, Check


class IdField(forms.CharField):
    """One of Meta's ids, whatever spaces were copied with it."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"inputmode": "numeric", "autocomplete": "off", "spellcheck": "false"}
        super().__init__(widget=forms.TextInput(attrs=attrs), **kwargs)

    def clean(self, value: Any) -> str:
        plain = re.sub(r"\s", "", super().clean(value))
        if not re.fullmatch(r"[0-9]{5,25}", plain):
            raise ValidationError(_("This is not an ID of Meta's: those are long numbers."))
        return plain


class SecretField(forms.CharField):
    """A secret: typed or pasted, never rendered."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.PasswordInput(
            attrs={"class": "input", "autocomplete": "off", "spellcheck": "false"}, render_value=False
        )
        super().__init__(widget=widget, max_length=2000, **kwargs)

    def clean(self, value: Any) -> str:
        plain = super().clean(value).strip()
        if len(plain) < 16 or not plain.isascii() or not plain.isprintable() or " " in plain:
            raise ValidationError(_("This does not look like what Meta gives out."))
        return plain


class PinField(forms.CharField):
    def __init__(self, **kwargs: Any) -> None:
        attrs = {"class": "input", "inputmode": "numeric", "autocomplete": "off", "maxlength": "6"}
        super().__init__(widget=forms.PasswordInput(attrs=attrs), **kwargs)

    def clean(self, value: Any) -> str:
        pin = super().clean(value).strip()
        if not re.fullmatch(r"[0-9]{6}", pin):
            raise ValidationError(_("A PIN has 6 digits."))
        return pin


class ConnectForm(Styled, forms.Form):
    app_id = IdField(label=_("App ID"))
    app_secret = SecretField(label=_("App secret"))
    access_token = SecretField(label=_("Access token of a system user"))
    waba_id = IdField(label=_("WhatsApp business account ID (WABA)"))
    phone_number_id = IdField(label=_("Phone number ID"))
    take_over = forms.BooleanField(required=False)

    @property
    def given(self) -> Given:
        return Given(**self.cleaned_data)

    def mark(self, checks: Iterable[Check]) -> None:
        """What Meta said is wrong stands at the field that it is about, with the page that mends it."""
        for check in checks:
            if check.state == BAD and check.field:
                self.add_error(check.field, _said(check))


def _said(check: Check) -> str:
    if check.page is None:
        return str(check.sentence)
    link = '{} <a href="{}" target="_blank" rel="noopener noreferrer">{}</a>'
    return format_html(link, check.sentence, check.page.url, check.page.words)


class TokenForm(Styled, forms.Form):
    """Another access token."""

    access_token = SecretField(label=_("New access token"))


class AppSecretForm(Styled, forms.Form):
    """Another app secret; the one before is accepted a while longer."""

    app_secret = SecretField(label=_("New app secret"))


class PinForm(Styled, forms.Form):
    pin = PinField(label=_("PIN, 6 digits"))


class CodeForm(Styled, forms.Form):
    """The code from the SMS or the call."""

    code = forms.CharField(label=_("Code"), max_length=12, widget=forms.TextInput(attrs={"inputmode": "numeric"}))


class NameForm(Styled, forms.Form):
    name = forms.CharField(label=_("New display name"), max_length=100)
