"""The page of a keyword: the preview follows what is typed, a place goes in at the caret, and the answer is there."""

import pytest
from playwright.sync_api import expect

from inbox.models import KeywordAnswer
from tests.browser.axe import found

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_keyword_is_written_with_its_preview(open_page, cast):
    cast.ada.language = "en"
    cast.ada.save()
    page = open_page(cast.ada, "/settings/automatic/")
    expect(page.locator("html[data-socket=open]")).to_have_count(1, timeout=15_000)  # the page's scripts are there
    assert found(page) == []
    greeting = page.get_by_role("switch", name="Greeting")
    with page.expect_response("**/switch/"):
        greeting.locator("xpath=..").click()
    expect(greeting).to_be_checked()
    page.get_by_role("link", name="Keyword", exact=True).click()

    expect(page.locator("html[data-socket=open]")).to_have_count(1, timeout=15_000)
    german, preview = page.locator("textarea[name=text_de]"), page.locator("#preview")
    page.locator("input[name=words_de]").fill("Preise, was kostet")
    german.fill("Hallo")
    german.locator("xpath=ancestor::*[@class='field'][1]").get_by_role("button", name="Customer's first name").click()
    expect(german).to_have_value("Hallo{{contact.first_name}}")
    german.fill("Hallo {{contact.first_name}}, ab *40 Euro*.")
    expect(preview).to_contain_text("Hallo Anna, ab 40 Euro.")
    expect(preview).to_contain_text("Preise")
    expect(preview.locator("b", has_text="40 Euro")).to_be_visible()
    assert found(page) == []
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("switch", name="Preise")).to_be_checked()
    row = KeywordAnswer.objects.get()
    assert row.words == {"de": ["Preise", "was kostet"]} and row.is_whole
