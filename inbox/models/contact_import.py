"""Contacts that come from a file: the file's rows, what was thought of each, and what came of it.

Kept for two weeks, for the person who imports alone.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Agent, Workspace
from inbox.models.contact import Contact
from whatsapp.models import PhoneNumber


class ContactImport(models.Model):
    class State(models.TextChoices):
        CHECKING = "checking", _("is being checked")
        CHECKED = "checked", _("checked, not imported yet")
        APPLYING = "applying", _("is being imported")
        DONE = "done", _("imported")
        STOPPED = "stopped", _("stopped")

    WORKING = (State.CHECKING, State.APPLYING)

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="contact_imports")
    phone_number = models.ForeignKey(PhoneNumber, on_delete=models.CASCADE, related_name="+")
    file_name = models.CharField(max_length=240)
    headings = models.JSONField()
    columns = models.JSONField()  # a target of inbox.importing.columns per heading
    fill_only = models.BooleanField(default=False)  # keep what we know; the file only adds
    # What the person declares about the opt-ins of the file: there is none without a source.
    consent_source = models.CharField(max_length=200, blank=True)
    consent_wording = models.TextField(blank=True)
    consent_on = models.DateField(null=True, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.CHECKING)
    created_at = models.DateTimeField(default=timezone.now)
    touched_at = models.DateTimeField(default=timezone.now)  # when work on it last went on
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar[list] = [
            models.Index(fields=["agent", "-created_at"], name="import_of_agent"),
            models.Index(fields=["created_at"], name="import_age"),
            models.Index(
                fields=["touched_at"], condition=Q(state__in=("checking", "applying")), name="import_at_work"
            ),
        ]

    @property
    def is_working(self) -> bool:
        return self.state in self.WORKING


class ContactImportRow(models.Model):
    class Verdict(models.TextChoices):
        NEW = "new", _("New")
        CHANGED = "changed", _("Changes")
        UNCHANGED = "unchanged", _("Unchanged")
        DUPLICATE = "duplicate", _("Twice in the file")
        REFUSED = "refused", _("Refused")

    EFFECTIVE = (Verdict.NEW, Verdict.CHANGED)

    imported = models.ForeignKey(ContactImport, on_delete=models.CASCADE, related_name="rows")
    line = models.PositiveIntegerField()  # as a spreadsheet counts
    cells = models.JSONField()
    phone = models.CharField(max_length=20, blank=True)
    verdict = models.CharField(max_length=9, choices=Verdict.choices, blank=True)
    detail = models.JSONField(default=dict)  # {"changes": [[target, from, to]], "reasons": [[code, words …]]}
    has_remarks = models.BooleanField(default=False)  # something of the row is left out
    is_applied = models.BooleanField(default=False)
    contact = models.ForeignKey(Contact, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["imported", "line"], name="import_row_line"),
        ]
        indexes: ClassVar[list] = [
            models.Index(fields=["imported", "verdict", "line"], name="import_row_verdict"),
            models.Index(fields=["imported", "phone", "line"], name="import_row_phone"),
        ]
