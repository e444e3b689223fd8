"""Which loops are alive: each leader holds a session lock in PostgreSQL, and the lock goes when its process goes."""

from django.db import connection

INGEST, DELIVER, SCHEDULER = "ingest", "deliver", "scheduler"
SCHEDULER_LOCK = "tresen.scheduler"

# A lock of one 64-bit key appears as its two halves. The loops hash to 32 bits, the scheduler to 64.
_HELD = """
    WITH keys (name, key) AS (VALUES
        ('ingest', hashtext('tresen.ingest')::bigint), ('deliver', hashtext('tresen.deliver')::bigint),
        ('scheduler', hashtextextended(%s, 0)))
    SELECT keys.name, EXISTS (
        SELECT 1 FROM pg_locks l
        WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND l.classid::bigint = ((keys.key >> 32) & 4294967295) AND l.objid::bigint = (keys.key & 4294967295))
    FROM keys
"""


def leading() -> dict[str, bool]:
    """ingest, deliver and scheduler, and whether a process of each is active."""
    with connection.cursor() as cursor:
        cursor.execute(_HELD, [SCHEDULER_LOCK])
        return dict(cursor.fetchall())
