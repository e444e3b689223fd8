"""Windows that close on customers nobody answered: written down once, with who had it and why."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Availability, WorkingHours
from inbox.actions.bookkeeping import register_customer_message
from inbox.actions.lost_windows import note_lost_windows
from inbox.enums import MessageStatus, Via
from inbox.loops.sweeper import Sweeper
from inbox.models import Assignment, LostWindow, Message
from tests import factories
from tests.cast import Cast, make_cast

pytestmark = pytest.mark.django_db
DAY = timedelta(hours=24)
MARGIN = timedelta(seconds=60)


@pytest.fixture
def cast() -> Cast:
    """Clara wrote an hour before yesterday's end of her window; Dario has just written."""
    cast = make_cast()
    write(cast.claras, timezone.now() - DAY)
    return cast


def write(conversation, at) -> None:
    Message.objects.filter(conversation=conversation).update(occurred_at=at)
    conversation.last_customer_message_at = conversation.waiting_since = at
    conversation.save()


def give(conversation, agent, at) -> None:
    conversation.assignee, conversation.assigned_at = agent, at
    conversation.save()
    Assignment.objects.create(conversation=conversation, agent=agent, team=conversation.team, created_at=at)


def swept(now=None) -> LostWindow | None:
    Sweeper().run(now or timezone.now())
    return LostWindow.objects.first()


def test_a_window_nobody_had_is_lost_in_the_queue_and_only_once(cast):
    lost = swept()

    assert (lost.conversation, lost.team, lost.agent, lost.why) == (cast.claras, cast.team, None, "queue")
    assert lost.closed_at == cast.claras.last_customer_message_at + DAY - MARGIN
    assert lost.window_of == lost.waiting_since == cast.claras.last_customer_message_at
    swept(timezone.now() + timedelta(seconds=5))
    assert LostWindow.objects.count() == 1


def test_it_is_not_lost_before_its_end(cast):
    write(cast.claras, timezone.now() - DAY + 2 * MARGIN)

    assert swept() is None
    assert swept(timezone.now() + 2 * MARGIN) is not None


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, "unanswered"),
        ({"availability": Availability.AWAY}, "away"),
        ({"last_seen_at": timezone.now() - timedelta(days=2)}, "offline"),
        ({"is_active": False}, "offline"),
    ],
)
def test_why_says_where_the_one_who_had_it_was(cast, fields, why):
    give(cast.claras, cast.ben, timezone.now() - timedelta(hours=5))
    cast.ben.availability_changed_at = timezone.now() - timedelta(hours=1)
    for name, value in fields.items():
        setattr(cast.ben, name, value)
    cast.ben.save()

    lost = swept()

    assert (lost.why, lost.agent) == (why, cast.ben)


def test_who_got_it_after_the_end_did_not_lose_it(cast):
    write(cast.claras, timezone.now() - DAY - timedelta(hours=3))
    give(cast.claras, cast.ben, timezone.now() - timedelta(hours=1))

    lost = swept()

    assert (lost.why, lost.agent) == ("queue", None)


def test_outside_the_opening_hours_is_nobodys_fault(cast):
    WorkingHours.objects.create(workspace=cast.workspace, weekly=[[]] * 7)
    give(cast.claras, cast.ben, timezone.now() - timedelta(hours=5))

    assert swept().why == "hours"


@pytest.mark.parametrize("status", [MessageStatus.FAILED, MessageStatus.QUEUED])
def test_an_answer_that_never_left_is_none(cast, status):
    give(cast.claras, cast.ben, timezone.now() - timedelta(hours=5))
    factories.outbound_message(cast.claras, by=cast.ben, at=timezone.now() - timedelta(hours=2), status=status)

    assert swept().why == "not_sent"


def test_an_answer_in_time_keeps_the_window_and_a_bot_does_not_answer(cast):
    factories.outbound_message(cast.claras, by=cast.ben, at=timezone.now() - timedelta(hours=2))
    assert swept() is None

    Message.objects.filter(direction="out").update(via=Via.AUTOMATION)
    assert swept() is not None


def test_closed_and_blocked_conversations_wait_for_nobody(cast):
    cast.claras.status = "closed"
    cast.claras.save()
    cast.darios.block_state = "blocked"
    write(cast.darios, timezone.now() - DAY)

    assert swept() is None


def test_after_a_standstill_the_windows_of_the_week_are_written_down(cast):
    write(cast.claras, timezone.now() - timedelta(days=6))
    write(cast.darios, timezone.now() - timedelta(days=9))

    assert swept().conversation == cast.claras
    assert LostWindow.objects.count() == 1


def test_a_template_after_the_end_does_not_undo_it(cast):
    write(cast.claras, timezone.now() - DAY - timedelta(hours=3))
    factories.outbound_message(cast.claras, by=cast.ben, at=timezone.now() - timedelta(hours=1), kind="template")

    assert swept().conversation == cast.claras


def test_the_customer_who_writes_again_first_does_not_hide_it(cast):
    write(cast.claras, timezone.now() - DAY - timedelta(hours=1))
    first, now = cast.claras.last_customer_message_at, timezone.now()

    group = factories.conversation(cast.number, factories.contact(cast.number, "Gruppe", kind="group"))
    write(group, first)
    group.needs_answer = True
    for conversation in (cast.claras, group):
        again = factories.bare_row(conversation, "Hallo?", now, inbound=True)
        register_customer_message(conversation, again, now)

    assert LostWindow.objects.get().window_of == first
    assert not note_lost_windows(now)
    assert LostWindow.objects.count() == 1
