"""Files in the header of templates and cards: Meta wants them with every send, so we keep defaults per number.

The file is uploaded once and its media id reused; Meta forgets uploads after 30 days, so it is renewed before that
(inbox.actions.outgoing_media).
"""

from dataclasses import dataclass
from datetime import timedelta

from django.core.files import File
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from PIL import Image, UnidentifiedImageError

from whatsapp.models import MessageTemplate, PhoneNumber, TemplateHeaderMedia
from whatsapp.template_parts import TemplateShape

MEDIA_ID_LIFETIME = timedelta(days=30)
RENEW_BEFORE = timedelta(days=2)
MB = 1024 * 1024
LIMITS = {"image": 5 * MB, "video": 16 * MB, "document": 100 * MB}
_EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "video/mp4": "mp4", "application/pdf": "pdf"}
_WRONG_KIND: dict[str, Promise] = {
    "image": _("Choose an image in JPEG or PNG format."),
    "video": _("Choose a video in MP4 format."),
    "document": _("Choose a PDF file."),
}


class HeaderFileInvalid(ValueError):
    """This file cannot stand in that header; `sentence` says why."""

    def __init__(self, sentence: str | Promise) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class HeaderFile:
    """A file that fits a header, its type decided by its content."""

    file: File
    name: str
    mime_type: str
    size: int
    width: int | None = None
    height: int | None = None

    @property
    def stored_name(self) -> str:
        """A name for our storage without a word of the uploader's."""
        return f"header.{_EXTENSIONS[self.mime_type]}"


def read_header_file(file: File, kind: str) -> HeaderFile:
    """Check an uploaded file against a header kind (image, video, document); HeaderFileInvalid when it does not fit."""
    size = file.size or 0
    if kind not in LIMITS or not size:
        raise HeaderFileInvalid(_("This file is empty."))
    if size > LIMITS[kind]:
        raise HeaderFileInvalid(_("This file is too large: at most %(limit)s MB.") % {"limit": LIMITS[kind] // MB})
    mime_type, width, height = _looked_at(file, kind)
    if not mime_type:
        raise HeaderFileInvalid(_WRONG_KIND[kind])
    name = (file.name or "").replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(char for char in name if char.isprintable())[:200] or f"file.{_EXTENSIONS[mime_type]}"
    return HeaderFile(file, name, mime_type, size, width, height)


def _looked_at(file: File, kind: str) -> tuple[str, int | None, int | None]:
    """Mime type by content ("" when it is not of this kind), width and height of an image."""
    file.seek(0)
    head = file.read(4096)
    file.seek(0)
    if kind == "document":
        return ("application/pdf" if head.startswith(b"%PDF-") else ""), None, None
    if kind == "video":
        is_mp4 = head[4:8] == b"ftyp" and head[8:11] in (b"iso", b"mp4", b"M4V", b"avc", b"dby", b"MSN", b"f4v")
        return ("video/mp4" if is_mp4 else ""), None, None
    try:
        with Image.open(file, formats=["JPEG", "PNG"]) as image:
            mime_type, size = Image.MIME[image.format or ""], image.size
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, KeyError):
        return "", None, None
    finally:
        file.seek(0)
    return mime_type, *size


def set_default(
    template: MessageTemplate, phone_number: PhoneNumber, file: File, place: str = "header"
) -> TemplateHeaderMedia:
    """Keep this file for every send of this template from this number, until another replaces it."""
    checked = read_header_file(file, TemplateShape.of(template).file_places.get(place, ""))
    header = TemplateHeaderMedia.objects.filter(template=template, phone_number=phone_number, place=place).first()
    header = header or TemplateHeaderMedia(template=template, phone_number=phone_number, place=place)
    header.file_name, header.mime_type, header.size = checked.name, checked.mime_type, checked.size
    header.media_id, header.media_id_expires_at = "", None
    # The file before stays in storage: messages sent with it show it.
    header.file.save(checked.stored_name, checked.file, save=False)
    header.save()
    return header


def defaults_of(template: MessageTemplate | int, phone_number: PhoneNumber | int) -> dict[str, TemplateHeaderMedia]:
    """The files this number sends with the template unless others are chosen, by place."""
    rows = TemplateHeaderMedia.objects.filter(template=template, phone_number=phone_number)
    return {row.place: row for row in rows}


def is_at_meta(header: TemplateHeaderMedia) -> bool:
    """Whether Meta's id of it is good for two more days."""
    expires = header.media_id_expires_at
    return bool(header.media_id) and expires is not None and expires - RENEW_BEFORE > timezone.now()
