"""Who is responsible since when, and why routing decided as it did. Both are written and never edited."""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from accounts.models import Agent, Team, Workspace
from inbox.models.conversation import Conversation


class Assignment(models.Model):
    """One change of responsibility: to an agent, to a team's queue (agent None), by a person or by routing."""

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="assignments", db_index=False)
    agent = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    by = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")  # None: routing
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar[list] = [models.Index(fields=["conversation", "-id"], name="assignment_list")]


class RoutingDecision(models.Model):
    """What automatic routing decided, with the facts it saw."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="routing_decisions", db_index=False
    )
    team = models.ForeignKey(Team, on_delete=models.SET_NULL, null=True, related_name="+")
    agent = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, related_name="+")  # None: nobody free
    # person, sticky, skill, least_busy, round_robin, nobody_free, queue, handed_back
    reason = models.CharField(max_length=24)
    # {"load": 3, "capacity": 8, "idle_minutes": 12, "candidates": [...], "rule": {"id", "number", "name"}} and what
    # circumstances there were, see inbox.routing_rules and inbox.actions.queue
    facts = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar[list] = [
            models.Index(fields=["conversation", "-id"], name="decision_list"),
            # Trying rules out on the last week (inbox.rules.trial).
            models.Index(fields=["workspace", "-created_at"], name="decision_ws"),
        ]
