"""What monitoring is told: Prometheus' format, true numbers, constant cost, and nothing while Redis is away."""

import re
from datetime import timedelta
from unittest import mock

import pytest
import redis
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inbox import figures, presence
from inbox.enums import MessageStatus
from inbox.models import DeliveryAttempt, LostWindow, Message
from tests import factories
from tests.cast import make_cast
from whatsapp.models import DeliveryState, WebhookDelivery

pytestmark = pytest.mark.django_db
LINE = re.compile(r'tresen_[a-z0-9_]+(\{[a-z_]+="[^"\\]*"(,[a-z_]+="[^"\\]*")*\})? -?[0-9.e+]+')


def scraped() -> dict[str, float]:
    text = Client().get("/metrics", REMOTE_ADDR="127.0.0.1").content.decode()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _space, value in (line.rpartition(" ") for line in lines)}


def test_it_is_prometheus_text_and_every_number_is_explained_once() -> None:
    make_cast()

    text = Client().get("/metrics", REMOTE_ADDR="127.0.0.1").content.decode()

    lines = text.splitlines()
    numbers = [line for line in lines if not line.startswith("#")]
    names = [line.split("{")[0].split(" ")[0] for line in numbers]
    explained = [line.split(" ")[2] for line in lines if line.startswith("# HELP")]
    assert [line for line in numbers if not LINE.fullmatch(line)] == []
    assert sorted(set(names)) == sorted(explained)
    assert len([line for line in lines if line.startswith("# TYPE")]) == len(explained)


def test_the_numbers_are_true() -> None:
    cast, now = make_cast(), timezone.now()
    app = cast.number.business_account.meta_app
    WebhookDelivery.objects.create(
        meta_app=app, body=b"{}", sha256="0" * 64, state=DeliveryState.NEW, received_at=now - timedelta(seconds=40)
    )
    for status, count in ((MessageStatus.QUEUED, 2), (MessageStatus.UNKNOWN, 1)):
        for _each in range(count):
            factories.outbound_message(cast.claras, status=status)
    Message.objects.filter(status="queued").update(created_at=now - timedelta(seconds=20))
    for hours in (1, 30):
        at = now - timedelta(hours=hours)
        LostWindow.objects.create(
            workspace=cast.workspace, conversation=cast.claras, phone_number=cast.number, window_of=at,
            waiting_since=at, closed_at=at, why="queue",
        )  # fmt: skip
    presence.beat(cast.workspace.pk, cast.ben.pk, "tab-1")
    presence.beat(cast.workspace.pk, cast.ben.pk, "tab-2")

    found = scraped()

    assert found["tresen_webhook_deliveries_waiting"] == 1
    assert 40 <= found["tresen_webhook_oldest_waiting_seconds"] < 400
    assert found['tresen_messages_under_way{status="queued"}'] == 2
    assert found['tresen_messages_under_way{status="unknown"}'] == 1
    assert 20 <= found["tresen_outbox_oldest_due_seconds"] < 400
    assert found["tresen_windows_lost_24h"] == 1
    assert found["tresen_sockets_open"] == 2
    assert found['tresen_loop_active{loop="ingest"}'] == 0
    assert found["tresen_redis_up"] == 1
    assert 'tresen_queue_failed_jobs{queue="attachments"}' in found


def test_latency_is_of_the_latest_first_tries() -> None:
    cast, now = make_cast(), timezone.now()
    for number, seconds in ((1, 1.0), (1, 2.0), (1, 9.0), (2, 500.0)):
        message = factories.outbound_message(cast.claras)
        Message.objects.filter(pk=message.pk).update(created_at=now - timedelta(seconds=seconds))
        DeliveryAttempt.objects.create(message=message, number=number, finished_at=now, outcome="accepted")
    planned = factories.outbound_message(cast.claras, not_before=now - timedelta(seconds=3))
    Message.objects.filter(pk=planned.pk).update(created_at=now - timedelta(hours=5))
    DeliveryAttempt.objects.create(message=planned, number=1, finished_at=now, outcome="accepted")
    old = factories.outbound_message(cast.claras)
    DeliveryAttempt.objects.create(message=old, number=1, finished_at=now - timedelta(hours=1), outcome="accepted")

    latency = figures.send_latency()

    assert latency is not None
    assert (latency.count, round(latency.median), round(latency.slow)) == (4, 3, 9)
    assert figures.send_latency(now + timedelta(hours=1)) is None


def test_counts_stop_at_their_cap_and_the_number_of_questions_does_not_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    cast = make_cast()
    with CaptureQueriesContext(connection) as few:
        scraped()
    for _each in range(12):
        factories.outbound_message(cast.claras, status=MessageStatus.QUEUED)
        factories.conversation(cast.number)
    monkeypatch.setattr(figures, "CAP", 5)

    with CaptureQueriesContext(connection) as many:
        found = scraped()

    assert found['tresen_messages_under_way{status="queued"}'] == 5
    assert found["tresen_conversations_open"] == 5
    assert len(many) == len(few)


def test_without_redis_the_rest_is_told() -> None:
    with mock.patch("config.metrics.queue_states", side_effect=redis.ConnectionError("secret-host")):
        found = scraped()

    assert found["tresen_redis_up"] == 0
    assert "tresen_sockets_open" not in found
    assert "tresen_disk_free_bytes" in found


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/health/live", "/health/ready"])
def test_signs_of_life_need_no_https_and_no_sign_in(path: str, settings: mock.Mock) -> None:
    settings.SECURE_SSL_REDIRECT = True

    answer = Client().get(path)

    assert (answer.status_code, answer.content) == (200, b"ok\n")


def test_monitoring_inside_the_house_needs_no_https(settings: mock.Mock) -> None:
    settings.SECURE_SSL_REDIRECT, settings.METRICS_TOKEN = True, "a-long-token-for-monitoring"

    answer = Client().get("/metrics", HTTP_AUTHORIZATION="Bearer a-long-token-for-monitoring", REMOTE_ADDR="8.8.8.8")

    assert answer.status_code == 200
