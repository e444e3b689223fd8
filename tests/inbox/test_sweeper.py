"""What time alone brings about: the chores of the ingest loop."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.models import Availability
from inbox import jobs
from inbox.actions import assignment
from inbox.actions.conversations import snooze_conversation
from inbox.loops import sweeper
from inbox.loops.sweeper import Sweeper
from inbox.models import Activity, Attachment, Conversation, UnmatchedStatus
from tests import factories
from tests.cast import make_cast
from tests.inbox.presence_double import people  # noqa: F401

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def cast(clock, people):  # noqa: F811
    return make_cast()


@pytest.fixture
def sweep(cast):
    """Sweeps of one process, one after the other."""
    each = Sweeper()
    return lambda: each.run(timezone.now())


def test_a_snoozed_conversation_wakes_at_its_time_and_is_routed(cast, sweep, clock, people):  # noqa: F811
    snooze_conversation(cast.claras, until=NOON + timedelta(hours=1), by=cast.ben)
    people.here(cast.ben)
    clock.shift(timedelta(minutes=59))
    sweep()
    assert Conversation.objects.get(pk=cast.claras.pk).status == "snoozed"

    clock.shift(timedelta(minutes=1))
    sweep()

    conversation = Conversation.objects.get(pk=cast.claras.pk)
    assert conversation.is_open and conversation.assignee == cast.ben
    assert Activity.objects.filter(kind="woke").count() == 1


def test_work_of_somebody_gone_moves_on_to_whoever_is_there_in_one_sweep(cast, sweep, clock, people):  # noqa: F811
    assignment.claim(cast.claras, by=cast.ben)
    assignment.set_availability(cast.ben, Availability.AWAY, by=cast.ben)
    people.here(cast.ben, cast.lea)
    clock.shift(timedelta(minutes=31))

    sweep()

    assert Conversation.objects.get(pk=cast.claras.pk).assignee == cast.lea


def test_a_window_that_closes_gets_its_line_once_at_the_time_it_closed(cast, sweep, clock):
    closes_at = cast.claras.service_window.closes_at
    clock.move_to(closes_at - timedelta(seconds=1))
    sweep()
    assert not Activity.objects.filter(kind="window_closed").exists()

    clock.move_to(closes_at + timedelta(seconds=2))
    sweep()
    sweep()
    Sweeper().run(timezone.now())  # another process, which knows nothing of the first

    lines = Activity.objects.filter(kind="window_closed", conversation=cast.claras)
    assert [line.occurred_at for line in lines] == [closes_at]


def test_every_window_that_closed_while_nobody_swept_gets_its_line(cast, sweep, clock, monkeypatch):
    monkeypatch.setattr(sweeper, "ROWS", 3)
    for minutes in range(7):
        conversation = factories.conversation(cast.number)
        factories.inbound_message(conversation, at=NOON - timedelta(minutes=minutes))
    clock.shift(timedelta(hours=30))

    for _ in range(4):
        sweep()

    assert Activity.objects.filter(kind="window_closed").count() == 9


def test_a_new_window_gets_a_new_line_and_closed_conversations_none(cast, sweep, clock):
    clock.shift(timedelta(hours=25))
    Conversation.objects.filter(pk=cast.darios.pk).update(status="closed", closed_at=NOON)
    sweep()
    cast.claras.refresh_from_db()
    factories.inbound_message(cast.claras)
    clock.shift(timedelta(hours=25))
    sweep()

    assert list(Activity.objects.filter(kind="window_closed").values_list("conversation_id", flat=True)) == [
        cast.claras.pk, cast.claras.pk
    ]


def test_a_file_whose_job_was_lost_gets_another_one(cast, sweep, clock, monkeypatch):
    queued = []
    monkeypatch.setattr(jobs, "enqueue", lambda func, *args, queue="default": queued.append((func, args, queue)))
    attachment = Attachment.objects.create(message=cast.claras.messages.get(), kind="image")
    sweep()
    assert queued == [(jobs.roll_reports, (), "default")]

    clock.shift(timedelta(seconds=61))
    sweep()
    sweep()

    fetched = [job for job in queued if job[0] is jobs.fetch_attachment]
    assert fetched == [(jobs.fetch_attachment, (attachment.pk,), "attachments")]


def test_statuses_that_never_matched_are_forgotten_after_a_week(cast, sweep, clock):
    def unmatched(wamid, days):
        return UnmatchedStatus.objects.create(
            phone_number=cast.number, wamid=wamid, status="read", payload={}, created_at=NOON - timedelta(days=days)
        )

    unmatched("old", 8)
    young = unmatched("young", 6)

    sweep()

    assert UnmatchedStatus.objects.get() == young


def test_one_chore_that_fails_keeps_no_other_from_its_work(cast, sweep, clock, monkeypatch):
    def broken(now):
        raise ValueError

    snooze_conversation(cast.claras, until=NOON + timedelta(hours=1), by=cast.ben)
    monkeypatch.setattr(sweeper, "wake_due", broken)
    clock.shift(timedelta(hours=25))

    sweep()

    assert Activity.objects.filter(kind="window_closed", conversation=cast.darios).exists()


def test_a_sweep_with_nothing_to_do_asks_seventeen_questions(cast, sweep, django_assert_max_num_queries):
    Conversation.objects.update(needs_answer=False)
    sweep()

    with django_assert_max_num_queries(17):
        sweep()
