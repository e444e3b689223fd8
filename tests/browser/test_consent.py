"""Consent where it is read: the public page without anything of anybody else's, and the admin's page."""

import pytest
from playwright.sync_api import expect

from inbox.actions import consent_settings
from inbox.models import OptInPage
from tests.browser.axe import found

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LINKS = {"privacy_url": "https://radhaus.example/datenschutz", "imprint_url": "https://radhaus.example/impressum"}


def test_an_admin_publishes_the_page_and_a_stranger_reads_it(open_page, cast, web, browser):
    cast.ada.language = "en"
    cast.ada.save()
    consent_settings.save_business(cast.workspace, by=cast.ada, business_name="Radhaus", expire_days=7, **LINKS)
    page = open_page(cast.ada, "/settings/consent/")
    assert found(page) == []
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_role("img", name="QR code")).to_be_visible()

    asked: list[str] = []
    context = browser.new_context(locale="en-GB")
    stranger = context.new_page()
    stranger.on("request", lambda request: asked.append(request.url))
    stranger.goto(f"{web.url}/opt-in/{OptInPage.objects.get().slug}/")

    expect(stranger.get_by_role("link", name="Go on in WhatsApp")).to_be_visible()
    assert found(stranger) == []
    assert context.cookies() == []
    assert all(url.startswith(web.url) for url in asked)
    context.close()
