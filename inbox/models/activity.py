"""Lines in the thread that are nobody's message: assigned, closed, reopened, window closed, number changed …"""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Agent, Workspace
from inbox.models.conversation import Conversation


class Activity(models.Model):
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="activities", db_index=False)
    seq = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=24)  # see inbox.activity_lines for the words of each
    actor = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    data = models.JSONField(default=dict)
    occurred_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar[list] = [
            models.Index(fields=["conversation", "-occurred_at", "-seq"], name="activity_thread"),
            # What the team board shows of the last assignments (inbox.board).
            models.Index(
                fields=["workspace", "-occurred_at", "-id"], name="activity_assigned",
                condition=Q(kind__in=["assigned", "claimed", "taken_over", "moved", "released", "handed_back"]),
            ),
        ]
