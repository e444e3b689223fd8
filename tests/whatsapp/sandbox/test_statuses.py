"""sent, delivered, read, failed: when, and with what in them."""

import time

from tests.phone_fixture import LENA, NUMBER_ID, SECOND_NUMBER_ID, PracticePhone, WebhookRecorder

FAST = {"sent_after": [0.01, 0.02], "delivered_after": [0.01, 0.02], "read_after": [0.01, 0.02]}


def _ready(phone: PracticePhone, recorder: WebhookRecorder, **settings: object) -> None:
    phone.settings(**(FAST | {"webhook_target": recorder.url} | settings))
    phone.write()


def test_a_reply_is_sent_delivered_and_read_when_the_chat_is_open(
    practice_phone: PracticePhone, webhook_recorder: WebhookRecorder
) -> None:
    _ready(practice_phone, webhook_recorder)
    practice_phone.customer(looking=True)

    wamid = practice_phone.wamid(biz_opaque_callback_data="inbox:9")

    statuses = webhook_recorder.wait(lambda: (found := webhook_recorder.statuses(wamid)) and len(found) == 3 and found)
    by_name = {status["status"]: status for status in statuses}
    assert list(by_name) == ["sent", "delivered", "read"]
    assert all(status["biz_opaque_callback_data"] == "inbox:9" for status in statuses)
    assert by_name["sent"]["recipient_id"] == LENA
    assert by_name["sent"]["recipient_user_id"].startswith("DE.")
    price = {"billable": False, "pricing_model": "PMP", "type": "free_customer_service", "category": "service"}
    assert by_name["sent"]["pricing"] == by_name["delivered"]["pricing"] == price
    assert "pricing" not in by_name["read"]


def test_nothing_is_read_while_nobody_looks(practice_phone: PracticePhone, webhook_recorder: WebhookRecorder) -> None:
    _ready(practice_phone, webhook_recorder)

    wamid = practice_phone.wamid()
    practice_phone.wait_for(wamid, "delivered")
    time.sleep(0.1)
    assert practice_phone.message(wamid)["status"] == "delivered"

    practice_phone.customer(looking=True)
    practice_phone.wait_for(wamid, "read")


def test_an_offline_phone_gets_its_messages_later(
    practice_phone: PracticePhone, webhook_recorder: WebhookRecorder
) -> None:
    _ready(practice_phone, webhook_recorder)
    practice_phone.customer(online=False)
    wamid = practice_phone.wamid()
    practice_phone.wait_for(wamid, "sent")
    time.sleep(0.1)
    assert practice_phone.message(wamid)["status"] == "sent"

    practice_phone.customer(online=True)

    practice_phone.wait_for(wamid, "delivered")


def test_the_contact_comes_with_every_status_but_failed(
    practice_phone: PracticePhone, webhook_recorder: WebhookRecorder
) -> None:
    _ready(practice_phone, webhook_recorder)
    practice_phone.wamid()
    failing = practice_phone.wamid(biz_opaque_callback_data="sim:131026")

    webhook_recorder.wait(lambda: webhook_recorder.statuses(failing))
    practice_phone.idle()
    failed = next(value for value in webhook_recorder.values() if value.get("statuses", [{}])[0].get("id") == failing)
    other = next(value for value in webhook_recorder.values() if value.get("statuses", [{}])[0].get("status") == "sent")
    assert other["contacts"][0]["wa_id"] == LENA
    assert "contacts" not in failed and "recipient_user_id" not in failed["statuses"][0]
    assert failed["statuses"][0]["errors"][0]["code"] == 131026


def test_a_hidden_number_stays_hidden_in_statuses(
    practice_phone: PracticePhone, webhook_recorder: WebhookRecorder
) -> None:
    practice_phone.settings(**FAST, webhook_target=webhook_recorder.url)
    practice_phone.write("annika")
    bsuid = practice_phone.customer("annika")["bsuid"]

    wamid = practice_phone.wamid(to=None, recipient=bsuid)

    delivered = webhook_recorder.wait(
        lambda: [one for one in webhook_recorder.statuses(wamid) if one["status"] == "delivered"]
    )
    assert "recipient_id" not in delivered[0] and delivered[0]["recipient_user_id"] == bsuid


def test_read_may_come_without_delivered(practice_phone: PracticePhone, webhook_recorder: WebhookRecorder) -> None:
    _ready(practice_phone, webhook_recorder, skip_delivered=1.0, auto_read=True)

    wamid = practice_phone.wamid()

    webhook_recorder.wait(lambda: len(webhook_recorder.statuses(wamid)) == 2)
    practice_phone.idle()
    names = [status["status"] for status in webhook_recorder.statuses(wamid)]
    assert names == ["sent", "read"] and "pricing" in webhook_recorder.statuses(wamid)[1]


def test_statuses_may_come_twice_and_out_of_order(
    practice_phone: PracticePhone, webhook_recorder: WebhookRecorder
) -> None:
    _ready(practice_phone, webhook_recorder, swap_statuses=1.0, duplicate_statuses=1.0)

    wamid = practice_phone.wamid()

    webhook_recorder.wait(lambda: len(webhook_recorder.statuses(wamid)) == 4)
    names = [status["status"] for status in webhook_recorder.statuses(wamid)]
    assert sorted(names) == ["delivered", "delivered", "sent", "sent"] and names[0] == "delivered"


def test_outside_the_window_free_text_is_accepted_and_then_fails(
    practice_phone: PracticePhone, webhook_recorder: WebhookRecorder
) -> None:
    _ready(practice_phone, webhook_recorder)
    practice_phone.advance(24 * 3600 + 1, "lena")

    wamid = practice_phone.wamid()

    failed = webhook_recorder.wait(lambda: webhook_recorder.statuses(wamid))
    assert (failed[0]["status"], failed[0]["errors"][0]["code"]) == ("failed", 131047)


def test_the_window_is_per_number(practice_phone: PracticePhone, webhook_recorder: WebhookRecorder) -> None:
    _ready(practice_phone, webhook_recorder)

    wamid = practice_phone.wamid(number=SECOND_NUMBER_ID)

    failed = webhook_recorder.wait(lambda: webhook_recorder.statuses(wamid))
    assert failed[0]["errors"][0]["code"] == 131047


def test_a_reaction_opens_no_window(practice_phone: PracticePhone) -> None:
    practice_phone.settings(enforce_window="refused")
    practice_phone.write("hannah", type="reaction", message_id="wamid.x", emoji="👍")

    refused = practice_phone.send(to="+4917604069043")
    practice_phone.write("hannah")

    assert refused.json()["error"]["code"] == 131047
    assert practice_phone.send(to="+4917604069043").status_code == 200


def test_after_a_thousand_delivered_replies_in_a_month_they_cost(
    practice_phone: PracticePhone, webhook_recorder: WebhookRecorder
) -> None:
    _ready(practice_phone, webhook_recorder)
    practice_phone.wait_for(practice_phone.wamid(), "delivered")
    month = next(iter(practice_phone.state()["numbers"][0]["delivered_service"]))
    practice_phone.control("POST", f"numbers/{NUMBER_ID}", {"delivered_service": {month: 1000}})

    wamid = practice_phone.wamid()

    sent = webhook_recorder.wait(lambda: webhook_recorder.statuses(wamid))[0]
    assert sent["pricing"] == {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "service"}


def test_held_statuses_come_in_one_batch(practice_phone: PracticePhone, webhook_recorder: WebhookRecorder) -> None:
    _ready(practice_phone, webhook_recorder, hold_statuses=True, webhook_lanes=1)
    practice_phone.idle()
    before = len(webhook_recorder.posts)
    wamids = [practice_phone.wamid() for _ in range(5)]

    flushed = practice_phone.control(
        "POST", "statuses/flush", {"statuses": ["sent", "delivered"], "batch": 1000, "wait": 10}
    )

    assert flushed == {"updates": 10, "held": 0, "idle": True}
    assert len(webhook_recorder.posts) - before < 10
    assert {status["id"] for status in webhook_recorder.statuses()} == set(wamids)
