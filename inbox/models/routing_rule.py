"""Rules of the assignment: what a conversation must be like, and where it goes then. The first that holds, wins."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Agent, Skill, Team, Workspace


class Target(models.TextChoices):
    TEAM = "team", _("Team")
    AGENT = "agent", _("Person")
    OWN = "own", _("The team it is in")


class Manner(models.TextChoices):
    LEAST_BUSY = "least_busy", _("Least busy")
    ROUND_ROBIN = "round_robin", _("In turn")
    STICKY = "sticky", _("To the last person if they are free")
    SKILL = "skill", _("By skill")
    QUEUE = "queue", _("Stays in the queue, by hand")


class RoutingRule(models.Model):
    """One line of a workspace's list.

    A person who is not free leaves it to the team: the given one, else the one it is in. What a rule refers to may
    go: without its team, person or skill it is broken, shown so and skipped (`inbox.rules.stored`).
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="routing_rules")
    name = models.CharField(_("name"), max_length=80, blank=True)  # else its conditions in words
    position = models.PositiveIntegerField(default=0)
    is_active = models.BooleanField(default=True)
    conditions = models.JSONField(default=dict)  # see inbox.rules.matching.Conditions
    target = models.CharField(max_length=8, choices=Target.choices, default=Target.OWN)
    team = models.ForeignKey(Team, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    agent = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    manner = models.CharField(max_length=12, choices=Manner.choices, default=Manner.LEAST_BUSY)
    skill = models.ForeignKey(Skill, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    changed_by = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar[list] = ["position", "pk"]
        indexes: ClassVar[list] = [
            models.Index(fields=["workspace", "position"], condition=Q(is_active=True), name="rule_active")
        ]

    @property
    def is_broken(self) -> bool:
        """What it gives work to is gone. Uses `agent`."""
        if self.target == Target.AGENT:
            return self.agent is None or not self.agent.is_active
        if self.target == Target.TEAM and self.team_id is None:
            return True
        return self.manner == Manner.SKILL and self.skill_id is None
