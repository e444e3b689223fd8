"""Magic recipients, callback data and scripted faults."""

import pytest
import requests

from tests.phone_fixture import NUMBER_ID, PracticePhone


@pytest.mark.parametrize(("to", "code", "status"), [("+491599900 00190", 190, 401), ("+49159990131056", 131056, 400)])
def test_a_magic_number_is_refused_with_its_code(
    practice_phone: PracticePhone, to: str, code: int, status: int
) -> None:
    response = practice_phone.send(to=to)

    assert (response.json()["error"]["code"], response.status_code) == (code, status)


def test_a_magic_number_of_a_late_failure_is_accepted_and_fails(practice_phone: PracticePhone) -> None:
    wamid = practice_phone.wamid(to="+49159990131042")

    assert practice_phone.wait_for(wamid, "failed", "n49159990131042")["error"] == 131042


def test_callback_data_asks_for_a_failure(practice_phone: PracticePhone) -> None:
    response = practice_phone.send(biz_opaque_callback_data="sim:131016:inbox:4")

    assert response.status_code == 500
    assert practice_phone.ledger()["count"] == 0


def test_the_customers_next_message_fails_once(practice_phone: PracticePhone) -> None:
    practice_phone.write()
    practice_phone.customer(failures=["131026"])

    first, second = practice_phone.wamid(), practice_phone.wamid()

    assert practice_phone.wait_for(first, "failed")["error"] == 131026
    practice_phone.wait_for(second, "delivered")


@pytest.mark.parametrize(("word", "accepted"), [("close", 1), ("empty500", 1), ("html", 0), ("drop", 0)])
def test_transport_faults_say_nothing_useful(practice_phone: PracticePhone, word: str, accepted: int) -> None:
    practice_phone.fault(word, path="messages")
    try:
        response = practice_phone.send(biz_opaque_callback_data="inbox:8")
        assert response.status_code >= 500
        with pytest.raises(ValueError):
            response.json()
    except requests.ConnectionError:
        assert word in {"close", "drop"}

    assert practice_phone.ledger()["count"] == accepted
    assert practice_phone.send().status_code == 200


def test_a_hanging_answer_was_accepted_and_its_statuses_flow(practice_phone: PracticePhone) -> None:
    practice_phone.write()
    practice_phone.fault("hang", callback="inbox:5", seconds=5)

    with pytest.raises(requests.Timeout):
        practice_phone.api(
            "POST", f"{NUMBER_ID}/messages", timeout=0.3,
            json={"messaging_product": "whatsapp", "to": "+491729925904", "text": {"body": "?"},
                  "biz_opaque_callback_data": "inbox:5"},
        )  # fmt: skip

    assert practice_phone.ledger(callback="inbox:5")["count"] == 1
    practice_phone.wait_for(practice_phone.chat()[-1]["wamid"], "delivered")


def test_a_script_waits_its_turn_and_ends(practice_phone: PracticePhone) -> None:
    practice_phone.fault("error", code=131000, after=1, times=1)

    statuses = [practice_phone.send().status_code for _ in range(3)]

    assert statuses == [200, 500, 200]


def test_other_calls_can_be_disturbed_too(practice_phone: PracticePhone) -> None:
    practice_phone.fault("status", path="message_templates", status=503, body="<h1>busy</h1>")

    first = practice_phone.api("GET", "208765432100001/message_templates")
    second = practice_phone.api("GET", "208765432100001/message_templates")

    assert (first.status_code, first.text) == (503, "<h1>busy</h1>")
    assert second.status_code == 200
