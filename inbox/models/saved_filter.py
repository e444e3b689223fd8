"""A list kept by name: one's own, or a team's."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Agent, Team, Workspace


class SavedFilter(models.Model):
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    owner = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, null=True, blank=True, related_name="+")  # None: personal
    name = models.CharField(_("Name"), max_length=60)
    parameters = models.JSONField(default=dict)  # what inbox.filters.Filter reads
    position = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["owner", "team", "name"], nulls_distinct=False, name="saved_filter_unique"),
        ]
        indexes: ClassVar[list] = [models.Index(fields=["workspace"], name="saved_filter_list")]

    def __str__(self) -> str:
        return self.name
