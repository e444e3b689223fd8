"""The question after closing on the screens: settings, closing without it, the panel."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry
from inbox.models import Case, Conversation, Satisfaction, SatisfactionSettings
from tests import factories
from tests.cast import Cast, make_cast

pytestmark = pytest.mark.django_db
WORDS = {
    "question_de": "Zufrieden?", "good_de": "Ja", "so_so_de": "Naja", "bad_de": "Nein", "why_de": "",
    "question_en": "Happy?", "good_en": "Yes", "so_so_en": "Okay", "bad_en": "No", "why_en": "Why?",
    "every_days": "14", "comment_hours": "2", "outcomes": "Spam\n\n Falsch  verbunden \nSpam",
}  # fmt: skip


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def client_of(agent) -> Client:
    client = Client()
    client.force_login(agent)
    return client


def asking(cast) -> bool:
    return SatisfactionSettings.objects.filter(workspace=cast.workspace, teams=cast.team).exists()


def test_a_lead_switches_it_for_their_team_alone(cast):
    client = client_of(cast.lea)
    page = client.get(reverse("settings-automatic")).content.decode()
    assert cast.team.name in page and cast.other_team.name not in page
    assert f'href="{reverse("settings-rating")}"' not in page

    answer = client.post(reverse("settings-rating-team", args=[cast.team.pk]), {"asks": "on"})
    assert "checked" in answer.content.decode() and asking(cast)
    client.post(reverse("settings-rating-team", args=[cast.team.pk]), {})
    assert not asking(cast)
    assert client.post(reverse("settings-rating-team", args=[cast.other_team.pk]), {"asks": "on"}).status_code == 404
    assert AuditEntry.objects.filter(verb="satisfaction.team", actor=cast.lea).count() == 2


def test_an_admin_chooses_the_words(cast):
    client = client_of(cast.ada)
    assert client.get(reverse("settings-rating")).status_code == 200
    assert client.post(reverse("settings-rating"), WORDS).status_code == 302

    chosen = SatisfactionSettings.objects.get()
    assert chosen.wording["de"] == {
        "question": "Zufrieden?", "good": "Ja", "so_so": "Naja", "bad": "Nein", "why": ""
    }  # fmt: skip
    assert (chosen.every_days, chosen.comment_hours) == (14, 2)
    assert chosen.without_outcomes == ["Spam", "Falsch verbunden"]
    assert set(chosen.wording["en"]) == {"question", "good", "so_so", "bad", "why"}
    assert AuditEntry.objects.get(verb="satisfaction.changed").data["fields"] == [
        "comment_hours", "every_days", "without_outcomes", "wording"
    ]  # fmt: skip


@pytest.mark.parametrize("wrong", [
    {"question_de": ""}, {"good_de": "x" * 21}, {"bad_de": "ja"}, {"every_days": "0"}, {"comment_hours": "99"},
    {"outcomes": "x" * 121}, {"why_de": "x" * 1025},
])  # fmt: skip
def test_bad_words_are_refused_and_nothing_is_lost(cast, wrong):
    answer = client_of(cast.ada).post(reverse("settings-rating"), WORDS | wrong)
    assert answer.status_code == 422 and "Happy?" in answer.content.decode()
    assert not SatisfactionSettings.objects.exists()


def test_words_that_are_as_ours_are_not_kept(cast):
    client = client_of(cast.ada)
    form = client.get(reverse("settings-rating")).context["form"]
    said = {field.html_name: field.value() for field in form}
    client.post(reverse("settings-rating"), said)
    assert SatisfactionSettings.objects.get().wording == {}


def test_closing_without_the_question_is_offered_where_the_team_asks(cast):
    client, address = client_of(cast.ben), reverse("conversation-closure", args=[cast.claras.pk])
    assert "without_rating" not in client.get(address).content.decode()
    SatisfactionSettings.objects.create(workspace=cast.workspace).teams.add(cast.team)
    assert "without_rating" in client.get(address).content.decode()

    Case.objects.update(first_replied_at=timezone.now())
    client.post(address, {"without_rating": "on"})
    assert Conversation.objects.get(pk=cast.claras.pk).status == "closed" and not Satisfaction.objects.exists()
    client.delete(address)
    client.post(address)
    assert Satisfaction.objects.get().case.conversation == cast.claras


def test_the_panel_shows_it_with_its_case(cast):
    case = cast.claras.current_case()
    Case.objects.filter(pk=case.pk).update(closed_at=timezone.now(), subject="Kette")
    factories.Case.objects.create(workspace=cast.workspace, conversation=cast.claras, closed_at=timezone.now())
    Satisfaction.objects.create(
        workspace=cast.workspace, conversation=cast.claras, case=case, score=1, comment="Zu <teuer>"
    )
    page = client_of(cast.ben).get(reverse("conversation-contact", args=[cast.claras.pk])).content.decode()
    assert "🙁 unzufrieden" in page and "Zu &lt;teuer&gt;" in page
