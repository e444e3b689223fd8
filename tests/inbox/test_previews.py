"""What is made of a file beside it: stored, shown, counted, guarded, and gone with its message."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from inbox import rendering, storage
from inbox.actions.attachments import fetch_attachment
from inbox.actions.previews import prepare_attachment
from inbox.enums import AttachmentState, MessageKind
from inbox.loops.sweeper import prepare_attachments
from inbox.models import Attachment, Event, Rendition, StorageReading
from inbox.rows import row_of
from tests import factories, media
from tests.cast import Cast, make_cast
from tests.inbox.test_attachments import Meta, meta, signed_in  # noqa: F401
from tests.recording_queue import forget_jobs, recorded_jobs

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def announced(cast: Cast, body: bytes, kind: MessageKind, **fields: Any) -> Attachment:
    """A file Meta told us of, whose bytes are these."""
    message = factories.inbound_message(cast.claras, "", kind=kind)
    return Attachment.objects.create(
        message=message, kind="audio" if kind == MessageKind.VOICE else kind, media_id="1003",
        is_voice=kind == MessageKind.VOICE, sha256=hashlib.sha256(body).hexdigest(), **fields,
    )  # fmt: skip


def here(cast: Cast, body: bytes, mime_type: str, kind: MessageKind = MessageKind.IMAGE, **fields: Any) -> Attachment:
    """A file that is here, without previews."""
    message = factories.inbound_message(cast.claras, "", kind=kind)
    return Attachment.objects.create(
        message=message, kind=kind, file=ContentFile(body, "x"), size=len(body), mime_type=mime_type,
        state=AttachmentState.READY, sha256=hashlib.sha256(body).hexdigest(), is_voice=kind == MessageKind.VOICE,
        **{"is_inline": True, **fields},
    )  # fmt: skip


def shown(attachment: Attachment) -> str:
    return rendering.render_message(attachment.message, "en")


def test_a_fetched_photo_comes_with_its_preview(cast: Cast, meta: Meta) -> None:  # noqa: F811
    meta.body = media.photo(turned=True)
    attachment = announced(cast, meta.body, MessageKind.IMAGE)

    assert fetch_attachment(attachment)

    attachment.refresh_from_db()
    preview = attachment.renditions.get()
    assert (preview.kind, preview.mime_type, preview.size) == ("preview", "image/webp", preview.file.size)
    assert (attachment.width, attachment.height, attachment.prepared_at is not None) == (1500, 2000, True)
    html = shown(attachment)
    assert f'src="{reverse("rendition", args=[attachment.token, "preview"])}"' in html
    assert f'href="{reverse("attachment", args=[attachment.token])}"' in html
    assert 'width="1500" height="2000"' in html
    assert Event.objects.filter(kind="message_changed").count() == 1


def test_the_list_says_how_long_a_voice_message_is(cast: Cast, meta: Meta) -> None:  # noqa: F811
    meta.body = media.sound(12)
    attachment = announced(cast, meta.body, MessageKind.VOICE)

    fetch_attachment(attachment)

    cast.claras.refresh_from_db()
    with translation.override("de"):
        assert row_of(cast.claras).snippet == "Sprachnachricht 0:12"
    attachment.refresh_from_db()
    html = shown(attachment)
    assert 'data-seconds="12.' in html
    assert f'data-copy="{reverse("rendition", args=[attachment.token, "copy"])}"' in html


def test_sound_that_no_browser_plays_is_played_from_its_copy(cast: Cast) -> None:
    attachment = here(cast, b"#!AMR", "audio/amr", MessageKind.AUDIO, is_inline=False)
    assert "voice-player" not in shown(attachment)

    Rendition.objects.create(attachment=attachment, kind="copy", file=ContentFile(b"x", "x"), mime_type="audio/mp4")

    assert "voice-player" in shown(Attachment.objects.get(pk=attachment.pk))


def test_a_document_shows_its_first_page_and_stays_a_download(cast: Cast) -> None:
    body = media.pdf(3)
    attachment = here(
        cast, body, "application/pdf", MessageKind.DOCUMENT, is_inline=False, file_name="Rechnung.pdf"
    )
    assert prepare_attachment(attachment)

    attachment = Attachment.objects.get(pk=attachment.pk)
    html = shown(attachment)

    assert html.count('data-large="page"') == 3
    assert f"PDF · 3 pages · {len(body)}\xa0bytes" in html
    assert signed_in(cast.ben).get(reverse("attachment", args=[attachment.token]))["Content-Disposition"] == (
        'attachment; filename="Rechnung.pdf"'
    )


def test_an_animated_sticker_has_a_still_for_who_wants_no_motion(cast: Cast) -> None:
    attachment = here(cast, media.sticker(), "image/webp", MessageKind.STICKER)
    prepare_attachment(attachment)

    html = shown(Attachment.objects.get(pk=attachment.pk))

    still = reverse("rendition", args=[attachment.token, "still"])
    assert f'<source media="(prefers-reduced-motion: reduce)" srcset="{still}">' in html


def test_a_film_loads_nothing_but_its_first_picture(cast: Cast) -> None:
    attachment = here(cast, media.film(), "video/mp4", MessageKind.VIDEO)
    prepare_attachment(attachment)

    html = shown(Attachment.objects.get(pk=attachment.pk))

    assert 'preload="none"' in html
    assert f'poster="{reverse("rendition", args=[attachment.token, "preview"])}"' in html
    assert "autoplay" not in html


def test_what_cannot_be_prepared_is_tried_once_and_shown_as_it_is(cast: Cast) -> None:
    attachment = here(cast, b"\xff\xd8\xff broken", "image/jpeg")

    assert prepare_attachment(attachment)
    attachment.refresh_from_db()

    assert not prepare_attachment(attachment)
    assert f'src="{reverse("attachment", args=[attachment.token])}"' in shown(attachment)


# --- serving ----------------------------------------------------------------------------------------------------------


def made(cast: Cast, body: bytes = b"0123456789", kind: str = "preview", number: int = 0) -> Rendition:
    attachment = here(cast, b"whole", "image/jpeg", file_name="Rad.jpg")
    return Rendition.objects.create(
        attachment=attachment, kind=kind, number=number, file=ContentFile(body, "x"), size=len(body),
        mime_type="image/webp",
    )  # fmt: skip


def address(rendition: Rendition) -> str:
    token = rendition.attachment.token
    if rendition.number:
        return reverse("rendition-page", args=[token, rendition.kind, rendition.number])
    return reverse("rendition", args=[token, rendition.kind])


def test_a_preview_is_guarded_like_its_file(cast: Cast) -> None:
    rendition = made(cast)

    response = signed_in(cast.ben).get(address(rendition))

    assert b"".join(response.streaming_content) == b"0123456789"
    assert response["Content-Type"] == "image/webp"
    assert response["Content-Disposition"] == 'inline; filename="Rad.webp"'
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert signed_in(cast.mallory).get(address(rendition)).status_code == 404
    assert Client().get(address(rendition)).status_code == 302


def test_a_right_that_ended_ends_for_previews_too(cast: Cast) -> None:
    rendition, browser = made(cast), signed_in(cast.ben)
    etag = browser.get(address(rendition))["ETag"]
    assert browser.get(address(rendition), headers={"If-None-Match": etag}).status_code == 304

    cast.claras.team = cast.other_team
    cast.claras.save()

    assert browser.get(address(rendition), headers={"If-None-Match": etag}).status_code == 404


def test_pages_are_asked_for_by_number(cast: Cast) -> None:
    page, browser = made(cast, kind="page", number=2), signed_in(cast.ben)

    assert browser.get(address(page)).status_code == 200
    assert browser.get(reverse("rendition-page", args=[page.attachment.token, "page", 3])).status_code == 404
    assert browser.get(reverse("rendition", args=[page.attachment.token, "page"])).status_code == 404
    assert browser.get(f"/media/{page.attachment.token}/%00/").status_code == 404


# --- keeping ----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_what_was_made_goes_with_its_message(cast: Cast) -> None:
    rendition = made(cast)
    kept, name = rendition.file.storage, rendition.file.name
    assert kept.exists(name)

    rendition.attachment.message.delete()

    assert not kept.exists(name)


def test_previews_count_for_the_quota(cast: Cast) -> None:
    made(cast)

    storage.measure_storage()

    assert StorageReading.objects.get(workspace=cast.workspace).media_bytes == len(b"whole") + 10


def test_a_message_erased_while_its_preview_is_made_leaves_no_file(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    attachment = here(cast, media.photo(), "image/jpeg")
    kept = Rendition._meta.get_field("file").storage
    before = kept.listdir("renditions/") if kept.exists("renditions") else None
    from inbox.actions import previews

    real = previews.locked_message
    monkeypatch.setattr(previews, "locked_message", lambda one: one.message.delete() and real(one))

    assert not prepare_attachment(attachment)

    assert Rendition.objects.count() == 0
    after = kept.listdir("renditions/") if kept.exists("renditions") else None
    assert before == after or not _files(kept, "renditions")


def _files(kept: Any, folder: str) -> list[str]:
    folders, files = kept.listdir(folder)
    return files + [name for each in folders for name in _files(kept, f"{folder}/{each}")]


@pytest.mark.django_db(transaction=True)
def test_files_whose_previews_were_forgotten_get_a_job_a_few_at_a_time(cast: Cast) -> None:
    forget_jobs()
    long_ago = timezone.now() - timedelta(minutes=5)
    for _ in range(8):
        here(cast, b"x", "image/jpeg", created_at=long_ago)
    here(cast, b"new", "image/jpeg")

    for _ in range(3):
        prepare_attachments(timezone.now())

    assert len(recorded_jobs("prepare_attachment")) == 5


def test_a_thread_full_of_media_costs_the_queries_of_one(cast: Cast) -> None:
    browser, url = signed_in(cast.ben), f"/conversations/{cast.claras.pk}/"

    def cost() -> int:
        browser.get(url)
        with CaptureQueriesContext(connection) as captured:
            browser.get(url)
        return len(captured)

    def receive(count: int) -> None:
        for _ in range(count):
            made(cast)
            document = here(cast, b"x", "application/pdf", MessageKind.DOCUMENT, is_inline=False)
            for number in range(1, 4):
                Rendition.objects.create(attachment=document, kind="page", number=number, mime_type="image/webp")
            here(cast, b"x", "audio/ogg", MessageKind.VOICE, seconds=3, peaks=[1] * 64)
            here(cast, b"x", "video/mp4", MessageKind.VIDEO)

    receive(1)
    one = cost()
    receive(6)

    assert cost() == one
