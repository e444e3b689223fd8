"""Rules in Chromium: a lead makes one, puts it first with the keyboard, and sees what it would have changed."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from inbox.models import RoutingDecision, RoutingRule
from tests import factories
from tests.browser.axe import found

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_rule_is_made_put_first_by_keyboard_and_tried(open_page, cast):
    cast.ada.language = "en"
    cast.ada.save()
    nina = factories.conversation(cast.number, factories.contact(cast.number, "Nina Neu"))
    at = timezone.now() - timedelta(hours=1)
    factories.inbound_message(nina, "Kann ich ein Lastenrad mieten?", at=at)
    RoutingDecision.objects.create(
        workspace=cast.workspace, conversation=nina, team=cast.team, agent=cast.ben, reason="least_busy",
        created_at=at + timedelta(seconds=1),
    )  # fmt: skip
    RoutingRule.objects.create(workspace=cast.workspace, target="team", team=cast.team, name="Everything", position=1)

    page = open_page(cast.ada, "/settings/rules/new/")
    page.get_by_label("Words in the message").fill("mieten")
    page.get_by_label("Goes to").select_option(label="Verleih")
    page.get_by_role("button", name="Try it on last week").click()
    trial = page.locator("#trial-table tbody tr")
    expect(page.locator("#trial")).to_contain_text("Nothing would have been different")  # the one before it holds
    assert found(page) == []
    page.get_by_role("button", name="Save").click()

    expect(page.locator("html[data-socket=open]")).to_have_count(1, timeout=15_000)  # the page's scripts are there
    rules = page.locator(".rules > .rule")
    expect(rules.nth(1)).to_contain_text("If it says “mieten” → Verleih, least busy")
    rules.nth(1).get_by_role("button", name="up").focus()
    page.keyboard.press("Enter")
    expect(rules.nth(0)).to_contain_text("mieten")
    expect(rules.nth(0).get_by_role("button", name="up")).to_be_focused()
    page.get_by_role("button", name="Compare with last week").click()
    expect(trial).to_have_count(1)
    expect(trial).to_contain_text("Nina Neu")
    expect(trial).to_contain_text("Ben Brandt · Werkstatt")
    expect(trial).to_contain_text("Verleih, least busy")
    assert found(page) == []

    with page.expect_response("**/place/"):
        rules.nth(1).drag_to(rules.nth(0), target_position={"x": 40, "y": 4})
    expect(page.locator("#toasts")).to_contain_text("Everything is number 1 now.")
    expect(rules.nth(0)).to_contain_text("Everything")
    rules.nth(0).get_by_role("switch").click()
    expect(rules.nth(0)).to_have_class("rule is-off")
