"""The data protection desk: what was erased, what was exported, and how long each kind of data is kept."""

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.fields import EncryptedTextField
from accounts.models import Agent, Workspace
from inbox.models.contact import Contact


class ErasureKey(models.Model):
    """What the hashes of the ledger are keyed with: without it nobody can find out by trying whose they are."""

    secret = EncryptedTextField()
    created_at = models.DateTimeField(default=timezone.now)


class Erasure(models.Model):
    """One person who was erased: a line of the ledger. It names nobody.

    While the work goes on, `work` knows whom it is about and how far it came; it is empty afterwards. A trigger keeps
    lines from being deleted. A copy of the ledger lies beside the database (inbox.privacy.ledger), because a backup
    from before does not know of it.
    """

    class State(models.TextChoices):
        RUNNING = "running"
        DONE = "done"

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    uid = models.UUIDField(unique=True, default=uuid.uuid4)
    by = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, related_name="+")  # None: retention, restore
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    is_repeated = models.BooleanField(default=False)  # after a restore
    numbers = ArrayField(models.CharField(max_length=64), default=list)  # keyed hashes of numbers and WhatsApp ids
    people = ArrayField(models.CharField(max_length=64), default=list)  # keyed hashes of the contacts' own ids
    work = models.JSONField(default=dict)
    counts = models.JSONField(default=dict)  # {kind of data: how many}
    asked_at = models.DateTimeField(default=timezone.now)
    touched_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar[list] = [
            models.Index(fields=["workspace", "-asked_at"], name="erasure_list"),
            models.Index(fields=["touched_at"], condition=Q(state="running"), name="erasure_at_work"),
        ]

    @property
    def is_running(self) -> bool:
        return self.state == self.State.RUNNING

    @classmethod
    def running_for(cls, contact: Contact) -> "Erasure | None":
        """The one at work on this contact, if there is such a one."""
        about = {"work__person__contacts__contains": contact.pk}
        return cls.objects.filter(workspace=contact.workspace_id, state=cls.State.RUNNING, **about).first()


class PersonExport(models.Model):
    """What is known of one person, for that person, as a ZIP. Made for one admin, and gone after a day."""

    class State(models.TextChoices):
        WAITING = "waiting"
        READY = "ready"
        FAILED = "failed"

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+")
    by = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="+")
    uid = models.UUIDField(unique=True, default=uuid.uuid4)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    file = models.FileField(upload_to="exports/", max_length=200, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    asked_at = models.DateTimeField(default=timezone.now)
    touched_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar[list] = [
            models.Index(fields=["by", "-asked_at"], name="person_export_list"),
            models.Index(fields=["touched_at"], condition=Q(state="waiting"), name="person_export_at_work"),
        ]

    @property
    def is_waiting(self) -> bool:
        return self.state == self.State.WAITING

    @property
    def is_ready(self) -> bool:
        return self.state == self.State.READY


class RetentionSettings(models.Model):
    """After how many days what is old goes by itself (inbox.privacy.retention). Empty: it is kept.

    A workspace without this row keeps everything but raw deliveries.
    """

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, primary_key=True, related_name="+")
    media_days = models.PositiveIntegerField(null=True, blank=True)
    messages_days = models.PositiveIntegerField(null=True, blank=True)
    conversations_days = models.PositiveIntegerField(null=True, blank=True)
    audit_days = models.PositiveIntegerField(null=True, blank=True)
    deliveries_days = models.PositiveIntegerField(default=30)
