"""Saved replies in Chromium: a slash, a few letters, Enter; the hands stay on the keyboard."""

import pytest
from playwright.sync_api import Page, expect

from inbox.actions.saved_replies import create_reply
from inbox.models import Contact, Message, SavedReply
from tests.browser.test_composer import confirmed, field, sent, until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(open_page, cast) -> Page:
    """Ben on Clara's conversation, in English, with three replies at hand."""
    cast.ben.language = "en"
    cast.ben.save()
    for shortcut, title, text in (
        ("fertig", "Rad ist fertig", "Hallo {{contact.first_name}},\ndein Rad ist fertig."),
        ("öffnung", "Öffnungszeiten", "Mo bis Fr, Grüße aus der Werkstatt"),
        ("name", "Frage nach dem Namen", "Hallo {{contact.first_name}}, wie geht es?"),
    ):
        create_reply(by=cast.lea, scope="all", shortcut=shortcut, title=title, text=text)
    return open_page(cast.ben, f"/conversations/{cast.claras.pk}/")


def options(page: Page):
    return page.locator("#replies [role=option]:visible")


def test_a_slash_finds_by_shortcut_title_and_text_and_enter_puts_it_in(page):
    field(page).press_sequentially("/")
    expect(options(page)).to_have_count(3)
    field(page).press_sequentially("oeffn")
    expect(options(page)).to_have_count(1)
    for search in ("grusse", "GRÜSSE", "werkstatt mo"):
        field(page).fill(f"/{search}")
        expect(options(page)).to_have_text(["/öffnungÖffnungszeiten Mo bis Fr, Grüße aus der Werkstatt"])
    field(page).fill("/rad")
    expect(options(page)).to_have_count(1)
    active = options(page).first.get_attribute("id")
    expect(field(page)).to_have_attribute("aria-activedescendant", active or "")
    page.keyboard.press("Enter")

    expect(field(page)).to_have_value("Hallo Clara,\ndein Rad ist fertig.")
    expect(field(page)).to_be_focused()
    expect(field(page)).not_to_have_attribute("aria-activedescendant", active or "")
    until(lambda: SavedReply.objects.get(shortcut="fertig").used_count == 1)
    page.keyboard.press("Enter")
    confirmed(page)
    assert sent() == ["Hallo Clara,\ndein Rad ist fertig."]


def test_arrows_choose_escape_closes_and_a_slash_inside_a_line_is_a_slash(page):
    field(page).press_sequentially("Guten Tag\n".replace("\n", ""))
    page.keyboard.press("Shift+Enter")
    field(page).press_sequentially("/")
    expect(options(page)).to_have_count(3)
    second = options(page).nth(1).get_attribute("id")
    page.keyboard.press("ArrowDown")
    expect(field(page)).to_have_attribute("aria-activedescendant", second or "")
    page.keyboard.press("Escape")
    expect(page.locator("[data-replies]")).to_be_hidden()
    expect(field(page)).to_be_focused()
    field(page).press_sequentially("x oder 1/2")

    expect(page.locator("[data-replies]")).to_be_hidden()
    expect(field(page)).to_have_value("Guten Tag\n/x oder 1/2")
    assert sent() == []


def test_a_slip_of_the_keyboard_is_not_sent_to_the_customer(page):
    field(page).press_sequentially("/fretig")
    expect(page.locator("[data-replies]")).to_contain_text("No saved reply fits.")
    page.keyboard.press("Enter")

    expect(field(page)).to_have_value("/fretig")
    assert not Message.objects.filter(direction="out").exists()


def test_the_button_opens_the_menu_and_the_mouse_takes(page):
    page.locator("[data-tool=replies]").click()
    expect(options(page)).to_have_count(3)
    expect(field(page)).to_be_focused()
    options(page).filter(has_text="öffnung").click()

    expect(field(page)).to_have_value("Mo bis Fr, Grüße aus der Werkstatt")
    expect(field(page)).to_be_focused()


def test_a_gap_is_marked_and_sending_it_asks_first(page, cast):
    Contact.objects.filter(pk=cast.clara.pk).update(profile_name="")
    field(page).press_sequentially("/name")
    expect(options(page).first).to_contain_text("/name")
    page.keyboard.press("Enter")
    assert field(page).evaluate("field => getSelection().toString()") == "{{Customer's first name}}"
    page.keyboard.press("Enter")

    expect(page.locator("#composer-error")).to_contain_text("{{Customer's first name}} is not filled in yet.")
    assert field(page).evaluate("field => getSelection().toString()") == "{{Customer's first name}}"
    page.keyboard.press("Tab")
    expect(page.locator("[data-action=send-meant]")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.type("Sie")
    expect(page.locator("#composer-error")).to_be_hidden()
    page.keyboard.press("Enter")
    confirmed(page)
    assert sent() == ["Hallo Sie, wie geht es?"]

    field(page).fill("Das {{bleibt}}")
    page.keyboard.press("Enter")
    page.locator("[data-action=send-meant]").click()
    confirmed(page)
    until(lambda: sent()[1:] == ["Das {{bleibt}}"])
