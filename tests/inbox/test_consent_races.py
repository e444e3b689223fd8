"""STOP against a sender that has already chosen whom to write to: what commits first, counts."""

import threading
import uuid
from datetime import timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone

from inbox.actions import contacts, delivery_claims
from inbox.actions.consent import record_consent
from inbox.actions.later import Plan, schedule_reply
from inbox.actions.later_turns import send_due
from inbox.actions.sending_templates import send_template
from inbox.enums import ConsentState
from inbox.models import Consent, Contact, Message
from tests import factories
from tests.cast import Cast, make_cast
from whatsapp import errors
from whatsapp.payloads import Person

pytestmark = pytest.mark.django_db(transaction=True)


def queued() -> Cast:
    """An advertisement for Clara, who had agreed, waits in the queue."""
    cast = make_cast()
    template = factories.template(cast.number, category="MARKETING")
    record_consent(cast.clara, ConsentState.GIVEN, source=Consent.Source.AGENT, occurred_at=timezone.now(), by=cast.ben)
    send_template(cast.claras, by=cast.ben, template=template, values={"body.1": "Clara"}, uid=uuid.uuid4())
    return cast


def claim() -> delivery_claims.Claim:
    [number] = delivery_claims.due_numbers()
    return delivery_claims.claim(number, 10)


def stop(clara: Contact) -> None:
    record_consent(clara, ConsentState.WITHDRAWN, source=Consent.Source.KEYWORD, occurred_at=timezone.now())


def test_a_stop_between_choosing_and_sending_stops_it() -> None:
    cast = queued()
    stop(cast.clara)

    taken = claim()

    assert taken.messages == []
    assert [outcome.code for outcome in taken.refusals] == [errors.NO_CONSENT]


def test_while_a_stop_is_being_stored_the_sender_leaves_the_message_where_it_is() -> None:
    cast = queued()
    ready, go_on = threading.Event(), threading.Event()

    def intake() -> None:
        try:
            with transaction.atomic():
                clara = contacts.identify(cast.number, Person(phone=cast.clara.phone, name=cast.clara.profile_name))
                stop(clara)
                ready.set()
                go_on.wait(30)
        finally:
            connection.close()

    thread = threading.Thread(target=intake)
    thread.start()
    assert ready.wait(30)
    meanwhile = claim()
    go_on.set()
    thread.join(30)
    afterwards = claim()

    assert (meanwhile.messages, meanwhile.refusals) == ([], [])
    assert [outcome.code for outcome in afterwards.refusals] == [errors.NO_CONSENT]


def test_a_stop_holds_what_was_planned_for_later() -> None:
    cast = make_cast()
    template = factories.template(cast.number, category="MARKETING", components=[{"type": "BODY", "text": "Hallo"}])
    record_consent(cast.clara, ConsentState.GIVEN, source=Consent.Source.AGENT, occurred_at=timezone.now(), by=cast.ben)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        due = timezone.now() + timedelta(hours=30)
        plan = Plan(due_at=due, template=template)
        planned = schedule_reply(cast.claras, by=cast.ben, text="Bis gleich", uid=uuid.uuid4(), plan=plan)
        stop(cast.clara)
        clock.move_to(due + timedelta(seconds=5))
        send_due(planned.pk, timezone.now())

    planned.refresh_from_db()
    assert (planned.state, planned.why) == ("returned", "template")  # the words are a draft again
    assert not Message.objects.filter(direction="out").exists()


def test_whoever_has_agreed_gets_it() -> None:
    queued()

    assert len(claim().messages) == 1
