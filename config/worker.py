"""The background worker: `python -m config.worker QUEUE`. One queue a process.

A worker over several queues takes jobs by plain BLPOP, and a job is lost when it dies right after (mechanics 0.7).
"""

import logging
import os
import sys

import django
from redis.exceptions import ConnectionError as RedisGone
from redis.exceptions import TimeoutError as RedisSilent
from rq import Queue, SimpleWorker
from rq.executions import Execution
from rq.job import Job

logger = logging.getLogger("worker")
TTL_SECONDS = 75  # an idle worker says every minute that it lives; the doctor and the page of jobs believe that


class Worker(SimpleWorker):
    """Runs jobs in its own process and gives each a living database connection. Log lines say which job they are of.

    Without the closing a worker that outlives a restart of PostgreSQL fails every later job.
    """

    def perform_job(self, job: Job, queue: Queue, execution: Execution) -> bool:
        from django.db import close_old_connections

        from accounts.logs import belonging

        close_old_connections()
        token = belonging.set({**(job.meta or {}), "job": job.id})
        try:
            return super().perform_job(job, queue, execution)
        finally:
            belonging.reset(token)
            close_old_connections()


def main(queue: str) -> int:
    """Work until told to stop; when Redis goes away end with a line, and be started again."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django_rq.workers import get_worker

    from inbox import jobs, rendering  # noqa: F401 - imports what jobs do now rather than with the first of them
    from inbox.loops import pauses

    rendering.prepare()
    pauses.settle()
    worker = get_worker(
        queue, worker_class="config.worker.Worker", serializer="rq.serializers.JSONSerializer", worker_ttl=TTL_SECONDS
    )
    try:
        worker.work(logging_level="WARNING")
    except (RedisGone, RedisSilent) as error:
        logger.warning("Redis is not there: %s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
