"""Files not sent yet: in an agent's composer, part of the draft and as safe as its text, or of a scheduled reply."""

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from accounts.models import Agent, Workspace
from inbox import times
from inbox.models.conversation import Conversation
from inbox.models.scheduled_reply import ScheduledReply


class UploadQuerySet(models.QuerySet["Upload"]):
    def in_composer(self, agent: Agent, conversation: Conversation) -> "UploadQuerySet":
        return self.filter(agent=agent, conversation=conversation, scheduled=None)


class Upload(models.Model):
    """One file, checked and ready to be sent; sending turns it into a Message of the same `uid` with an Attachment."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="uploads")
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="+")
    # The reply that takes it along later; it lies in no composer then.
    scheduled = models.ForeignKey(ScheduledReply, on_delete=models.CASCADE, null=True, related_name="files")
    uid = models.UUIDField(default=uuid.uuid4)  # made in the browser
    position = models.PositiveIntegerField(default=0)  # its place in the composer
    kind = models.CharField(max_length=10)  # image, video, audio, voice, document, sticker
    file_name = models.CharField(max_length=240, blank=True)
    mime_type = models.CharField(max_length=120)  # decided from the content
    is_inline = models.BooleanField(default=False)
    is_animated = models.BooleanField(default=False)
    note = models.CharField(max_length=20, blank=True)  # what we changed about it; see whatsapp.sendable
    size = models.PositiveBigIntegerField()
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    seconds = models.FloatField(null=True, blank=True)  # how long it plays
    peaks = ArrayField(models.PositiveSmallIntegerField(), null=True, blank=True)  # waveform, 0 to 100
    sha256 = models.CharField(max_length=64)
    file = models.FileField(upload_to="attachments/%Y/%m/", max_length=200)
    created_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar = UploadQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list] = [models.UniqueConstraint(fields=["agent", "uid"], name="upload_uid")]
        indexes: ClassVar[list] = [
            models.Index(fields=["conversation", "agent", "position", "id"], name="upload_composer"),
            models.Index(fields=["created_at"], name="upload_age"),
        ]

    @property
    def length(self) -> str:
        """How long it plays, in digits."""
        return times.length(self.seconds) if self.seconds else ""
