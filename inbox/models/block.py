"""A contact whom one of our numbers does not want to hear from. The row is the wish; WhatsApp is told by a job."""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from accounts.models import Agent
from inbox.models.conversation import Conversation


class Block(models.Model):
    conversation = models.OneToOneField(Conversation, on_delete=models.CASCADE, related_name="block")
    by = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, related_name="+")
    spam = models.BooleanField(default=False)
    asked_at = models.DateTimeField(default=timezone.now)
    # When the job is given up for lost; None once WhatsApp has answered.
    try_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar[list] = [
            models.Index(fields=["try_at"], condition=models.Q(try_at__isnull=False), name="block_pending"),
        ]
