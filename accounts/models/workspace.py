"""The business that owns everything."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _


class SecondFactorRule(models.TextChoices):
    """Who must sign in with two factors; everybody may."""

    NOBODY = "", _("Nobody has to")
    ADMINS = "admins", _("Admins")
    LEADS = "leads", _("Team leads and admins")
    EVERYBODY = "everybody", _("Everybody")


class Workspace(models.Model):
    """The business that owns everything. One installation may hold several; nothing crosses between them."""

    name = models.CharField(_("name"), max_length=120)
    language = models.CharField(_("language"), max_length=8, choices=settings.LANGUAGES, default="de")
    timezone = models.CharField(_("time zone"), max_length=64, default="Europe/Berlin")
    is_demo = models.BooleanField(default=False)
    # Seconds before Meta's 24 hours end at which the window counts as closed here.
    window_margin_seconds = models.PositiveIntegerField(default=60)
    # Whether customers see blue ticks when one of us has read, and that somebody is writing (Meta couples the two).
    read_receipts = models.BooleanField(default=True)
    # Whether people may let notifications show what customers write; names are shown in any case.
    text_in_notifications = models.BooleanField(default=True)
    # Whether moving a conversation to another team wants a note for the colleagues there.
    handover_note_required = models.BooleanField(default=False)
    # Language → how a customer is asked to answer before the window closes; without one the product's own words.
    ask_texts = models.JSONField(default=dict, blank=True)
    second_factor_rule = models.CharField(
        _("Two-factor sign-in is required for"), max_length=10, blank=True, default=SecondFactorRule.NOBODY,
        choices=SecondFactorRule.choices,
    )  # fmt: skip
    # Where its founder is in the wizard of the first hour; empty once that is done (accounts.founding).
    setup_step = models.CharField(max_length=12, blank=True, default="")
    # Whether the settings begin with what there is to do in the first days.
    shows_first_steps = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return self.name

    @property
    def window_margin(self) -> timedelta:
        return timedelta(seconds=self.window_margin_seconds)


class SetupCode(models.Model):
    """What the founder of an empty installation has to know: printed where it was started. One row at most; only the
    hash is kept, and it goes with the founding."""

    code_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=now)
