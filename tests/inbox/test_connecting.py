"""Connecting a number from the browser: every check a sentence, nothing kept until all hold, secrets never shown."""

import hashlib
import html
import re
import time

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry
from inbox.models import NumberRouting
from tests import factories
from tests.cast import Cast, make_cast
from tests.phone_fixture import PracticePhone, WebhookRecorder
from tests.signing_in import browser, prove
from whatsapp import round_trip
from whatsapp.models import BusinessAccount, MetaApp, PhoneNumber, WebhookCheck

pytestmark = pytest.mark.django_db

TYPED = {
    "app_id": "612345678901234", "app_secret": "sandbox-app-secret", "access_token": "sandbox-access-token",
    "waba_id": "208765432100002", "phone_number_id": "109876543210002",
}  # fmt: skip


@pytest.fixture
def cast(practice_phone: PracticePhone, webhook_recorder: WebhookRecorder, settings, monkeypatch) -> Cast:
    """Meta is the practice phone, our address the recorder; what it is asked with is what we wait for."""
    settings.GRAPH_BASE_URL = practice_phone.url
    settings.BASE_URL = webhook_recorder.url.removesuffix("/webhooks/whatsapp/")
    practice_phone.settings(webhook_target="")
    monkeypatch.setattr(round_trip, "WAIT_SECONDS", 0.3)
    monkeypatch.setattr(round_trip, "CHECK_AGAIN_SECONDS", 0.0)
    create = WebhookCheck.objects.create

    def created(**fields):
        webhook_recorder.verify_token = fields["verify_token"]
        return create(**fields, arrived_at=timezone.now())

    monkeypatch.setattr(WebhookCheck.objects, "create", created)
    return make_cast()


def connect(cast: Cast, **typed: str):
    """As the page does it: by htmx."""
    return freshly(cast).post(reverse("settings-number-new"), TYPED | typed, headers={"HX-Request": "true"})


def freshly(cast: Cast) -> Client:
    """Ada, who has just shown who she is."""
    client = browser(cast.ada)
    prove(client, time.time())
    return client


def said(answer) -> list[tuple[str, str]]:
    return [(check.key, check.state) for check in answer.context["report"].checks]


def test_a_number_is_connected_when_everything_holds(cast, practice_phone):
    answer = connect(cast)

    number = PhoneNumber.objects.get(phone_number_id="109876543210002")
    assert answer["HX-Redirect"] == reverse("settings-number-one", args=[number.pk])
    account = number.business_account
    assert (number.display_number, number.name, number.workspace) == (
        "4915550100200", "Blumenhaus Sonnenschein", cast.workspace
    )  # fmt: skip
    assert (account.waba_id, account.portfolio_id) == ("208765432100002", "305566770002222")
    assert account.access_token.reveal() == "sandbox-access-token"
    assert account.meta_app.secrets.get().secret.reveal() == "sandbox-app-secret"
    assert NumberRouting.objects.get(phone_number=number).team == cast.team
    assert AuditEntry.objects.get(verb="number.connected").data == {}
    assert not WebhookCheck.objects.exists()
    assert practice_phone.state()["settings"]["webhook_target"] == round_trip.callback_url()


def test_the_same_again_gives_the_same_rows(cast):
    connect(cast)
    connect(cast)

    assert PhoneNumber.objects.filter(phone_number_id="109876543210002").count() == 1
    assert MetaApp.objects.get(app_id=TYPED["app_id"]).secrets.count() == 1


@pytest.mark.parametrize(
    ("wrong", "last", "page"), [
        ({"app_secret": "another-app-secret"}, "secret", "apps/612345678901234/settings/basic"),
        ({"access_token": "another-access-token"}, "token", "settings/system-users"),
        ({"waba_id": "208765432100009"}, "account", "whatsapp-business-accounts"),
        ({"phone_number_id": "109876543210009"}, "number", "wa/manage/phone-numbers"),
        ({"phone_number_id": "109876543210001"}, "number", "wa/manage/phone-numbers"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_the_page_that_mends_it_and_nothing_is_kept(cast, wrong, last, page):
    before = (PhoneNumber.objects.count(), BusinessAccount.objects.count(), MetaApp.objects.count())

    answer = connect(cast, **wrong)

    assert answer.status_code == 422
    assert said(answer)[-1] == (last, "bad")
    assert page in answer.content.decode()
    assert (PhoneNumber.objects.count(), BusinessAccount.objects.count(), MetaApp.objects.count()) == before


def test_an_address_that_meta_cannot_reach_is_said(cast, webhook_recorder):
    webhook_recorder.close()

    answer = connect(cast)

    assert said(answer)[-1] == ("webhook", "bad")
    assert "Meta got no answer at" in answer.content.decode()
    assert not PhoneNumber.objects.filter(phone_number_id="109876543210002").exists()


def test_somebody_else_answering_at_our_address_is_noticed(cast, webhook_recorder, monkeypatch):
    create = WebhookCheck.objects.create
    monkeypatch.setattr(WebhookCheck.objects, "create", lambda **fields: _unseen(create(**fields)))

    answer = connect(cast)

    assert "but not this server" in answer.content.decode()


def _unseen(waiting: WebhookCheck) -> WebhookCheck:
    WebhookCheck.objects.filter(pk=waiting.pk).update(arrived_at=None)
    return waiting


def test_webhooks_that_go_elsewhere_are_turned_only_when_told(cast, practice_phone):
    practice_phone.settings(webhook_target="https://old-system.example/hook")

    asked = connect(cast)

    assert said(asked)[-1] == ("elsewhere", "bad")
    assert "old-system.example" in asked.content.decode()
    assert practice_phone.state()["settings"]["webhook_target"] == "https://old-system.example/hook"
    assert "HX-Redirect" in connect(cast, take_over="on")


def test_an_account_that_was_not_subscribed_is_subscribed(cast, practice_phone):
    practice_phone.control("POST", "numbers/109876543210002", {"subscribed": False})

    connect(cast)

    subscribed = practice_phone.api("GET", "208765432100002/subscribed_apps").json()["data"]
    assert len(subscribed) == 1


def test_an_unregistered_number_is_connected_with_a_word_about_it(cast, practice_phone):
    practice_phone.control("POST", "numbers/109876543210002", {"status": "DISCONNECTED"})

    connect(cast)

    number = PhoneNumber.objects.get(phone_number_id="109876543210002")
    page = browser(cast.ada).get(reverse("settings-number-one", args=[number.pk])).content.decode()
    assert "An admin registers it with its PIN, below." in page


def test_a_number_of_another_workspace_stays_there(cast):
    cast.other_number.phone_number_id = "109876543210002"
    cast.other_number.save()

    answer = connect(cast)

    assert said(answer) == [("elsewhere_here", "bad")]
    cast.other_number.refresh_from_db()
    assert cast.other_number.workspace == cast.other_workspace


def test_secrets_are_in_no_page_no_log_and_no_audit_line(cast, caplog):
    canaries = {"app_secret": "canary-secret-0815", "access_token": "canary-token-4711"}
    caplog.set_level("DEBUG")

    pages = [connect(cast, **canaries), freshly(cast).post(reverse("settings-number-new"), TYPED | canaries)]
    pages.append(connect(cast, **canaries, phone_number_id="x"))

    for page in pages:
        assert page.status_code == 422
        assert "canary" not in page.content.decode()
    assert "canary" not in caplog.text
    assert not AuditEntry.objects.filter(data__icontains="canary").exists()


def test_nonsense_is_named_without_asking_meta(cast, practice_phone):
    answer = connect(cast, app_id="app", app_secret="short", waba_id="20 8765 4321 00002")

    assert wrong(answer) == {
        "id_app_id": "This is not an ID of Meta's: those are long numbers.",
        "id_app_secret": "This does not look like what Meta gives out.",
    }


def test_what_meta_says_is_wrong_stands_at_its_field_with_the_page_that_mends_it(cast):
    at_field = wrong(connect(cast, waba_id="208765432100009"))
    assert list(at_field) == ["id_waba_id"]
    assert "The token finds no WhatsApp account 208765432100009. <a href=" in at_field["id_waba_id"]
    assert "whatsapp-business-accounts" in at_field["id_waba_id"]

    page = freshly(cast).post(reverse("settings-number-new"), TYPED | {"phone_number_id": "109876543210009"})
    field = re.search(r'<input[^>]*name="phone_number_id"[^>]*>', page.content.decode())[0]
    assert 'aria-invalid="true"' in field and 'aria-describedby="id_phone_number_id_error"' in field
    said_there = page.content.decode().split('id="id_phone_number_id_error"')[1].split("</div>")[0]
    assert "wa/manage/phone-numbers" in said_there and "109876543210009" in field


def wrong(answer) -> dict[str, str]:
    """What is said at each field."""
    found = re.findall(r'data-field="(\w+)">.*?</svg><span>(.*?)</span>', answer.content.decode(), re.DOTALL)
    return {field: html.unescape(words) for field, words in found}


def test_only_admins_connect(cast):
    for agent in (cast.ben, cast.lea):
        assert browser(agent).get(reverse("settings-number-new")).status_code == 403
        assert browser(agent).post(reverse("settings-number-new"), TYPED).status_code == 403


def test_the_door_answers_a_riddle_that_is_waited_for_and_notes_it(transactional_db):
    from tests.whatsapp.test_webhook import verify

    workspace = factories.workspace()
    waiting = WebhookCheck.objects.create(
        workspace=workspace, verify_token="waited-for", token_sha256=hashlib.sha256(b"waited-for").hexdigest()
    )

    status, _headers, body = verify("hub.mode=subscribe&hub.challenge=77&hub.verify_token=waited-for")

    waiting.refresh_from_db()
    assert (status, body, waiting.arrived_at is not None) == (200, b"77", True)
    assert verify("hub.mode=subscribe&hub.challenge=77&hub.verify_token=another")[0] == 403
