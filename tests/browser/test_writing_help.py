"""Emojis, the preview of marks and pasted lines, in Chromium."""

import pytest
from playwright.sync_api import Page, expect

from inbox.models import Contact
from tests.browser.test_composer import confirmed, field, sent

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(open_page, cast) -> Page:
    cast.ben.language = "en"
    cast.ben.save()
    Contact.objects.filter(pk=cast.clara.pk).update(language="de")
    return open_page(cast.ben, f"/conversations/{cast.claras.pk}/")


def emojis(page: Page):
    return page.locator(".emojis__group > button")


def test_an_emoji_is_found_in_both_languages_by_keyboard_and_is_among_the_last_ones_then(page):
    field(page).press_sequentially("Hallo ")
    page.get_by_role("button", name="Emoji", exact=True).click()
    search = page.get_by_role("searchbox", name="Search emojis")
    expect(search).to_be_focused()
    search.fill("fahrrad")
    expect(emojis(page).first).to_have_attribute("aria-label", "bicycle")
    search.fill("thumbs")
    expect(emojis(page).first).to_have_text("👍")
    page.keyboard.press("ArrowDown")
    expect(emojis(page).first).to_be_focused()
    page.keyboard.press("Enter")

    expect(field(page)).to_have_value("Hallo 👍")
    expect(field(page)).to_be_focused()
    page.get_by_role("button", name="Emoji", exact=True).click()
    expect(page.locator(".emojis__group").first).to_have_attribute("aria-label", "Used last")
    expect(emojis(page).first).to_have_text("👍")
    page.get_by_role("button", name="Dark", exact=True).click()
    expect(emojis(page).first).to_have_text("👍🏿")
    emojis(page).first.click(modifiers=["Shift"])
    page.keyboard.press("Escape")
    expect(field(page)).to_have_value("Hallo 👍👍🏿")
    expect(field(page)).to_be_focused()


def test_marks_are_shown_as_the_customer_will_see_them(page):
    preview = page.locator(".composer__preview")
    field(page).fill("Alles gut")
    expect(preview).to_be_hidden()
    field(page).press_sequentially(" *fett*")
    expect(preview.locator("b")).to_have_text("fett")
    page.keyboard.press("Enter")
    expect(preview).to_be_hidden()
    field(page).fill("wort")
    page.keyboard.press("Control+a")
    page.keyboard.press("Control+i")
    expect(field(page)).to_have_value("_wort_")
    expect(preview.locator("i")).to_have_text("wort")


def test_pasted_lines_stay_one_message_with_its_lines(page):
    expect(field(page)).to_have_attribute("lang", "de")
    field(page).focus()
    page.keyboard.insert_text("eins\r\nzwei\n\ndrei")
    page.keyboard.press("Enter")
    confirmed(page)
    assert sent() == ["eins\nzwei\n\ndrei"]
