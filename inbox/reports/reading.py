"""The figures of a period from the kept ones: a handful of statements, whatever has been written.

Two periods at once, told apart by `cur`: the one that is shown and the one it is compared with. Narrowed by label they
come from the cells of conversations, else from the slots of teams, which are the same counts added up.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import connection

from inbox.reports.cells import CATEGORIES, MEASURES
from inbox.reports.wanted import Wanted


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
    """The wanted period and the one before it."""
    periods = {True: Period(), False: Period()}
    _read_counts(wanted, periods)
    _read_opened(wanted, periods, now)
    _read_closed(wanted, periods)
    _read_lost(wanted, periods)
    _read_failures(wanted, periods)
    return periods[True], periods[False] if wanted.before else None


class Where:
    """The conditions of a statement over kept figures, and its parameters."""

    def __init__(self, wanted: Wanted, moment: str) -> None:
        start, end = wanted.span.bounds(wanted.scope.zone)
        self.parameters: dict[str, Any] = {
            "workspace": wanted.scope.agent.workspace_id, "start": start, "end": end, "unit": wanted.unit,
            "zone": wanted.scope.zone.key, "team": wanted.team_ids, "number": wanted.number_id,
            "label": wanted.label_id,
        }  # fmt: skip
        self.spans = f"({moment} >= %(start)s AND {moment} < %(end)s)"
        self.cur = f"{moment} >= %(start)s AND {moment} < %(end)s"
        if wanted.before is not None:
            before = wanted.before.bounds(wanted.scope.zone)
            self.parameters |= {"before": before[0], "until": before[1]}
            self.spans = f"({self.spans} OR ({moment} >= %(before)s AND {moment} < %(until)s))"
        self.parts = ["workspace_id = %(workspace)s", self.spans]
        if wanted.team_ids is not None:
            self.parts.append("team_id = ANY(%(team)s)")
        if wanted.number_id is not None:
            self.parts.append("phone_number_id = %(number)s")
        if wanted.label_id is not None:
            self.parts.append(
                "conversation_id IN (SELECT conversation_id FROM inbox_conversation_labels WHERE label_id = %(label)s)"
            )
        local = f"({moment} AT TIME ZONE %(zone)s)"
        self.places = (
            f"{self.cur} AS cur, date_trunc(%(unit)s, {local})::date AS bucket,"
            f" extract(isodow FROM {local})::int AS dow, extract(hour FROM {local})::int AS hour"
        )

    @property
    def sql(self) -> str:
        return " AND ".join(self.parts)

    def rows(self, statement: str, **more: Any) -> list[dict[str, Any]]:
        with connection.cursor() as cursor:
            cursor.execute(statement, self.parameters | more)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _read_counts(wanted: Wanted, periods: dict[bool, Period]) -> None:
    where = Where(wanted, "slot")
    table = "inbox_reportslot" if wanted.label_id is None else "inbox_reportcell"
    sums = ", ".join(f"coalesce(sum({name}), 0)::bigint AS {name}" for name in MEASURES)
    rows = where.rows(
        f"SELECT cur, bucket, dow, hour, team_id, phone_number_id, grouping(bucket, dow, team_id) AS part, {sums}"  # noqa: S608
        f" FROM (SELECT {where.places}, team_id, phone_number_id, {', '.join(MEASURES)}"
        f"       FROM {table} WHERE {where.sql}) c"
        " GROUP BY GROUPING SETS ((cur, bucket), (cur, dow, hour), (cur, team_id, phone_number_id))"
    )
    currencies = {number.pk: number.business_account.currency for number in wanted.scope.numbers}
    for row in rows:
        period, counts = periods[row["cur"]], {name: int(row[name]) for name in MEASURES}
        if row["part"] == 0b011:
            period.by_bucket[row["bucket"]] = counts
        elif row["part"] == 0b101:
            period.by_hour[row["dow"], row["hour"]] = counts
        else:
            _add(period.counts, counts)
            _add(period.by_team.setdefault(row["team_id"], dict.fromkeys(MEASURES, 0)), counts)
            place = (row["team_id"], currencies.get(row["phone_number_id"], ""))
            paid = {name: counts[name] for name in (*CATEGORIES, *(f"{each}_cost" for each in CATEGORIES), "unpriced")}
            _add(period.costs.setdefault(place, dict.fromkeys(paid, 0)), paid)


def _read_opened(wanted: Wanted, periods: dict[bool, Period], now: datetime) -> None:
    where, seconds = Where(wanted, "opened_at"), "reply_seconds" if wanted.clock else "reply_open_seconds"
    rows = where.rows(
        f"SELECT cur, bucket, dow, hour, team_id, grouping(bucket, dow, team_id) AS part,"  # noqa: S608
        f" count(*) AS cases, count(*) FILTER (WHERE is_again) AS again, {_TIMES.format(seconds)},"
        f" count(*) FILTER (WHERE {IN_TARGET}) AS in_target, count(*) FILTER (WHERE {MISSED}) AS missed"
        f" FROM (SELECT {where.places}, team_id, is_again, {seconds}, due_at, replied_at, closed_at"
        f"       FROM inbox_casefigures WHERE {where.sql}) c"
        " GROUP BY GROUPING SETS ((cur), (cur, bucket), (cur, dow, hour), (cur, team_id))",
        now=now,
    )
    for row in rows:
        period, times = periods[row["cur"]], _times(row)
        if row["part"] == 0b111:
            period.opened = times
        elif row["part"] == 0b011:
            period.opened_by_bucket[row["bucket"]] = times
        elif row["part"] == 0b101:
            period.opened_by_hour[row["dow"], row["hour"]] = times
        else:
            period.opened_by_team[row["team_id"]] = times


def _read_closed(wanted: Wanted, periods: dict[bool, Period]) -> None:
    where, seconds = Where(wanted, "closed_at"), "close_seconds" if wanted.clock else "close_open_seconds"
    rows = where.rows(
        f"SELECT cur, bucket, team_id, grouping(bucket, team_id) AS part, count(*) AS cases,"  # noqa: S608
        f" {_TIMES.format(seconds)} FROM (SELECT {where.places}, team_id, {seconds}"
        f" FROM inbox_casefigures WHERE closed_at IS NOT NULL AND {where.sql}) c"
        " GROUP BY GROUPING SETS ((cur), (cur, bucket), (cur, team_id))"
    )
    for row in rows:
        period, times = periods[row["cur"]], _times(row)
        if row["part"] == 0b11:
            period.closed = times
        elif row["part"] == 0b01:
            period.closed_by_bucket[row["bucket"]] = times
        else:
            period.closed_by_team[row["team_id"]] = times


def _read_lost(wanted: Wanted, periods: dict[bool, Period]) -> None:
    where = Where(wanted, "closed_at")
    rows = where.rows(
        f"SELECT cur, bucket, team_id, why, count(*) AS count FROM (SELECT {where.places}, team_id, why"  # noqa: S608
        f" FROM inbox_lostwindow WHERE {where.sql}) c GROUP BY 1, 2, 3, 4"
    )
    for row in rows:
        period = periods[row["cur"]]
        for found, key in (
            (period.lost, row["why"]), (period.lost_by_bucket, row["bucket"]), (period.lost_by_team, row["team_id"])
        ):  # fmt: skip
            found[key] = found.get(key, 0) + row["count"]


def _read_failures(wanted: Wanted, periods: dict[bool, Period]) -> None:
    where = Where(wanted, "slot")
    rows = where.rows(
        f"SELECT {where.cur} AS cur, code, sum(count)::bigint AS count FROM inbox_reportfailure"  # noqa: S608
        f" WHERE {where.sql} GROUP BY 1, 2"
    )
    for row in rows:
        periods[row["cur"]].failures[row["code"]] = int(row["count"])


# percentile_cont: between the two nearest where none is exactly in the middle.
_TIMES = (
    "count({0}) AS measured, percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY {0}) AS spread"
)
IN_TARGET = "due_at IS NOT NULL AND replied_at <= due_at"
# Too late, or not at all although it was due. Closed before that without an answer: neither.
MISSED = (
    "due_at IS NOT NULL AND (replied_at > due_at"
    " OR (replied_at IS NULL AND due_at <= %(now)s AND (closed_at IS NULL OR closed_at > due_at)))"
)


def _times(row: dict[str, Any]) -> Times:
    median, slowest = row["spread"] or (None, None)
    return Times(
        cases=row["cases"], again=row.get("again", 0), measured=row["measured"], median=median, slowest=slowest,
        in_target=row.get("in_target", 0), missed=row.get("missed", 0),
    )  # fmt: skip


def _add(total: dict[str, int], more: dict[str, int]) -> None:
    for name, value in more.items():
        total[name] += value
