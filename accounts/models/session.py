"""Where somebody is signed in."""

import hashlib
from datetime import timedelta
from typing import ClassVar

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils.timezone import now

from accounts.models.agent import Agent


class Session(AbstractBaseSession):
    """A browser's session, as Django keeps it, and beside it whose it is, where, and since when.

    The further columns repeat what the session itself says, for lists; `accounts.sessions` writes both at once.
    """

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, null=True, related_name="sessions")
    device = models.CharField(max_length=60, blank=True)
    network = models.CharField(max_length=60, blank=True)
    started_at = models.DateTimeField(null=True)
    active_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar[list] = [models.Index(fields=["agent", "-active_at"], name="session_agent")]

    @classmethod
    def get_session_store_class(cls) -> type[SessionBase]:
        from accounts.sessions import SessionStore

        return SessionStore

    @property
    def mark(self) -> str:
        """Names the session on pages. Its key would open it."""
        return hashlib.sha256(f"session:{self.session_key}".encode()).hexdigest()[:32]

    @property
    def is_over(self) -> bool:
        """Whether it has been idle for too long, or has reached its absolute end."""
        idle, oldest = timedelta(seconds=settings.SESSION_IDLE_SECONDS), timedelta(seconds=settings.SESSION_COOKIE_AGE)
        return (self.active_at is not None and now() - self.active_at > idle) or (
            self.started_at is not None and now() - self.started_at > oldest
        )
