"""The reports in Chromium: another choice of filters, the table beside a drawing, and the way to the conversations."""

import re

import pytest
from playwright.sync_api import expect

from inbox.reports import rolling
from tests import factories
from tests.browser.axe import found

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_from_a_filter_to_the_conversation_and_back(open_page, cast):
    cast.lea.language = "en"
    cast.lea.save()
    other = factories.conversation(cast.number, factories.contact(cast.number, "Nina Neu"), team=cast.other_team)
    factories.inbound_message(other)
    while rolling.roll_batch():
        pass
    page = open_page(cast.lea, "/reports/")
    figures = page.locator(".figure__value")
    expect(figures.first).to_have_text("2")
    assert found(page) == []

    page.locator("select[name=period]").select_option("today")
    expect(page).to_have_url(re.compile("period=today"))
    expect(page.locator("#report-status")).not_to_be_empty()
    messages = page.locator("section[aria-labelledby=report-messages]")
    messages.get_by_text("As a table").click()
    messages.get_by_role("cell").first.get_by_role("link").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Messages received")
    expect(page.locator("tbody .contact-link")).to_have_text(["Dario Conti", "Clara Sommer"])
    assert found(page) == []
    page.go_back()
    expect(figures.first).to_have_text("2")
    expect(page.locator("select[name=period]")).to_have_value("today")
    page.go_back()
    expect(page.locator("select[name=period]")).to_have_value("30")
