"""Two contacts that became one: where the old conversation's address leads, and what it takes to part them again."""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from accounts.models import Agent, Workspace
from inbox.models.contact import Contact
from inbox.models.conversation import Conversation


class ContactMerge(models.Model):
    """One merge by a person, with all as it was before. Kept for a day; it can be undone for some minutes."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    kept = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="merges")
    gone = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+")
    by = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="+")
    record = models.JSONField()  # see inbox.actions.merge_record
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar[list] = [models.Index(fields=["created_at"], name="merge_age")]


class MovedConversation(models.Model):
    """A thread that went into another: its old address, in a bookmark or a mail, leads there."""

    old_id = models.BigIntegerField(primary_key=True)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="+")
