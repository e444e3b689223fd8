"""The Meta app whose webhooks come to our door, and how the door was tried."""

from django.db import models
from django.utils.timezone import now

from accounts.fields import EncryptedTextField
from accounts.models import Workspace


class MetaApp(models.Model):
    """The Meta app whose webhooks come to our door. Its secrets are in AppSecret, several while one is rotated."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="meta_apps")
    app_id = models.CharField(max_length=32, unique=True)
    verify_token = EncryptedTextField()
    created_at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return self.app_id


class AppSecret(models.Model):
    meta_app = models.ForeignKey(MetaApp, on_delete=models.CASCADE, related_name="secrets")
    secret = EncryptedTextField()
    created_at = models.DateTimeField(default=now)
    valid_until = models.DateTimeField(null=True, blank=True)


class WebhookCheck(models.Model):
    """A riddle of Meta's that we wait for: whether its webhooks find us. The door answers and notes that it came."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    verify_token = EncryptedTextField()
    token_sha256 = models.CharField(max_length=64, db_index=True)
    created_at = models.DateTimeField(default=now)
    arrived_at = models.DateTimeField(null=True, blank=True)
