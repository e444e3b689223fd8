"""When the business, a team or a person works: a week, holidays of a region, and days that are different."""

from typing import ClassVar

from django.db import models
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from accounts.models.agent import Agent
from accounts.models.team import Team
from accounts.models.workspace import Workspace


class WorkingHours(models.Model):
    """The week of exactly one owner: the workspace (team and agent empty), a team, or a person.

    `weekly` has seven lists, Monday first, of [start, end] in minutes after midnight in the owner's zone; an end of
    1440 is midnight. Without a row, or while it is not in use (`is_used`: the week is kept for later), a business and
    its people are always there and a team keeps the hours of the business; holidays and exceptions count in any case.
    See accounts.schedules for reading them.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="working_hours")
    team = models.OneToOneField(Team, on_delete=models.CASCADE, null=True, blank=True, related_name="working_hours")
    agent = models.OneToOneField(Agent, on_delete=models.CASCADE, null=True, blank=True, related_name="working_hours")
    weekly = models.JSONField(default=list)
    is_used = models.BooleanField(default=True)
    # Teams and people: on the holidays and exceptions of the business they work only as far as it is open.
    follows_business = models.BooleanField(default=True)
    # "DE-BE", "AT-9", "CH-ZH": a country and subdivision of ISO 3166-2 whose public holidays are free; "" has none.
    region = models.CharField(_("public holidays"), max_length=8, blank=True, default="")
    open_holidays = models.JSONField(default=list)  # German names of the region's holidays that are not observed
    changed_at = models.DateTimeField(default=now)

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(
                fields=["workspace"], condition=models.Q(team=None, agent=None), name="hours_one_of_workspace"
            ),
            models.CheckConstraint(condition=models.Q(team=None) | models.Q(agent=None), name="hours_one_owner"),
        ]


class HoursException(models.Model):
    """A date on which the week does not count: closed (no blocks), or open at other times. Wins over a holiday."""

    hours = models.ForeignKey(WorkingHours, on_delete=models.CASCADE, related_name="exceptions")
    date = models.DateField(_("date"))
    name = models.CharField(_("name"), max_length=80, blank=True)
    blocks = models.JSONField(default=list)  # as a day of WorkingHours.weekly

    class Meta:
        constraints: ClassVar[list] = [models.UniqueConstraint(fields=["hours", "date"], name="exception_once_a_day")]
