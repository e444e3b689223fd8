"""Templates in Chromium: the star in the picker, and the admin's pages for whoever cannot see them."""

import pytest
from playwright.sync_api import expect

from tests import factories
from tests.browser.axe import found

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_starred_template_stands_first_the_next_time(open_page, cast):
    factories.template(cast.number, "viel", body="Viel", examples=(), used_count=9)
    mine = factories.template(cast.number, "meins", body="Meins", examples=())
    page = open_page(cast.ben, f"/conversations/{cast.claras.pk}/")
    page.keyboard.press("t")
    picks = page.locator("#picker .pick")
    expect(picks.first).to_contain_text("Viel")
    page.locator(f"#picker [data-template='{mine.pk}']").click()
    expect(page.locator("#picker h3")).to_have_text("Meins")

    star = page.locator("#pick-favourite")
    star.focus()
    page.keyboard.press("Enter")

    expect(star).to_have_attribute("aria-pressed", "true")
    expect(star).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#picker")).to_be_hidden()
    page.keyboard.press("t")
    expect(picks.first).to_contain_text("Meins")
    assert found(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    picks.first.click()
    expect(page.locator("#picker .pmsg")).to_be_in_viewport()
    expect(page.locator("#picker .pmsg")).to_contain_text("Meins")


def test_the_pages_of_an_admin_have_nothing_that_axe_finds(open_page, cast):
    template = factories.template(cast.number, "rad_fertig", status="PAUSED", alarms=["paused"], quality="RED")
    factories.template(cast.number, "rad_fertig", language="en", status="REJECTED", rejected_reason="SCAM")
    ready = factories.template(cast.number, "anders")
    page = open_page(cast.ada, "/settings/templates/")

    problems = {}
    for path in ("", f"{template.pk}/", f"{ready.pk}/test/", f"{template.pk}/deletion/"):
        page.goto(page.url.split("/settings")[0] + f"/settings/templates/{path}")
        problems[path] = found(page)

    assert problems == {path: [] for path in problems}
