"""Web Push: our key pair, the devices that asked for it, and what is on its way to them."""

from typing import ClassVar

from django.db import models
from django.db.models import F
from django.utils import timezone

from accounts.fields import EncryptedTextField
from accounts.models import Agent
from inbox.models.conversation import Conversation


class PushKey(models.Model):
    """A pair (VAPID, P-256) of this installation. Browsers subscribe to the newest; older ones serve their devices."""

    private_key = EncryptedTextField()  # 32 bytes in URL-safe base64
    public_key = models.CharField(max_length=100)  # the point, 65 bytes in URL-safe base64, as browsers want it
    created_at = models.DateTimeField(default=timezone.now)


class PushDeviceQuerySet(models.QuerySet["PushDevice"]):
    def living(self) -> "PushDeviceQuerySet":
        """Whose agent still works here and has not been signed out everywhere (new password, new role, by an admin)."""
        return self.filter(agent__is_active=True, session_epoch=F("agent__session_epoch"))


class PushDevice(models.Model):
    """One browser that an agent wants to be told in. It ends with the sign-out there."""

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="push_devices")
    key = models.ForeignKey(PushKey, on_delete=models.CASCADE, related_name="devices")
    endpoint = models.TextField()
    endpoint_hash = models.CharField(max_length=64, unique=True)
    p256dh = models.CharField(max_length=100)
    auth = EncryptedTextField()
    token_hash = models.CharField(max_length=64, db_index=True)  # of the cookie that says "this browser"
    name = models.CharField(max_length=80)
    session_epoch = models.PositiveIntegerField()
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)  # since the last success
    problem = models.CharField(max_length=200, blank=True)  # what the last failure was

    objects: ClassVar = PushDeviceQuerySet.as_manager()


class PushNotice(models.Model):
    """Somebody with a device is to be told. The row goes once that is done; the sweeper queues what was lost."""

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="+")
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12)
    created_at = models.DateTimeField(default=timezone.now)
    queued_at = models.DateTimeField(default=timezone.now, db_index=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
