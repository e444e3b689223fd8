"""The contacts page: who is on it, how people get into it, what is known of them."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEntry
from inbox.actions import contact_book, contact_fields
from inbox.actions.consent import record_consent
from inbox.actions.contact_book import NumberTaken
from inbox.contacts import listing as contact_list
from inbox.enums import ConversationStatus
from inbox.models import Contact, ContactField, Conversation, Event, Label
from inbox.text import fold
from tests import factories
from tests.cast import Cast, make_cast
from whatsapp.phone_format import digits_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def ben(cast) -> Client:
    return _client(cast.ben)


def _client(agent) -> Client:
    client = Client()
    client.force_login(agent)
    return client


def _names(client: Client, query: str = "") -> list[str]:
    return [row.contact.display_name for row in client.get(f"/contacts/{query}").context["page"].rows]


# --- who is on it -----------------------------------------------------------------------------------------------------


def test_everybody_sees_the_people_whose_conversations_they_see(cast, ben):
    eva = factories.contact(cast.number, "Eva Fremd")
    factories.conversation(cast.number, eva, team=cast.other_team)
    factories.contact(cast.number, "Ohne Unterhaltung")

    assert _names(ben) == [cast.clara.display_name, cast.dario.display_name]
    assert _names(_client(cast.ada)) == sorted(
        [cast.clara.display_name, cast.dario.display_name, "Eva Fremd", "Ohne Unterhaltung"]
    )
    assert _names(_client(cast.mallory)) == []


@pytest.mark.parametrize(
    "words", ["HOFFMANN lena", "lena hoff", "mueller-hoff", "0172 1234", "+49 172", "LENA@", "@lena"]
)
def test_people_are_found_by_name_in_any_order_by_number_username_and_address(cast, words):
    lena = factories.contact(cast.number, "Lena Müller-Hoffmann", phone="491721234567")
    Contact.objects.filter(pk=lena.pk).update(
        email="lena@example.org", username="lena.mh", name_key=fold("Lena Müller-Hoffmann")
    )

    assert _names(_client(cast.ada), f"?q={words.replace('+', '%2B')}") == ["Lena Müller-Hoffmann"]


def test_filters_go_by_the_newest_consent_the_label_and_the_language(cast, ben):
    now = timezone.now()
    record_consent(cast.clara, "given", source="agent", occurred_at=now - timedelta(days=1))
    record_consent(cast.dario, "given", source="agent", occurred_at=now - timedelta(days=2))
    record_consent(cast.dario, "withdrawn", source="keyword", occurred_at=now)
    label = Label.objects.create(workspace=cast.workspace, name="Reparatur", hue=3)
    cast.claras.labels.add(label)
    Contact.objects.filter(pk=cast.dario.pk).update(language="en")
    clara, dario = cast.clara.display_name, cast.dario.display_name

    assert _names(ben, "?consent=given") == [clara]
    assert _names(ben, "?consent=withdrawn") == [dario]
    assert _names(ben, "?consent=unknown") == []
    assert _names(ben, f"?label={label.pk}") == [clara]
    assert _names(ben, "?language=en") == [dario]
    assert _names(ben, "?consent=nonsense&label=x&language=xx") == [clara, dario]


def test_pages_join_without_a_gap_and_cost_the_same_whatever_their_length(cast):
    for index in range(60):
        factories.conversation(cast.number, factories.contact(cast.number, f"Kunde {index % 7}"))
    ada = _client(cast.ada)

    first = ada.get("/contacts/")
    second = ada.get(f"/contacts/?after={first.context['page'].next}")
    seen = [row.contact.pk for answer in (first, second) for row in answer.context["page"].rows]
    assert len(seen) == len(set(seen)) == 62
    assert second.context["page"].next is None

    with CaptureQueriesContext(connection) as many:
        ada.get("/contacts/")
    Contact.objects.exclude(pk=cast.clara.pk).update(merged_into=cast.clara)
    with CaptureQueriesContext(connection) as one:
        ada.get("/contacts/")
    assert len(one) == len(many)


def test_sorted_by_last_contact_the_silent_come_last_and_pages_join(cast, monkeypatch):
    monkeypatch.setattr(contact_list, "PAGE_SIZE", 2)
    now = timezone.now()
    for days in (3, 1, 2):
        contact = factories.contact(cast.number, f"Vor {days} Tagen")
        factories.inbound_message(factories.conversation(cast.number, contact), "Hallo")
        Conversation.objects.filter(contact=contact).update(
            last_message_at=now - timedelta(days=days), preview={"text": "Hallo"}
        )
    expected = ["Vor 1 Tagen", "Vor 2 Tagen", "Vor 3 Tagen", "Albert Still", "Berta Still"]
    for name in ("Berta Still", "Albert Still"):
        factories.contact(cast.number, name)
    Contact.objects.filter(pk__in=[cast.clara.pk, cast.dario.pk]).update(kind="group")
    ada, shown, after = _client(cast.ada), [], ""
    for _page in range(3):
        page = ada.get(f"/contacts/?sort=last{after}").context["page"]
        shown += [row.contact.display_name for row in page.rows]
        after = f"&after={page.next}"

    assert shown == expected
    assert page.next is None


# --- entering somebody ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("typed", "digits"), [
    ("0172 123 45 67", "491721234567"), ("0049 172 1234567", "491721234567"), ("+43 660 1234567", "436601234567"),
    ("(0172) 1234567", "491721234567"), ("12", ""), ("Telefon", ""), ("", ""),
])  # fmt: skip
def test_numbers_are_read_as_people_type_them(typed, digits):
    assert digits_of(typed, "DE") == digits


def test_a_new_contact_opens_an_empty_thread_that_waits_for_nobody(cast, ben):
    answer = ben.post("/contacts/new/", {"phone": "0172 1234567", "number": cast.number.pk, "name": "Lena Neu"})

    conversation = Conversation.objects.get(contact__name="Lena Neu")
    assert answer["Location"] == f"/conversations/{conversation.pk}/"
    assert (conversation.status, conversation.assignee) == (ConversationStatus.CLOSED, cast.ben)
    assert conversation.contact.phone == "491721234567"
    page = ben.get(answer["Location"]).content.decode()
    assert 'data-mode="locked"' in page
    assert _names(ben, "?q=neu lena") == ["Lena Neu"]
    assert AuditEntry.objects.filter(verb="contact.created", actor=cast.ben).count() == 1


def test_a_number_that_somebody_has_leads_to_that_person_and_loses_nothing(cast, ben):
    answer = ben.post(
        "/contacts/new/", {"phone": f"+{cast.clara.phone}", "number": cast.number.pk, "name": "Noch eine Clara"}
    )

    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Noch eine Clara" in page
    assert f"/conversations/{cast.claras.pk}/" in page
    assert not Contact.objects.filter(name="Noch eine Clara").exists()


def test_a_person_of_another_team_is_not_named(cast, ben):
    eva = factories.contact(cast.number, "Eva Fremd", phone="491729999999")
    factories.conversation(cast.number, eva, team=cast.other_team)

    answer = ben.post("/contacts/new/", {"phone": "+491729999999", "number": cast.number.pk})

    assert answer.status_code == 422
    assert "Eva Fremd" not in answer.content.decode()


def test_beginning_twice_is_one_conversation(cast):
    contact = factories.contact(cast.number, "Nora")

    first = contact_book.start_conversation(contact, number=cast.number, by=cast.ada)
    second = contact_book.start_conversation(contact, number=cast.number, by=cast.ben)

    assert first == second


@pytest.mark.django_db(transaction=True)
def test_two_people_entering_the_same_number_at_once_make_one_contact():
    cast = make_cast()
    barrier, refused = threading.Barrier(2), []

    def enter(agent) -> None:
        try:
            barrier.wait()
            contact_book.create_contact(number=cast.number, phone="491721234567", by=agent, name="Lena")
        except NumberTaken as taken:
            refused.append(taken)
        finally:
            connection.close()

    threads = [threading.Thread(target=enter, args=(agent,)) for agent in (cast.ben, cast.lea)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Contact.objects.filter(name="Lena").count() == 1
    assert len(refused) == 1


# --- correcting somebody ----------------------------------------------------------------------------------------------


def test_a_corrected_name_is_found_shown_at_once_and_noted_without_its_contents(cast, ben):
    before = Event.objects.count()

    answer = ben.post(f"/contacts/{cast.clara.pk}/edit/?from={cast.claras.pk}", {
        "name": "Clara Umbenannt", "email": "clara@example.org", "language": "en", "note": "Lieber anrufen",
    })  # fmt: skip

    assert answer["Location"] == f"/conversations/{cast.claras.pk}/"
    page = ben.get(answer["Location"]).content.decode()
    assert '<p data-told="success" hidden>Clara Umbenannt ist gespeichert.</p>' in page  # and nowhere else later on
    assert _names(ben, "?q=umbenannt") == ["Clara Umbenannt"]
    assert Event.objects.count() > before
    entry = AuditEntry.objects.get(verb="contact.changed")
    assert entry.data == {"fields": ["name", "email", "language", "note"], "contact": cast.clara.pk}
    assert "Lieber anrufen" in page


def test_saving_without_a_change_does_nothing(cast):
    assert contact_book.change_contact(cast.clara, by=cast.ben, name=cast.clara.name) == []
    assert not AuditEntry.objects.filter(verb="contact.changed").exists()


def test_a_wrong_address_is_refused_and_nothing_typed_is_lost(cast, ben):
    answer = ben.post(f"/contacts/{cast.clara.pk}/edit/", {"name": "Clara X", "email": "kein", "note": "Wichtig"})

    assert answer.status_code == 422
    assert "Wichtig" in answer.content.decode()
    cast.clara.refresh_from_db()
    assert cast.clara.name != "Clara X"


# --- fields of one's own ----------------------------------------------------------------------------------------------


def _own(cast, name, kind, choices=()):
    field = ContactField(workspace=cast.workspace, name=name, kind=kind, choices=list(choices))
    return contact_fields.save_field(field, by=cast.ada)


@pytest.mark.parametrize(("kind", "typed", "stored", "words"), [
    ("text", "A-17 <b>", "A-17 <b>", "A-17 &lt;b&gt;"), ("number", "12,5", "12.5", "12,5"),
    ("number", "1.234,50 €", "1234.50", "1234,50"), ("number", "1.234", "1234", "1234"),
    ("date", "2026-12-24", "2026-12-24", "24.12.2026"), ("choice", "Rennrad", "Rennrad", "Rennrad"),
    ("switch", "no", False, "nein"), ("text", "", None, ""),
])  # fmt: skip
def test_each_kind_of_field_is_kept_and_shown(cast, ben, kind, typed, stored, words):
    field = _own(cast, "Eigenes", kind, ["Rennrad", "Lastenrad"])

    answer = ben.post(f"/contacts/{cast.clara.pk}/edit/", {"name": "Clara", f"field_{field.pk}": typed})

    assert answer.status_code == 302
    cast.clara.refresh_from_db()
    assert cast.clara.fields.get(str(field.pk)) == stored
    page = ben.get(f"/conversations/{cast.claras.pk}/").content.decode()
    assert ("Eigenes" in page) == bool(words)
    assert words in page


def test_a_number_is_shown_for_editing_as_the_language_writes_it(cast, ben):
    field = _own(cast, "Umsatz", "number")
    contact_book.change_contact(cast.clara, by=cast.ben, fields={str(field.pk): "1.234"})  # a little more than one
    shown = ben.get(f"/contacts/{cast.clara.pk}/edit/").content.decode()

    assert 'value="1,234"' in shown


@pytest.mark.parametrize(("kind", "typed"), [("number", "viel"), ("date", "24.13.2026"), ("choice", "Dreirad")])
def test_what_does_not_fit_a_field_is_refused(cast, ben, kind, typed):
    field = _own(cast, "Eigenes", kind, ["Rennrad"])

    answer = ben.post(f"/contacts/{cast.clara.pk}/edit/", {"name": "Clara", f"field_{field.pk}": typed})

    assert answer.status_code == 422


def test_a_removed_field_takes_what_was_kept_under_it_along(cast):
    field, other = _own(cast, "Rahmennummer", "text"), _own(cast, "Größe", "text")
    contact_book.change_contact(cast.clara, by=cast.ben, fields={str(field.pk): "A-17", str(other.pk): "56"})

    contact_fields.remove_field(field, by=cast.ada)

    cast.clara.refresh_from_db()
    assert cast.clara.fields == {str(other.pk): "56"}


def test_admins_make_rename_order_and_remove_fields(cast):
    ada = _client(cast.ada)
    for name in ("Rahmennummer", "Größe"):
        assert ada.post("/settings/contact-fields/new/", {"name": name, "kind": "text"}).status_code == 302
    assert ada.post("/settings/contact-fields/new/", {"name": "größe", "kind": "text"}).status_code == 422
    assert ada.post("/settings/contact-fields/new/", {"name": "Art", "kind": "choice"}).status_code == 422
    size = ContactField.objects.get(name="Größe")

    ada.post(f"/settings/contact-fields/{size.pk}/up/")
    ada.post(f"/settings/contact-fields/{size.pk}/", {"name": "Rahmengröße", "kind": "number"})

    assert list(ContactField.objects.values_list("name", flat=True)) == ["Rahmengröße", "Rahmennummer"]
    assert _client(cast.mallory).get(f"/settings/contact-fields/{size.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("name", "called"),
    [("Clara Sommer", "Clara"), ("Familie Özdemir", "Familie Özdemir"), ("Dr. Ada Weiß", "Dr. Ada Weiß"), ("Fa", "Fa")],
)
def test_what_is_no_first_name_is_not_taken_for_one(name, called):
    assert Contact(name=name).first_name == called
