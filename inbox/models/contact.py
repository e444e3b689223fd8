"""Customers, and the ids under which WhatsApp knows them."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Workspace

# "Hallo Familie" greets nobody: after these the whole name is said.
NO_FIRST_NAMES = frozenset({
    "familie", "fam.", "firma", "fa.", "herr", "frau", "dr.", "prof.", "family",
    "mr", "mr.", "mrs", "mrs.", "ms", "ms.",
})  # fmt: skip


class Contact(models.Model):
    class Kind(models.TextChoices):
        PERSON = "person", _("Person")
        GROUP = "group", _("Group")  # a WhatsApp group: read-only for us

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="contacts", db_index=False)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.PERSON)
    name = models.CharField(_("name"), max_length=200, blank=True)  # ours; wins over the profile name
    profile_name = models.CharField(max_length=200, blank=True)  # the customer's own choice in WhatsApp
    username = models.CharField(max_length=64, blank=True)
    name_key = models.CharField(max_length=240, blank=True)  # folded, for sorting and search: inbox.text.fold
    language = models.CharField(_("language"), max_length=8, blank=True, choices=settings.LANGUAGES)
    email = models.EmailField(blank=True)
    note = models.TextField(blank=True, default="")  # what colleagues should know about this person
    fields = models.JSONField(default=dict, blank=True)  # {ContactField id as text: value}, see inbox.contacts.fields
    needs_identity_check = models.BooleanField(default=False)  # a known number with an unknown BSUID behind it
    merged_into = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar[list] = [
            models.Index(fields=["workspace", "name_key", "id"], name="contact_by_name"),
            GinIndex(fields=["name_key"], name="contact_name_trgm", opclasses=["gin_trgm_ops"]),
            models.Index(
                OpClass(Upper("username"), name="text_pattern_ops"), condition=~Q(username=""), name="contact_username"
            ),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """Our name, else the profile name, else the number, else the username."""
        if self.name or self.profile_name:
            return self.name or self.profile_name
        if self.kind == self.Kind.GROUP:
            return str(_("WhatsApp group"))
        if phone := self.phone:
            from whatsapp.phone_format import pretty

            return pretty(phone)
        return f"@{self.username}" if self.username else str(_("Unknown customer"))

    @property
    def first_name(self) -> str:
        first, _, rest = (self.name or self.profile_name).partition(" ")
        return first if first and not (rest and first.lower() in NO_FIRST_NAMES) else self.display_name

    @property
    def initials(self) -> str:
        words = [word for word in (self.name or self.profile_name).split() if word[:1].isalpha()]
        return (words[0][:1] + (words[-1][:1] if len(words) > 1 else "")).upper() if words else ""

    @property
    def hue(self) -> int:
        return (self.pk or 0) % 7 + 1

    @property
    def phone(self) -> str:
        """The active phone number as digits, or "". Uses prefetched `identities`."""
        return next((i.value for i in self.identities.all() if i.kind == "phone" and i.is_active), "")

    @property
    def bsuid(self) -> str:
        return next((i.value for i in self.identities.all() if i.kind == "bsuid" and i.is_active), "")


class ContactField(models.Model):
    """A field of its own that a business keeps for its customers: "Frame number", "Next service"."""

    class Kind(models.TextChoices):
        TEXT = "text", _("Text")
        NUMBER = "number", _("Number")
        DATE = "date", _("Date")
        CHOICE = "choice", _("Choice")
        SWITCH = "switch", _("Yes or no")

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="contact_fields")
    name = models.CharField(_("name"), max_length=60)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.TEXT)
    choices = models.JSONField(default=list, blank=True)  # of a CHOICE: its words, in order
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["workspace", "name"], name="contact_field_name"),
        ]
        ordering: ClassVar[list] = ["position", "pk"]

    def __str__(self) -> str:
        return self.name


class ContactIdentity(models.Model):
    class Kind(models.TextChoices):
        PHONE = "phone", _("Phone")
        BSUID = "bsuid", _("WhatsApp user id")
        PARENT_BSUID = "parent_bsuid", _("WhatsApp user id of the company group")
        GROUP = "group", _("WhatsApp group")

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="identities")
    portfolio = models.CharField(max_length=32)  # whatsapp.models.BusinessAccount.portfolio
    kind = models.CharField(max_length=12, choices=Kind.choices)
    value = models.CharField(max_length=160)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list] = [
            # Active ones only: a number that was given up may come back behind another person's SIM.
            models.UniqueConstraint(
                fields=["workspace", "portfolio", "kind", "value"], condition=Q(is_active=True), name="identity_unique"
            ),
        ]
        indexes: ClassVar[list] = [
            models.Index(fields=["workspace", "value"], name="identity_value"),
            # "The number ends in 4711": people search by any part of it.
            GinIndex(
                fields=["value"], opclasses=["gin_trgm_ops"], condition=Q(kind="phone"), name="identity_phone_trgm"
            ),
        ]
