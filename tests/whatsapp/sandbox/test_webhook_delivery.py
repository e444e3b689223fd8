"""How webhooks leave: bytes, signature, retry, handshake."""

import hashlib
import hmac
import json

from tests.phone_fixture import PracticePhone, WebhookRecorder


def test_the_signature_is_over_the_very_bytes_in_metas_escaping(
    practice_phone: PracticePhone, webhook_recorder: WebhookRecorder
) -> None:
    practice_phone.webhooks_to(webhook_recorder.url)

    practice_phone.write(text="Größe 38/40? 🚲")

    headers, body = webhook_recorder.wait(lambda: webhook_recorder.posts)[0]
    expected = hmac.new(b"sandbox-app-secret", body, hashlib.sha256).hexdigest()
    assert headers["x-hub-signature-256"] == f"sha256={expected}"
    assert rb"Gr\u00f6\u00dfe 38\/40? \ud83d\udeb2" in body and b'": ' not in body
    assert json.loads(body)["entry"][0]["changes"][0]["value"]["messages"][0]["text"]["body"] == "Größe 38/40? 🚲"


def test_a_webhook_is_repeated_until_it_is_answered_with_200(
    practice_phone: PracticePhone, webhook_recorder: WebhookRecorder
) -> None:
    practice_phone.settings(webhook_target=webhook_recorder.url, retry_delays=[0.02])
    webhook_recorder.answers = [500, 204, 302, 200]

    practice_phone.write()

    practice_phone.idle()
    assert len(webhook_recorder.posts) == 4
    assert len({body for _, body in webhook_recorder.posts}) == 1


def test_webhooks_wait_for_a_receiver_that_is_not_there_yet(practice_phone: PracticePhone) -> None:
    practice_phone.settings(webhook_target="http://127.0.0.1:9/", retry_delays=[0.02])
    practice_phone.write()
    assert practice_phone.state()["webhooks"]["pending"] == 1
    recorder = WebhookRecorder()

    practice_phone.webhooks_to(recorder.url)

    practice_phone.idle()
    assert len(recorder.messages()) == 1
    recorder.close()


def test_the_handshake_needs_the_right_token(practice_phone: PracticePhone, webhook_recorder: WebhookRecorder) -> None:
    assert practice_phone.control("POST", "verify", {"url": webhook_recorder.url})["verified"]

    webhook_recorder.verify_token = "another"

    assert not practice_phone.control("POST", "verify", {"url": webhook_recorder.url})["verified"]


def test_an_override_takes_messages_but_not_template_news(practice_phone: PracticePhone) -> None:
    app, own = WebhookRecorder(), WebhookRecorder()
    practice_phone.webhooks_to(app.url)
    override = {"override_callback_uri": own.url, "verify_token": "sandbox-verify-token"}
    assert practice_phone.api("POST", "208765432100001/subscribed_apps", json=override).json() == {"success": True}

    practice_phone.write()
    practice_phone.review("leasing_ende", decision="APPROVED")
    practice_phone.idle()

    assert (len(own.messages()), len(app.messages())) == (1, 0)
    assert len(app.values("message_template_status_update")) == 1
    app.close(), own.close()


def test_any_webhook_can_be_sent_by_hand(practice_phone: PracticePhone, webhook_recorder: WebhookRecorder) -> None:
    practice_phone.webhooks_to(webhook_recorder.url)

    practice_phone.control("POST", "webhook", {"field": "account_update", "value": {"event": "ACCOUNT_DELETED"}})
    practice_phone.idle()

    assert webhook_recorder.values("account_update") == [{"event": "ACCOUNT_DELETED"}]
