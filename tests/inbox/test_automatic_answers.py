"""Greeting, away, "we are back", keywords: from the customer's message to the answer, and when there is none."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from accounts.models import WorkingHours
from inbox import presence
from inbox.actions import automatic_answers, satisfaction
from inbox.actions.automatic_answers import answer_due
from inbox.actions.conversations import close_conversation
from inbox.actions.intake import Intake
from inbox.actions.receiving import receive_message
from inbox.actions.replying import send_reply
from inbox.bubbles.bubble import bubble_of
from inbox.enums import AutomaticKind, BlockState, Direction, MessageKind, MessageStatus, Via
from inbox.loops.sweeper import Sweeper
from inbox.models import (
    AnswerTimer,
    AutomaticAnswer,
    AutomaticText,
    Case,
    Contact,
    Conversation,
    KeywordAnswer,
    Message,
    PendingAnswer,
)
from tests.cast import Cast, make_cast
from tests.delivering import deliver_now
from tests.webhooks import RECEIVED_AT, radhaus, receive
from tests.webhooks import text as text_body
from whatsapp import errors
from whatsapp.payloads import InboundMessage
from whatsapp.payloads.items import Person

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # a Monday, 13:00 in Berlin
EVENING = NOON.replace(hour=20)
WEEK = [[[540, 1080]]] * 5 + [[], []]
NINE = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)  # when the shop opens
ANNA = "4917612345678"


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def cast(clock, db) -> Cast:
    cast = make_cast()
    WorkingHours.objects.create(workspace=cast.workspace, weekly=WEEK)
    for kind in (AutomaticKind.GREETING, AutomaticKind.AWAY, AutomaticKind.BACK):
        AutomaticText.objects.create(workspace=cast.workspace, kind=kind, is_on=True)
    KeywordAnswer.objects.create(
        workspace=cast.workspace, words={"de": ["Öffnungszeiten"], "en": ["hours"]},
        texts={"de": "Mo bis Fr, 9 bis 18 Uhr.", "en": "Mon to Fri, 9 to 6."},
    )  # fmt: skip
    return cast


def writes(cast: Cast, text: str = "", kind: str = "text", *, phone: str = ANNA, name: str = "Anna Arndt",
           at: datetime | None = None, **data) -> Message:  # fmt: skip
    """Somebody sends something, as the intake gets it."""
    item = InboundMessage(
        path="", waba_id="", phone_number_id="", wamid=f"wamid.{uuid.uuid4().hex}", sent_at=at or timezone.now(),
        person=Person(phone=phone, name=name), kind=kind, text=text, data=data,
    )  # fmt: skip
    with transaction.atomic():
        message = receive_message(cast.number, item, Intake(timezone.now()))
    assert message is not None
    return message


def pass_time(clock, **span) -> None:
    clock.shift(timedelta(**span))
    Sweeper(route=lambda *_: None).run(timezone.now())


def said(phone: str = ANNA) -> list[str]:
    """What went out by itself to this person."""
    ours = Message.objects.filter(via=Via.AUTOMATION, conversation__contact__identities__value=phone)
    return list(ours.order_by("pk").values_list("text", flat=True))


def kinds(phone: str = ANNA) -> list[str]:
    given = AutomaticAnswer.objects.filter(conversation__contact__identities__value=phone)
    return list(given.order_by("pk").values_list("kind", flat=True))


def answer_to(cast: Cast, clock, text: str = "Hallo, ist mein Rad fertig?", **more) -> list[str]:
    writes(cast, text, **more)
    pass_time(clock, seconds=3)
    return said()


# --- which one --------------------------------------------------------------------------------------------------------


def test_the_first_message_of_a_case_is_greeted_once_and_goes_out(cast, clock, graph):
    message = writes(cast, "Hallo, ist mein Rad fertig?")
    pass_time(clock, seconds=2)
    assert said() == []
    writes(cast, "Das rote.")  # the same breath
    pass_time(clock, seconds=1)
    deliver_now()

    [text] = said()
    assert text.startswith("Hallo Anna! Danke für deine Nachricht.")
    assert graph.sent[-1]["text"]["body"] == text and "data" not in graph.sent[-1]
    sent = Message.objects.get(via=Via.AUTOMATION)
    assert (sent.author, sent.case_id, sent.status) == (None, message.case_id, MessageStatus.ACCEPTED)
    assert sent.data == {"automatic": "greeting"} and sent.priority == 5
    for _ in range(3):
        writes(cast, "Hallo?")
        pass_time(clock, seconds=30)
    assert kinds() == ["greeting"] and not PendingAnswer.objects.exists()


def test_outside_of_the_hours_it_says_when_somebody_is_back(cast, clock):
    clock.move_to(EVENING)
    assert answer_to(cast, clock) == [
        "Hallo Anna! Wir haben gerade geschlossen. Wir melden uns morgen um 09:00 Uhr."
    ]
    writes(cast, "Danke!")
    pass_time(clock, seconds=3)
    assert kinds() == ["away"]


def test_the_hours_of_the_team_count(cast, clock):
    WorkingHours.objects.create(workspace=cast.workspace, team=cast.team, weekly=[[[540, 720]]] * 7)
    assert "geschlossen" in answer_to(cast, clock)[0]


def test_when_the_hours_begin_who_still_waits_is_told(cast, clock):
    clock.move_to(EVENING)
    answer_to(cast, clock)
    clock.move_to(NINE - timedelta(seconds=1))
    pass_time(clock, seconds=0)
    assert kinds() == ["away"]
    pass_time(clock, seconds=1)
    assert kinds() == ["away", "back"] and "wieder da" in said()[-1]
    assert not PendingAnswer.objects.exists()


def test_it_waits_for_the_hours_as_they_are_then(cast, clock):
    clock.move_to(EVENING)
    answer_to(cast, clock)
    WorkingHours.objects.update(weekly=[[[600, 1080]]] * 7)
    clock.move_to(NINE)
    pass_time(clock, seconds=0)
    assert kinds() == ["away"]
    pass_time(clock, hours=1)
    assert kinds() == ["away", "back"]


@pytest.mark.parametrize("what", ["answered", "closed", "window", "blocked", "off", "standstill"])
def test_nobody_is_told_that_we_are_back_for_whom_it_means_nothing(cast, clock, what):
    clock.move_to(EVENING)
    answer_to(cast, clock)
    conversation = Conversation.objects.get(contact__identities__value=ANNA)
    if what == "answered":
        send_reply(conversation, by=cast.ben, text="Ja, ist fertig.", uid=uuid.uuid4())
    elif what == "closed":
        close_conversation(conversation, by=cast.ben)
    elif what == "window":
        Conversation.objects.update(window_refused_at=timezone.now())
    elif what == "blocked":
        Conversation.objects.update(block_state=BlockState.BLOCKED)
    elif what == "off":
        AutomaticText.objects.filter(kind="back").update(is_on=False)
    clock.move_to(NINE + (timedelta(hours=3) if what == "standstill" else timedelta(0)))
    pass_time(clock, seconds=0)
    assert kinds() == ["away"] and not PendingAnswer.objects.exists()


def test_a_keyword_is_answered_before_anything_else_and_once(cast, clock):
    assert answer_to(cast, clock, "Öffnungszeiten?") == ["Mo bis Fr, 9 bis 18 Uhr."]
    assert Message.objects.get(via=Via.AUTOMATION).data == {"automatic": "keyword", "keyword": "Öffnungszeiten"}
    writes(cast, "öffnungszeiten")
    pass_time(clock, seconds=3)
    assert kinds() == ["keyword"]


def test_a_keyword_answers_in_its_own_language(cast, clock):
    assert answer_to(cast, clock, "hours") == ["Mon to Fri, 9 to 6."]


def test_a_teams_keyword_is_nothing_for_others(cast, clock):
    KeywordAnswer.objects.update(team=cast.other_team)
    assert "Danke" in answer_to(cast, clock, "Öffnungszeiten")[0]


def test_a_case_gets_three_keyword_answers(cast, clock):
    AutomaticText.objects.all().delete()
    for word in ("a1", "b1", "c1", "d1", "e1"):
        KeywordAnswer.objects.create(workspace=cast.workspace, words={"de": [word]}, texts={"de": f"zu {word}"})
    for word in ("a1", "b1", "c1", "d1", "e1"):
        writes(cast, word)
        pass_time(clock, minutes=5)
        clock.shift(timedelta(minutes=55))
    assert said() == ["zu a1", "zu b1", "zu c1"]


@pytest.mark.parametrize("language, text, expected", [
    ("en", "Hallo, ist mein Rad fertig?", "Hello"), ("", "Hello, is my bike ready to be picked up?", "Hello"),
    ("de", "Hello, is my bike ready?", "Hallo"), ("fr", "Bonjour, mon vélo est prêt?", "Hallo"),
])  # fmt: skip
def test_it_speaks_the_customers_language(cast, clock, language, text, expected):
    writes(cast, text)
    Contact.objects.filter(identities__value=ANNA).update(language=language)
    pass_time(clock, seconds=3)
    assert said()[0].startswith(expected)
    assert AutomaticAnswer.objects.get().language == {"Hello": "en", "Hallo": "de"}[expected]


def test_a_team_has_its_own_words_or_none(cast, clock):
    own = AutomaticText.objects.create(
        workspace=cast.workspace, team=cast.team, kind="greeting", is_on=True,
        texts={"de": "{{contact.first_name}}, hier {{team.name}} vom {{workspace.name}}."},
    )  # fmt: skip
    assert answer_to(cast, clock) == ["Anna, hier Werkstatt vom Radhaus Lindenhof."]
    AutomaticText.objects.filter(pk=own.pk).update(is_on=False)
    writes(cast, "Hallo", phone="4917600009999")
    pass_time(clock, seconds=3)
    assert said("4917600009999") == []


def test_the_thread_says_which_one_it_is(cast, clock):
    answer_to(cast, clock)
    clock.shift(timedelta(seconds=10))
    writes(cast, "hours")
    pass_time(clock, minutes=2)
    greeting, keyword = [bubble_of(message) for message in Message.objects.filter(via=Via.AUTOMATION).order_by("pk")]
    with translation.override("de"):
        names = [greeting.author_name, keyword.author_name]
    assert names == ["Automatisch · Begrüßung", "Automatisch · Öffnungszeiten"]
    assert greeting.group != keyword.group  # each under its own name


# --- when there is none -----------------------------------------------------------------------------------------------


def test_nothing_is_planned_where_nothing_is_on(cast, clock):
    AutomaticText.objects.update(is_on=False)
    KeywordAnswer.objects.update(is_on=False)
    writes(cast, "Hallo")
    assert not PendingAnswer.objects.exists()


@pytest.mark.parametrize("are_on", [False, True])
def test_many_who_can_get_nothing_cost_no_more_than_few(cast, clock, are_on):
    """Greetings off, or given before: only the keyword of one of them is worth a look of its own."""
    AutomaticText.objects.update(is_on=are_on)
    counts = []
    for number in (2, 30):
        phones = [f"4917{number:02}{index:07}" for index in range(number)]
        for phone in phones if are_on else []:
            writes(cast, "Hallo", phone=phone)
        while are_on and answer_due(clock_after(clock)):
            pass
        for phone in phones:
            writes(cast, "Noch eine Frage", phone=phone)
        clock.shift(timedelta(seconds=3))
        with CaptureQueriesContext(connection) as asked:
            assert not answer_due(timezone.now())
        counts.append(len(asked))
        assert not PendingAnswer.objects.exists()
    assert counts[0] == counts[1] < 20
    writes(cast, "Öffnungszeiten", phone=phones[0])
    pass_time(clock, seconds=3)
    assert kinds(phones[0])[-1] == "keyword"


def clock_after(clock) -> datetime:
    clock.shift(timedelta(seconds=3))
    return timezone.now()


def test_a_person_who_answers_first_ends_it(cast, clock):
    message = writes(cast, "Hallo")
    send_reply(message.conversation, by=cast.ben, text="Moin!", uid=uuid.uuid4())
    pass_time(clock, seconds=3)
    assert said() == []
    clock.move_to(EVENING)
    assert answer_to(cast, clock, "Öffnungszeiten") == []


def test_somebody_who_types_ends_it(cast, clock):
    message = writes(cast, "Hallo")
    presence.may_say_typing(message.conversation_id, cast.ben.pk, "reply")
    pass_time(clock, seconds=3)
    assert said() == []


def test_a_note_being_typed_ends_nothing(cast, clock):
    message = writes(cast, "Hallo")
    presence.may_say_typing(message.conversation_id, cast.ben.pk, "note")
    pass_time(clock, seconds=3)
    assert kinds() == ["greeting"]


@pytest.mark.parametrize("text", ["STOP", "Stopp bitte", "START"])
def test_consent_answers_for_itself(cast, clock, text):
    KeywordAnswer.objects.create(workspace=cast.workspace, words={"de": ["stop", "start"]}, texts={"de": "Nein"})
    writes(cast, "Hallo")
    answer_to(cast, clock, text)
    assert kinds() == [] and not PendingAnswer.objects.exists()
    assert len(said()) == 1  # what consent says


@pytest.mark.parametrize("kind", ["reaction", "system", "unsupported", "welcome"])
def test_what_is_no_question_gets_nothing(cast, clock, kind):
    assert answer_to(cast, clock, "Hallo", kind=kind) == []
    assert len(answer_to(cast, clock)) == 1  # and takes nobody's greeting away


@pytest.mark.parametrize("kind", [MessageKind.VOICE, MessageKind.IMAGE, MessageKind.LOCATION])
def test_who_begins_without_words_is_greeted(cast, clock, kind):
    assert len(answer_to(cast, clock, "", kind=kind)) == 1


def test_what_arrives_hours_late_gets_nothing(cast, clock):
    assert answer_to(cast, clock, at=NOON - timedelta(hours=2)) == []
    assert not PendingAnswer.objects.exists()


def test_after_a_standstill_of_ours_nothing_is_made_up_for(cast, clock):
    writes(cast, "Hallo")
    pass_time(clock, minutes=11)
    assert said() == [] and not PendingAnswer.objects.exists()


def test_what_was_deleted_meanwhile_gets_nothing(cast, clock):
    writes(cast, "Öffnungszeiten")
    Message.objects.filter(direction=Direction.IN, text="Öffnungszeiten").update(deleted_at=timezone.now())
    pass_time(clock, seconds=3)
    assert said() == []


def test_blocked_people_and_groups_get_nothing(cast, clock):
    writes(cast, "Hallo")
    Conversation.objects.update(block_state=BlockState.BLOCKED)
    pass_time(clock, seconds=3)
    writes(cast, "Hallo", phone="4917600008888")
    Contact.objects.update(kind=Contact.Kind.GROUP)
    pass_time(clock, seconds=3)
    assert not AutomaticAnswer.objects.exists()


def test_a_closed_window_is_never_written_into(cast, clock):
    writes(cast, "Hallo")
    Conversation.objects.update(window_refused_at=timezone.now() + timedelta(seconds=1))
    pass_time(clock, seconds=3)
    assert said() == []


def test_a_rating_is_not_answered(cast, clock):
    """An answer to our own question opens nothing, so nothing is planned either."""
    conversation = Conversation.objects.get(pk=cast.claras.pk)
    send_reply(conversation, by=cast.ben, text="Fertig.", uid=uuid.uuid4())
    close_conversation(conversation, by=cast.ben)
    case = Case.objects.get(conversation=conversation)
    row = satisfaction.Satisfaction.objects.create(
        workspace=cast.workspace, conversation=conversation, case=case, asked_at=timezone.now()
    )
    writes(cast, "😀", MessageKind.BUTTON_REPLY, phone=cast.clara.phone, id=f"rating:{row.pk}:5")
    assert not PendingAnswer.objects.exists()


def test_what_could_not_leave_in_time_does_not_leave_late(cast, clock, graph):
    cast.number.sending_stopped_at = timezone.now()
    cast.number.save()
    answer_to(cast, clock)
    pass_time(clock, minutes=9)
    assert Message.objects.get(via=Via.AUTOMATION).status == MessageStatus.QUEUED
    pass_time(clock, minutes=2)
    message = Message.objects.get(via=Via.AUTOMATION)
    assert (message.status, message.error_code) == (MessageStatus.FAILED, errors.TOO_LATE)
    assert not Conversation.objects.get(pk=message.conversation_id).has_failed_send
    cast.number.sending_stopped_at = None
    cast.number.save()
    deliver_now()
    assert graph.sent == []


def test_what_has_not_left_when_a_person_answers_stays_here(cast, clock, graph):
    answer_to(cast, clock)
    send_reply(Message.objects.get(via=Via.AUTOMATION).conversation, by=cast.ben, text="Moin!", uid=uuid.uuid4())
    pass_time(clock, seconds=6)
    deliver_now()
    assert [sent["text"]["body"] for sent in graph.sent] == ["Moin!"]


# --- machines ---------------------------------------------------------------------------------------------------------


def test_another_autoresponder_is_left_alone(cast, clock):
    assert answer_to(cast, clock, "Vielen Dank für Ihre Nachricht. Wir melden uns in Kürze.") == []


def test_what_comes_faster_than_people_read_gets_nothing(cast, clock):
    answer_to(cast, clock)
    writes(cast, "Öffnungszeiten", at=timezone.now() + timedelta(seconds=1))
    pass_time(clock, seconds=3)
    assert kinds() == ["greeting"]


def test_what_says_the_same_again_gets_nothing(cast, clock):
    long = "Der Laden meldet sich, sobald jemand am Platz ist."
    clock.move_to(EVENING)
    answer_to(cast, clock, long)
    AutomaticAnswer.objects.all().delete()
    pass_time(clock, hours=2)
    writes(cast, long)
    pass_time(clock, seconds=3)
    assert kinds() == []


def test_one_person_gets_three_an_hour_over_all_numbers(cast, clock):
    for index in range(5):
        message = writes(cast, f"Frage {index}")
        pass_time(clock, seconds=3)
        close_conversation(Conversation.objects.get(pk=message.conversation_id), by=cast.ben)
        clock.shift(timedelta(minutes=5))
    assert kinds() == ["greeting"] * 3
    clock.shift(timedelta(minutes=40))
    answer_to(cast, clock)
    assert kinds() == ["greeting"] * 4


# --- what never follows -----------------------------------------------------------------------------------------------


def test_it_is_nobodys_answer(cast, clock):
    cast.team.first_response_minutes = 30
    cast.team.save()
    message = writes(cast, "Hallo")
    before = Conversation.objects.get(pk=message.conversation_id)
    timer = AnswerTimer.objects.get(conversation=before).due_at
    pass_time(clock, seconds=3)

    after = Conversation.objects.get(pk=before.pk)
    assert after.needs_answer and after.waiting_since == before.waiting_since and after.answered_at is None
    assert (after.assignee_id, after.inbound_count, after.last_agent_id) == (None, 1, None)
    assert AnswerTimer.objects.get(conversation=after).due_at == timer
    case = after.current_case()
    assert case.first_replied_at is None and case.message_count == 2
    assert after.last_customer_message_at == before.last_customer_message_at


# --- exactly one ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_webhook_that_comes_twice_is_answered_once(db):
    number = radhaus()
    AutomaticText.objects.create(workspace=number.workspace, kind="greeting", is_on=True)
    body = text_body("wamid.A", "Hallo", at=int(RECEIVED_AT.timestamp()) - 5)
    receive(body, body)
    receive(body)
    assert PendingAnswer.objects.count() == 1
    for seconds in (4, 8):
        with time_machine.travel(RECEIVED_AT + timedelta(seconds=seconds), tick=False):
            answer_due(timezone.now())
        receive(body)
    assert Message.objects.filter(via=Via.AUTOMATION).count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_ingest_that_dies_plans_nothing_and_its_next_try_once(db, monkeypatch):
    number = radhaus()
    AutomaticText.objects.create(workspace=number.workspace, kind="greeting", is_on=True)
    original = automatic_answers.customer_wrote
    died = []

    def dies(*args, **kwargs):
        original(*args, **kwargs)
        if not died:
            died.append(True)
            raise RuntimeError("killed")

    monkeypatch.setattr("inbox.actions.automatic_answers.customer_wrote", dies)
    body = text_body("wamid.A", "Hallo", at=int(RECEIVED_AT.timestamp()) - 5)
    receive(body)
    assert died and not PendingAnswer.objects.exists() and not Message.objects.exists()
    receive(body)
    assert PendingAnswer.objects.count() == 1 and Message.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_sweepers_and_a_person_at_once(db):
    with time_machine.travel(NOON, tick=False) as clock:
        cast = make_cast()
        AutomaticText.objects.create(workspace=cast.workspace, kind="greeting", is_on=True)
        phones = [f"491760000{index:04d}" for index in range(4)]
        for phone in phones:
            writes(cast, "Hallo", phone=phone)
        clock.shift(timedelta(seconds=3))
        start = threading.Barrier(3)

        def sweeps() -> None:
            start.wait()
            answer_due(timezone.now())
            connection.close()

        def replies() -> None:
            start.wait()
            for phone in phones:
                conversation = Conversation.objects.get(contact__identities__value=phone)
                send_reply(conversation, by=cast.ben, text="Moin!", uid=uuid.uuid4())
            connection.close()

        with ThreadPoolExecutor(3) as pool:
            for done in [pool.submit(sweeps), pool.submit(sweeps), pool.submit(replies)]:
                done.result(30)
        for conversation in Conversation.objects.filter(contact__identities__value__in=phones):
            ours = list(conversation.messages.filter(direction=Direction.OUT).order_by("seq").values_list("via"))
            assert ours in ([("agent",)], [("automation",), ("agent",)])
        assert not PendingAnswer.objects.exists()
