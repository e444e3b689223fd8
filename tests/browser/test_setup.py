"""The wizard in a browser: a passkey in the first minute, a form that loses nothing, keys that do what they seem to."""

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts import founding
from accounts.models import SecondFactor, Workspace
from tests.browser.axe import found
from tests.browser.test_second_factor import AUTHENTICATOR
from tests.browser.web import Web

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SECRET = "not-the-app-secret-of-it"


@pytest.fixture
def wizard(_web: Web, browser: Browser) -> Page:
    """An empty house, seen from localhost (keys need a name), with a finger at the keyboard."""
    _web.start()
    context = browser.new_context(
        base_url=f"http://localhost:{_web.port}", locale="en", viewport={"width": 1440, "height": 900}
    )
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    yield page
    context.close()


def go_on(page: Page) -> None:
    page.locator(".setup__foot [type=submit]:not([form])").click()


def test_the_founder_walks_through_the_wizard_with_a_passkey(wizard: Page) -> None:
    page, problems = wizard, []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto("/")
    expect(page.get_by_role("heading", name="Welcome to Tresen")).to_be_visible()
    expect(page.get_by_label("Set-up code")).to_be_focused()
    assert found(page) == []
    page.get_by_label("Set-up code").fill(founding.new_code())
    page.get_by_label("Your name").fill("Frida Anfang")
    page.get_by_label("Email").fill("frida@laden.example")
    page.get_by_label("Password").fill("ein-langer-anfang-am-tresen")
    page.keyboard.press("Enter")

    page.get_by_role("link", name="Passkey or security key").click()
    assert found(page) == []
    page.get_by_role("button", name="Set up key").click()
    expect(page.locator("[aria-current=step]")).to_contain_text("Second factor")
    page.get_by_role("button", name="I have kept them").click()
    page.get_by_label("Name of your business").fill("Blumen Anfang")
    assert found(page) == []
    go_on(page)

    own = page.get_by_label("App ID")
    expect(page.get_by_role("heading", name="How would you like to start?")).to_be_visible()
    expect(own).to_be_hidden()
    page.get_by_role("radio", name="My WhatsApp number").check()
    assert found(page) == []
    own.fill("app")
    page.keyboard.press("Enter")
    expect(own).to_be_focused()
    expect(own).to_have_attribute("aria-invalid", "true")
    expect(own).to_have_accessible_description("This is not an ID of Meta's: those are long numbers.")
    assert found(page) == []
    for field, typed in (("App ID", "61234567890"), ("App secret", SECRET), ("Access token", SECRET),
                         ("business account ID", "208765432"), ("Phone number ID", "109876543")):  # fmt: skip
        page.get_by_label(field).fill(typed)
    page.keyboard.press("Enter")
    expect(page.locator("#checks")).to_contain_text("Meta did not answer", timeout=30_000)
    expect(page.locator("#checks ol")).to_be_focused()
    expect(page.locator("[aria-invalid]")).to_have_count(0)
    expect(own).to_have_value("61234567890")
    expect(page.get_by_label("App secret")).to_have_value(SECRET)
    page.get_by_role("button", name="Later").click()

    page.get_by_label("Email").fill("kai@laden.example")
    page.keyboard.press("Enter")
    expect(page.locator(".copyline")).to_contain_text("/accounts/invitation/")
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.get_by_text("Step 5 of 5")).to_be_visible()
    expect(page.get_by_role("button", name="Continue")).to_be_in_viewport()
    assert found(page) == []
    page.reload()
    expect(page.locator(".copyline")).to_contain_text("/accounts/invitation/")
    expect(page.get_by_text("kai@laden.example", exact=True)).to_be_visible()
    go_on(page)
    assert found(page) == []
    page.get_by_role("button", name="To the inbox").click()
    expect(page.locator("#list")).to_be_visible()

    assert problems == []
    assert (Workspace.objects.get().name, SecondFactor.objects.get().kind) == ("Blumen Anfang", "key")
