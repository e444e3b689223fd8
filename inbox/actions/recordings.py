"""A recording from the browser becomes a voice message: Ogg with Opus, one channel, with its waveform."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from inbox.enums import MessageKind
from inbox.errors import FileRefused
from inbox.media.making import made_of
from whatsapp.media_types import SENDABLE

# What browsers record into, by its first bytes; the claims of the browser count for nothing.
CONTAINERS = ((0, b"\x1a\x45\xdf\xa3", "audio/webm"), (0, b"OggS", "audio/ogg"), (4, b"ftyp", "audio/mp4"))
_places = threading.BoundedSemaphore(2)


@contextmanager
def voice_message(source: Path) -> Iterator[tuple[IO[bytes], dict[str, Any]]]:
    """The voice message made of a recording, and what an Upload says about it. FileRefused when there is none in it."""
    with source.open("rb") as file:
        head = file.read(16)
    container = next((mime for at, mark, mime in CONTAINERS if head[at:].startswith(mark)), "")
    if not container:
        raise FileRefused(_("There is no sound in this recording. Please record it again."))
    with _places, made_of(source, container, "voice") as made:
        if not made.files:
            raise FileRefused(_("There is no sound in this recording. Please record it again."))
        path = made.files[0].path
        if path.stat().st_size > SENDABLE["audio"][1]:
            raise FileRefused(_("Voice messages up to 16 MB, that is about two hours."))
        with path.open("rb") as body:
            yield body, {
                "kind": MessageKind.VOICE, "mime_type": "audio/ogg", "is_inline": True, "seconds": made.seconds,
                "peaks": made.peaks, "file_name": f"voice-{timezone.localtime():%Y-%m-%d-%H%M%S}.ogg",
            }  # fmt: skip
