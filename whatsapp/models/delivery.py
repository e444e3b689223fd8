"""What Meta posts to us, raw, and what was refused at the door."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from whatsapp.models.app import MetaApp


class DeliveryState(models.TextChoices):
    NEW = "new", _("Waiting")
    PROCESSED = "processed", _("Processed")
    IGNORED = "ignored", _("Ignored")
    FAILED = "failed", _("Failed")


class WebhookDelivery(models.Model):
    """One POST from Meta, raw, committed before the 200. `state` and `reason` say what became of it."""

    meta_app = models.ForeignKey(MetaApp, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    received_at = models.DateTimeField(db_default=models.functions.Now())
    body = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    state = models.CharField(
        max_length=10, choices=DeliveryState.choices, default=DeliveryState.NEW, db_default=DeliveryState.NEW
    )
    reason = models.CharField(max_length=300, blank=True, default="", db_default="")
    # One entry per item that was not simply processed: {"path", "outcome": "ignored"|"failed", "reason"}.
    findings = models.JSONField(default=list, db_default=[])
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar[list] = [
            models.Index(fields=["id"], condition=Q(state="new"), name="delivery_new"),
            models.Index(fields=["meta_app", "-id"], name="delivery_list"),
            models.Index(fields=["state", "-id"], name="delivery_state"),
        ]


class WebhookRejection(models.Model):
    """How often the door refused a POST, per day and reason (nothing of the body is kept)."""

    day = models.DateField()
    reason = models.CharField(max_length=40)
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints: ClassVar[list] = [models.UniqueConstraint(fields=["day", "reason"], name="rejection_unique")]
