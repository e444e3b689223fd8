"""Signing in by the business's own identity provider."""


from django.db import models
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from accounts.fields import EncryptedTextField
from accounts.models.workspace import Workspace


class SignOnProvider(models.Model):
    """The OpenID Connect provider at which people of a workspace may sign in instead of typing a password here."""

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, related_name="sign_on_provider")
    name = models.CharField(_("Name on the button"), max_length=40)
    issuer = models.URLField(_("Issuer"), max_length=300)
    client_id = models.CharField(_("Client ID"), max_length=300)
    client_secret = EncryptedTextField(_("Client secret"))
    changed_at = models.DateTimeField(default=now)


    def __str__(self) -> str:
        return self.name
