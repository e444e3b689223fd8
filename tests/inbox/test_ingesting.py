"""Every stored delivery has an end; nothing takes its neighbours along; doing it again changes nothing."""

import json
import logging
import threading
import time
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
import redis
from django.db import OperationalError, connection, connections
from django.utils import timezone

from inbox import jobs
from inbox.actions import ingesting, receiving
from inbox.actions.ingesting import Ingester
from inbox.loops import ingest
from inbox.loops.ingest import LOCK_NAME, IngestLoop
from inbox.models import Attachment, Conversation, Event, Message, RoutingDecision
from tests import factories, webhooks
from tests.webhooks import text
from whatsapp import deliveries
from whatsapp.models import AppSecret, PhoneNumber, WebhookDelivery

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def number() -> PhoneNumber:
    return webhooks.radhaus()


def last() -> WebhookDelivery:
    return WebhookDelivery.objects.latest("pk")


POISON = [
    b"",
    b"\xff\xfe\x00",
    b"[" * 100_000,
    b'{"object":"whatsapp_business_account","entry":' + b'{"a":' * 5000 + b"1" + b"}" * 5001,
    b'{"object":"whatsapp_business_account","entry":[{"id":' + b"9" * 5000 + b"}]}",
    b'{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"messages","value":NaN}]}]}',
    b"[]",
    b'{"object":"whatsapp_business_account"}',
    b'{"object":"page","entry":[]}',
    b'{"object":"whatsapp_business_account","entry":[]}',
]


@pytest.mark.parametrize("body", POISON)
def test_signed_rubbish_is_kept_with_a_reason_and_the_next_webhook_is_unaffected(body: bytes) -> None:
    good = json.dumps(text("wamid.1", "danach")).encode()

    webhooks.receive(body, good)

    rubbish, after = WebhookDelivery.objects.order_by("pk")
    assert rubbish.state in {"failed", "ignored"}
    assert rubbish.reason
    assert bytes(rubbish.body) == body
    assert (after.state, Message.objects.get().text) == ("processed", "danach")


@pytest.mark.parametrize(("body", "shown"), [
    ("Nul\x00l", "Null"),
    ("halb \ud83d Emoji", "halb \ufffd Emoji"),
    ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    ("x" * 30_000, "x" * 20_000),
])
def test_strange_text_is_stored_as_far_as_it_can_be(body: str, shown: str) -> None:
    webhooks.receive(text("wamid.1", body, name=body))

    assert Message.objects.get().text == shown
    assert Conversation.objects.get().contact.profile_name == shown[:200]


def test_a_batch_of_a_hundred_with_three_odd_ones_keeps_the_rest() -> None:
    changes = [text(f"wamid.{index}", f"Text {index}")["entry"][0]["changes"][0] for index in range(100)]
    changes[10] = {"field": "messages", "value": 5}
    changes[20] = {"field": "loyalty_program_update", "value": {"x": 1}}
    changes[30] = text("wamid.30", "", type="hologram")["entry"][0]["changes"][0]
    body = {"object": "whatsapp_business_account", "entry": [
        {"id": "208765432100001", "changes": changes[:50]}, {"id": "208765432100001", "changes": changes[50:]},
    ]}  # fmt: skip

    webhooks.receive(body)

    delivery = last()
    assert Message.objects.filter(kind="text").count() == 97
    assert Message.objects.get(kind="unsupported").data["type"] == "hologram"
    assert (delivery.state, delivery.reason) == ("failed", "value is missing")
    assert delivery.findings == [
        {"path": "entry[0].changes[10]", "outcome": "failed", "reason": "value is missing"},
        {"path": "entry[0].changes[20].value", "outcome": "ignored", "reason": "field loyalty_program_update"},
    ]


def test_a_delivery_of_thousand_statuses_and_messages_takes_several_transactions() -> None:
    conversation = factories.conversation(PhoneNumber.objects.get(phone_number_id="109876543210001"))
    for index in range(150):
        factories.outbound_message(conversation, "x", wamid=f"wamid.out{index}", status="accepted")
    statuses = [{"id": f"wamid.out{index}", "status": "read", "timestamp": "1795341600"} for index in range(150)]
    value = text("wamid.0", "")["entry"][0]["changes"][0]["value"]
    value["messages"] = [text(f"wamid.in{index}", "x")["entry"][0]["changes"][0]["value"]["messages"][0]
                         for index in range(120)]
    body = webhooks.envelope({"statuses": statuses, "messages": value["messages"]})
    webhooks.post(json.dumps(body).encode())

    ingester, transactions = Ingester(), 0
    while ingester.ingest_next() is not None:
        transactions += 1

    assert transactions == 3
    assert Message.objects.filter(status="read").count() == 150
    assert Message.objects.filter(direction="in").count() == 120
    assert last().state == "processed"


def test_dying_in_the_middle_of_a_long_delivery_loses_and_doubles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    value = text("wamid.0", "")["entry"][0]["changes"][0]["value"]
    value["messages"] = [text(f"wamid.{index}", "x")["entry"][0]["changes"][0]["value"]["messages"][0]
                         for index in range(250)]
    webhooks.post(json.dumps(webhooks.envelope(value)).encode())
    Ingester().ingest_next()  # and then the process is gone, with all it knew
    assert Message.objects.count() == 100

    webhooks.ingest()

    assert Message.objects.count() == 250
    assert Conversation.objects.get().inbound_count == 250


def test_one_item_that_breaks_takes_nothing_along(monkeypatch: pytest.MonkeyPatch) -> None:
    store = receiving.receive_message

    def breaks_on_two(number: Any, item: Any, intake: Any) -> Any:
        message = store(number, item, intake)
        if item.text == "zwei":
            raise RuntimeError("after everything was written")
        return message

    monkeypatch.setitem(ingesting.NUMBER_ACTIONS, ingesting.payloads.InboundMessage, breaks_on_two)
    body = text("wamid.1", "eins")
    body["entry"][0]["changes"] += [text(f"wamid.{n}", word)["entry"][0]["changes"][0]
                                    for n, word in ((2, "zwei"), (3, "drei"))]

    webhooks.receive(body)

    assert sorted(Message.objects.values_list("text", flat=True)) == ["drei", "eins"]
    assert Conversation.objects.get().inbound_count == 2
    assert Event.objects.filter(kind="message").count() == 2
    assert last().findings == [
        {"path": "entry[0].changes[1].value.messages[0]", "outcome": "failed",
         "reason": "RuntimeError: after everything was written"}
    ]  # fmt: skip


def test_replay_after_a_repair_finishes_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        def fails(*args: Any) -> None:
            raise RuntimeError("a mistake of ours")

        broken.setitem(ingesting.NUMBER_ACTIONS, ingesting.payloads.InboundMessage, fails)
        webhooks.receive(text("wamid.1", "Hallo"))
    assert (last().state, Message.objects.count()) == ("failed", 0)

    deliveries.replay([last()])
    webhooks.ingest()

    assert (last().state, last().findings, Message.objects.get().text) == ("processed", [], "Hallo")


def test_trouble_of_the_database_is_tried_again_with_pauses_and_then_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def deadlock(*args: Any) -> None:
        raise OperationalError("deadlock detected")

    monkeypatch.setitem(ingesting.NUMBER_ACTIONS, ingesting.payloads.InboundMessage, deadlock)
    webhooks.post(json.dumps(text("wamid.1", "x")).encode())
    pauses = []

    for _ in range(5):
        WebhookDelivery.objects.filter(state="new").update(next_try_at=None)
        Ingester().ingest_next()
        if last().next_try_at:
            pauses.append(round((last().next_try_at - timezone.now()).total_seconds()))

    assert pauses == [1, 5, 30, 120]
    assert (last().state, last().attempts, last().reason) == ("failed", 5, "OperationalError, 5 times")


def test_a_culprit_in_a_batch_is_found_and_the_others_go_through(monkeypatch: pytest.MonkeyPatch) -> None:
    store = receiving.receive_message

    def deadlock_on_two(number: Any, item: Any, intake: Any) -> Any:
        if item.text == "zwei":
            raise OperationalError("deadlock detected")
        return store(number, item, intake)

    monkeypatch.setitem(ingesting.NUMBER_ACTIONS, ingesting.payloads.InboundMessage, deadlock_on_two)
    webhooks.post(*(json.dumps(text(f"wamid.{n}", word)).encode() for n, word in enumerate(("eins", "zwei", "drei"))))

    webhooks.ingest()

    assert sorted(Message.objects.values_list("text", flat=True)) == ["drei", "eins"]
    waiting = WebhookDelivery.objects.get(state="new")
    assert waiting.attempts == 1
    assert waiting.next_try_at is not None


def test_a_number_nobody_connected_is_quarantined(caplog: pytest.LogCaptureFixture) -> None:
    body = text("wamid.1", "fremd")
    body["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = "999"

    webhooks.receive(body)

    assert (last().state, last().reason) == ("ignored", "quarantined: number 999 is not connected here")
    assert not Message.objects.exists()


def test_a_number_of_another_app_or_account_is_quarantined() -> None:
    foreign = factories.number(factories.workspace("Fremd"))
    AppSecret.objects.filter(meta_app=foreign.business_account.meta_app).update(secret="x")
    body = text("wamid.1", "fremd")
    body["entry"][0]["id"] = foreign.business_account.waba_id
    body["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = foreign.phone_number_id
    mixed = text("wamid.2", "falsches Konto")
    mixed["entry"][0]["id"] = "208765432100002"
    ban = {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE"}}
    account = webhooks.envelope(ban, "account_update", waba_id=foreign.business_account.waba_id)

    webhooks.receive(body, mixed, account)

    assert [row.reason.split(":")[0] for row in WebhookDelivery.objects.all()] == ["quarantined"] * 3
    assert not Message.objects.exists()
    foreign.business_account.refresh_from_db()
    assert foreign.business_account.sending_stopped_at is None


def test_without_redis_everything_is_stored_and_the_file_is_fetched_later(
    monkeypatch: pytest.MonkeyPatch, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    class Gone:
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            raise redis.ConnectionError("gone")

    settings.RQ = {**settings.RQ, "QUEUE_CLASS": Gone}
    monkeypatch.setattr(jobs._Redis, "rests_until", 0.0)

    webhooks.receive(webhooks.sample("06"), text("wamid.2", "und Text"))

    assert Message.objects.count() == 2
    assert Attachment.objects.get().state == "pending"
    assert "could not be queued" in caplog.text
    assert not WebhookDelivery.objects.exclude(state="processed").exists()


def test_the_age_of_the_oldest_due_delivery() -> None:
    assert deliveries.oldest_unprocessed_age() == 0.0
    webhooks.post(b"{}", b"{}")
    now = timezone.now()
    first, second = WebhookDelivery.objects.order_by("pk")
    WebhookDelivery.objects.filter(pk=first.pk).update(
        received_at=now - timedelta(minutes=9), next_try_at=now + timedelta(minutes=1)
    )
    WebhookDelivery.objects.filter(pk=second.pk).update(received_at=now - timedelta(minutes=3))

    assert deliveries.oldest_unprocessed_age(now) == 180.0  # the first one waits on purpose


# --- The loop itself -------------------------------------------------------------------------------------------------


class Running:
    """The loop in a thread of its own, with a database connection of its own."""

    def __init__(self) -> None:
        self.loop = IngestLoop()
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            self.loop.run()
        finally:
            connections.close_all()

    def __enter__(self) -> "Running":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.stop()
        self.thread.join(20)
        assert not self.thread.is_alive()


def eventually(question: Any, seconds: float = 15.0) -> bool:
    """Wait for it without burning the processor."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.05)):
        if question():
            return True
        pause.wait(0.05)
    return False


def processed(count: int) -> bool:
    return WebhookDelivery.objects.filter(state="processed").count() == count


def test_the_loop_takes_what_comes_and_stops_when_told() -> None:
    with Running():
        webhooks.post(json.dumps(text("wamid.1", "eins")).encode())
        assert eventually(lambda: processed(1))
        webhooks.post(json.dumps(text("wamid.2", "zwei")).encode())
        assert eventually(lambda: processed(2))

    assert Conversation.objects.get().team is not None


def test_between_two_looks_at_the_queue_there_is_time_to_store(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[tuple[float, float]] = []

    def route(workspace_id: int, *, expect_room: bool) -> list[RoutingDecision]:
        began = time.monotonic()
        try:
            return real(workspace_id, expect_room=expect_room)
        finally:
            looks.append((began, time.monotonic()))

    real = ingest.route
    monkeypatch.setattr(ingest, "route", route)
    with Running():
        for index in range(8):
            phone, bsuid = f"49151000020{index}", f"DE.8472615039821476{index}"
            webhooks.post(json.dumps(text(f"wamid.{index}", "Hallo", phone=phone, bsuid=bsuid)).encode())
        assert eventually(lambda: RoutingDecision.objects.count() == 8)  # of each: nobody is here

    pauses = [began - ended for (_, ended), (began, _) in pairwise(looks)]
    assert all(pause >= ingest.ROUTE_SECONDS for pause in pauses)


def test_only_one_of_two_loops_works_and_the_other_takes_over() -> None:
    with Running() as first, Running() as second:
        assert eventually(lambda: first.loop._session is not None or second.loop._session is not None)
        leader, other = (first, second) if first.loop._session is not None else (second, first)
        webhooks.post(json.dumps(text("wamid.1", "eins")).encode())
        assert eventually(lambda: processed(1))
        assert other.loop._session is None

        leader.loop.stop()
        webhooks.post(json.dumps(text("wamid.2", "zwei")).encode())

        assert eventually(lambda: processed(2))
        assert other.loop._session is not None


def test_the_loop_outlives_a_restart_of_the_database(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    with Running() as running:
        assert eventually(lambda: running.loop._session is not None)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(l.pid) FROM pg_locks l WHERE l.locktype = 'advisory'"
                " AND l.objid = (hashtext(%s)::bigint & 4294967295)::oid AND l.database ="
                " (SELECT oid FROM pg_database WHERE datname = current_database())",
                [LOCK_NAME],
            )
            assert cursor.rowcount >= 1

        webhooks.post(json.dumps(text("wamid.1", "danach")).encode())

        assert eventually(lambda: processed(1))
    assert "The database is away" in caplog.text
