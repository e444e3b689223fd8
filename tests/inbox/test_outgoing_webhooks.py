"""Outgoing webhooks: what other systems are told, how it is signed, what becomes of a try, and where none ever goes."""

import base64
import hashlib
import hmac
import json
import socket
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from unittest import mock

import pytest
from django.db import connection, transaction
from django.test import TestCase, TransactionTestCase, override_settings
from django.utils import timezone

from accounts.models import AuditEntry
from inbox.actions import contact_book, conversations, outgoing_webhooks, replying
from inbox.actions.consent import record_consent
from inbox.errors import FieldsInvalid
from inbox.models import Message, OutgoingDelivery, OutgoingEvent, OutgoingWebhook
from inbox.outgoing_webhooks import addresses, delivering, sending, signing
from tests import factories
from tests.cast import make_cast
from whatsapp.models import PhoneNumber

State = OutgoingDelivery.State
ADDRESS = "https://93.184.215.14/hook"


class Receiver:
    """Another system's door, on this machine: keeps what it got, answers as it is told."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status, self.body, self.location = 200, b"ok", ""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(receiver.status)
                if receiver.location:
                    self.send_header("Location", receiver.location)
                self.send_header("Content-Length", str(len(receiver.body)))
                self.end_headers()
                self.wfile.write(receiver.body)

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}/hook"
        Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def last(self) -> dict[str, Any]:
        return json.loads(self.got[-1][1])


def verified(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """As a receiver does it, from the documentation alone."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    good = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return f"v1,{good}" in headers["webhook-signature"].split(" ")


class ReceiverCase(TransactionTestCase):
    def setUp(self) -> None:
        self.cast = make_cast()
        self.receiver = Receiver()
        self.addCleanup(self.receiver.close)
        allowed = override_settings(OUTGOING_WEBHOOK_ALLOW=[f"127.0.0.1:{self.receiver.port}"])
        allowed.enable()
        self.addCleanup(allowed.disable)
        made = outgoing_webhooks.create_webhook(url=self.receiver.url, events=list(OutgoingEvent), by=self.cast.ada)
        self.webhook, self.secret = made

    def heard(self) -> list[str]:
        """What was written down and not yet told, in order."""
        rows = OutgoingDelivery.objects.filter(state=State.WAITING).order_by("pk")
        return list(rows.values_list("event", flat=True))

    def forget(self) -> None:
        OutgoingDelivery.objects.all().delete()


class TellingTests(ReceiverCase):
    def test_everything_that_happens_is_written_down_with_it(self) -> None:
        cast = self.cast
        factories.inbound_message(cast.claras, "Hallo?")
        self.assertEqual(self.heard(), ["message.received"])
        self.forget()
        sent = replying.send_reply(cast.claras, by=cast.ben, text="Ja", uid="00000000-0000-4000-8000-000000000001")
        self.assertEqual(sorted(self.heard()), ["conversation.assigned", "message.sent"])
        self.forget()
        for status in ("sending", "accepted", "sent", "read"):
            Message.objects.filter(pk=sent.pk).update(status=status)
        self.assertEqual(self.heard(), ["message.status", "message.status"])
        self.forget()
        conversations.close_conversation(cast.claras, by=cast.ben)
        conversations.reopen_conversation(cast.claras, by=cast.ada)
        self.assertEqual(self.heard(), ["conversation.closed", "conversation.opened"])
        self.forget()
        contact_book.create_contact(number=cast.number, phone="491725550001", by=cast.ada, name="Emil")
        self.assertEqual(self.heard(), ["contact.created"])
        self.forget()
        contact_book.change_contact(cast.clara, by=cast.ada, name="Clara S.")
        contact_book.change_contact(cast.clara, by=cast.ada, name="Clara S.")
        self.assertEqual(self.heard(), ["contact.updated"])
        self.forget()
        record_consent(cast.clara, "given", source="agent", occurred_at=timezone.now(), wording="Ja")
        self.assertEqual(self.heard(), ["consent.changed"])
        self.forget()
        template = factories.template(cast.number)
        template.status = "PAUSED"
        template.save()
        self.assertEqual(self.heard(), ["template.status"])

    def test_what_is_rolled_back_was_never_told(self) -> None:
        with self.assertRaises(RuntimeError), transaction.atomic():
            factories.inbound_message(self.cast.claras, "Hallo?")
            raise RuntimeError
        self.assertEqual(self.heard(), [])

    def test_only_chosen_events_of_ones_own_workspace_and_only_while_it_is_on(self) -> None:
        thread = factories.conversation(self.cast.other_number)
        factories.inbound_message(thread, "Fremd")
        self.assertEqual(self.heard(), [])
        chosen = {"url": self.receiver.url, "by": self.cast.ada}
        outgoing_webhooks.change_webhook(self.webhook, events=["message.sent"], is_active=True, **chosen)
        factories.inbound_message(self.cast.claras, "Hallo?")
        outgoing_webhooks.change_webhook(self.webhook, events=list(OutgoingEvent), is_active=False, **chosen)
        factories.inbound_message(self.cast.claras, "Noch da?")
        self.assertEqual(self.heard(), [])

    def test_of_chosen_numbers_alone_and_of_who_writes_there(self) -> None:
        cast = self.cast
        shop = factories.number(cast.workspace, team=cast.team, name="Laden")
        outgoing_webhooks.change_webhook(
            self.webhook, url=self.receiver.url, events=list(OutgoingEvent), numbers=[shop], is_active=True, by=cast.ada
        )
        factories.inbound_message(cast.claras, "Hallo?")
        conversations.close_conversation(cast.claras, by=cast.ben)
        contact_book.change_contact(cast.clara, by=cast.ada, name="Clara S.")
        record_consent(cast.clara, "given", source="agent", occurred_at=timezone.now(), wording="Ja")
        contact_book.create_contact(number=cast.number, phone="491725550001", by=cast.ada, name="Emil")
        self.assertEqual(self.heard(), [])
        contact_book.create_contact(number=shop, phone="491725550002", by=cast.ada, name="Frida")
        self.assertEqual(self.heard(), ["contact.created"])
        self.forget()
        thread = contact_book.start_conversation(cast.clara, number=shop, by=cast.ada)  # new to who hears of the shop
        self.assertEqual(self.heard(), ["contact.created"])
        self.forget()
        factories.inbound_message(thread, "Auch hier")
        conversations.reopen_conversation(thread, by=cast.ada)
        conversations.close_conversation(thread, by=cast.ada)
        contact_book.change_contact(cast.clara, by=cast.ada, name="Clara Sommer")
        record_consent(cast.clara, "withdrawn", source="agent", occurred_at=timezone.now(), wording="Nein")
        template = factories.template(shop)
        template.status = "PAUSED"
        template.save()
        told = {
            "message.received", "conversation.opened", "conversation.closed", "contact.updated", "consent.changed",
            "template.status",
        }  # fmt: skip
        self.assertEqual(set(self.heard()), told)
        self.forget()
        self.webhook.numbers.clear()  # a number that has gone leaves it with none, not all
        factories.inbound_message(thread, "Noch da?")
        self.assertEqual(self.heard(), [])

    def test_a_held_reply_is_told_when_it_goes_out(self) -> None:
        held = factories.outbound_message(self.cast.claras, "Warte", by=self.cast.ben, status="held")
        self.assertEqual(self.heard(), [])
        Message.objects.filter(pk=held.pk).update(status="queued")
        self.assertEqual(self.heard(), ["message.sent"])

    def test_it_arrives_signed_with_the_shapes_of_the_api(self) -> None:
        message = factories.inbound_message(self.cast.claras, "Grüße 🚲")
        self.assertEqual(delivering.tell(self.webhook), 1)
        headers, body = self.receiver.got[0]
        self.assertTrue(verified(self.secret, headers, body))
        self.assertFalse(verified(signing.new_secret(), headers, body))
        self.assertFalse(verified(self.secret, headers, body + b" "))
        self.assertFalse(verified(self.secret, headers | {"webhook-timestamp": "1"}, body))
        said = json.loads(body)
        self.assertEqual((said["event"], said["id"]), ("message.received", headers["webhook-id"]))
        self.assertEqual(said["data"]["message"]["text"], "Grüße 🚲")
        self.assertEqual(said["data"]["message"]["id"], message.pk)
        self.assertEqual(said["data"]["contact"]["id"], self.cast.clara.pk)
        self.assertEqual(OutgoingDelivery.objects.get().state, State.DELIVERED)

    def test_facts_are_those_of_the_moment_words_those_of_now(self) -> None:
        sent = factories.outbound_message(self.cast.claras, "Fertig", by=self.cast.ben, status="queued")
        for status in ("sent", "read"):
            Message.objects.filter(pk=sent.pk).update(status=status)
        delivering.tell(self.webhook)
        told = [json.loads(body)["data"]["message"]["status"] for _headers, body in self.receiver.got]
        self.assertEqual(told, ["queued", "sent", "read"])

    def test_what_was_erased_meanwhile_is_not_told_and_the_log_keeps_nobodys_words(self) -> None:
        factories.inbound_message(self.cast.claras, "Ganz geheim")
        with connection.cursor() as cursor:
            cursor.execute("SELECT string_agg(t::text, ' ') FROM inbox_outgoingdelivery t")
            self.assertNotIn("geheim", cursor.fetchone()[0])
        self.cast.claras.messages.all().delete()
        delivering.tell(self.webhook)
        self.assertEqual(self.receiver.got, [])
        self.assertEqual(OutgoingDelivery.objects.get().state, State.GONE)

    def test_every_event_has_a_body(self) -> None:
        consent = record_consent(self.cast.clara, "given", source="agent", occurred_at=timezone.now(), wording="Ja")
        ids = {
            "message": self.cast.claras.messages.first().pk, "conversation": self.cast.claras.pk,
            "contact": self.cast.clara.pk, "consent": consent.pk, "template": factories.template(self.cast.number).pk,
        }  # fmt: skip
        self.forget()
        for event in OutgoingEvent:
            OutgoingDelivery.objects.create(
                webhook=self.webhook, event=event, subject_id=ids[event.value.partition(".")[0]]
            )
        delivering.tell(self.webhook)
        self.assertEqual([json.loads(body)["event"] for _headers, body in self.receiver.got], list(OutgoingEvent))


class TryingTests(ReceiverCase):
    def row(self) -> OutgoingDelivery:
        return OutgoingDelivery.objects.select_related("webhook").get()

    def hour_later(self, **row: Any) -> None:
        OutgoingDelivery.objects.update(next_try_at=timezone.now() - timedelta(seconds=1), **row)

    def test_the_sweeper_queues_one_job_for_what_is_due(self) -> None:
        factories.inbound_message(self.cast.claras, "Hallo?")
        with mock.patch("inbox.jobs.enqueue") as enqueue:
            now = timezone.now() + timedelta(seconds=1)
            delivering.queue_due(now)
            delivering.queue_due(now)
        self.assertEqual([call.args[1] for call in enqueue.call_args_list], [self.webhook.pk])

    def test_a_failed_try_is_repeated_under_the_same_id_for_three_days(self) -> None:
        self.assertTrue(timedelta(days=2.8) < sum(delivering.WAITS, timedelta()) < timedelta(days=3.2))
        self.receiver.status = 503
        factories.inbound_message(self.cast.claras, "Hallo?")
        self.assertEqual(delivering.tell(self.webhook), 1)
        row = self.row()
        self.assertEqual((row.state, row.tries, row.error, row.answer_status), (State.WAITING, 1, "refused", 503))
        self.assertTrue(timedelta(seconds=20) < row.next_try_at - timezone.now() <= timedelta(seconds=30))
        self.assertEqual(delivering.tell(self.webhook), 0)  # not due yet
        self.hour_later()
        self.receiver.status = 200
        delivering.tell(self.webhook)
        self.assertEqual(self.row().state, State.DELIVERED)
        self.assertEqual(len({headers["webhook-id"] for headers, _body in self.receiver.got}), 1)
        self.assertIsNone(OutgoingWebhook.objects.get().failing_since)

    def test_it_is_given_up_in_the_end_and_may_be_sent_again(self) -> None:
        self.receiver.status = 500
        factories.inbound_message(self.cast.claras, "Hallo?")
        self.hour_later(tries=len(delivering.WAITS))
        delivering.tell(self.webhook)
        self.assertEqual(self.row().state, State.FAILED)
        self.receiver.status = 204
        self.assertTrue(outgoing_webhooks.replay(self.row(), by=self.cast.ada))
        self.assertFalse(outgoing_webhooks.replay(self.row(), by=self.cast.ada))
        delivering.tell(self.webhook)
        self.assertEqual(self.row().state, State.DELIVERED)
        self.assertTrue(AuditEntry.objects.filter(verb="outgoing_webhook.replayed").exists())

    def test_a_webhook_that_fails_for_three_days_is_switched_off(self) -> None:
        self.receiver.status = 500
        factories.inbound_message(self.cast.claras, "Hallo?")
        OutgoingWebhook.objects.update(failing_since=timezone.now() - timedelta(days=3, minutes=1))
        delivering.tell(self.webhook)
        webhook = OutgoingWebhook.objects.get()
        self.assertFalse(webhook.is_active)
        self.assertIsNotNone(webhook.switched_off_at)
        outgoing_webhooks.change_webhook(
            webhook, url=webhook.url, events=webhook.events, is_active=True, by=self.cast.ada
        )
        self.hour_later()
        self.receiver.status = 200
        delivering.tell(webhook)
        self.assertEqual(self.row().state, State.DELIVERED)

    def test_a_dead_one_is_left_alone_for_a_while(self) -> None:
        self.receiver.status = 500
        for index in range(6):
            factories.inbound_message(self.cast.claras, f"Nummer {index}")
        self.assertEqual(delivering.tell(self.webhook), delivering.FAILURES_IN_A_ROW)
        self.assertGreater(OutgoingWebhook.objects.get().queued_until, timezone.now() + timedelta(seconds=50))

    def test_a_try_whose_worker_died_comes_back(self) -> None:
        factories.inbound_message(self.cast.claras, "Hallo?")
        with mock.patch.object(sending, "send", side_effect=KeyboardInterrupt), self.assertRaises(KeyboardInterrupt):
            delivering.tell(self.webhook)
        self.assertEqual(self.row().state, State.WAITING)
        self.hour_later()
        delivering.tell(self.webhook)
        self.assertEqual(len(self.receiver.got), 1)

    def test_after_a_new_secret_both_sign_for_a_day(self) -> None:
        fresh = outgoing_webhooks.renew_secret(self.webhook, by=self.cast.ada)
        webhook = OutgoingWebhook.objects.get()
        self.assertEqual(outgoing_webhooks.ping(webhook).error, "")
        headers, body = self.receiver.got[-1]
        self.assertTrue(verified(self.secret, headers, body) and verified(fresh, headers, body))
        OutgoingWebhook.objects.update(previous_until=timezone.now())
        outgoing_webhooks.ping(OutgoingWebhook.objects.get())
        headers, body = self.receiver.got[-1]
        self.assertTrue(verified(fresh, headers, body) and not verified(self.secret, headers, body))

    def test_a_test_is_told_from_what_happened_and_not_repeated(self) -> None:
        self.receiver.status = 500
        self.assertEqual(outgoing_webhooks.ping(self.webhook).error, "refused")
        self.assertEqual((self.receiver.last["event"], self.row().state), ("ping", State.FAILED))
        self.assertEqual(self.row().tries, 1)

    def test_where_nobody_listens_is_told_from_where_somebody_is_slow(self) -> None:
        self.receiver.server.server_close()
        self.assertEqual(outgoing_webhooks.ping(self.webhook).error, "unreachable")

    def test_redirects_are_not_followed_and_large_answers_not_read(self) -> None:
        self.receiver.status, self.receiver.location = 302, "http://169.254.169.254/latest/meta-data/"
        self.assertEqual(outgoing_webhooks.ping(self.webhook).error, "redirect")
        self.receiver.status, self.receiver.location, self.receiver.body = 200, "", b"x" * 200_000
        self.assertEqual(outgoing_webhooks.ping(self.webhook).error, "too_much")

    def test_the_log_is_kept_for_thirty_days(self) -> None:
        factories.inbound_message(self.cast.claras, "Hallo?")
        self.assertEqual(delivering.forget_old(), 0)
        OutgoingDelivery.objects.update(occurred_at=timezone.now() - timedelta(days=31))
        self.assertEqual(delivering.forget_old(), 1)


INTERNAL = [
    "https://127.0.0.1/", "https://localhost/", "https://10.0.0.5/", "https://192.168.1.1/", "https://172.16.0.1/",
    "https://100.64.0.1/", "https://169.254.169.254/latest/meta-data/", "https://0.0.0.0/", "https://[::1]/",
    "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[fe80::1]/", "https://[fd00::1]/",
    "https://[64:ff9b::7f00:1]/", "https://[fec0::1]/", "https://[2002:7f00:1::]/", "https://[::]/", "https://2130706433/",
    "https://0x7f.0.0.1/", "https://0177.0.0.1/", "https://127.1/", "https://224.0.0.1/", "https://255.255.255.255/",
]  # fmt: skip
NO_ADDRESS = [
    "file:///etc/passwd", "gopher://x/", "ftp://93.184.215.14/", "https://", "https:///x", "//x/y", "hook", "",
    "https://user:pw@93.184.215.14/", "https://93.184.215.14/\r\nX: y", "https://93.184.215.14/a b", "https://[::1",
    "https://93.184.215.14:99999/", "https://93.184.215.14/#teil", "https://exa mple.com/",
]  # fmt: skip


@pytest.mark.parametrize("url", INTERNAL)
def test_no_connection_into_our_own_network(url):
    with pytest.raises(addresses.AddressRefused) as refusal:
        addresses.target_of(url)
    assert refusal.value.code in ("private", "unknown_host")


@pytest.mark.parametrize("url", NO_ADDRESS)
def test_what_is_no_address_is_refused(url):
    with pytest.raises(addresses.AddressRefused) as refusal:
        addresses.target_of(url)
    assert refusal.value.code == "address"


@pytest.mark.parametrize(("url", "code"), [
    ("http://93.184.215.14/", "plain"), ("https://93.184.215.14:6379/", "port"),
    ("https://gibt-es-nicht.invalid/", "unknown_host"),
])  # fmt: skip
def test_only_https_on_the_usual_ports(url, code):
    with pytest.raises(addresses.AddressRefused) as refusal:
        addresses.target_of(url)
    assert refusal.value.code == code


def answering(*ips):
    return [(socket.AF_INET6 if ":" in ip else socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 443)) for ip in ips]


def test_a_name_is_judged_by_every_address_it_has():
    with mock.patch("socket.getaddrinfo", return_value=answering("93.184.215.14", "10.0.0.1")):
        with pytest.raises(addresses.AddressRefused):
            addresses.target_of("https://crm.example/hook")


def test_the_connection_goes_to_the_address_that_was_judged():
    """A name that answers differently the second time (DNS rebinding) is asked only once."""
    asked = [answering("93.184.215.14"), answering("127.0.0.1")]
    with (
        mock.patch("socket.getaddrinfo", side_effect=asked) as resolver,
        mock.patch("inbox.outgoing_webhooks.sending._pool", side_effect=OSError) as pool,
    ):
        assert sending.send("https://crm.example/hook", b"{}", {}).error == "unreachable"
    assert resolver.call_count == 1
    target = pool.call_args.args[0]
    assert (target.ip, target.host, target.host_header) == ("93.184.215.14", "crm.example", "crm.example")


def test_the_operator_may_allow_more_but_never_link_local_addresses(settings):
    settings.OUTGOING_WEBHOOK_ALLOW = ["10.1.0.0/16", "127.0.0.1:9000", "0.0.0.0/0"]
    assert addresses.target_of("http://10.1.2.3:8080/x").ip == "10.1.2.3"
    assert addresses.target_of("http://127.0.0.1:9000/").port == 9000
    for url in ("https://169.254.169.254/", "https://[fe80::1]/"):
        with pytest.raises(addresses.AddressRefused):
            addresses.target_of(url)
    settings.OUTGOING_WEBHOOK_ALLOW = ["127.0.0.1:9000"]
    with pytest.raises(addresses.AddressRefused):
        addresses.target_of("http://127.0.0.1:9001/")


class AddressTests(TestCase):
    def test_internal_addresses_are_refused_when_made_when_changed_and_when_used(self) -> None:
        cast = make_cast()
        with self.assertRaises(FieldsInvalid):
            outgoing_webhooks.create_webhook(url="https://10.0.0.1/", events=["message.sent"], by=cast.ada)
        webhook, _secret = outgoing_webhooks.create_webhook(url=ADDRESS, events=["message.sent"], by=cast.ada)
        with self.assertRaises(FieldsInvalid):
            outgoing_webhooks.change_webhook(
                webhook, url="https://[::ffff:127.0.0.1]/", events=[], is_active=True, by=cast.ada
            )
        OutgoingWebhook.objects.update(url="https://127.0.0.1/")
        self.assertEqual(outgoing_webhooks.ping(OutgoingWebhook.objects.get()).error, "private")

    def test_given_only_numbers_of_another_house_it_hears_of_none(self) -> None:
        cast = make_cast()
        theirs = PhoneNumber(workspace_id=cast.workspace.pk + 1)

        webhook, _secret = outgoing_webhooks.create_webhook(
            url=ADDRESS, events=["message.sent"], numbers=[theirs], by=cast.ada
        )

        self.assertFalse(webhook.all_numbers)
        self.assertFalse(webhook.numbers.exists())

    def test_the_secret_is_unreadable_in_the_database_and_in_the_log(self) -> None:
        cast = make_cast()
        webhook, secret = outgoing_webhooks.create_webhook(url=ADDRESS, events=["message.sent"], by=cast.ada)
        renewed = outgoing_webhooks.renew_secret(webhook, by=cast.ada)
        with connection.cursor() as cursor:
            cursor.execute("SELECT string_agg(t::text, ' ') FROM inbox_outgoingwebhook t")
            stored = cursor.fetchone()[0]
            cursor.execute("SELECT string_agg(t::text, ' ') FROM accounts_auditentry t")
            stored += cursor.fetchone()[0]
        for each in (secret, renewed):
            self.assertNotIn(each.removeprefix("whsec_")[:16], stored)
