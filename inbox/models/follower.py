"""Colleagues who keep an eye on a conversation. Following opens no door: it needs the sight of it."""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from accounts.models import Agent
from inbox.models.conversation import Conversation


class Follower(models.Model):
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="+")
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="followers")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["agent", "conversation"], name="follower_unique"),
        ]
