"""Figures of single people: only where an admin has switched them on, only of people one leads, each look recorded.

Cases count for whoever had them at the end; first answers for whoever gave them.
"""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.models import Agent
from accounts.permissions import people_led_by
from inbox.reports import tables
from inbox.reports.reading import IN_TARGET, MISSED, Where
from inbox.reports.tables import Table
from inbox.reports.wanted import Wanted


@dataclass
class Person:
    agent: Agent
    cases: int = 0
    closed: int = 0
    reply_median: float | None = None
    close_median: float | None = None
    in_target: int = 0
    missed: int = 0
    lost: int = 0

    @property
    def has_figures(self) -> bool:
        """Also who only gave a first answer, in time or not, to what is somebody else's now."""
        return bool(self.cases or self.closed or self.lost or self.in_target or self.missed) or (
            self.reply_median is not None
        )

    @property
    def target_percent(self) -> float | None:
        decided = self.in_target + self.missed
        return 100 * self.in_target / decided if decided else None


def look_at_people(wanted: Wanted, now: datetime, *, verb: str = "reports.people_viewed") -> list[Person]:
    """The figures of everybody this person leads, who has some. Before anybody sees them it is recorded whose."""
    agent = wanted.scope.agent
    people = {person.pk: Person(person) for person in people_led_by(agent).order_by("name", "pk")}
    for row in _opened(wanted):
        if person := people.get(row["agent"]):
            person.cases = row["cases"]
    for row in _replied(wanted, now):
        if person := people.get(row["agent"]):
            person.reply_median, person.in_target, person.missed = row["median"], row["in_target"], row["missed"]
    for row in _closed(wanted):
        if person := people.get(row["agent"]):
            person.closed, person.close_median = row["cases"], row["median"]
    for row in _lost(wanted):
        if person := people.get(row["agent"]):
            person.lost = row["count"]
    found = [person for person in people.values() if person.has_figures]
    record_audit(
        agent.workspace, agent, verb, subject=f"{wanted.span.first} – {wanted.span.last}",
        data={"people": [person.agent.name for person in found]}
        | ({"filter": wanted.narrowed} if wanted.narrowed else {}),
    )  # fmt: skip
    return found


def table(wanted: Wanted, people: list[Person]) -> Table:
    made = Table(_("By person"), [
        _("Person"), _("Conversations"), _("Closed"), _("First reply, median"), _("Until closed, median"),
        _("In target"), _("Windows lost"),
    ])  # fmt: skip
    for person in people:
        made.rows.append([
            tables.text(person.agent.name), tables.count(person.cases), tables.count(person.closed),
            tables.took(person.reply_median, wanted), tables.took(person.close_median, wanted),
            tables.share(person.target_percent), tables.count(person.lost),
        ])  # fmt: skip
    return made


def _opened(wanted: Wanted) -> list[dict]:
    where = Where(wanted, "opened_at")
    return where.rows(
        "SELECT agent_id AS agent, count(*) AS cases"  # noqa: S608
        f" FROM inbox_casefigures WHERE agent_id IS NOT NULL AND {where.sql} GROUP BY 1"
    )


def _replied(wanted: Wanted, now: datetime) -> list[dict]:
    where, seconds = Where(wanted, "opened_at"), "reply_seconds" if wanted.clock else "reply_open_seconds"
    return where.rows(
        f"SELECT coalesce(replied_by_id, agent_id) AS agent,"  # noqa: S608
        f" percentile_cont(0.5) WITHIN GROUP (ORDER BY {seconds}) AS median,"
        f" count(*) FILTER (WHERE {IN_TARGET}) AS in_target, count(*) FILTER (WHERE {MISSED}) AS missed"
        f" FROM inbox_casefigures WHERE coalesce(replied_by_id, agent_id) IS NOT NULL AND {where.sql} GROUP BY 1",
        now=now,
    )


def _closed(wanted: Wanted) -> list[dict]:
    where, seconds = Where(wanted, "closed_at"), "close_seconds" if wanted.clock else "close_open_seconds"
    return where.rows(
        f"SELECT agent_id AS agent, count(*) AS cases,"  # noqa: S608
        f" percentile_cont(0.5) WITHIN GROUP (ORDER BY {seconds}) AS median"
        f" FROM inbox_casefigures WHERE agent_id IS NOT NULL AND closed_at IS NOT NULL AND {where.sql} GROUP BY 1"
    )


def _lost(wanted: Wanted) -> list[dict]:
    where = Where(wanted, "closed_at")
    return where.rows(
        "SELECT agent_id AS agent, count(*) AS count"  # noqa: S608
        f" FROM inbox_lostwindow WHERE agent_id IS NOT NULL AND {where.sql} GROUP BY 1"
    )
