"""The same screens by keyboard, on a telephone, and as axe sees them, in light and dark."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import found
from tests.browser.walk.walking import Person, field, lenas, row, template
from tests.stack.counter import Counter


def test_every_view_of_the_inbox_works_without_a_mouse(mara):
    page = mara.another_page("/?view=all")
    thread = page.locator("#thread")
    page.keyboard.press("j")
    expect(thread).to_have_attribute("data-conversation", re.compile(r"\d"))
    first = thread.get_attribute("data-conversation") or ""
    page.keyboard.press("j")
    expect(thread).not_to_have_attribute("data-conversation", first)
    page.keyboard.press("k")
    expect(thread).to_have_attribute("data-conversation", first)
    page.keyboard.press("n")
    expect(field(page, "note")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("dialog#keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.close()


def test_r_answers_and_e_closes_and_opens_again(mara, counter):
    number = counter.one(
        "SELECT id FROM inbox_conversation WHERE assignee_id = %s AND status = 'open'"
        " AND last_customer_message_at > now() - interval '12 hours' ORDER BY id LIMIT 1",
        mara.number,
    )
    page = mara.another_page(f"/conversations/{number}/")
    page.keyboard.press("r")
    expect(field(page)).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    expect(page.locator(f"#head-{number}")).to_have_attribute("data-status", "closed")
    page.keyboard.press("e")
    expect(page.locator(f"#head-{number}")).to_have_attribute("data-status", "open")
    page.close()


def test_a_phone_shows_list_thread_and_contact_one_after_the_other(browser, counter, mara):
    context = browser.new_context(
        viewport={"width": 390, "height": 844},
        has_touch=True,
        is_mobile=True,
        storage_state=mara.context.storage_state(),
    )
    page = context.new_page()
    page.goto(f"{counter.url}/?view=all")
    main, lena = page.locator("main.inbox"), "Lena Hoffmann"
    row(page, lena).locator(".row__link").tap()
    expect(main).to_have_attribute("data-pane", "thread")
    expect(page.locator(".thread__name")).to_have_text(lena)
    page.locator(".thread__name a").tap()
    expect(page.locator("#panel-scroll h2").first).to_be_visible()
    page.go_back()
    expect(field(page)).to_be_visible()
    page.locator(".thread__head [data-pane-link=list]").tap()
    expect(row(page, lena)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser, counter, theme):
    """On every page of this version, in both themes."""
    admin = Person(browser, counter, "admin", color_scheme=theme)
    page = admin.page
    problems = {}
    for place, path in places(counter):
        page.goto(counter.url + path)
        problems[place] = violations(page)
    page.goto(f"{counter.url}/conversations/{lenas(counter)}/")
    page.keyboard.press("t")
    expect(page.locator("#picker .pick").first).to_be_visible()
    problems["picker"] = violations(page)
    page.goto(f"{counter.url}/practice/")
    problems["practice phone"] = violations(page)
    admin.context.clear_cookies()
    page.goto(f"{counter.url}/accounts/login/")
    problems["sign-in"] = violations(page)
    admin.context.close()
    assert {place: found for place, found in problems.items() if found} == {}


def places(counter: Counter) -> list[tuple[str, str]]:
    person = counter.one("SELECT id FROM accounts_agent WHERE email = 'tim@radhaus.example'")
    delivery = counter.one("SELECT id FROM whatsapp_webhookdelivery ORDER BY id DESC LIMIT 1")
    return [
        ("inbox", "/?view=all"),
        ("thread", f"/conversations/{lenas(counter)}/"),
        ("people", "/accounts/people/"),
        ("person", f"/accounts/people/{person}/"),
        ("teams", "/accounts/teams/"),
        ("number", "/settings/numbers/"),
        ("templates", "/settings/templates/"),
        ("template", f"/settings/templates/{template(counter, 'rad_fertig')}/"),
        ("deliveries", "/settings/deliveries/"),
        ("delivery", f"/settings/deliveries/{delivery}/"),
        ("audit", "/accounts/audit/"),
        ("profile", "/accounts/profile/"),
    ]


def violations(page: Page) -> list[str]:
    """What axe calls serious or critical, with where it is."""
    return found(page, ("serious", "critical"))
