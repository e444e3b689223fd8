"""Our voice messages: whatever a browser recorded, the customer gets Ogg with Opus; the waveform is known at once."""

import io
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from inbox import rendering
from inbox.actions import uploads
from inbox.actions.sending_files import send_files
from inbox.enums import MessageStatus
from inbox.errors import FileRefused
from inbox.models import Message, Upload
from inbox.rows import row_of
from tests import media
from tests.cast import Cast, make_cast
from tests.recording_queue import forget_jobs, run_jobs

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def recorded(cast: Cast, body: bytes, **more: Any) -> Upload:
    uid, source = uuid.uuid4(), io.BytesIO(body)
    return uploads.keep(cast.claras, by=cast.ben, uid=uid, name="x.webm", source=source, is_voice=True, **more)


def sent(cast: Cast, upload: Upload) -> Message:
    (message,) = send_files(cast.claras, by=cast.ben, files=[upload.uid], uid=uuid.uuid4())
    return message


def test_a_recording_posted_by_the_browser_lies_in_the_composer_ready_to_be_heard(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.ben)
    query = {"uid": uuid.uuid4(), "name": "x.webm", "voice": "1"}
    path = reverse("conversation-uploads", args=[cast.claras.pk], query=query)

    answer = client.post(path, media.sound(2, "webm"), content_type="application/octet-stream").json()

    upload = Upload.objects.get()
    assert (upload.kind, upload.mime_type, upload.is_inline) == ("voice", "audio/ogg", True)
    assert upload.file.read(4) == b"OggS"
    assert upload.file.size == upload.size
    assert len(upload.peaks or []) == 64
    assert "<voice-player" in answer["html"]
    assert 'data-seconds="2.0' in answer["html"]


def test_it_goes_to_meta_as_a_voice_message_and_looks_like_one_here(cast: Cast) -> None:
    forget_jobs()
    message = sent(cast, recorded(cast, media.sound(5, "mp4", "aac")))

    attachment = message.attachments.get()
    assert (message.kind, message.status, message.data["seconds"]) == ("voice", MessageStatus.QUEUED, 5)
    assert (attachment.kind, attachment.is_voice, len(attachment.peaks or [])) == ("audio", True, 64)
    html = rendering.render_message(message, "en")
    assert 'aria-label="Play voice message"' in html
    assert 'data-seconds="5.0' in html
    cast.claras.refresh_from_db()
    with translation.override("de"):
        assert row_of(cast.claras).snippet == "Sprachnachricht 0:05"


@pytest.mark.django_db(transaction=True)
def test_colleagues_without_opus_get_a_copy_a_moment_later(cast: Cast) -> None:
    forget_jobs()
    message = sent(cast, recorded(cast, media.sound(2, "webm")))

    run_jobs()

    assert message.attachments.get().rendition("copy") is not None


@pytest.mark.parametrize("body", [b"", b"<html>", b"RIFF....WAVE", b"\x1a\x45\xdf\xa3 cut off"])
def test_what_holds_no_sound_is_refused_in_words(cast: Cast, body: bytes) -> None:
    with pytest.raises(FileRefused) as refused:
        recorded(cast, body)

    assert str(refused.value.sentence)
    assert not Upload.objects.exists()


def test_the_same_recording_posted_again_is_the_same_voice_message(cast: Cast) -> None:
    uid, body = uuid.uuid4(), media.sound(1, "webm")
    keep = {"by": cast.ben, "uid": uid, "name": "x", "is_voice": True}

    first = uploads.keep(cast.claras, source=io.BytesIO(body), **keep)
    second = uploads.keep(cast.claras, source=io.BytesIO(body), **keep)

    assert first == second


def test_a_file_that_only_sounds_stays_a_file(cast: Cast) -> None:
    upload = uploads.keep(
        cast.claras, by=cast.ben, uid=uuid.uuid4(), name="lied.ogg", source=io.BytesIO(media.sound(1))
    )

    assert upload.kind == "audio"
