"""What the papers of data protection need to know of this house: read from its settings, so that they are true."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.functional import Promise

from accounts.models import Agent, ApiToken, Workspace
from inbox.models import ReportSettings, RetentionSettings, SatisfactionSettings
from inbox.privacy import retention
from whatsapp.models import PhoneNumber


@dataclass
class House:
    """German words in the templates say what it means."""

    workspace: Workspace
    numbers: list[PhoneNumber] = field(default_factory=list)
    host: str = ""
    mail_host: str = ""
    people: int = 0
    periods: list[tuple[str | Promise, int | None]] = field(default_factory=list)  # kind of data, days
    fixed: tuple[tuple[str | Promise, str | Promise], ...] = retention.FIXED
    per_person: bool = False
    per_person_reason: str = ""
    asks_ratings: bool = False
    systems: list[str] = field(default_factory=list)  # that have a token
    second_factor: str = ""
    chosen: RetentionSettings | None = None


def house_of(workspace: Workspace) -> House:
    reports = ReportSettings.objects.filter(workspace=workspace).first()
    ratings = SatisfactionSettings.objects.filter(workspace=workspace).first()
    chosen = retention.settings_of(workspace)
    return House(
        workspace, list(PhoneNumber.objects.filter(workspace=workspace).order_by("pk")),
        host=urlsplit(settings.BASE_URL).hostname or "", mail_host=settings.EMAIL_HOST,
        people=Agent.objects.filter(workspace=workspace, is_active=True).count(),
        periods=[(kind.words, getattr(chosen, kind.column)) for kind in retention.KINDS],
        per_person=bool(reports and reports.per_person), per_person_reason=reports.reason if reports else "",
        asks_ratings=bool(ratings and ratings.teams.exists()),
        systems=list(ApiToken.objects.filter(workspace=workspace, revoked_at=None).values_list("name", flat=True)[:50]),
        second_factor=workspace.second_factor_rule, chosen=chosen,
    )  # fmt: skip
