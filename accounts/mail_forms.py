"""What an admin types about the mail server."""

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from accounts.forms import Styled
from accounts.models import MailServer


class MailServerForm(Styled, forms.ModelForm):
    """The password is written, never read, and asked for again when it would go elsewhere or less well encrypted."""

    host = forms.CharField(
        label=_("Server"), max_length=253, widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        validators=[RegexValidator(r"^[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?\Z", _("Such as mail.example.com."))],
    )
    port = forms.IntegerField(label=_("Port"), min_value=1, max_value=65535, initial=587)
    password = forms.CharField(
        label=_("Password"), max_length=300, required=False,
        widget=forms.PasswordInput(attrs={"class": "input", "autocomplete": "off"}),
    )

    class Meta:
        model = MailServer
        fields = ("host", "port", "security", "username", "sender")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].widget.attrs["autocomplete"] = "off"
        self.fields["sender"].help_text = _("The address that recipients see.")
        if self.instance.pk and self.instance.password:
            self.fields["password"].help_text = _("Kept. Leave empty to keep it.")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        place = ("host", "port", "security", "username")
        kept = MailServer.objects.filter(pk=self.instance.pk).values_list(*place).first()
        elsewhere = kept is not None and kept != tuple(cleaned.get(name) for name in place)
        if cleaned.get("username") and not cleaned.get("password") and (kept is None or elsewhere):
            self.add_error("password", _("Please enter the password of this user."))
        return cleaned
