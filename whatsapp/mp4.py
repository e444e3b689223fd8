"""What is inside an MP4 or 3GP file, from its table of contents alone: no decoder sees a stranger's film.

A file is a tree of boxes (length, name, content). The way to each track's codec is moov/trak/mdia/minf/stbl/stsd.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl"}
MOST_BOXES, DEPTH = 2000, 8
H264, AAC = {b"avc1", b"avc3"}, {b"mp4a"}


@dataclass(slots=True)
class Film:
    """The codecs of its tracks, by their four letters."""

    pictures: list[bytes] = field(default_factory=list)
    sounds: list[bytes] = field(default_factory=list)
    width: int | None = None
    height: int | None = None

    @property
    def has_video(self) -> bool:
        return bool(self.pictures)

    @property
    def is_playable(self) -> bool:
        """What Meta asks for: H.264, and one AAC track or none."""
        return bool(self.pictures) and set(self.pictures) <= H264 and len(self.sounds) <= 1 and set(self.sounds) <= AAC


def look_into(file: IO[bytes]) -> Film | None:
    """The film's tracks; None when this is no readable MP4. Leaves the file wherever it has read."""
    film = Film()
    handler = b""
    try:
        for name, start in _boxes(file):
            if name == b"hdlr":
                handler = _bytes(file, start + 8, 4)
            elif name == b"stsd" and handler in (b"vide", b"soun"):
                codec = _bytes(file, start + 12, 4)
                if handler == b"soun":
                    film.sounds.append(codec)
                elif codec != b"mjpg":  # a cover picture of a song
                    film.pictures.append(codec)
                    film.width, film.height = struct.unpack(">HH", _bytes(file, start + 40, 4))
    except (ValueError, struct.error, OSError):
        return None
    return film if film.pictures or film.sounds else None


def _boxes(file: IO[bytes]) -> Iterator[tuple[bytes, int]]:
    """(name, start of the content) of every box on the way, in order; ValueError when it goes astray."""
    file.seek(0, 2)
    ends = [file.tell()]
    place, seen = 0, 0
    while ends:
        if place + 8 > ends[-1]:
            place = ends.pop()
            if len(ends) == 1:
                return  # that was the moov: what follows is film
            continue
        seen += 1
        if seen > MOST_BOXES:
            raise ValueError("too many boxes")
        length, name = struct.unpack(">I4s", _bytes(file, place, 8))
        start = place + 8
        if length == 1:
            length = struct.unpack(">Q", _bytes(file, start, 8))[0]
            start += 8
        elif length == 0:
            length = ends[-1] - place
        if length < start - place or place + length > ends[-1]:
            raise ValueError("a box longer than its place")
        yield name, start
        if name in CONTAINERS and len(ends) < DEPTH:
            ends.append(place + length)
            place = start
        else:
            place += length


def _bytes(file: IO[bytes], place: int, count: int) -> bytes:
    file.seek(place)
    found = file.read(count)
    if len(found) < count:
        raise ValueError("cut off")
    return found
