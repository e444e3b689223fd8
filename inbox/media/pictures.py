"""Pictures: a small one for the thread, and a still of what moves."""

from pathlib import Path

from PIL import Image, ImageOps

from inbox.media.made import PREVIEW, STILL, Made, MadeFile
from whatsapp.media_types import MAX_PIXELS, PICTURES

BOX = (720, 960)  # twice what a bubble shows
SMALL_BYTES = 120 * 1024
QUALITY = 78
ORIENTATION, TURNED = 0x0112, {5, 6, 7, 8}


def prepare(source: Path, mime_type: str, folder: Path) -> Made:
    """A preview unless the picture is small itself. Large JPEGs are unpacked at a fraction of their size."""
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    with Image.open(source, formats=[PICTURES[mime_type]]) as picture:
        width, height = picture.size
        if width * height > MAX_PIXELS:
            raise ValueError("too many pixels")
        if picture.getexif().get(ORIENTATION) in TURNED:
            width, height = height, width
        made = Made(width=width, height=height, is_animated=getattr(picture, "n_frames", 1) > 1)
        if made.is_animated:
            made.files.append(saved(picture, STILL, folder / "still.webp"))
        elif width > BOX[0] or height > BOX[1] or source.stat().st_size > SMALL_BYTES:
            picture.draft("RGB", (BOX[0] * 2, BOX[1] * 2))
            made.files.append(saved(ImageOps.exif_transpose(picture), PREVIEW, folder / "preview.webp"))
    return made


def saved(picture: Image.Image, kind: str, path: Path, box: tuple[int, int] = BOX, number: int = 0) -> MadeFile:
    """The picture, no larger than the box and without anything that was written into it, as WebP."""
    has_alpha = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
    if picture.mode == "P" or picture.mode not in ("RGB", "RGBA"):
        picture = picture.convert("RGBA" if has_alpha else "RGB")
    picture.thumbnail(box, Image.Resampling.LANCZOS, reducing_gap=3.0)
    picture.save(path, "WEBP", quality=QUALITY, method=4, exif=b"", icc_profile=picture.info.get("icc_profile"))
    return MadeFile(kind, path, number, picture.width, picture.height)
