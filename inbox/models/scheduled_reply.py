"""Replies that wait for their time: "send later"."""

import hashlib
import json
import uuid
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Agent, Workspace
from inbox.models.conversation import Conversation
from inbox.models.message import Message
from whatsapp.models import MessageTemplate

if TYPE_CHECKING:
    from inbox.models.upload import Upload


class ScheduledReplyQuerySet(models.QuerySet["ScheduledReply"]):
    def pending(self, conversation: Conversation) -> "ScheduledReplyQuerySet":
        """What waits in this conversation or is held, in order of time."""
        found = self.filter(conversation=conversation, state__in=("waiting", "held"))
        found = found.select_related("author", "template", "quoted").prefetch_related("files")
        return found.order_by("due_at", "pk")


class ScheduledReply(models.Model):
    class State(models.TextChoices):
        WAITING = "waiting", _("Scheduled")
        HELD = "held", _("Held")  # something has happened since: a person decides
        SENT = "sent", _("Sent")
        RETURNED = "returned", _("Back among the drafts")  # the window was closed, and no template was chosen for that
        CANCELLED = "cancelled", _("Cancelled")

    class IfWritten(models.TextChoices):
        """What becomes of it when the customer writes before its time."""

        HOLD = "hold", _("Hold it and ask me")
        CANCEL = "cancel", _("Do not send it")

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="scheduled_replies")
    author = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, related_name="+")
    uid = models.UUIDField(default=uuid.uuid4)  # the message's own, once it is one: it can never be two
    text = models.TextField()
    quoted = models.ForeignKey(Message, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    seen_seq = models.PositiveBigIntegerField(default=0)  # a colleague's reply after this holds it back
    due_at = models.DateTimeField()
    if_written = models.CharField(max_length=8, choices=IfWritten.choices, default=IfWritten.HOLD)
    # Sent instead when the window is closed at that time; without one the author is asked. Without words and
    # files it is all that was planned.
    template = models.ForeignKey(MessageTemplate, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    template_values = models.JSONField(default=dict)

    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    why = models.CharField(max_length=12, blank=True, default="")  # why held or ended: inbox.actions.later
    message = models.ForeignKey(Message, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar = ScheduledReplyQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list] = [models.UniqueConstraint(fields=["conversation", "uid"], name="scheduled_uid")]
        indexes: ClassVar[list] = [
            models.Index(fields=["due_at"], condition=Q(state="waiting"), name="scheduled_due"),
            models.Index(
                fields=["conversation", "due_at"], condition=Q(state__in=["waiting", "held"]), name="scheduled_pending"
            ),
        ]

    @property
    def files_in_order(self) -> "list[Upload]":
        return sorted(self.files.all(), key=lambda each: (each.position, each.pk))

    @property
    def mark(self) -> str:
        """Another one as soon as anything about it is changed."""
        files = [str(upload.uid) for upload in self.files_in_order]
        facts = [self.text, self.due_at.isoformat(), self.if_written, self.template_id, self.template_values, files]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def is_template(self) -> bool:
        """Only a template was planned, whatever the window is by then."""
        return not self.text and not self.files.all()

    @property
    def is_held(self) -> bool:
        return self.state == self.State.HELD
