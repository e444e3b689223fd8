"""What every page of the shell shows, whichever app renders it."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import Agent, Role
from inbox.alerts import Alert, alerts_for
from inbox.queries import my_unread
from inbox.script_words import script_words_json

EVERYONE = (Role.AGENT, Role.LEAD, Role.ADMIN)
LEADS = (Role.LEAD, Role.ADMIN)
ADMINS = (Role.ADMIN,)
# (heading, [(key, URL name, icon, words, roles)]); a page that an installation does not have is left out.
SETTINGS: list[tuple[str, list[tuple[str, str, str, str, Any]]]] = [
    ("WhatsApp", [
        ("first-steps", "settings-first-steps", "check-circle", gettext_noop("First steps"), ADMINS),
        ("number", "settings-number", "phone", gettext_noop("Number"), ADMINS),
        ("business-profile", "settings-profiles", "building", gettext_noop("Business profile"), ADMINS),
        ("templates", "settings-templates", "template", gettext_noop("Templates"), ADMINS),
        ("rates", "settings-rates", "euro", gettext_noop("Prices"), ADMINS),
        ("deliveries", "settings-deliveries", "webhook", gettext_noop("Webhook deliveries"), ADMINS),
        ("practice", "practice-phone", "flask", gettext_noop("Practice phone"), EVERYONE),
    ]),
    ("automation", [
        ("automatic", "settings-automatic", "bot", gettext_noop("Automatic replies"), LEADS),
        ("hours", "settings-hours", "clock", gettext_noop("Business hours"), LEADS),
        ("rules", "settings-rules", "route", gettext_noop("Assignment"), LEADS),
    ]),
    ("workspace", [
        ("people", "settings-people", "users", gettext_noop("People and roles"), LEADS),
        ("teams", "settings-teams", "contacts", gettext_noop("Teams"), LEADS),
        ("consent", "settings-consent", "shield", gettext_noop("Consent"), ADMINS),
        ("teamwork", "settings-teamwork", "route", gettext_noop("Working together"), ADMINS),
        ("replies", "settings-replies", "slash", gettext_noop("Saved replies"), EVERYONE),
        ("labels", "settings-labels", "tag", gettext_noop("Labels"), LEADS),
        ("contact-fields", "settings-contact-fields", "list", gettext_noop("Contact fields"), ADMINS),
        ("privacy", "settings-privacy", "shield", gettext_noop("Data protection"), ADMINS),
        ("installation", "settings-installation", "wrench", gettext_noop("Installation"), ADMINS),
        ("jobs", "settings-jobs", "refresh", gettext_noop("Background jobs"), ADMINS),
        ("api", "settings-api", "webhook", gettext_noop("API and webhooks"), ADMINS),
        ("sign-on", "settings-sign-on", "key", gettext_noop("Single sign-on"), ADMINS),
        ("audit", "settings-audit", "list", gettext_noop("Activity log"), ADMINS),
    ]),
    ("you", [
        ("profile", "profile", "user", gettext_noop("My profile"), EVERYONE),
        ("security", "profile-security", "shield", gettext_noop("Sign-in and devices"), EVERYONE),
        ("filters", "settings-filters", "filter", gettext_noop("Saved filters"), EVERYONE),
        ("notifications", "settings-notifications", "bell", gettext_noop("Notifications"), EVERYONE),
    ]),
]  # fmt: skip


def _address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


class Shell:
    """Worked out only where a template asks for it."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @cached_property
    def agent(self) -> Agent | None:
        user = getattr(self.request, "user", None)
        return user if isinstance(user, Agent) else None

    @property
    def now_ms(self) -> int:
        return int(timezone.now().timestamp() * 1000)

    @property
    def words(self) -> SafeString:
        return mark_safe(script_words_json())  # noqa: S308 - JSON of our own words, "<" escaped

    @cached_property
    def rail(self) -> list[dict[str, Any]]:
        """The places of the rail: (key, address, icon, words)."""
        places = [
            ("inbox", _address("inbox"), "inbox", _("Inbox")),
            ("contacts", _address("contacts"), "contacts", _("Contacts")),
            ("board", _address("board") if self.agent and self.agent.role in LEADS else "", "board", _("Team board")),
            ("reports", _address("reports") if self.agent and self.agent.role in LEADS else "", "chart", _("Reports")),
            ("practice", _address("practice-phone"), "flask", _("Practice phone")),
            ("settings", _address("settings") or _address("profile"), "sliders", _("Settings")),
        ]
        return [{"key": key, "url": url, "icon": icon, "words": words} for key, url, icon, words in places if url]

    @cached_property
    def unread(self) -> int:
        """My unread conversations, for the pages beside the inbox, which counts them itself."""
        return my_unread(self.agent) if self.agent else 0

    @cached_property
    def alerts(self) -> list[Alert]:
        """The banners above the page."""
        return alerts_for(self.agent) if self.agent else []

    @cached_property
    def settings_nav(self) -> list[dict[str, Any]]:
        """The pages this person may open, under their headings."""
        headings = {"WhatsApp": "WhatsApp", "automation": _("Automation"), "workspace": _("Workspace"), "you": _("You")}
        role = self.agent.role if self.agent else ""
        hidden = "" if self.agent and self.agent.workspace.shows_first_steps else "first-steps"
        groups = []
        for heading, items in SETTINGS:
            open_items = [
                {"key": key, "url": _address(name), "icon": icon, "words": _(words)}
                for key, name, icon, words, roles in items
                if role in roles and key != hidden and _address(name)
            ]
            if open_items:
                groups.append({"heading": headings[heading], "items": open_items})
        return groups


def shell(request: HttpRequest) -> dict[str, Any]:
    return {"DEMO": settings.DEMO, "shell": Shell(request)}
