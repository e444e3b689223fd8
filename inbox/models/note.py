"""What only colleagues see. A model of its own: what cannot be delivered cannot leak."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Agent, Workspace
from accounts.models.api_token import shown_name
from inbox.enums import DraftKind
from inbox.models.activity import Activity
from inbox.models.conversation import Conversation


class Note(models.Model):
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="notes", db_index=False)
    seq = models.PositiveBigIntegerField()
    uid = models.UUIDField(default=uuid.uuid4)
    author = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, related_name="+")
    system = models.CharField(max_length=60, blank=True, default="")  # the token by which another system wrote it
    text = models.TextField()
    occurred_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar[list] = [models.UniqueConstraint(fields=["conversation", "uid"], name="note_uid")]
        indexes: ClassVar[list] = [models.Index(fields=["conversation", "-occurred_at", "-seq"], name="note_thread")]

    @property
    def author_name(self) -> str:
        """Whoever wrote it, in full; nobody for who is not here any more."""
        return self.author.name if self.author else shown_name(self.system) if self.system else ""


class Mention(models.Model):
    """Somebody is called: by a colleague's note, or by a line that asks for their decision."""

    note = models.ForeignKey(Note, on_delete=models.CASCADE, null=True, blank=True, related_name="mentions")
    activity = models.ForeignKey(Activity, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="mentions")
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="mentions")
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["note", "agent"], name="mention_unique"),
            models.CheckConstraint(
                condition=Q(note__isnull=False, activity__isnull=True) | Q(note__isnull=True, activity__isnull=False),
                name="mention_of_one_thing",
            ),
        ]
        indexes: ClassVar[list] = [
            models.Index(fields=["agent", "conversation"], name="mention_agent"),
            models.Index(fields=["agent", "-created_at"], name="mention_list"),
        ]


class Draft(models.Model):
    """What one agent has typed and not sent, per conversation and kind; survives everything."""

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="+")
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="drafts")
    kind = models.CharField(max_length=6, choices=DraftKind.choices, default=DraftKind.REPLY)
    text = models.TextField(blank=True)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["agent", "conversation", "kind"], name="draft_unique"),
        ]
