"""May this file of an agent's be sent, and as what? Decided from its content against Meta's list (§12).

Pictures are made fit by `whatsapp.pictures` in a process of their own. Everything else is looked at with a few reads:
no archive is opened, nothing is decoded. What does not fit raises NotSendable with a sentence that says what does.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from whatsapp import media_types, mp4
from whatsapp.media_types import MB, SENDABLE

MOST_BYTES = 100 * MB
EXTENSIONS = {
    "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "video/mp4": "mp4", "video/3gpp": "3gp",
    "audio/ogg": "ogg", "audio/mpeg": "mp3", "audio/mp4": "m4a", "audio/aac": "aac", "audio/amr": "amr",
}  # fmt: skip
OFFICE = {
    b"word/document": (".docx", f"{media_types.OOXML}.wordprocessingml.document"),
    b"xl/workbook": (".xlsx", f"{media_types.OOXML}.spreadsheetml.sheet"),
    b"ppt/presentation": (".pptx", f"{media_types.OOXML}.presentationml.presentation"),
}
# Streams inside Microsoft's older files, named in UTF-16.
OLD_OFFICE = {
    "WordDocument".encode("utf-16-le"): (".doc", "application/msword"),
    "Workbook".encode("utf-16-le"): (".xls", "application/vnd.ms-excel"),
    "PowerPoint Document".encode("utf-16-le"): (".ppt", "application/vnd.ms-powerpoint"),
}
OLD_OFFICE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MACROS = b"vbaProject.bin"
DOCUMENT_ENDINGS = {".pdf", ".docx", ".xlsx", ".pptx", ".doc", ".xls", ".ppt"}
ZIP_ENDS = 256 * 1024  # of an archive: enough for the names in its first entries and its directory
PICTURE_SECONDS = 30
SIGNED = {*media_types.INLINE, "image/heic", "audio/amr", "video/quicktime", "application/ogg", "application/pdf"}
CONTROLS = frozenset(range(32)) - set(b"\t\n\f\r\x1b")
CONVERTED, SMALLER, STILL, AS_DOCUMENT = "converted", "smaller", "still", "as_document"

_decoders = threading.BoundedSemaphore(2)


class NotSendable(ValueError):
    """WhatsApp would not take this file; `sentence` says what it takes, `as_document` that it would as a document."""

    def __init__(self, sentence: str, *, as_document: bool = False) -> None:
        super().__init__(sentence)
        self.sentence, self.as_document = sentence, as_document


@dataclass(slots=True)
class Verdict:
    """As what a file goes. `file` is the one to keep: the agent's own, or the picture made from it."""

    kind: str
    mime_type: str
    file_name: str
    file: IO[bytes]
    is_inline: bool = False
    is_animated: bool = False
    width: int | None = None
    height: int | None = None
    note: str = ""


def judge(file: IO[bytes], size: int, name: str, *, as_document: bool = False) -> Verdict:
    """The verdict on a whole file, which must be a real one (with a descriptor). NotSendable when it does not fit."""
    if size == 0:
        raise NotSendable(_("This file is empty."))
    if size > MOST_BYTES:
        raise NotSendable(_too_large(_("Files up to %(limit)s; this one has %(size)s."), MOST_BYTES, size))
    file.seek(0)
    head = file.read(media_types.HEAD_BYTES)
    mime = _type_of(head)
    if mime == "image/svg+xml":
        raise NotSendable(_("WhatsApp takes pictures as JPEG or PNG, no SVG drawings."))
    if (mime.startswith("image/") or head[4:12] in (b"ftypavif", b"ftypavis")) and mime not in _NO_PICTURES:
        return _picture(file, name)
    if mime.startswith("audio/") or mime == "application/ogg":
        return _audio(file, size, name, mime, head)
    if head[4:8] == b"ftyp" or mime.startswith("video/"):
        return _video(file, size, name, mime, head, as_document=as_document)
    return _document(file, size, name, mime, head)


def _type_of(head: bytes) -> str:
    """By our own signatures; of what is only guessed, whatever reads as text is text ("BMW …" is no bitmap)."""
    mime, _inline = media_types.sniff(head)
    is_sure = mime in SIGNED or mime in media_types.ACTIVE
    return "text/plain" if not is_sure and head and not CONTROLS.intersection(head) else mime


_NO_PICTURES = {"image/vnd.dwg", "image/vnd.djvu"}


# --- Pictures ---------------------------------------------------------------------------------------------------------


def _picture(file: IO[bytes], name: str) -> Verdict:
    result = tempfile.TemporaryFile()  # noqa: SIM115 - the verdict's, or closed with it
    facts = run_picture_program(file, result)
    if (why := facts.get("refused")) is not None:
        raise NotSendable({
            "pixels": _("This picture has too many pixels. Make it smaller first."),
            "size": _("Pictures up to 5 MB, and this one does not get smaller than that."),
            "time": _("This picture takes too long to open. Save it as JPEG first."),
        }.get(why, _("This picture cannot be opened. WhatsApp takes JPEG and PNG.")))  # fmt: skip
    mime_type = str(facts["type"])
    kind = "sticker" if facts.get("sticker") else "image"
    changed = bool(facts["changed"])
    note = STILL if facts.get("still") else CONVERTED if facts.get("converted") else ""
    return Verdict(
        kind, mime_type, _renamed(name, mime_type), result if changed else file, is_inline=True,
        is_animated=bool(facts.get("animated")), width=int(facts["width"]), height=int(facts["height"]),
        note=note or (SMALLER if facts.get("smaller") else ""),
    )  # fmt: skip


def run_picture_program(file: IO[bytes], result: IO[bytes], *arguments: str) -> dict[str, Any]:
    """What the picture program says; its picture is in `result`. It may take its time, but not ours for ever."""
    file.seek(0)
    command = [sys.executable, "-P", str(Path(__file__).with_name("pictures.py")), *arguments]
    with _decoders:
        try:
            done = subprocess.run(
                command, stdin=file, stdout=result, stderr=subprocess.PIPE, timeout=PICTURE_SECONDS, check=False,
                env={"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"},
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return {"refused": "time"}
    try:
        facts = json.loads(done.stderr[-2000:].splitlines()[-1])
        return facts if isinstance(facts, dict) and ("refused" in facts or facts["type"]) else {"refused": "broken"}
    except (ValueError, IndexError, KeyError):  # killed by its limits
        return {"refused": "time" if done.returncode < 0 else "broken"}


# --- Sound and film ---------------------------------------------------------------------------------------------------


def _audio(file: IO[bytes], size: int, name: str, mime: str, head: bytes) -> Verdict:
    allowed, limit = SENDABLE["audio"]
    if mime not in allowed or (mime == "audio/ogg" and not _is_mono_opus(head)):
        raise NotSendable(_("WhatsApp takes audio as MP3, M4A, AAC, AMR or Ogg (Opus, mono)."))
    if size > limit:
        raise NotSendable(_too_large(_("Audio up to %(limit)s; this one has %(size)s."), limit, size))
    return Verdict("audio", mime, _renamed(name, mime), file, is_inline=mime in media_types.INLINE)


def _is_mono_opus(head: bytes) -> bool:
    start = head.find(b"OpusHead")
    return 0 <= start < 200 and head[start + 9 : start + 10] == b"\x01"


def _video(file: IO[bytes], size: int, name: str, mime: str, head: bytes, *, as_document: bool) -> Verdict:
    film = mp4.look_into(file) if head[4:8] == b"ftyp" and head[8:12] != b"qt  " else None
    if film is None:
        raise NotSendable(_("WhatsApp takes videos as MP4 or 3GP with H.264 and AAC."))
    if not film.has_video and film.sounds:
        return _audio(file, size, name, "audio/mp4", head)
    mime, limit = ("video/3gpp" if head[8:11] == b"3gp" else "video/mp4"), SENDABLE["video"][1]
    if size > limit:
        raise NotSendable(_too_large(_("Videos up to %(limit)s; this one has %(size)s."), limit, size))
    verdict = Verdict(
        "video", mime, _renamed(name, mime), file, is_inline=True, width=film.width, height=film.height
    )  # fmt: skip
    if as_document:
        verdict.kind, verdict.note = "document", AS_DOCUMENT
    elif not film.is_playable:
        sentence = _("WhatsApp plays only videos with H.264 and AAC. This one can go as a document.")
        raise NotSendable(sentence, as_document=True)
    return verdict


# --- Documents --------------------------------------------------------------------------------------------------------


def _document(file: IO[bytes], size: int, name: str, mime: str, head: bytes) -> Verdict:
    ending, decided = _document_type(file, size, mime, head)
    own = Path(name).suffix.lower()
    if own in DOCUMENT_ENDINGS and own != ending:
        raise NotSendable(
            _("“%(name)s” is not what its name says: there is no %(kind)s in it.")
            % {"name": name[:60], "kind": own[1:].upper()}
        )
    if not decided:
        raise NotSendable(_("WhatsApp takes PDF, Word, Excel, PowerPoint and text files."))
    if ending and own != ending:
        name = f"{Path(name).stem or 'file'}{ending}"
    return Verdict("document", decided, name, file)


def _document_type(file: IO[bytes], size: int, mime: str, head: bytes) -> tuple[str, str]:
    """(the ending that belongs to it or "", type that Meta takes or "")."""
    if mime == "application/pdf":
        return ".pdf", mime
    if mime == "text/plain":
        return "", mime if _is_text_throughout(file) else ""
    if head.startswith(b"PK\x03\x04"):
        ends = _ends(file, size)
        if b"[Content_Types].xml" not in ends or MACROS in ends:
            return "", ""
        return next((found for part, found in OFFICE.items() if part in ends), ("", ""))
    if head.startswith(OLD_OFFICE_MAGIC):
        found = _first_found(file, OLD_OFFICE)
        return OLD_OFFICE[found] if found is not None else ("", "")
    return "", ""


def _ends(file: IO[bytes], size: int) -> bytes:
    file.seek(0)
    first = file.read(ZIP_ENDS)
    file.seek(max(0, size - ZIP_ENDS))
    return first + file.read(ZIP_ENDS)


def _first_found(file: IO[bytes], wanted: Iterable[bytes]) -> bytes | None:
    file.seek(0)
    before = b""
    while chunk := file.read(MB):
        if (found := next((each for each in wanted if each in before + chunk), None)) is not None:
            return found
        before = chunk[-64:]
    return None


def _is_text_throughout(file: IO[bytes]) -> bool:
    """No NUL in it; other bytes may be an older encoding's letters."""
    file.seek(0)
    while chunk := file.read(MB):
        if b"\x00" in chunk:
            return False
    return True


def _renamed(name: str, mime_type: str) -> str:
    """The file's name with the ending that belongs to what it is now."""
    ending = EXTENSIONS[mime_type]
    own = Path(name).suffix.lower().removeprefix(".")
    if own == ending or (ending, own) in {("jpg", "jpeg"), ("mp4", "m4v"), ("m4a", "mp4"), ("ogg", "opus")}:
        return name
    return f"{Path(name).stem or 'file'}.{ending}"


def _too_large(sentence: str, limit: int, size: int) -> str:
    return sentence % {"limit": short_size(limit), "size": short_size(size)}


def short_size(size: int) -> str:
    """16 MB, not 16.0 MB."""
    return filesizeformat(size).replace(".0\xa0", "\xa0").replace(",0\xa0", "\xa0")
