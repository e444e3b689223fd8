"""What was done by whom."""

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Cast, Upper
from django.utils.timezone import now

from accounts.models.agent import Agent
from accounts.models.workspace import Workspace


class AuditEntry(models.Model):
    """A privileged act: who did what to whom. Append-only (a trigger refuses changes)."""

    API = "api"  # in `data`: the name of the API token through which another system did it

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="audit_entries")
    actor = models.ForeignKey(Agent, on_delete=models.PROTECT, null=True, related_name="+")
    verb = models.CharField(max_length=60)
    subject = models.CharField(max_length=120, blank=True)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=now)

    class Meta:
        indexes: ClassVar[list] = [
            models.Index(fields=["workspace", "-id"], name="audit_ws"),
            models.Index(fields=["workspace", "actor", "-id"], name="audit_actor"),
            models.Index(fields=["workspace", "created_at"], name="audit_period"),
            # Whatever stands in a line is found by a part of it.
            GinIndex(OpClass(Upper("subject"), name="gin_trgm_ops"), name="audit_subject"),
            GinIndex(OpClass(Upper(Cast("data", models.TextField())), name="gin_trgm_ops"), name="audit_data"),
        ]
