"""What the API keeps: answers that must be the same when a request is repeated."""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from accounts.fields import EncryptedTextField
from accounts.models import ApiToken


class ApiAnswer(models.Model):
    """What a request with an Idempotency-Key was answered, to be answered again (inbox.api.repeating).

    Holds personal data: `body` may name a customer or quote a message. Encrypted, and deleted after 25 hours.
    """

    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)  # of method, path and body: SHA-256
    status = models.PositiveSmallIntegerField(default=0)
    body = EncryptedTextField(blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar[list] = [models.UniqueConstraint(fields=["token", "key"], name="api_answer_key")]
        indexes: ClassVar[list] = [models.Index(fields=["created_at"], name="api_answer_age")]
