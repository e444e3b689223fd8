"""Who works here: the business (Workspace), its people (Agent), their teams, and how they came in."""

import zoneinfo
from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _


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
    created_at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return self.name

    @property
    def window_margin(self) -> timedelta:
        return timedelta(seconds=self.window_margin_seconds)


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
        _("appearance"), max_length=8, blank=True, default="",
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
    # A lead's change for one day of this person's calendar; `capacity_now` is what counts.
    capacity_today = models.PositiveSmallIntegerField(null=True, blank=True)
    capacity_today_on = models.DateField(null=True, blank=True)
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
        indexes: ClassVar[list] = [models.Index(fields=["workspace", "is_active"], name="agent_ws_active")]

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


class RoutingStrategy(models.TextChoices):
    LEAST_BUSY = "least_busy", _("Least busy")
    ROUND_ROBIN = "round_robin", _("In turn")
    MANUAL = "manual", _("By hand")


class Team(models.Model):
    """People who answer together. Unanswered work of someone away returns to the team after `handback_minutes`."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="teams")
    name = models.CharField(_("name"), max_length=80)
    strategy = models.CharField(
        _("assignment"), max_length=12, choices=RoutingStrategy.choices, default=RoutingStrategy.LEAST_BUSY
    )
    sticky = models.BooleanField(_("prefer the last agent"), default=True)
    handback_minutes = models.PositiveSmallIntegerField(_("hand back after (minutes)"), default=30)
    # Window guard: unanswered, closing within so many minutes, and the assignee not there: back to the queue at once.
    guard_minutes = models.PositiveSmallIntegerField(_("window guard (minutes)"), default=60)
    is_default = models.BooleanField(default=False)
    agents = models.ManyToManyField(Agent, through="Membership", related_name="teams")
    created_at = models.DateTimeField(default=now)

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["workspace", "name"], name="team_name_unique"),
            models.UniqueConstraint(
                fields=["workspace"], condition=models.Q(is_default=True), name="team_one_default"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def handback_words(self) -> str:
        """ "30 min", "8 h", "1 h 30 min"."""
        return self._in_words(self.handback_minutes)

    @property
    def guard_words(self) -> str:
        return self._in_words(self.guard_minutes)

    @staticmethod
    def _in_words(total: int) -> str:
        hours, minutes = divmod(total, 60)
        parts = [str(_("%(hours)s h") % {"hours": hours})] if hours else []
        parts += [str(_("%(minutes)s min") % {"minutes": minutes})] if minutes else []
        return " ".join(parts)

    @property
    def guard(self) -> timedelta:
        return timedelta(minutes=self.guard_minutes)

    @property
    def handback_after(self) -> timedelta:
        return timedelta(minutes=self.handback_minutes)


class Membership(models.Model):
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="memberships")
    is_lead = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar[list] = [models.UniqueConstraint(fields=["team", "agent"], name="membership_unique")]


class Invitation(models.Model):
    """A link with which a new person sets a name and password. Only the hash of its token is kept."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(_("email"), max_length=254)
    name = models.CharField(_("name"), max_length=80, blank=True)
    role = models.CharField(_("role"), max_length=8, choices=Role.choices, default=Role.AGENT)
    visibility = models.CharField(_("may see"), max_length=8, choices=Visibility.choices, default=Visibility.TEAM)
    capacity = models.PositiveSmallIntegerField(_("capacity"), default=8)
    teams = models.ManyToManyField(Team, blank=True, related_name="+")
    token_hash = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar[list] = [models.Index(fields=["workspace", "-created_at"], name="invitation_ws")]


class LoginThrottle(models.Model):
    """Counted sign-in tries per key and time slot, raised by one atomic statement before a password is hashed."""

    key = models.CharField(max_length=80)
    slot = models.BigIntegerField()
    count = models.PositiveIntegerField(default=0)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints: ClassVar[list] = [models.UniqueConstraint(fields=["key", "slot"], name="throttle_key_slot")]


class AuditEntry(models.Model):
    """A privileged act: who did what to whom. Append-only (a trigger refuses changes)."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="audit_entries")
    actor = models.ForeignKey(Agent, on_delete=models.PROTECT, null=True, related_name="+")
    verb = models.CharField(max_length=60)
    subject = models.CharField(max_length=120, blank=True)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=now)

    class Meta:
        indexes: ClassVar[list] = [models.Index(fields=["workspace", "-id"], name="audit_ws")]
