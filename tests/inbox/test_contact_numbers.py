"""Another number for a contact: what it means for thread, window and whoever has the old one."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry
from inbox.actions import contact_numbers
from inbox.actions.contact_book import NumberTaken
from inbox.errors import InboxRuleViolation
from inbox.models import Contact, ContactIdentity, Conversation, Event
from tests import factories
from tests.cast import Cast, make_cast

NEW = "491721234567"


@pytest.fixture
def cast(db) -> Cast:
    return make_cast()


def _client(agent) -> Client:
    client = Client()
    client.force_login(agent)
    return client


def _change(cast, phone=NEW, contact=None) -> bool:
    return contact_numbers.change_number(contact or cast.clara, number=cast.number, phone=phone, by=cast.ben)


def test_the_thread_goes_on_and_the_24_hours_are_over_until_they_write(cast):
    now = timezone.now()
    Conversation.objects.filter(pk=cast.claras.pk).update(last_customer_message_at=now - timedelta(hours=1))
    ContactIdentity.objects.create(
        workspace=cast.workspace, contact=cast.clara, portfolio=cast.number.portfolio, kind="bsuid", value="DE.1"
    )
    former, events = cast.clara.phone, Event.objects.count()

    assert _change(cast)

    clara = Contact.objects.get(pk=cast.clara.pk)
    conversation = clara.conversations.get()
    assert (clara.phone, clara.bsuid) == (NEW, "")
    assert clara.identities.get(value=former).ended_at is not None
    assert not conversation.service_window.is_open(timezone.now())
    conversation.last_customer_message_at = timezone.now() + timedelta(seconds=1)
    assert conversation.service_window.is_open(timezone.now() + timedelta(seconds=2))
    line = conversation.activities.get(kind="number_changed")
    assert line.data["to"] == "+49 172 1234567"
    assert Event.objects.count() > events
    assert AuditEntry.objects.get(verb="contact.number").data == {"contact": cast.clara.pk}
    assert not _change(cast)  # twice is once


def test_who_has_the_number_is_named_only_to_who_may_know_of_them(cast):
    with pytest.raises(NumberTaken) as taken:
        _change(cast, cast.dario.phone)
    assert taken.value.contact == cast.dario
    eva = factories.contact(cast.number, "Eva Fremd", phone="491729999999")
    factories.conversation(cast.number, eva, team=cast.other_team)
    with pytest.raises(NumberTaken) as taken:
        _change(cast, eva.phone)
    assert taken.value.contact is None


def test_nothing_on_its_way_goes_to_another_number_than_it_was_meant_for(cast):
    factories.outbound_message(cast.claras, "Gleich", by=cast.ben, status="queued")
    with pytest.raises(InboxRuleViolation):
        _change(cast)
    cast.claras.messages.update(status="sent")
    Conversation.objects.filter(pk=cast.claras.pk).update(block_state="blocked")
    with pytest.raises(InboxRuleViolation):
        _change(cast)
    assert Contact.objects.get(pk=cast.clara.pk).phone == cast.clara.phone


def test_the_page_takes_a_number_as_people_type_it_and_offers_to_merge(cast):
    lea, path = _client(cast.lea), f"/contacts/{cast.clara.pk}/number/"

    assert lea.post(path, {"phone": "12", "number": cast.number.pk}).status_code == 422
    taken = lea.post(path, {"phone": f"+{cast.dario.phone}", "number": cast.number.pk})
    assert taken.status_code == 422
    assert f"/contacts/{cast.clara.pk}/merge/?with={cast.dario.pk}" in taken.content.decode()
    assert lea.post(path, {"phone": "0172 1234567", "number": cast.number.pk}).status_code == 302
    assert "+49 172 1234567" in lea.get(f"/contacts/{cast.clara.pk}/edit/").content.decode()
    assert "+49 172 1234567" in lea.get(f"/conversations/{cast.claras.pk}/").content.decode()
