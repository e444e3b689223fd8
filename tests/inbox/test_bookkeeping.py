"""What each message does to its conversation and case."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from inbox.enums import ConversationStatus, Via
from inbox.models import Assignment, Conversation
from tests import factories
from tests.cast import make_cast
from tests.inbox.writing import agent_writes, customer_writes, kinds

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def cast(noon):
    return make_cast()


@pytest.fixture
def thread(cast):
    """An empty conversation of a new customer, as receiving makes it."""
    made = Conversation.objects.create(
        workspace=cast.workspace, phone_number=cast.number, contact=factories.contact(cast.number, "Neu Kundin")
    )
    return made


def test_a_first_message_gets_a_team_a_case_and_waits(cast, thread):
    message = customer_writes(thread, "Mein  Rad\nquietscht", at=NOON - timedelta(seconds=5))

    thread.refresh_from_db()
    case = thread.current_case()
    assert (thread.team, thread.status, thread.inbound_count) == (cast.team, ConversationStatus.OPEN, 1)
    assert thread.needs_answer and thread.waiting_since == NOON - timedelta(seconds=5)
    assert thread.last_customer_message_at == thread.last_message_at == NOON - timedelta(seconds=5)
    assert thread.preview["uid"] == str(message.uid) and thread.preview["direction"] == "in"
    assert (case.message_count, case.subject, case.opened_at) == (1, "Mein Rad quietscht", thread.waiting_since)
    assert message.case == case and kinds(thread) == []


def test_later_messages_do_not_move_the_start_of_the_wait(cast, thread):
    customer_writes(thread, at=NOON - timedelta(minutes=9))
    customer_writes(thread, at=NOON - timedelta(minutes=2))

    assert thread.waiting_since == NOON - timedelta(minutes=9)
    assert thread.inbound_count == 2 and thread.current_case().message_count == 2


def test_an_older_message_that_comes_late_leaves_row_and_window_alone(cast, thread):
    newest = customer_writes(thread, "neu", at=NOON - timedelta(minutes=1))
    customer_writes(thread, "alt", at=NOON - timedelta(hours=2))

    thread.refresh_from_db()
    assert thread.preview["uid"] == str(newest.uid)
    assert thread.last_message_at == thread.last_customer_message_at == NOON - timedelta(minutes=1)
    assert thread.waiting_since == NOON - timedelta(hours=2) and thread.inbound_count == 2


def test_a_clock_ahead_neither_lengthens_the_window_nor_pins_the_row(cast, thread):
    customer_writes(thread, at=NOON + timedelta(days=1))

    assert thread.last_customer_message_at == thread.last_message_at == thread.waiting_since == NOON


def test_every_order_of_the_same_messages_ends_in_the_same_state(cast):
    states = []
    times = [NOON - timedelta(minutes=minutes) for minutes in (30, 20, 10)]
    for order in itertools.permutations(times):
        conversation = factories.conversation(cast.number)
        for at in order:
            customer_writes(conversation, at.isoformat(), at=at)
        states.append(
            (conversation.last_message_at, conversation.last_customer_message_at, conversation.waiting_since,
             conversation.preview["text"], conversation.inbound_count, conversation.needs_answer)
        )  # fmt: skip

    assert len(set(states)) == 1


def test_a_newer_message_ends_whatsapps_refusal_and_an_older_one_does_not(cast, thread):
    customer_writes(thread, at=NOON - timedelta(hours=20))
    Conversation.objects.filter(pk=thread.pk).update(window_refused_at=NOON - timedelta(hours=1))

    customer_writes(thread, at=NOON - timedelta(hours=2))
    assert not thread.service_window.is_open(NOON)

    customer_writes(thread, at=NOON)
    assert thread.service_window.is_open(NOON)


def test_a_reply_answers_claims_and_is_the_cases_first(cast, noon):
    noon.shift(timedelta(minutes=5))
    message = agent_writes(cast.claras, cast.ben)

    conversation = Conversation.objects.get(pk=cast.claras.pk)
    case = conversation.current_case()
    assert not conversation.needs_answer and conversation.waiting_since is None
    assert conversation.answered_at == message.occurred_at
    assert conversation.assignee == conversation.last_agent == cast.ben
    assert (case.first_replied_at, case.first_replied_by) == (message.occurred_at, cast.ben)
    assert Assignment.objects.get().agent == cast.ben and kinds(conversation) == ["claimed"]


def test_a_reply_to_a_colleagues_conversation_leaves_it_theirs(cast):
    cast.claras.assignee = cast.lea
    cast.claras.save()

    agent_writes(cast.claras, cast.ben)

    assert cast.claras.assignee == cast.lea and cast.claras.last_agent == cast.ben


def test_an_automatic_message_answers_nothing_and_claims_nothing(cast):
    agent_writes(cast.claras, None, via=Via.AUTOMATION)

    assert cast.claras.needs_answer and cast.claras.assignee is None and cast.claras.answered_at is None
    assert cast.claras.current_case().first_replied_at is None and cast.claras.preview["direction"] == "out"


def test_a_message_from_the_phone_that_is_older_than_the_customers_last_word_answers_nothing(cast):
    agent_writes(cast.claras, None, via=Via.PHONE_APP, at=NOON - timedelta(minutes=1))
    assert cast.claras.needs_answer

    agent_writes(cast.claras, None, via=Via.PHONE_APP, at=NOON)
    assert not cast.claras.needs_answer and cast.claras.assignee is None
