"""What the search reads: narrow documents beside the messages, so that their own table stays small (R19)."""

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Agent, Workspace
from inbox.models.conversation import Conversation
from inbox.models.message import Message
from inbox.models.note import Note


class SearchKind(models.IntegerChoices):
    MESSAGE = 1, _("Messages")
    NOTE = 2, _("Notes")
    FILE = 3, _("Files")


class SearchDocument(models.Model):
    """The words of a message, of a note, or of the names of a message's files. Made by inbox.search.indexing.

    The database does not watch its references: making a document would hold the conversation's row against everybody
    who locks it. What no longer exists, or stands elsewhere now, is left out when hits are read.
    """

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    kind = models.PositiveSmallIntegerField(choices=SearchKind.choices)
    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, null=True, related_name="+", db_index=False, db_constraint=False
    )
    note = models.ForeignKey(
        Note, on_delete=models.CASCADE, null=True, related_name="+", db_index=False, db_constraint=False
    )
    author = models.ForeignKey(
        Agent, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False, db_constraint=False
    )
    is_inbound = models.BooleanField()
    occurred_at = models.DateTimeField()
    words = SearchVectorField()  # as written without umlauts, with ae for ä, and German and English stems; no positions

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["message", "kind"], name="search_message"),
            models.UniqueConstraint(fields=["note"], condition=Q(note__isnull=False), name="search_note"),
        ]
        indexes: ClassVar[list] = [
            # What has just come waits in a short list that every search reads; short keeps searches even.
            GinIndex(fields=["words"], name="search_words", gin_pending_list_limit=256),
            models.Index(fields=["workspace", "-occurred_at", "-id"], name="search_newest"),
            models.Index(fields=["conversation", "-occurred_at", "-id"], name="search_in_thread"),
        ]


class SearchWord(models.Model):
    """A lexeme of documents, and of about how many: how to look for it, and what a mistyped word may mean."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    word = models.CharField(max_length=40)
    documents = models.PositiveIntegerField(default=0)  # never counted down

    class Meta:
        constraints: ClassVar[list] = [models.UniqueConstraint(fields=["workspace", "word"], name="search_word")]
        indexes: ClassVar[list] = [
            models.Index("workspace", OpClass("word", name="varchar_pattern_ops"), name="search_word_prefix"),
            GinIndex(fields=["word"], opclasses=["gin_trgm_ops"], name="search_word_trgm"),
        ]


class SearchBacklog(models.Model):
    """Messages and notes whose documents have to be made anew. Triggers write here, whoever changes them."""

    kind = models.PositiveSmallIntegerField()  # SearchKind.MESSAGE, its files included, or NOTE
    source = models.PositiveBigIntegerField()  # the message's or note's id; it may have gone meanwhile
