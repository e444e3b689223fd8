"""What a file really is, decided from its bytes, and what Meta accepts. Claims of senders count for nothing here.

Shown inside a page are only types from a short list, recognised by our own signatures: pictures, video and sound that
browsers play and that cannot carry script. Everything else (SVG, HTML, PDF, archives …) is a download.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

import puremagic
from PIL import Image, UnidentifiedImageError

MAX_INBOUND_BYTES = 100 * 1024 * 1024  # Meta passes nothing larger on
MAX_PIXELS = 40_000_000
MAX_FRAMES = 1000
HEAD_BYTES = 4096

MB = 1024 * 1024
OOXML = "application/vnd.openxmlformats-officedocument"
# What Meta takes from us: types and size per kind (whatsapp-cloud-api.md §12). Documents may be anything.
SENDABLE: dict[str, tuple[frozenset[str], int]] = {
    "audio": (frozenset({"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"}), 16 * MB),
    "image": (frozenset({"image/jpeg", "image/png"}), 5 * MB),
    "sticker": (frozenset({"image/webp"}), 500 * 1024),
    "video": (frozenset({"video/mp4", "video/3gpp"}), 16 * MB),
    "document": (
        frozenset({
            "text/plain", "application/pdf", "application/msword", "application/vnd.ms-excel",
            "application/vnd.ms-powerpoint", f"{OOXML}.wordprocessingml.document", f"{OOXML}.spreadsheetml.sheet",
            f"{OOXML}.presentationml.presentation",
        }),
        100 * MB,
    ),
}  # fmt: skip

PICTURES = {"image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF", "image/webp": "WEBP"}
INLINE = {*PICTURES, "video/mp4", "video/3gpp", "audio/mpeg", "audio/mp4", "audio/aac", "audio/ogg"}
# Browsers would run these; as downloads they go under a type that says nothing.
ACTIVE = {
    "text/html", "application/xhtml+xml", "image/svg+xml", "text/xml", "application/xml", "text/javascript",
    "application/javascript", "application/x-shockwave-flash", "text/css",
}  # fmt: skip
UNKNOWN = "application/octet-stream"

_VIDEO_BRANDS = (b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"MSNV", b"dash")
BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_MARKUP = (b"<!doctype", b"<html", b"<svg", b"<?xml", b"<script", b"<head", b"<body")


@dataclass(frozen=True, slots=True)
class Decided:
    """The verdict on a file. Width and height are known for pictures that may be shown."""

    mime_type: str
    is_inline: bool
    width: int | None = None
    height: int | None = None


def sniff(head: bytes) -> tuple[str, bool]:
    """(type, may be shown in the page) from the first bytes of a file. A picture still has to pass `decide`."""
    mime = _known(head) or _guessed(head)
    return mime, mime in INLINE


def decide(file: IO[bytes]) -> Decided:
    """The verdict on a whole file. Pictures must be readable and not absurdly large. Leaves the file at its start."""
    file.seek(0)
    mime, is_inline = sniff(file.read(HEAD_BYTES))
    width = height = None
    if mime in PICTURES:
        size = _picture_size(file, PICTURES[mime])
        if size is None:
            is_inline = False
        else:
            width, height = size
    file.seek(0)
    return Decided(mime, is_inline, width, height)


def served_type(mime_type: str, *, is_inline: bool) -> str:
    """Under which type a file may leave our server."""
    if is_inline and mime_type in INLINE:
        return mime_type
    return UNKNOWN if mime_type in ACTIVE or not mime_type else mime_type


def _known(head: bytes) -> str | None:
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return "image/gif"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp":
        return _mp4(head[8:12])
    if head.startswith(b"OggS"):
        return "audio/ogg" if b"OpusHead" in head[:200] or b"\x01vorbis" in head[:200] else "application/ogg"
    if head[:2] in (b"\xff\xf1", b"\xff\xf9"):
        return "audio/aac"
    if head.startswith(b"ID3") or head[:2] in (b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"\xff\xfa"):
        return "audio/mpeg"
    if head.startswith(b"#!AMR"):
        return "audio/amr"
    return "application/pdf" if head.startswith(b"%PDF-") else None


def _mp4(brand: bytes) -> str:
    if brand in _VIDEO_BRANDS:
        return "video/mp4"
    if brand[:3] == b"3gp":
        return "video/3gpp"
    if brand in (b"M4A ", b"M4B "):
        return "audio/mp4"
    return "image/heic" if brand in (b"heic", b"heix", b"mif1", b"msf1") else "video/quicktime"


def _guessed(head: bytes) -> str:
    """A hint for the download of everything else; never a type that would be shown."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:256].lower()
    if start.startswith(_MARKUP) or b"<svg" in start or b"<script" in start:
        return "image/svg+xml" if b"<svg" in start else "text/html"
    try:
        guess = puremagic.from_string(head, mime=True) if head else ""
    except (puremagic.PureError, ValueError, IndexError):
        guess = ""
    if guess and guess not in INLINE:
        return guess[:120]
    return UNKNOWN if guess or b"\x00" in head or not _is_text(head) else "text/plain"


def _is_text(head: bytes) -> bool:
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 4 and bool(head)  # a character cut in half at the end
    return bool(head)


def _picture_size(file: IO[bytes], expected: str) -> tuple[int, int] | None:
    """Read the header only: nothing is unpacked, so a bomb has nothing to explode."""
    try:
        file.seek(0)
        with _bombs_are_errors(), Image.open(file, formats=[expected]) as picture:
            width, height = picture.size
            frames = getattr(picture, "n_frames", 1) if expected == "WEBP" else 1
        return (width, height) if width * height <= MAX_PIXELS and frames <= MAX_FRAMES else None
    except (*BOMBS, UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError):
        return None


@contextmanager
def _bombs_are_errors() -> Iterator[None]:
    """Pillow only warns at twice its limit."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield
