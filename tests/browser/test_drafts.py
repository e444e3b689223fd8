"""One agent on two devices, and a colleague who looks on."""

import pytest
from playwright.sync_api import expect

from inbox.models import Draft
from tests.browser.test_composer import confirmed, field, until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def two(open_page, cast):
    """Ben at the counter and Ben on the phone, both on Clara's conversation."""
    cast.ben.language = cast.lea.language = "en"
    cast.ben.save()
    cast.lea.save()
    return [open_page(cast.ben, f"/conversations/{cast.claras.pk}/") for _device in range(2)]


def test_an_untouched_field_takes_the_draft_and_a_touched_one_offers_it(two, cast):
    here, there = two
    field(here).fill("Vom Tresen")
    expect(field(there)).to_have_value("Vom Tresen", timeout=8_000)

    there.route("**/draft/", lambda route: route.abort())  # what is typed there is not saved yet
    field(there).fill("Unterwegs getippt")
    field(here).fill("Vom Tresen, weiter")
    offer = there.locator("[data-offer]")
    expect(offer).to_contain_text("Changed on another device: “Vom Tresen, weiter”", timeout=8_000)
    expect(field(there)).to_have_value("Unterwegs getippt")
    offer.get_by_role("button", name="Use that").click()
    expect(field(there)).to_have_value("Vom Tresen, weiter")
    offer.get_by_role("button", name="Back to mine").click()
    expect(field(there)).to_have_value("Unterwegs getippt")


def test_sent_on_one_device_it_is_gone_on_the_other(two):
    here, there = two
    field(here).fill("Gleich")
    expect(field(there)).to_have_value("Gleich", timeout=8_000)
    here.keyboard.press("Enter")

    confirmed(here)
    expect(field(there)).to_have_value("", timeout=8_000)
    assert not Draft.objects.exists()


def test_what_another_device_has_replaced_can_be_had_again(two):
    here, there = two
    field(here).fill("Vom Tresen")
    expect(field(there)).to_have_value("Vom Tresen", timeout=8_000)
    field(there).fill("Unterwegs getippt")
    expect(field(here)).to_have_value("Unterwegs getippt", timeout=8_000)
    here.locator("[data-offer]").get_by_role("button", name="Back to mine").click()
    expect(field(here)).to_have_value("Vom Tresen")


def test_what_was_typed_on_one_device_stays_when_another_text_is_sent_on_the_other(two, cast):
    here, there = two
    here.route("**/draft/", lambda route: route.abort())  # what is typed here is not saved yet
    field(here).fill("Vom Tresen")
    field(there).fill("Unterwegs getippt")
    expect(here.locator("[data-offer]")).to_contain_text("Unterwegs getippt", timeout=8_000)
    field(here).press("Enter")
    confirmed(here)

    expect(field(here)).to_have_value("Unterwegs getippt", timeout=8_000)  # nothing else stands here any more
    expect(field(there)).to_have_value("Unterwegs getippt")
    until(lambda: Draft.objects.filter(agent=cast.ben, text="Unterwegs getippt").exists())


def test_colleagues_see_that_a_draft_is_kept_in_list_and_thread_but_not_what_it_says(two, open_page, cast):
    field(two[0]).fill("Noch geheim")
    until(lambda: Draft.objects.filter(text="Noch geheim").exists())
    colleague = open_page(cast.lea, f"/conversations/{cast.claras.pk}/")
    row = colleague.locator(f"#row-{cast.claras.pk} .row__draft")
    expect(row).to_have_text("Ben")
    expect(colleague.locator(".thread__drafts")).to_have_text("Ben has a draft")
    expect(two[1].locator(f"#row-{cast.claras.pk} .row__draft")).to_have_text("Draft")
    assert "Noch geheim" not in colleague.content()
    field(two[0]).fill("")

    expect(row).to_be_hidden(timeout=8_000)
    expect(colleague.locator(".thread__drafts")).to_be_hidden()


def test_a_window_that_is_closed_at_once_loses_nothing(two):
    page = two[0]
    field(page).fill("Fenster zu")
    page.close()

    until(lambda: Draft.objects.filter(text="Fenster zu").exists())
