"""Who waits for whom: intake, replies and deliveries touch the same rows at once, and none blocks another for good."""

import json
import threading
import uuid

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from psycopg.errors import DeadlockDetected

from inbox.actions import contacts, replying
from inbox.actions.drafts import save_draft
from inbox.actions.ingesting import Ingester
from inbox.models import Conversation, Message, ServiceMessageCount
from tests import factories, webhooks
from tests.cast import make_cast
from whatsapp.models import WebhookDelivery
from whatsapp.payloads import Person

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_reply_is_stored_while_the_intake_holds_the_customer_and_waits_for_the_conversation():
    cast = make_cast()
    done: list[object] = []

    def reply() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '3s'")
            done.append(replying.send_reply(cast.claras, by=cast.ben, text="Ja", uid=uuid.uuid4()))
        except OperationalError as error:
            done.append(error)
        finally:
            connection.close()

    with transaction.atomic():
        # As the intake does first.
        contacts.identify(cast.number, Person(phone=cast.clara.phone, name=cast.clara.profile_name))
        thread = threading.Thread(target=reply)
        thread.start()
        thread.join(20)

    assert isinstance(done[0], Message)


def test_a_read_mark_or_a_draft_does_not_wait_for_somebody_who_holds_the_conversation():
    cast = make_cast()
    done: list[object] = []

    def keep() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '3s'")
            done.append(save_draft(cast.ben, cast.claras, "reply", "Moment"))
        except OperationalError as error:
            done.append(error)
        finally:
            connection.close()

    with transaction.atomic():
        replying.lock_for_writing(Conversation.objects.get(pk=cast.claras.pk), cast.lea)
        thread = threading.Thread(target=keep)
        thread.start()
        thread.join(20)

    assert not isinstance(done[0], OperationalError)


def _delivered(message: Message) -> dict:
    return webhooks.envelope({
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "4915550100100", "phone_number_id": "109876543210001"},
        "statuses": [{
            "id": message.wamid, "status": "delivered", "timestamp": "1795341603", "recipient_id": "4915100001234",
        }],
    })  # fmt: skip


def test_the_row_that_counts_for_all_conversations_is_taken_after_every_lock():
    number = webhooks.radhaus()
    webhooks.receive(webhooks.text("wamid.1", "Hallo"))
    sent = factories.outbound_message(Conversation.objects.get(), "Gern", status="sent", wamid="wamid.out")
    for body in (_delivered(sent), webhooks.text("wamid.2", "Da?", phone="4915100009999", bsuid="DE.9")):
        _store(number, body)

    with CaptureQueriesContext(connection) as queries:
        Ingester().ingest_next()

    statements = [query["sql"] or "" for query in queries]
    counting = next(index for index, sql in enumerate(statements) if "inbox_servicemessagecount" in sql)
    assert not [sql for sql in statements[counting:] if "FOR NO KEY UPDATE" in sql or "FOR UPDATE" in sql]
    assert ServiceMessageCount.objects.get().delivered == 1


def test_a_deadlock_is_nobodys_fault_and_is_tried_again_at_once(monkeypatch):
    number = webhooks.radhaus()
    _store(number, webhooks.text("wamid.1", "Hallo"))
    ingester, plain = Ingester(), Ingester._ingest

    def trapped(*_args):
        raise OperationalError("deadlock detected") from DeadlockDetected()

    monkeypatch.setattr(Ingester, "_ingest", trapped)
    assert ingester.ingest_next() is not None
    monkeypatch.setattr(Ingester, "_ingest", plain)
    delivery = WebhookDelivery.objects.get()
    assert (delivery.attempts, delivery.next_try_at) == (0, None)

    ingester.ingest_next()

    assert Message.objects.filter(wamid="wamid.1").count() == 1


def _store(number, body: dict) -> None:
    app = number.business_account.meta_app
    WebhookDelivery.objects.create(meta_app=app, body=json.dumps(body).encode(), sha256="")
