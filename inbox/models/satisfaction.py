"""What customers say about a closed case: one question after closing, their score, perhaps a comment."""

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Team, Workspace
from inbox.models.case import Case
from inbox.models.conversation import Conversation


class SatisfactionSettings(models.Model):
    """Where and how customers are asked. A workspace without this row asks nobody."""

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, related_name="satisfaction")
    teams = models.ManyToManyField(Team, blank=True, related_name="+")  # those that ask
    every_days = models.PositiveSmallIntegerField(
        _("Ask the same contact at most every (days)"), default=30,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
    )  # fmt: skip
    comment_hours = models.PositiveSmallIntegerField(
        _("A text counts as a comment for (hours)"), default=4, validators=[MinValueValidator(1), MaxValueValidator(20)]
    )
    without_outcomes = models.JSONField(default=list)  # closed with one of these: nobody is asked
    wording = models.JSONField(default=dict)  # {language: {part: text}}, only what is not as inbox.satisfaction_rules


class Satisfaction(models.Model):
    """One case's question, from the moment it is planned. Asked: `asked_at`; answered: `score`."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    # Both None: the customer's data were erased, and only the score stays.
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, null=True, blank=True, related_name="satisfactions"
    )
    case = models.OneToOneField(Case, on_delete=models.CASCADE, null=True, blank=True, related_name="satisfaction")
    team = models.ForeignKey(Team, on_delete=models.SET_NULL, null=True, related_name="+")
    due_at = models.DateTimeField(null=True, blank=True)  # waits to be asked; None once it was, or was not
    skipped = models.CharField(max_length=10, blank=True, default="")  # why nobody was asked after all
    language = models.CharField(max_length=8, blank=True, default="")  # in which it was asked
    question = models.ForeignKey("inbox.Message", on_delete=models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField(null=True, blank=True)
    score = models.PositiveSmallIntegerField(null=True, blank=True)  # 5 good, 3 so-so, 1 bad
    answered_at = models.DateTimeField(null=True, blank=True)
    comment = models.TextField(blank=True, default="")
    commented_at = models.DateTimeField(null=True, blank=True)  # its first words

    class Meta:
        indexes: ClassVar[list] = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="satisfaction_due"),
            models.Index(
                fields=["workspace", "asked_at"], condition=Q(asked_at__isnull=False), name="satisfaction_asked"
            ),
            models.Index(
                fields=["workspace", "-commented_at", "-id"], condition=Q(commented_at__isnull=False),
                name="satisfaction_comments",
            ),
        ]  # fmt: skip
