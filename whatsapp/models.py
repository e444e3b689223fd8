"""What Meta knows of us: app, business account, numbers, templates; and what it posts to us."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from accounts.fields import EncryptedTextField
from accounts.models import Agent, Workspace


class MetaApp(models.Model):
    """The Meta app whose webhooks come to our door. Its secrets are in AppSecret, several while one is rotated."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="meta_apps")
    app_id = models.CharField(max_length=32, unique=True)
    verify_token = EncryptedTextField()
    created_at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return self.app_id


class AppSecret(models.Model):
    meta_app = models.ForeignKey(MetaApp, on_delete=models.CASCADE, related_name="secrets")
    secret = EncryptedTextField()
    created_at = models.DateTimeField(default=now)
    valid_until = models.DateTimeField(null=True, blank=True)


class WebhookCheck(models.Model):
    """A riddle of Meta's that we wait for: whether its webhooks find us. The door answers and notes that it came."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    verify_token = EncryptedTextField()
    token_sha256 = models.CharField(max_length=64, db_index=True)
    created_at = models.DateTimeField(default=now)
    arrived_at = models.DateTimeField(null=True, blank=True)


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
    """Our default file for a template's media header, per number: Meta wants the file with every send."""

    template = models.ForeignKey(MessageTemplate, on_delete=models.CASCADE, related_name="header_media")
    phone_number = models.ForeignKey(PhoneNumber, on_delete=models.CASCADE, related_name="+")
    file = models.FileField(upload_to="template-headers/%Y/%m/", max_length=200)
    file_name = models.CharField(max_length=240)
    mime_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    media_id = models.CharField(max_length=64, blank=True)
    media_id_expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=now)

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["template", "phone_number"], name="header_media_unique"),
        ]


class DeliveryState(models.TextChoices):
    NEW = "new", _("Waiting")
    PROCESSED = "processed", _("Processed")
    IGNORED = "ignored", _("Ignored")
    FAILED = "failed", _("Failed")


class WebhookDelivery(models.Model):
    """One POST from Meta, raw, committed before the 200. `state` and `reason` say what became of it."""

    meta_app = models.ForeignKey(MetaApp, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    received_at = models.DateTimeField(db_default=models.functions.Now())
    body = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    state = models.CharField(
        max_length=10, choices=DeliveryState.choices, default=DeliveryState.NEW, db_default=DeliveryState.NEW
    )
    reason = models.CharField(max_length=300, blank=True, default="", db_default="")
    # One entry per item that was not simply processed: {"path", "outcome": "ignored"|"failed", "reason"}.
    findings = models.JSONField(default=list, db_default=[])
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar[list] = [
            models.Index(fields=["id"], condition=Q(state="new"), name="delivery_new"),
            models.Index(fields=["meta_app", "-id"], name="delivery_list"),
            models.Index(fields=["state", "-id"], name="delivery_state"),
        ]


class WebhookRejection(models.Model):
    """How often the door refused a POST, per day and reason (nothing of the body is kept)."""

    day = models.DateField()
    reason = models.CharField(max_length=40)
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints: ClassVar[list] = [models.UniqueConstraint(fields=["day", "reason"], name="rejection_unique")]


class RateTable(models.Model):
    """A rate card that a workspace has put in: first only read, to be looked at; with `applied_at` its rates hold."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="rate_tables")
    effective_from = models.DateField()
    source = models.CharField(max_length=200)
    file_name = models.CharField(max_length=120)
    free_per_month = models.PositiveIntegerField(default=0)  # replies per number
    # As the card says it: {"line", "market", "currency", "prices": {category: amount as text}}.
    lines = models.JSONField(default=list)
    imported_by = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, related_name="+")
    imported_at = models.DateTimeField(default=now)
    applied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar[list] = [models.Index(fields=["workspace", "-effective_from", "-id"], name="rate_table_list")]

    def __str__(self) -> str:
        return self.source


class Rate(models.Model):
    """One line of Meta's rate card: the price of a delivered message. The only source of costs.

    Without a table it came with the product. Of rates from the same day a workspace's own one counts.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, null=True, blank=True, related_name="rates")
    table = models.ForeignKey(RateTable, on_delete=models.CASCADE, null=True, blank=True, related_name="rates")
    effective_from = models.DateField()
    effective_until = models.DateField(null=True, blank=True)  # last valid day
    currency = models.CharField(max_length=3)
    market = models.CharField(max_length=40)  # ISO country code, or a region name of Meta's
    category = models.CharField(max_length=32)  # marketing, utility, authentication, service …
    amount = models.DecimalField(max_digits=10, decimal_places=6)
    # Messages of this category that cost nothing per number and calendar month (in the WABA's time zone).
    free_per_month = models.PositiveIntegerField(default=0)
    source = models.CharField(max_length=200)

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(
                fields=["workspace", "effective_from", "currency", "market", "category"], name="rate_unique",
                nulls_distinct=False,
            ),
        ]
        indexes: ClassVar[list] = [
            models.Index(fields=["currency", "market", "category", "-effective_from"], name="rate_lookup"),
            models.Index(fields=["currency", "category", "-effective_from"], name="rate_category"),
        ]
