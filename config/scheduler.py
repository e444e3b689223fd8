"""Puts recurring jobs into the queue: `python -m config.scheduler`.

What recurs stands in `inbox.jobs`: HOURLY and NIGHTLY are tuples of job functions that take no argument. Any number
of schedulers may run; a PostgreSQL advisory lock lets one be active, the others wait to take over. A slot that passed
while none ran is made up for at the next start. Losing Redis may repeat a slot, and jobs bear that.
"""

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import django
from django.db import Error as DatabaseError
from django.db import connection
from redis.exceptions import RedisError

logger = logging.getLogger("scheduler")

NIGHT = timedelta(hours=2, minutes=30)  # UTC
START_SECONDS = 15  # what jobs need (the practice phone, say) starts together with us
TICK_SECONDS = 5
REMEMBERED_SECONDS = 3 * 24 * 3600


def slots(now: datetime) -> dict[str, str]:
    """The latest slot of each rhythm, as a name that stays the same until the next one begins."""
    return {"HOURLY": f"{now:%Y-%m-%dT%H}", "NIGHTLY": f"{now - NIGHT:%Y-%m-%d}"}


def due(jobs: object, now: datetime) -> Iterator[tuple[str, Callable[[], object]]]:
    """Every recurring job of `inbox.jobs` with the key of its present slot."""
    for rhythm, slot in slots(now).items():
        for job in getattr(jobs, rhythm, ()):
            yield f"{rhythm.lower()}:{job.__name__}:{slot}", job


def holds_lock() -> bool:
    """Whether this process is the active scheduler. The lock lives as long as its connection, so ask every time."""
    from inbox.loops.leaders import SCHEDULER_LOCK

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM pg_locks"
            " WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND objsubid = 1)"
            " OR pg_try_advisory_lock(hashtextextended(%s, 0))",
            [SCHEDULER_LOCK],
        )
        return bool(cursor.fetchone()[0])


def enqueue_due(now: datetime) -> list[str]:
    """Enqueue what is due and was not yet enqueued in its slot; the keys of what was."""
    import django_rq
    from django.conf import settings

    from inbox import jobs

    queue = django_rq.get_queue("default")
    enqueued = []
    for key, job in due(jobs, now):
        marker = f"{settings.REDIS_PREFIX}:scheduled:{key}"
        if not queue.connection.exists(marker):
            queue.enqueue(job)
            queue.connection.set(marker, now.isoformat(), ex=REMEMBERED_SECONDS)
            enqueued.append(key)
    return enqueued


def run(stop: threading.Event) -> None:
    """The loop. A server that is away is waited for."""
    was_active = False
    stop.wait(START_SECONDS)
    while not stop.is_set():
        try:
            active = holds_lock()
            if active != was_active:
                logger.info("active" if active else "standing by, another scheduler is active")
            was_active = active
            if active:
                for key in enqueue_due(datetime.now(UTC)):
                    logger.info("enqueued %s", key)
        except DatabaseError as error:
            logger.warning("PostgreSQL is not there: %s", str(error).strip().split("\n")[0])
            connection.close()
            was_active = False
        except RedisError as error:
            logger.warning("Redis is not there: %s", error)
        stop.wait(TICK_SECONDS)
    connection.close()


def main() -> None:
    """Run until SIGTERM."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    run(stop)


if __name__ == "__main__":
    main()
