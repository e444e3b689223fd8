"""Makes a stranger's picture one that WhatsApp takes. A program of its own: `pictures.py < picture > result`.

Decoders are where hostile files bite, so they run alone, with bounded memory and time, and the parent believes only
the few words this prints on its standard error: {"type", "width", "height", "changed", …} or {"refused": why}.
Nothing on standard output means that the file may go as it is.

With `square LEFT TOP SIDE` (pixels of the upright picture; 0 0 0 for the middle) it cuts out a profile picture.

What comes out is a JPEG or PNG with 8 bits a channel, turned upright, without EXIF (place, camera), within 5 MB; or
the WebP itself when it is a sticker. Imports nothing of ours, so that it starts quickly.
"""

import io
import json
import resource
import sys
from typing import Any

from PIL import AvifImagePlugin, GifImagePlugin, Image, ImageOps, JpegImagePlugin, PngImagePlugin, WebPImagePlugin  # noqa: F401 - formats

MEMORY_BYTES = 1536 * 1024 * 1024
CPU_SECONDS = 20
MAX_PIXELS = 120_000_000
LIMIT = 5 * 1024 * 1024
STICKER_SIDE, STICKER_LIMIT, ANIMATED_LIMIT, MAX_FRAMES = 512, 100 * 1024, 500 * 1024, 1000
SIDES = (4096, 3072, 2560, 2048, 1600, 1280)
FORMATS = ["JPEG", "PNG", "GIF", "WEBP", "AVIF", "HEIF"]  # a JPEG may turn out to be an MPO
SMALLEST_SQUARE, SQUARE_SIDES = 192, (640, 1024)
PLAIN = {"JPEG": {"RGB"}, "PNG": {"RGB", "RGBA"}}  # with eight bits a channel
ORIENTATION, PNG, SIXTEEN_TO_EIGHT = 0x0112, b"\x89PNG", 255 / 65535
# Of the metadata only what the colours need is kept.
HARMLESS = {
    "dpi", "jfif", "jfif_version", "jfif_unit", "jfif_density", "icc_profile", "progression", "progressive", "gamma",
    "srgb", "chromaticity", "transparency", "interlace", "adobe", "adobe_transform", "aspect",
}  # fmt: skip


class Refused(Exception):
    """Why this is no picture we can send."""


def limit_ourselves() -> None:
    """From here on this process cannot take more than its share."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_CPU, CPU_SECONDS), (resource.RLIMIT_FSIZE, 4 * LIMIT),
        (resource.RLIMIT_CORE, 0),
    ):  # fmt: skip
        try:
            resource.setrlimit(what, (most, most))
        except (ValueError, OSError):  # macOS knows no limit of memory
            continue


def prepare(source: Any, size: int) -> tuple[dict[str, Any], bytes]:
    """Facts about the picture to send, and its bytes unless they are the source's own."""
    Image.MAX_IMAGE_PIXELS = None  # asked below, before anything is unpacked
    _know_heif()
    with Image.open(source, formats=[each for each in FORMATS if each in Image.OPEN]) as picture:
        kind, (width, height) = picture.format or "", picture.size
        frames = _frames(picture, kind)
        if width * height > MAX_PIXELS:
            raise Refused("pixels")
        most = ANIMATED_LIMIT if frames > 1 else STICKER_LIMIT
        if kind == "WEBP" and (width, height) == (STICKER_SIDE, STICKER_SIDE) and size <= most:
            picture.load()
            return _facts("image/webp", picture, False, sticker=True, animated=frames > 1), b""
        is_upright = picture.getexif().get(ORIENTATION, 1) == 1
        is_plain = picture.mode in PLAIN.get(kind, ()) and frames == 1 and not _is_deep(source, kind)
        if is_plain and is_upright and size <= LIMIT:
            if not set(picture.info) - HARMLESS:
                picture.load()
                return _facts(f"image/{kind.lower()}", picture, False), b""
            if kind == "JPEG" and len(body := _stripped(picture)) <= LIMIT:
                return _facts("image/jpeg", picture, True), body
        if kind in ("JPEG", "MPO") and size > LIMIT:
            picture.draft("RGB", (SIDES[0], SIDES[0]))  # a photo far too large is not even unpacked in full
        picture.load()
        upright = _eight_bit(ImageOps.exif_transpose(picture))
        body, final = _encoded(upright, as_png=kind in ("PNG", "GIF", "WEBP", "AVIF") and _worth_png(kind, upright))
        facts = _facts("image/png" if body.startswith(PNG) else "image/jpeg", final, True, still=frames > 1)
        facts["smaller"] = final.width * final.height < width * height
        facts["converted"] = {"MPO": "JPEG"}.get(kind, kind) != facts["type"].removeprefix("image/").upper()
        return facts, body


def cut_square(source: Any, left: int, top: int, side: int) -> tuple[dict[str, Any], bytes]:
    """A profile picture: this square of the upright picture, or its middle, as a JPEG of a sensible size."""
    Image.MAX_IMAGE_PIXELS = None
    _know_heif()
    with Image.open(source, formats=[each for each in FORMATS if each in Image.OPEN]) as picture:
        if picture.width * picture.height > MAX_PIXELS:
            raise Refused("pixels")
        picture.load()
        upright = _flat(_eight_bit(ImageOps.exif_transpose(picture)))
    width, height = upright.size
    if side <= 0 or min(left, top) < 0 or left + side > width or top + side > height:
        side = min(width, height)
        left, top = (width - side) // 2, (height - side) // 2
    if side < SMALLEST_SQUARE:
        raise Refused("small")
    final = min(max(side, SQUARE_SIDES[0]), SQUARE_SIDES[1])
    cut = upright.resize((final, final), Image.Resampling.LANCZOS, (left, top, left + side, top + side))
    cut.info = upright.info
    return _facts("image/jpeg", cut, True), _saved(cut, "JPEG", quality=92)


def _know_heif() -> None:
    try:
        import pi_heif
    except ImportError:
        return
    pi_heif.register_heif_opener(thumbnails=False)


def _frames(picture: Image.Image, kind: str) -> int:
    if kind not in ("GIF", "WEBP", "PNG", "AVIF"):
        return 1  # more than one in a JPEG (MPO) or HEIC are depth maps and the like
    if kind == "GIF":
        return 1 + bool(getattr(picture, "is_animated", False))
    frames = getattr(picture, "n_frames", 1)
    if frames > MAX_FRAMES:
        raise Refused("frames")
    return int(frames)


def _is_deep(source: Any, kind: str) -> bool:
    """Sixteen bits a channel, which Pillow does not tell of every PNG."""
    if kind != "PNG":
        return False
    place = source.tell()
    source.seek(24)
    depth = source.read(1)
    source.seek(place)
    return depth == b"\x10"


def _worth_png(kind: str, picture: Image.Image) -> bool:
    return kind == "PNG" or picture.mode == "RGBA"


def _eight_bit(picture: Image.Image) -> Image.Image:
    """RGB or RGBA with eight bits a channel."""
    profile = picture.info.get("icc_profile") if picture.mode in ("RGB", "RGBA") else None
    has_alpha = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
    if picture.mode.startswith(("I", "F")):  # sixteen bits, which Pillow would cut off instead of scaling
        picture = picture.convert("F").point(lambda value: value * SIXTEEN_TO_EIGHT).convert("L")
    made = picture if picture.mode in ("RGB", "RGBA") else picture.convert("RGBA" if has_alpha else "RGB")
    made.info = {"icc_profile": profile} if profile else {}
    return made


def _stripped(picture: Image.Image) -> bytes:
    """The same JPEG with its own quality and without what it tells about place and camera."""
    profile = picture.info.get("icc_profile")
    picture.info = {}
    out = io.BytesIO()
    picture.save(out, "JPEG", quality="keep", exif=b"", icc_profile=profile)
    return out.getvalue()


def _encoded(picture: Image.Image, *, as_png: bool) -> tuple[bytes, Image.Image]:
    """The largest form that fits: as it is, then in steps smaller. A PNG that does not fit becomes a JPEG."""
    if as_png and len(body := _saved(picture, "PNG")) <= LIMIT:
        return body, picture
    flat = _flat(picture)
    for side in (max(flat.size), *SIDES):
        if side > max(flat.size):
            continue
        final = flat
        if side < max(flat.size):
            final = flat.copy()
            final.thumbnail((side, side), Image.Resampling.LANCZOS)
        for quality in (92, 84):
            if len(body := _saved(final, "JPEG", quality=quality)) <= LIMIT:
                return body, final
    raise Refused("size")


def _flat(picture: Image.Image) -> Image.Image:
    """On white, as JPEG has no transparency."""
    if picture.mode == "RGB":
        return picture
    ground = Image.new("RGB", picture.size, "white")
    ground.paste(picture, mask=picture.getchannel("A"))
    ground.info = picture.info
    return ground


def _saved(picture: Image.Image, form: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, exif=b"", icc_profile=picture.info.get("icc_profile"), **options)
    return out.getvalue()


def _facts(mime_type: str, picture: Image.Image, changed: bool, **more: bool) -> dict[str, Any]:
    return {"type": mime_type, "width": picture.width, "height": picture.height, "changed": changed, **more}


def main() -> None:
    limit_ourselves()
    source = sys.stdin.buffer
    source.seek(0, 2)
    size = source.tell()
    source.seek(0)
    try:
        square = [int(each) for each in sys.argv[2:]] if sys.argv[1:2] == ["square"] else None
        facts, body = prepare(source, size) if square is None else cut_square(source, *square)
    except Refused as why:
        facts, body = {"refused": str(why)}, b""
    except MemoryError:
        facts, body = {"refused": "pixels"}, b""
    except Exception as error:
        facts, body = {"refused": "broken", "error": type(error).__name__}, b""
    sys.stdout.buffer.write(body)
    sys.stdout.flush()
    sys.stderr.write(json.dumps(facts))
    sys.stderr.flush()


if __name__ == "__main__":
    main()
