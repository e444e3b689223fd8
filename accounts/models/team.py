"""People who answer together, and how work is shared among them."""

from datetime import timedelta
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from accounts.models.agent import Agent
from accounts.models.workspace import Workspace


class RoutingStrategy(models.TextChoices):
    LEAST_BUSY = "least_busy", _("Least busy")
    ROUND_ROBIN = "round_robin", _("In turn")
    MANUAL = "manual", _("By hand")


class Team(models.Model):
    """People who answer together. Unanswered work of someone away returns to the team after `handback_minutes`."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="teams")
    name = models.CharField(_("name"), max_length=80)
    strategy = models.CharField(
        _("assignment"), max_length=12, choices=RoutingStrategy.choices, default=RoutingStrategy.LEAST_BUSY
    )
    sticky = models.BooleanField(_("prefer the last agent"), default=True)
    handback_minutes = models.PositiveSmallIntegerField(_("hand back after (minutes)"), default=30)
    # Window guard: unanswered, closing within so many minutes, and the assignee not there: back to the queue at once.
    guard_minutes = models.PositiveSmallIntegerField(_("window guard (minutes)"), default=60)
    # Answer targets in open time of the team's hours; empty sets none.
    first_response_minutes = models.PositiveSmallIntegerField(
        _("first answer within (minutes)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(10080)],
    )
    next_response_minutes = models.PositiveSmallIntegerField(
        _("further answers within (minutes)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(10080)],
    )
    # What happens on the way to a target, in open time as well (inbox.answer_targets).
    remind_percent = models.PositiveSmallIntegerField(
        _("reminder after (percent of the time)"), default=70, validators=[MaxValueValidator(95)]
    )
    requeues_at_target = models.BooleanField(_("back to the queue at the target"), default=True)
    tell_lead_minutes = models.PositiveSmallIntegerField(
        _("tell the leads after (minutes)"), null=True, blank=True, default=10, validators=[MaxValueValidator(10080)]
    )
    is_default = models.BooleanField(default=False)
    agents = models.ManyToManyField(Agent, through="Membership", related_name="teams")
    created_at = models.DateTimeField(default=now)

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["workspace", "name"], name="team_name_unique"),
            models.UniqueConstraint(fields=["workspace"], condition=models.Q(is_default=True), name="team_one_default"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def handback_words(self) -> str:
        """ "30 min", "8 h", "1 h 30 min"."""
        return self._in_words(self.handback_minutes)

    @property
    def guard_words(self) -> str:
        return self._in_words(self.guard_minutes)

    @property
    def first_response_words(self) -> str:
        return self._in_words(self.first_response_minutes or 0)

    @property
    def next_response_words(self) -> str:
        return self._in_words(self.next_response_minutes or 0)

    @staticmethod
    def _in_words(total: int) -> str:
        hours, minutes = divmod(total, 60)
        parts = [str(_("%(hours)s h") % {"hours": hours})] if hours else []
        parts += [str(_("%(minutes)s min") % {"minutes": minutes})] if minutes else []
        return " ".join(parts)

    @property
    def guard(self) -> timedelta:
        return timedelta(minutes=self.guard_minutes)

    @property
    def handback_after(self) -> timedelta:
        return timedelta(minutes=self.handback_minutes)


class Membership(models.Model):
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="memberships")
    is_lead = models.BooleanField(default=False)
    # How many of this team's conversations routing may give this person at once; empty: as many as their capacity.
    capacity = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list] = [models.UniqueConstraint(fields=["team", "agent"], name="membership_unique")]
