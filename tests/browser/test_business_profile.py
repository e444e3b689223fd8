"""The business profile in Chromium: the phone follows what is typed, a picture is cut by keyboard, a link leads on."""

import io

import pytest
from django.urls import reverse
from PIL import Image
from playwright.sync_api import expect

from tests.browser.axe import found
from whatsapp.models import BusinessProfile

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_phone_follows_and_a_refused_picture_loses_nothing_typed(cast, open_page):
    BusinessProfile.objects.create(phone_number=cast.number, facts={"about": "Fahrräder", "vertical": "RETAIL"})
    cast.ada.language = "en"
    cast.ada.save()
    page = open_page(cast.ada, reverse("settings-profile", args=[cast.number.pk]))
    phone = page.locator(".phone .profile")
    expect(phone).to_contain_text("Retail")

    page.get_by_label("Address").fill("Lindenallee 4")
    page.locator("[name=about]").fill("🚲" * 140)

    expect(phone).to_contain_text("Lindenallee 4")
    expect(page.locator("[data-count=about]")).to_have_text("140 / 139")
    expect(page.get_by_text("Unsaved changes")).to_be_visible()

    out = io.BytesIO()
    Image.new("RGB", (900, 600), "green").save(out, "PNG")
    file = {"name": "a.png", "mimeType": "image/png", "buffer": out.getvalue()}
    page.set_input_files("[type=file][name=picture]", file)
    expect(page.locator("canvas")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("+")
    assert [page.locator(f"[name={name}]").input_value() for name in ("left", "top", "side")] == ["186", "60", "480"]
    assert found(page) == []
    page.get_by_role("button", name="Use as profile picture").click()

    expect(page.get_by_role("alert").filter(has_text="WhatsApp did not answer").last).to_be_visible()
    expect(page.get_by_role("button", name="New picture")).to_be_focused()
    expect(page.get_by_label("Address")).to_have_value("Lindenallee 4")


def test_a_link_to_a_part_of_a_long_page_scrolls_the_page_in_its_frame_and_not_the_frame(cast, open_page):
    page = open_page(cast.ada, reverse("settings-number-one", args=[cast.number.pk]) + "#name")
    expect(page.locator("#name")).to_be_in_viewport()
    assert page.locator(".page__scroll").evaluate("scroller => scroller.scrollTop") > 0
    frame = page.locator(".sheet")
    assert frame.evaluate("frame => [frame.scrollTop, frame.scrollHeight - frame.clientHeight]") == [0, 0]
