"""What keeps the figures fresh: the marks that triggers left are worked off, some conversations at a time.

Each batch works out its conversations' figures anew from the rows and forgets their marks, in one transaction, one
batch at a time in all processes. Repeating it changes nothing, and a change that comes meanwhile has a mark of its own.
"""

import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction

from inbox.models import ReportMark
from inbox.models.report import NOBODY
from inbox.reports.cases import roll_cases
from inbox.reports.cells import DAY, Unit, follow_teams, roll_cells, roll_slots, with_neighbours

BATCH = 500
LATE_DELIVERY = timedelta(days=31)  # WhatsApp gives up then
AT_MOST_SECONDS = 20.0  # of one job: others wait in the same queue

MARK_EVERYTHING = f"""
INSERT INTO inbox_reportmark (conversation_id, at)
SELECT conversation_id, day FROM (
    SELECT conversation_id, {DAY.format("occurred_at")} AS day FROM inbox_message
    UNION
    SELECT conversation_id, {DAY.format("slot")} FROM inbox_reportcell
    UNION
    SELECT conversation_id, {DAY.format("slot")} FROM inbox_reportfailure
) days WHERE conversation_id <> {NOBODY} ORDER BY day, conversation_id
"""  # noqa: S608 - our own words
MARK_CASES = f"""
INSERT INTO inbox_reportmark (conversation_id)
SELECT conversation_id FROM inbox_case
UNION SELECT conversation_id FROM inbox_casefigures WHERE conversation_id <> {NOBODY}
"""  # noqa: S608 - our own words

MARK_CONVERSATIONS = f"""
INSERT INTO inbox_reportmark (conversation_id, at)
SELECT DISTINCT conversation_id, {DAY.format("slot")} FROM inbox_reportcell WHERE conversation_id = ANY(%s)
"""  # noqa: S608 - our own words

# Messages count on the day on which they were sent and cost what holds on the day of their delivery.
MARK_COSTS = f"""
INSERT INTO inbox_reportmark (conversation_id, at)
SELECT DISTINCT conversation_id, {DAY.format("slot")} FROM inbox_reportcell
WHERE workspace_id = %s AND slot >= %s
"""  # noqa: S608 - our own words


def roll(seconds: float = AT_MOST_SECONDS) -> bool:
    """Work off the marks for so long at most; is there more to do?"""
    until = time.monotonic() + seconds
    while roll_batch():
        if time.monotonic() >= until:
            return True
    return False


def roll_batch(size: int = BATCH, *, anew: bool = False) -> int:
    """Work off the oldest marks, in one transaction; how many. None while another process does it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('tresen.reports'))")
        if not cursor.fetchone()[0]:
            return 0
        marks = list(ReportMark.objects.order_by("pk")[:size])
        if not marks:
            return 0
        units = {Unit(mark.conversation_id, midnight(mark.at)) for mark in marks if mark.at is not None}
        conversations = {mark.conversation_id for mark in marks}
        roll_cases(conversations, anew=anew)
        days = roll_cells(with_neighbours(units)) | follow_teams(conversations)
        roll_slots(days)
        ReportMark.objects.filter(pk__in=[mark.pk for mark in marks]).delete()
    return len(marks)


def mark_everything() -> None:
    """All conversations are to be worked out anew, also what is counted and no longer there."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(MARK_EVERYTHING)
        cursor.execute(MARK_CASES)


def mark_costs_since(workspace_id: int, since: datetime) -> None:
    """What was sent since then, or shortly before and delivered later, is to be priced anew. Called by who has changed
    prices, in the same transaction."""
    with connection.cursor() as cursor:
        cursor.execute(MARK_COSTS, [workspace_id, since - LATE_DELIVERY])


def mark_conversations(conversation_ids: Iterable[int]) -> None:
    """What was sent there is to be priced anew: their customers have other numbers, perhaps of other countries."""
    with connection.cursor() as cursor:
        cursor.execute(MARK_CONVERSATIONS, [list(conversation_ids)])


def midnight(moment: datetime) -> datetime:
    """Of that day in UTC."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def waiting() -> int:
    """Marks that wait; the figures are up to date when there is none."""
    return ReportMark.objects.count()

