"""Read what was committed since, in an order that misses no late commit.

A cursor on the id alone loses rows, because ids are given out before commits happen. So it goes by (xid, id) and stops
below the oldest transaction still under way: everything before that is final (mechanics §0.10).
"""

from dataclasses import dataclass

from django.db import connection

from inbox.models import Event

AT_MOST = 500

NOW = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
SINCE = """
SELECT xid, id, payload FROM inbox_event
 WHERE (xid, id) > (%s, %s) AND xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
 ORDER BY xid, id LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Everything up to here has been read."""

    xid: int
    id: int


def here() -> Cursor:
    """A cursor before everything that is not yet committed now."""
    with connection.cursor() as cursor:
        cursor.execute(NOW)
        return Cursor(xid=cursor.fetchone()[0] - 1, id=2**62)


def since(last: Cursor) -> tuple[list[dict], Cursor]:
    """The next payloads (at most 500) after `last`, each with its id, and the cursor behind them."""
    with connection.cursor() as cursor:
        cursor.execute(SINCE, [last.xid, last.id, AT_MOST])
        rows = cursor.fetchall()
    decode = Event._meta.get_field("payload").from_db_value
    payloads = [{**decode(payload, None, connection), "id": pk} for _, pk, payload in rows]
    return payloads, Cursor(rows[-1][0], rows[-1][1]) if rows else last
