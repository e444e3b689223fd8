"""The background worker on a real queue: one queue, JSON, and a living database connection for every job."""

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from config.worker import Worker

RAN: list[str] = []


def ask_the_database(word: str) -> None:
    """A job."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s", [word])
        RAN.append(cursor.fetchone()[0])


def lose_the_database() -> None:
    """A job in the middle of which PostgreSQL restarts."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


@pytest.fixture
def queue():
    RAN.clear()
    queue = Queue("test-worker", connection=Redis.from_url(settings.REDIS_URL), serializer=JSONSerializer)
    queue.delete(delete_jobs=True)
    yield queue
    queue.delete(delete_jobs=True)


@pytest.mark.django_db(transaction=True)
def test_a_job_after_a_restart_of_postgresql_runs(queue: Queue) -> None:
    ask_the_database("before")
    queue.enqueue(lose_the_database)
    queue.enqueue(ask_the_database, "after")

    Worker([queue], connection=queue.connection, serializer=JSONSerializer).work(burst=True, logging_level="CRITICAL")

    assert RAN == ["before", "after"]


@pytest.mark.django_db(transaction=True)
def test_without_the_closing_the_connection_stays_dead() -> None:
    with pytest.raises(OperationalError):
        lose_the_database()

    with pytest.raises(OperationalError):
        ask_the_database("after")
    connection.close()


def test_job_arguments_travel_as_json(queue: Queue) -> None:
    with pytest.raises(TypeError):
        queue.enqueue(ask_the_database, object())
