"""What the customer can see: messages both ways, their files, reactions, and each try to deliver them."""

import secrets
import uuid
from datetime import datetime
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Agent, Workspace
from inbox.enums import STATUS_RANK, AttachmentState, Direction, MessageKind, MessageStatus, Via
from inbox.models.case import Case
from inbox.models.contact import Contact
from inbox.models.conversation import Conversation
from whatsapp.models import MessageTemplate, PhoneNumber


class Message(models.Model):
    # Every index is written again with each status, several times a message: only those that some question needs.
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="messages", db_index=False)
    phone_number = models.ForeignKey(PhoneNumber, on_delete=models.PROTECT, related_name="+", db_index=False)
    case = models.ForeignKey(Case, on_delete=models.SET_NULL, null=True, blank=True, related_name="messages")
    seq = models.PositiveBigIntegerField()
    uid = models.UUIDField(default=uuid.uuid4)  # ours; made in the browser for replies
    wamid = models.CharField(max_length=300, blank=True, default="")
    direction = models.CharField(max_length=3, choices=Direction.choices)
    via = models.CharField(max_length=10, choices=Via.choices, blank=True, default="")
    kind = models.CharField(max_length=14, choices=MessageKind.choices)
    text = models.TextField(blank=True, default="")  # body or caption, NUL and lone surrogates removed
    data = models.JSONField(default=dict)  # what the kind needs beyond text; see whatsapp.payloads and inbox.sending
    occurred_at = models.DateTimeField()  # Meta's timestamp; for ours the moment of sending. Thread order: this, seq
    created_at = models.DateTimeField(default=timezone.now)

    sender_contact = models.ForeignKey(
        Contact, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    author = models.ForeignKey(
        Agent, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    quoted = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    quoted_wamid = models.CharField(max_length=300, blank=True, default="")
    forwarded = models.PositiveSmallIntegerField(default=0)  # 1 forwarded, 2 many times
    edited_at = models.DateTimeField(null=True, blank=True)  # earlier texts are in data["edits"]
    deleted_at = models.DateTimeField(null=True, blank=True)

    status = models.CharField(max_length=10, choices=MessageStatus.choices)
    accepted_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    played_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    unknown_since = models.DateTimeField(null=True, blank=True)
    error_code = models.IntegerField(null=True, blank=True)  # Meta's, or one of whatsapp.errors' own below zero
    error_detail = models.TextField(blank=True, default="")
    pricing = models.JSONField(null=True, blank=True)  # Meta's pricing object of the latest status that had one

    # The outbox (R9): who may be sent when, and by which try.
    priority = models.PositiveSmallIntegerField(default=0)  # 0 people, 5 automations, 9 campaigns
    not_before = models.DateTimeField(null=True, blank=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    template = models.ForeignKey(
        MessageTemplate, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    resend_of = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="resends", db_index=False
    )
    # The last thing of this thread its author had on screen: a newer colleague's reply holds this one back.
    seen_seq = models.PositiveBigIntegerField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["phone_number", "wamid"], condition=~Q(wamid=""), name="message_wamid"),
            models.UniqueConstraint(fields=["conversation", "uid"], name="message_uid"),
            models.UniqueConstraint(fields=["conversation", "seq"], name="message_seq"),
        ]
        indexes: ClassVar[list] = [
            models.Index(fields=["conversation", "-occurred_at", "-seq"], name="message_thread"),
            models.Index(fields=["uid"], name="message_by_uid"),
            models.Index(fields=["phone_number", "priority", "id"], condition=Q(status="queued"), name="message_queue"),
            models.Index(
                fields=["conversation", "id"],
                condition=Q(status__in=["queued", "sending", "unknown"]),
                name="message_under_way",
            ),
            models.Index(
                fields=["phone_number", "occurred_at"], condition=Q(direction="out", kind="template"),
                name="message_templates_sent",  # what Meta's limit of new customers a day counts
            ),
            models.Index(fields=["lease_until"], condition=Q(status="sending"), name="message_lease"),
            *(
                models.Index(fields=[name], condition=Q(**{f"{name}__isnull": False}), name=f"message_{name}")
                for name in ("sender_contact", "quoted", "template", "resend_of")
            ),
            models.Index(fields=["unknown_since"], condition=Q(status="unknown"), name="message_unknown"),
        ]

    @property
    def is_reaction(self) -> bool:
        """Our emoji on its way: a row of the outbox that is nobody's bubble."""
        return self.kind == MessageKind.REACTION

    @property
    def failure_is_news(self) -> bool:
        """Whether its list row says so when it fails: not for an emoji, nor for what nobody wrote."""
        return not self.is_reaction and self.via != Via.AUTOMATION

    @property
    def is_inbound(self) -> bool:
        return self.direction == Direction.IN

    @property
    def rank(self) -> int:
        return STATUS_RANK.get(MessageStatus(self.status), 0) if self.direction == Direction.OUT else 0

    def advance(self, status: MessageStatus, at: datetime) -> bool:
        """Apply a status of Meta's at Meta's time; True when the shown state changed. Saving is the caller's.

        Forward only: a lower rank is kept as a time and changes nothing else. Read implies delivered. Failed applies
        only below delivered, and a later delivered or read proves it wrong.
        """
        if status == MessageStatus.FAILED:
            if self.status == MessageStatus.FAILED or self.rank >= STATUS_RANK[MessageStatus.DELIVERED]:
                return False
            self.status, self.failed_at = status, self.failed_at or at
            return True
        column = f"{status}_at"
        if getattr(self, column) is None or at < getattr(self, column):
            setattr(self, column, at)
        if STATUS_RANK[status] >= STATUS_RANK[MessageStatus.READ] and self.delivered_at is None:
            self.delivered_at = at
        if STATUS_RANK[status] >= STATUS_RANK[MessageStatus.PLAYED] and self.read_at is None:
            self.read_at = at
        was_failed = self.status == MessageStatus.FAILED
        if was_failed and STATUS_RANK[status] < STATUS_RANK[MessageStatus.DELIVERED]:
            return False
        if not was_failed and STATUS_RANK[status] <= self.rank:
            return False
        if was_failed:
            self.failed_at, self.error_code, self.error_detail = None, None, ""
        self.status, self.unknown_since = status, None
        return True


def attachment_token() -> str:
    """A public id of 192 random bits; the permission check happens on every request all the same."""
    return secrets.token_urlsafe(24)


class Attachment(models.Model):
    """A file of a message: first only Meta's media id, then our own copy."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attachments")
    token = models.CharField(max_length=40, unique=True, default=attachment_token)
    kind = models.CharField(max_length=10)  # image, video, audio, document, sticker
    file_name = models.CharField(max_length=240, blank=True)  # the customer's word, display only
    mime_type = models.CharField(max_length=120, blank=True)  # claimed until READY, then decided from the content
    is_inline = models.BooleanField(default=False)  # decided safe to show in the page
    is_voice = models.BooleanField(default=False)
    is_animated = models.BooleanField(default=False)
    size = models.PositiveBigIntegerField(default=0)  # bytes
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)  # hex
    media_id = models.CharField(max_length=64, blank=True)
    media_expires_at = models.DateTimeField(null=True, blank=True)
    file = models.FileField(upload_to="attachments/%Y/%m/", max_length=200, blank=True)
    seconds = models.FloatField(null=True, blank=True)  # how long it plays
    peaks = ArrayField(models.PositiveSmallIntegerField(), null=True, blank=True)  # waveform, 0 to 100
    page_count = models.PositiveIntegerField(null=True, blank=True)
    prepared_at = models.DateTimeField(null=True, blank=True)  # when its previews were made, or could not be
    state = models.CharField(max_length=8, choices=AttachmentState.choices, default=AttachmentState.PENDING)
    reason = models.CharField(max_length=200, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar[list] = [
            models.Index(fields=["next_try_at"], condition=Q(state="pending"), name="attachment_pending"),
            models.Index(fields=["id"], condition=Q(state="ready", prepared_at=None), name="attachment_unprepared"),
            models.Index(fields=["file"], condition=~Q(file=""), name="attachment_file"),  # who else names it?
        ]

    def rendition(self, kind: str, number: int = 0) -> "Rendition | None":
        """One of the files made of this one; no query when `renditions` is prefetched."""
        return next((made for made in self.renditions.all() if (made.kind, made.number) == (kind, number)), None)


class Rendition(models.Model):
    """A file made of an attachment: what a page shows or plays in its place. Goes when the attachment goes."""

    class Kind(models.TextChoices):
        PREVIEW = "preview", "preview"  # small, for the thread
        STILL = "still", "still"  # of what moves, for those who want no motion
        PAGE = "page", "page"  # of a document, from 1
        COPY = "copy", "copy"  # sound that every browser plays

    attachment = models.ForeignKey(Attachment, on_delete=models.CASCADE, related_name="renditions")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    number = models.PositiveSmallIntegerField(default=0)
    file = models.FileField(upload_to="renditions/%Y/%m/", max_length=200)
    mime_type = models.CharField(max_length=120)
    size = models.PositiveBigIntegerField(default=0)
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["attachment", "kind", "number"], name="rendition_unique")
        ]
        indexes: ClassVar[list] = [models.Index(fields=["file"], name="rendition_file")]  # does a stored file have one?


class Reaction(models.Model):
    """One emoji of one person on a message; a second one replaces it."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="reactions")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    agent = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    emoji = models.CharField(max_length=40)
    # Ours from here: the message that brings it to Meta. None for customers' and for those put on the phone.
    sending = models.ForeignKey(Message, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    occurred_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(
                fields=["message", "contact"], condition=Q(contact__isnull=False), name="reaction_customer"
            ),
            # To Meta all of us are one sender.
            models.UniqueConstraint(fields=["message"], condition=Q(contact__isnull=True), name="reaction_ours"),
        ]


class DeliveryAttempt(models.Model):
    """One try to hand a message to Meta, opened before the call."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="delivery_attempts", db_index=False)
    number = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=12, blank=True)  # accepted, failed, retry, unknown, "" while under way
    http_status = models.PositiveSmallIntegerField(null=True, blank=True)
    error_code = models.IntegerField(null=True, blank=True)
    error_detail = models.TextField(blank=True, default="")
    trace_id = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints: ClassVar[list] = [models.UniqueConstraint(fields=["message", "number"], name="attempt_unique")]


class UnmatchedStatus(models.Model):
    """A status whose message is not known (yet): it may overtake the answer to our own request."""

    phone_number = models.ForeignKey(PhoneNumber, on_delete=models.CASCADE, related_name="+")
    wamid = models.CharField(max_length=300)
    callback_uid = models.UUIDField(null=True, blank=True)
    status = models.CharField(max_length=20)
    payload = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["phone_number", "wamid", "status"], name="unmatched_unique"),
        ]
        indexes: ClassVar[list] = [models.Index(fields=["created_at"], name="unmatched_age")]


class PairLimit(models.Model):
    """When the next message to one recipient fits Meta's pair rate: a theoretical arrival time (GCRA)."""

    phone_number = models.ForeignKey(PhoneNumber, on_delete=models.CASCADE, related_name="+")
    recipient = models.CharField(max_length=160)
    arrival_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["phone_number", "recipient"], name="pair_unique"),
        ]


class ServiceMessageCount(models.Model):
    """Delivered free-form replies per number and calendar month (of the WABA's zone): Meta's free thousand."""

    phone_number = models.ForeignKey(PhoneNumber, on_delete=models.CASCADE, related_name="+")
    month = models.DateField()  # its first day
    delivered = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["phone_number", "month"], name="service_count_unique"),
        ]
