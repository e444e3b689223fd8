"""Crowd mode: many customers with conversations of their own, the same ones for the same seed."""

import io

import pytest
import requests
from django.core.management import call_command

from tests.phone_fixture import NUMBER_ID, PracticePhone, WebhookRecorder
from whatsapp.sandbox import remote
from whatsapp.sandbox.visit_plan import plan
from whatsapp.sandbox.visit_words import TONGUES

FAST = {"conversations": 12, "minutes": 1, "speed": 120, "seed": 7}


@pytest.fixture
def phone(practice_phone: PracticePhone, webhook_recorder: WebhookRecorder) -> PracticePhone:
    practice_phone.webhooks_to(webhook_recorder.url)
    practice_phone.settings(enforce_throughput=False)  # so many at once are more than Meta lets a number do
    return practice_phone


def all_have_come(phone: PracticePhone, recorder: WebhookRecorder) -> None:
    recorder.wait(lambda: not phone.control("GET", "visits")["is_running"])
    phone.idle()


def written(recorder: WebhookRecorder) -> list[tuple[str, str]]:
    return sorted((one["from"], one["text"]["body"]) for one in recorder.messages() if one["type"] == "text")


def test_the_plan_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    assert plan(7, 50, 600) == plan(7, 50, 600)
    assert plan(7, 50, 600) != plan(8, 50, 600)


def test_a_business_that_sells_none_is_asked_about_no_bicycles() -> None:
    said = {say.text for visit in plan(7, 300, 600, bicycles=False) for say in visit.opening}

    assert not said & {text for tongue, _ in TONGUES for text in tongue.bicycle_openings + tongue.bicycle_details}


def test_the_plan_has_all_kinds_of_people() -> None:
    visits = plan(7, 300, 600, closing=0.1)
    said = [say for visit in visits for say in (*visit.opening, *visit.replies)]

    assert len({visit.phone for visit in visits}) == 300
    assert {visit.phone[:2] for visit in visits} == {"49", "44", "90", "48"}
    assert {say.kind for say in said} == {"text", "image", "reaction"}
    assert {visit.button for visit in visits} == {0, 1, 2, None}
    assert {visit.reminder is None for visit in visits} == {True, False}
    assert 10 < sum(1 for visit in visits if visit.window) < 60
    thirds = [sum(1 for visit in visits if low <= visit.starts_at < low + 170) for low in (0, 170, 340)]
    assert sum(thirds) == 300 and min(thirds) > 60


def test_more_time_stretches_the_pauses_and_changes_no_word() -> None:
    short, long = plan(7, 30, 60), plan(7, 30, 600)
    assert [[say.text for say in visit.opening] for visit in short] == [
        [say.text for say in visit.opening] for visit in long
    ]
    assert long[-1].starts_at == pytest.approx(10 * short[-1].starts_at)


def test_a_crowd_comes_through_the_webhook_and_says_the_same_again(
    phone: PracticePhone, webhook_recorder: WebhookRecorder
) -> None:
    planned = {(visit.phone, visit.opening[0].text) for visit in plan(7, 12, 60)}
    for _ in range(2):
        phone.control("POST", "visits", FAST)
        all_have_come(phone, webhook_recorder)
        assert planned <= set(written(webhook_recorder))
        assert {sender for sender, _ in written(webhook_recorder)} == {sender for sender, _ in planned}
        webhook_recorder.posts.clear()


def test_a_customer_goes_on_when_the_business_answers(phone: PracticePhone, webhook_recorder: WebhookRecorder) -> None:
    visits = plan(7, 12, 60)
    visit = next(each for each in visits if each.replies and each.replies[0].kind == "text")
    phone.control("POST", "visits", FAST)
    all_have_come(phone, webhook_recorder)

    phone.send(to=f"+{visit.phone}")

    webhook_recorder.wait(lambda: (visit.phone, visit.replies[0].text) in written(webhook_recorder))
    assert phone.control("GET", "visits")["answered"] == 1


def test_a_customer_taps_a_button_and_says_why(phone: PracticePhone, webhook_recorder: WebhookRecorder) -> None:
    visits = plan(7, 40, 60)
    visit = next(each for each in visits if each.button == 0 and each.comment)
    phone.control("POST", "visits", {**FAST, "conversations": 40})
    all_have_come(phone, webhook_recorder)
    question = {
        "type": "button", "body": {"text": "Zufrieden?"},
        "action": {"buttons": [{"type": "reply", "reply": {"id": "rating:1:5", "title": "Ja"}}]},
    }  # fmt: skip
    body = {"messaging_product": "whatsapp", "to": f"+{visit.phone}", "type": "interactive", "interactive": question}
    assert phone.api("POST", f"{NUMBER_ID}/messages", json=body).status_code == 200

    webhook_recorder.wait(lambda: phone.control("GET", "visits")["taps"] == 1)
    phone.send(to=f"+{visit.phone}")

    webhook_recorder.wait(lambda: (visit.phone, visit.comment.text) in written(webhook_recorder))
    [tap] = [one for one in webhook_recorder.messages() if one["type"] == "interactive"]
    assert tap["interactive"]["button_reply"] == {"id": "rating:1:5", "title": "Ja"}


def test_stopping_sends_everybody_home(phone: PracticePhone) -> None:
    phone.control("POST", "visits", {**FAST, "speed": 1})
    phone.control("DELETE", "visits")
    assert phone.control("GET", "visits")["is_running"] is False


def test_nonsense_is_refused_in_words(phone: PracticePhone) -> None:
    for wrong in ({"conversations": 0}, {"conversations": 5000}, {"minutes": 0}, {"speed": 0}):
        answer = requests.post(f"{phone.url}/_control/visits", json=wrong, timeout=10)
        assert answer.status_code == 400 and "conversations" in answer.json()["error"]


def test_the_command_sends_a_crowd_and_watches_it(phone: PracticePhone, settings, monkeypatch) -> None:
    settings.DEMO, settings.SANDBOX_URL = True, phone.url
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    out = io.StringIO()
    call_command("practice_crowd", "--conversations", "3", "--minutes", "1", "--speed", "600", stdout=out)
    assert "3 of 3 conversations" in out.getvalue()
    call_command("practice_crowd", "--stop")
    assert remote.call("GET", "visits")["is_running"] is False
