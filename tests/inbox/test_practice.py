"""The practice phone's page: the person trying the product is the customer."""

import time
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import translation

from accounts.models import Agent
from inbox.models import Contact, Conversation
from inbox.practice import log as practice_log
from tests import factories
from tests.phone_fixture import PracticePhone, WebhookRecorder
from whatsapp.models import BusinessAccount

pytestmark = pytest.mark.django_db
PORTFOLIO = "305566770001111"


@pytest.fixture
def agent() -> Agent:
    """Mara, in the demo workspace, whose number is the phone's."""
    workspace = factories.workspace(is_demo=True)
    team = factories.team(workspace, is_default=True)
    number = factories.number(workspace, team=team, phone_number_id="109876543210001", display_number="4915550100100")
    BusinessAccount.objects.filter(pk=number.business_account_id).update(portfolio_id=PORTFOLIO)
    return factories.agent(workspace, "Mara Brandt", teams=[team])


@pytest.fixture
def client(agent: Agent) -> Client:
    client = Client()
    client.force_login(agent)
    return client


@pytest.fixture
def phone(practice_phone: PracticePhone, webhook_recorder: WebhookRecorder, settings: Any) -> PracticePhone:
    settings.SANDBOX_URL = practice_phone.url
    practice_phone.webhooks_to(webhook_recorder.url)
    return practice_phone


@pytest.fixture
def lena(agent: Agent) -> Conversation:
    """Lena's conversation as our inbox has it."""
    number = agent.workspace.phone_numbers.get()
    contact = factories.contact(number, "Lena Hoffmann", phone="491729925904")
    conversation = factories.conversation(number, contact)
    factories.inbound_message(conversation)
    return conversation


def _do(client: Client, key: str = "lena", **said: Any) -> HttpResponse:
    return client.post(reverse("practice-messages", args=[key]), said, headers={"accept": "application/json"})


def _live(client: Client, key: str = "lena", **params: Any) -> dict[str, Any]:
    return client.get(reverse("practice-live", args=[key]), params).json()


# --- who may ----------------------------------------------------------------------------------------------------------
def test_outside_demo_mode_the_page_does_not_exist(settings: Any) -> None:
    page = reverse("practice-phone")  # the address is known; the view says no all the same
    client = Client()
    client.force_login(factories.agent(factories.workspace(), "Ada Admin"))
    settings.DEMO = False

    assert client.get(page).status_code == 404
    assert _do(client, do="text", text="Hallo").status_code == 404


def test_people_of_other_workspaces_find_nothing(phone: PracticePhone) -> None:
    mallory = Client()
    mallory.force_login(factories.agent(factories.workspace("Fremd"), "Mallory"))

    assert mallory.get(reverse("practice-phone")).status_code == 404
    assert _do(mallory, do="text", text="Hallo").status_code == 404
    assert phone.chat() == []


def test_strangers_are_asked_to_sign_in() -> None:
    assert Client().get(reverse("practice-phone")).status_code == 302


def test_no_phone_is_said_in_a_sentence(client: Client, settings: Any) -> None:
    settings.SANDBOX_URL = "http://127.0.0.1:9"

    page, act = client.get(reverse("practice-phone")), _do(client, do="text", text="Hallo")

    assert page.status_code == act.status_code == 503
    assert act.json()["code"] == "phone_away"


# --- the page ---------------------------------------------------------------------------------------------------------
def test_the_page_shows_the_customers_chat(client: Client, phone: PracticePhone, lena: Conversation) -> None:
    phone.write(text="Ist mein *Rad* fertig?")

    html = client.get(reverse("practice-phone"), {"as": "lena"}).content.decode()

    assert "Ist mein <b>Rad</b> fertig?" in html
    assert f'href="{reverse("conversation", args=[lena.pk])}"' in html


def test_what_has_not_arrived_is_not_on_the_screen(client: Client, phone: PracticePhone) -> None:
    phone.write()
    phone.customer(online=False)
    wamid = phone.wamid(text={"body": "Dein Rad ist fertig"})
    phone.wait_for(wamid, "sent")
    before = _live(client)["parts"]

    phone.customer(online=True)
    phone.wait_for(wamid, "delivered")

    assert "Dein Rad ist fertig" not in before["chat"]
    assert "1" in before["wrong"]
    assert "Dein Rad ist fertig" in _live(client)["parts"]["chat"]


def test_text_from_customers_is_escaped(client: Client, phone: PracticePhone) -> None:
    phone.write(text="<img src=x onerror=alert(1)>")

    assert "<img src=x" not in _live(client)["parts"]["chat"]


def test_looking_at_the_page_reads_the_replies(client: Client, phone: PracticePhone) -> None:
    phone.write()
    wamid = phone.wamid()
    phone.wait_for(wamid, "delivered")

    _live(client, looking=1)

    phone.wait_for(wamid, "read")


def test_raw_payloads_are_shown_when_asked_for(client: Client, phone: PracticePhone) -> None:
    phone.write()
    phone.idle()

    assert "whatsapp_business_account" not in _live(client)["parts"]["log"]
    assert "whatsapp_business_account" in _live(client, raw=1)["parts"]["log"]


def test_what_the_inbox_did_is_in_the_log(client: Client, phone: PracticePhone, lena: Conversation) -> None:
    mara = lena.workspace.agents.get()
    lena.activities.create(workspace=lena.workspace, seq=5, kind="closed", actor=mara, data={"outcome": "Abgeholt"})

    assert "Abgeholt" in _live(client)["parts"]["log"]


def test_a_message_is_read_once_in_the_log_however_often_we_say_so(client: Client, phone: PracticePhone) -> None:
    wamid = phone.write()["wamid"]
    read = {"messaging_product": "whatsapp", "status": "read", "message_id": wamid}
    for typing in ({}, {}, {"typing_indicator": {"type": "text"}}, {"typing_indicator": {"type": "text"}}):
        assert phone.send(read | typing).status_code == 200

    log = _live(client)["parts"]["log"]
    assert log.count("Als gelesen gemeldet") == log.count("Zeigt an, dass du schreibst") == 1


def test_hours_and_minutes_of_a_jump_are_written_alike(client: Client) -> None:
    with translation.override("de"):
        [line] = practice_log.lines([{"id": 1, "kind": "clock", "at": 0, "seconds": 5400}], [], raw=False)

    assert "1 Std. 30 Min." in line.title


def test_the_way_into_the_inbox_appears_with_the_conversation(
    client: Client, phone: PracticePhone, lena: Conversation
) -> None:
    assert f'href="{reverse("inbox")}"' in _live(client, "hannah")["parts"]["link"]
    assert f'href="{reverse("conversation", args=[lena.pk])}"' in _live(client)["parts"]["link"]


def test_a_change_in_the_inbox_ends_the_wait(client: Client, phone: PracticePhone, lena: Conversation) -> None:
    version = _live(client)["version"]
    Conversation.objects.filter(pk=lena.pk).update(version=lena.version + 1)

    assert _live(client, since=version)["version"] != version


# --- doing ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("act", "kind"),
    [
        ("photo", "image"), ("voice", "audio"), ("document", "document"), ("location", "location"),
        ("contact", "contacts"), ("poll", "unsupported"), ("stop", "text"), ("start", "text"), ("ad", "text"),
    ],
)  # fmt: skip
def test_one_button_sends_one_thing(
    client: Client, phone: PracticePhone, webhook_recorder: WebhookRecorder, act: str, kind: str
) -> None:
    assert _do(client, do=act).status_code == 204

    phone.idle()
    assert [message["type"] for message in webhook_recorder.messages()] == [kind]


def test_a_reply_button_is_pressed(client: Client, phone: PracticePhone, webhook_recorder: WebhookRecorder) -> None:
    phone.write()
    buttons = [{"type": "reply", "reply": {"id": "do", "title": "Do 14:00"}}]
    part = {"type": "button", "body": {"text": "Wann?"}, "action": {"buttons": buttons}}
    wamid = phone.wamid(type="interactive", interactive=part)

    pressed = _do(client, do="press", wamid=wamid, index="0")
    gone = _do(client, do="press", wamid=wamid, index="7")

    phone.idle()
    assert (pressed.status_code, gone.status_code) == (204, 422)
    answer = webhook_recorder.messages()[-1]
    assert answer["interactive"]["button_reply"] == {"id": "do", "title": "Do 14:00"}
    assert answer["context"]["id"] == wamid


def test_a_templates_quick_reply_is_pressed(
    client: Client, phone: PracticePhone, webhook_recorder: WebhookRecorder
) -> None:
    body = {"type": "body", "parameters": [{"type": "text", "text": "Lena"}]}
    template = {"name": "newsletter_werkstatt", "language": {"code": "de"}, "components": [body]}
    wamid = phone.wamid(type="template", template=template)

    _do(client, do="press", wamid=wamid, index="0")

    phone.idle()
    assert webhook_recorder.messages()[-1]["button"] == {"payload": "Keine Werbung", "text": "Keine Werbung"}


def test_a_reaction_goes_to_the_last_message_of_the_business(
    client: Client, phone: PracticePhone, webhook_recorder: WebhookRecorder
) -> None:
    assert _do(client, do="react", emoji="👍").status_code == 422
    phone.write()
    wamid = phone.wamid()

    _do(client, do="react", emoji="👍")

    phone.idle()
    assert webhook_recorder.messages()[-1]["reaction"] == {"message_id": wamid, "emoji": "👍"}


def test_an_own_file_is_sent_and_comes_back_as_a_download(client: Client, phone: PracticePhone) -> None:
    _do(client, do="file", file=SimpleUploadedFile("seite.html", b"<script>alert(1)</script>", "text/html"))

    content = phone.chat()[-1]["content"]
    response = client.get(reverse("practice-media", args=[content["id"]]))
    assert content["filename"] == "seite.html"
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"] == "attachment"


def test_nothing_is_sent_without_words(client: Client, phone: PracticePhone) -> None:
    response = _do(client, do="text", text="   ")

    assert response.status_code == 422 and response.json()["sentence"]
    assert phone.chat() == []


def test_switches_reach_the_phone(client: Client, phone: PracticePhone) -> None:
    address = reverse("practice-behaviour", args=["lena"])

    for name, value in [("online", "0"), ("receipts", "0"), ("failure", "131026"), ("marketing", "1")]:
        assert client.post(address, {"name": name, "value": value}).status_code == 204

    customer = phone.customer()
    assert not customer["online"] and not customer["receipts"]
    assert customer["failures"] == ["131026"] and customer["stopped_marketing"]


def test_a_new_phone_number_is_another_one(client: Client, phone: PracticePhone) -> None:
    client.post(reverse("practice-behaviour", args=["lena"]), {"name": "number", "value": "1"})

    assert phone.customer()["phone"] != "491729925904"


def test_a_new_customer_may_hide_their_number(client: Client, phone: PracticePhone) -> None:
    url = client.post(reverse("practice-people"), {"name": "Jörg Groß", "hidden": "1"})["HX-Redirect"]

    html = client.get(url).content.decode()
    assert "Jörg Groß" in html and "@joerg.gross." in html


# --- time and review --------------------------------------------------------------------------------------------------
def test_jumping_ahead_moves_both_sides(client: Client, phone: PracticePhone, lena: Conversation) -> None:
    at = phone.write()["at"]

    response = client.post(reverse("practice-clock", args=["lena"]), {"jump": "24h"})

    moved = Conversation.objects.get(pk=lena.pk)
    assert response.status_code == 204
    assert (lena.last_customer_message_at - moved.last_customer_message_at).total_seconds() == 86_400
    assert phone.chat()[-1]["at"] == pytest.approx(at - 86_400)
    assert phone.send().status_code == 200
    assert phone.wait_for(phone.chat()[-1]["wamid"], "failed")["error"] == 131047


def test_the_last_minute_needs_an_open_window(client: Client, phone: PracticePhone) -> None:
    response = client.post(
        reverse("practice-clock", args=["hannah"]), {"jump": "last-minute"}, headers={"accept": "application/json"}
    )

    assert response.status_code == 422 and response.json()["sentence"]


def test_a_customer_our_inbox_does_not_know_moves_alone(client: Client, phone: PracticePhone) -> None:
    at = phone.write("hannah")["at"]

    client.post(reverse("practice-clock", args=["hannah"]), {"jump": "1h"})

    assert phone.chat("hannah")[-1]["at"] == pytest.approx(at - 3600)
    assert not Contact.objects.exists()


def test_a_template_is_reviewed(client: Client, phone: PracticePhone, webhook_recorder: WebhookRecorder) -> None:
    template = phone.templates()["leasing_ende", "de"]

    client.post(reverse("practice-review", args=[template["id"]]), {"decision": "REJECTED", "reason": "PROMOTIONAL"})

    phone.idle()
    value = webhook_recorder.values("message_template_status_update")[0]
    assert (value["event"], value["reason"]) == ("REJECTED", "PROMOTIONAL")


def test_only_metas_decisions_are_taken(client: Client, phone: PracticePhone) -> None:
    template = phone.templates()["leasing_ende", "de"]

    for decision in ("GOLD", "quality:GOLD", "category:GOLD", "announce:", ""):
        answer = client.post(reverse("practice-review", args=[template["id"]]), {"decision": decision})
        assert answer.status_code == 404


def test_quality_and_category_can_be_changed_as_meta_does(
    client: Client, phone: PracticePhone, webhook_recorder: WebhookRecorder
) -> None:
    template = phone.templates()["rad_fertig", "de"]
    address = reverse("practice-review", args=[template["id"]])

    for decision in ("quality:RED", "announce:MARKETING", "category:MARKETING"):
        assert client.post(address, {"decision": decision}).status_code == 204
        phone.idle()

    (rated,) = webhook_recorder.values("message_template_quality_update")
    assert (rated["previous_quality_score"], rated["new_quality_score"]) == ("GREEN", "RED")
    announced, done = webhook_recorder.values("template_category_update")
    assert announced["correct_category"] == "MARKETING" and announced["category_update_timestamp"] > time.time()
    assert (done["previous_category"], done["new_category"]) == ("UTILITY", "MARKETING")


def test_a_crowd_is_sent_watched_and_sent_home(client: Client, phone: PracticePhone) -> None:
    said = {"conversations": "20", "minutes": "60", "seed": "7"}
    assert client.post(reverse("practice-crowd"), said).status_code == 204
    assert phone.control("GET", "visits")["conversations"] == 20
    page = client.get(reverse("practice-phone")).content.decode()
    assert " von 20 haben geschrieben" in page  # the first may have come already

    assert client.post(reverse("practice-crowd"), {"stop": "1"}).status_code == 204
    assert phone.control("GET", "visits")["is_running"] is False


@pytest.mark.parametrize("said", [
    {}, {"conversations": "-1"}, {"conversations": "2001", "minutes": "5", "seed": "1"},
    {"conversations": "0", "minutes": "5", "seed": "1"}, {"conversations": "9", "minutes": "x", "seed": "1"},
])  # fmt: skip
def test_a_crowd_out_of_measure_is_refused_in_words(client: Client, phone: PracticePhone, said: dict) -> None:
    answer = client.post(reverse("practice-crowd"), said, headers={"accept": "application/json"})
    assert answer.status_code == 422 and answer.json()["sentence"]
