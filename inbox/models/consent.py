"""Opt-ins and opt-outs, each with its evidence. Append-only (a trigger refuses changes); the latest row counts.

Beside the ledger: the wordings people are asked with (never changed either), the questions that wait for an answer,
what an admin has chosen, and the public pages.
"""

import secrets
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Agent, Workspace
from inbox.enums import ConsentState
from inbox.models.contact import Contact
from inbox.models.conversation import Conversation
from inbox.models.message import Message
from whatsapp.models import PhoneNumber

CODE_LETTERS, CODE_LENGTH = "abcdefghjkmnpqrstuvwxyz23456789", 5  # none that look alike


class ConsentWording(models.Model):
    """The exact words of our question, in one language. Append-only (a trigger): a change is a new version."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    language = models.CharField(max_length=8)
    version = models.PositiveIntegerField()
    text = models.TextField()
    created_by = models.ForeignKey(Agent, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["workspace", "language", "version"], name="consent_wording_version"),
        ]


class Consent(models.Model):
    """One yes or no. Personal: `wording`, `said`, `note`, `wamid`, `number`, and whom `contact` names.

    The database numbers the rows of a contact (`place`) and links each to the one before (`chain`, a hash of all it
    says), so that a row that is changed or missing shows.
    """

    class Source(models.TextChoices):
        KEYWORD = "keyword", _("Message of the customer")
        BUTTON = "button", _("Button of a template")
        REPLY = "reply", _("Answer to our question")
        META = "meta", _("WhatsApp's own setting")
        META_ERROR = "meta_error", _("Refused by WhatsApp: the person stopped marketing")
        AGENT = "agent", _("Recorded by a colleague")
        IMPORT = "import", _("Import")
        API = "api", _("Another system")

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="consents")
    category = models.CharField(max_length=16, default="marketing")
    state = models.CharField(max_length=10, choices=ConsentState.choices)
    source = models.CharField(max_length=12, choices=Source.choices)
    wording = models.TextField(blank=True)  # the exact words that were said, or shown and agreed to
    note = models.CharField(max_length=200, blank=True)  # where: "QR code in the shop"
    message = models.ForeignKey(Message, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    version = models.ForeignKey(ConsentWording, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    said = models.CharField(max_length=200, blank=True, default="", db_default="")  # their words, of an answer
    wamid = models.CharField(max_length=300, blank=True, default="", db_default="")  # of what they wrote
    question_wamid = models.CharField(max_length=300, blank=True, default="", db_default="")  # of what we asked
    number = models.CharField(max_length=20, blank=True, default="", db_default="")  # ours, on which it was said
    recorded_by = models.ForeignKey(Agent, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    occurred_at = models.DateTimeField()  # newest counts, by Meta's time where Meta says it
    created_at = models.DateTimeField(default=timezone.now)
    place = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    chain = models.CharField(max_length=64, blank=True, default="", db_default="", editable=False)

    class Meta:
        indexes: ClassVar[list] = [
            models.Index(fields=["contact", "category", "-occurred_at", "-id"], name="consent_latest"),
        ]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["contact", "place"], name="consent_place"),
        ]


class ConsentRequest(models.Model):
    """A question of ours that only the customer's reply can answer. Until then it permits nothing."""

    class Source(models.TextChoices):
        KEYWORD = "keyword", _("Keyword")
        PAGE = "page", _("Public page")
        AGENT = "agent", _("Asked by a colleague")

    class Answer(models.TextChoices):
        GIVEN = "given", _("Agreed")
        DECLINED = "declined", _("Declined")
        REPLACED = "replaced", _("Asked again")
        STOPPED = "stopped", _("Stopped")

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="consent_requests")
    wording = models.ForeignKey(ConsentWording, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=8, choices=Source.choices)
    asked_by = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    wish = models.ForeignKey(Message, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")  # their START
    question = models.ForeignKey(Message, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=8, choices=Answer.choices, blank=True, default="")

    class Meta:
        indexes: ClassVar[list] = [
            models.Index(
                fields=["workspace", "expires_at"], condition=Q(answered_at__isnull=True), name="consent_waiting"
            ),
            models.Index(fields=["conversation", "-asked_at"], name="consent_asked"),
        ]  # fmt: skip


class ConsentSettings(models.Model):
    """What an admin has chosen. A workspace without this row has the words of inbox.consent_words."""

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, related_name="consent_settings")
    business_name = models.CharField(_("Name of the business"), max_length=100, blank=True, default="")
    privacy_url = models.URLField(_("Privacy policy"), max_length=300, blank=True, default="")
    imprint_url = models.URLField(_("Imprint"), max_length=300, blank=True, default="")
    expire_days = models.PositiveSmallIntegerField(
        _("A question without an answer expires after (days)"), default=7,
        validators=[MinValueValidator(1), MaxValueValidator(30)],
    )  # fmt: skip
    words = models.JSONField(default=dict)  # {language: {"stop": [...], "start": [...]}}, only what is not ours
    texts = models.JSONField(default=dict)  # {language: {part: text}}, likewise


def _slug() -> str:
    return secrets.token_urlsafe(12)


def _code() -> str:
    """At least one digit, so that no word is one."""
    letters = "".join(secrets.choice(CODE_LETTERS) for _place in range(CODE_LENGTH - 1))
    return letters + secrets.choice("23456789")


class OptInPage(models.Model):
    """A page that anybody may open, for one number: what is asked, and the way into the chat that asks it."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    phone_number = models.OneToOneField(PhoneNumber, on_delete=models.CASCADE, related_name="opt_in_page")
    slug = models.CharField(max_length=32, unique=True, default=_slug)
    code = models.CharField(max_length=CODE_LENGTH, default=_code)  # in the prefilled words: they came from here
    is_published = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar[list] = [models.UniqueConstraint(fields=["workspace", "code"], name="opt_in_code")]
