"""What an agent wants to be told, and what has been told already, so that no restart repeats it."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from django.db import models
from django.utils import timezone

from accounts.models import Agent
from inbox.enums import Channel, NoticeTopic
from inbox.models.conversation import Conversation

SATURDAY = 5


class NotificationSettings(models.Model):
    """One agent's choices; who has no row has the defaults, which are everything but text and reminders."""

    agent = models.OneToOneField(
        Agent, on_delete=models.CASCADE, primary_key=True, related_name="notification_settings"
    )
    muted = models.JSONField(default=list)  # "topic.channel" of what is switched off
    with_text = models.BooleanField(default=False)
    quiet_from = models.TimeField(null=True, blank=True)  # in the agent's zone; both or neither
    quiet_until = models.TimeField(null=True, blank=True)
    quiet_weekends = models.BooleanField(default=False)
    repeat_minutes = models.PositiveSmallIntegerField(default=0)  # 0: no reminders
    repeat_times = models.PositiveSmallIntegerField(default=3)

    def wants(self, topic: str, channel: str) -> bool:
        return f"{topic}.{channel}" not in self.muted

    def choices_on(self) -> list[str]:
        """Everything that is switched on."""
        return [f"{topic}.{channel}" for topic in NoticeTopic for channel in Channel if self.wants(topic, channel)]

    def is_quiet(self, now: datetime, zone: ZoneInfo) -> bool:
        """Is this a moment at which the agent is not to be disturbed?"""
        here = now.astimezone(zone)
        if self.quiet_weekends and here.weekday() >= SATURDAY:
            return True
        return _within(here.time(), self.quiet_from, self.quiet_until)


def _within(moment: time, start: time | None, end: time | None) -> bool:
    if start is None or end is None:
        return False
    return start <= moment < end if start < end else moment >= start or moment < end


class ClosingWarning(models.Model):
    """Somebody was warned that this window closes. A new window (another message of the customer) is another story."""

    conversation = models.OneToOneField(
        Conversation, on_delete=models.CASCADE, primary_key=True, related_name="closing_warning"
    )
    window_of = models.DateTimeField()  # the customer's message that opened it
    minutes = models.PositiveSmallIntegerField()  # the lowest threshold told so far
    told_at = models.DateTimeField(default=timezone.now)


class Reminder(models.Model):
    """How often an agent was reminded of a customer who waits. Another agent, or another wait, begins at nought."""

    conversation = models.OneToOneField(
        Conversation, on_delete=models.CASCADE, primary_key=True, related_name="reminder"
    )
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="+")
    waiting_since = models.DateTimeField()  # since when the customer waits for this agent
    count = models.PositiveSmallIntegerField(default=0)
    told_at = models.DateTimeField(default=timezone.now)
