"""The rating after closing in Chromium: switched on by keyboard, and what comes of it on the screens."""

import pytest
from playwright.sync_api import expect

from inbox.models import SatisfactionSettings
from tests.browser.axe import found

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_lead_switches_it_on_by_keyboard_and_closing_offers_to_leave_it_out(open_page, cast):
    cast.lea.language = "en"
    cast.lea.save()
    page = open_page(cast.lea, "/settings/automatic/")
    switch = page.get_by_role("switch", name="Werkstatt")

    switch.focus()
    page.keyboard.press("Space")

    expect(page.locator(f"#rating-team-{cast.team.pk} input[checked]")).to_have_count(1)  # as the server says
    expect(switch).to_be_focused()
    assert SatisfactionSettings.objects.get().teams.get() == cast.team
    assert found(page) == []

    page.goto(page.url.split("/settings")[0] + f"/conversations/{cast.claras.pk}/")
    page.get_by_role("button", name="Close with outcome").click()
    expect(page.get_by_role("menuitem", name="Close without rating")).to_be_visible()
    assert found(page) == []

    page.keyboard.press("Tab")  # into the field, which does not close it
    page.keyboard.type("Repaired")
    page.keyboard.press("Enter")

    expect(page.locator("#messages")).to_contain_text("Repaired")
    assert cast.claras.cases.get().outcome == "Repaired"
