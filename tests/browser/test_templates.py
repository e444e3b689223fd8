"""Templates in Chromium: the star in the picker, and the admin's pages for whoever cannot see them."""

import io

import pytest
from PIL import Image
from playwright.sync_api import expect

from inbox.actions import template_care
from tests import factories
from tests.browser.axe import found
from whatsapp.models import MessageTemplate

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


def test_a_carousel_is_filled_card_by_card_and_goes_out(open_page, cast):
    def card(text: str) -> dict:
        return {"components": [{"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": text}]}

    factories.template(cast.number, "raeder", components=[
        {"type": "BODY", "text": "Neu bei uns"},
        {"type": "CAROUSEL", "cards": [card("Das Stadtrad ab {{1}} jetzt"), card("Das Rennrad ab {{1}} jetzt")]},
    ])  # fmt: skip
    page = open_page(cast.ben, f"/conversations/{cast.claras.pk}/")
    page.keyboard.press("t")
    send = page.locator("#picker [data-send]")
    for at, price in enumerate(("799 €", "1.299 €")):
        page.locator(f"#picker [name='card{at}.body.1']").fill(price)
    page.set_input_files("#picker [name=card1]", {"name": "renn.png", "mimeType": "image/png", "buffer": dot()})

    expect(page.locator("#picker [data-thumb=card1]").first).to_be_visible()
    expect(page.locator("#picker [data-thumb=card0]").first).to_be_hidden()
    expect(page.locator("#picker .pcards")).to_contain_text("Das Rennrad ab 1.299 € jetzt")
    expect(send).to_have_attribute("aria-disabled", "true")
    page.set_input_files("#picker [name=card0]", {"name": "stadt.png", "mimeType": "image/png", "buffer": dot()})
    assert found(page) == []
    page.keyboard.press("Escape")  # a slip: words and files are there again
    expect(page.locator("#picker")).to_be_hidden()
    page.keyboard.press("t")
    expect(page.locator("#picker .pcards")).to_contain_text("Das Rennrad ab 1.299 € jetzt")
    expect(page.locator("#picker [data-thumb=card0]").first).to_be_visible()
    send.click()

    expect(page.locator(".slides .slide")).to_have_count(2)
    assert found(page) == []


def dot() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (20, 10), "red").save(file, "PNG")
    return file.getvalue()


def test_a_page_that_is_open_shows_what_whatsapp_did_to_a_template(open_page, cast):
    template = factories.template(cast.number, "rad_fertig")
    page = open_page(cast.ada, "/contacts/")
    expect(page.locator(".alerts .banner")).to_have_count(0)

    with template_care.telling_alarms(cast.number.business_account):
        MessageTemplate.objects.filter(pk=template.pk).update(status="PAUSED", alarms=["paused"])

    expect(page.locator("[data-warning=templates]")).to_contain_text("rad_fertig")
    assert found(page) == []

    template_care.see_alarms(template, by=cast.ada)
    expect(page.locator(".alerts .banner")).to_have_count(0)
