"""Templates being written: a draft for a name, a text for each language. What Meta has is whatsapp.MessageTemplate."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.utils import timezone

from accounts.models import Agent, Workspace
from whatsapp.authoring.content import Content
from whatsapp.models import BusinessAccount, MessageTemplate

EDIT_PAUSE, EDIT_SPAN, MOST_EDITS = timedelta(days=1), timedelta(days=30), 10


class TemplateDraft(models.Model):
    """What an admin writes; nothing of a customer is in it. `version` grows with each save, 0 is untouched."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="template_drafts")
    business_account = models.ForeignKey(BusinessAccount, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=512, blank=True)
    category = models.CharField(max_length=32, default="UTILITY")
    version = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, related_name="+")
    saved_by = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, related_name="+")
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar[list] = [models.Index(fields=["workspace", "-saved_at"], name="draft_by_time")]

    def __str__(self) -> str:
        return self.name


class DraftText(models.Model):
    """One language of a draft. `template` is what became of it at Meta, `is_changed` says that ours is newer."""

    draft = models.ForeignKey(TemplateDraft, on_delete=models.CASCADE, related_name="texts")
    language = models.CharField(max_length=16)
    content = models.JSONField(default=dict)  # whatsapp.authoring.content
    template = models.ForeignKey(MessageTemplate, on_delete=models.SET_NULL, null=True, related_name="+")
    is_changed = models.BooleanField(default=True)
    submitting_at = models.DateTimeField(null=True, blank=True)  # claimed by a submission under way
    submitted_at = models.DateTimeField(null=True, blank=True)
    edits = models.JSONField(default=list)  # when it was edited while approved: Meta counts them
    refusal = models.JSONField(default=dict)  # of the last submission: code, subcode, detail

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["draft", "language"], name="draft_text_language"),
            models.UniqueConstraint(fields=["template"], name="draft_text_template"),
        ]

    def __str__(self) -> str:
        return self.language

    @property
    def typed(self) -> Content:
        return Content.of(self.content)

    @property
    def at_meta(self) -> MessageTemplate | None:
        """The template at Meta, unless it is gone there."""
        return self.template if self.template is not None and self.template.removed_at is None else None

    def next_edit_at(self, now: datetime) -> datetime | None:
        """When Meta takes the next edit of an approved template; None: now."""
        edits = sorted(datetime.fromisoformat(at) for at in self.edits)
        recent = [at for at in edits if at > now - EDIT_SPAN]
        waits = [recent[-1] + EDIT_PAUSE] if recent else []
        if len(recent) >= MOST_EDITS:
            waits.append(recent[-MOST_EDITS] + EDIT_SPAN)
        latest = max(waits, default=now)
        return latest if latest > now else None


class DraftFile(models.Model):
    """A sample file for the review: in the header, or in a card's ("card0")."""

    text = models.ForeignKey(DraftText, on_delete=models.CASCADE, related_name="files")
    place = models.CharField(max_length=8)
    file = models.FileField(upload_to="template-samples/%Y/%m/", max_length=200)
    file_name = models.CharField(max_length=240)
    mime_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list] = [models.UniqueConstraint(fields=["text", "place"], name="draft_file_place")]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_image(self) -> bool:
        return self.mime_type.startswith("image/")
