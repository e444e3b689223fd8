"""Small files of every kind, made on the spot."""

import io
import math
from array import array
from fractions import Fraction

import av
import pypdfium2
from PIL import Image

RATE = 48_000


def sound(seconds: float = 2.0, form: str = "ogg", codec: str = "libopus", layout: str = "mono") -> bytes:
    """A tone that is silent in its first half."""
    file = io.BytesIO()
    with av.open(file, "w", format=form) as out:
        stream = out.add_stream(codec, rate=RATE, layout=layout)
        size, at, total = 960, 0, int(seconds * RATE)
        while at < total:
            loud = 0 if at < total / 2 else 12_000
            tone = array("h", [int(loud * math.sin((at + index) / 20)) for index in range(size)])
            frame = av.AudioFrame(format="s16", layout="mono", samples=size)
            frame.planes[0].update(tone.tobytes())
            frame.rate, frame.pts, frame.time_base = RATE, at, Fraction(1, RATE)
            at += size
            frame = frame if layout == "mono" else _stereo(frame)
            for packet in stream.encode(frame):
                out.mux(packet)
        for packet in stream.encode(None):
            out.mux(packet)
    return file.getvalue()


def _stereo(frame: av.AudioFrame) -> av.AudioFrame:
    return av.audio.resampler.AudioResampler("s16", "stereo", RATE).resample(frame)[0]


def film(size: tuple[int, int] = (320, 240), frames: int = 20) -> bytes:
    """Two seconds of orange in MP4."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as out:
        stream = out.add_stream("libx264" if "libx264" in av.codecs_available else "mpeg4", rate=10)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        frame = av.VideoFrame.from_image(Image.new("RGB", size, "orange"))
        for index in range(frames):
            frame.pts = index
            for packet in stream.encode(frame):
                out.mux(packet)
        for packet in stream.encode(None):
            out.mux(packet)
    return file.getvalue()


def photo(size: tuple[int, int] = (2000, 1500), form: str = "JPEG", turned: bool = False) -> bytes:
    """A picture with some grain, so that it does not compress to nothing."""
    picture = Image.effect_noise(size, 60).convert("RGB")
    exif = Image.Exif()
    if turned:
        exif[0x0112] = 6
    file = io.BytesIO()
    picture.save(file, form, exif=exif)
    return file.getvalue()


def sticker(frames: int = 3) -> bytes:
    """An animated WebP with a see-through ground."""
    pictures = [Image.new("RGBA", (96, 96), (255, 120 - index * 40, 0, 90 + index * 60)) for index in range(frames)]
    file = io.BytesIO()
    pictures[0].save(file, "WEBP", save_all=True, append_images=pictures[1:], duration=120, loop=0)
    return file.getvalue()


def pdf(pages: int = 2, size: tuple[int, int] = (595, 842)) -> bytes:
    document, file = pypdfium2.PdfDocument.new(), io.BytesIO()
    for _ in range(pages):
        document.new_page(*size)
    document.save(file)
    return file.getvalue()
