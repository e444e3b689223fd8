"""What the phone refuses, and in which order it looks."""

from typing import Any

import pytest

from tests.phone_fixture import LENA, PracticePhone


def _error(response: Any) -> dict[str, Any]:
    return response.json()["error"]


def test_a_missing_token_is_401_in_metas_envelope(practice_phone: PracticePhone) -> None:
    response = practice_phone.api("GET", "109876543210001", token=None)

    error = _error(response)
    assert response.status_code == 401
    assert (error["type"], error["code"]) == ("OAuthException", 190)
    assert error["fbtrace_id"] and "error_data" not in error


def test_a_wrong_token_is_refused_before_the_object_is_looked_up(practice_phone: PracticePhone) -> None:
    assert _error(practice_phone.api("POST", "1/messages", token="stolen", json={}))["code"] == 190


def test_an_unknown_number_is_100_with_subcode_33(practice_phone: PracticePhone) -> None:
    response = practice_phone.api("POST", "999/messages", json={})

    error = _error(response)
    assert response.status_code == 400
    assert (error["code"], error["error_subcode"], error["type"]) == (100, 33, "GraphMethodException")
    assert error["message"].startswith("Unsupported post request.")


def test_the_version_is_part_of_every_address(practice_phone: PracticePhone) -> None:
    without = practice_phone.http.get(f"{practice_phone.url}/109876543210001")
    ancient = practice_phone.api("GET", "109876543210001", version="v19.0")

    assert (without.status_code, _error(without)["code"]) == (404, 2500)
    assert _error(ancient)["code"] == 2635


# Each body has every later mistake too, so only the order decides.
WRONG: list[tuple[str, dict[str, Any], int]] = [
    ("no product", {"messaging_product": "sms"}, 100),
    ("no recipient", {"to": None}, 131008),
    ("recipient is words", {"to": "Lena"}, 131009),
    ("malformed BSUID", {"to": None, "recipient": "DE-123"}, 131009),
    ("own number", {"to": "+4915550100100"}, 131021),
    ("not on the allow-list", {"to": "+4915112345678"}, 131030),
    ("unknown type", {"type": "poll", "poll": {}}, 131051),
    ("type without its body", {"type": "image", "image": None}, 131008),
    ("empty text", {"text": {"body": ""}}, 131008),
    ("text too long", {"text": {"body": "x" * 4097}}, 100),
    ("unknown media", {"type": "image", "image": {"id": "123"}}, 100),
    ("latitude off the globe", {"type": "location", "location": {"latitude": 91, "longitude": 8}}, 131009),
]


@pytest.mark.parametrize(("fields", "code"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_the_first_mistake_in_metas_order_is_the_one_reported(
    practice_phone: PracticePhone, fields: dict[str, Any], code: int
) -> None:
    practice_phone.settings(allow_list=[LENA])

    assert _error(practice_phone.send(**fields))["code"] == code
    assert practice_phone.ledger()["count"] == 0


def test_broken_json_is_100(practice_phone: PracticePhone) -> None:
    response = practice_phone.api(
        "POST", "109876543210001/messages", data=b"{", headers={"Content-Type": "application/json"}
    )

    assert (response.status_code, _error(response)["code"]) == (400, 100)


def test_messaging_errors_explain_themselves(practice_phone: PracticePhone) -> None:
    error = _error(practice_phone.send(to=None))

    assert error["message"] == "(#131008) Required parameter is missing"
    assert error["error_data"]["messaging_product"] == "whatsapp" and error["error_data"]["details"]


LONG = {"type": "reply", "reply": {"id": "1", "title": "x" * 21}}
INTERACTIVE_WRONG: list[tuple[str, dict[str, Any], int]] = [
    ("four buttons", {"type": "button", "action": {"buttons": list(range(4))}}, 131009),
    ("long title", {"type": "button", "action": {"buttons": [LONG]}}, 100),
    ("link without address", {"type": "cta_url", "action": {
        "name": "cta_url", "parameters": {"display_text": "Hier"}}}, 131008),
    ("eleven rows", {"type": "list", "action": {"button": "Wahl", "sections": [
        {"rows": [{"id": str(row), "title": "x"} for row in range(11)]}]}}, 131009),
    ("unknown kind", {"type": "hologram", "action": {}}, 100),
]  # fmt: skip


@pytest.mark.parametrize(
    ("part", "code"), [case[1:] for case in INTERACTIVE_WRONG], ids=[case[0] for case in INTERACTIVE_WRONG]
)
def test_interactive_limits_are_checked(practice_phone: PracticePhone, part: dict[str, Any], code: int) -> None:
    response = practice_phone.send(type="interactive", interactive=part | {"body": {"text": "Wann passt es?"}})

    assert _error(response)["code"] == code
