""" "Everybody is busy": to who waits because routing found nobody with room, once, and only while that is so."""

import uuid
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import WorkingHours
from inbox import presence
from inbox.actions.assignment import assign, release
from inbox.actions.automatic_answers import answer_due
from inbox.actions.replying import send_reply
from inbox.actions.routing import route_waiting
from inbox.automatic import usual_wait
from inbox.enums import AutomaticKind, BlockState, MessageStatus, Via
from inbox.loops.sweeper import Sweeper
from inbox.models import AutomaticText, Case, Conversation, KeywordAnswer, Message, PendingAnswer
from inbox.models.report import CaseFigures
from tests import factories
from tests.cast import Cast, make_cast
from tests.delivering import deliver_now
from tests.inbox.noon import *  # noqa: F403
from tests.inbox.test_automatic_answers import EVENING, WEEK, kinds, said, writes

pytestmark = pytest.mark.django_db
BUSY = "Hallo Anna! Gerade ist viel los. Wir antworten dir so bald wie möglich."


@pytest.fixture
def cast(clock, people) -> Cast:  # noqa: F811
    """Nobody is there who has room."""
    cast = make_cast()
    Conversation.objects.update(needs_answer=False, waiting_since=None)
    WorkingHours.objects.create(workspace=cast.workspace, weekly=WEEK)
    AutomaticText.objects.create(workspace=cast.workspace, kind=AutomaticKind.BUSY, is_on=True)
    return cast


def route(cast: Cast) -> list[str]:
    return [decision.reason for decision in route_waiting(cast.workspace.pk, timezone.now())]


def pass_time(clock, **span) -> None:
    clock.shift(timedelta(**span))
    Sweeper(route=lambda *_: None).run(timezone.now())


def waits(cast: Cast, clock, text: str = "Ist mein Rad fertig?", **more) -> Conversation:
    """Somebody writes, and routing finds nobody."""
    conversation = writes(cast, text, **more).conversation
    assert route(cast) == ["nobody_free"]
    return conversation


def test_who_waits_because_nobody_has_room_is_told_once_and_it_goes_out(cast, clock, graph):
    waits(cast, clock)
    pass_time(clock, seconds=3)
    deliver_now()

    assert said() == [BUSY] and graph.sent[-1]["text"]["body"] == BUSY
    sent = Message.objects.get(via=Via.AUTOMATION)
    assert (sent.author, sent.status, sent.data) == (None, MessageStatus.ACCEPTED, {"automatic": "busy"})
    conversation = sent.conversation
    assert conversation.needs_answer and conversation.current_case().first_replied_at is None  # nobody's answer
    writes(cast, "Hallo?")
    route(cast)
    pass_time(clock, minutes=5)
    assert kinds() == ["busy"] and not PendingAnswer.objects.exists()


def test_it_takes_the_place_of_the_greeting(cast, clock):
    AutomaticText.objects.create(workspace=cast.workspace, kind=AutomaticKind.GREETING, is_on=True)
    waits(cast, clock)
    pass_time(clock, seconds=3)
    pass_time(clock, minutes=2)
    assert kinds() == ["busy"]


def test_a_greeting_that_is_out_is_not_contradicted_in_the_same_minute(cast, clock):
    """The rules, or somebody who put it back, gave it to the queue later."""
    AutomaticText.objects.create(workspace=cast.workspace, kind=AutomaticKind.GREETING, is_on=True)
    writes(cast, "Hallo")
    pass_time(clock, seconds=3)
    assert kinds() == ["greeting"]
    route(cast)
    pass_time(clock, seconds=30)
    assert kinds() == ["greeting"]
    pass_time(clock, seconds=31)
    assert kinds() == ["greeting", "busy"]


def test_who_got_an_answer_to_what_they_asked_is_left_alone(cast, clock):
    KeywordAnswer.objects.create(
        workspace=cast.workspace, words={"de": ["Öffnungszeiten"]}, texts={"de": "Mo bis Fr."}
    )
    waits(cast, clock, "Öffnungszeiten")
    pass_time(clock, seconds=4)
    pass_time(clock, minutes=2)
    assert kinds() == ["keyword"]


def test_outside_of_the_hours_it_says_nothing(cast, clock):
    clock.move_to(EVENING)
    waits(cast, clock)
    pass_time(clock, seconds=3)
    assert said() == []


@pytest.mark.parametrize("what", ["assigned", "answered", "closed window", "blocked", "typing", "off", "deleted"])
def test_it_is_silent_when_things_have_changed_meanwhile(cast, clock, what):
    conversation = waits(cast, clock)
    assert PendingAnswer.objects.get().why == PendingAnswer.Why.BUSY
    if what == "assigned":
        assign(conversation, to_agent=cast.ben, by=cast.lea)
    elif what == "answered":
        send_reply(conversation, by=cast.ben, text="Moin!", uid=uuid.uuid4())
        release(conversation, by=cast.lea)
    elif what == "closed window":
        long_ago = timezone.now() - timedelta(hours=25)
        Conversation.objects.filter(pk=conversation.pk).update(last_customer_message_at=long_ago)
    elif what == "blocked":
        Conversation.objects.filter(pk=conversation.pk).update(block_state=BlockState.BLOCKED)
    elif what == "typing":
        presence.may_say_typing(conversation.pk, cast.ben.pk, "reply")
    elif what == "deleted":
        conversation.messages.update(deleted_at=timezone.now())
    else:
        AutomaticText.objects.update(is_on=False)
    pass_time(clock, seconds=3)
    assert said() == [] and not PendingAnswer.objects.exists()


def test_after_a_standstill_of_ours_nothing_is_made_up_for(cast, clock):
    waits(cast, clock)
    pass_time(clock, minutes=30)
    assert said() == []


def test_while_somebody_has_room_nothing_is_planned(cast, clock, people):
    people.here(cast.ben)
    writes(cast, "Hallo")
    assert route(cast) != ["nobody_free"] and not PendingAnswer.objects.exists()


def test_a_team_says_it_in_its_own_words_or_not_at_all(cast, clock):
    own = AutomaticText.objects.create(
        workspace=cast.workspace, kind=AutomaticKind.BUSY, team=cast.team, is_on=False, texts={"de": "Geduld!"}
    )
    waits(cast, clock)
    assert not PendingAnswer.objects.exists()
    AutomaticText.objects.filter(pk=own.pk).update(is_on=True)
    waits(cast, clock, phone="491760000001")
    pass_time(clock, seconds=3)
    assert said("491760000001") == ["Geduld!"]


def test_switched_off_routing_pays_one_look_a_wait_and_the_sweep_nothing(cast, clock):
    def cost(is_on: bool, phone: str) -> int:
        AutomaticText.objects.update(is_on=is_on)
        writes(cast, "Hallo", phone=phone)
        with CaptureQueriesContext(connection) as asked:
            route(cast)
            answer_due(timezone.now())
        assert PendingAnswer.objects.exists() == is_on
        return len(asked)

    assert cost(False, "491760000002") == cost(True, "491760000003")  # the same: not due yet
    AutomaticText.objects.all().delete()
    writes(cast, "Hallo", phone="491760000004")
    assert route(cast) == ["nobody_free"] and PendingAnswer.objects.count() == 1


def test_many_who_can_get_nothing_are_let_go_of_together(cast, clock):
    counts = []
    for number in (2, 20):
        for index in range(number):
            waits(cast, clock, phone=f"4917{number:02}{index:07}")
        Conversation.objects.filter(assignee=None).update(assignee=cast.ben)
        clock.shift(timedelta(seconds=3))
        with CaptureQueriesContext(connection) as asked:
            assert not answer_due(timezone.now())
        counts.append(len(asked))
        assert not PendingAnswer.objects.exists()
    assert counts[0] == counts[1] < 20


def figures(cast: Cast, waited: timedelta | None, *, ago: timedelta = timedelta(hours=1)) -> None:
    """Somebody's case of today: how long they waited, None when they still do."""
    contact = factories.contact(cast.number)
    conversation = factories.conversation(cast.number, contact)
    opened: datetime = timezone.now() - ago
    case = Case.objects.create(workspace=cast.workspace, conversation=conversation, team=cast.team, opened_at=opened)
    CaseFigures.objects.create(
        case=case, workspace=cast.workspace, conversation=conversation, phone_number=cast.number, team=cast.team,
        is_again=False, is_asked=True, opened_at=opened, replied_at=opened + waited if waited else None,
    )  # fmt: skip


def test_it_says_how_long_three_of_four_have_waited_today(cast, clock):
    for minutes in (2, 8, 12):
        figures(cast, timedelta(minutes=minutes))
    figures(cast, timedelta(hours=20), ago=timedelta(hours=30))  # yesterday
    waits(cast, clock)
    pass_time(clock, seconds=3)
    assert said() == ["Hallo Anna! Gerade ist viel los. Wir antworten dir in etwa 10 Minuten."]


def test_who_still_waits_counts_and_few_say_nothing(cast, clock):
    now = timezone.now()
    for _ in range(2):
        figures(cast, None)
    assert usual_wait.seconds(cast.workspace.pk, cast.team.pk, now) is None
    figures(cast, timedelta(minutes=1))
    assert usual_wait.seconds(cast.workspace.pk, cast.team.pk, now) == 3_600
    assert usual_wait.seconds(cast.workspace.pk, cast.other_team.pk, now) is None

