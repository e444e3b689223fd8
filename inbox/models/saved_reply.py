"""Saved replies: texts that are written again and again, found by a shortcut while typing."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Agent, Role, Team, Workspace
from inbox.text import fold


class SavedReplyQuerySet(models.QuerySet["SavedReply"]):
    def usable_by(self, agent: Agent, team_id: int | None = None) -> "SavedReplyQuerySet":
        """What this agent may put into a message: their own, their teams' (and `team_id`'s), everybody's."""
        teams = Q(team__memberships__agent=agent)
        if team_id is not None:
            teams |= Q(team_id=team_id)
        ids = self.filter(workspace_id=agent.workspace_id).filter(
            Q(scope=SavedReply.Scope.ALL) | Q(owner=agent) | (Q(scope=SavedReply.Scope.TEAM) & teams)
        )
        return self.filter(pk__in=ids.values("pk"))

    def visible_to(self, agent: Agent) -> "SavedReplyQuerySet":
        """What the settings page lists: admins tend to everything, also what somebody who left has written."""
        if agent.role == Role.ADMIN:
            return self.filter(workspace_id=agent.workspace_id)
        return self.usable_by(agent)


class SavedReply(models.Model):
    class Scope(models.TextChoices):
        PERSONAL = "personal", _("Only me")
        TEAM = "team", _("A team")
        ALL = "all", _("Everybody")

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="saved_replies")
    scope = models.CharField(_("for whom"), max_length=8, choices=Scope.choices, default=Scope.PERSONAL)
    owner = models.ForeignKey(Agent, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    shortcut = models.CharField(_("shortcut"), max_length=32)  # lower case, without the slash
    title = models.CharField(_("title"), max_length=80)
    text = models.TextField(_("text"))  # with places such as {{contact.first_name}}: inbox.saved_reply_places
    search_key = models.TextField(blank=True)  # shortcut, title and text, folded
    used_count = models.PositiveIntegerField(default=0)
    last_used_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar = SavedReplyQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list] = [
            models.CheckConstraint(
                condition=(
                    Q(scope="personal", owner__isnull=False, team__isnull=True)
                    | Q(scope="team", owner__isnull=True, team__isnull=False)
                    | Q(scope="all", owner__isnull=True, team__isnull=True)
                ),
                name="reply_has_its_scope",
            ),
            models.UniqueConstraint(fields=["owner", "shortcut"], condition=Q(scope="personal"), name="reply_of_owner"),
            models.UniqueConstraint(fields=["team", "shortcut"], condition=Q(scope="team"), name="reply_of_team"),
            models.UniqueConstraint(fields=["workspace", "shortcut"], condition=Q(scope="all"), name="reply_of_all"),
        ]
        indexes: ClassVar[list] = [models.Index(fields=["workspace", "-used_count", "id"], name="reply_by_use")]

    def __str__(self) -> str:
        return self.title

    def set_search_key(self) -> None:
        """After a change of shortcut, title or text."""
        self.search_key = fold(f"{self.shortcut} {self.title} {self.text}")


class SavedReplyFile(models.Model):
    """A file that comes along: checked when it was put here, and shared with every composer it is put into."""

    reply = models.ForeignKey(SavedReply, on_delete=models.CASCADE, related_name="files")
    kind = models.CharField(max_length=10)
    file_name = models.CharField(max_length=240, blank=True)
    mime_type = models.CharField(max_length=120)  # decided from the content
    is_inline = models.BooleanField(default=False)
    is_animated = models.BooleanField(default=False)
    size = models.PositiveBigIntegerField()
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    seconds = models.FloatField(null=True, blank=True)
    peaks = ArrayField(models.PositiveSmallIntegerField(), null=True, blank=True)
    sha256 = models.CharField(max_length=64)
    file = models.FileField(upload_to="attachments/%Y/%m/", max_length=200)

    def __str__(self) -> str:
        return self.file_name
