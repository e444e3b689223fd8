"""How conversations were before somebody's last deed, for the seconds in which it can be taken back."""

import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone

from accounts.models import Agent


class Undo(models.Model):
    token = models.UUIDField(primary_key=True, default=uuid.uuid4)
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="+")
    steps = models.JSONField()  # [{"conversation": 7, "before": {…}, "after": {…}}], see inbox.actions.undo
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar[list] = [models.Index(fields=["agent", "created_at"], name="undo_of_agent")]
