"""The conversations behind a figure: the same kept rows, with the same filters, as far as somebody may see them."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
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


def link(wanted: Wanted, figure: str, **more: str) -> str:
    """The address of the list behind a figure."""
    return f"{reverse('report-conversations')}?{urlencode(wanted.parameters | {'figure': figure} | more)}"


def hits(wanted: Wanted, figure: str, values: dict[str, str], now: datetime) -> Hits | None:
    """A page of the conversations behind this figure, the latest first; None if there is no such figure."""
    after, counted = _cursor(values.get("after", "")), _("Messages")
    if figure in COUNTED:
        title, rows = str(COUNTED[figure]), _counted(wanted, figure, after)
    elif figure in CASES:
        title, rows = str(CASES[figure][0]), _cases(wanted, figure, after, now)
        counted = _("Until closed") if figure == "closed" else _("First reply")
    elif figure == "lost":
        why = values.get("why", "")
        why = why if why in LostWindow.Why.values else ""
        title = str(LostWindow.Why(why).label) if why else str(_("Windows lost"))
        rows, counted = _lost(wanted, why, after), _("Reason")
    elif figure == "failed":
        title, rows = str(_("Messages that failed")), _failed(wanted, values.get("code", ""), after)
    elif figure == "rated":
        why = values.get("why", "")
        title, rows = str(_("Customer satisfaction")), ratings.rows_of(wanted, why, after, PAGE + 1)
        counted = _("What customers said")
    else:
        return None
    more = rows[PAGE] if len(rows) > PAGE else None
    shown = rows[:PAGE]
    return Hits(title, str(counted), _with_conversations(shown), _said(shown[-1]) if more else "")


Row = dict[str, Any]


def _counted(wanted: Wanted, name: str, after: tuple[datetime, int] | None) -> list[Row]:
    where = _where(wanted, "slot", [f"{name} > 0"])
    return where.rows(
        f"SELECT conversation_id AS conversation, max(slot) AS at, conversation_id AS id, sum({name})::bigint AS count"  # noqa: S608
        f" FROM inbox_reportcell WHERE {where.sql} GROUP BY conversation_id {_having(after)}"
        f" ORDER BY max(slot) DESC, conversation_id DESC LIMIT {PAGE + 1}",
        **_place(after),
    )


def _failed(wanted: Wanted, said: str, after: tuple[datetime, int] | None) -> list[Row]:
    codes = [int(code) for code in said.split(",")[:MOST_CODES] if CODE.fullmatch(code)]
    where = _where(wanted, "slot", ["code = ANY(%(codes)s)"] if codes else [])
    return where.rows(
        "SELECT conversation_id AS conversation, max(slot) AS at, conversation_id AS id, sum(count)::bigint AS count"  # noqa: S608
        f" FROM inbox_reportfailure WHERE {where.sql} GROUP BY conversation_id {_having(after)}"
        f" ORDER BY max(slot) DESC, conversation_id DESC LIMIT {PAGE + 1}",
        codes=codes, **_place(after),
    )  # fmt: skip


def _cases(wanted: Wanted, figure: str, after: tuple[datetime, int] | None, now: datetime) -> list[Row]:
    _title, moment, condition = CASES[figure]
    seconds = ("close" if figure == "closed" else "reply") + ("_seconds" if wanted.clock else "_open_seconds")
    where = _where(wanted, moment, [f"({condition})", *_below(after, moment, "case_id")])
    return where.rows(
        f"SELECT conversation_id AS conversation, {moment} AS at, case_id AS id, 0 AS count, {seconds} AS seconds"  # noqa: S608
        f" FROM inbox_casefigures WHERE {where.sql} ORDER BY {moment} DESC, case_id DESC LIMIT {PAGE + 1}",
        now=now, **_place(after),
    )  # fmt: skip


def _lost(wanted: Wanted, why: str, after: tuple[datetime, int] | None) -> list[Row]:
    where = _where(wanted, "closed_at", [*(["why = %(why)s"] if why else []), *_below(after, "closed_at", "id")])
    return where.rows(
        "SELECT conversation_id AS conversation, closed_at AS at, id, 0 AS count, why"  # noqa: S608
        f" FROM inbox_lostwindow WHERE {where.sql} ORDER BY closed_at DESC, id DESC LIMIT {PAGE + 1}",
        why=why, **_place(after),
    )  # fmt: skip


def _where(wanted: Wanted, moment: str, conditions: list[str]) -> Where:
    """The shown period, and only conversations that this person may see."""
    where = Where(wanted, moment)
    seen, parameters = _visible(wanted)
    where.parts += [f"conversation_id IN ({seen})", *conditions]
    where.parameters |= parameters
    return where


def _visible(wanted: Wanted) -> tuple[str, dict[str, Any]]:
    """The rule of inbox.visibility as a statement with named parameters."""
    found = Conversation.objects.visible_to(wanted.scope.agent).order_by().values("pk")
    statement, given = found.query.sql_with_params()
    names = [f"seen{place}" for place in range(len(given))]
    return statement % tuple(f"%({name})s" for name in names), dict(zip(names, given, strict=True))


def _having(after: tuple[datetime, int] | None) -> str:
    return "HAVING (max(slot), conversation_id) < (%(after)s, %(last)s)" if after else ""


def _below(after: tuple[datetime, int] | None, moment: str, key: str) -> list[str]:
    return [f"({moment}, {key}) < (%(after)s, %(last)s)"] if after else []


def _place(after: tuple[datetime, int] | None) -> dict[str, Any]:
    return {"after": after[0], "last": after[1]} if after else {}


def _cursor(said: str) -> tuple[datetime, int] | None:
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
        Hit(found[row["conversation"]], row["at"], row["count"], row.get("seconds"), _why(row))
        for row in rows if row["conversation"] in found
    ]  # fmt: skip


def _why(row: Row) -> str:
    return row.get("said") or (str(LostWindow.Why(row["why"]).label) if row.get("why") else "")
