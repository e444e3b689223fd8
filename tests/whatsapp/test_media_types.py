"""What a file is, from its bytes alone."""

import io
import zipfile

import pytest
from PIL import Image

from whatsapp import media_types
from whatsapp.media_types import decide, served_type, sniff


def picture(kind: str, size: tuple[int, int] = (40, 30)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "teal").save(file, kind)
    return file.getvalue()


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    return file.getvalue()


MP4, M4A, HEIC = (b"\x00\x00\x00\x18ftyp" + brand + b"\x00" * 20 for brand in (b"isom", b"M4A ", b"heic"))
OPUS = b"OggS\x00\x02" + b"\x00" * 22 + b"OpusHead\x01"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


@pytest.mark.parametrize(("body", "mime"), [
    (picture("JPEG"), "image/jpeg"), (picture("PNG"), "image/png"), (picture("GIF"), "image/gif"),
    (picture("WEBP"), "image/webp"), (MP4, "video/mp4"), (M4A, "audio/mp4"), (OPUS, "audio/ogg"),
    (b"ID3\x04" + b"\x00" * 30, "audio/mpeg"), (b"\xff\xf1" + b"\x00" * 30, "audio/aac"),
])  # fmt: skip
def test_what_browsers_play_safely_is_shown(body: bytes, mime: str) -> None:
    decided = decide(io.BytesIO(body))

    assert (decided.mime_type, decided.is_inline) == (mime, True)


def test_a_picture_brings_its_size() -> None:
    decided = decide(io.BytesIO(picture("PNG", (120, 80))))

    assert (decided.width, decided.height) == (120, 80)


@pytest.mark.parametrize("body", [
    SVG, b"\xef\xbb\xbf  " + SVG, b'<?xml version="1.0"?>' + SVG, b"<!DOCTYPE html><script>alert(1)</script>",
    b"<HTML><body onload=alert(1)>", b"\n\n<script>alert(1)</script>", b"%PDF-1.7 <script>", zipped(), EICAR, HEIC,
    b"#!AMR\n", b"MZ\x90\x00" + b"\x00" * 60, b"", b"Nur Text.", b"\x00" * 500,
    b"OggS\x00\x02" + b"\x00" * 22 + b"\x80theora", b"RIFF\x00\x00\x00\x00WAVE",
])  # fmt: skip
def test_everything_else_is_a_download(body: bytes) -> None:
    mime, is_inline = sniff(body)

    assert not is_inline
    assert served_type(mime, is_inline=False) not in media_types.ACTIVE


@pytest.mark.parametrize("body", [
    b"\x89PNG\r\n\x1a\n" + SVG, b"GIF89a<script>alert(1)</script>", b"\xff\xd8\xff<html>", picture("PNG")[:20],
    b"RIFF\x00\x00\x00\x00WEBPnonsense",
])  # fmt: skip
def test_a_picture_that_is_none_is_not_shown(body: bytes) -> None:
    assert not decide(io.BytesIO(body)).is_inline


def test_a_picture_of_too_many_pixels_is_not_shown() -> None:
    bomb = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(bomb, "PNG")

    decided = decide(bomb)

    assert (decided.mime_type, decided.is_inline, decided.width) == ("image/png", False, None)


def test_active_types_leave_under_a_name_that_says_nothing() -> None:
    assert served_type("text/html", is_inline=False) == "application/octet-stream"
    assert served_type("image/svg+xml", is_inline=True) == "application/octet-stream"
    assert served_type("application/pdf", is_inline=False) == "application/pdf"


def test_the_file_is_left_at_its_start() -> None:
    file = io.BytesIO(picture("PNG"))
    file.read()

    decide(file)

    assert file.tell() == 0
