"""How long the customer who waits may wait, and what was asked of a customer whose window closes."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Agent, Team
from inbox.answer_targets import Plan, Step
from inbox.models.conversation import Conversation


class AnswerTimer(models.Model):
    """The moments of the wait under way, worked out ahead. Answer, close and snooze end it; no row means no target.

    `Conversation.answer_due_at` is `due_at` once more, for lists.
    """

    class Kind(models.TextChoices):
        FIRST = "first"  # nobody has answered in this case yet
        NEXT = "next"

    conversation = models.OneToOneField(
        Conversation, on_delete=models.CASCADE, primary_key=True, related_name="answer_timer"
    )
    team = models.ForeignKey(Team, on_delete=models.SET_NULL, null=True, related_name="+")
    kind = models.CharField(max_length=5, choices=Kind.choices)
    started_at = models.DateTimeField()
    remind_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField()
    requeue_at = models.DateTimeField(null=True, blank=True)
    tell_lead_at = models.DateTimeField(null=True, blank=True)
    done = models.PositiveSmallIntegerField(default=0)  # answer_targets.Step
    next_at = models.DateTimeField(null=True, blank=True)  # the first moment that is not done
    basis = models.CharField(max_length=32)  # of targets and hours: see answer_targets.basis
    # Who let it lie: while this wait lasts, routing does not give it back to them.
    requeued_from = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    planned_at = models.DateTimeField(default=timezone.now)  # when `due_at` was last worked out to something else

    class Meta:
        indexes: ClassVar[list] = [
            models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="timer_next"),
        ]

    @property
    def plan(self) -> Plan:
        return Plan(self.due_at, self.remind_at, self.requeue_at, self.tell_lead_at)

    @property
    def steps_done(self) -> Step:
        return Step(self.done)


class WindowAsk(models.Model):
    """A lead asked the customer to answer before this window closes: once for each window."""

    conversation = models.OneToOneField(
        Conversation, on_delete=models.CASCADE, primary_key=True, related_name="window_ask"
    )
    window_of = models.DateTimeField()  # the customer's message that opened it
    by = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
