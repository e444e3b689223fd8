"""What the phone accepts: every type, its answer, and what the customer sees."""

from typing import Any

import pytest

from tests.phone_fixture import LENA, NUMBER_ID, PracticePhone

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


def _upload(phone: PracticePhone, content: bytes = PNG, mime_type: str = "image/png", name: str = "a.png") -> str:
    response = phone.api(
        "POST", f"{NUMBER_ID}/media", data={"messaging_product": "whatsapp", "type": mime_type},
        files={"file": (name, content, mime_type)},
    )  # fmt: skip
    assert response.status_code == 200, response.text
    return response.json()["id"]


BODIES: dict[str, Any] = {
    "text": {"body": "Dein Rad ist fertig 🎉", "preview_url": True},
    "location": {"latitude": 52.5, "longitude": "13.4", "name": "Radhaus", "address": "Lindenallee 4"},
    "contacts": [{"name": {"formatted_name": "Mara Brandt", "first_name": "Mara"}, "phones": [{"phone": "+49 30 1"}]}],
}
INTERACTIVE: dict[str, Any] = {
    "button": {"buttons": [{"type": "reply", "reply": {"id": "do", "title": "Do 14:00"}}]},
    "list": {"button": "Termin", "sections": [{"rows": [{"id": "1", "title": "Do", "description": "14 Uhr"}]}]},
    "cta_url": {"name": "cta_url", "parameters": {"display_text": "Stand", "url": "https://radhaus.example/1"}},
    "location_request_message": {"name": "send_location"},
    "request_contact_info": {"name": "request_contact_info"},
}


@pytest.mark.parametrize("kind", BODIES)
def test_each_type_is_accepted_and_shown(practice_phone: PracticePhone, kind: str) -> None:
    response = practice_phone.send(type=kind, **{kind: BODIES[kind]})

    answer = response.json()
    assert response.status_code == 200
    assert answer["contacts"] == [{"input": f"+{LENA}", "wa_id": LENA}]
    assert answer["messages"][0]["id"].startswith("wamid.")
    assert practice_phone.chat()[-1]["type"] == kind


@pytest.mark.parametrize("kind", INTERACTIVE)
def test_each_interactive_kind_is_accepted(practice_phone: PracticePhone, kind: str) -> None:
    part = {"type": kind, "body": {"text": "Wann passt es dir?"}, "action": INTERACTIVE[kind]}

    assert practice_phone.send(type="interactive", interactive=part).status_code == 200
    assert practice_phone.chat()[-1]["content"] == part


@pytest.mark.parametrize("kind", ["image", "video", "audio", "document", "sticker"])
def test_media_go_by_id_or_link(practice_phone: PracticePhone, kind: str) -> None:
    types = {
        "image": "image/png",
        "video": "video/mp4",
        "audio": "audio/aac",
        "document": "text/plain",
        "sticker": "image/webp",
    }
    media_id = _upload(practice_phone, PNG, types[kind])

    assert practice_phone.send(type=kind, **{kind: {"id": media_id}}).status_code == 200
    assert practice_phone.send(type=kind, **{kind: {"link": "https://radhaus.example/a"}}).status_code == 200
    assert practice_phone.send(type=kind, **{kind: {}}).json()["error"]["code"] == 131008


def test_a_reaction_sits_on_the_customers_message(practice_phone: PracticePhone) -> None:
    wamid = practice_phone.write()["wamid"]

    practice_phone.wamid(type="reaction", reaction={"message_id": wamid, "emoji": "👍"})

    assert practice_phone.message(wamid)["reactions"] == {"out": "👍"}


def test_a_quote_and_our_callback_data_are_kept(practice_phone: PracticePhone) -> None:
    asked = practice_phone.write()["wamid"]

    wamid = practice_phone.wamid(context={"message_id": asked}, biz_opaque_callback_data="inbox:7")

    message = practice_phone.message(wamid)
    assert (message["quoted"], message["callback"]) == (asked, "inbox:7")


def test_numbers_are_taken_with_spaces_and_brackets(practice_phone: PracticePhone) -> None:
    response = practice_phone.send(to="+49 (172) 992-5904")

    assert response.json()["contacts"] == [{"input": "+49 (172) 992-5904", "wa_id": LENA}]


def test_a_bsuid_gets_no_number_back(practice_phone: PracticePhone) -> None:
    bsuid = practice_phone.customer("annika")["bsuid"]

    response = practice_phone.send(to=None, recipient=bsuid)

    assert response.json()["contacts"] == [{"input": bsuid, "user_id": bsuid}]
    assert len(practice_phone.chat("annika")) == 1


def test_marking_read_turns_the_customers_ticks_blue_and_shows_typing(practice_phone: PracticePhone) -> None:
    first, second = practice_phone.write()["wamid"], practice_phone.write()["wamid"]

    body = {"messaging_product": "whatsapp", "status": "read", "message_id": second}
    answer = practice_phone.api("POST", f"{NUMBER_ID}/messages", json=body | {"typing_indicator": {"type": "text"}})

    assert answer.json() == {"success": True}
    assert practice_phone.message(first)["business_read"] and practice_phone.message(second)["business_read"]
    assert practice_phone.customer()["business_is_typing"]
    practice_phone.wamid()
    assert not practice_phone.customer()["business_is_typing"]


def test_marking_an_unknown_message_read_is_an_error(practice_phone: PracticePhone) -> None:
    body = {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.unknown"}

    assert practice_phone.api("POST", f"{NUMBER_ID}/messages", json=body).json()["error"]["code"] == 131009
