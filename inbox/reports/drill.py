"""The conversations behind a figure: the same kept rows, with the same filters, as far as somebody may see them."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django.db.models import prefetch_related_objects
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from inbox.models import Conversation, LostWindow
from inbox.reports import ratings, words
from inbox.reports.cells import CATEGORIES
from inbox.reports.reading import IN_TARGET, MISSED, Where
from inbox.reports.wanted import Wanted

PAGE = 50
SLOT = timedelta(minutes=15)
MOST_CODES = 40
CODE = re.compile(r"-?[0-9]{1,8}")

COUNTED: dict[str, Promise] = {
    "received": _("Messages received"), "replies": _("Messages sent"), "automatic": _("Automatic messages"),
    "answered": _("Answered inside the window"), "templates": _("Templates sent"),
    "templates_delivered": _("Templates delivered"), "templates_read": _("Templates read"),
    "templates_answered": _("Templates replied to"), "templates_failed": _("Templates that failed"),
    "marketing": _("Marketing"), "utility": _("Utility"), "authentication": _("Authentication"),
    "service": _("Service replies"), "other": _("Other"), "unpriced": _("Messages without a price"),
}  # fmt: skip
CASES: dict[str, tuple[Promise, str, str]] = {
    "opened": (_("Conversations opened"), "opened_at", "true"),
    "again": (_("Conversations opened again"), "opened_at", "is_again"),
    "replied": (_("Conversations with a first reply"), "opened_at", "reply_seconds IS NOT NULL"),
    "in_target": (_("First reply in target"), "opened_at", IN_TARGET),
    "missed": (_("Target missed"), "opened_at", MISSED),
    "closed": (_("Conversations closed"), "closed_at", "closed_at IS NOT NULL"),
}
assert set(CATEGORIES) <= set(COUNTED)


@dataclass
class Hit:
    """A conversation of the list, with what the figure says of it."""

    conversation: Conversation
    at: datetime
    count: int = 0
    until: datetime | None = None  # messages are kept by quarters of an hour: the last of them was between the two
    seconds: int | None = None  # what its case took
    why: str = ""

    @property
    def said(self) -> str:
        if self.why:
            return self.why
        return words.number(self.count) if self.count else words.duration_words(self.seconds)


@dataclass
class Hits:
    title: str
    counted: str  # what the last column says
    rows: list[Hit]
    next: str = ""  # where the next page begins
    total: int = 0  # the figure itself, told at the beginning of the list
    hidden: int = 0  # of it, what is not in the list

    @property
    def total_words(self) -> str:
        return words.number(self.total)


@dataclass(frozen=True)
class Kept:
    """Where what adds up to a figure is kept."""

    title: str
    counted: str
    table: str
    moment: str
    amount: str = "count(*)"
    condition: str = "true"
    key: str = "id"  # of a row
    said: str = "NULL"  # what a row says, beside how many
    given: dict[str, Any] = field(default_factory=dict)


def link(wanted: Wanted, figure: str, **more: str) -> str:
    """The address of the list behind a figure."""
    return f"{_address()}?{wanted.query}&{urlencode({'figure': figure} | more)}"


@cache
def _address() -> str:
    return reverse("report-conversations")


def hits(wanted: Wanted, figure: str, values: dict[str, str], now: datetime) -> Hits | None:
    """A page of the conversations behind this figure, the latest first; None if there is no such figure."""
    after, why = _cursor(values.get("after", "")), values.get("why", "")
    if figure == "rated":
        rows = ratings.rows_of(wanted, why, after, PAGE + 1)
        found = Hits(str(_("Customer satisfaction")), str(_("What customers said")), [])
        total, shown = ratings.totals_of(wanted, why) if after is None else (0, 0)
    elif kept := _kept(wanted, figure, why, values.get("code", "")):
        rows = (_by_conversation if kept.amount.startswith("sum") else _one_by_one)(wanted, kept, after, now)
        found = Hits(kept.title, kept.counted, [])
        total, shown = (_total(wanted, kept, now), rows[0]["shown"] if rows else 0) if after is None else (0, 0)
    else:
        return None
    page = rows[:PAGE]
    found.rows, found.next = _with_conversations(page), _said(page[-1]) if len(rows) > PAGE else ""
    found.total, found.hidden = total, total - shown
    return found


def _kept(wanted: Wanted, figure: str, why: str, code: str) -> Kept | None:
    if figure in COUNTED:
        return Kept(
            str(COUNTED[figure]), str(_("Messages")), "inbox_reportcell", "slot", f"sum({figure})", f"{figure} > 0"
        )
    if figure == "failed":
        codes = [int(each) for each in code.split(",")[:MOST_CODES] if CODE.fullmatch(each)]
        return Kept(
            str(_("Messages that failed")), str(_("Messages")), "inbox_reportfailure", "slot", "sum(count)",
            "code = ANY(%(codes)s)" if codes else "true", given={"codes": codes},
        )  # fmt: skip
    if figure in CASES:
        title, moment, condition = CASES[figure]
        spent = ("close" if figure == "closed" else "reply") + ("_seconds" if wanted.clock else "_open_seconds")
        counted = _("Until closed") if figure == "closed" else _("First reply")
        return Kept(
            str(title), str(counted), "inbox_casefigures", moment, condition=f"({condition})", key="case_id",
            said=f"{spent} AS seconds",
        )  # fmt: skip
    if figure == "lost":
        known = why in LostWindow.Why.values
        title = LostWindow.Why(why).label if known else _("Windows lost")
        condition = "why = %(why)s" if known else "true"
        return Kept(
            str(title), str(_("Reason")), "inbox_lostwindow", "closed_at", condition=condition, said="why",
            given={"why": why},
        )  # fmt: skip
    return None


Row = dict[str, Any]
Cursor = tuple[datetime, int] | None


def _by_conversation(wanted: Wanted, kept: Kept, after: Cursor, now: datetime) -> list[Row]:
    where = _seen(wanted, kept)
    having = "HAVING (max(slot), conversation_id) < (%(after)s, %(last)s)" if after else ""
    return where.rows(
        "SELECT conversation_id AS conversation, max(slot) AS at, conversation_id AS id,"  # noqa: S608
        f" {kept.amount}::bigint AS count, {_all(f'sum({kept.amount})', after)} FROM {where.of(kept.table)}"
        f" GROUP BY conversation_id {having} ORDER BY max(slot) DESC, conversation_id DESC LIMIT {PAGE + 1}",
        now=now, **_place(after),
    )  # fmt: skip


def _one_by_one(wanted: Wanted, kept: Kept, after: Cursor, now: datetime) -> list[Row]:
    where, order = _seen(wanted, kept), f"{kept.moment} DESC, {kept.key} DESC"
    if after:
        where.parts.append(f"({kept.moment}, {kept.key}) < (%(after)s, %(last)s)")
    return where.rows(
        f"SELECT conversation_id AS conversation, {kept.moment} AS at, {kept.key} AS id, 0 AS count, {kept.said},"  # noqa: S608
        f" {_all('count(*)', after)} FROM {where.of(kept.table)} ORDER BY {order} LIMIT {PAGE + 1}",
        now=now, **_place(after),
    )  # fmt: skip


def _all(amount: str, after: Cursor) -> str:
    """What the whole list adds up to, told with its first page."""
    return f"({amount} OVER ())::bigint AS shown" if after is None else "0 AS shown"


def _total(wanted: Wanted, kept: Kept, now: datetime) -> int:
    """The figure itself, also of what this person cannot open: what is erased, or with other teams now."""
    adds_up = kept.table == "inbox_reportcell" and wanted.label_id is None
    table = "inbox_reportslot" if adds_up else kept.table
    where = _where(wanted, kept)
    [row] = where.rows(f"SELECT coalesce({kept.amount}, 0)::bigint AS total FROM {where.of(table)}", now=now)  # noqa: S608
    total: int = row["total"]
    return total


def _where(wanted: Wanted, kept: Kept) -> Where:
    where = Where(wanted, kept.moment)
    where.parts.append(kept.condition)
    where.parameters |= kept.given
    return where


def _seen(wanted: Wanted, kept: Kept) -> Where:
    """Only conversations that this person may see."""
    where = _where(wanted, kept)
    seen, parameters = _visible(wanted)
    where.parts.append(f"conversation_id IN ({seen})")
    where.parameters |= parameters
    return where


def _visible(wanted: Wanted) -> tuple[str, dict[str, Any]]:
    """The rule of inbox.visibility as a statement with named parameters."""
    found = Conversation.objects.visible_to(wanted.scope.agent).order_by().values("pk")
    statement, given = found.query.sql_with_params()
    names = [f"seen{place}" for place in range(len(given))]
    return statement % tuple(f"%({name})s" for name in names), dict(zip(names, given, strict=True))


def _place(after: Cursor) -> dict[str, Any]:
    return {"after": after[0], "last": after[1]} if after else {}


def _cursor(said: str) -> Cursor:
    stamp, _dot, pk = said.partition(".")
    if not all(part.isascii() and part.isdecimal() and len(part) < 18 for part in (stamp, pk)):
        return None
    return datetime.fromtimestamp(int(stamp) / 1_000_000, tz=UTC), int(pk)


def _said(row: Row) -> str:
    return f"{round(row['at'].timestamp() * 1_000_000)}.{row['id']}"


def _with_conversations(rows: list[Row]) -> list[Hit]:
    found = Conversation.objects.select_related("contact", "team").in_bulk({row["conversation"] for row in rows})
    prefetch_related_objects([each.contact for each in found.values()], "identities")
    return [
        Hit(
            found[row["conversation"]], row["at"], row["count"], row["at"] + SLOT if row["count"] else None,
            row.get("seconds"), _why(row),
        )
        for row in rows if row["conversation"] in found
    ]  # fmt: skip


def _why(row: Row) -> str:
    return row.get("said") or (str(LostWindow.Why(row["why"]).label) if row.get("why") else "")
