"""The door for Meta: what is answered 200 is stored, everything else leaves no trace but a count."""

import asyncio
import hashlib
import json
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from config.hook import application
from tests import factories, webhooks
from tests.webhooks import Answer, call, signed
from whatsapp import door as door_module
from whatsapp.door import Door, door
from whatsapp.models import AppSecret, MetaApp, WebhookDelivery, WebhookRejection
from whatsapp.signature import sign
from whatsapp.webhook import WEBHOOK_PATH

pytestmark = pytest.mark.django_db(transaction=True)

BODY = webhooks.sample("01")


@pytest.fixture(autouse=True)
def app() -> MetaApp:
    return webhooks.radhaus().business_account.meta_app


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """Run it in a loop of its own, as a fresh process would, and close the door behind it."""

    async def closing() -> Any:
        try:
            return await work
        finally:
            await door().close()

    return asyncio.run(closing())


def refused(reason: str) -> int:
    return WebhookRejection.objects.get(reason=reason).count


def test_a_signed_post_is_stored_byte_for_byte_before_the_200(app: MetaApp) -> None:
    for name in ("01", "47"):
        body = webhooks.sample(name)

        assert webhooks.post(body) == [200]

        stored = WebhookDelivery.objects.latest("pk")
        assert bytes(stored.body) == body
        assert stored.sha256 == hashlib.sha256(body).hexdigest()
        assert (stored.meta_app, stored.state, stored.attempts) == (app, "new", 0)


def test_the_ingest_loop_is_woken_by_the_same_commit() -> None:
    with psycopg.connect(**listening(), autocommit=True) as other:
        other.execute("LISTEN tresen_ingest")

        webhooks.post(BODY)

        assert len(list(other.notifies(timeout=3, stop_after=1))) == 1


def listening() -> dict[str, Any]:
    settings = connection.settings_dict
    return {
        "host": settings["HOST"], "port": settings["PORT"], "user": settings["USER"], "dbname": settings["NAME"],
        "password": settings["PASSWORD"],
    }  # fmt: skip


@pytest.mark.parametrize(("headers", "reason"), [
    ([], "missing_signature"),
    ([(b"x-hub-signature-256", b"")], "missing_signature"),
    ([(b"x-hub-signature", b"sha1=0123456789abcdef0123456789abcdef01234567")], "missing_signature"),
    ([(b"x-hub-signature-256", sign(BODY, "another app"))], "wrong_signature"),
    ([(b"x-hub-signature-256", sign(BODY, factories.APP_SECRET)[:-1])], "wrong_signature"),
    ([(b"x-hub-signature-256", b"sha256=" + b"\xe4" * 64)], "wrong_signature"),
    ([(b"x-hub-signature-256", sign(BODY, factories.APP_SECRET))] * 2, "two_signatures"),
    ([(b"x-hub-signature-256", sign(json.dumps(json.loads(BODY)).encode(), factories.APP_SECRET))], "wrong_signature"),
])
def test_without_the_right_signature_nothing_is_stored_and_it_is_counted(
    headers: list[tuple[bytes, bytes]], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    answers = webhooks.posts([(BODY, headers), (BODY, headers)])

    assert [status for status, _, _ in answers] == [401, 401]
    assert not WebhookDelivery.objects.exists()
    assert refused(reason) == 2
    assert reason in caplog.text
    assert "Rosen" not in caplog.text


def test_counts_of_a_day_add_up_over_processes() -> None:
    for _ in range(3):
        webhooks.posts([(BODY, [])])

    assert refused("missing_signature") == 3


def test_a_rotated_secret_works_at_once_and_an_old_one_until_its_end(app: MetaApp) -> None:
    async def rotate() -> list[int]:
        first = (await call("POST", body=BODY, headers=signed(BODY)))[0]
        await asyncio.to_thread(rotate_rows)
        door().keys.loaded -= 1.1  # a second later
        second = (await call("POST", body=BODY, headers=signed(BODY, "new-secret")))[0]
        third = (await call("POST", body=BODY, headers=signed(BODY)))[0]
        return [first, second, third]

    def rotate_rows() -> None:
        AppSecret.objects.update(valid_until=timezone.now() - timedelta(seconds=1))
        AppSecret.objects.create(meta_app=app, secret="new-secret")
        connection.close()

    assert run(rotate()) == [200, 200, 401]


def test_wrong_signatures_make_the_door_read_its_keys_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    execute = Door.execute

    async def counted(self: Door, query: str, values: tuple[Any, ...]) -> Any:
        asked.append(query)
        return await execute(self, query, values)

    monkeypatch.setattr(Door, "execute", counted)

    webhooks.posts([(BODY, signed(BODY, "wrong"))] * 20)

    assert len([query for query in asked if "appsecret" in query]) <= 2


def test_the_app_whose_secret_matched_is_stored_with_the_row(app: MetaApp) -> None:
    other = factories.number(factories.workspace("Andere")).business_account.meta_app
    AppSecret.objects.filter(meta_app=other).delete()
    AppSecret.objects.create(meta_app=other, secret="other-secret")

    assert webhooks.post(BODY, secret="other-secret") == [200]

    assert WebhookDelivery.objects.get().meta_app == other


def test_a_body_of_three_megabytes_is_legal_and_one_byte_over_four_is_not() -> None:
    legal = BODY + b" " * (3 * 1024 * 1024 - len(BODY))
    largest = BODY + b" " * (4 * 1024 * 1024 - len(BODY))
    too_large = largest + b" "

    assert webhooks.post(legal, largest, too_large) == [200, 200, 413]

    assert WebhookDelivery.objects.count() == 2
    assert refused("too_large") == 1


def test_an_announced_size_is_refused_before_anything_is_read() -> None:
    async def announce() -> tuple[int, bool]:
        read = False

        async def receive() -> dict[str, Any]:
            nonlocal read
            read = True
            return {"type": "http.request", "body": BODY}

        sent: list[dict[str, Any]] = []

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        headers = [*signed(BODY), (b"content-length", b"500000000")]
        scope = {"type": "http", "method": "POST", "path": WEBHOOK_PATH, "query_string": b"", "headers": headers}
        await application(scope, receive, send)
        return sent[0]["status"], read

    assert run(announce()) == (413, False)


def test_a_lying_length_does_not_help() -> None:
    chunk = b"x" * 65536
    answer: Answer = run(call("POST", chunks=[chunk] * 80, headers=[*signed(chunk), (b"content-length", b"10")]))

    assert answer[0] == 413
    assert not WebhookDelivery.objects.exists()


def test_a_caller_who_hangs_up_before_the_end_leaves_nothing() -> None:
    assert run(call("POST", body=BODY[:50], headers=signed(BODY), disconnects=True)) == (0, {}, b"")

    assert not WebhookDelivery.objects.exists()


def test_a_caller_who_hangs_up_during_the_commit_does_not_undo_it(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Door.store

    async def slow(self: Door, app: int, body: bytes) -> None:
        await asyncio.sleep(0.1)
        await store(self, app, body)

    monkeypatch.setattr(Door, "store", slow)

    async def hang_up() -> None:
        task = asyncio.create_task(call("POST", body=BODY, headers=signed(BODY)))
        while not door().tasks:
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(*door().tasks, return_exceptions=True)

    run(hang_up())

    assert WebhookDelivery.objects.count() == 1


def test_trouble_of_ours_is_503_so_that_meta_repeats(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(self: Door, app: int, body: bytes) -> None:
        raise psycopg.OperationalError("the disk is full: " + body.decode())

    monkeypatch.setattr(Door, "store", broken)

    assert webhooks.post(BODY) == [503]
    assert "Rosen" not in caplog.text


def test_connections_that_the_server_has_ended_are_replaced() -> None:
    async def across_a_restart() -> list[int]:
        first = (await call("POST", body=BODY, headers=signed(BODY)))[0]
        await asyncio.to_thread(end_connections)
        return [first, (await call("POST", body=BODY, headers=signed(BODY)))[0]]

    def end_connections() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tresen-webhook'"
                " AND datname = current_database()"
            )
        connection.close()

    assert run(across_a_restart()) == [200, 200]
    assert WebhookDelivery.objects.count() == 2


def test_many_at_once_are_all_stored() -> None:
    async def many() -> list[int]:
        answers = await asyncio.gather(*(call("POST", body=BODY, headers=signed(BODY)) for _ in range(60)))
        return [status for status, _, _ in answers]

    assert run(many()) == [200] * 60
    assert WebhookDelivery.objects.count() == 60


def verify(query: str) -> Answer:
    return run(call("GET", query=query.encode()))


def test_verification_answers_the_challenge_as_plain_text() -> None:
    status, headers, body = verify("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=test-verify-token")

    assert (status, body) == (200, b"1158201444")
    assert headers[b"content-type"].startswith(b"text/plain")
    assert headers[b"x-content-type-options"] == b"nosniff"


@pytest.mark.parametrize("query", [
    "hub.mode=subscribe&hub.challenge=1&hub.verify_token=wrong",
    "hub.mode=subscribe&hub.challenge=1&hub.verify_token=",
    "hub.mode=subscribe&hub.challenge=1",
    "hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=test-verify-token",
    "hub.mode=subscribe&hub.challenge=1&hub.verify_token=%C3%A4",
    "",
])
def test_verification_with_anything_else_is_refused(query: str) -> None:
    assert verify(query)[0] == 403


@pytest.mark.parametrize(
    "challenge", ["%3Cscript%3Ealert(1)%3C/script%3E", "a" * 129, "a" * 10_000, "", "%0d%0aX: y", "1%0a"]
)
def test_a_challenge_that_is_no_word_is_not_echoed(challenge: str) -> None:
    status, _, body = verify(f"hub.mode=subscribe&hub.challenge={challenge}&hub.verify_token=test-verify-token")

    assert (status, body) == (400, b"")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
def test_other_methods_are_not_allowed(method: str) -> None:
    status, headers, _ = run(call(method))

    assert (status, headers[b"allow"]) == (405, b"GET, POST")


def test_a_body_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whatsapp.webhook.READ_SECONDS", 0.05)

    async def drip() -> int:
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            await asyncio.sleep(0.03)
            return {"type": "http.request", "body": b"x", "more_body": True}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": WEBHOOK_PATH, "query_string": b"", "headers": signed(BODY)}
        await application(scope, receive, send)
        return int(sent[0]["status"])

    assert run(drip()) == 408


def test_counts_that_cannot_be_written_are_kept_for_later(monkeypatch: pytest.MonkeyPatch) -> None:
    async def through_an_outage() -> None:
        here = door()
        here.count("wrong_signature")
        with monkeypatch.context() as away:
            async def unreachable(self: Door, query: str, values: tuple[Any, ...]) -> Any:
                raise psycopg.OperationalError("away")

            away.setattr(door_module.Door, "execute", unreachable)
            await here.flush()
        here.count("wrong_signature")

    run(through_an_outage())

    assert refused("wrong_signature") == 2
