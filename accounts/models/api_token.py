"""Keys with which other systems use the API."""

from datetime import datetime
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from accounts.models.agent import Agent
from accounts.models.team import Team
from accounts.models.workspace import Workspace


def shown_name(name: str) -> str:
    """How people read of what was done with the token of this name."""
    return f"API: {name}"


class Scope(models.TextChoices):
    """What a token may do. Whoever may write may not therefore read."""

    CONTACTS_READ = "contacts:read", _("Read contacts")
    CONTACTS_WRITE = "contacts:write", _("Enter and correct contacts")
    CONVERSATIONS_READ = "conversations:read", _("Read conversations and messages")
    CONVERSATIONS_WRITE = "conversations:write", _("Assign, close, snooze and label conversations, write notes")
    MESSAGES_SEND = "messages:send", _("Send replies and templates")
    TEMPLATES_READ = "templates:read", _("Read templates")
    CONSENT_READ = "consent:read", _("Read consent to marketing")
    CONSENT_WRITE = "consent:write", _("Record consent to marketing")


class ApiToken(models.Model):
    """Lets another system act in the workspace, within scopes and, if it is limited, teams.

    Only a hash of it is stored. `owner` is the admin who answers for it: when they are no active admin any more it
    opens nothing, until another admin takes it over. It stays as a row when it is revoked, for what it has done.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(_("name"), max_length=60)
    hashed = models.CharField(max_length=64, unique=True)  # SHA-256 of 256 random bits: nothing to guess
    hint = models.CharField(max_length=8)  # its last characters, to tell tokens apart
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope.choices))
    all_teams = models.BooleanField(default=True)
    teams = models.ManyToManyField(Team, related_name="+", blank=True)
    owner = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)  # within a minute
    revoked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=now)

    class Meta:
        indexes: ClassVar[list] = [
            models.Index(fields=["workspace", "-id"], condition=Q(revoked_at=None), name="api_token_ws")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_owned(self) -> bool:
        """Somebody answers for it who could make it today."""
        return self.owner.is_active and self.owner.is_admin and self.owner.workspace_id == self.workspace_id

    def opens_at(self, moment: datetime) -> bool:
        return self.revoked_at is None and moment < self.expires_at and self.is_owned

    @property
    def is_expired(self) -> bool:
        return self.expires_at <= now()

    @property
    def opens_now(self) -> bool:
        return self.opens_at(now())
