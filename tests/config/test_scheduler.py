"""Recurring jobs: each slot once, however many schedulers run."""

import threading
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from unittest import mock

import django_rq
import pytest
from django.conf import settings
from django.db import connection

from config import scheduler
from tests.recording_queue import forget_jobs, recorded_jobs

NOON = datetime(2026, 11, 22, 12, 5, tzinfo=UTC)


def every_hour() -> None:
    """A recurring job."""


def every_night() -> None:
    """Another one."""


JOBS = SimpleNamespace(HOURLY=(every_hour,), NIGHTLY=(every_night,))


@pytest.fixture
def jobs():
    forget_jobs()
    redis = django_rq.get_queue("default").connection
    for key in redis.scan_iter(f"{settings.REDIS_PREFIX}:scheduled:*"):
        redis.delete(key)
    with mock.patch("inbox.jobs.HOURLY", JOBS.HOURLY, create=True):
        with mock.patch("inbox.jobs.NIGHTLY", JOBS.NIGHTLY, create=True):
            yield
    forget_jobs()


def names() -> list[str]:
    return [job.name.rpartition(".")[2] for job in recorded_jobs()]


def test_the_night_begins_at_half_past_two() -> None:
    before, after = (datetime(2026, 11, 22, 2, minute, tzinfo=UTC) for minute in (29, 30))

    assert scheduler.slots(before)["NIGHTLY"] == "2026-11-21"
    assert scheduler.slots(after)["NIGHTLY"] == "2026-11-22"


def test_a_module_without_recurring_jobs_has_nothing_due() -> None:
    assert list(scheduler.due(SimpleNamespace(), NOON)) == []


def test_each_slot_is_enqueued_once(jobs: None) -> None:
    for minutes in (0, 1, 20):
        scheduler.enqueue_due(NOON + timedelta(minutes=minutes))

    assert sorted(names()) == ["every_hour", "every_night"]


def test_the_next_hour_is_another_slot_and_the_same_night(jobs: None) -> None:
    scheduler.enqueue_due(NOON)
    forget_jobs()

    scheduler.enqueue_due(NOON + timedelta(hours=1))

    assert names() == ["every_hour"]


def test_a_slot_that_could_not_be_enqueued_is_tried_again(jobs: None) -> None:
    with mock.patch("tests.recording_queue.RecordingQueue.enqueue", side_effect=ConnectionError):
        with pytest.raises(ConnectionError):
            scheduler.enqueue_due(NOON)

    scheduler.enqueue_due(NOON)

    assert sorted(names()) == ["every_hour", "every_night"]


@pytest.mark.django_db(transaction=True)
def test_of_two_schedulers_one_is_active_and_the_other_takes_over() -> None:
    answers: list[bool] = []

    def other() -> None:
        try:
            answers.append(scheduler.holds_lock())
        finally:
            connection.close()

    assert scheduler.holds_lock()
    assert scheduler.holds_lock()  # asked again, it still is
    ask = threading.Thread(target=other)
    ask.start()
    ask.join()

    connection.close()  # the first one ends
    ask = threading.Thread(target=other)
    ask.start()
    ask.join()

    assert answers == [False, True]


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_at_once_enqueue_each_slot_once(jobs: None) -> None:
    stop = threading.Event()
    threads = [threading.Thread(target=scheduler.run, args=(stop,)) for _ in range(2)]
    with mock.patch.multiple(scheduler, START_SECONDS=0, TICK_SECONDS=0.02):
        for thread in threads:
            thread.start()
        deadline = threading.Event()
        while len(names()) < 2 and not deadline.wait(0.05):
            pass
        deadline.wait(0.3)
        stop.set()
        for thread in threads:
            thread.join()

    assert sorted(names()) == ["every_hour", "every_night"]
