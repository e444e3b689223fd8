"""Films: their first picture, so that nothing is loaded before somebody wants to see them."""

from pathlib import Path

import av
from PIL import Image

from inbox.media.made import PREVIEW, Made
from inbox.media.pictures import saved
from inbox.media.sound import opened
from whatsapp.media_types import MAX_PIXELS


def prepare(source: Path, mime_type: str, folder: Path) -> Made:
    with opened(source, mime_type) as film:
        stream = film.streams.video[0]
        stream.codec_context.thread_count = 1
        width, height = stream.codec_context.width, stream.codec_context.height
        if width * height > MAX_PIXELS:
            raise ValueError("too many pixels")
        seconds = film.duration / av.time_base if film.duration else None
        frame = next(film.decode(stream))
        picture = _turned(frame.to_image(), frame.rotation)
        if abs(frame.rotation) % 180 == 90:
            width, height = height, width
    return Made([saved(picture, PREVIEW, folder / "preview.webp")], seconds=seconds, width=width, height=height)


def _turned(picture: Image.Image, degrees: int) -> Image.Image:
    """As the phone was held; a player turns by what is written beside the pictures."""
    return picture.rotate(degrees, expand=True) if degrees % 360 else picture
