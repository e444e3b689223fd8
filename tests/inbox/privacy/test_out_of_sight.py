"""From the moment an erasure is confirmed nobody sees or writes to the person; only the desk knows of them."""

import uuid

import pytest
from django.db import transaction
from django.utils import timezone

from inbox import events, queries
from inbox.actions import contacts, undo
from inbox.actions.assignment import assign
from inbox.actions.intake import Intake
from inbox.actions.outgoing import require_writable
from inbox.actions.receiving import receive_message
from inbox.contacts.listing import ContactFilter, matching
from inbox.enums import ERASING, MessageStatus
from inbox.errors import ReadOnlyConversation
from inbox.filters import Filter
from inbox.models import Contact, ContactIdentity, Conversation, Erasure, Event, Message, Note
from inbox.privacy import erasing, ledger
from tests.inbox.api_client import System
from tests.inbox.privacy.life import NAME, PHONE, WORD
from tests.inbox.test_receiving import while_locked
from tests.recording_queue import run_jobs
from tests.signing_in import proven
from whatsapp.payloads import InboundMessage
from whatsapp.payloads import Person as Customer

pytestmark = pytest.mark.django_db(transaction=True)
VIEWS = ("mine", "unassigned", "all", "snoozed", "closed", "mentions", "following")


def shown_to(agent, talk) -> list[str]:
    """Where this conversation or its contact is listed."""
    places = [view for view in VIEWS if any(
        row.conversation.pk == talk.pk for row in queries.list_page(agent, Filter(view=view)).rows
    )]  # fmt: skip
    searched = queries.list_page(agent, Filter(view="all", search="Sommerfeld")).rows
    places += ["search"] * any(row.conversation.pk == talk.pk for row in searched)
    people = matching(agent, ContactFilter())
    return places + ["contacts"] * people.filter(pk=talk.contact_id).exists()


def test_no_list_shows_the_person_any_more(talk, cast):
    before = {agent.name: shown_to(agent, talk) for agent in (cast.ada, cast.lea)}
    assert all({"search", "contacts"} < set(places) for places in before.values()), before

    erasing.begin_erasure(talk.contact, by=cast.ada, typed=NAME)

    assert {agent.name: shown_to(agent, talk) for agent in (cast.ada, cast.lea, cast.ben)} == {
        "Ada Admin": [], "Lea Lenz": [], "Ben Brandt": []
    }  # fmt: skip
    for agent in (cast.ada, cast.ben):
        assert queries.view_counts(agent)["mentions"] == 0


def test_no_page_opens_and_nothing_can_be_written(talk, cast):
    ada = proven(cast.ada)
    message = talk.messages.filter(direction="in").first()
    file = talk.messages.get(attachments__file_name__endswith="rechnung.pdf").attachments.first()
    reading = [
        f"/conversations/{talk.pk}/", f"/conversations/{talk.pk}/row/", f"/contacts/{talk.contact_id}/edit/",
        f"/media/{file.token}/",
    ]
    writing = [
        (f"/conversations/{talk.pk}/messages/", {"text": "Hallo?", "uid": str(uuid.uuid4())}),
        (f"/conversations/{talk.pk}/notes/", {"text": "Ruft an", "uid": str(uuid.uuid4())}),
        (f"/conversations/{talk.pk}/closure/", {}), (f"/contacts/{talk.contact_id}/edit/", {"name": "Klementine"}),
        (f"/messages/{message.pk}/reaction/", {"emoji": "👍"}),
    ]  # fmt: skip
    assert [ada.get(path).status_code for path in reading[:3]] == [200, 200, 200]
    assert NAME in ada.get("/search/", {"q": WORD}).content.decode()
    said = Message.objects.count(), Note.objects.count()

    erasing.begin_erasure(talk.contact, by=cast.ada, typed=NAME)

    assert [ada.get(path).status_code for path in reading] == [404] * 4
    assert [ada.post(path, form).status_code for path, form in writing] == [404] * 5
    assert NAME not in ada.get("/search/", {"q": WORD}).content.decode()
    assert (Message.objects.count(), Note.objects.count()) == said
    talk.refresh_from_db()
    with pytest.raises(ReadOnlyConversation):
        require_writable(talk)  # nor does a machine write
    held = talk.messages.filter(status__in=[MessageStatus.QUEUED, MessageStatus.SENDING])
    assert not held.exists()


def test_what_was_just_done_with_the_conversation_is_not_taken_back_any_more(talk, cast):
    step = undo.remembering(talk, lambda held: assign(held, to_agent=cast.lea, to_team=cast.team, by=cast.ada))
    done = undo.keep([step], by=cast.ada)
    erasing.begin_erasure(talk.contact, by=cast.ada, typed=NAME)
    lines = talk.activities.count()

    refused = proven(cast.ada).delete(f"/undo/{done.pk}/")

    assert refused.status_code == 422 and NAME not in refused.content.decode()
    talk.refresh_from_db()
    assert (talk.assignee, talk.activities.count()) == (cast.lea, lines)


def test_another_system_neither_reads_nor_writes(talk, cast):
    crm = System(cast.ada)
    assert crm.get(f"/contacts/{talk.contact_id}").status_code == 200

    erasing.begin_erasure(talk.contact, by=cast.ada, typed=NAME)

    assert crm.get(f"/contacts/{talk.contact_id}").status_code == 404
    assert crm.get(f"/conversations/{talk.pk}").status_code == 404
    assert crm.patch(f"/contacts/{talk.contact_id}", {"name": "Klementine"}).status_code == 404
    assert crm.post(f"/conversations/{talk.pk}/messages", {"text": "Hallo?"}).status_code == 404
    for path in ("/contacts", "/conversations"):
        assert NAME not in crm.get(path).content.decode()


def test_screens_are_told_once_that_it_is_gone_and_nothing_after_that(talk, cast):
    erasing.begin_erasure(talk.contact, by=cast.ada, typed=NAME)
    told = Event.objects.filter(conversation_id=talk.pk).order_by("pk")
    [gone] = told.filter(kind="conversation_gone")
    assert gone.payload["facts"]["team"] == talk.team_id

    with transaction.atomic():
        events.conversation_changed(Conversation.objects.get(pk=talk.pk))
    assert told.last() == gone


def test_whoever_writes_meanwhile_is_somebody_new_and_seen(talk, cast):
    erasing.begin_erasure(talk.contact, by=cast.ada, typed=NAME)
    said = InboundMessage(
        path="", waba_id="", phone_number_id="", wamid="wamid.again", sent_at=timezone.now(),
        person=Customer(phone=PHONE, name="Klemmi"), kind="text", text="Noch eine Frage", data={},
    )  # fmt: skip
    with transaction.atomic():
        message = receive_message(cast.number, said, Intake(timezone.now()))
    again = message.conversation
    assert again.pk != talk.pk and "all" in shown_to(cast.ada, again)
    run_jobs(50)

    assert not Contact.objects.filter(pk=talk.contact_id).exists()
    assert Message.objects.get(conversation=again).text == "Noch eine Frage"
    assert ContactIdentity.objects.get(value=PHONE).contact == again.contact


def test_a_status_that_comes_late_gives_no_number_back(talk, cast):
    erasing.begin_erasure(talk.contact, by=cast.ada, typed=NAME)
    with transaction.atomic():
        contacts.learn(cast.number, talk.contact_id, Customer(phone=PHONE))
    assert not ContactIdentity.objects.filter(contact=talk.contact_id).exists()


def test_whoever_is_at_work_in_the_conversation_comes_to_an_end_first(talk, cast):
    with while_locked(talk, assignee=cast.lea):
        erasing.begin_erasure(talk.contact, by=cast.ada, typed=NAME)
    talk.refresh_from_db()
    assert (talk.status, talk.assignee) == (ERASING, cast.lea)
    [gone] = Event.objects.filter(conversation_id=talk.pk, kind="conversation_gone")
    assert gone.payload["facts"]["assignee"] == cast.lea.pk


def test_the_desk_shows_how_far_it_is_instead_of_the_person(talk, cast):
    ada = proven(cast.ada)
    person = f"/settings/privacy/people/{talk.contact_id}/"
    erasure = erasing.begin_erasure(talk.contact, by=cast.ada, typed=NAME)
    progress = f"/settings/privacy/erasures/{erasure.pk}/"

    assert ada.get(person)["Location"] == progress
    assert ada.post(person + "erasure/", {"typed": NAME})["Location"] == progress  # a double click
    assert ada.post(person + "export/").status_code == 404
    assert "every 2s" in ada.get(progress).content.decode() and Erasure.objects.count() == 1
    assert proven(cast.mallory).get(person).status_code == 404
    run_jobs(50)
    assert ada.get(person).status_code == 404


def test_the_line_of_the_ledger_is_on_the_disk_before_any_job_has_run(talk, cast):
    erasure = erasing.begin_erasure(talk.contact, by=cast.ada, typed=NAME)
    assert [line["uid"] for line in ledger.read(ledger.path())] == [str(erasure.uid)]
    assert Contact.objects.get(pk=talk.contact_id).kind == ERASING
