"""Other systems that want to hear what happens, and what each has been told."""

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.fields import EncryptedTextField
from accounts.models import Workspace
from whatsapp.models import PhoneNumber


class OutgoingEvent(models.TextChoices):
    MESSAGE_RECEIVED = "message.received", _("A customer has written")
    MESSAGE_SENT = "message.sent", _("We have written")
    MESSAGE_STATUS = "message.status", _("A message of ours was sent, delivered, read or failed")
    CONVERSATION_OPENED = "conversation.opened", _("A conversation was opened, for the first time or again")
    CONVERSATION_ASSIGNED = "conversation.assigned", _("A conversation was assigned or given back")
    CONVERSATION_CLOSED = "conversation.closed", _("A conversation was closed")
    CONTACT_CREATED = "contact.created", _("A contact is new")
    CONTACT_UPDATED = "contact.updated", _("A contact was changed")
    CONSENT_CHANGED = "consent.changed", _("Somebody has agreed to marketing, or taken it back")
    TEMPLATE_STATUS = "template.status", _("WhatsApp has approved, rejected or paused a template")


PING = "ping"  # a test; every webhook hears it


class OutgoingWebhook(models.Model):
    """An address that is told of events. It hears everything of the workspace, or of the numbers an admin has chosen.

    Of these it hears what is written and becomes of it, of the people who have a thread with them, and of the templates
    of their accounts (see the triggers).
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="outgoing_webhooks")
    url = models.CharField(_("address"), max_length=500)
    events = ArrayField(models.CharField(max_length=30, choices=OutgoingEvent.choices))
    all_numbers = models.BooleanField(default=True, db_default=True)
    numbers = models.ManyToManyField(PhoneNumber, related_name="+", blank=True)
    secret = EncryptedTextField()
    previous_secret = EncryptedTextField(blank=True, default="")  # signs too, until then
    previous_until = models.DateTimeField(null=True, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    failing_since = models.DateTimeField(null=True, blank=True)  # no try has worked since
    switched_off_at = models.DateTimeField(null=True, blank=True)  # by us, after failing for long
    queued_until = models.DateTimeField(null=True, blank=True)  # a job is on its way
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar[list] = [models.Index(fields=["workspace"], name="outgoing_webhook_ws")]

    def __str__(self) -> str:
        return self.url


class OutgoingDelivery(models.Model):
    """One event for one webhook, written by triggers in the transaction of what happened (see the migration).

    Keeps which row it is about and the facts of that moment, never anybody's words: what is sent is made of the rows as
    they are when it is sent. What was erased meanwhile is not told any more.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Given up")
        GONE = "gone", _("Nothing left to tell")

    webhook = models.ForeignKey(OutgoingWebhook, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    uid = models.UUIDField(default=uuid.uuid4)  # the same in every try: by it a receiver knows what it has had
    event = models.CharField(max_length=30)
    subject_id = models.BigIntegerField()  # of the message, conversation, contact, consent or template
    facts = models.JSONField(default=dict)
    occurred_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(default=timezone.now)
    tried_at = models.DateTimeField(null=True, blank=True)
    answer_status = models.PositiveSmallIntegerField(null=True, blank=True)
    error = models.CharField(max_length=20, blank=True, default="")  # see inbox.outgoing_webhooks.words
    milliseconds = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        indexes: ClassVar[list] = [
            models.Index(fields=["webhook", "-id"], name="outgoing_log"),
            models.Index(fields=["webhook", "occurred_at"], name="outgoing_moment"),
            models.Index(fields=["webhook", "next_try_at"], condition=Q(state="waiting"), name="outgoing_due"),
        ]
