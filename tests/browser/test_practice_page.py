"""The practice phone in Chromium: what the person at it sees and does."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.models import Agent
from config.ports import port_is_free
from tests import factories
from tests.browser.axe import found
from tests.browser.web import Web, running_browser
from tests.phone_fixture import PracticePhone, WebhookRecorder

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as browser:
        yield browser


@pytest.fixture
def agent() -> Agent:
    workspace = factories.workspace(is_demo=True)
    return factories.agent(workspace, "Mara Brandt", teams=[factories.team(workspace, is_default=True)], language="en")


@pytest.fixture(scope="module")
def web(django_db_setup: None) -> Iterator[Web]:
    web = Web()
    while not port_is_free(web.port + 1):  # where the page looks for the phone
        web = Web()
    web.start()
    yield web
    web.kill()


@pytest.fixture(scope="module")
def running_phone(web: Web) -> Iterator[PracticePhone]:
    phone = PracticePhone("--memory", port=web.port + 1)
    yield phone
    phone.stop()


@pytest.fixture
def phone(running_phone: PracticePhone, webhook_recorder: WebhookRecorder) -> PracticePhone:
    running_phone.control("POST", "reset", {})
    running_phone.webhooks_to(webhook_recorder.url)
    return running_phone


@pytest.fixture
def page(web: Web, phone: PracticePhone, browser: Browser, agent: Agent) -> Iterator[Page]:
    context = web.signed_in(browser, agent)
    page = context.new_page()
    page.goto(f"{web.url}/practice/")
    yield page
    context.close()


def _chat(page: Page) -> Any:
    return page.locator("[data-part=chat]")


def test_what_the_customer_writes_is_on_their_screen_and_goes_out(
    page: Page, phone: PracticePhone, webhook_recorder: WebhookRecorder
) -> None:
    page.get_by_role("textbox", name="Message as the customer").fill("Ist mein Rad fertig?")
    page.keyboard.press("Enter")

    expect(_chat(page)).to_contain_text("Ist mein Rad fertig?")
    phone.idle()
    assert [message["text"]["body"] for message in webhook_recorder.messages()] == ["Ist mein Rad fertig?"]


def test_replies_arrive_by_themselves_and_are_read_while_the_page_is_open(page: Page, phone: PracticePhone) -> None:
    phone.write()

    wamid = phone.wamid(text={"body": "Ja, seit heute früh."})

    expect(_chat(page)).to_contain_text("Ja, seit heute früh.")
    phone.wait_for(wamid, "read")


def test_typing_shows_under_the_name(page: Page, phone: PracticePhone) -> None:
    wamid = phone.write()["wamid"]
    body = {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": wamid,
        "typing_indicator": {"type": "text"},
    }

    phone.api("POST", "109876543210001/messages", json=body)

    expect(page.locator("[data-part=bar]")).to_contain_text("is typing …")
    expect(_chat(page).get_by_role("img", name="Read", exact=True)).to_have_count(1)


def test_a_reply_button_answers(page: Page, phone: PracticePhone) -> None:
    phone.write()
    buttons = [{"type": "reply", "reply": {"id": "do", "title": "Do 14:00"}}]
    part = {"type": "button", "body": {"text": "Wann passt es dir?"}, "action": {"buttons": buttons}}
    phone.wamid(type="interactive", interactive=part)

    page.get_by_role("button", name="Do 14:00").click()

    expect(_chat(page).locator(".pmsg--me").last).to_contain_text("Do 14:00")


def test_the_next_message_fails_once_and_the_switch_goes_back(page: Page, phone: PracticePhone) -> None:
    phone.write()
    page.get_by_role("switch", name="Next message fails").check()
    expect(page.locator("[data-part=wrong] [data-failure][checked]")).to_have_count(1)  # drawn by the server now

    phone.wait_for(phone.wamid(), "failed")

    expect(page.get_by_role("switch", name="Next message fails")).not_to_be_checked()
    expect(page.locator("[data-part=log]")).to_contain_text("Code 131026")


def test_raw_data_can_be_looked_at(page: Page, phone: PracticePhone) -> None:
    phone.write(text="Hallo zusammen")
    expect(_chat(page)).to_contain_text("Hallo zusammen")

    page.get_by_role("switch", name="Raw data").check()
    page.locator("[data-part=log] summary").first.click()

    expect(page.locator("[data-part=log] pre").first).to_contain_text("whatsapp_business_account")


def test_a_template_is_approved(page: Page, phone: PracticePhone) -> None:
    page.get_by_role("tab", name="Template review").click()

    page.get_by_role("button", name="Approve", exact=True).first.click()

    expect(page.get_by_role("button", name="Approve", exact=True)).to_have_count(0)
    assert phone.templates()["leasing_ende", "de"]["status"] == "APPROVED"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_no_accessibility_findings(page: Page, phone: PracticePhone, scheme: Any, width: int) -> None:
    phone.write()
    phone.wamid()
    expect(_chat(page).locator(".pmsg")).to_have_count(2)
    page.set_viewport_size({"width": width, "height": 860})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # colours do not fade while they are read

    assert found(page) == []
