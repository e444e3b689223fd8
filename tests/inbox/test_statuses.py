"""Ticks, failures and prices: any order and any repetition of what Meta tells ends the same."""

import itertools
import json
import uuid
from datetime import date, datetime
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox.actions.intake import Intake
from inbox.actions.statuses import add_delivered, apply_statuses, apply_unmatched, match_waiting
from inbox.enums import MessageStatus
from inbox.models import Consent, Conversation, Event, Message, ServiceMessageCount, UnmatchedStatus
from tests import factories, webhooks
from whatsapp import payloads
from whatsapp.models import PhoneNumber

BASE = 1795341600
HISTORY = {"sent": BASE + 1, "delivered": BASE + 3, "read": BASE + 60, "played": BASE + 70}
PRICES = {"sent": "utility", "delivered": "service"}


@pytest.fixture
def number(db: None) -> PhoneNumber:
    return webhooks.radhaus()


def outgoing(number: PhoneNumber, **fields: Any) -> Message:
    conversation = factories.conversation(number, factories.contact(number, "Lena", phone="4915100001234"))
    fields.setdefault("status", MessageStatus.ACCEPTED)
    return factories.outbound_message(conversation, "Gern.", at=unix(BASE), **fields)


def unix(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=webhooks.RECEIVED_AT.tzinfo)


def body(*statuses: dict[str, Any]) -> dict[str, Any]:
    return webhooks.envelope({"statuses": list(statuses)})


def told(status: str, wamid: str = "wamid.out", at: int | None = None, **fields: Any) -> dict[str, Any]:
    entry = {"id": wamid, "status": status, "timestamp": str(at or HISTORY.get(status, BASE + 5)), **fields}
    if status in PRICES:
        entry["pricing"] = {"category": PRICES[status], "type": "regular"}
    return entry


def failure(code: int, at: int = BASE + 5, **fields: Any) -> dict[str, Any]:
    return told("failed", at=at, errors=[{"code": code, "title": "x", "error_data": {"details": "weil"}}], **fields)


def apply(number: PhoneNumber, *statuses: dict[str, Any]) -> None:
    items: Any = payloads.parse(json.dumps(body(*statuses)).encode())
    with transaction.atomic():
        add_delivered(apply_statuses(number, items, Intake(webhooks.RECEIVED_AT)))


def state_of(message: Message) -> dict[str, Any]:
    row = Message.objects.filter(pk=message.pk).values(
        "wamid", "status", "accepted_at", "sent_at", "delivered_at", "read_at", "played_at", "failed_at",
        "error_code", "error_detail", "pricing", "unknown_since",
    ).get()  # fmt: skip
    conversation = Conversation.objects.get(pk=message.conversation_id)
    counts = list(ServiceMessageCount.objects.values_list("month", "delivered"))
    return {**row, "counts": counts, "row": conversation.preview["status"], "warned": conversation.has_failed_send}


class Undo(Exception):
    pass


@pytest.mark.django_db
@pytest.mark.parametrize("start", [MessageStatus.ACCEPTED, MessageStatus.SENDING, MessageStatus.UNKNOWN])
def test_every_order_and_repetition_of_a_history_ends_the_same(number: PhoneNumber, start: MessageStatus) -> None:
    message = outgoing(number, wamid="" if start != MessageStatus.ACCEPTED else "wamid.out", status=start)
    callback = {"biz_opaque_callback_data": str(message.uid)}
    history = [told(status, **callback) for status in HISTORY]
    expected: list[dict[str, Any]] = []

    @given(st.permutations(history), st.lists(st.sampled_from(history), max_size=4), st.booleans())
    @settings(max_examples=60, deadline=None)
    def check(order: list[Any], repeated: list[Any], at_once: bool) -> None:
        try:
            with transaction.atomic():
                if at_once:
                    apply(number, *order, *repeated)
                else:
                    for status in (*order, *repeated):
                        apply(number, status)
                expected.append(state_of(message))
                raise Undo
        except Undo:
            pass
        assert expected[-1] == expected[0]

    check()
    assert expected[0]["status"] == MessageStatus.PLAYED
    assert [expected[0][f"{name}_at"] for name in HISTORY] == [unix(at) for at in HISTORY.values()]
    assert expected[0]["counts"] == [(date(2026, 11, 1), 1)]
    assert expected[0]["pricing"]["category"] == "service"


@pytest.mark.django_db
def test_every_order_with_a_failure_that_was_wrong_ends_as_delivered(number: PhoneNumber) -> None:
    message = outgoing(number, wamid="wamid.out")
    found = []
    for order in itertools.permutations([told("sent"), told("delivered"), failure(131000)]):
        try:
            with transaction.atomic():
                apply(number, *order)
                found.append(state_of(message))
                raise Undo
        except Undo:
            pass

    assert all(state == found[0] for state in found)
    assert (found[0]["status"], found[0]["error_code"], found[0]["warned"]) == ("delivered", None, False)


@pytest.mark.django_db
def test_a_status_before_our_own_answer_settles_the_message(number: PhoneNumber) -> None:
    message = outgoing(number, wamid="", status=MessageStatus.UNKNOWN, unknown_since=unix(BASE))

    apply(number, told("sent", biz_opaque_callback_data=str(message.uid)))

    message.refresh_from_db()
    assert (message.wamid, message.status, message.unknown_since) == ("wamid.out", MessageStatus.SENT, None)
    assert message.accepted_at is not None


@pytest.mark.django_db
def test_our_own_id_wins_over_nothing_and_foreign_words_are_no_id(number: PhoneNumber) -> None:
    message = outgoing(number, wamid="wamid.out")

    apply(number, told("sent", biz_opaque_callback_data="inbox:msg:018f3c2a"))
    apply(number, told("read", wamid="wamid.else", biz_opaque_callback_data=f"tresen:{uuid.uuid4()}"))

    message.refresh_from_db()
    assert message.status == MessageStatus.SENT
    assert UnmatchedStatus.objects.get().wamid == "wamid.else"


@pytest.mark.django_db
def test_a_status_of_an_unknown_message_waits_and_makes_nothing(number: PhoneNumber) -> None:
    apply(number, told("sent"), told("delivered"), told("sent"))

    assert UnmatchedStatus.objects.count() == 2
    assert not Conversation.objects.exists()


@pytest.mark.django_db
def test_waiting_statuses_are_applied_when_the_wamid_is_stored(number: PhoneNumber) -> None:
    apply(number, told("delivered"), told("sent"))
    message = outgoing(number, wamid="wamid.out")

    with transaction.atomic():
        assert apply_unmatched(message) is True

    message.refresh_from_db()
    assert (message.status, message.sent_at) == (MessageStatus.DELIVERED, unix(HISTORY["sent"]))
    assert not UnmatchedStatus.objects.exists()


@pytest.mark.django_db
def test_what_was_stored_at_the_same_moment_is_matched_a_little_later(number: PhoneNumber) -> None:
    message = outgoing(number, wamid="wamid.out")
    UnmatchedStatus.objects.create(
        phone_number=number, wamid="wamid.out", status="read",
        payload=payloads.parse(json.dumps(body(told("read"))).encode())[0].as_payload(),  # type: ignore[attr-defined]
    )

    with transaction.atomic():
        assert match_waiting() == 1

    message.refresh_from_db()
    assert message.status == MessageStatus.READ


@pytest.mark.django_db
def test_a_status_of_a_foreign_number_finds_nothing(number: PhoneNumber) -> None:
    foreign = factories.number(factories.workspace("Fremd"))
    message = outgoing(number, wamid="wamid.out")

    apply(foreign, told("read", biz_opaque_callback_data=str(message.uid)))

    message.refresh_from_db()
    assert message.status == MessageStatus.ACCEPTED


@pytest.mark.django_db
def test_a_customers_own_message_has_no_ticks(number: PhoneNumber) -> None:
    conversation = factories.conversation(number)
    message = factories.inbound_message(conversation, wamid="wamid.out")

    apply(number, told("read"))

    message.refresh_from_db()
    assert message.status == MessageStatus.RECEIVED


@pytest.mark.django_db
def test_a_time_in_the_future_is_cut_at_our_receipt(number: PhoneNumber) -> None:
    message = outgoing(number, wamid="wamid.out")

    apply(number, told("delivered", at=BASE + 10**7))

    message.refresh_from_db()
    assert message.delivered_at == webhooks.RECEIVED_AT


@pytest.mark.django_db
def test_the_free_thousand_counts_by_the_accounts_calendar_and_no_templates(number: PhoneNumber) -> None:
    last_second_in_berlin = int(datetime.fromisoformat("2026-10-31T23:30:00+00:00").timestamp())
    outgoing(number, wamid="wamid.out")
    conversation = Conversation.objects.get()
    factories.outbound_message(conversation, "t", wamid="wamid.t", kind="template", status=MessageStatus.ACCEPTED)

    apply(number, told("delivered", at=last_second_in_berlin), told("delivered", wamid="wamid.t"))

    counted = ServiceMessageCount.objects.values_list("month", "delivered")
    assert list(counted) == [(date(2026, 11, 1), 1)]


@pytest.mark.django_db
def test_an_older_refusal_does_not_close_a_window_that_the_customer_opened_again(number: PhoneNumber) -> None:
    message = outgoing(number, wamid="wamid.out")
    factories.inbound_message(message.conversation, "neu", at=unix(BASE + 100))

    apply(number, failure(131047, at=BASE + 50))

    conversation = Conversation.objects.get()
    assert conversation.service_window.is_open(unix(BASE + 200))


@pytest.mark.django_db
def test_a_failure_without_a_reason_is_still_a_failure_and_stops_nothing(number: PhoneNumber) -> None:
    message = outgoing(number, wamid="wamid.out")

    apply(number, told("failed"))
    apply(number, told("failed", errors=[{"title": "?"}]))

    message.refresh_from_db()
    assert (message.status, message.error_code) == (MessageStatus.FAILED, 131000)
    assert PhoneNumber.objects.get(pk=number.pk).business_account.sending_stopped_at is None


@pytest.mark.django_db
def test_a_stop_told_twice_is_one_piece_of_evidence(number: PhoneNumber) -> None:
    outgoing(number, wamid="wamid.out")

    apply(number, failure(131050))
    apply(number, failure(131050))

    consent = Consent.objects.get()
    assert (consent.state, consent.source, consent.wording) == ("withdrawn", "meta_error", "weil")


@pytest.mark.django_db
def test_a_hundred_ticks_are_told_in_few_queries_and_one_event_a_conversation(
    number: PhoneNumber, django_assert_max_num_queries: Any
) -> None:
    message = outgoing(number, wamid="wamid.0")
    for index in range(1, 40):
        factories.outbound_message(message.conversation, "x", wamid=f"wamid.{index}", status=MessageStatus.ACCEPTED)

    with django_assert_max_num_queries(60):
        apply(number, *[told("delivered", wamid=f"wamid.{index}") for index in range(40)])

    assert Event.objects.filter(kind="ticks").count() == 1
    assert Message.objects.filter(status=MessageStatus.DELIVERED).count() == 40
