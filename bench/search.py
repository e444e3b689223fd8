"""How long a search takes among all the messages there are, over HTTP and in the database alone.

python -m bench.search --port 8000 (beside a running stack, with the environment of its processes) measures only this.
"""

import argparse
import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

from bench.language import searches
from bench.load import Latencies
from bench.wire import Connection

BATCH = 1000
FLOOR = "SELECT id FROM inbox_searchdocument WHERE words @@ to_tsquery('simple', %s) LIMIT 60"


def indexing_rate(sample: int = 20_000) -> float:
    """Make the documents of the newest messages anew, as the ingest loop does; how many of them a second."""
    from django.db import connection

    from inbox.search.indexing import index_batch

    while index_batch(BATCH):
        pass
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO inbox_searchbacklog (kind, source)"
            " SELECT 1, id FROM (SELECT id FROM inbox_message ORDER BY id DESC LIMIT %s) newest",
            [sample],
        )
    began, done = time.monotonic(), 0
    while count := index_batch(BATCH):
        done += count
    return done / (time.monotonic() - began)


async def over_http(port: int, cookie: str, count: int) -> Latencies:
    """The page's answer as htmx gets it, one search after another on one connection."""
    connection, series = Connection(port), Latencies()
    headers = {"Cookie": cookie, "HX-Request": "true", "HX-Target": "list"}
    for typed in searches(count):
        answer = await connection.request("GET", f"/search/?q={quote(typed)}", headers=headers)
        if answer.status != 200:
            raise RuntimeError(f"the search for {typed!r} answered {answer.status}")
        series.values.append(answer.seconds * 1000)
    connection.close()
    return series


def floor(count: int) -> Latencies:
    """The bare index: any sixty documents with these words as typed, seen by anybody, without order or snippets."""
    from django.db import connection

    series = Latencies()
    with connection.cursor() as cursor:
        for typed in searches(count):
            query = " & ".join(typed.lower().split())
            began = time.perf_counter()
            cursor.execute(FLOOR, [query])
            cursor.fetchall()
            series.values.append((time.perf_counter() - began) * 1000)
    return series


@contextmanager
def narrowed(email: str) -> Iterator[None]:
    """Meanwhile this person sees only their own work, so that most hits are out of sight."""
    from accounts.models import Agent

    person = Agent.objects.filter(email=email)
    before = person.get().visibility
    person.update(visibility="own")
    try:
        yield
    finally:
        person.update(visibility=before)


def measure(port: int, everything: str, own: str, count: int = 300) -> dict[str, Latencies]:
    """By who searches: somebody who sees everything, somebody who sees little, and the floor."""
    asyncio.run(over_http(port, everything, 20))
    return {
        "search, sees everything": asyncio.run(over_http(port, everything, count)),
        "search, sees own work": asyncio.run(over_http(port, own, count)),
        "floor": floor(count),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--generate", type=int, default=0, help="conversations to add first")
    parser.add_argument("--count", type=int, default=300)
    arguments = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from bench import stack
    from bench.generate import generate

    if arguments.generate:
        generate(arguments.generate, progress=True)
    print(f"indexed {indexing_rate():,.0f} documents a second")
    everything, own = stack.sign_in_people(2)
    with narrowed("bench1@radhaus.example"):
        for name, series in measure(arguments.port, everything, own, arguments.count).items():
            print(f"{name}: {series.row95()}")


if __name__ == "__main__":
    main()
