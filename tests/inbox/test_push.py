"""Web Push against an endpoint of our own that decrypts what it gets, as a browser does."""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import http_ece
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from django.core.management import call_command
from django.db import connection
from django.test import Client, override_settings
from django.utils import timezone

from accounts import actions as people
from inbox import events, presence, push
from inbox.actions import assignment, notes, pushing
from inbox.models import Event, NotificationSettings, PushDevice, PushKey, PushNotice
from inbox.push_queue import requeue_lost
from tests import factories
from tests.cast import make_cast
from tests.pages import cookie_of, eventually, open_pages
from tests.recording_queue import forget_jobs, recorded_jobs, run_jobs

pytestmark = pytest.mark.django_db(transaction=True)


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def claims_of(token: str, key: str) -> dict:
    """What a signed token (ES256) says; a wrong signature raises."""
    head, claims, signature = token.split(".")
    both = raw(signature)
    der = encode_dss_signature(int.from_bytes(both[:32], "big"), int.from_bytes(both[32:], "big"))
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw(key))
    point.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    return json.loads(raw(claims))


class Browser:
    """A push service and the browser behind it."""

    def __init__(self):
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.auth = b"sixteen-bytes-ok"
        self.answers, self.requests = 201, []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):  # noqa: N802
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.requests.append((dict(self.headers), body))
                self.send_response(outer.answers)
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.origin = f"http://127.0.0.1:{self.server.server_port}"

    def subscription(self) -> dict:
        point = self.private.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        return {"endpoint": f"{self.origin}/push/abc", "p256dh": text(point), "auth": text(self.auth)}

    def received(self) -> list[dict]:
        """The payloads, decrypted with the browser's key."""
        return [
            json.loads(http_ece.decrypt(body, private_key=self.private, auth_secret=self.auth, version="aes128gcm"))
            for _headers, body in self.requests
        ]


@pytest.fixture
def browser():
    browser = Browser()
    yield browser
    browser.server.shutdown()
    browser.server.server_close()


@pytest.fixture
def cast():
    forget_jobs()
    cast = make_cast()
    cast.ben.language = "en"
    cast.ben.save()
    return cast


@pytest.fixture
def ben(cast, browser):
    """Ben's browser, in which he has switched on pushes."""
    client = Client(headers={"user-agent": "Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36"})
    client.force_login(cast.ben)
    assert client.post("/settings/notifications/devices/", browser.subscription()).status_code == 200
    return client


def write_in(conversation, words="Hallo?"):
    from django.db import transaction

    with transaction.atomic():
        conversation.refresh_from_db()
        message = factories.inbound_message(conversation, words)
        events.message_created(message)


# --- it arrives, encrypted, and says no more than it may


def test_an_assignment_and_a_message_reach_the_device_encrypted_and_signed_without_text(cast, ben, browser):
    assignment.assign(cast.claras, to_agent=cast.ben, by=cast.lea)
    write_in(cast.claras, "Meine Kreditkarte ist 4711")
    run_jobs()

    first, second = browser.received()
    assert (first["title"], first["body"]) == ("Clara Sommer", "Assigned to you")
    assert second["body"] == "2 new messages"
    assert second["data"] == {"url": f"/conversations/{cast.claras.pk}/"}
    assert not any(b"Clara" in body for _headers, body in browser.requests)
    headers = browser.requests[1][0]
    assert (headers["TTL"], headers["Urgency"], headers["Content-Encoding"]) == ("14400", "high", "aes128gcm")
    token, key = headers["Authorization"].removeprefix("vapid t=").split(",k=")
    claims = claims_of(token, key)
    assert claims["aud"] == browser.origin and claims["sub"].startswith("mailto:")
    assert key == push.current_key().public_key
    assert not PushNotice.objects.exists()


def test_text_is_pushed_only_when_switched_on_and_allowed(cast, ben, browser):
    assignment.claim(cast.claras, by=cast.ben)
    NotificationSettings.objects.create(agent=cast.ben, with_text=True)
    write_in(cast.claras, "Passt Dienstag?")
    run_jobs()
    cast.workspace.text_in_notifications = False
    cast.workspace.save()
    write_in(cast.claras, "Oder Mittwoch?")
    run_jobs()

    assert [each["body"] for each in browser.received()] == ["Passt Dienstag?", "3 new messages"]


def test_a_closing_window_is_pushed_only_while_it_is_open(cast, ben, browser):
    from inbox.enums import NoticeKind

    assignment.claim(cast.claras, by=cast.ben)
    PushNotice.objects.create(
        agent=cast.ben, conversation=cast.claras, kind=NoticeKind.CLOSING_15,
        created_at=timezone.now() - pushing.timedelta(minutes=16),
    )
    pushing.send_notice(PushNotice.objects.get())

    assert browser.requests == [] and not PushNotice.objects.exists()


# --- who gets none


def test_nobody_without_a_device_costs_a_row_or_a_job(cast):
    assignment.assign(cast.claras, to_agent=cast.ben, by=cast.lea)

    assert not PushNotice.objects.exists()
    assert recorded_jobs("send_push") == []


@pytest.mark.parametrize("why", ["looks", "quiet", "muted", "read", "handed on"])
def test_no_push_to_somebody_who(why, cast, ben, browser):
    assignment.claim(cast.claras, by=cast.ben)
    write_in(cast.claras)
    if why == "looks":
        presence.look(cast.ben.pk, "tab")
    elif why == "quiet":
        NotificationSettings.objects.create(agent=cast.ben, quiet_from="00:00", quiet_until="23:59:59")
    elif why == "muted":
        NotificationSettings.objects.create(agent=cast.ben, muted=["message.push"])
    elif why == "read":
        from inbox.actions.conversations import mark_read

        mark_read(cast.ben, cast.claras)
    else:
        assignment.assign(cast.claras, to_agent=cast.lea, by=cast.lea)
    run_jobs()

    assert browser.requests == []
    assert not PushNotice.objects.exists()


def test_who_has_looked_away_is_pushed_to_again(cast, ben, browser):
    presence.look(cast.ben.pk, "tab")
    presence.look_away(cast.ben.pk, "tab")
    notes.add_note(cast.claras, by=cast.lea, text="@Ben Brandt bitte", uid="a" * 32)
    run_jobs()

    assert [each["body"] for each in browser.received()] == ["Lea Lenz mentioned you"]


async def test_a_page_says_when_somebody_is_at_it_and_when_not_any_more(cast):
    def looks() -> bool:
        return presence.looks_now(cast.ben.pk)

    async with open_pages(cookie_of(cast.ben)) as (page,):
        await page.say(kind="hello", conversation=None, hidden=False)
        await eventually(looks)
        await page.say(kind="view", conversation=None, hidden=True)
        await eventually(lambda: not looks())
        await page.say(kind="active")
        await eventually(looks)
        await page.leave()
        await eventually(lambda: not looks())


# --- the end of a device


@pytest.mark.parametrize("status", [404, 410])
def test_a_device_that_the_service_does_not_know_any_more_goes(status, cast, ben, browser):
    browser.answers = status
    assignment.assign(cast.claras, to_agent=cast.ben, by=cast.lea)
    run_jobs()

    assert not PushDevice.objects.exists()


@pytest.mark.parametrize("status", [302, 429, 500])
def test_failures_are_counted_and_redirects_not_followed(status, cast, ben, browser):
    browser.answers = status
    assignment.assign(cast.claras, to_agent=cast.ben, by=cast.lea)
    run_jobs()

    device = PushDevice.objects.get()
    assert (device.failures, device.problem) == (1, f"HTTP {status}")
    assert len(browser.requests) == 1
    browser.answers = 201
    write_in(cast.claras)
    run_jobs()
    device.refresh_from_db()
    assert (device.failures, device.problem) == (0, "") and device.sent_at is not None


@pytest.mark.parametrize("end", ["sign-out", "deactivation", "password", "signed out everywhere"])
def test_the_device_ends_with_the(end, cast, ben, browser):
    if end == "sign-out":
        ben.post("/accounts/logout/")
        assert not PushDevice.objects.exists()
    elif end == "deactivation":
        people.deactivate_agent(cast.ben, by=cast.ada)
    elif end == "password":
        people.change_password(cast.ben, "a-new-long-passphrase-9")
    else:
        people.end_sessions(cast.ben, by=cast.ada)
    notes.add_note(cast.claras, by=cast.lea, text="@Ben Brandt bitte", uid="a" * 32)
    run_jobs()
    pushing.forget_ended_devices()

    assert browser.requests == []
    assert not PushDevice.objects.exists()


def test_a_session_that_ends_by_itself_takes_no_device_but_somebody_else_signing_in_does(cast, ben):
    session = ben.session
    session["active_at"] = 0
    session.save()
    assert ben.get("/").status_code == 302
    assert PushDevice.objects.count() == 1

    data = {"email": "ben@radhaus.example", "password": factories.PASSWORD}
    assert ben.post("/accounts/login/", data).status_code == 302
    assert PushDevice.objects.count() == 1
    ben.force_login(cast.lea)  # without the request's cookies
    ben.post("/accounts/login/", {**data, "email": "lea@radhaus.example"})

    assert not PushDevice.objects.exists()


# --- where pushes may go


@pytest.mark.parametrize(("address", "is_one"), [
    ("https://fcm.googleapis.com/fcm/send/abc", True),
    ("https://updates.push.services.mozilla.com/wpush/v2/abc", True),
    ("https://web.push.apple.com/abc", True),
    ("https://wns2-par02p.notify.windows.com/w/?token=abc", True),
    ("http://fcm.googleapis.com/fcm/send/abc", False),
    ("https://fcm.googleapis.com:8443/abc", False),
    ("https://user@fcm.googleapis.com/abc", False),
    ("https://fcm.googleapis.com.evil.example/abc", False),
    ("https://evilnotify.windows.com/abc", False),
    ("https://evil.example/?fcm.googleapis.com", False),
    ("https://127.0.0.1/abc", False),
    ("http://127.0.0.1:9/abc", False),
    ("https://[::1]/", False),
    ("https://fcm.googleapis.com:99999/abc", False),
    ("file:///etc/passwd", False),
    ("", False),
])  # fmt: skip
def test_only_known_push_services_are_spoken_to(address, is_one):
    with override_settings(DEMO=False):
        assert push.is_push_service(address) is is_one


def test_a_strange_endpoint_is_refused_in_words(cast, browser):
    client = Client()
    client.force_login(cast.ben)
    strange = {**browser.subscription(), "endpoint": "https://evil.example/push"}
    answer = client.post("/settings/notifications/devices/", strange)

    assert answer.status_code == 422 and "Tresen" in answer.json()["sentence"]
    assert client.post("/settings/notifications/devices/", {"endpoint": "https://x"}).status_code == 422
    assert not PushDevice.objects.exists()


def test_a_known_name_that_leads_to_a_private_address_is_not_called(cast, ben, browser, monkeypatch):
    PushDevice.objects.update(endpoint="https://fcm.googleapis.com/fcm/send/abc")
    monkeypatch.setattr(push.socket, "getaddrinfo", lambda *args, **kwargs: [(2, 1, 6, "", ("10.0.0.7", 443))])
    with override_settings(DEMO=False):
        outcome = pushing.send_test(PushDevice.objects.select_related("agent", "key").get())

    assert not outcome.ok and "private" in outcome.problem


# --- keys, lost jobs, the page


def test_the_private_key_is_encrypted_at_rest_and_every_installation_has_one(cast):
    key = PushKey.objects.get()  # made with the tables
    with connection.cursor() as cursor:
        cursor.execute("SELECT private_key FROM inbox_pushkey")
        [(stored,)] = cursor.fetchall()

    assert key.private_key.reveal() not in stored and stored.startswith("gAAAA")


def test_after_a_rotation_old_devices_go_on_with_their_key_until_it_is_dropped(cast, ben, browser):
    old = push.current_key().public_key
    call_command("rotate_push_key")
    assert push.current_key().public_key != old
    assert ben.post("/settings/notifications/devices/test/").json()["sentence"]
    assert browser.requests[0][0]["Authorization"].endswith(f"k={old}")

    call_command("rotate_push_key", drop_old=True)

    assert not PushDevice.objects.exists() and PushKey.objects.count() == 1


def test_a_job_lost_with_redis_is_queued_again_and_two_jobs_send_once(cast, ben, browser):
    assignment.assign(cast.claras, to_agent=cast.ben, by=cast.lea)
    forget_jobs()
    requeue_lost(timezone.now())
    assert recorded_jobs("send_push") == []

    later = timezone.now() + pushing.timedelta(seconds=61)
    requeue_lost(later)
    requeue_lost(later)
    [job] = recorded_jobs("send_push")
    job.func(*job.args)
    job.func(*job.args)

    assert len(browser.received()) == 1


def test_the_page_lists_ones_own_devices_and_removes_them(cast, ben):
    page = ben.get("/settings/notifications/").content.decode()
    assert "Chrome, Android" in page and "this device" in page
    device = PushDevice.objects.get()

    stranger = Client()
    stranger.force_login(cast.ada)
    assert "Chrome, Android" not in stranger.get("/settings/notifications/").content.decode()
    stranger.post(f"/settings/notifications/devices/{device.pk}/removal/")
    assert PushDevice.objects.exists()

    ben.post(f"/settings/notifications/devices/{device.pk}/removal/")
    assert not PushDevice.objects.exists()


def test_the_event_is_written_once_whether_or_not_anybody_is_pushed_to(cast, ben):
    assignment.assign(cast.claras, to_agent=cast.ben, by=cast.lea)

    assert Event.objects.filter(payload__has_key="tell").count() == 1
