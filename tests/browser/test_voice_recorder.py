"""Voice messages recorded in Chromium, whose microphone beeps once a second."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from inbox.models import Attachment, Message, Upload
from tests.browser.web import running_browser

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MICROPHONE = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser(*MICROPHONE) as browser:
        yield browser


@pytest.fixture
def page(open_page, cast) -> Page:
    cast.ben.language = "en"
    cast.ben.save()
    page = open_page(cast.ben, f"/conversations/{cast.claras.pk}/?view=all", permissions=["microphone"])
    page.on("dialog", lambda dialog: dialog.accept())
    return page


def recorder(page: Page):
    return page.get_by_role("group", name="Recording a voice message")


def speak(page: Page, seconds: float = 1.5) -> None:
    page.get_by_role("button", name="Record a voice message").click()
    expect(recorder(page)).to_be_visible()
    page.wait_for_timeout(seconds * 1000)


def until(condition, seconds: float = 10.0):
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
    return value


def test_a_voice_message_is_recorded_paused_heard_and_sent(page, cast):
    speak(page)
    expect(recorder(page).get_by_role("button", name="Listen")).to_be_focused()
    expect(recorder(page).get_by_role("timer")).to_have_text("0:01")
    assert len(recorder(page).locator("path").first.get_attribute("d")) > 100
    recorder(page).get_by_role("button", name="Pause").click()
    said = recorder(page).get_by_role("timer").text_content()
    page.wait_for_timeout(1300)
    expect(recorder(page).get_by_role("timer")).to_have_text(said)
    recorder(page).get_by_role("button", name="Pause").click()

    recorder(page).get_by_role("button", name="Listen").click()
    player = page.locator("message-composer voice-player")
    expect(player).to_be_visible()
    expect(recorder(page)).to_be_hidden()
    player.get_by_role("button", name="Play voice message").click()
    expect(player).to_have_class("voice is-playing")
    page.locator("message-composer .split [type=submit]").click()

    attachment = until(lambda: Attachment.objects.filter(is_voice=True).first())
    assert 1.0 < attachment.seconds < 4
    assert len(attachment.peaks) == 64
    assert max(attachment.peaks) > 50
    assert Message.objects.get(kind="voice").data["seconds"] >= 1
    expect(page.locator("#messages .msg--out voice-player")).to_be_visible()
    assert not Upload.objects.exists()


def test_it_goes_out_at_once_by_the_button_beside_it(page):
    speak(page)

    recorder(page).get_by_role("button", name="Send").click()

    until(lambda: Message.objects.filter(kind="voice").exists())
    expect(page.locator("#messages .msg--out voice-player")).to_be_visible()


def test_a_window_closed_while_speaking_loses_nothing(page):
    speak(page, 2.5)

    page.reload()

    expect(page.locator("message-composer voice-player")).to_be_visible(timeout=10_000)
    assert Upload.objects.get().seconds > 0.5
    page.reload()
    expect(page.locator("message-composer .upload")).to_have_count(1)


def test_another_conversation_opened_while_speaking_loses_nothing(page, cast):
    speak(page)

    page.locator(f"#row-{cast.darios.pk} .row__link").click()
    expect(page.locator("message-composer")).to_have_attribute("data-conversation", str(cast.darios.pk))
    expect(page.locator("#toasts")).to_contain_text("The recording is kept")
    page.locator(f"#row-{cast.claras.pk} .row__link").click()

    expect(page.locator("message-composer voice-player")).to_be_visible(timeout=10_000)
    assert Upload.objects.get().conversation_id == cast.claras.pk


def test_a_cut_connection_loses_nothing(page):
    page.route("**/uploads/?*", lambda route: route.abort())
    speak(page)
    recorder(page).get_by_role("button", name="Send").click()
    expect(page.locator("message-composer .upload[data-file-state=failed]")).to_be_visible()
    assert not Message.objects.filter(kind="voice").exists()

    page.unroute("**/uploads/?*")
    page.reload()

    expect(page.locator("message-composer voice-player")).to_be_visible(timeout=10_000)
    page.locator("message-composer .split [type=submit]").click()
    until(lambda: Message.objects.filter(kind="voice").count() == 1)


def test_what_was_thrown_away_can_be_taken_back(page):
    speak(page)

    recorder(page).get_by_role("button", name="Throw away").click()
    expect(page.locator("message-composer .upload")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()

    expect(page.locator("message-composer voice-player")).to_be_visible()


@pytest.mark.parametrize(("error", "words"), [
    ("NotAllowedError", "Allow the microphone"), ("NotFoundError", "No microphone"), ("NotReadableError", "is using"),
])
def test_no_microphone_is_a_sentence_that_says_what_to_do(page, error, words):
    refusing = "name => navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', name))"
    page.evaluate(refusing, error)

    page.get_by_role("button", name="Record a voice message").click()

    expect(page.get_by_role("alert").filter(has_text=words)).to_be_visible()
    expect(page.get_by_role("button", name="Record a voice message")).to_be_focused()
