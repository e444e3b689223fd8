"""The figures of a period from the kept ones: a handful of statements, whatever has been written.

Narrowed by label they come from the cells of conversations, else from the slots of teams: the same counts, added up.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from inbox.reports.cells import CATEGORIES, MEASURES
from inbox.reports.wanted import Span, Wanted, offsets


@dataclass
class Times:
    """Of cases: how many, and how long they took. Seconds; None where there was nothing to measure."""

    cases: int = 0
    again: int = 0
    measured: int = 0
    median: float | None = None
    slowest: float | None = None  # nine of ten were quicker
    in_target: int = 0
    missed: int = 0

    @property
    def target_percent(self) -> float | None:
        decided = self.in_target + self.missed
        return 100 * self.in_target / decided if decided else None


@dataclass
class Period:
    """The figures of one of the two periods; dictionaries by bucket (its first day) and by team."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(MEASURES, 0))
    by_bucket: dict[date, dict[str, int]] = field(default_factory=dict)
    by_hour: dict[tuple[int, int], dict[str, int]] = field(default_factory=dict)  # (1 Monday … 7, hour)
    by_team: dict[int | None, dict[str, int]] = field(default_factory=dict)
    costs: dict[tuple[int | None, str], dict[str, int]] = field(default_factory=dict)  # (team, currency)
    opened: Times = field(default_factory=Times)
    opened_by_bucket: dict[date, Times] = field(default_factory=dict)
    opened_by_team: dict[int | None, Times] = field(default_factory=dict)
    opened_by_hour: dict[tuple[int, int], Times] = field(default_factory=dict)
    closed: Times = field(default_factory=Times)
    closed_by_bucket: dict[date, Times] = field(default_factory=dict)
    closed_by_team: dict[int | None, Times] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)
    lost_by_bucket: dict[date, int] = field(default_factory=dict)
    lost_by_team: dict[int | None, int] = field(default_factory=dict)
    failures: dict[int, int] = field(default_factory=dict)

    @property
    def lost_count(self) -> int:
        return sum(self.lost.values())

    @property
    def answered_percent(self) -> float | None:
        return share_answered(self.counts["answered"], self.lost_count)


def share_answered(answered: int, lost: int) -> float | None:
    """Of the customers who waited, how many had an answer while the window was open."""
    return 100 * answered / (answered + lost) if answered + lost else None


def read(wanted: Wanted, now: datetime) -> tuple[Period, Period | None]:
    """The wanted period with its course, and the totals of the one it is compared with."""
    shown = _period(wanted, wanted.span, now, detailed=True)
    return shown, _period(wanted, wanted.before, now, detailed=False) if wanted.before else None


def _period(wanted: Wanted, span: Span, now: datetime, *, detailed: bool) -> Period:
    period = Period()
    _read_counts(wanted, span, period, detailed=detailed)
    _read_opened(wanted, span, period, now, detailed=detailed)
    _read_closed(wanted, span, period, detailed=detailed)
    _read_lost(wanted, span, period)
    _read_failures(wanted, span, period)
    return period


class Where:
    """The conditions of a statement over kept figures, and its parameters."""

    def __init__(self, wanted: Wanted, moment: str, span: Span | None = None) -> None:
        start, end = (span or wanted.span).bounds(wanted.scope.zone)
        self.moment = moment
        self.parameters: dict[str, Any] = {
            "workspace": wanted.scope.agent.workspace_id, "start": start, "end": end, "unit": wanted.unit,
            "zone": wanted.scope.zone.key, "team": wanted.team_ids, "number": wanted.number_id,
            "label": wanted.label_id,
        }  # fmt: skip
        self.parts = ["workspace_id = %(workspace)s", f"{moment} >= %(start)s", f"{moment} < %(end)s"]
        if wanted.team_ids is not None:
            self.parts.append("team_id = ANY(%(team)s)")
        if wanted.number_id is not None:
            self.parts.append("phone_number_id = %(number)s")
        if wanted.label_id is not None:
            self.parts.append(
                "conversation_id IN (SELECT conversation_id FROM inbox_conversation_labels WHERE label_id = %(label)s)"
            )

    @property
    def sql(self) -> str:
        return " AND ".join(self.parts)

    def of(self, table: str) -> str:
        return f"{table} WHERE {self.sql}"

    def placed(self, source: str, *columns: str) -> str:
        """The rows with their bucket, weekday and hour by the clock of the business, as PostgreSQL would work them out.

        In seconds: to look up the zone of each row takes it three times as long. OFFSET 0: once a row.
        """
        start, end = self.parameters["start"], self.parameters["end"]
        ahead = " ".join(
            f"WHEN {self.moment} < '{until.isoformat()}' THEN {seconds}"
            for until, seconds in offsets(start, end, ZoneInfo(self.parameters["zone"]))
        )
        day = "(local / 86400)::int"
        bucket = f"date 'epoch' + {day}"
        if self.parameters["unit"] == "week":
            bucket += f" - ({day} + 3) %% 7"  # its Monday: the epoch was a Thursday
        return (
            f"(SELECT {bucket} AS bucket, ({day} + 3) %% 7 + 1 AS dow,"  # noqa: S608
            f" (local %% 86400 / 3600)::int AS hour, {', '.join(columns)} FROM"
            f" (SELECT floor(date_part('epoch', {self.moment}))::bigint + CASE {ahead} END AS local,"
            f" {', '.join(columns)} FROM {source} OFFSET 0) placed)"
        )

    def rows(self, statement: str, **more: Any) -> list[dict[str, Any]]:
        with connection.cursor() as cursor:
            cursor.execute(statement, self.parameters | more)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _read_counts(wanted: Wanted, span: Span, period: Period, *, detailed: bool) -> None:
    where = Where(wanted, "slot", span)
    # Costs as floats, which hold them exactly and add up several times as fast as bigints.
    sums = ", ".join(f"sum({name}{'::float8' if name.endswith('_cost') else ''}) AS {name}" for name in MEASURES)
    kept = where.of("inbox_reportslot" if wanted.label_id is None else "inbox_reportcell")
    if detailed and wanted.label_id is not None:  # a label's cells first as slots: fewer rows to be placed
        kept = f"(SELECT slot, team_id, phone_number_id, {sums} FROM {kept} GROUP BY 1, 2, 3) slots"  # noqa: S608
    if detailed:
        rows = where.rows(
            f"SELECT bucket, dow, hour, team_id, phone_number_id, {sums}"  # noqa: S608
            f" FROM {where.placed(kept, 'team_id', 'phone_number_id', *MEASURES)} c"
            " GROUP BY GROUPING SETS ((bucket, team_id, phone_number_id), (dow, hour))"
        )
    else:
        rows = where.rows(
            f"SELECT NULL AS dow, team_id, phone_number_id, {sums} FROM {kept} GROUP BY 2, 3"  # noqa: S608
        )
    currencies = {number.pk: number.business_account.currency for number in wanted.scope.numbers}
    for row in rows:
        counts = {name: int(row[name]) for name in MEASURES}
        if row["dow"] is not None:
            period.by_hour[row["dow"], row["hour"]] = counts
            continue
        _add(period.counts, counts)
        _add(period.by_team.setdefault(row["team_id"], dict.fromkeys(MEASURES, 0)), counts)
        if detailed:
            _add(period.by_bucket.setdefault(row["bucket"], dict.fromkeys(MEASURES, 0)), counts)
        place = (row["team_id"], currencies.get(row["phone_number_id"], ""))
        paid = {name: counts[name] for name in (*CATEGORIES, *(f"{each}_cost" for each in CATEGORIES), "unpriced")}
        _add(period.costs.setdefault(place, dict.fromkeys(paid, 0)), paid)


def _read_opened(wanted: Wanted, span: Span, period: Period, now: datetime, *, detailed: bool) -> None:
    where, seconds = Where(wanted, "opened_at", span), "reply_seconds" if wanted.clock else "reply_open_seconds"
    columns = ("team_id", "is_again", seconds, "due_at", "replied_at", "closed_at")
    place, cases = "bucket, dow, hour, team_id" if detailed else "team_id", where.of("inbox_casefigures")
    rows = where.rows(
        f"SELECT {place}, count(*) AS cases, count(*) FILTER (WHERE is_again) AS again,"  # noqa: S608
        f" array_agg({seconds}) FILTER (WHERE {seconds} IS NOT NULL) AS spans,"
        f" count(*) FILTER (WHERE {IN_TARGET}) AS in_target, count(*) FILTER (WHERE {MISSED}) AS missed"
        f" FROM {where.placed(cases, *columns) + ' c' if detailed else cases}"
        f" GROUP BY {'GROUPING SETS ((bucket, team_id), (dow, hour))' if detailed else place}",
        now=now,
    )
    if detailed:
        period.opened_by_hour = _Gathered([row for row in rows if row["dow"] is not None]).by("dow", "hour")
        rows = [row for row in rows if row["dow"] is None]
        period.opened_by_bucket = _Gathered(rows).by("bucket")
    period.opened_by_team = _Gathered(rows).by("team_id")
    period.opened = _Gathered(rows).all


def _read_closed(wanted: Wanted, span: Span, period: Period, *, detailed: bool) -> None:
    where, seconds = Where(wanted, "closed_at", span), "close_seconds" if wanted.clock else "close_open_seconds"
    place, cases = "bucket, team_id" if detailed else "team_id", where.of("inbox_casefigures")
    rows = where.rows(
        f"SELECT {place}, count(*) AS cases, 0 AS again, 0 AS in_target, 0 AS missed,"  # noqa: S608
        f" array_agg({seconds}) FILTER (WHERE {seconds} IS NOT NULL) AS spans"
        f" FROM {where.placed(cases, 'team_id', seconds) + ' c' if detailed else cases} GROUP BY {place}"
    )
    if detailed:
        period.closed_by_bucket = _Gathered(rows).by("bucket")
    period.closed_by_team = _Gathered(rows).by("team_id")
    period.closed = _Gathered(rows).all


def _read_lost(wanted: Wanted, span: Span, period: Period) -> None:
    where = Where(wanted, "closed_at", span)
    rows = where.rows(
        "SELECT bucket, team_id, why, count(*) AS count"  # noqa: S608
        f" FROM {where.placed(where.of('inbox_lostwindow'), 'team_id', 'why')} c GROUP BY 1, 2, 3"
    )
    for row in rows:
        for found, key in (
            (period.lost, row["why"]), (period.lost_by_bucket, row["bucket"]), (period.lost_by_team, row["team_id"])
        ):  # fmt: skip
            found[key] = found.get(key, 0) + row["count"]


def _read_failures(wanted: Wanted, span: Span, period: Period) -> None:
    where = Where(wanted, "slot", span)
    rows = where.rows(
        f"SELECT code, sum(count)::bigint AS count FROM {where.of('inbox_reportfailure')} GROUP BY 1"  # noqa: S608
    )
    period.failures = {row["code"]: int(row["count"]) for row in rows}


IN_TARGET = "due_at IS NOT NULL AND replied_at <= due_at"
# Too late, or not at all although it was due. Closed before that without an answer: neither.
MISSED = (
    "due_at IS NOT NULL AND (replied_at > due_at"
    " OR (replied_at IS NULL AND due_at <= %(now)s AND (closed_at IS NULL OR closed_at > due_at)))"
)


class _Gathered:
    """Cases in small groups, put together by whatever they share. The database would sort them once for each way."""

    COUNTS = ("cases", "again", "in_target", "missed")

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows

    @property
    def all(self) -> Times:
        return self.by().get((), Times())

    def by(self, *names: str) -> dict[Any, Times]:
        """By the value of one column, or by the values of several."""
        found: dict[Any, Times] = {}
        for row in self.merged(*names).rows:
            spans, key = row["spans"], tuple(row[name] for name in names)
            found[key[0] if len(key) == 1 else key] = Times(
                **{name: row[name] for name in self.COUNTS},
                measured=len(spans), median=quantile(spans, 0.5), slowest=quantile(spans, 0.9),
            )  # fmt: skip
        return found

    def merged(self, *names: str) -> "_Gathered":
        """In the larger groups that share these columns, their times in order: to put those together is quick."""
        found: dict[tuple[Any, ...], dict[str, Any]] = {}
        for row in self.rows:
            key = tuple([row[name] for name in names])
            if (into := found.get(key)) is None:
                found[key] = {**row, "spans": list(row["spans"] or ())}
                continue
            for name in self.COUNTS:
                into[name] += row[name]
            if row["spans"]:
                into["spans"] += row["spans"]
        for group in found.values():
            group["spans"].sort()
        return _Gathered(list(found.values()))


def quantile(ordered: Sequence[int], share: float) -> float | None:
    """Between the two nearest where none is exactly there, as PostgreSQL's percentile_cont."""
    if not ordered:
        return None
    place = (len(ordered) - 1) * share
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def _add(total: dict[str, int], more: dict[str, int]) -> None:
    for name, value in more.items():
        total[name] += value
