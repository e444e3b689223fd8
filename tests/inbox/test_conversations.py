"""What people do with a conversation as a whole, and what wakes or reopens it."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.http import Http404
from django.utils import timezone

from inbox.actions.conversations import (
    change_labels,
    close_conversation,
    mark_read,
    mark_unread,
    reopen_conversation,
    snooze_conversation,
    wake_conversation,
)
from inbox.enums import ConversationStatus, MessageStatus
from inbox.errors import ConversationClosedRule, InboxRuleViolation, StaleVersion
from inbox.models import Assignment, Conversation, Event, Label
from inbox.unread import read_counts, unread_count, with_unread
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


def test_closing_ends_the_case_and_the_wait_once(cast):
    close_conversation(cast.claras, by=cast.ben, outcome=" Verkauft ")
    close_conversation(cast.claras, by=cast.lea, outcome="Anders")

    case = cast.claras.cases.get()
    assert (case.closed_by, case.outcome, case.closed_at) == (cast.ben, "Verkauft", NOON)
    assert cast.claras.status == ConversationStatus.CLOSED and not cast.claras.needs_answer
    assert kinds(cast.claras) == ["closed"]


def test_closing_is_refused_when_the_customer_has_written_since_the_agent_looked(cast):
    seen = cast.claras.inbound_count
    customer_writes(cast.claras, "Moment noch")

    with pytest.raises(StaleVersion):
        close_conversation(cast.claras, by=cast.ben, seen_inbound=seen)

    assert Conversation.objects.get(pk=cast.claras.pk).is_open


def test_a_customers_message_reopens_with_a_new_case_and_nobody_assigned(cast, noon):
    agent_writes(cast.claras, cast.ben)
    close_conversation(cast.claras, by=cast.ben)
    noon.shift(timedelta(days=2))

    message = customer_writes(cast.claras, "Noch was")

    conversation = Conversation.objects.get(pk=cast.claras.pk)
    assert conversation.is_open and conversation.assignee is None and conversation.last_agent == cast.ben
    assert conversation.cases.count() == 2 and message.case == conversation.current_case()
    assert conversation.current_case().opened_at == message.occurred_at
    reopened = conversation.activities.get(kind="reopened")
    assert reopened.occurred_at < message.occurred_at and reopened.actor is None
    assert Assignment.objects.last().agent is None


def test_a_message_written_before_the_closing_that_comes_after_it_reopens_below_the_closing(cast, noon):
    written = timezone.now()
    noon.shift(timedelta(minutes=10))
    close_conversation(cast.claras, by=cast.ben)

    customer_writes(cast.claras, at=written)

    assert Conversation.objects.get(pk=cast.claras.pk).is_open
    assert kinds(cast.claras) == ["closed", "reopened"]


def test_those_who_lose_sight_by_a_reopening_are_told(cast):
    agent_writes(cast.claras, cast.ben)
    close_conversation(cast.claras, by=cast.ben)

    customer_writes(cast.claras)

    last = Event.objects.filter(kind="conversation").last()
    assert last.payload["before"]["assignee"] == cast.ben.pk and last.payload["facts"]["assignee"] is None


def test_writing_to_a_closed_conversation_reopens_it_for_the_author(cast, noon):
    agent_writes(cast.claras, cast.ben)
    close_conversation(cast.claras, by=cast.ben)
    noon.shift(timedelta(hours=1))

    agent_writes(cast.claras, cast.lea, "Dein Rad ist fertig")

    assert cast.claras.is_open and cast.claras.assignee == cast.lea
    assert cast.claras.current_case().opened_by == cast.lea and cast.claras.cases.count() == 2


def test_a_slip_of_the_hand_is_no_second_case_but_a_later_reopening_is(cast, noon):
    close_conversation(cast.claras, by=cast.ben)
    noon.shift(timedelta(seconds=20))
    reopen_conversation(cast.claras, by=cast.ben)

    assert cast.claras.cases.get().closed_at is None
    assert cast.claras.needs_answer and cast.claras.waiting_since == NOON

    close_conversation(cast.claras, by=cast.ben)
    noon.shift(timedelta(minutes=3))
    reopen_conversation(cast.claras, by=cast.ben)

    assert cast.claras.cases.count() == 2 and cast.claras.assignee == cast.ben


def test_reopening_leaves_it_with_whoever_had_it_unless_they_have_left(cast):
    agent_writes(cast.claras, cast.ben)
    close_conversation(cast.claras, by=cast.ada)

    reopen_conversation(cast.claras, by=cast.lea)
    assert cast.claras.assignee == cast.ben

    close_conversation(cast.claras, by=cast.ada)
    cast.ben.is_active = False
    cast.ben.save()
    reopen_conversation(cast.claras, by=cast.lea)
    assert cast.claras.assignee == cast.lea


def test_snoozing_hides_until_its_time_or_until_the_customer_writes(cast):
    snooze_conversation(cast.claras, until=NOON + timedelta(hours=3), by=cast.ben)
    assert cast.claras.status == ConversationStatus.SNOOZED

    customer_writes(cast.claras, "Und?")

    assert cast.claras.is_open and cast.claras.snoozed_until is None
    assert set(kinds(cast.claras)) == {"snoozed", "woke"}


def test_waking_by_hand_and_waking_what_is_awake(cast):
    snooze_conversation(cast.claras, until=NOON + timedelta(hours=3), by=cast.ben)
    wake_conversation(cast.claras, by=cast.ben)
    wake_conversation(cast.claras, by=cast.ben)

    assert cast.claras.is_open and kinds(cast.claras).count("woke") == 1


@pytest.mark.parametrize("until", [NOON, NOON - timedelta(minutes=1), NOON + timedelta(days=400)])
def test_snoozing_into_the_past_or_for_ever_is_refused(cast, until):
    with pytest.raises(InboxRuleViolation):
        snooze_conversation(cast.claras, until=until, by=cast.ben)


def test_a_closed_conversation_cannot_be_snoozed(cast):
    close_conversation(cast.claras, by=cast.ben)

    with pytest.raises(ConversationClosedRule):
        snooze_conversation(cast.claras, until=NOON + timedelta(hours=1), by=cast.ben)


@pytest.mark.parametrize(
    "act",
    [
        lambda c, who: close_conversation(c, by=who),
        lambda c, who: snooze_conversation(c, until=NOON + timedelta(hours=1), by=who),
        lambda c, who: change_labels(c, by=who),
    ],
)
def test_who_does_not_see_it_may_do_nothing_with_it(cast, act):
    before = Conversation.objects.filter(pk=cast.claras.pk).values().get()

    with pytest.raises(Http404):
        act(cast.claras, cast.mallory)

    assert Conversation.objects.filter(pk=cast.claras.pk).values().get() == before


def test_labels_come_and_go_with_one_line_and_none_without_a_change(cast):
    bike = Label.objects.create(workspace=cast.workspace, name="Rad")
    hire = Label.objects.create(workspace=cast.workspace, name="Verleih")
    change_labels(cast.claras, add=[bike], by=cast.ben)
    change_labels(cast.claras, add=[bike], remove=[hire], by=cast.ben)
    change_labels(cast.claras, add=[hire], remove=[bike], by=cast.ben)

    lines = cast.claras.activities.filter(kind="labelled").order_by("seq")
    assert [line.data for line in lines] == [
        {"added": ["Rad"], "removed": []}, {"added": ["Verleih"], "removed": ["Rad"]}
    ]


def test_another_workspaces_label_is_refused(cast):
    foreign = Label.objects.create(workspace=cast.other_workspace, name="Fremd")

    with pytest.raises(InboxRuleViolation):
        change_labels(cast.claras, add=[foreign], by=cast.ben)

    assert not cast.claras.labels.exists()


def test_unread_is_per_agent_and_reading_only_moves_forward(cast):
    for text in ("eins", "zwei"):
        customer_writes(cast.claras, text)
    assert unread_count(cast.claras, cast.ben) == 3

    assert mark_read(cast.ben, cast.claras)
    assert not mark_read(cast.ben, cast.claras, up_to=1)
    assert (unread_count(cast.claras, cast.ben), unread_count(cast.claras, cast.lea)) == (0, 3)
    assert read_counts(cast.claras.pk) == {cast.ben.pk: 3}

    mark_unread(cast.ben, cast.claras)
    assert with_unread(Conversation.objects.filter(pk=cast.claras.pk), cast.ben).get().unread == 1


def test_nobody_reads_more_than_there_is(cast):
    mark_read(cast.ben, cast.claras, up_to=99)
    customer_writes(cast.claras)

    assert unread_count(cast.claras, cast.ben) == 1


def test_reading_a_conversation_reads_its_mentions(cast):
    from inbox.actions.notes import add_note

    add_note(cast.claras, by=cast.ada, text="@Ben", uid=uuid.uuid4())
    mark_read(cast.ben, cast.claras)

    assert cast.ben.mentions.get().read_at == NOON


def test_each_change_raises_the_version(cast):
    versions = [cast.claras.version]
    close_conversation(cast.claras, by=cast.ben)
    versions.append(cast.claras.version)
    reopen_conversation(cast.claras, by=cast.ben)
    versions.append(cast.claras.version)

    assert versions == sorted(set(versions))
    assert Conversation.objects.get(pk=cast.claras.pk).version == versions[-1]


def test_the_row_names_its_message_and_the_state_it_had(cast):
    message = agent_writes(cast.claras, cast.ben)

    assert (cast.claras.preview["uid"], cast.claras.preview["status"]) == (str(message.uid), MessageStatus.QUEUED)
