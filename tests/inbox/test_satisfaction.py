"""After closing, one question: who is asked when, what counts as an answer, and what never follows from one."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox import satisfaction_rules as rules
from inbox.actions import undo
from inbox.actions.consent import record_consent
from inbox.actions.conversations import close_conversation, reopen_conversation
from inbox.actions.intake import Intake
from inbox.actions.receiving import receive_message
from inbox.actions.replying import send_reply
from inbox.actions.satisfaction import ask_due
from inbox.enums import BlockState, ConsentState, MessageKind, MessageStatus, Via
from inbox.loops.sweeper import Sweeper
from inbox.models import (
    Case,
    Consent,
    Contact,
    Conversation,
    Event,
    Message,
    RoutingDecision,
    Satisfaction,
    SatisfactionSettings,
)
from inbox.satisfaction_rules import BAD, GOOD, SO_SO, Asked, said_in_words, smiley_score
from tests import factories
from tests.cast import Cast, make_cast
from tests.delivering import deliver_now
from whatsapp.payloads import InboundMessage
from whatsapp.payloads.items import Person

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def cast(clock, db) -> Cast:
    cast = make_cast()
    chosen = SatisfactionSettings.objects.create(workspace=cast.workspace)
    chosen.teams.add(cast.team)
    return cast


def answered(cast: Cast) -> Conversation:
    """Clara's conversation, in which Ben has replied."""
    conversation = Conversation.objects.get(pk=cast.claras.pk)
    send_reply(conversation, by=cast.ben, text="Dein Rad ist fertig.", uid=uuid.uuid4())
    return conversation


def closed(cast: Cast, **how) -> Conversation:
    return close_conversation(answered(cast), by=cast.ben, **how)


def asked(cast: Cast, clock, **how) -> Satisfaction:
    closed(cast, **how)
    pass_time(clock, minutes=1)
    return Satisfaction.objects.get(asked_at__isnull=False)


def pass_time(clock, **span) -> None:
    clock.shift(timedelta(**span))
    Sweeper(route=lambda *_: None).run(timezone.now())


def writes(cast: Cast, kind: str = "text", text: str = "", *, at: datetime | None = None, **data) -> Message:
    """Clara sends something, as the intake gets it."""
    item = InboundMessage(
        path="", waba_id="", phone_number_id="", wamid=f"wamid.{uuid.uuid4().hex}", sent_at=at or timezone.now(),
        person=Person(phone=cast.clara.phone), kind=kind, text=text, data=data,
    )  # fmt: skip
    intake = Intake(timezone.now())
    with transaction.atomic():
        message = receive_message(cast.number, item, intake)
    assert message is not None
    message.routed = intake.routed  # what the loop would route after the commit
    return message


def taps(cast: Cast, row: Satisfaction, score: int, **more) -> Message:
    return writes(cast, MessageKind.BUTTON_REPLY, "😀 Ja", id=rules.button_id(row.pk, score), **more)


def state(conversation: Conversation) -> tuple:
    found = Conversation.objects.get(pk=conversation.pk)
    return (
        found.status, found.assignee_id, found.needs_answer, found.waiting_since, found.answered_at, found.closed_at,
        found.last_agent_id, Case.objects.filter(conversation=found).count(),
    )  # fmt: skip


# --- asking -----------------------------------------------------------------------------------------------------------


def test_a_minute_after_closing_one_question_with_three_buttons_goes_out(cast, clock, graph):
    conversation = closed(cast)
    deliver_now()
    pass_time(clock, seconds=59)
    assert not Message.objects.filter(via=Via.AUTOMATION).exists()

    before = state(conversation)
    pass_time(clock, seconds=1)
    deliver_now()

    row = Satisfaction.objects.get()
    message = Message.objects.get(via=Via.AUTOMATION)
    assert row.question == message and row.asked_at == timezone.now()
    assert (message.author, message.case, message.status) == (None, row.case, MessageStatus.ACCEPTED)
    buttons = graph.sent[-1]["interactive"]["action"]["buttons"]
    assert [button["reply"]["id"] for button in buttons] == [f"rating:{row.pk}:{score}" for score in (5, 3, 1)]
    assert state(conversation) == before


def test_the_question_is_nobodys_first_reply(cast, clock):
    row = asked(cast, clock)
    case = Case.objects.get(pk=row.case_id)
    assert case.first_replied_by == cast.ben and case.first_replied_at < row.asked_at
    assert Conversation.objects.get(pk=cast.claras.pk).answered_at < row.asked_at


@pytest.mark.parametrize("language, word", [("de", "geklappt"), ("en", "work out"), ("", "geklappt")])
def test_it_is_in_the_contacts_language(cast, clock, language, word):
    Contact.objects.filter(pk=cast.clara.pk).update(language=language)
    assert word in asked(cast, clock).question.text


def test_whose_language_nobody_noted_is_asked_in_the_one_they_write(cast, clock):
    Contact.objects.filter(pk=cast.clara.pk).update(language="")
    factories.inbound_message(cast.claras, "Hello, is my bicycle ready? I would like to pick it up tomorrow.")
    row = asked(cast, clock)
    assert "work out" in row.question.text and row.language == "en"

    taps(cast, row, BAD)

    assert Message.objects.filter(via=Via.AUTOMATION).latest("pk").text == rules.DEFAULTS["en"].why


def test_the_business_chooses_its_words(cast, clock):
    SatisfactionSettings.objects.update(wording={"de": {"question": "Na, zufrieden?", "bad": "Och nö"}})
    question = asked(cast, clock).question
    assert question.text == "Na, zufrieden?"
    assert [button["title"] for button in question.data["buttons"]] == ["😀 Ja, prima", "😐 Geht so", "Och nö"]


def test_nobody_is_asked_where_the_team_does_not(cast, clock):
    SatisfactionSettings.objects.get().teams.clear()
    closed(cast)
    assert not Satisfaction.objects.exists()


def test_without_settings_nobody_is_asked(cast):
    SatisfactionSettings.objects.all().delete()
    closed(cast)
    assert not Satisfaction.objects.exists()


def test_nobody_is_asked_when_the_closing_says_so(cast):
    closed(cast, asks=False)
    assert not Satisfaction.objects.exists()


def test_nobody_is_asked_when_the_outcome_excludes_it(cast):
    SatisfactionSettings.objects.update(without_outcomes=["Spam", "Falsch verbunden"])
    closed(cast, outcome="falsch VERBUNDEN")
    assert not Satisfaction.objects.exists()


def test_nobody_is_asked_about_a_case_in_which_no_human_replied(cast):
    close_conversation(Conversation.objects.get(pk=cast.claras.pk), by=cast.ben)
    assert not Satisfaction.objects.exists()


def opts_out(cast):
    record_consent(cast.clara, ConsentState.WITHDRAWN, source=Consent.Source.KEYWORD, occurred_at=timezone.now())


def is_blocked(cast):
    Conversation.objects.filter(pk=cast.claras.pk).update(block_state=BlockState.BLOCKED)


def window_closes(cast):
    Conversation.objects.filter(pk=cast.claras.pk).update(last_customer_message_at=NOON - timedelta(hours=24))


def was_asked_elsewhere(cast):
    """The same person, on another number of ours."""
    other = factories.conversation(factories.number(cast.workspace, team=cast.team), cast.clara, status="closed")
    case = Case.objects.create(workspace=cast.workspace, conversation=other, closed_at=NOON)
    Satisfaction.objects.create(
        workspace=cast.workspace, conversation=other, case=case, asked_at=NOON - timedelta(days=29)
    )


def team_stops(cast):
    SatisfactionSettings.objects.get().teams.clear()


@pytest.mark.parametrize("happens, why", [
    (opts_out, "opted_out"), (is_blocked, "blocked"), (window_closes, "window"), (was_asked_elsewhere, "recently"),
    (team_stops, "off"),
])  # fmt: skip
def test_what_happens_before_its_time_keeps_it_back(cast, clock, happens, why):
    closed(cast)
    happens(cast)
    pass_time(clock, minutes=1)
    assert Satisfaction.objects.get(due_at=None, conversation=cast.claras).skipped == why
    assert not Message.objects.filter(via=Via.AUTOMATION).exists()


def test_after_a_standstill_nobody_is_asked_late(cast, clock):
    closed(cast)
    pass_time(clock, hours=3)
    assert Satisfaction.objects.get().skipped == "late"


def test_after_the_days_have_passed_they_are_asked_again(cast, clock):
    was_asked_elsewhere(cast)
    SatisfactionSettings.objects.update(every_days=29)
    closed(cast)
    pass_time(clock, minutes=1)
    assert Satisfaction.objects.filter(asked_at=timezone.now()).exists()


def test_a_window_that_closes_before_the_worker_comes_keeps_it_from_leaving(cast, clock, graph):
    row = asked(cast, clock)
    deliver_now()  # Ben's reply
    clock.shift(timedelta(hours=24))
    deliver_now()
    message = Message.objects.get(pk=row.question_id)
    assert message.status == MessageStatus.FAILED
    assert not any("interactive" in body for body in graph.sent)
    assert not Conversation.objects.get(pk=cast.claras.pk).has_failed_send


def test_a_closing_that_is_taken_back_asks_nobody_and_the_next_one_does(cast, clock):
    conversation = answered(cast)
    step = undo.remembering(conversation, lambda each: close_conversation(each, by=cast.ben))
    undo.take_back(undo.keep([step], by=cast.ben), by=cast.ben)
    pass_time(clock, minutes=1)
    assert not Satisfaction.objects.exists()

    close_conversation(Conversation.objects.get(pk=conversation.pk), by=cast.ben)
    pass_time(clock, minutes=1)
    assert Satisfaction.objects.get().asked_at is not None


@pytest.mark.django_db(transaction=True)
def test_two_cases_of_one_person_and_two_sweepers_ask_once():
    cast = make_cast()
    SatisfactionSettings.objects.create(workspace=cast.workspace).teams.add(cast.team)
    other = factories.conversation(factories.number(cast.workspace, team=cast.team), cast.clara)
    factories.inbound_message(other)
    for conversation in (cast.claras, other):
        found = Conversation.objects.get(pk=conversation.pk)
        send_reply(found, by=cast.ben, text="Fertig", uid=uuid.uuid4())
        close_conversation(found, by=cast.ben)
    later, together = timezone.now() + rules.ASK_AFTER, threading.Barrier(2)

    def sweep() -> None:
        try:
            together.wait(30)
            ask_due(later)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(sweep) for _ in range(2)]:
            done.result()
    assert Message.objects.filter(via=Via.AUTOMATION).count() == 1
    assert sorted(Satisfaction.objects.values_list("skipped", flat=True)) == ["", "recently"]


# --- answering --------------------------------------------------------------------------------------------------------


def test_a_tap_is_kept_with_its_case_and_opens_nothing(cast, clock):
    row = asked(cast, clock)
    before, decisions = state(cast.claras), RoutingDecision.objects.count()

    message = taps(cast, row, GOOD)

    row.refresh_from_db()
    assert (row.score, row.answered_at, message.case_id) == (GOOD, timezone.now(), row.case_id)
    assert state(cast.claras) == before and message.routed == set()
    assert RoutingDecision.objects.count() == decisions
    assert cast.claras.activities.get(kind="rated").data == {"score": GOOD}


def test_a_tap_rings_nowhere(cast, clock):
    row = asked(cast, clock)
    taps(cast, row, BAD)
    writes(cast, text="Zu teuer")
    told = [event for event in Event.objects.filter(kind="message") if "tell" in event.payload]
    assert told == []


def test_a_tap_opens_the_window_as_any_message_does(cast, clock):
    row = asked(cast, clock)
    pass_time(clock, hours=5)
    taps(cast, row, GOOD)
    assert Conversation.objects.get(pk=cast.claras.pk).last_customer_message_at == timezone.now()


def test_after_the_score_we_ask_why_once(cast, clock):
    row = asked(cast, clock)
    taps(cast, row, BAD)
    clock.shift(timedelta(seconds=20))
    taps(cast, row, SO_SO)

    row.refresh_from_db()
    assert row.score == SO_SO
    assert [message.text for message in Message.objects.filter(via=Via.AUTOMATION, kind="text")] == [
        rules.DEFAULTS["de"].why
    ]


def test_where_the_business_asks_for_no_comment_a_text_is_a_message(cast, clock):
    SatisfactionSettings.objects.update(wording={"de": {"why": ""}})
    row = asked(cast, clock)
    taps(cast, row, BAD)
    assert not Message.objects.filter(via=Via.AUTOMATION, kind="text").exists()
    writes(cast, text="Die Bremse quietscht")
    assert Conversation.objects.get(pk=cast.claras.pk).needs_answer


def test_the_text_after_it_is_the_comment_and_opens_nothing(cast, clock):
    row = asked(cast, clock)
    taps(cast, row, BAD)
    before = state(cast.claras)
    clock.shift(timedelta(hours=3))
    writes(cast, text="Hat zu lange gedauert.")
    clock.shift(timedelta(minutes=1))
    message = writes(cast, text="Sonst okay")

    row.refresh_from_db()
    assert row.comment == "Hat zu lange gedauert.\nSonst okay" and message.case_id == row.case_id
    assert state(cast.claras) == before and message.routed == set()


def test_a_message_later_than_the_comment_opens_the_conversation(cast, clock):
    row = asked(cast, clock)
    taps(cast, row, BAD)
    writes(cast, text="Hat zu lange gedauert.")
    clock.shift(timedelta(minutes=3))
    message = writes(cast, text="Und die Klingel fehlt auch noch")

    found = Conversation.objects.get(pk=cast.claras.pk)
    assert found.is_open and found.needs_answer and message.routed == {cast.workspace.pk}
    assert Satisfaction.objects.get(pk=row.pk).comment == "Hat zu lange gedauert."


@pytest.mark.parametrize("kind, text", [
    ("text", "Habt ihr morgen offen?"), ("image", ""), ("voice", ""), ("text", "   ")
])  # fmt: skip
def test_what_is_no_comment_opens_the_conversation(cast, clock, kind, text):
    row = asked(cast, clock)
    taps(cast, row, GOOD)
    writes(cast, kind, text)
    found = Conversation.objects.get(pk=cast.claras.pk)
    assert found.is_open and found.needs_answer and not Satisfaction.objects.get(pk=row.pk).comment


def test_a_stop_is_no_comment_and_opens_nothing(cast, clock):
    row = asked(cast, clock)
    taps(cast, row, GOOD)
    writes(cast, "text", "STOP")

    assert not Conversation.objects.get(pk=cast.claras.pk).is_open
    assert not Satisfaction.objects.get(pk=row.pk).comment
    assert Consent.objects.get().state == ConsentState.WITHDRAWN


def test_a_comment_that_comes_too_late_is_a_message(cast, clock):
    row = asked(cast, clock)
    taps(cast, row, GOOD)
    clock.shift(timedelta(hours=4, seconds=1))
    writes(cast, text="War prima")
    assert Conversation.objects.get(pk=cast.claras.pk).needs_answer


def test_a_text_instead_of_a_tap_is_a_message_and_a_smiley_is_a_tap(cast, clock):
    row = asked(cast, clock)
    writes(cast, text="👍🏽")
    row.refresh_from_db()
    assert row.score == GOOD and not Conversation.objects.get(pk=cast.claras.pk).is_open


def test_words_before_the_score_open_the_conversation(cast, clock):
    asked(cast, clock)
    writes(cast, text="Danke!")
    assert Conversation.objects.get(pk=cast.claras.pk).needs_answer


def test_a_tap_in_a_conversation_that_is_open_again_only_counts(cast, clock):
    row = asked(cast, clock)
    pass_time(clock, minutes=5)
    reopen_conversation(Conversation.objects.get(pk=cast.claras.pk), by=cast.ben)
    before = state(cast.claras)
    taps(cast, row, SO_SO)
    writes(cast, text="Noch etwas")

    row.refresh_from_db()
    assert row.score == SO_SO and row.comment == ""
    found = Conversation.objects.get(pk=cast.claras.pk)
    assert found.needs_answer and before[2] is False


def test_a_tap_does_not_make_anybody_wait_when_a_person_reopens(cast, clock):
    SatisfactionSettings.objects.update(wording={"de": {"why": ""}})
    taps(cast, asked(cast, clock), GOOD)
    reopened = reopen_conversation(Conversation.objects.get(pk=cast.claras.pk), by=cast.ben)
    assert not reopened.needs_answer


def test_the_button_of_another_customers_question_is_a_message(cast, clock):
    row = asked(cast, clock)
    Satisfaction.objects.filter(pk=row.pk).update(conversation=cast.darios)
    taps(cast, row, GOOD)
    assert Satisfaction.objects.get(pk=row.pk).score is None
    assert Conversation.objects.get(pk=cast.claras.pk).needs_answer


# --- the rules by themselves ------------------------------------------------------------------------------------------

WORDS = st.text(min_size=1, max_size=30)
SECONDS = st.integers(-100, 6 * 3600)


@given(text=WORDS, after=SECONDS, answered_after=st.none() | st.integers(0, 3600), commented=st.none() | SECONDS,
       hours=st.integers(1, 5), asks_why=st.booleans())  # fmt: skip
@settings(max_examples=300)
def test_a_question_is_never_swallowed(text, after, answered_after, commented, hours, asks_why):
    answered_at = None if answered_after is None else NOON + timedelta(seconds=answered_after)
    commented_at = None if commented is None or answered_at is None else answered_at + timedelta(seconds=abs(commented))
    asked = Asked(NOON, hours, asks_why, answered_at, commented_at)
    at = NOON + timedelta(seconds=after)
    said = said_in_words(asked, text, at)

    if said is None:
        return
    assert at >= NOON
    if isinstance(said, int):
        assert answered_at is None and smiley_score(text) == said
        return
    assert said == text.strip() != "" and "?" not in said and asks_why
    assert answered_at is not None and answered_at <= at
    since = commented_at + timedelta(minutes=2) if commented_at else answered_at + timedelta(hours=hours)
    assert at <= since


@given(text=WORDS, after=st.integers(0, 4 * 3600))
def test_every_text_in_time_that_asks_nothing_is_a_comment(text, after):
    said = said_in_words(Asked(NOON, 4, True, NOON), text, NOON + timedelta(seconds=after))
    asks = any(mark in text for mark in "?？؟")
    assert said == (None if asks or not text.strip() else text.strip())


@pytest.mark.parametrize("text, score", [
    ("👍", GOOD), ("👍👍👍", GOOD), ("❤️", GOOD), (":)", GOOD), ("😐", SO_SO), ("👎🏿", BAD), ("😡!", BAD),
    ("👍 danke", None), ("5", None), ("", None), ("😀😡", None), ("gut", None),
])  # fmt: skip
def test_a_smiley_alone_is_a_score(text, score):
    assert smiley_score(text) == score
