"""Read what was committed since, missing no late commit and waiting for none.

A cursor on the id alone loses rows, because ids are given out before commits happen (mechanics §0.10). So every reading
begins at the oldest transaction that was under way at the last one: whatever it and its younger siblings have committed
by now is seen, and what had been seen before is known by its id.
"""

from collections.abc import Container

from django.db import connection

from inbox.models import Event

AT_MOST = 20_000  # ids in one reading; more means this process was away for long, and the next reading goes on
CHUNK = 200

OLDEST_UNDER_WAY = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
# One statement, so that the ids and the next beginning come from the same snapshot.
SINCE = f"""
SELECT e.id, e.xid, s.oldest FROM ({OLDEST_UNDER_WAY} AS oldest) s
  LEFT JOIN LATERAL (SELECT id, xid FROM inbox_event WHERE xid >= %s ORDER BY xid, id LIMIT {AT_MOST}) e ON true
 ORDER BY e.xid, e.id
"""  # noqa: S608 - constants of this module


def here() -> int:
    """The cursor before everything that is not yet committed now."""
    with connection.cursor() as cursor:
        cursor.execute(OLDEST_UNDER_WAY)
        return cursor.fetchone()[0]


def since(last: int, known: Container[int]) -> tuple[list[dict], int]:
    """The payloads behind the cursor whose ids are not known, each with its id, and the next cursor."""
    with connection.cursor() as cursor:
        cursor.execute(SINCE, [last])
        rows = cursor.fetchall()
    unknown = [pk for pk, _, _ in rows if pk is not None and pk not in known]
    oldest, full = rows[0][2], len(rows) == AT_MOST
    payloads = []
    for start in range(0, len(unknown), CHUNK):
        found = Event.objects.in_bulk(unknown[start : start + CHUNK])
        payloads += [{**found[pk].payload, "id": pk} for pk in unknown[start : start + CHUNK] if pk in found]
    return payloads, min(oldest, rows[-1][1]) if full else oldest
