"""A case: one stretch of a conversation from opening to closing. Times, targets and reports hang on it."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Agent, Team, Workspace
from inbox.models.conversation import Conversation


class Case(models.Model):
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="cases", db_index=False)
    team = models.ForeignKey(Team, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    opened_at = models.DateTimeField(default=timezone.now)
    opened_by = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    first_replied_at = models.DateTimeField(null=True, blank=True)  # by a human
    first_replied_by = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    outcome = models.CharField(max_length=120, blank=True)
    message_count = models.PositiveIntegerField(default=0)
    subject = models.CharField(max_length=160, blank=True)  # the first words of its first message

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(
                fields=["conversation"], condition=Q(closed_at__isnull=True), name="case_one_open"
            ),
        ]
        indexes: ClassVar[list] = [models.Index(fields=["conversation", "-opened_at"], name="case_list")]
