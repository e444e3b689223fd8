"""The control API is for this machine, and not for web pages."""

import pytest

from tests.phone_fixture import PracticePhone


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Host": "rebound.example:8001"}],
)
def test_a_web_page_gets_nowhere(practice_phone: PracticePhone, headers: dict[str, str]) -> None:
    response = practice_phone.http.post(f"{practice_phone.url}/_control/reset", json={}, headers=headers)

    assert response.status_code == 403


def test_mistakes_are_answered_with_a_sentence(practice_phone: PracticePhone) -> None:
    unknown = practice_phone.http.get(f"{practice_phone.url}/_control/customers/nobody")
    setting = practice_phone.http.post(f"{practice_phone.url}/_control/settings", json={"speed": 9})

    assert (unknown.status_code, unknown.json()) == (404, {"error": "There is no customer nobody."})
    assert (setting.status_code, setting.json()) == (400, {"error": "Unknown settings: speed."})


def test_a_change_ends_the_wait(practice_phone: PracticePhone) -> None:
    version = practice_phone.state()["version"]
    assert practice_phone.control("GET", "changes", params={"since": version, "wait": 0.05})["version"] == version

    practice_phone.write()

    assert practice_phone.control("GET", "changes", params={"since": version, "wait": 20})["version"] > version


def test_the_log_has_both_directions_raw(practice_phone: PracticePhone) -> None:
    practice_phone.write()
    practice_phone.wamid()

    events = practice_phone.control("GET", "log", params={"raw": 1})["events"]

    received = next(event for event in events if event["kind"] == "received")
    assert '"Guten Tag"' in received["request"] and '"wamid.' in received["response"]
    assert any(event["kind"] == "customer" and event["type"] == "text" for event in events)


def test_reset_brings_back_the_seeds_and_the_first_settings(practice_phone: PracticePhone) -> None:
    practice_phone.new_customer("Nina Neu", "+49 170 1234567")
    practice_phone.settings(auto_read=True, pair_burst=1)
    practice_phone.wamid()

    practice_phone.control("POST", "reset", {})

    keys = {one["key"] for one in practice_phone.control("GET", "customers")["customers"]}
    assert "lena" in keys and not any(key.startswith("c49170") for key in keys)
    assert practice_phone.ledger()["count"] == 0
    assert not practice_phone.state()["settings"]["auto_read"]
