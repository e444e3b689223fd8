"""What an agent may send: decided from the content, said in a sentence, pictures made fit in a process of their own."""

import io
import struct
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest
from django.utils import translation
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from tests.whatsapp.test_media_types import OPUS, SVG, picture
from whatsapp import sendable
from whatsapp.media_types import MB
from whatsapp.sendable import NotSendable, Verdict, judge

EXE = b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00" + b"\x00" * 200
MONO = OPUS + b"\x01"
MP3 = b"ID3\x04\x00\x00\x00\x00\x00\x00" + b"\x00" * 100
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def real(body: bytes, size: int = 0) -> IO[bytes]:
    """A file with a descriptor; longer than its body when `size` says so, without bytes on the disk."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the test
    file.write(body)
    file.truncate(max(size, len(body)))
    return file


def judged(body: bytes, name: str, *, size: int = 0, as_document: bool = False) -> Verdict:
    return judge(real(body, size), max(size, len(body)), name, as_document=as_document)


def refusal(body: bytes, name: str, *, size: int = 0) -> NotSendable:
    with pytest.raises(NotSendable) as problem:
        judged(body, name, size=size)
    return problem.value


def shown(verdict: Verdict) -> Image.Image:
    verdict.file.seek(0)
    return Image.open(io.BytesIO(verdict.file.read()))


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def zipped(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "<x/>")
    return out.getvalue()


def box(name: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), name) + body


def track(handler: bytes, codec: bytes) -> bytes:
    entry = box(codec, b"\x00" * 24, struct.pack(">HH", 640, 360), b"\x00" * 50)
    return box(b"trak", box(b"mdia",
        box(b"hdlr", b"\x00" * 8, handler, b"\x00" * 13),
        box(b"minf", box(b"stbl", box(b"stsd", b"\x00" * 4, struct.pack(">I", 1), entry))),
    ))  # fmt: skip


def film(*tracks: bytes, brand: bytes = b"isom") -> bytes:
    return box(b"ftyp", brand, b"\x00" * 8) + box(b"mdat", b"\x00" * 100) + box(b"moov", *tracks)


WORD = zipped("[Content_Types].xml", "word/document.xml")
H264, AAC = track(b"vide", b"avc1"), track(b"soun", b"mp4a")


@pytest.mark.parametrize(("body", "name", "kind", "mime"), [
    (picture("JPEG"), "rad.jpeg", "image", "image/jpeg"), (picture("PNG"), "rad.png", "image", "image/png"),
    (PDF, "Rechnung.pdf", "document", "application/pdf"), ("Grüße".encode(), "notiz.txt", "document", "text/plain"),
    (WORD, "brief.docx", "document", sendable.OFFICE[b"word/document"][1]),
    (MP3, "lied.mp3", "audio", "audio/mpeg"), (MONO, "ton.ogg", "audio", "audio/ogg"),
    (film(H264, AAC), "film.mp4", "video", "video/mp4"), (film(H264), "stumm.mp4", "video", "video/mp4"),
    (film(H264, AAC, brand=b"3gp5"), "film.3gp", "video", "video/3gpp"),
    (film(AAC, brand=b"M4A "), "ton.m4a", "audio", "audio/mp4"),
])  # fmt: skip
def test_what_whatsapp_takes_goes_as_it_is(body: bytes, name: str, kind: str, mime: str) -> None:
    verdict = judged(body, name)

    assert (verdict.kind, verdict.mime_type, verdict.file_name, verdict.note) == (kind, mime, name, "")
    verdict.file.seek(0)
    assert verdict.file.read() == body


@pytest.mark.parametrize("body", [
    b"BMW Rechnung Nr. 5", b"FORM 5", b"BEGIN:VCARD\nVERSION:3.0", b'{"a": 1}', "Grüße".encode("latin-1"),
])  # fmt: skip
def test_what_reads_as_text_is_a_text_whatever_its_first_letters_remind_of(body: bytes) -> None:
    verdict = judged(body, "datei.dat")

    assert (verdict.kind, verdict.mime_type, verdict.file_name) == ("document", "text/plain", "datei.dat")


@pytest.mark.parametrize(("body", "name", "size", "words"), [
    (b"", "leer.pdf", 0, "This file is empty."),
    (MP3, "lang.mp3", 17 * MB, "Audio up to 16 MB; this one has 17 MB."),
    (film(H264, AAC), "lang.mp4", 40 * MB, None),
    (PDF, "buch.pdf", 101 * MB, "Files up to 100 MB; this one has 101 MB."),
    (EXE, "rechnung.pdf", 0, "“rechnung.pdf” is not what its name says: there is no PDF in it."),
    (EXE, "setup.exe", 0, "WhatsApp takes PDF, Word, Excel, PowerPoint and text files."),
    (zipped("a.txt"), "alles.zip", 0, "WhatsApp takes PDF, Word, Excel, PowerPoint and text files."),
    (zipped("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), "brief.docx", 0, None),
    (SVG, "logo.svg", 0, "WhatsApp takes pictures as JPEG or PNG, no SVG drawings."),
    (SVG, "logo.png", 0, "WhatsApp takes pictures as JPEG or PNG, no SVG drawings."),
    (b"<html><script>alert(1)</script>", "seite.txt", 0, None),
    (b"RIFF\x00\x00\x00\x00WAVEfmt ", "ton.wav", 0, None),
    (OPUS + b"\x02", "stereo.ogg", 0, "WhatsApp takes audio as MP3, M4A, AAC, AMR or Ogg (Opus, mono)."),
    (film(H264, AAC, brand=b"qt  "), "film.mov", 0, "WhatsApp takes videos as MP4 or 3GP with H.264 and AAC."),
    (b"\x89PNG\r\n\x1a\n" + b"x" * 50, "kaputt.png", 0,
     "This picture cannot be opened. WhatsApp takes JPEG and PNG."),
    (b"text\x00" + b"x" * 9000, "roh.txt", 0, None),
])  # fmt: skip
def test_what_it_does_not_take_is_refused_in_a_sentence(body: bytes, name: str, size: int, words: str | None) -> None:
    problem = refusal(body, name, size=size)

    assert not problem.as_document
    if words is not None:
        assert problem.sentence.replace("\xa0", " ") == words


def test_a_film_in_another_codec_is_offered_as_a_document() -> None:
    body = film(track(b"vide", b"hvc1"), AAC)

    assert refusal(body, "handy.mp4").as_document
    verdict = judged(body, "handy.mp4", as_document=True)
    assert (verdict.kind, verdict.note) == ("document", sendable.AS_DOCUMENT)


@pytest.mark.parametrize("body", [
    film(H264)[:-30], box(b"ftyp", b"isom") + struct.pack(">I4s", 2**31, b"moov"),
    box(b"ftyp", b"isom") + b"\x00\x00\x00\x08free" * 3000, box(b"ftyp", b"isom") + b"\x00\x00\x00\x01moov",
])  # fmt: skip
def test_a_film_cut_off_or_made_to_confuse_is_refused(body: bytes) -> None:
    refusal(body, "film.mp4")


@pytest.mark.parametrize(("body", "name", "mime", "new_name"), [
    (encoded(Image.new("RGB", (60, 40), "teal"), "WEBP"), "bild.webp", "image/jpeg", "bild.jpg"),
    (encoded(Image.new("RGBA", (60, 40), (0, 0, 0, 0)), "WEBP"), "logo.webp", "image/png", "logo.png"),
    (encoded(Image.new("P", (60, 40)), "GIF"), "bild.gif", "image/jpeg", "bild.jpg"),
    (encoded(Image.new("CMYK", (60, 40)), "JPEG"), "druck.jpg", "image/jpeg", "druck.jpg"),
    (encoded(Image.new("I;16", (60, 40), 40_000), "PNG"), "roentgen.png", "image/png", "roentgen.png"),
    (encoded(Image.new("P", (60, 40)), "PNG"), "palette.png", "image/png", "palette.png"),
])  # fmt: skip
def test_other_pictures_become_jpeg_or_png_with_eight_bits(body: bytes, name: str, mime: str, new_name: str) -> None:
    verdict = judged(body, name)

    assert (verdict.kind, verdict.mime_type, verdict.file_name) == ("image", mime, new_name)
    assert shown(verdict).mode in ("RGB", "RGBA")
    assert (verdict.width, verdict.height) == (60, 40)


def test_sixteen_bits_keep_their_brightness() -> None:
    grey = shown(judged(encoded(Image.new("I;16", (8, 8), 32_768), "PNG"), "grau.png")).getpixel((4, 4))

    assert isinstance(grey, tuple)
    assert abs(grey[0] - 128) <= 1


def test_a_phones_heic_becomes_a_jpeg() -> None:
    body = (Path(__file__).parent / "photo.heic").read_bytes()

    verdict = judged(body, "IMG_0001.HEIC")

    assert (verdict.mime_type, verdict.file_name, verdict.note) == ("image/jpeg", "IMG_0001.jpg", sendable.CONVERTED)


def test_the_place_where_a_photo_was_taken_stays_here_and_it_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Kamera"
    exif.get_ifd(0x8825).update({1: "N", 2: (IFDRational(52), IFDRational(30), IFDRational(0))})
    body = encoded(Image.new("RGB", (60, 40), "teal"), "JPEG", exif=exif, comment=b"Lindenufer 12")
    assert b"Kamera" in body

    verdict = judged(body, "foto.jpg")

    verdict.file.seek(0)
    sent = verdict.file.read()
    assert dict(shown(verdict).getexif()) == {}
    assert b"Kamera" not in sent
    assert b"Lindenufer" not in sent
    assert (verdict.width, verdict.height) == (40, 60)


def test_an_upright_photo_loses_its_place_but_not_its_quality() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Kamera"
    before = Image.effect_noise((80, 60), 90).convert("RGB")
    body = encoded(before, "JPEG", exif=exif, quality=77)

    verdict = judged(body, "foto.jpg")

    after = shown(verdict)
    assert dict(after.getexif()) == {}
    assert after.quantization == Image.open(io.BytesIO(body)).quantization  # type: ignore[attr-defined]


def test_a_large_photo_is_made_to_fit() -> None:
    body = encoded(Image.effect_noise((3000, 2400), 120).convert("RGB"), "JPEG", quality=98)
    assert len(body) > 5 * MB

    verdict = judged(body, "foto.jpg")

    verdict.file.seek(0)
    assert len(verdict.file.read()) <= 5 * MB
    assert (verdict.mime_type, verdict.note) in {("image/jpeg", ""), ("image/jpeg", sendable.SMALLER)}


def test_a_webp_of_a_stickers_size_is_a_sticker_and_a_moving_one_moves() -> None:
    still = judged(encoded(Image.new("RGBA", (512, 512)), "WEBP"), "hallo.webp")
    frames = [Image.new("RGB", (512, 512), colour) for colour in ("red", "blue")]
    moving = judged(encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:]), "winken.webp")

    assert [(each.kind, each.is_animated, each.mime_type) for each in (still, moving)] == [
        ("sticker", False, "image/webp"), ("sticker", True, "image/webp"),
    ]  # fmt: skip


def test_a_moving_gif_goes_as_a_still_picture_and_says_so() -> None:
    frames = [Image.new("RGB", (30, 30), colour) for colour in ("red", "blue")]
    body = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])

    assert judged(body, "lustig.gif").note == sendable.STILL


def test_a_picture_of_too_many_pixels_is_not_unpacked() -> None:
    bomb = encoded(Image.new("1", (20_000, 20_000)), "PNG")
    assert len(bomb) < MB

    assert refusal(bomb, "bombe.png").sentence == "This picture has too many pixels. Make it smaller first."


def test_a_picture_program_that_hangs_or_dies_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sendable, "PICTURE_SECONDS", 0.001)

    assert "too long" in refusal(picture("PNG"), "bild.png").sentence


@pytest.mark.parametrize(("ending", "stream"), [(".doc", "WordDocument"), (".xls", "Workbook")])
def test_microsofts_older_files_are_told_by_what_is_in_them(ending: str, stream: str) -> None:
    body = sendable.OLD_OFFICE_MAGIC + b"\x00" * 3 * MB + stream.encode("utf-16-le") + b"\x00" * 100

    assert judged(body, f"alt{ending}").kind == "document"
    refusal(body, "falsch.ppt")
    refusal(sendable.OLD_OFFICE_MAGIC + b"\x00" * 500, "installer.msi")
