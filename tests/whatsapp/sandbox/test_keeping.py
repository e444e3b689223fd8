"""What survives a restart and a kill -9."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command

from tests.phone_fixture import PracticePhone, WebhookRecorder

Start = Callable[..., PracticePhone]


def test_a_durable_phone_killed_right_after_an_answer_knows_what_it_accepted(start_practice_phone: Start) -> None:
    phone = start_practice_phone("--durable")
    phone.settings(enforce_window="off", enforce_pair=False)
    accepted = {f"inbox:{position}" for position in range(30)}
    for callback in accepted:
        phone.wamid(biz_opaque_callback_data=callback)

    phone.kill()
    phone.start_again()

    ledger = phone.ledger()
    assert set(ledger["by_callback"]) == accepted and ledger["twice"] == []


def test_chats_customers_and_templates_survive_a_restart(start_practice_phone: Start) -> None:
    phone = start_practice_phone()
    key = phone.new_customer("Nina Neu", "+49 170 1234567", username="nina.neu")
    media = phone.upload(key, b"photo", "image/jpeg")
    phone.write(key, type="image", media_id=media, text="")
    phone.write(key, text="Null \0 und 🚲")
    phone.review("leasing_ende", decision="APPROVED")

    phone.stop()
    phone.start_again()

    assert [message["type"] for message in phone.chat(key)] == ["image", "text"]
    assert phone.chat(key)[1]["content"] == {"body": "Null \0 und 🚲"}
    assert phone.customer(key)["username"] == "nina.neu"
    assert phone.templates()["leasing_ende", "de"]["status"] == "APPROVED"
    assert phone.http.get(f"{phone.url}/_control/media/{media}").content == b"photo"


def test_the_demo_number_stays_the_first_after_it_was_changed_and_read_again(start_practice_phone: Start) -> None:
    phone = start_practice_phone("--durable")
    phone.write()
    phone.control("POST", "numbers/109876543210001", {"quality": "YELLOW"})
    phone.stop()

    phone.start_again()

    assert phone.state()["numbers"][0]["id"] == "109876543210001"
    assert len(phone.chat()) == 1


def test_webhooks_that_nobody_took_are_sent_after_a_restart(start_practice_phone: Start) -> None:
    phone = start_practice_phone()
    phone.settings(webhook_target="http://127.0.0.1:9/")
    phone.write(text="Kommt das an?")
    phone.stop()
    recorder = WebhookRecorder()

    phone.options = ("--target", recorder.url)
    phone.start_again()

    phone.idle()
    assert [message["text"]["body"] for message in recorder.messages()] == ["Kommt das an?"]
    recorder.close()


def test_statuses_go_on_after_a_kill(start_practice_phone: Start, webhook_recorder: WebhookRecorder) -> None:
    phone = start_practice_phone("--durable", "--target", webhook_recorder.url)
    phone.write()
    phone.settings(sent_after=[60, 60])
    wamid = phone.wamid()
    phone.kill()

    phone.start_again()

    phone.wait_for(wamid, "delivered")


def test_reset_empties_the_tables_too(start_practice_phone: Start) -> None:
    phone = start_practice_phone("--durable")
    phone.wamid()
    phone.control("POST", "reset", {})

    phone.kill()
    phone.start_again()

    assert phone.ledger()["count"] == 0 and phone.chat() == []


@pytest.mark.parametrize("mode", ["0", ""])
def test_without_demo_mode_there_is_no_practice_phone(mode: str) -> None:
    environment = os.environ | {
        "TRESEN_DEMO": mode, "SECRET_KEY": "x" * 50, "FIELD_KEYS": Fernet.generate_key().decode(),
        "BASE_URL": "https://inbox.example", "ALLOWED_HOSTS": "inbox.example",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }  # fmt: skip
    command = [sys.executable, "manage.py", "practice_phone", "--memory"]

    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)

    assert run.returncode != 0 and "Unknown command: 'practice_phone'" in run.stderr


def test_the_command_itself_refuses_without_demo_mode(settings: object) -> None:
    settings.DEMO = False  # type: ignore[attr-defined]

    with pytest.raises(CommandError, match="demo mode only"):
        call_command("practice_phone")
