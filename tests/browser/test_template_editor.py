"""The template editor in Chromium: the phone follows, fields come and go, and the focus stays where somebody writes."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from inbox.actions import template_drafts
from tests import factories
from tests.browser.axe import found

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_template_grows_under_the_hands_and_the_phone_follows(cast, open_page):
    cast.ada.language = "en"
    cast.ada.save()
    draft = template_drafts.begin_draft(cast.number.business_account, by=cast.ada)
    page = open_page(cast.ada, reverse("settings-template-draft", args=[draft.pk]))
    body = page.locator("[name=body]")

    body.fill("Hi , your bike is ready.")
    body.evaluate("field => field.setSelectionRange(3, 3)")
    page.get_by_role("button", name="Insert variable").click()
    expect(body).to_be_focused()
    page.locator("[name='example-body.1']").fill("Lena")
    expect(page.locator(".phone .var")).to_have_text("Lena")

    page.get_by_role("button", name="Button", exact=True).click()
    kind = page.locator("[name=button-0-kind]")
    expect(kind).to_be_focused()
    kind.select_option("url")
    page.locator("[name=button-0-url]").fill("https://rad.example/")
    page.locator("[name=button-0-text]").fill("Have a look")
    expect(page.locator(".phone .pmsg__btn")).to_have_text("Have a look")

    page.get_by_role("link", name="The template needs a name.").click()
    expect(page.locator("[name=name]")).to_be_focused()
    page.keyboard.type("bike_ready")
    expect(page.get_by_role("heading", level=1)).to_have_text("bike_ready")
    expect(page.locator("[name=name]")).to_be_focused()
    assert found(page) == []


def test_a_double_click_makes_one_copy(cast, open_page):
    cast.ada.language = "en"
    cast.ada.save()
    template = factories.template(cast.number, "rad_fertig")
    page = open_page(cast.ada, reverse("settings-template", args=[template.pk]))

    posts = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    button = page.get_by_role("button", name="Duplicate")

    button.evaluate("button => { button.click(); setTimeout(() => button.click(), 20); }")

    expect(page.locator("[name=name]")).to_be_visible()
    assert len([url for url in posts if "duplicate" in url]) == 1
