"""Where mail goes out."""

from django.db import models
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from accounts.fields import EncryptedTextField
from accounts.models.workspace import Workspace


class MailSecurity(models.TextChoices):
    STARTTLS = "starttls", _("STARTTLS (mostly port 587)")
    TLS = "tls", _("TLS (mostly port 465)")
    NONE = "none", _("None, only on this machine")


class MailServer(models.Model):
    """The SMTP server of a workspace, entered on its page. What stands in the environment goes before it."""

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, related_name="mail_server")
    host = models.CharField(_("Server"), max_length=253)
    port = models.PositiveIntegerField(_("Port"), default=587)
    security = models.CharField(_("Encryption"), max_length=8, choices=MailSecurity.choices, default="starttls")
    username = models.CharField(_("User name"), max_length=254, blank=True)
    password = EncryptedTextField(default="")
    sender = models.EmailField(_("Sender"), max_length=254)
    changed_at = models.DateTimeField(default=now)
