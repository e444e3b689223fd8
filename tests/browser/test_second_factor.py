"""A passkey in a real browser: Chromium's virtual authenticator stands in for the finger."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.models import SecondFactor
from tests import factories
from tests.browser.axe import found
from tests.browser.web import Web
from tests.cast import Cast
from tests.software_key import SoftwareKey

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

AUTHENTICATOR = {
    "protocol": "ctap2", "transport": "usb", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


def give_password(page: Page, email: str) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(factories.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_passkey_is_set_up_where_it_is_demanded_and_signs_in_from_then_on(
    web: Web, browser: Browser, cast: Cast
) -> None:
    cast.workspace.second_factor_rule = "everybody"
    cast.workspace.save()
    cast.ben.language = "en"
    cast.ben.save()
    context = browser.new_context(
        base_url=f"http://localhost:{web.port}", locale="en", viewport={"width": 390, "height": 844}
    )
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})

    give_password(page, cast.ben.email)
    expect(page.get_by_role("heading", name="Sign in with two factors")).to_be_visible()
    assert found(page) == []
    page.get_by_role("link", name="Passkey or security key").click()
    expect(page.get_by_label("Name")).to_have_value("Chrome · Linux")
    assert found(page) == []
    page.get_by_role("button", name="Set up key").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    expect(page.get_by_role("listitem")).to_have_count(10)
    assert found(page) == []
    page.get_by_role("button", name="I have kept them").click()
    expect(page).to_have_url(re.compile(r":\d+/$"))

    context.clear_cookies()
    give_password(page, cast.ben.email)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    assert found(page) == []
    page.get_by_role("button", name="Use passkey or security key").click()
    expect(page).to_have_url(re.compile(r":\d+/$"))
    page.goto("/accounts/security/")
    expect(page.get_by_text("10 of 10 left.")).to_be_visible()
    assert found(page) == []
    context.close()
    assert problems == []
    assert SecondFactor.objects.get().sign_count > 1


def test_a_cancelled_key_says_so_and_the_code_stays(web: Web, browser: Browser, cast: Cast) -> None:
    half = SoftwareKey().public_half
    SecondFactor.objects.create(agent=cast.ben, kind="key", name="Key", credential_id="x", credential=half)
    context = browser.new_context(base_url=f"http://localhost:{web.port}", locale="en")
    page = context.new_page()
    page.add_init_script("navigator.credentials.get = () => Promise.reject(new DOMException('', 'NotAllowedError'))")
    give_password(page, cast.ben.email)

    page.get_by_role("button", name="Use passkey or security key").click()

    expect(page.get_by_role("alert")).to_contain_text("did not work, or it was cancelled")
    expect(page.get_by_role("button", name="Use passkey or security key")).to_be_focused()
    expect(page.get_by_role("textbox", name="Recovery code")).to_be_editable()
    context.close()
