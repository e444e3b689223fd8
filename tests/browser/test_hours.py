"""Setting hours in Chromium: times are added where one looks, the preview follows, and nothing typed is lost."""

import pytest
from playwright.sync_api import expect

from accounts.models import HoursException, WorkingHours
from tests.browser.axe import found

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_an_admin_sets_the_hours_of_the_business(open_page, cast):
    cast.ada.language = "en"
    cast.ada.save()
    page = open_page(cast.ada, "/hours/")
    now = page.locator("#hours-now")
    expect(now).to_contain_text("Always open.")

    page.get_by_text("Fixed hours").click()
    expect(now).to_contain_text("now")
    page.get_by_role("button", name="Monday: add times").click()
    added = page.get_by_label("Monday, from").nth(1)
    expect(added).to_be_focused()
    added.fill("17")
    page.get_by_label("Monday, until").nth(1).fill("20")

    # An exception is added while the week is not saved yet: what was typed stays.
    page.locator("summary", has_text="Exception").click()
    page.get_by_label("First day").fill("2026-12-31")
    page.locator("#exceptions").get_by_role("button", name="Add").click()
    expect(page.locator("#exceptions .fact")).to_contain_text("closed")
    expect(page.locator("#exceptions summary")).to_be_focused()
    expect(added).to_have_value("17")

    page.get_by_role("button", name="Save").click()
    expect(page.locator("#day-error-0")).to_contain_text("These times overlap around 17:00.")
    expect(added).to_have_value("17")
    assert found(page) == []
    added.fill("19")
    page.get_by_role("combobox", name="Public holidays").select_option("DE-BE")
    page.get_by_label("New Year's Day").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The hours are saved.")).to_be_visible()

    hours = WorkingHours.objects.get(is_used=True)
    assert hours.weekly[0] == [[540, 1080], [1140, 1200]]
    assert (hours.region, hours.open_holidays) == ("DE-BE", ["Neujahr"])
    assert HoursException.objects.filter(hours=hours).count() == 1


def test_somebody_leaves_and_hands_over_from_their_menu(open_page, cast):
    from inbox.actions import assignment

    cast.ben.language = "en"
    cast.ben.save()
    assignment.claim(cast.claras, by=cast.ben)
    page = open_page(cast.ben, "/")
    more = page.get_by_role("button", name="Profile and sign-out")
    more.click()
    page.get_by_role("menuitem", name="Away and hand over").click()

    expect(page.get_by_text("1 conversation is back in the queue.")).to_be_visible()
    expect(page.locator("#availability-rail .rail__state")).to_have_text("Away")
    page.get_by_role("button", name="Undo").click()
    more.click()
    page.get_by_role("menuitem", name="Be available").click()
    expect(page.locator("#availability-rail input[role=switch]")).to_be_checked()
    cast.claras.refresh_from_db()
    assert cast.claras.assignee == cast.ben
