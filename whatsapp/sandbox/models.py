"""What the practice phone keeps across restarts. Written behind the phone's memory by `journal`; nobody else reads it.

The contents are JSON in text columns: a message may hold a NUL, which jsonb refuses and escaped text does not.
"""

from typing import ClassVar

from django.db import models


class PhoneDocument(models.Model):
    """One customer, number, template or file, as the phone last had it."""

    kind = models.CharField(max_length=16)
    key = models.CharField(max_length=200)
    data = models.TextField()

    class Meta:
        constraints: ClassVar[list] = [models.UniqueConstraint(fields=["kind", "key"], name="sandbox_document_unique")]


class PhoneMessage(models.Model):
    """One message in either direction. The outgoing ones are the ledger of accepted sends."""

    wamid = models.CharField(max_length=255, unique=True)
    direction = models.CharField(max_length=3)  # in, out
    customer = models.CharField(max_length=80)
    accepted_at = models.FloatField()
    data = models.TextField()

    class Meta:
        indexes: ClassVar[list] = [models.Index(fields=["accepted_at"], name="sandbox_message_at")]


class PendingWebhook(models.Model):
    """A webhook body that our webhook has not yet answered with 200."""

    key = models.CharField(max_length=40, unique=True)
    data = models.TextField()
