"""Failed background jobs in the real Redis of the tests, as a worker leaves them behind."""

import uuid

import redis
from django.conf import settings
from rq import Queue
from rq.job import Job, JobStatus
from rq.results import Result
from rq.serializers import JSONSerializer

TRACE = 'Traceback (most recent call last):\n  File "/app/inbox/jobs.py", line 9, in job\nValueError: Clara schreibt'


def queue(name: str = "default") -> Queue:
    return Queue(name, connection=redis.Redis.from_url(settings.REDIS_URL), serializer=JSONSerializer)


def failed_job(name: str, *args: object, trace: str = TRACE, queue_name: str = "default") -> str:
    """A job of `inbox.jobs` that has failed; its id."""
    where = queue(queue_name)
    job = Job.create(
        func=f"inbox.jobs.{name}", args=args, connection=where.connection, origin=queue_name, id=str(uuid.uuid4()),
        serializer=JSONSerializer, status=JobStatus.FAILED,
    )  # fmt: skip
    job.save()
    where.failed_job_registry.add(job, ttl=3600, exc_string=trace)
    Result.create_failure(job, ttl=3600, exc_string=trace)
    return job.id


def forget_jobs() -> None:
    for name in settings.RQ_QUEUES:
        where = queue(name)
        for job_id in where.failed_job_registry.get_job_ids():
            where.failed_job_registry.remove(job_id, delete_job=True)
        where.empty()
