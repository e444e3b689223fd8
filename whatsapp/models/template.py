"""Templates as Meta has them, what became of them, and the files of their headers."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from whatsapp.models.number import BusinessAccount, PhoneNumber


class TemplateStatus(models.TextChoices):
    """Meta's words. Only APPROVED can be sent; unknown ones are stored as they come and count as not sendable."""

    APPROVED = "APPROVED", _("Approved")
    PENDING = "PENDING", _("Waiting for approval by WhatsApp")
    REJECTED = "REJECTED", _("Rejected")
    PAUSED = "PAUSED", _("Paused")
    DISABLED = "DISABLED", _("Disabled")


class MessageTemplate(models.Model):
    """A template registered with Meta: one row per name and language. Removed ones stay as tombstones."""

    business_account = models.ForeignKey(BusinessAccount, on_delete=models.CASCADE, related_name="templates")
    meta_id = models.CharField(max_length=32, db_index=True)
    name = models.CharField(max_length=512)
    language = models.CharField(max_length=16)
    category = models.CharField(max_length=32)  # MARKETING, UTILITY, AUTHENTICATION
    status = models.CharField(max_length=24)
    parameter_format = models.CharField(max_length=12, default="POSITIONAL")
    components = models.JSONField(default=list)  # Meta's shape, see whatsapp.template_parts
    quality = models.CharField(max_length=12, default="UNKNOWN")
    rejected_reason = models.CharField(max_length=80, blank=True)
    status_detail = models.TextField(blank=True)  # other_info, rejection_info.recommendation
    announced_category = models.CharField(max_length=32, blank=True)
    announced_category_at = models.DateTimeField(null=True, blank=True)
    previous_category = models.CharField(max_length=32, blank=True)  # before Meta last put it elsewhere
    recategorised_at = models.DateTimeField(null=True, blank=True)
    paused_until = models.DateTimeField(null=True, blank=True)  # where Meta's rules say when a pause ends
    alarms = models.JSONField(default=list, blank=True)  # what an admin has not seen yet: whatsapp.template_history
    status_changed_at = models.DateTimeField(default=now)
    removed_at = models.DateTimeField(null=True, blank=True)
    synced_at = models.DateTimeField(default=now)
    used_count = models.PositiveIntegerField(default=0)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["business_account", "name", "language"], name="template_unique"),
        ]
        indexes: ClassVar[list] = [
            models.Index(fields=["business_account", "status", "name"], name="template_list"),
            models.Index(fields=["business_account"], condition=~Q(alarms=[]), name="template_alarms"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.language})"

    @property
    def is_sendable(self) -> bool:
        return self.status == TemplateStatus.APPROVED and self.removed_at is None

    @property
    def is_marketing(self) -> bool:
        return self.category == "MARKETING"


class TemplateChange(models.Model):
    """One thing that changed about a template: its history. Append-only (a trigger refuses changes)."""

    class Source(models.TextChoices):
        META = "meta", _("reported by Meta")
        SYNC = "sync", _("seen at a sync")
        PERSON = "person", _("by hand")

    template = models.ForeignKey(MessageTemplate, on_delete=models.CASCADE, related_name="changes")
    at = models.DateTimeField(default=now)
    what = models.CharField(max_length=24)  # status, quality, category, announced_category
    before = models.CharField(max_length=32, blank=True)
    after = models.CharField(max_length=32, blank=True)
    source = models.CharField(max_length=8, choices=Source.choices, default=Source.META)
    reason = models.CharField(max_length=80, blank=True)  # Meta's word: INVALID_FORMAT, FIRST_PAUSE …
    detail = models.TextField(blank=True)  # Meta's sentence, if it gave one

    class Meta:
        indexes: ClassVar[list] = [models.Index(fields=["template", "-id"], name="template_history")]


class TemplateHeaderMedia(models.Model):
    """Our default file for a template's media header or a card's, per number: Meta wants the file with every send."""

    template = models.ForeignKey(MessageTemplate, on_delete=models.CASCADE, related_name="header_media")
    phone_number = models.ForeignKey(PhoneNumber, on_delete=models.CASCADE, related_name="+")
    place = models.CharField(max_length=8, default="header")  # header, card0, card1, …
    file = models.FileField(upload_to="template-headers/%Y/%m/", max_length=200)
    file_name = models.CharField(max_length=240)
    mime_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    media_id = models.CharField(max_length=64, blank=True)
    media_id_expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=now)

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["template", "phone_number", "place"], name="header_media_unique"),
        ]
