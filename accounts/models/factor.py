"""What proves beside the password who somebody is."""

from typing import ClassVar

from django.db import models
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from accounts.fields import EncryptedTextField
from accounts.models.agent import Agent


class FactorKind(models.TextChoices):
    APP = "app", _("Authenticator app")
    KEY = "key", _("Passkey or security key")


class SecondFactor(models.Model):
    """An authenticator app or a key of one person. It exists from the moment it has proven itself once."""

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="second_factors")
    kind = models.CharField(max_length=8, choices=FactorKind.choices)
    name = models.CharField(_("name"), max_length=60, blank=True)  # of a key
    secret = EncryptedTextField(default="")  # of an app
    last_step = models.BigIntegerField(default=0)  # of an app: codes up to this half minute have been used
    credential_id = models.CharField(max_length=1400, null=True, unique=True)  # of a key
    credential = models.BinaryField(default=b"")  # of a key: its public half
    sign_count = models.BigIntegerField(default=0)  # of a key that counts
    created_at = models.DateTimeField(default=now)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list] = [
            # One app is one secret; on a second phone it is scanned again.
            models.UniqueConstraint(
                fields=["agent"], condition=models.Q(kind=FactorKind.APP), name="second_factor_one_app"
            )
        ]

    def __str__(self) -> str:
        return self.name or str(FactorKind(self.kind).label)


class RecoveryCode(models.Model):
    """One of the codes on paper, for the day the phone is gone. The first four characters find it, the rest is hashed
    like a password."""

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="recovery_codes")
    beginning = models.CharField(max_length=4)
    rest = models.CharField(max_length=200)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["agent", "beginning"], name="recovery_code_beginning")
        ]
