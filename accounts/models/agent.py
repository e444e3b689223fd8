"""A person who works here, and how available they are."""

import zoneinfo
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from accounts.models.workspace import Workspace


class Role(models.TextChoices):
    AGENT = "agent", _("Agent")
    LEAD = "lead", _("Team lead")
    ADMIN = "admin", _("Admin")


class Visibility(models.TextChoices):
    OWN = "own", _("Own and unassigned of their teams")
    TEAM = "team", _("Everything of their teams")
    ALL = "all", _("Everything")


class Availability(models.TextChoices):
    AVAILABLE = "available", _("Available")
    AWAY = "away", _("Away")


class Duty(models.TextChoices):
    """What a person's schedule says of them; nothing if they have none."""

    UNSCHEDULED = ""
    ON = "on"
    OFF = "off"
    FREE = "free"  # off, and without a block on that day
    EXTRA = "extra"  # off by the schedule, and working all the same because they said so


class AgentManager(BaseUserManager["Agent"]):
    def get_by_natural_key(self, username: str | None) -> "Agent":
        return self.select_related("workspace").get(email=(username or "").strip().lower())

    def create_user(self, email: str, password: str | None = None, **fields: object) -> "Agent":
        agent = self.model(email=email.strip().lower(), **fields)
        agent.set_password(password)
        agent.save()
        return agent


class Agent(AbstractBaseUser):
    """A person who signs in, whatever the role. Belongs to one workspace; the e-mail is unique per installation."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="agents")
    email = models.EmailField(_("email"), max_length=254, unique=True)
    name = models.CharField(_("name"), max_length=80)
    role = models.CharField(_("role"), max_length=8, choices=Role.choices, default=Role.AGENT)
    visibility = models.CharField(_("may see"), max_length=8, choices=Visibility.choices, default=Visibility.TEAM)
    is_active = models.BooleanField(_("active"), default=True)
    deactivated_at = models.DateTimeField(null=True, blank=True)
    language = models.CharField(_("language"), max_length=8, choices=settings.LANGUAGES, default="de")
    timezone = models.CharField(_("time zone"), max_length=64, default="Europe/Berlin")
    theme = models.CharField(
        _("appearance"),
        max_length=8,
        blank=True,
        default="",
        choices=[("", _("Like the device")), ("light", _("Light")), ("dark", _("Dark"))],
    )
    enter_sends = models.BooleanField(_("Enter sends"), default=True)
    single_keys = models.BooleanField(_("single-key shortcuts"), default=True)
    # Conversations that automatic routing may give at once (see inbox.actions.assignment for what counts as load).
    capacity = models.PositiveSmallIntegerField(
        _("capacity"), default=8, validators=[MinValueValidator(0), MaxValueValidator(200)]
    )
    availability = models.CharField(
        _("availability"), max_length=10, choices=Availability.choices, default=Availability.AVAILABLE
    )
    availability_changed_at = models.DateTimeField(default=now)
    availability_changed_by = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    away_until = models.DateTimeField(null=True, blank=True)  # a break with an end: available again by itself
    away_keeps = models.BooleanField(default=False)  # away, but what they have stays with them beyond the grace
    # The schedule as of `duty_since`; at `duty_until` it says something else (accounts.duty, written by the sweeper).
    duty = models.CharField(max_length=5, blank=True, default=Duty.UNSCHEDULED)
    duty_since = models.DateTimeField(null=True, blank=True)
    duty_until = models.DateTimeField(null=True, blank=True)
    # A lead's change for one day of this person's calendar; `capacity_now` is what counts.
    capacity_today = models.PositiveSmallIntegerField(null=True, blank=True)
    capacity_today_on = models.DateField(null=True, blank=True)
    alarm_mails = models.BooleanField(_("alarms by mail"), default=True)  # of admins
    # UTC, written about once a minute while a socket is open, so that a restart of Redis forgets nobody.
    last_seen_at = models.DateTimeField(null=True, blank=True)
    # Since when this person has been out of automatic work (idle): the tie-breaker of "least busy".
    last_assigned_at = models.DateTimeField(null=True, blank=True)
    session_epoch = models.PositiveIntegerField(default=0)  # part of the session hash: raising it ends all sessions
    created_at = models.DateTimeField(default=now)

    objects: ClassVar[AgentManager] = AgentManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        # Stored in lower case, so that "unique" means what people think it means.
        constraints: ClassVar[list] = [
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="agent_email_lower")
        ]
        indexes: ClassVar[list] = [
            models.Index(fields=["workspace", "is_active"], name="agent_ws_active"),
            models.Index(fields=["duty_until"], condition=models.Q(duty_until__isnull=False), name="agent_duty_until"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: object, **kwargs: object) -> None:
        self.email = self.email.strip().lower()
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    @property
    def is_admin(self) -> bool:
        return self.role == Role.ADMIN

    @property
    def is_lead(self) -> bool:
        return self.role == Role.LEAD

    @property
    def first_name(self) -> str:
        return self.name.split(" ")[0]

    @property
    def initials(self) -> str:
        words = self.name.split()
        return (words[0][:1] + (words[-1][:1] if len(words) > 1 else "")).upper()

    @property
    def hue(self) -> int:
        """1–7, stable, for the coloured square of this person."""
        return (self.pk or 0) % 7 + 1

    def capacity_at(self, moment: datetime) -> int:
        """How many conversations routing may give at once: today's number if there is one, else the usual."""
        if self.capacity_today is not None and self.capacity_today_on == moment.astimezone(self.zone).date():
            return self.capacity_today
        return self.capacity

    @property
    def capacity_now(self) -> int:
        return self.capacity_at(now())

    def is_due(self, moment: datetime) -> bool:
        """Whether the schedule has changed since it was last looked at."""
        return self.duty_until is not None and self.duty_until <= moment

    def is_off_duty(self, moment: datetime) -> bool:
        """Outside their working hours; exact from the second on which the schedule changes."""
        if self.is_due(moment):
            return self.duty == Duty.ON  # over, and the sweeper is about to write it
        return self.duty in (Duty.OFF, Duty.FREE)

    @property
    def is_off_duty_now(self) -> bool:
        return self.is_off_duty(now())

    @property
    def works_extra(self) -> bool:
        """Takes work outside their hours, because they have switched themselves to available."""
        return self.duty == Duty.EXTRA and not self.is_due(now())

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        try:
            return zoneinfo.ZoneInfo(self.timezone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            return zoneinfo.ZoneInfo("Europe/Berlin")

    def get_session_auth_hash(self) -> str:
        from django.utils.crypto import salted_hmac

        return salted_hmac(
            "accounts.Agent.session", f"{self.password}:{self.session_epoch}", algorithm="sha256"
        ).hexdigest()
