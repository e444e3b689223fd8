"""Blue ticks and the typing indicator at the customer: once, for the newest message, and never a reason to fail."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from inbox import jobs
from inbox.actions import receipts
from inbox.actions.conversations import mark_read
from inbox.models import Message
from tests import factories
from tests.cast import make_cast
from whatsapp import client
from whatsapp.errors import PermanentFailure


@pytest.fixture
def cast(db):
    return make_cast()


@pytest.fixture
def queued(monkeypatch):
    """What was queued, as (job, id)."""
    found = []
    monkeypatch.setattr(jobs, "enqueue", lambda func, *args, queue="default": found.append((func, *args)))
    return found


@pytest.fixture
def sent(monkeypatch):
    """What went to Meta, as (wamid, typing)."""
    found = []
    monkeypatch.setattr(
        client.CloudAPI, "mark_read", lambda self, wamid, typing=False: found.append((wamid, typing))
    )
    return found


def test_the_first_of_us_to_read_marks_the_newest_message_and_the_second_nothing(cast, queued, sent):
    newest = factories.inbound_message(cast.claras, "Hallo?", at=timezone.now() + timedelta(seconds=1))

    mark_read(cast.ben, cast.claras)
    mark_read(cast.lea, cast.claras)

    assert queued == [(jobs.send_read_receipt, newest.pk)]
    job, argument = queued[0]
    job(argument)
    assert sent == [(newest.wamid, False)]
    assert Message.objects.filter(conversation=cast.claras, read_at=None).count() == 0


def test_a_month_old_message_is_not_marked_any_more(cast, queued):
    cast.claras.messages.update(occurred_at=timezone.now() - timedelta(days=31))

    mark_read(cast.ben, cast.claras)

    assert queued == []


def test_somebody_writing_is_shown_once_in_a_while_and_only_while_the_window_is_open(cast, queued, sent):
    receipts.show_typing(cast.claras)
    receipts.show_typing(cast.claras)
    cast.darios.last_customer_message_at -= timedelta(hours=25)
    receipts.show_typing(cast.darios)

    assert queued == [(jobs.send_typing, cast.claras.pk)]
    jobs.send_typing(cast.claras.pk)
    assert sent == [(cast.claras.messages.get().wamid, True)]


def test_whatever_meta_answers_nobody_is_bothered(cast, monkeypatch):
    def refuse(self, wamid, typing=False):
        raise PermanentFailure(131009, "too old")

    monkeypatch.setattr(client.CloudAPI, "mark_read", refuse)

    jobs.send_read_receipt(cast.claras.messages.get().pk)
    jobs.send_read_receipt(2**40)
    jobs.send_typing(2**40)


def test_reading_a_note_marks_nothing(cast, queued):
    from inbox.actions.notes import add_note

    mark_read(cast.ben, cast.claras)
    queued.clear()
    add_note(cast.claras, by=cast.ben, text="Nur für uns", uid=uuid.uuid4())

    assert queued == []


def test_switched_off_the_customer_sees_neither_ticks_nor_typing(cast, queued, client):
    client.force_login(cast.ada)
    client.post("/settings/receipts/", {})
    cast.claras.workspace.refresh_from_db()

    mark_read(cast.ben, cast.claras)
    receipts.show_typing(cast.claras)

    assert queued == []
    assert cast.claras.messages.get().read_at is None


def test_switched_on_again_the_newest_message_is_marked_at_the_next_look(cast, queued, client):
    client.force_login(cast.ada)
    client.post("/settings/receipts/", {})
    mark_read(cast.ben, cast.claras)
    client.post("/settings/receipts/", {"read_receipts": "on"})

    mark_read(factories.agent(cast.workspace, "Cora Kern", teams=[cast.team]), cast.claras)

    assert queued == [(jobs.send_read_receipt, cast.claras.messages.get().pk)]


def test_what_came_after_the_look_is_not_marked(cast, queued):
    seen = cast.claras.messages.get()
    factories.inbound_message(cast.claras, "Hallo?", at=timezone.now() + timedelta(seconds=1))

    mark_read(cast.ben, cast.claras, up_to=1)

    assert queued == [(jobs.send_read_receipt, seen.pk)]
    assert cast.claras.messages.filter(read_at=None).count() == 1
