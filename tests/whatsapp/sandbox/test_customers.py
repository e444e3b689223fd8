"""What customers do, as Meta would tell it."""

from typing import Any

import pytest

from tests.phone_fixture import LENA, NUMBER_ID, PracticePhone, WebhookRecorder


@pytest.fixture
def phone(practice_phone: PracticePhone, webhook_recorder: WebhookRecorder) -> PracticePhone:
    practice_phone.webhooks_to(webhook_recorder.url)
    return practice_phone


def _value(phone: PracticePhone, recorder: WebhookRecorder) -> dict[str, Any]:
    """The customer's latest doing. Ticks of what the business sent before come in their own time and are left out."""
    phone.idle()
    return [value for value in recorder.values() if "messages" in value][-1]


def test_a_customer_with_a_phone(phone: PracticePhone, webhook_recorder: WebhookRecorder) -> None:
    phone.write(text="Hallo")

    value = _value(phone, webhook_recorder)
    assert value["metadata"] == {"display_phone_number": "4915550100100", "phone_number_id": NUMBER_ID}
    assert value["contacts"][0]["profile"] == {"name": "Lena Hoffmann"}
    assert value["contacts"][0]["wa_id"] == value["messages"][0]["from"] == LENA
    assert value["contacts"][0]["user_id"] == value["messages"][0]["from_user_id"]
    assert value["messages"][0]["text"] == {"body": "Hallo"}


def test_a_customer_with_a_username_hides_their_phone(phone: PracticePhone, webhook_recorder: WebhookRecorder) -> None:
    phone.write("annika")

    value = _value(phone, webhook_recorder)
    assert value["contacts"][0]["profile"]["username"] == "annika.bergmann"
    assert "wa_id" not in value["contacts"][0] and "from" not in value["messages"][0]
    assert value["messages"][0]["from_user_id"].startswith("DE.")


def test_sharing_the_number_makes_it_visible_from_then_on(
    phone: PracticePhone, webhook_recorder: WebhookRecorder
) -> None:
    phone.write("annika", type="contacts", shares_own_number=True, quoted="wamid.asked")
    shared = _value(phone, webhook_recorder)["messages"][0]
    phone.write("annika")
    later = _value(phone, webhook_recorder)["messages"][0]

    assert shared["contacts"][0]["origin"] == "contact_request" and "from" not in shared
    assert shared["contacts"][0]["phones"][0]["wa_id"] == later["from"] == "4917604069041"


def test_two_portfolios_know_the_same_person_by_different_ids(phone: PracticePhone) -> None:
    phone.write()
    phone.write(number="109876543210002")

    first = phone.control("GET", "customers", params={"number": NUMBER_ID})["customers"][0]["bsuid"]
    second = phone.control("GET", "customers", params={"number": "109876543210002"})["customers"][0]["bsuid"]

    assert first != second


def test_a_new_number_means_a_new_id(phone: PracticePhone, webhook_recorder: WebhookRecorder) -> None:
    before = phone.customer()["bsuid"]

    phone.control("POST", "customers/lena/phone", {"phone": "+49 170 5550199"})

    message = _value(phone, webhook_recorder)["messages"][0]
    assert "contacts" not in webhook_recorder.values()[-1]
    assert message["from"] == LENA and message["system"]["wa_id"] == "491705550199"
    assert message["system"]["type"] == "user_changed_number"
    assert message["system"]["previous_user_id"] == before != message["system"]["user_id"]


def test_a_hidden_number_changes_without_being_told(phone: PracticePhone, webhook_recorder: WebhookRecorder) -> None:
    phone.write("annika")
    phone.idle()  # two webhooks on their way at once may overtake each other

    phone.control("POST", "customers/annika/phone", {"phone": "+49 170 5550198"})

    message = _value(phone, webhook_recorder)["messages"][0]
    assert message["system"]["type"] == "user_changed_user_id"
    assert "wa_id" not in message["system"] and "from" not in message


@pytest.mark.parametrize(
    ("kind", "mime_type", "fields"),
    [
        ("image", "image/jpeg", {"caption": "Kommt von hier"}),
        ("audio", "audio/ogg; codecs=opus", {"voice": True}),
        ("document", "application/pdf", {"filename": "Rechnung (2).pdf"}),
    ],
)
def test_files_come_with_hash_and_a_working_address(
    phone: PracticePhone, webhook_recorder: WebhookRecorder, kind: str, mime_type: str, fields: dict[str, Any]
) -> None:
    media_id = phone.upload("lena", b"content", mime_type)

    phone.write(type=kind, media_id=media_id, **fields)

    content = _value(phone, webhook_recorder)["messages"][0][kind]
    assert content["id"] == media_id and content["mime_type"] == mime_type and content["sha256"].endswith("=")
    assert content.items() >= fields.items()
    download = phone.http.get(content["url"], headers={"Authorization": "Bearer sandbox-access-token"})
    assert download.content == b"content"


def test_answers_to_buttons_and_lists_name_what_they_answer(
    phone: PracticePhone, webhook_recorder: WebhookRecorder
) -> None:
    asked = phone.wamid()

    phone.write(type="button", text="Keine Werbung", payload="STOP_NEWS", quoted=asked)
    button = _value(phone, webhook_recorder)["messages"][0]
    phone.write(type="interactive", id="do", title="Do 14:00", quoted=asked)
    reply = _value(phone, webhook_recorder)["messages"][0]

    assert button["button"] == {"payload": "STOP_NEWS", "text": "Keine Werbung"}
    assert reply["interactive"] == {"type": "button_reply", "button_reply": {"id": "do", "title": "Do 14:00"}}
    assert button["context"] == reply["context"] == {"id": asked, "from": "4915550100100"}


def test_a_reaction_comes_and_goes(phone: PracticePhone, webhook_recorder: WebhookRecorder) -> None:
    wamid = phone.wamid()

    phone.write(type="reaction", message_id=wamid, emoji="👍")
    added = _value(phone, webhook_recorder)["messages"][0]["reaction"]
    phone.write(type="reaction", message_id=wamid)
    removed = _value(phone, webhook_recorder)["messages"][0]["reaction"]

    assert (added, removed) == ({"message_id": wamid, "emoji": "👍"}, {"message_id": wamid})


def test_metas_own_stop_stops_marketing(phone: PracticePhone, webhook_recorder: WebhookRecorder) -> None:
    phone.control("POST", "customers/lena/preferences", {"value": "stop"})
    phone.idle()

    template = {
        "name": "newsletter_werkstatt", "language": {"code": "de"},
        "components": [{"type": "body", "parameters": [{"type": "text", "text": "Lena"}]}],
    }  # fmt: skip
    wamid = phone.wamid(type="template", template=template)

    preference = webhook_recorder.values("user_preferences")[0]["user_preferences"][0]
    assert (preference["value"], preference["wa_id"]) == ("stop", LENA)
    assert phone.wait_for(wamid, "failed")["error"] == 131050


def test_a_blocked_customer_is_neither_heard_nor_reached(
    phone: PracticePhone, webhook_recorder: WebhookRecorder
) -> None:
    phone.write()
    block = {"messaging_product": "whatsapp", "block_users": [{"user": f"+{LENA}"}]}
    assert phone.api("POST", f"{NUMBER_ID}/block_users", json=block).status_code == 200

    phone.write(text="Hört ihr mich?")
    wamid = phone.wamid()

    assert phone.wait_for(wamid, "failed")["error"] == 131026
    assert [message["text"]["body"] for message in webhook_recorder.messages() if "text" in message] == ["Hallo"]


def test_only_recent_writers_can_be_blocked(phone: PracticePhone) -> None:
    block = {"messaging_product": "whatsapp", "block_users": [{"user": "+4917604069043"}]}

    answer = phone.api("POST", f"{NUMBER_ID}/block_users", json=block)

    assert answer.status_code == 400 and answer.json()["error"]["code"] == 139100


def test_fast_forward_moves_the_customers_history_into_the_past(phone: PracticePhone) -> None:
    before = phone.write()["at"]

    phone.advance(3600, "lena")

    assert phone.chat()[-1]["at"] == pytest.approx(before - 3600)
    assert phone.customer()["last_message_at"] == pytest.approx(before - 3600)


def test_an_unsupported_message_says_what_it_was(phone: PracticePhone, webhook_recorder: WebhookRecorder) -> None:
    phone.write(type="unsupported", unsupported_type="poll_creation")

    message = _value(phone, webhook_recorder)["messages"][0]
    assert message["unsupported"] == {"type": "poll_creation"} and message["errors"][0]["code"] == 131051


def test_a_click_on_an_ad_makes_the_answers_free(phone: PracticePhone, webhook_recorder: WebhookRecorder) -> None:
    phone.settings(sent_after=[0.01, 0.01])
    phone.write(referral={"source_type": "ad", "source_id": "1", "ctwa_clid": "abc"})

    wamid = phone.wamid()

    sent = webhook_recorder.wait(lambda: webhook_recorder.statuses(wamid))[0]
    assert sent["pricing"]["type"] == "free_entry_point"
    assert sent["conversation"]["origin"] == {"type": "referral_conversion"}


def test_a_crowd_writes_the_same_for_the_same_seed(phone: PracticePhone, webhook_recorder: WebhookRecorder) -> None:
    texts = []
    for _ in range(2):
        phone.control("POST", "crowd", {"messages": 20, "customers": 5, "rate": 0, "seed": 7})
        webhook_recorder.wait(lambda: phone.control("GET", "crowd")["sent"] == 20)
        phone.idle()
        texts.append(sorted((one["from"], one["text"]["body"]) for one in webhook_recorder.messages()))
        webhook_recorder.posts.clear()

    assert texts[0] == texts[1] and len({sender for sender, _ in texts[0]}) == 5
