"""The settings of automatic messages: for admins alone, in any language, per team, each change in the activity log."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry, Team, WorkingHours
from inbox.actions.automatic_due import InUse
from inbox.automatic import page as automatic_page
from inbox.models import AutomaticAnswer, AutomaticText, Conversation, KeywordAnswer
from tests import factories
from tests.cast import Cast, make_cast
from whatsapp.models import Rate

pytestmark = pytest.mark.django_db
GREETING = reverse("settings-automatic-message", args=["greeting"])
WORDS = {"words_de": "Preise, was  kostet,Preise", "text_de": "Ab 40 Euro.", "manner": "word", "is_on": "on"}


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def client_of(agent) -> Client:
    agent.language = "de"
    agent.save()
    client = Client()
    client.force_login(agent)
    return client


def in_use(cast: Cast) -> dict:
    conversation = Conversation.objects.get(pk=cast.claras.pk)
    return InUse(conversation.workspace_id).texts(conversation.team_id)


def test_a_lead_sees_nothing_of_it(cast):
    page = client_of(cast.lea).get(reverse("settings-automatic")).content.decode()
    assert GREETING not in page and client_of(cast.lea).get(GREETING).status_code == 404


def test_a_kind_is_switched_on_in_our_words(cast):
    client = client_of(cast.ada)
    assert "Gleich antwortet dir jemand" in client.get(reverse("settings-automatic")).content.decode()
    answer = client.post(reverse("settings-automatic-switch", args=["greeting"]), {"on": "1"}).content.decode()
    assert "checked" in answer and "Begrüßung" in answer
    assert in_use(cast)["greeting"]["en"].startswith("Hello")
    client.post(reverse("settings-automatic-switch", args=["greeting"]), {"on": "1"})
    client.post(reverse("settings-automatic-switch", args=["greeting"]))
    assert in_use(cast) == {}
    assert [entry.verb for entry in AuditEntry.objects.order_by("pk")] == ["automatic.on", "automatic.off"]


def test_words_in_a_third_language(cast):
    client = client_of(cast.ada)
    said = {"is_on": "on", "text_de": "Moin!", "text_en": "", "text_more": "Merhaba!", "language_more": "tr"}
    assert client.post(GREETING, said).status_code == 302
    assert in_use(cast) == {"greeting": {"de": "Moin!", "tr": "Merhaba!"}}
    page = client.get(GREETING).content.decode()
    assert "Merhaba!" in page and 'name="text_tr"' in page
    entry = AuditEntry.objects.get(verb="automatic.changed")
    assert entry.subject == "Begrüßung" and entry.data == {"fields": ["de", "tr"], "to": True}


def test_a_team_has_its_own_words_none_or_those_of_everybody(cast):
    client, address = client_of(cast.ada), reverse("settings-automatic-team", args=["greeting", cast.team.pk])
    client.post(GREETING, {"is_on": "on", "text_de": "Moin!"})
    client.post(address, {"mode": "own", "text_de": "Hier die Werkstatt."})
    assert in_use(cast)["greeting"]["de"] == "Hier die Werkstatt."
    assert "eigene Worte: Werkstatt" in client.get(reverse("settings-automatic")).content.decode()
    client.post(address, {"mode": "off", "text_de": "Hier die Werkstatt."})
    assert in_use(cast) == {}
    client.post(address, {"mode": "follow", "text_de": "egal"})
    assert in_use(cast)["greeting"]["de"] == "Moin!"
    assert AuditEntry.objects.get(verb="automatic.followed").subject == "Begrüßung · Werkstatt"


@pytest.mark.parametrize("wrong, where", [
    ({"text_de": "", "text_en": ""}, "text_de"), ({"text_de": "Hallo {{vorname}}"}, "text_de"),
    ({"text_en": "x" * 1001}, "text_en"), ({"text_more": "Merhaba", "language_more": ""}, "language_more"),
])  # fmt: skip
def test_wrong_words_are_refused_and_nothing_is_lost(cast, wrong, where):
    said = {"is_on": "on", "text_de": "Moin!", "text_en": "Hi there!"} | wrong
    answer = client_of(cast.ada).post(GREETING, said)
    assert answer.status_code == 422 and list(answer.context["form"].errors) == [where]
    page = answer.content.decode()
    assert all(value in page for name, value in said.items() if name.startswith("text"))
    assert not AutomaticText.objects.exists()


def test_a_keyword_is_written_changed_switched_and_deleted(cast):
    client = client_of(cast.ada)
    assert client.post(reverse("settings-keyword-new"), WORDS | {"team": str(cast.team.pk)}).status_code == 302
    row = KeywordAnswer.objects.get()
    assert row.words == {"de": ["Preise", "was kostet"]} and row.texts == {"de": "Ab 40 Euro."}
    assert (row.is_whole, row.is_on, row.team) == (False, True, cast.team)

    page = client.get(reverse("settings-automatic")).content.decode()
    assert "was kostet" in page and "nur Werkstatt" in page
    assert client.post(reverse("settings-keyword", args=[row.pk]), WORDS | {"manner": "whole"}).status_code == 302
    row.refresh_from_db()
    assert (row.is_whole, row.team) == (True, None)
    assert "checked" not in client.post(reverse("settings-keyword-switch", args=[row.pk])).content.decode()
    assert not KeywordAnswer.objects.get().is_on
    client.post(reverse("settings-keyword-removal", args=[row.pk]))
    assert not KeywordAnswer.objects.exists()
    verbs = [entry.verb.removeprefix("keyword.") for entry in AuditEntry.objects.order_by("pk")]
    assert verbs == ["created", "changed", "off", "deleted"]


@pytest.mark.parametrize("wrong, where", [
    ({"words_de": " , "}, "words_de"), ({"words_de": "🙂"}, "words_de"), ({"text_de": ""}, "text_de"),
    ({"words_de": ",".join(f"w{number}" for number in range(31))}, "words_de"), ({"team": "999999"}, "team"),
    ({"manner": "so"}, "manner"), ({"words_de": "x" * 61}, "words_de"),
])  # fmt: skip
def test_a_wrong_keyword_is_refused(cast, wrong, where):
    answer = client_of(cast.ada).post(reverse("settings-keyword-new"), WORDS | wrong)
    assert answer.status_code == 422 and where in answer.context["form"].errors
    assert not KeywordAnswer.objects.exists()


def test_another_workspaces_team_is_no_choice(cast):
    theirs = cast.mallory.teams.get()
    client = client_of(cast.ada)
    assert client.post(reverse("settings-keyword-new"), WORDS | {"team": str(theirs.pk)}).status_code == 422
    address = reverse("settings-automatic-preview") + f"?language=de&team={theirs.pk}"
    assert client.post(address, {"text_de": "Hallo"}).status_code == 404


def test_the_preview_reads_as_the_customer_would(cast):
    WorkingHours.objects.create(workspace=cast.workspace, weekly=[[[540, 1080]]] * 5 + [[], []])
    said = {
        "text_de": "Hallo {{contact.first_name}}, wir melden uns {{next_opening}}. <b>*Fett*</b>",
        "text_more": "Geliyoruz {{next_opening}}", "language_more": "tr", "words_de": "Preise, x",
    }  # fmt: skip
    client, address = client_of(cast.ada), reverse("settings-automatic-preview")
    with time_machine.travel(datetime(2026, 11, 27, 12, 0, tzinfo=UTC), tick=False):
        german = client.post(f"{address}?language=de", said).content.decode()
        turkish = client.post(f"{address}?language=more", said).content.decode()
    assert "Hallo Anna, wir melden uns am Montag um 09:00 Uhr." in german and "Preise" in german
    assert "&lt;b&gt;<b>Fett</b>&lt;/b&gt;" in german
    assert "Geliyoruz Pazartesi 09:00" in turkish
    assert client.post(f"{address}?language=xx", said).status_code == 404


def test_who_is_always_open_learns_that_away_is_never_said(cast):
    client, away = client_of(cast.ada), reverse("settings-automatic-message", args=["away"])
    assert "Ohne Geschäftszeiten" in client.get(away).content.decode()
    assert "Ohne Geschäftszeiten" not in client.get(GREETING).content.decode()
    WorkingHours.objects.create(workspace=cast.workspace, weekly=[[[540, 1080]]] * 7)
    assert "Ohne Geschäftszeiten" not in client.get(away).content.decode()


def test_where_people_take_conversations_by_hand_nobody_is_ever_busy(cast):
    client, busy = client_of(cast.ada), reverse("settings-automatic-message", args=["busy"])
    words = "Unterhaltungen nimmt man dort selbst"
    assert words not in client.get(busy).content.decode()
    Team.objects.filter(pk=cast.team.pk).update(strategy="manual")
    assert f"Werkstatt: {words}" in client.get(busy).content.decode()
    own, other = (reverse("settings-automatic-team", args=["busy", team.pk]) for team in (cast.team, cast.other_team))
    assert words in client.get(own).content.decode() and words not in client.get(other).content.decode()
    assert words not in client.get(GREETING).content.decode()


def test_the_month_is_counted_with_what_whatsapp_charges(cast):
    Rate.objects.create(
        effective_from="2020-01-01", currency="EUR", market="DE", category="service", amount="0.0456", source="Test"
    )
    now = timezone.now()
    for index, billable in enumerate((True, True, False, None)):
        pricing = None if billable is None else {"billable": billable}
        message = factories.outbound_message(cast.claras, via="automation", pricing=pricing)
        AutomaticAnswer.objects.create(
            workspace=cast.workspace, conversation=cast.claras, kind=["greeting", "away"][index % 2], message=message,
            language="de", sent_at=now,
        )  # fmt: skip
    AutomaticAnswer.objects.create(
        workspace=cast.workspace, conversation=cast.claras, kind="back", language="de", sent_at=now - timedelta(days=40)
    )
    spent = automatic_page.spent_this_month(cast.workspace, now)
    assert (spent.total, spent.paid, dict(spent.counts)) == (4, 2, {"greeting": 2, "away": 2})
    page = client_of(cast.ada).get(reverse("settings-automatic")).content.decode()
    assert "4 Nachrichten" in page and "berechnet 2 davon, etwa 0,0912\u00a0€" in page


def test_the_page_asks_as_much_for_many_keywords_as_for_one(cast, django_assert_max_num_queries):
    client = client_of(cast.ada)
    for index in range(30):
        KeywordAnswer.objects.create(
            workspace=cast.workspace, team=cast.team, words={"de": [f"wort{index}"]}, texts={"de": "Ja"}
        )
    client.get(reverse("settings-automatic"))
    with django_assert_max_num_queries(20):
        client.get(reverse("settings-automatic"))
