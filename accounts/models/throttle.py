"""Tries to sign in."""

from typing import ClassVar

from django.db import models


class LoginThrottle(models.Model):
    """Counted sign-in tries per key and time slot, raised by one atomic statement before a password is hashed."""

    key = models.CharField(max_length=80)
    slot = models.BigIntegerField()
    count = models.PositiveIntegerField(default=0)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints: ClassVar[list] = [models.UniqueConstraint(fields=["key", "slot"], name="throttle_key_slot")]
