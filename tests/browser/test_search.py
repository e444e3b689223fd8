"""Searching and the command bar in Chromium, by keyboard alone."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import expect

from inbox import events
from inbox.models import Conversation
from inbox.search.indexing import index_batch
from tests import factories
from tests.browser.axe import found
from tests.browser.test_composer import until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def bens(open_page, cast):
    """Ben, in English; Clara asked for a chain long before her last sixty messages."""
    cast.ben.language = "en"
    cast.ben.save()
    start = timezone.now() - timedelta(days=3)
    for number in range(100):
        text = "Bitte die Kette prüfen" if number == 20 else f"Nummer {number}"
        factories.inbound_message(cast.claras, text, at=start + timedelta(minutes=number))
    while index_batch():
        pass
    return lambda path="/?view=all", **options: open_page(cast.ben, path, **options)


def test_a_hit_leads_to_its_place_in_the_thread_and_the_keys_go_on(bens, cast):
    page = bens()
    page.locator("#search").fill("kette prüfn")
    page.keyboard.press("Enter")
    hit = page.locator(".hit")
    expect(hit).to_contain_text("Bitte die Kette prüfen")
    expect(hit.locator("mark")).to_have_text(["Kette", "prüfen"])
    hit.click()
    expect(page.locator("#messages > :focus")).to_contain_text("Bitte die Kette prüfen")
    expect(page.locator("#messages > :focus")).to_be_in_viewport()
    expect(hit).to_have_attribute("aria-current", "true")
    assert found(page) == []
    page.get_by_label("Back to the list").click()

    expect(page.locator(f"#row-{cast.darios.pk}")).to_be_visible()


def test_nothing_comes_into_a_search_without_words(bens, cast):
    page = bens("/search/?q=")
    page.evaluate("document.addEventListener('tresen:event', ({detail}) => detail.facts && (window.heard = true))")
    with transaction.atomic():
        events.message_created(factories.inbound_message(cast.darios, "Hallo?"))
    page.wait_for_function("window.heard")

    expect(page.locator("#rows > .row")).to_have_count(0)


def test_the_bar_opens_people_and_does_what_is_typed(bens, cast):
    page = bens()
    page.keyboard.press("Control+k")
    bar = page.locator("#command-bar")
    expect(bar.locator("[role=option]").first).to_be_visible()
    assert found(page) == []
    page.keyboard.type("sommer")
    expect(bar.locator("[aria-selected=true]")).to_contain_text("Clara Sommer")
    page.keyboard.press("Enter")
    expect(page.locator(".thread__name")).to_have_text("Clara Sommer")

    page.keyboard.press("Control+k")
    page.keyboard.type("mir zuweisen")  # in German, though Ben reads English
    expect(bar.locator("[aria-selected=true]")).to_contain_text("Assign to me")
    page.keyboard.press("Enter")
    until(lambda: type(cast.claras).objects.get(pk=cast.claras.pk).assignee_id == cast.ben.pk)
    expect(page.locator("#composer")).to_have_attribute("data-assignee", str(cast.ben.pk))

    page.keyboard.press("Control+k")
    expect(bar.locator("#bar-recent ~ [role=option]").first).to_contain_text("Clara Sommer")
    page.keyboard.type("reply")
    expect(bar.locator("[aria-selected=true]")).to_contain_text("Reply")
    page.keyboard.press("Enter")
    expect(page.locator("[data-text=reply]")).to_be_focused()

    page.keyboard.press("Control+k")
    page.keyboard.press("Escape")
    expect(page.locator("[data-text=reply]")).to_be_focused()


def test_the_bar_acts_on_a_selection_and_opens_by_touch_on_a_phone(bens, cast):
    page = bens()
    page.locator(f"#row-{cast.claras.pk} .row__check").check(force=True)
    page.locator(f"#row-{cast.darios.pk} .row__check").check(force=True)
    page.keyboard.press("Control+k")
    page.keyboard.type("close")
    expect(page.locator("#command-bar [aria-selected=true]")).to_contain_text("Selection: close (2)")
    page.keyboard.press("Enter")
    until(lambda: not Conversation.objects.filter(pk__in=[cast.claras.pk, cast.darios.pk]).exclude(status="closed"))
    expect(page.locator("bulk-bar")).to_be_hidden()

    size = {"width": 390, "height": 844}
    phone = bens(f"/conversations/{cast.claras.pk}/", viewport=size, has_touch=True, is_mobile=True)
    phone.get_by_role("button", name="More actions").tap()
    phone.get_by_role("menuitem", name="Search and commands").tap()
    expect(phone.locator("#bar-reopen")).to_be_visible()
    phone.locator("#command-bar-field").fill("view closed")
    phone.locator("#bar-view-closed").tap()
    expect(phone.locator(f"#row-{cast.claras.pk}")).to_be_visible()  # the list has come to the front
    phone.locator("#list").get_by_role("button", name="Search and commands").tap()
    expect(phone.locator("#bar-view-mine")).to_be_visible()
    expect(phone.locator("#bar-reopen")).to_have_count(0)  # its thread is out of sight
    phone.locator("#command-bar [data-close]").tap()
    expect(phone.locator("#command-bar")).to_be_hidden()
