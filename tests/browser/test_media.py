"""Pictures large, and sound, in Chromium. The files come from the test's memory, by the addresses in the page."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from inbox import events
from inbox.enums import AttachmentState, MessageKind
from inbox.models import Attachment, Message, Reaction, Rendition
from tests import factories, media
from tests.browser.axe import found

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def received(cast, body: bytes, mime_type: str, kind: MessageKind, ago: int, text: str = "", **fields) -> Attachment:
    at = timezone.now() - timedelta(seconds=ago)
    message = factories.inbound_message(cast.claras, text, kind=kind, at=at)
    return Attachment.objects.create(
        message=message, kind=kind, file=ContentFile(body, "x"), size=len(body), mime_type=mime_type,
        state=AttachmentState.READY, prepared_at=at, **{"is_inline": True, **fields},
    )  # fmt: skip


def claras_newest(cast) -> Message:
    return cast.claras.messages.order_by("-occurred_at").select_related("conversation").first()


@pytest.fixture
def photos(cast) -> list[Attachment]:
    body = media.photo((600, 400))
    fields = {"mime_type": "image/jpeg", "kind": MessageKind.IMAGE, "width": 600, "height": 400}
    return [received(cast, body, ago=ago, text=text, **fields) for ago, text in ((50, ""), (40, ""), (30, "Das Rad"))]


@pytest.fixture
def opened(open_page, cast):
    """Ben on Clara's conversation in English, with her files within reach."""
    cast.ben.language = "en"
    cast.ben.save()

    def answer(route: Route) -> None:
        token, _, rest = route.request.url.partition("/media/")[2].partition("/")
        kind, _, number = rest.strip("/").partition("/")
        file = Attachment.objects.get(token=token)
        if kind:
            file = Rendition.objects.get(attachment=file, kind=kind, number=number or 0)
        route.fulfill(body=file.file.read(), content_type=file.mime_type)

    def open_thread(**options) -> Page:
        page = open_page(cast.ben, "/?view=all", **options)
        page.route("**/media/**", answer)
        page.goto(f"{page.url.partition('/?')[0]}/conversations/{cast.claras.pk}/")
        expect(page.locator("html[data-socket=open]")).to_have_count(1)
        return page

    return open_thread


def test_photos_are_seen_large_one_after_the_other_by_key(opened, photos):
    page = opened()
    links = page.locator("#messages [data-large=image]")
    expect(page.locator("#messages .msg--tile")).to_have_count(2)
    viewer, place = page.locator("#viewer"), page.locator("#viewer [data-place]")

    links.nth(1).focus()
    page.keyboard.press("Enter")
    expect(viewer).to_be_visible()
    expect(place).to_have_text("2 / 3")
    page.keyboard.press("ArrowRight")
    expect(place).to_have_text("3 / 3")
    expect(viewer.locator("[data-caption]")).to_have_text("Das Rad")
    expect(viewer.locator("[data-about]")).to_contain_text("JPEG · ")
    expect(viewer.get_by_role("button", name="Next")).to_be_hidden()
    expect(viewer.locator("img")).to_have_attribute("src", links.nth(2).get_attribute("href"))
    page.keyboard.press("Home")
    expect(place).to_have_text("1 / 3")
    expect(viewer.get_by_role("link", name="Download")).to_have_attribute("href", links.nth(0).get_attribute("href"))
    page.keyboard.press("+")
    expect(viewer.get_by_role("button", name="Zoom")).to_have_attribute("aria-pressed", "true")
    assert viewer.locator("img").bounding_box()["width"] >= 1200
    page.keyboard.press("Escape")

    expect(viewer).to_be_hidden()
    expect(links.nth(1)).to_be_focused()


def test_files_of_the_panel_are_looked_at_and_lead_to_their_message(opened, photos, cast):
    for number in range(60):
        factories.inbound_message(cast.claras, f"Nummer {number}")
    page = opened()
    page.locator("#panel summary", has_text="Files").click()
    pictures = page.locator("#panel .shots .media-link")
    expect(pictures).to_have_count(3)
    assert found(page) == []
    pictures.nth(1).click()
    expect(page.locator("#viewer [data-place]")).to_have_text("2 / 3")
    page.keyboard.press("Escape")
    expect(pictures.nth(1)).to_be_focused()
    page.locator("#panel .shots__jump").nth(1).click()

    expect(page.locator("#messages > :focus img")).to_be_in_viewport()


def test_a_document_shows_its_pages_and_nothing_else(opened, photos, cast):
    document = received(
        cast, media.pdf(2), "application/pdf", MessageKind.DOCUMENT, 10, is_inline=False, file_name="Rechnung.pdf",
        page_count=2,
    )
    for kind, number in (("preview", 0), ("page", 1), ("page", 2)):
        body = ContentFile(media.photo((400, 560), "WEBP"), "x")
        Rendition.objects.create(attachment=document, kind=kind, number=number, file=body, mime_type="image/webp")
    page = opened()

    page.get_by_role("link", name="First page of Rechnung.pdf").click()

    expect(page.locator("#viewer [data-place]")).to_have_text("1 / 2")
    expect(page.locator("#viewer [data-about]")).to_contain_text("Rechnung.pdf · PDF · 2 pages")
    page.locator("#viewer").get_by_role("button", name="Next").click()
    expect(page.locator("#viewer [data-place]")).to_have_text("2 / 2")
    expect(page.locator("#viewer").get_by_role("link", name="Download")).to_have_attribute(
        "href", f"/media/{document.token}/"
    )


def test_sound_is_played_sought_and_sped_up_one_at_a_time(opened, cast):
    body = media.sound(40)
    for ago in (20, 10):
        received(
            cast, body, "audio/ogg", MessageKind.VOICE, ago, is_voice=True, seconds=40.0, peaks=[10] * 32 + [90] * 32
        )
    page = opened()
    first, second = page.locator("voice-player").nth(0), page.locator("voice-player").nth(1)
    expect(first.locator(".voice__time")).to_have_text("0:40")
    slider = first.get_by_role("slider", name="Position")

    first.get_by_role("button", name="Play voice message").click()
    expect(first).to_have_class("voice is-playing")
    expect(first.get_by_role("button", name="Play voice message")).to_have_attribute("aria-pressed", "true")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(first.locator(".voice__time")).to_have_text("0:10")
    assert float(first.locator(".voice__played").get_attribute("width")) > 60
    first.get_by_role("button", name="Playback speed").click()
    expect(second.get_by_role("button", name="Playback speed 1.5×")).to_be_visible()
    second.get_by_role("button", name="Play voice message").click()

    expect(second).to_have_class("voice is-playing")
    expect(first).to_have_class("voice")
    heard = claras_newest(cast)
    Reaction.objects.create(message=heard, contact=cast.clara, emoji="👍", occurred_at=timezone.now())
    with transaction.atomic():
        events.message_changed(heard)
    expect(page.locator(f"#message-{heard.uid} .react")).to_be_visible()
    expect(second).to_have_class("voice is-playing")
    slider.click(position={"x": 2, "y": 8})
    expect(slider).to_have_attribute("aria-valuetext", "0:00 / 0:40")


def test_a_browser_without_opus_gets_the_copy(opened, cast):
    voice = received(cast, b"x", "audio/ogg", MessageKind.VOICE, 10, is_voice=True, seconds=3.0)
    copy = ContentFile(media.sound(3, "mp4", "aac"), "x")
    Rendition.objects.create(attachment=voice, kind="copy", file=copy, mime_type="audio/mp4")
    page = opened()
    page.evaluate("HTMLMediaElement.prototype.canPlayType = () => ''")

    with page.expect_request(f"**/media/{voice.token}/copy/"):
        page.get_by_role("button", name="Play voice message").click()
