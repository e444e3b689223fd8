"""Telling the loops that there is work, at the commit. A lost notice costs a second: they look by themselves too."""

from django.db import connection

INGEST = "tresen_ingest"
ROUTE = "route"


def request_routing() -> None:
    """Have the ingest loop route what waits, right after this commit.

    Not done in the request itself: routing waits for the workspace's assignment lock and renders for others, and a
    click on "close" should not.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [INGEST, ROUTE])
