"""The pages of the desk: admins only, what would go in numbers, a typed name, a trail."""

import pytest
from django.test import Client

from accounts.models import AuditEntry
from inbox.models import Contact, Erasure, PersonExport
from tests import factories
from tests.inbox.privacy.life import NAME, PHONE
from tests.recording_queue import run_jobs
from tests.signing_in import proven, signed_in
from whatsapp.phone_format import pretty

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ada(cast) -> Client:
    return proven(cast.ada)


def test_the_preview_says_what_would_go(ada, talk, cast):
    page = ada.get(f"/settings/privacy/people/{talk.contact_id}/").content.decode()

    for words in ("Nachrichten", "Interne Notizen", "Webhook-Rohdaten", "Dateien, die bleiben"):
        assert words in page
    assert AuditEntry.objects.filter(verb="privacy.looked", subject=NAME).count() == 1


@pytest.mark.parametrize("what", ["", "export/", "erasure/"])
def test_an_open_screen_alone_neither_shows_nor_takes_anybody(what, talk, cast):
    left_alone, url = signed_in(cast.ada), f"/settings/privacy/people/{talk.contact_id}/"
    before = (Erasure.objects.count(), PersonExport.objects.count())

    answer = left_alone.post(url + what, {"typed": NAME}) if what else left_alone.get(url)

    assert answer.status_code == 302 and "/confirm/?next=%2Fsettings%2Fprivacy" in answer["Location"]
    assert (Erasure.objects.count(), PersonExport.objects.count()) == before
    assert not AuditEntry.objects.filter(verb="privacy.looked").exists()


def test_a_wrong_name_begins_nothing_and_keeps_what_was_typed(ada, talk):
    answer = ada.post(f"/settings/privacy/people/{talk.contact_id}/erasure/", {"typed": "Klementine"})

    assert answer.status_code == 422 and 'value="Klementine"' in answer.content.decode()
    assert not Erasure.objects.exists()


def test_from_the_search_to_the_proof(ada, talk, cast):
    found = ada.get("/settings/privacy/", {"q": "Sommerfeld"}).content.decode()
    assert f"/settings/privacy/people/{talk.contact_id}/" in found
    answer = ada.post(f"/settings/privacy/people/{talk.contact_id}/erasure/", {"typed": NAME})
    erasure = Erasure.objects.get()
    assert answer["Location"] == f"/settings/privacy/erasures/{erasure.pk}/"
    assert "every 2s" in ada.get(answer["Location"]).content.decode()
    run_jobs(50)

    page = ada.get(answer["Location"]).content.decode()
    assert "every 2s" not in page and not Contact.objects.filter(pk=talk.contact_id).exists()
    for typed in (PHONE, "0176 55501234", "+49 176 55501234"):
        page = ada.get("/settings/privacy/", {"q": typed}).content.decode()
        assert "Jemand mit dieser Nummer wurde gelöscht" in page
    assert ada.get(f"/settings/privacy/people/{talk.contact_id}/").status_code == 404
    assert signed_in(cast.mallory).get(answer["Location"]).status_code == 404


def test_the_number_of_statements_does_not_grow(ada, talk, cast, django_assert_max_num_queries):
    url = f"/settings/privacy/people/{talk.contact_id}/"
    with django_assert_max_num_queries(75):
        ada.get(url)
    for _ in range(30):
        factories.inbound_message(talk, "mehr")
    with django_assert_max_num_queries(75):
        ada.get(url)


def test_the_access_log_says_who_looked_at_whom(ada, talk, cast):
    ada.get(f"/settings/privacy/people/{talk.contact_id}/")
    page = ada.get("/settings/privacy/log/").content.decode()
    of_clara = ada.get("/settings/privacy/log/", {"contact": cast.clara.pk}).content.decode()

    assert NAME in page and NAME not in of_clara
    assert NAME in ada.get("/settings/privacy/log/", {"contact": talk.contact_id}).content.decode()


@pytest.mark.parametrize("name", ["record", "contract"])
def test_papers_are_filled_with_what_is_set(ada, cast, name):
    ada.post("/settings/privacy/retention/", {"media": "365", "deliveries": "7"})
    page = ada.get(f"/settings/privacy/documents/{name}/").content.decode()

    assert "nach 365 Tagen" in page and "nach 7 Tagen" in page and cast.workspace.name in page
    assert "Das ist eine Vorlage" in page
    if name == "record":
        assert pretty(cast.number.display_number) in page and "Meta Platforms Ireland" in page
