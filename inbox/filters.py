"""Which conversations the list shows, and in which order: read from a query string, written as one, kept by name.

The same conditions exist twice: here for the database, in static/js/lib/filter.js for a page that hears of a change. A
property test (tests/browser/test_filters.py) holds them together.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts.models import Agent
from inbox.models import Conversation
from whatsapp.service_window import SOON, URGENT, WINDOW

VIEW_WORDS = {
    "mine": gettext_noop("Mine"), "unassigned": gettext_noop("Unassigned"), "all": gettext_noop("All"),
    "mentions": gettext_noop("Mentions"), "following": gettext_noop("Following"), "closed": gettext_noop("Closed"),
    "snoozed": gettext_noop("Snoozed"),
}  # fmt: skip
VIEWS = tuple(VIEW_WORDS)
SORTS: dict[str, Promise] = {
    "newest": _("Newest first"), "waiting": _("Waiting longest first"), "closing": _("Window closing first"),
}  # fmt: skip
WINDOWS: dict[str, Promise] = {
    "open": _("Window open"), "soon": _("Closes within 4 hours"), "urgent": _("Closes within the hour"),
    "closed": _("Window closed"),
}  # fmt: skip
SINCE: dict[str, tuple[int, Promise]] = {
    "day": (1, _("Last 24 hours")), "week": (7, _("Last 7 days")), "month": (30, _("Last 30 days")),
}  # fmt: skip
LANGUAGES = dict(settings.LANGUAGES)
NUMBERS = {"team": "team_id", "label": "label_id", "number": "number_id", "saved": "saved_id"}


@dataclass(frozen=True)
class Filter:
    """A view, narrowed. `assignee` is an agent's id, "me" or "none"; `saved_id` names the kept filter it came from."""

    view: str = "mine"
    team_id: int | None = None
    label_id: int | None = None
    number_id: int | None = None
    window: str = ""
    waiting: bool = False
    assignee: str = ""
    language: str = ""
    since: str = ""
    search: str = ""
    sort: str = ""
    saved_id: int | None = None

    @classmethod
    def of(cls, values: Mapping[str, str], default_view: str = "mine") -> "Filter":
        """From a query string; nonsense counts as not said."""
        assignee = values.get("assignee", "")
        return cls(
            view=_one_of(VIEWS, values.get("view")) or default_view,
            team_id=_number(values.get("team")),
            label_id=_number(values.get("label")),
            number_id=_number(values.get("number")),
            window=_one_of(WINDOWS, values.get("window")),
            waiting=values.get("waiting") == "1",
            assignee=assignee if assignee in ("me", "none") or _number(assignee) is not None else "",
            language=_one_of(LANGUAGES, values.get("language")),
            since=_one_of(SINCE, values.get("since")),
            search=values.get("q", "").strip()[:100],
            sort=_one_of(SORTS, values.get("sort")),
            saved_id=_number(values.get("saved")),
        )

    @property
    def parameters(self) -> dict[str, str]:
        """As a query string says them."""
        said: dict[str, Any] = {
            "view": self.view, "team": self.team_id, "label": self.label_id, "number": self.number_id,
            "window": self.window, "waiting": "1" if self.waiting else "", "assignee": self.assignee,
            "language": self.language, "since": self.since, "q": self.search, "sort": self.sort,
            "saved": self.saved_id,
        }  # fmt: skip
        return {name: str(value) for name, value in said.items() if value}

    @property
    def query(self) -> str:
        return urlencode(self.parameters)

    @property
    def order(self) -> str:
        return self.sort or "newest"

    @property
    def is_narrowed(self) -> bool:
        """Anything beyond view, team, search and order."""
        return any((
            self.label_id, self.number_id, self.window, self.waiting, self.assignee, self.language, self.since
        ))  # fmt: skip

    @property
    def for_page(self) -> dict[str, Any]:
        """What a page needs to decide where a conversation belongs when it hears of it."""
        return {"view": self.view, **{name: value for name, value in self.parameters.items() if name != "saved"}}

    @property
    def moves_with_time(self) -> bool:
        """Whether conversations enter or leave it, or change places, without anything happening to them."""
        return bool(self.window or self.since) or self.sort == "closing"

    def with_(self, **changes: object) -> "Filter":
        return replace(self, **changes)  # type: ignore[arg-type]

    def narrow(self, found: QuerySet[Conversation], agent: Agent, now: datetime) -> QuerySet[Conversation]:
        """All that the query string says beyond the view."""
        for condition in self.conditions(now, agent.workspace.window_margin):
            found = found.filter(condition)
        return found.filter(assignee=agent) if self.assignee == "me" else found

    def conditions(self, now: datetime, margin: timedelta) -> Iterator[Q]:
        """The same for whoever looks; "me" is left to whoever knows who that is."""
        if self.team_id is not None:
            yield Q(team_id=self.team_id)
        if self.label_id is not None:
            bearing = Conversation.labels.through.objects.filter(label_id=self.label_id)
            yield Q(pk__in=bearing.values("conversation_id"))
        if self.number_id is not None:
            yield Q(phone_number_id=self.number_id)
        if self.window:
            yield window_q(self.window, now, margin)
        if self.waiting:
            yield Q(needs_answer=True)
        if self.assignee == "none":
            yield Q(assignee=None)
        elif self.assignee and self.assignee != "me":
            yield Q(assignee_id=int(self.assignee))
        if self.language:
            yield Q(contact__language=self.language)
        if self.since:
            yield Q(last_message_at__gte=now - timedelta(days=SINCE[self.since][0]))


def window_q(state: str, now: datetime, margin: timedelta) -> Q:
    """Open, closing within four hours or one, or closed: `ServiceWindow.closes_at` as a condition."""
    closes_from_now = now - WINDOW + margin
    is_open = Q(last_customer_message_at__gt=closes_from_now) & (
        Q(window_refused_at=None) | Q(window_refused_at__lt=F("last_customer_message_at"))
    )
    if state == "closed":
        return (
            Q(last_customer_message_at=None)
            | Q(last_customer_message_at__lte=closes_from_now)
            | Q(window_refused_at__gte=F("last_customer_message_at"))
        )
    if state == "soon":
        return is_open & Q(last_customer_message_at__lte=closes_from_now + SOON)
    if state == "urgent":
        return is_open & Q(last_customer_message_at__lt=closes_from_now + URGENT)
    return is_open


@dataclass(frozen=True)
class Cursor:
    """The last row of a page: the next one begins below it. `now` keeps the pages of one list together."""

    at: datetime
    pk: int
    part: int = 0
    now: datetime | None = None

    def __str__(self) -> str:
        said = f"{_stamp(self.at)}.{self.pk}"
        return said if self.now is None else f"{said}.{self.part}.{_stamp(self.now)}"

    @classmethod
    def of(cls, value: str) -> "Cursor | None":
        said = value.split(".")
        if len(said) not in (2, 4) or not all(each.isdecimal() and len(each) < 18 for each in said):
            return None
        stamp, pk, part, now = map(int, said if len(said) == 4 else [*said, "0", "0"])
        return cls(_moment(stamp), pk, part, _moment(now) if now else None)


@dataclass(frozen=True)
class Part:
    """A stretch of the list with an order of its own: each is one index read from where the cursor stands."""

    condition: Q
    field: str
    descending: bool

    def below(self, found: QuerySet[Conversation], cursor: Cursor) -> QuerySet[Conversation]:
        # The first condition alone already lets the index begin at the right place.
        beyond, beside = ("lte", "gte") if self.descending else ("gte", "lte")
        return found.filter(**{f"{self.field}__{beyond}": cursor.at}).exclude(
            **{self.field: cursor.at, f"pk__{beside}": cursor.pk}
        )

    @property
    def order(self) -> tuple[str, str]:
        return (f"-{self.field}", "-pk") if self.descending else (self.field, "pk")


def parts_of(sort: str, now: datetime, margin: timedelta) -> list[Part]:
    """Who waits, or whose window is open, comes first by that; everybody else after them, newest first."""
    if sort == "waiting":
        first, field = Q(waiting_since__isnull=False), "waiting_since"
        rest = Q(waiting_since__isnull=True)
    elif sort == "closing":
        first, field = window_q("open", now, margin), "last_customer_message_at"
        rest = window_q("closed", now, margin)
    else:
        return [Part(Q(), "last_message_at", descending=True)]
    return [Part(first, field, descending=False), Part(rest, "last_message_at", descending=True)]


def _stamp(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000)


def _moment(stamp: int) -> datetime:
    return datetime.fromtimestamp(stamp / 1_000_000, tz=UTC)


def _one_of(known: Any, value: str | None) -> str:
    return value if value in known and value else ""


def _number(value: str | None) -> int | None:
    return int(value) if value and value.isdecimal() and len(value) < 19 else None
