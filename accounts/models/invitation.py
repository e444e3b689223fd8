"""How people come in."""

from typing import ClassVar

from django.db import models
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from accounts.models.agent import Agent, Role, Visibility
from accounts.models.team import Team
from accounts.models.workspace import Workspace


class Invitation(models.Model):
    """A link with which a new person sets a name and password. Only the hash of its token is kept."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(_("email"), max_length=254)
    name = models.CharField(_("name"), max_length=80, blank=True)
    role = models.CharField(_("role"), max_length=8, choices=Role.choices, default=Role.AGENT)
    visibility = models.CharField(_("may see"), max_length=8, choices=Visibility.choices, default=Visibility.TEAM)
    capacity = models.PositiveSmallIntegerField(_("capacity"), default=8)
    teams = models.ManyToManyField(Team, blank=True, related_name="+")
    token_hash = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar[list] = [models.Index(fields=["workspace", "-created_at"], name="invitation_ws")]
