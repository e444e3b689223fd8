"""Carousels and limited-time offers on their way: what is asked for, what Meta gets, what the thread shows."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from inbox import rendering
from inbox.actions import replying
from inbox.actions.consent import record_consent
from inbox.actions.later import Plan, schedule_reply
from inbox.actions.templates_for import templates_for
from inbox.enums import ConsentState, MessageStatus
from inbox.errors import TemplateValuesInvalid
from inbox.models import Attachment, Consent, Message
from tests import factories
from tests.cast import Cast, make_cast
from tests.delivering import deliver_now
from tests.fake_graph import FakeGraph
from tests.inbox.test_templates import picture
from whatsapp.header_media import set_default
from whatsapp.models import MessageTemplate

pytestmark = pytest.mark.django_db

FILM = b"\x00\x00\x00\x18ftypisom" + b"\x00" * 40


@pytest.fixture
def cast() -> Cast:
    cast = make_cast()
    record_consent(cast.clara, ConsentState.GIVEN, source=Consent.Source.AGENT, occurred_at=timezone.now(), by=cast.ben)
    return cast


def card(text: str, header: str = "IMAGE") -> dict[str, Any]:
    return {"components": [
        {"type": "HEADER", "format": header, "example": {"header_handle": ["4::x"]}},
        {"type": "BODY", "text": text, "example": {"body_text": [["799 €"]]}},
        {"type": "BUTTONS", "buttons": [
            {"type": "QUICK_REPLY", "text": "Probefahrt"},
            {"type": "URL", "text": "Ansehen", "url": "https://rad.example/{{1}}", "example": ["https://rad.example/x"]},
        ]},
    ]}  # fmt: skip


def carousel(cast: Cast, **fields: Any) -> MessageTemplate:
    return factories.template(cast.number, "raeder", category="MARKETING", components=[
        {"type": "BODY", "text": "Hallo {{1}}, neu bei uns:", "example": {"body_text": [["Lena"]]}},
        {"type": "CAROUSEL", "cards": [card("Das Stadtrad ab {{1}} für dich"), card("Das Rennrad ab {{1}} für dich")]},
    ], **fields)  # fmt: skip


def offer(cast: Cast, *, ends: bool = True) -> MessageTemplate:
    return factories.template(cast.number, "sommer", category="MARKETING", components=[
        {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "Nur kurz!", "has_expiration": ends}},
        {"type": "BODY", "text": "20 % auf alles, nur diese Woche."},
        {"type": "BUTTONS", "buttons": [
            {"type": "COPY_CODE", "example": "RAD20"}, {"type": "URL", "text": "Zum Laden", "url": "https://rad.example"}
        ]},
    ])  # fmt: skip


FILLED = {
    "body.1": "Clara", "card0.body.1": "799 €", "card0.button.1": "stadt", "card1.body.1": "1.299 €",
    "card1.button.1": "renn",
}  # fmt: skip


def send(cast: Cast, template: MessageTemplate, values: dict[str, str], **more: Any) -> Message:
    return replying.send_template(
        cast.claras, by=cast.ben, template=template, values=values, uid=uuid.uuid4(), **more
    )


def test_a_carousel_goes_out_whole_each_card_with_its_file_its_words_and_its_links(cast, graph: FakeGraph):
    template = carousel(cast)
    set_default(template, cast.number, picture("red", "stadt.png"), "card0")

    message = send(cast, template, FILLED, files={"card1": picture("blue", "renn.png")})
    deliver_now()

    parts = {part["type"]: part for part in graph.sent[0]["template"]["components"]}
    cards = parts["carousel"]["cards"]
    assert [each["card_index"] for each in cards] == [0, 1]
    assert cards[1]["components"] == [
        {"type": "header", "parameters": [{"type": "image", "image": {"id": "media-2"}}]},
        {"type": "body", "parameters": [{"type": "text", "text": "1.299 €"}]},
        {"type": "button", "sub_type": "quick_reply", "index": "0",
         "parameters": [{"type": "payload", "payload": "card1: Probefahrt"}]},
        {"type": "button", "sub_type": "url", "index": "1", "parameters": [{"type": "text", "text": "renn"}]},
    ]  # fmt: skip
    assert cards[0]["components"][0]["parameters"] == [{"type": "image", "image": {"id": "media-1"}}]
    assert parts["body"]["parameters"] == [{"type": "text", "text": "Clara"}]
    names = message.attachments.order_by("pk").values_list("file_name", flat=True)
    assert list(names) == ["stadt.png", "renn.png"]


def test_what_a_carousel_lacks_is_said_card_by_card(cast):
    template = carousel(cast)

    with pytest.raises(TemplateValuesInvalid) as refusal:
        send(cast, template, {"body.1": "Clara", "card1.body.1": "x" * 140}, files={"card0": picture()})

    assert set(refusal.value.fields) == {
        "card0.body.1", "card0.button.1", "card1.button.1", "card1.file"
    }  # fmt: skip
    with pytest.raises(TemplateValuesInvalid) as refusal:
        files = {"card0": picture(), "card1": picture()}
        send(cast, template, FILLED | {"card1.body.1": "x" * 140}, files=files)
    assert set(refusal.value.fields) == {"card1"}


def test_a_card_takes_the_kind_of_file_that_it_has(cast):
    film = SimpleUploadedFile("rad.mp4", FILM, content_type="video/mp4")

    with pytest.raises(TemplateValuesInvalid) as refusal:
        send(cast, carousel(cast), FILLED, files={"card0": picture(), "card1": film})

    assert set(refusal.value.fields) == {"card1.file"}


def test_sent_again_a_carousel_carries_the_same_files(cast, graph: FakeGraph):
    template = carousel(cast)
    files = {"card0": picture("red", "stadt.png"), "card1": picture("blue", "renn.png")}
    message = send(cast, template, FILLED, files=files)
    Message.objects.filter(pk=message.pk).update(status=MessageStatus.FAILED, error_code=131026)
    message.refresh_from_db()

    again = replying.send_again(message, by=cast.ben, uid=uuid.uuid4())

    kept = [list(each.attachments.order_by("pk").values_list("file", flat=True)) for each in (message, again)]
    assert kept[0] == kept[1] and len(set(kept[0])) == 2


def test_an_offer_goes_out_with_its_code_and_its_end(cast, graph: FakeGraph):
    ends = timezone.now().replace(microsecond=0) + timedelta(days=3)

    message = send(cast, offer(cast), {"offer.expires": ends.isoformat(), "button.0": "RAD20"})
    deliver_now()

    assert graph.sent[0]["template"]["components"] == [
        {"type": "limited_time_offer", "parameters": [
            {"type": "limited_time_offer", "limited_time_offer": {"expiration_time_ms": int(ends.timestamp() * 1000)}}
        ]},
        {"type": "button", "sub_type": "copy_code", "index": "0",
         "parameters": [{"type": "coupon_code", "coupon_code": "RAD20"}]},
    ]  # fmt: skip
    assert message.data["offer"] == {"text": "Nur kurz!", "expires": ends.astimezone(UTC).isoformat()}


def test_the_end_of_an_offer_is_meant_in_the_zone_of_whoever_types_it(cast):
    ends = timezone.localtime(timezone.now() + timedelta(days=3)).replace(second=0, microsecond=0)

    message = send(cast, offer(cast), {"offer.expires": ends.strftime("%Y-%m-%dT%H:%M"), "button.0": "RAD20"})

    assert datetime.fromisoformat(message.data["offer"]["expires"]) == ends


@pytest.mark.parametrize("said", ["", "morgen", "2020-01-01T12:00", "99999-01-01T12:00"])
def test_an_offer_that_has_ended_or_says_no_time_is_not_sent(cast, said):
    with pytest.raises(TemplateValuesInvalid) as refusal:
        send(cast, offer(cast), {"offer.expires": said, "button.0": "RAD20"})

    assert set(refusal.value.fields) == {"offer.expires"}


def test_an_offer_without_an_end_asks_for_none(cast, graph: FakeGraph):
    send(cast, offer(cast, ends=False), {"button.0": "RAD20"})
    deliver_now()

    assert [part["type"] for part in graph.sent[0]["template"]["components"]] == ["button"]


def test_cards_that_an_inbox_cannot_fill_keep_the_template_back(cast):
    product = {"components": [{"type": "HEADER", "format": "PRODUCT"}, {"type": "BUTTONS", "buttons": []}]}
    factories.template(cast.number, "waren", components=[
        {"type": "BODY", "text": "Neu"}, {"type": "CAROUSEL", "cards": [product, product]}
    ])  # fmt: skip

    assert [each.title for each in templates_for(cast.claras).unavailable] == ["Waren"]


def test_the_picker_asks_card_by_card_and_the_thread_shows_them(cast, client):
    template = carousel(cast)
    set_default(template, cast.number, picture("red", "stadt.png"), "card0")
    client.force_login(cast.ben)
    address = reverse("conversation-templates", args=[cast.claras.pk])

    form = client.get(f"{address}?template={template.pk}").content.decode()
    assert 'name="card0.body.1"' in form and 'name="card1"' in form and "stadt.png" in form
    shown = client.get(reverse("conversation-header-file", args=[cast.claras.pk, template.pk]) + "?place=card0")
    assert shown["Content-Type"] == "image/png"

    answer = client.post(
        address, {"template": template.pk, "uid": uuid.uuid4(), "card1": picture("blue", "renn.png"), **FILLED}
    )
    assert answer.status_code == 200
    html = answer.json()["html"]
    assert html.count('class="slide"') == 2 and "Das Rennrad ab 1.299 € für dich" in html


def test_the_preview_in_the_settings_shows_each_card_with_its_own_picture(cast, client):
    template = carousel(cast)
    set_default(template, cast.number, picture("red", "renn.png"), "card1")
    client.force_login(cast.ada)

    page = client.get(reverse("settings-template", args=[template.pk])).content.decode()

    first, second = page[page.index('class="pcards"'):].split('<div class="pmsg">')[1:]
    assert "<img" not in first and "?place=card1" in second


def test_which_card_a_customer_means_is_said_in_the_thread(cast, client):
    pressed = factories.inbound_message(
        cast.claras, "Probefahrt", kind="button_reply", data={"id": "card1: Probefahrt", "template": True}
    )
    client.force_login(cast.ben)

    page = client.get(reverse("conversation", args=[cast.claras.pk])).content.decode()

    item = page[page.index(f"message-{pressed.uid}"):]
    assert "Karte 2" in item[: item.index("</li>")]


def test_for_later_a_carousel_is_offered_once_all_its_files_are_kept(cast, client):
    template = carousel(cast)
    client.force_login(cast.ben)
    address = reverse("conversation-later-dialog", args=[cast.claras.pk])

    def is_offered() -> bool:
        return f'<option value="{template.pk}">' in client.get(address).content.decode()

    set_default(template, cast.number, picture(), "card0")
    assert not is_offered()
    set_default(template, cast.number, picture(), "card1")
    assert is_offered()
    assert 'name="value:card1.button.1"' in client.get(f"{address}?template={template.pk}").content.decode()


def test_the_end_of_an_offer_that_was_sent_is_suggested_again_in_the_zone_of_the_reader(cast, client):
    template = offer(cast)
    ends = (timezone.now() + timedelta(days=3)).astimezone(cast.ben.zone).replace(second=0, microsecond=0)
    send(cast, template, {"offer.expires": ends.isoformat(), "button.0": "RAD20"})
    client.force_login(cast.ben)

    form = client.get(f"{reverse('conversation-templates', args=[cast.claras.pk])}?template={template.pk}")

    assert f'type="datetime-local" value="{ends:%Y-%m-%dT%H:%M}"' in form.content.decode()


def test_an_offer_that_ends_before_it_would_be_sent_is_not_planned(cast):
    ends, uid = timezone.now() + timedelta(days=3), uuid.uuid4()
    values = {"offer.expires": ends.isoformat(), "button.0": "RAD20"}

    def plan(due_at: datetime) -> None:
        schedule_reply(
            cast.claras, by=cast.ben, text="", uid=uid, plan=Plan(due_at, template=offer(cast), values=values)
        )

    with pytest.raises(TemplateValuesInvalid) as refusal, transaction.atomic():
        plan(ends + timedelta(hours=1))
    assert set(refusal.value.fields) == {"offer.expires"}
    plan(ends - timedelta(hours=1))


@pytest.mark.parametrize("state", ["ready", "pending", "expired", "failed", "gone"])
def test_a_carousel_of_films_or_of_files_that_are_gone_does_not_stop_its_thread(cast, state):
    cards = [{"body": "Das Stadtrad", "buttons": []}]
    message = factories.outbound_message(cast.claras, "Neu:", by=cast.ben, kind="template", data={"cards": cards})
    if state != "gone":
        Attachment.objects.create(message=message, kind="video", mime_type="video/mp4", state=state, file_name="r.mp4")

    assert "Das Stadtrad" in rendering.render_message(message, "de")
