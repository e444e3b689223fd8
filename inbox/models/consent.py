"""Opt-ins and opt-outs, each with its evidence. Append-only (a trigger refuses changes); the latest row counts."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Agent, Workspace
from inbox.enums import ConsentState
from inbox.models.contact import Contact
from inbox.models.message import Message


class Consent(models.Model):
    class Source(models.TextChoices):
        KEYWORD = "keyword", _("Message of the customer")
        BUTTON = "button", _("Button of a template")
        META = "meta", _("WhatsApp's own setting")
        META_ERROR = "meta_error", _("Refused by WhatsApp: the person stopped marketing")
        AGENT = "agent", _("Recorded by a colleague")
        IMPORT = "import", _("Import")
        API = "api", _("Another system")

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="consents")
    category = models.CharField(max_length=16, default="marketing")
    state = models.CharField(max_length=10, choices=ConsentState.choices)
    source = models.CharField(max_length=12, choices=Source.choices)
    wording = models.TextField(blank=True)  # the exact words that were said, or shown and agreed to
    note = models.CharField(max_length=200, blank=True)  # where: "QR code in the shop"
    message = models.ForeignKey(Message, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    recorded_by = models.ForeignKey(Agent, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    occurred_at = models.DateTimeField()  # newest counts, by Meta's time where Meta says it
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar[list] = [
            models.Index(fields=["contact", "category", "-occurred_at", "-id"], name="consent_latest"),
        ]
