"""The business account and its numbers: how they are connected, how they do, what customers see of them."""

from typing import ClassVar

from django.db import models
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from accounts.fields import EncryptedTextField
from accounts.models import Agent, Workspace
from whatsapp.models.app import MetaApp


class BusinessAccount(models.Model):
    """A WhatsApp Business Account (WABA): owns templates, pays, and carries Meta's restrictions."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="business_accounts")
    meta_app = models.ForeignKey(MetaApp, on_delete=models.PROTECT, related_name="business_accounts")
    waba_id = models.CharField(max_length=32, unique=True)
    portfolio_id = models.CharField(max_length=32, blank=True)
    name = models.CharField(max_length=120, blank=True)
    currency = models.CharField(max_length=3, default="EUR")
    timezone = models.CharField(max_length=64, default="Europe/Berlin")
    access_token = EncryptedTextField()
    # Meta's restriction: the account may not start conversations (templates) until then; replies stay allowed.
    restricted_until = models.DateTimeField(null=True, blank=True)
    restriction = models.CharField(max_length=120, blank=True)
    # Sends that cost money stop (131042) or all sends stop (190, 368 …): the code says why.
    sending_stopped_at = models.DateTimeField(null=True, blank=True)
    sending_stopped_code = models.IntegerField(null=True, blank=True)
    daily_limit = models.CharField(max_length=32, blank=True)
    templates_synced_at = models.DateTimeField(null=True, blank=True)
    templates_sync_error = models.CharField(max_length=300, blank=True)
    templates_sync_code = models.IntegerField(null=True, blank=True)
    created_at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return self.name or self.waba_id

    @property
    def portfolio(self) -> str:
        """The scope of customers' identities: the portfolio where known, else the WABA."""
        return self.portfolio_id or self.waba_id


class PhoneNumberQuerySet(models.QuerySet["PhoneNumber"]):
    def connected(self) -> "PhoneNumberQuerySet":
        """Not those that were let go: their rows stay for the conversations that hang on them."""
        return self.filter(disconnected_at=None)


class PhoneNumber(models.Model):
    """One of our WhatsApp numbers."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="phone_numbers")
    business_account = models.ForeignKey(BusinessAccount, on_delete=models.PROTECT, related_name="phone_numbers")
    phone_number_id = models.CharField(max_length=32, unique=True)
    display_number = models.CharField(max_length=20)  # digits only, as in webhooks
    name = models.CharField(_("name"), max_length=120, blank=True)
    # Messages per second Meta allows (80, 20 with coexistence, 1000 after the upgrade).
    throughput = models.PositiveIntegerField(default=80)
    quality = models.CharField(max_length=12, default="UNKNOWN")
    status = models.CharField(max_length=20, default="CONNECTED")
    # Sending stops on errors that only an admin can mend; the queue is kept.
    sending_stopped_at = models.DateTimeField(null=True, blank=True)
    sending_stopped_code = models.IntegerField(null=True, blank=True)
    slowed_until = models.DateTimeField(null=True, blank=True)  # 130429: half speed until then
    disconnected_at = models.DateTimeField(null=True, blank=True)  # let go of (whatsapp.disconnecting)
    created_at = models.DateTimeField(default=now)

    objects: ClassVar = PhoneNumberQuerySet.as_manager()

    class Meta:
        indexes: ClassVar[list] = [models.Index(fields=["workspace"], name="number_ws")]

    def __str__(self) -> str:
        return self.name or f"+{self.display_number}"

    @property
    def portfolio(self) -> str:
        return self.business_account.portfolio


class NumberHealth(models.Model):
    """How a number does, as Meta said when it was last asked (whatsapp.number_health knows the facts)."""

    phone_number = models.OneToOneField(PhoneNumber, on_delete=models.CASCADE, related_name="health")
    facts = models.JSONField(default=dict)
    checked_at = models.DateTimeField(null=True, blank=True)
    # Since when Meta has not answered this question, and with which code; empty while it does.
    trouble_since = models.DateTimeField(null=True, blank=True)
    trouble_code = models.IntegerField(null=True, blank=True)


class NumberChange(models.Model):
    """One thing that changed about a number: its history. Append-only (a trigger refuses changes)."""

    phone_number = models.ForeignKey(PhoneNumber, on_delete=models.CASCADE, related_name="changes")
    at = models.DateTimeField(default=now)
    what = models.CharField(max_length=40)
    before = models.CharField(max_length=120, blank=True)
    after = models.CharField(max_length=120, blank=True)

    class Meta:
        indexes: ClassVar[list] = [models.Index(fields=["phone_number", "-id"], name="number_history")]


class BusinessProfile(models.Model):
    """What customers see of a number, as Meta showed it when it was last asked, and our copy of its picture."""

    phone_number = models.OneToOneField(PhoneNumber, on_delete=models.CASCADE, related_name="profile")
    facts = models.JSONField(default=dict)  # Meta's shape, see whatsapp.business_profile
    automation = models.JSONField(default=dict)  # ice breakers and commands, in Meta's shape
    picture = models.FileField(upload_to="profile-pictures/%Y/%m/", max_length=200, blank=True)
    picture_key = models.CharField(max_length=64, blank=True)  # which of Meta's pictures that is
    read_at = models.DateTimeField(null=True, blank=True)
    saved_at = models.DateTimeField(null=True, blank=True)
    saved_by = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    saving_until = models.DateTimeField(null=True, blank=True)  # somebody is writing to Meta: one at a time
