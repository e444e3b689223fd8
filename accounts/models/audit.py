"""What was done by whom."""

from typing import ClassVar

from django.db import models
from django.utils.timezone import now

from accounts.models.agent import Agent
from accounts.models.workspace import Workspace


class AuditEntry(models.Model):
    """A privileged act: who did what to whom. Append-only (a trigger refuses changes)."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="audit_entries")
    actor = models.ForeignKey(Agent, on_delete=models.PROTECT, null=True, related_name="+")
    verb = models.CharField(max_length=60)
    subject = models.CharField(max_length=120, blank=True)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=now)

    class Meta:
        indexes: ClassVar[list] = [models.Index(fields=["workspace", "-id"], name="audit_ws")]
