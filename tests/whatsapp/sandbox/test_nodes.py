"""Numbers, accounts, profile, token."""

from tests.phone_fixture import NUMBER_ID, WABA_ID, PracticePhone


def test_a_number_shows_the_fields_that_were_asked_for(practice_phone: PracticePhone) -> None:
    node = practice_phone.api(
        "GET", NUMBER_ID, params={"fields": "display_phone_number,quality_rating,throughput"}
    ).json()

    assert node == {
        "display_phone_number": "+49 1555 0100100", "quality_rating": "GREEN", "throughput": {"level": "STANDARD"},
        "id": NUMBER_ID,
    }  # fmt: skip


def test_an_account_lists_its_own_numbers(practice_phone: PracticePhone) -> None:
    assert [one["id"] for one in practice_phone.api("GET", f"{WABA_ID}/phone_numbers").json()["data"]] == [NUMBER_ID]


def test_the_profile_is_read_and_changed_within_its_limits(practice_phone: PracticePhone) -> None:
    path = f"{NUMBER_ID}/whatsapp_business_profile"
    change = {"messaging_product": "whatsapp", "about": "Bis 18:30 offen", "websites": ["https://radhaus.example"]}

    changed = practice_phone.api("POST", path, json=change)
    too_long = practice_phone.api("POST", path, json={"messaging_product": "whatsapp", "about": "x" * 140})

    profile = practice_phone.api("GET", path, params={"fields": "about,websites"}).json()["data"][0]
    assert changed.json() == {"success": True} and too_long.status_code == 400
    assert profile == {
        "about": "Bis 18:30 offen",
        "websites": ["https://radhaus.example"],
        "messaging_product": "whatsapp",
    }


def test_debug_token_tells_whether_a_token_works(practice_phone: PracticePhone) -> None:
    app_token = "612345678901234|sandbox-app-secret"

    good = practice_phone.api("GET", "debug_token?input_token=sandbox-access-token", token=app_token).json()["data"]
    bad = practice_phone.api("GET", "debug_token?input_token=other", token=app_token).json()["data"]

    assert good["is_valid"] and "whatsapp_business_messaging" in good["scopes"]
    assert not bad["is_valid"]


def test_a_subscription_is_made_listed_and_ended(practice_phone: PracticePhone) -> None:
    path = f"{WABA_ID}/subscribed_apps"

    practice_phone.api("DELETE", path)
    assert practice_phone.api("GET", path).json() == {"data": []}
    practice_phone.api("POST", path)
    assert len(practice_phone.api("GET", path).json()["data"]) == 1
