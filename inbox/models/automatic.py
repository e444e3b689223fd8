"""Answers that nobody writes: what they say, who waits for one, and which were given.

None of these tables holds anything a customer said or is: the words are the business's own, the rest are references.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Team, Workspace
from inbox.enums import AutomaticKind
from inbox.models.case import Case
from inbox.models.conversation import Conversation
from inbox.models.message import Message


class AutomaticText(models.Model):
    """One kind of answer of the workspace or, instead of that, of one team. Without a row it is off."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=8, choices=AutomaticKind.choices)
    is_on = models.BooleanField(default=False)
    texts = models.JSONField(default=dict)  # {language: text}; empty: the product's own (inbox.automatic.words)

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(
                fields=["workspace", "team", "kind"], nulls_distinct=False, name="automatic_text_unique"
            ),
        ]


class KeywordAnswer(models.Model):
    """Words of customers that are answered at once, in the whole workspace or in one team."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    words = models.JSONField(default=dict)  # {language: [word, …]}
    texts = models.JSONField(default=dict)  # {language: text}
    is_whole = models.BooleanField(default=True)  # the message says nothing else; else the word occurs in it
    is_on = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    @property
    def title(self) -> str:
        """Its first word."""
        return next((words[0] for words in self.words.values() if words), "")

    @property
    def all_words(self) -> list[str]:
        return list(dict.fromkeys(word for words in self.words.values() for word in words))


class PendingAnswer(models.Model):
    """A customer wrote and may get an answer: the sweeper looks when it is due, and the row is gone."""

    class Why(models.TextChoices):
        WROTE = "wrote"  # in a moment, when what follows in the same breath is here
        BACK = "back"  # wrote outside of the hours: when these begin
        BUSY = "busy"  # routing has found nobody with room: in a moment

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="+", db_index=False)
    why = models.CharField(max_length=5, choices=Why.choices)
    since = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="+")  # the first message it is about
    due_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["conversation", "why"], name="pending_answer_unique")
        ]
        indexes: ClassVar[list] = [models.Index(fields=["due_at"], name="pending_answer_due")]


class AutomaticAnswer(models.Model):
    """One that was given. Each kind at most once in a case, and each keyword."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="automatic_answers", db_index=False
    )
    case = models.ForeignKey(Case, on_delete=models.SET_NULL, null=True, related_name="automatic_answers")
    kind = models.CharField(max_length=8, choices=AutomaticKind.choices)
    keyword = models.ForeignKey(KeywordAnswer, on_delete=models.SET_NULL, null=True, related_name="given")
    language = models.CharField(max_length=8)
    message = models.ForeignKey(Message, on_delete=models.SET_NULL, null=True, related_name="+")
    sent_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["case", "kind"], condition=~Q(kind="keyword"), name="automatic_once"),
            models.UniqueConstraint(fields=["case", "keyword"], name="automatic_keyword_once"),
        ]
        indexes: ClassVar[list] = [
            models.Index(fields=["workspace", "sent_at"], name="automatic_sent"),
            models.Index(fields=["conversation", "sent_at"], name="automatic_of_customer"),
        ]
