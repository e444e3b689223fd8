"""Sends of templates: which may go, and with which parameters."""

from typing import Any

import pytest

from tests.phone_fixture import NUMBER_ID, PracticePhone


def _text(*values: str) -> list[dict[str, str]]:
    return [{"type": "text", "text": value} for value in values]


def _named(**values: str) -> list[dict[str, str]]:
    return [{"type": "text", "parameter_name": name, "text": value} for name, value in values.items()]


def _send(phone: PracticePhone, name: str, *components: dict[str, Any], language: str = "de") -> Any:
    template = {"name": name, "language": {"code": language}, "components": list(components)}
    return phone.send(type="template", template=template)


def _code(response: Any) -> int:
    return response.json()["error"]["code"]


READY = {"type": "body", "parameters": _text("Lena", "18:30 Uhr")}


def test_an_approved_template_goes_outside_the_window_and_reads_as_filled(practice_phone: PracticePhone) -> None:
    response = _send(practice_phone, "rad_fertig", READY)

    wamid = response.json()["messages"][0]["id"]
    assert response.json()["messages"][0]["message_status"] == "accepted"
    content = practice_phone.message(wamid)["content"]
    assert content["body"] == "Hallo Lena, dein Rad ist fertig 🎉 Du kannst es heute bis 18:30 Uhr abholen."
    assert [button["text"] for button in content["buttons"]] == ["Ich komme heute", "Morgen passt besser"]
    practice_phone.wait_for(wamid, "delivered")


@pytest.mark.parametrize(
    ("name", "language", "code", "status"),
    [
        ("gibt_es_nicht", "de", 132001, 404),
        ("rad_fertig", "de_AT", 132001, 404),
        ("leasing_ende", "de", 132001, 404),
        ("sommerangebot", "de", 132001, 404),
        ("bewertung_bitten", "de", 132015, 400),
        ("lieferung_defekt", "de", 132016, 400),
    ],
)
def test_only_approved_templates_go(
    practice_phone: PracticePhone, name: str, language: str, code: int, status: int
) -> None:
    response = _send(practice_phone, name, READY, language=language)

    assert (_code(response), response.status_code) == (code, status)


@pytest.mark.parametrize(
    ("component", "code"),
    [
        ({"type": "body", "parameters": _text("Lena")}, 132000),
        ({"type": "body", "parameters": _text("Lena", "1", "2")}, 132000),
        ({"type": "body", "parameters": _text("Lena", "")}, 131008),
        ({"type": "body", "parameters": _text("Lena", "a\nb")}, 132012),
        ({"type": "body", "parameters": _text("Lena", "a     b")}, 132012),
        ({"type": "body", "parameters": _text("Lena", "x" * 1100)}, 132005),
        ({"type": "body", "parameters": [{"type": "image", "image": {}}, *_text("b")]}, 132012),
    ],
)
def test_body_parameters_must_fit(practice_phone: PracticePhone, component: dict[str, Any], code: int) -> None:
    assert _code(_send(practice_phone, "rad_fertig", component)) == code


def test_named_parameters_come_in_any_order_and_need_their_names(practice_phone: PracticePhone) -> None:
    header = {"type": "header", "parameters": _named(datum="24. April")}
    body = {"type": "body", "parameters": _named(uhrzeit="11:15", vorname="Lena", datum="24. April")}

    good = _send(practice_phone, "termin_bestaetigen", header, body)
    unnamed = _send(practice_phone, "termin_bestaetigen", header, {"type": "body", "parameters": _text("a", "b", "c")})
    wrong = _send(
        practice_phone, "termin_bestaetigen", header, {"type": "body", "parameters": _named(x="1", y="2", z="3")}
    )

    assert good.status_code == 200
    assert practice_phone.chat()[-1]["content"]["header"]["text"] == "Dein Termin am 24. April"
    assert (_code(unnamed), _code(wrong)) == (100, 132012)


def test_a_media_header_must_come_with_every_send(practice_phone: PracticePhone) -> None:
    body = {"type": "body", "parameters": _text("Lena", "2026-1187")}
    upload = practice_phone.api(
        "POST", f"{NUMBER_ID}/media", data={"messaging_product": "whatsapp"},
        files={"file": ("r.pdf", b"%PDF-1.7", "application/pdf")},
    )  # fmt: skip
    document = {"type": "document", "document": {"id": upload.json()["id"], "filename": "Rechnung.pdf"}}
    image = {"type": "image", "image": {"link": "https://radhaus.example/a.jpg"}}

    missing = _send(practice_phone, "rechnung_senden", body)
    other = _send(practice_phone, "rechnung_senden", {"type": "header", "parameters": [image]}, body)
    right = _send(practice_phone, "rechnung_senden", {"type": "header", "parameters": [document]}, body)

    assert (_code(missing), _code(other), right.status_code) == (132012, 132012, 200)


def test_a_url_buttons_variable_is_required_and_filled(practice_phone: PracticePhone) -> None:
    header = {"type": "header", "parameters": _text("R-2201")}
    body = {"type": "body", "parameters": _text("Lena")}
    button = {"type": "button", "sub_type": "url", "index": "0", "parameters": _text("R-2201")}

    missing = _send(practice_phone, "auftrag_verfolgen", header, body)
    right = _send(practice_phone, "auftrag_verfolgen", header, body, button)

    assert (_code(missing), right.status_code) == (131008, 200)
    assert practice_phone.chat()[-1]["content"]["buttons"][0]["url"] == "https://radhaus.example/auftrag/R-2201"


def test_a_quick_replys_payload_is_ours_or_the_label(practice_phone: PracticePhone) -> None:
    body = {"type": "body", "parameters": _text("Lena")}
    payload = {"type": "payload", "payload": "STOP_NEWS"}
    reply = {"type": "button", "sub_type": "quick_reply", "index": "0", "parameters": [payload]}

    _send(practice_phone, "newsletter_werkstatt", body, reply)
    _send(practice_phone, "newsletter_werkstatt", body)

    ours, label = (message["content"]["buttons"][0]["payload"] for message in practice_phone.chat()[-2:])
    assert (ours, label) == ("STOP_NEWS", "Keine Werbung")


def test_surplus_components_are_refused(practice_phone: PracticePhone) -> None:
    header = {"type": "header", "parameters": _text("zu viel")}

    assert _code(_send(practice_phone, "rad_fertig", header, READY)) == 132000


def test_an_approved_template_of_another_account_does_not_exist_here(practice_phone: PracticePhone) -> None:
    template = {"name": "newsletter_werkstatt", "language": {"code": "de"}, "components": []}

    response = practice_phone.send(number="109876543210002", type="template", template=template)

    assert _code(response) == 132001
