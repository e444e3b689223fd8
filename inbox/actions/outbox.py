"""Wake the delivery loop: a notification that PostgreSQL delivers with the commit."""

from django.db import connection

CHANNEL = "tresen_deliver"


def wake() -> None:
    """Tell the loop that something is queued. Without a loop nothing is lost: it also looks twice a second."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])
