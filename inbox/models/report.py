"""What the reports read: figures kept up to date by inbox.reports.rolling, never messages.

Triggers mark whatever changes in messages, cases and assignments (`ReportMark`); soon after, the figures of just that
conversation are worked out anew. The database does not watch the references, as with the documents of the search: a
figure must hold up nobody who locks a conversation.
"""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Agent, Team, Workspace
from inbox.models.case import Case
from inbox.models.conversation import Conversation
from whatsapp.models import PhoneNumber

NOBODY = 0  # in place of a conversation that was erased: the counts stay, and belong to no one


def _to(model: Any, **options: Any) -> Any:
    """A reference that the database does not watch."""
    options.setdefault("on_delete", models.CASCADE)
    return models.ForeignKey(model, related_name="+", db_index=False, db_constraint=False, **options)


class ReportMark(models.Model):
    """Something changed in a conversation. Triggers write here, whoever changes it."""

    conversation_id = models.BigIntegerField()
    at = models.DateTimeField(null=True)  # a message of this moment; None: its cases


class Counts(models.Model):
    """What is counted in a quarter of an hour. Costs are millionths of the number's currency."""

    received = models.PositiveIntegerField(default=0)
    replies = models.PositiveIntegerField(default=0)  # written by people, also on the phone
    automatic = models.PositiveIntegerField(default=0)
    answered = models.PositiveIntegerField(default=0)  # waits that a person ended while the window was open
    templates = models.PositiveIntegerField(default=0)
    templates_delivered = models.PositiveIntegerField(default=0)
    templates_read = models.PositiveIntegerField(default=0)
    templates_answered = models.PositiveIntegerField(default=0)
    templates_failed = models.PositiveIntegerField(default=0)
    marketing = models.PositiveIntegerField(default=0)  # delivered, by Meta's category
    utility = models.PositiveIntegerField(default=0)
    authentication = models.PositiveIntegerField(default=0)
    service = models.PositiveIntegerField(default=0)
    other = models.PositiveIntegerField(default=0)
    marketing_cost = models.BigIntegerField(default=0)
    utility_cost = models.BigIntegerField(default=0)
    authentication_cost = models.BigIntegerField(default=0)
    service_cost = models.BigIntegerField(default=0)
    other_cost = models.BigIntegerField(default=0)
    unpriced = models.PositiveIntegerField(default=0)  # delivered, and nobody has said what it costs

    class Meta:
        abstract = True


class ReportCell(Counts):
    """The counts of one conversation: what drilling down and narrowing by label read."""

    workspace = _to(Workspace)
    conversation = _to(Conversation)
    case = _to(Case, null=True, on_delete=models.DO_NOTHING)  # its messages leave it with a mark
    phone_number = _to(PhoneNumber)
    team = _to(Team, null=True, on_delete=models.SET_NULL)  # the case's
    slot = models.DateTimeField()  # UTC; quarters, because no zone's days begin between them

    class Meta:
        indexes: ClassVar[list] = [
            models.Index(fields=["conversation", "slot"], name="report_cell_thread"),
            models.Index(fields=["workspace", "slot"], name="report_cell_time"),
        ]


class ReportSlot(Counts):
    """The counts of a team at a number: the sum of its cells."""

    workspace = _to(Workspace)
    phone_number = _to(PhoneNumber)
    team = _to(Team, null=True, on_delete=models.SET_NULL)
    slot = models.DateTimeField()

    class Meta:
        indexes: ClassVar[list] = [models.Index(fields=["workspace", "slot"], name="report_slot_time")]


class ReportFailure(models.Model):
    """Messages of ours that were not delivered, by reason."""

    workspace = _to(Workspace)
    conversation = _to(Conversation)
    case = _to(Case, null=True, on_delete=models.DO_NOTHING)
    phone_number = _to(PhoneNumber)
    team = _to(Team, null=True, on_delete=models.SET_NULL)
    slot = models.DateTimeField()
    code = models.IntegerField()  # Meta's, or one of whatsapp.errors' own; 0 where none was said
    count = models.PositiveIntegerField()

    class Meta:
        indexes: ClassVar[list] = [
            models.Index(fields=["conversation", "slot"], name="report_failure_thread"),
            models.Index(fields=["workspace", "slot"], name="report_failure_time"),
        ]


class CaseFigures(models.Model):
    """The times of one case, by the clock and in the open hours of its team."""

    case = models.OneToOneField(
        Case, on_delete=models.CASCADE, primary_key=True, related_name="figures", db_constraint=False
    )
    workspace = _to(Workspace)
    conversation = _to(Conversation)
    phone_number = _to(PhoneNumber)
    team = _to(Team, null=True, on_delete=models.SET_NULL)
    agent = _to(Agent, null=True, on_delete=models.SET_NULL)  # who had it at the end, or has it
    replied_by = _to(Agent, null=True, on_delete=models.SET_NULL)
    is_again = models.BooleanField()  # the conversation had been closed before
    is_asked = models.BooleanField()  # the customer began: only then there is a first answer to measure
    opened_at = models.DateTimeField()
    replied_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    reply_seconds = models.PositiveIntegerField(null=True)
    reply_open_seconds = models.PositiveIntegerField(null=True)
    close_seconds = models.PositiveIntegerField(null=True)
    close_open_seconds = models.PositiveIntegerField(null=True)
    # The target as it was while it mattered: a later change of the team's does not rewrite the past.
    target_minutes = models.PositiveIntegerField(null=True)
    due_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar[list] = [
            models.Index(fields=["workspace", "opened_at", "case"], name="case_figures_opened"),
            models.Index(
                fields=["workspace", "closed_at", "case"], condition=Q(closed_at__isnull=False),
                name="case_figures_closed",
            ),
            models.Index(fields=["conversation"], name="case_figures_thread"),
        ]


class LostWindow(models.Model):
    """A window that closed on a customer nobody had answered: written at that moment, once, and kept."""

    class Why(models.TextChoices):
        """In the order in which they are asked."""

        NOT_SENT = "not_sent", _("The number could not send")
        HOURS = "hours", _("Outside opening hours")
        QUEUE = "queue", _("Nobody had it")
        AWAY = "away", _("Assignee away")
        OFFLINE = "offline", _("Assignee offline")
        UNANSWERED = "unanswered", _("Assigned, not answered")

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    # None: the customer's data were erased, and only the count stays.
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, null=True, blank=True, related_name="lost_windows"
    )
    phone_number = models.ForeignKey(PhoneNumber, on_delete=models.CASCADE, related_name="+", db_index=False)
    team = models.ForeignKey(Team, on_delete=models.SET_NULL, null=True, related_name="+")
    agent = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, related_name="+")  # who had it
    window_of = models.DateTimeField()  # the customer's message that had opened it
    waiting_since = models.DateTimeField()
    closed_at = models.DateTimeField()
    why = models.CharField(max_length=12, choices=Why.choices)

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["conversation", "window_of"], name="lost_window_once"),
        ]
        indexes: ClassVar[list] = [models.Index(fields=["workspace", "closed_at", "id"], name="lost_window_time")]


class ReportSettings(models.Model):
    """Whether figures of single people exist here (§ 87 BetrVG): not without a decision that says why."""

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, primary_key=True, related_name="+")
    per_person = models.BooleanField(default=False)
    reason = models.CharField(max_length=300, blank=True)
    changed_by = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, related_name="+")
    changed_at = models.DateTimeField(null=True)
