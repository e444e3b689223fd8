"""Reading the activity log: which lines somebody wants to see, a page at a time, on the screen or as a file."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone, translation
from django.utils.dateparse import parse_date
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.audit import WORDS, details, sentence, who
from accounts.models import Agent, AuditEntry
from accounts.spreadsheets import Line

PAGE = 50
PART = 500  # lines of a file that are read at once
MOST = {"xlsx": 20_000}  # a workbook is made as a whole before it is sent; CSV has no end
CONSOLE = "console"
LONGEST_TEXT = 100

# What the lines are about, by the beginning of their verb; what is in none of these is about the installation.
AREAS: dict[str, tuple[str | Promise, tuple[str, ...]]] = {
    "people": (gettext_lazy("People and teams"), ("person.", "invitation.", "team.", "skill.", "hours.")),
    "access": (gettext_lazy("Sign-in and refusals"), (
        "access.", "sign_in.", "sign_on.", "password.", "session.", "factor.", "workspace.second_factor",
    )),
    "whatsapp": (gettext_lazy("WhatsApp"), ("number.", "account.", "template.", "webhook.", "rates.")),
    "contacts": (gettext_lazy("Contacts and conversations"), (
        "contact.", "contacts.", "contact_field.", "conversation.", "consent.", "privacy.",
    )),
    "house": (gettext_lazy("Assignment and replies"), (
        "label.", "reply.", "rule.", "satisfaction.", "automatic.", "keyword.", "workspace.teamwork",
    )),
    "api": (gettext_lazy("API"), ("api_token.", "outgoing_webhook.")),
    "reports": (gettext_lazy("Reports and exports"), ("reports.", "audit.")),
    "installation": (gettext_lazy("Installation"), ()),
}  # fmt: skip


def area_of(verb: str) -> str:
    return next((area for area, (_words, begins) in AREAS.items() if verb.startswith(begins or "\0")), "installation")


@dataclass(frozen=True)
class AuditFilter:
    """What is wanted, from the address of the page; whatever makes no sense there is left out."""

    text: str = ""
    who: str = ""  # the id of a person, or CONSOLE
    area: str = ""
    first: date | None = None
    last: date | None = None

    @classmethod
    def of(cls, values: dict[str, str]) -> "AuditFilter":
        person, area = values.get("who", ""), values.get("area", "")
        is_person = person.isascii() and person.isdecimal() and len(person) < 19
        return cls(
            text=values.get("q", "").replace("\0", "").strip()[:LONGEST_TEXT],
            who=person if is_person or person == CONSOLE else "", area=area if area in AREAS else "",
            first=_day(values.get("from", "")), last=_day(values.get("to", "")),
        )  # fmt: skip

    @cached_property
    def parameters(self) -> dict[str, str]:
        days = {"from": self.first.isoformat() if self.first else "", "to": self.last.isoformat() if self.last else ""}
        all_ = {"q": self.text, "who": self.who, "area": self.area, **days}
        return {name: value for name, value in all_.items() if value}

    @property
    def address(self) -> str:
        return urlencode(self.parameters)


@dataclass
class AuditPage:
    lines: list["Shown"] = field(default_factory=list)
    next: int | None = None  # the line after which older ones begin


@dataclass
class Shown:
    """A line as people read it."""

    entry: AuditEntry

    @property
    def who(self) -> str:
        return who(self.entry)

    @property
    def sentence(self) -> tuple[str, str]:
        """What stands before and after the thing it was done to."""
        return sentence(self.entry.verb)

    @property
    def details(self) -> list[tuple[str | Promise, str | Promise]]:
        return details(self.entry)

    @property
    def plain(self) -> str:
        before, after = self.sentence
        return " ".join(part for part in (before, self.entry.subject, after) if part)


def matching(agent: Agent, wanted: AuditFilter) -> QuerySet[AuditEntry]:
    """The lines of this person's workspace that fit. Days begin and end in the person's zone."""
    entries = AuditEntry.objects.filter(workspace_id=agent.workspace_id)
    if wanted.who:
        entries = entries.filter(actor=None if wanted.who == CONSOLE else int(wanted.who))
    if wanted.area:
        entries = entries.filter(verb__in=[verb for verb in WORDS if area_of(verb) == wanted.area])
    if wanted.first:
        entries = entries.filter(created_at__gte=_midnight(wanted.first, agent))
    if wanted.last:
        entries = entries.filter(created_at__lt=_midnight(wanted.last + timedelta(days=1), agent))
    if wanted.text:
        entries = entries.annotate(said=Cast("data", TextField()))
        entries = entries.filter(Q(subject__icontains=wanted.text) | Q(said__icontains=wanted.text))
    return entries


def page(agent: Agent, wanted: AuditFilter, *, before: int | None = None, size: int = PAGE) -> AuditPage:
    """Newest first, from the line `before`."""
    entries = matching(agent, wanted).select_related("actor").order_by("-pk")
    if before is not None:
        entries = entries.filter(pk__lt=before)
    found = list(entries[: size + 1])
    return AuditPage([Shown(entry) for entry in found[:size]], found[size - 1].pk if len(found) > size else None)


def pages(agent: Agent, wanted: AuditFilter, *, before: int | None = None) -> Iterator[list[Line]]:
    """For a file: the headings, then PART lines at a time, in the person's language and zone."""
    with _words_of(agent):
        yield [[_("When"), _("Who"), _("What"), _("Object"), _("Details"), _("Kind"), _("No.")]]
    while True:
        found = page(agent, wanted, before=before, size=PART)
        with _words_of(agent):
            lines = [_line(shown) for shown in found.lines]
        yield lines
        before = found.next
        if before is None:
            return


def people(agent: Agent) -> QuerySet[Agent]:
    """Whoever works or has worked here."""
    return Agent.objects.filter(workspace_id=agent.workspace_id).order_by("-is_active", "name", "pk")


def _line(shown: Shown) -> Line:
    entry = shown.entry
    more = " · ".join(f"{name}: {value}" for name, value in shown.details)
    at = f"{timezone.localtime(entry.created_at):%Y-%m-%d %H:%M:%S}"
    return [at, shown.who, shown.plain, entry.subject, more, entry.verb, str(entry.pk)]


def _day(typed: str) -> date | None:
    try:
        day = parse_date(typed)
    except ValueError:
        return None
    return day if day is not None and 1970 <= day.year < 9999 else None  # beside others there is no calculating


def _midnight(day: date, agent: Agent) -> datetime:
    return datetime.combine(day, time.min, agent.zone)


@contextmanager
def _words_of(agent: Agent) -> Iterator[Any]:
    """The person's language and zone, also in a thread that nobody has told of them."""
    with translation.override(agent.language), timezone.override(agent.zone):
        yield
