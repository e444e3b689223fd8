"""Which alarms admins have had a mail about."""

from typing import ClassVar

from django.db import models

from accounts.models import Workspace


class AlarmMail(models.Model):
    """When a workspace's admins were last mailed about an alarm: at most once a day each. No words, no person."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    alarm = models.CharField(max_length=120)  # its kind and the page it leads to
    told_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["workspace", "alarm"], name="alarm_mail_unique")
        ]
