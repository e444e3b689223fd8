"""What the delivery loop does with one message: the rules once more, the call, and every way it can end."""

import uuid
from datetime import timedelta

import pytest
import requests
from django.db.models.functions import Now
from django.utils import timezone
from urllib3.exceptions import MaxRetryError, NewConnectionError

from inbox.actions import delivery, delivery_claims, delivery_results, replying
from inbox.actions.sending_stops import resume_sending
from inbox.enums import MessageStatus
from inbox.models import Consent, ContactIdentity, Event, Message, PairLimit, UnmatchedStatus
from tests import factories
from tests.cast import Cast, make_cast
from tests.delivering import deliver_now
from tests.fake_graph import FakeGraph, graph_error, response
from whatsapp import errors
from whatsapp.client import CloudAPI
from whatsapp.payloads import Person, StatusUpdate

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def reply(cast: Cast, text: str = "Ist fertig.", conversation=None) -> Message:
    return replying.send_reply(conversation or cast.claras, by=cast.ben, text=text, uid=uuid.uuid4())


def due_again(message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(not_before=None)


def never_connected() -> requests.ConnectionError:
    return requests.ConnectionError(MaxRetryError(None, "/", NewConnectionError(None, "refused")))


def test_a_queued_reply_reaches_meta_with_our_id_and_the_customers_number(cast, graph: FakeGraph):
    message = reply(cast, "Siehe https://radhaus.example")

    deliver_now()

    message.refresh_from_db()
    assert (message.status, message.wamid, message.attempt) == (MessageStatus.ACCEPTED, "wamid.fake1", 1)
    assert graph.sent == [{
        "messaging_product": "whatsapp", "recipient_type": "individual", "type": "text",
        "to": f"+{cast.clara.phone}", "biz_opaque_callback_data": str(message.uid),
        "text": {"body": "Siehe https://radhaus.example", "preview_url": True},
    }]  # fmt: skip
    attempt = message.delivery_attempts.get()
    assert (attempt.outcome, attempt.number, attempt.http_status) == ("accepted", 1, 200)


@pytest.mark.parametrize(("answer", "status"), [
    (graph_error(131026, error_data={"details": "zu \x00 und \ud800"}), MessageStatus.FAILED),
    (graph_error(131026, message="x\x00y", fbtrace_id="\x00" * 500), MessageStatus.FAILED),
    (graph_error(10**20), MessageStatus.FAILED),
    (response(500, '{"error": {"code": 1e400}}'), MessageStatus.UNKNOWN),
    (response(200, {"messages": [{"id": "wamid.\x00\ud800x"}]}), MessageStatus.ACCEPTED),
    (response(200, "[" * 100_000), MessageStatus.UNKNOWN),
])  # fmt: skip
def test_no_answer_is_too_odd_to_be_stored(cast, graph: FakeGraph, answer, status):
    message = reply(cast)
    graph.answers = [answer]

    deliver_now()

    message.refresh_from_db()
    assert message.status == status
    assert message.delivery_attempts.get().finished_at is not None


def test_who_has_hidden_the_number_is_reached_by_user_id(cast, graph: FakeGraph):
    contact = factories.contact(cast.number, "Annika", phone="", bsuid="DE.847261503982")
    conversation = factories.conversation(cast.number, contact, last_customer_message_at=timezone.now())
    reply(cast, conversation=conversation)

    deliver_now()

    assert graph.sent[0]["recipient"] == "DE.847261503982"
    assert "to" not in graph.sent[0]


def test_a_quote_names_the_message_it_answers(cast, graph: FakeGraph):
    asked = cast.claras.messages.get()
    replying.send_reply(cast.claras, by=cast.ben, text="Ja", uid=uuid.uuid4(), quoted=asked)

    deliver_now()

    assert graph.sent[0]["context"] == {"message_id": asked.wamid}


def test_without_any_address_no_request_leaves(cast, graph: FakeGraph):
    message = reply(cast)
    ContactIdentity.objects.filter(contact=cast.clara).update(is_active=False)

    deliver_now()

    message.refresh_from_db()
    assert (message.status, message.error_code) == (MessageStatus.FAILED, errors.NO_ADDRESS)
    assert graph.calls == []


def test_a_window_that_closes_in_the_queue_fails_the_message_and_no_request_leaves(cast, graph: FakeGraph):
    message = reply(cast)
    cast.claras.last_customer_message_at = timezone.now() - timedelta(hours=24)
    cast.claras.save()

    deliver_now()

    message.refresh_from_db()
    cast.claras.refresh_from_db()
    assert (message.status, message.error_code) == (MessageStatus.FAILED, errors.WINDOW_CLOSED)
    assert errors.action(message.error_code) == errors.TEMPLATE
    assert (cast.claras.has_failed_send, cast.claras.preview["status"]) == (True, "failed")
    assert graph.calls == []


def test_messages_of_one_conversation_leave_one_after_the_other(cast, graph: FakeGraph):
    for text in ("eins", "zwei", "drei"):
        reply(cast, text)
    other = reply(cast, "Dario", conversation=cast.darios)

    deliver_now()
    assert graph.texts == ["eins", "Dario"]
    deliver_now()
    deliver_now()

    assert graph.texts == ["eins", "Dario", "zwei", "drei"]
    other.refresh_from_db()
    assert other.status == MessageStatus.ACCEPTED


def test_people_come_before_automatic_messages(cast, graph: FakeGraph):
    automatic = reply(cast, "automatisch")
    Message.objects.filter(pk=automatic.pk).update(priority=5)
    reply(cast, "Mensch", conversation=cast.darios)

    deliver_now(limit=1)

    assert graph.texts == ["Mensch"]


# --- Refusals that pass -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("trouble", [
    never_connected(), requests.ConnectTimeout(), graph_error(131016, 500), graph_error(2, 503),
    graph_error(130429), response(429, "<html>slow down</html>"), graph_error(99999, 500),
    graph_error(88888, 400, is_transient=True),
])  # fmt: skip
def test_what_was_provably_not_taken_is_sent_later_once(cast, graph: FakeGraph, trouble):
    message = reply(cast)
    graph.answers = [trouble]

    deliver_now()
    message.refresh_from_db()
    assert message.status == MessageStatus.QUEUED
    assert message.not_before > timezone.now()
    assert deliver_now() == []

    due_again(message)
    deliver_now()

    message.refresh_from_db()
    assert (message.status, message.attempt, message.error_code) == (MessageStatus.ACCEPTED, 2, None)
    assert [attempt.outcome for attempt in message.delivery_attempts.order_by("number")] == ["retry", "accepted"]
    assert len(graph.sent) == 1


def test_a_waiting_message_keeps_its_place_before_the_next_of_its_conversation(cast, graph: FakeGraph):
    reply(cast, "eins")
    graph.answers = [graph_error(131016, 500)]
    deliver_now()
    reply(cast, "zwei")

    assert deliver_now() == []
    assert graph.sent == []


def test_something_went_wrong_is_tried_three_times_and_then_failed(cast, graph: FakeGraph):
    message = reply(cast)
    graph.answers = [graph_error(131000, 500)] * 3

    for _ in range(3):
        due_again(message)
        deliver_now()

    message.refresh_from_db()
    assert (message.status, message.error_code, message.attempt) == (MessageStatus.FAILED, 131000, 3)


def test_what_meta_refuses_for_hours_is_given_up(cast, graph: FakeGraph):
    message = reply(cast)
    Message.objects.filter(pk=message.pk).update(occurred_at=timezone.now() - timedelta(hours=5))
    graph.answers = [graph_error(131016, 500)]

    deliver_now()

    message.refresh_from_db()
    assert (message.status, message.error_code) == (MessageStatus.FAILED, 131016)


def test_the_numbers_throughput_slows_it_for_a_while(cast, graph: FakeGraph):
    reply(cast)
    graph.answers = [graph_error(130429)]

    deliver_now()

    cast.number.refresh_from_db()
    assert cast.number.slowed_until > timezone.now() + timedelta(seconds=20)


def test_metas_pair_limit_holds_back_only_this_customer(cast, graph: FakeGraph):
    reply(cast, "eins")
    reply(cast, "Dario", conversation=cast.darios)
    graph.answers = [graph_error(131056)]

    deliver_now()

    held = PairLimit.objects.get(recipient=cast.clara.phone)
    free = PairLimit.objects.get(recipient=cast.dario.phone)
    assert held.arrival_at > free.arrival_at + timedelta(seconds=200)
    assert graph.texts == ["Dario"]


def test_a_burst_of_45_passes_to_one_customer_and_then_one_each_six_seconds(cast, graph: FakeGraph):
    for index in range(47):
        reply(cast, str(index))

    for _ in range(50):
        deliver_now()

    assert graph.texts == [str(index) for index in range(45)]
    waiting = Message.objects.filter(status=MessageStatus.QUEUED).order_by("seq").first()
    assert timezone.now() < waiting.not_before <= timezone.now() + timedelta(seconds=6)


# --- Refusals that stay -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [131026, 131009, 100, 132012, 131053, 77777])
def test_what_will_not_help_repeating_fails_with_metas_reason(cast, graph: FakeGraph, code):
    message = reply(cast)
    graph.answers = [graph_error(code, error_data={"details": "Because."})]

    deliver_now()

    message.refresh_from_db()
    cast.claras.refresh_from_db()
    assert (message.status, message.error_code, message.error_detail) == (MessageStatus.FAILED, code, "Because.")
    assert cast.claras.has_failed_send
    assert message.delivery_attempts.get().trace_id == "Trace1"
    assert deliver_now() == []


def test_a_page_of_a_proxy_with_a_refusal_fails_in_words(cast, graph: FakeGraph):
    message = reply(cast)
    graph.answers = [response(403, "<html>Forbidden</html>")]

    deliver_now()

    message.refresh_from_db()
    assert (message.status, message.error_code) == (MessageStatus.FAILED, errors.STRANGE_ANSWER)


def test_metas_131047_closes_the_window_although_our_clock_says_open(cast, graph: FakeGraph):
    message = reply(cast)
    graph.answers = [graph_error(131047)]

    deliver_now()

    cast.claras.refresh_from_db()
    message.refresh_from_db()
    assert message.status == MessageStatus.FAILED
    assert not cast.claras.service_window.is_open(timezone.now())


def test_metas_word_that_marketing_was_stopped_is_an_opt_out(cast, graph: FakeGraph):
    reply(cast)
    graph.answers = [graph_error(131050)]

    deliver_now()

    assert Consent.objects.get(contact=cast.clara).state == "withdrawn"


# --- Stops ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("trouble", "is_accounts"), [
    (graph_error(190, 401, error_subcode=463), True), (graph_error(10, 403), True), (graph_error(368, 403), True),
    (graph_error(100, 400, error_subcode=33), False), (graph_error(133010, 400), False),
])  # fmt: skip
def test_what_only_an_admin_can_mend_stops_sending_and_keeps_the_queue(cast, graph: FakeGraph, trouble, is_accounts):
    message, second = reply(cast), reply(cast, conversation=cast.darios)
    graph.answers = [trouble, trouble]

    deliver_now()
    deliver_now()

    account = cast.number.business_account
    account.refresh_from_db()
    cast.number.refresh_from_db()
    assert (account.sending_stopped_at is not None, cast.number.sending_stopped_at is not None) == (
        is_accounts, not is_accounts
    )  # fmt: skip
    assert set(Message.objects.filter(direction="out").values_list("status", flat=True)) == {"queued"}
    assert Event.objects.filter(kind="alert", payload__alert="sending_stopped").count() == 1
    assert len(graph.calls) == 2

    resume_sending(account if is_accounts else cast.number, by=cast.ada)
    for each in (message, second):
        due_again(each)
    deliver_now()

    assert len(graph.sent) == 2


def test_a_late_no_to_a_replaced_token_stops_nothing(cast, graph: FakeGraph):
    message = reply(cast)
    account = cast.number.business_account

    def admin_is_faster(_payload) -> None:
        account.access_token = "a-new-token"
        account.save()

    graph.before, graph.answers = admin_is_faster, [graph_error(190, 401)]
    deliver_now()

    account.refresh_from_db()
    message.refresh_from_db()
    assert account.sending_stopped_at is None
    assert message.status == MessageStatus.QUEUED

    due_again(message)
    deliver_now()

    assert len(graph.sent) == 1


def test_after_a_resume_the_window_is_asked_again(cast, graph: FakeGraph):
    message = reply(cast)
    graph.answers = [graph_error(190, 401)]
    deliver_now()
    cast.claras.last_customer_message_at = timezone.now() - timedelta(hours=24)
    cast.claras.save()
    account = cast.number.business_account
    account.refresh_from_db()

    resume_sending(account, by=cast.ada)
    due_again(message)
    deliver_now()

    message.refresh_from_db()
    assert (message.status, message.error_code) == (MessageStatus.FAILED, errors.WINDOW_CLOSED)
    assert graph.sent == []


def test_without_a_payment_method_replies_still_go_out(cast, graph: FakeGraph):
    account = cast.number.business_account
    account.sending_stopped_at, account.sending_stopped_code = timezone.now(), 131042
    account.save()
    reply(cast)
    template = factories.template(cast.number, body="Hallo", examples=())
    replying.send_template(cast.darios, by=cast.ben, template=template, values={}, uid=uuid.uuid4())

    deliver_now()

    assert [payload["type"] for payload in graph.sent] == ["text"]


# --- Nobody knows -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("trouble", [
    requests.ReadTimeout(), requests.ConnectionError("Connection aborted."), response(502, "<html>Bad gateway</html>"),
    response(500, ""), response(200, "<html>ok?</html>"), response(200, {"messages": []}),
    requests.exceptions.ChunkedEncodingError(),
])  # fmt: skip
def test_an_answer_that_got_lost_is_unknown_and_never_sent_again_by_itself(cast, graph: FakeGraph, trouble):
    message = reply(cast)
    graph.answers = [trouble]

    deliver_now()
    Message.objects.filter(pk=message.pk).update(unknown_since=timezone.now() - timedelta(days=1))
    for _ in range(3):
        deliver_now()
        delivery_results.mark_unconfirmed()

    message.refresh_from_db()
    assert (message.status, message.attempt) == (MessageStatus.UNKNOWN, 1)
    assert len(graph.calls) == 1


def test_an_unknown_message_holds_up_the_next_one_for_a_minute_only(cast, graph: FakeGraph):
    first = reply(cast, "eins")
    graph.answers = [requests.ReadTimeout()]
    deliver_now()
    reply(cast, "zwei")

    assert deliver_now() == []
    Message.objects.filter(pk=first.pk).update(unknown_since=Now() - timedelta(seconds=61))
    deliver_now()

    assert graph.texts == ["zwei"]


def test_after_ten_minutes_a_person_is_asked(cast, graph: FakeGraph):
    message = reply(cast)
    graph.answers = [requests.ReadTimeout()]
    deliver_now()

    assert delivery_results.mark_unconfirmed() == 0
    Message.objects.filter(pk=message.pk).update(unknown_since=timezone.now() - timedelta(minutes=10, seconds=1))
    assert delivery_results.mark_unconfirmed() == 1
    assert delivery_results.mark_unconfirmed() == 0

    message.refresh_from_db()
    assert message.error_code == errors.UNCONFIRMED
    replying.send_again(message, by=cast.ben, uid=uuid.uuid4())
    deliver_now()
    assert len(graph.sent) == 1


def test_a_sender_that_died_leaves_its_message_unknown(cast, graph: FakeGraph):
    message = reply(cast)
    graph.before = lambda payload: Message.objects.filter(pk=message.pk).update(
        lease_until=timezone.now() - timedelta(seconds=1)
    )
    graph.answers = [graph_error(131016, 500)]
    claim = delivery_claims.claim(delivery_claims.due_numbers()[0], 10)
    late = delivery.attempt(claim.messages[0], CloudAPI(cast.number))

    delivery_results.store(delivery_results.expired_leases())

    message.refresh_from_db()
    assert message.status == MessageStatus.UNKNOWN
    # Its own answer may still come, and then it counts.
    delivery_results.store([late])
    message.refresh_from_db()
    assert message.status == MessageStatus.QUEUED


def test_the_result_of_an_older_attempt_changes_nothing(cast, graph: FakeGraph):
    message = reply(cast)
    graph.answers = [graph_error(131016, 500)]
    old = deliver_now()
    due_again(message)
    deliver_now()

    delivery_results.store(old)

    message.refresh_from_db()
    assert message.status == MessageStatus.ACCEPTED


def test_storing_a_result_twice_changes_nothing(cast, graph: FakeGraph):
    message = reply(cast)
    outcomes = deliver_now()

    delivery_results.store(outcomes)

    message.refresh_from_db()
    assert (message.status, message.attempt) == (MessageStatus.ACCEPTED, 1)


# --- Faster than our own answer ---------------------------------------------------------------------------------------


def test_a_status_that_was_faster_than_our_answer_is_kept(cast, graph: FakeGraph):
    message = reply(cast)
    graph.before = lambda payload: Message.objects.filter(pk=message.pk).update(
        status=MessageStatus.DELIVERED, delivered_at=timezone.now(), lease_until=None
    )

    deliver_now()

    message.refresh_from_db()
    assert (message.status, message.wamid) == (MessageStatus.DELIVERED, "wamid.fake1")
    assert message.accepted_at is not None


def test_a_status_without_our_id_is_applied_once_the_wamid_is_known(cast, graph: FakeGraph):
    message = reply(cast)
    early = StatusUpdate(
        path="", waba_id="", phone_number_id=cast.number.phone_number_id, wamid="wamid.fake1", status="delivered",
        at=timezone.now(), person=Person(phone=cast.clara.phone),
    )
    UnmatchedStatus.objects.create(
        phone_number=cast.number, wamid=early.wamid, status=early.status, payload=early.as_payload()
    )

    deliver_now()

    message.refresh_from_db()
    assert message.status == MessageStatus.DELIVERED
    assert not UnmatchedStatus.objects.exists()


def test_words_about_a_failed_try_leave_the_screen_when_it_is_accepted(cast, graph: FakeGraph):
    message = reply(cast)
    graph.answers = [graph_error(131016, 500, error_data={"details": "x"})]
    deliver_now()
    Message.objects.filter(pk=message.pk).update(not_before=None)

    deliver_now()

    last = Event.objects.filter(payload__uid=str(message.uid)).latest("pk").payload
    assert last["kind"] == "message_changed"
    assert all("failed--held" not in parts["message"] for parts in last["html"].values())


def test_an_accepted_message_ticks_without_a_rendered_part(cast, graph: FakeGraph):
    message = reply(cast)

    deliver_now()

    ticks = Event.objects.get(kind="ticks").payload["ticks"]
    assert ticks == [{"uid": str(message.uid), "status": "accepted"}]
