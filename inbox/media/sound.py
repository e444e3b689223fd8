"""Sound: how long, how loud where, and a copy in AAC for browsers without Opus in Ogg."""

from array import array
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import av
from av.audio.resampler import AudioResampler

from inbox.media.made import COPY, PEAKS, Made, MadeFile

# The demuxer is ours to name: left to guess, FFmpeg would take a play list for a film and open what it names.
FORMATS = {
    "audio/ogg": "ogg", "audio/mpeg": "mp3", "audio/mp4": "mov", "audio/aac": "aac", "audio/amr": "amr",
    "audio/webm": "matroska", "video/mp4": "mov", "video/3gpp": "mov", "video/webm": "matroska",
}  # fmt: skip
NEED_A_COPY = {"audio/ogg", "audio/amr"}
COPY_RATE, COPY_BITS = 24_000, 48_000
COPY_SECONDS = 30 * 60
RATE = 8000
BLOCK = RATE // 20
QUIET = 2000  # what is softer than this stays a low line instead of being blown up


def opened(source: Path, mime_type: str) -> AbstractContextManager[Any]:
    """The file for reading, whatever it says about itself. No other file and no address can be reached from it."""
    return av.open(source.open("rb"), format=FORMATS[mime_type], options={"protocol_whitelist": ""})


def prepare(source: Path, mime_type: str, folder: Path) -> Made:
    """Decodes once, for the waveform and for the copy."""
    loudness, samples = Loudness(), 0
    copy = Copy(folder / "copy.m4a") if mime_type in NEED_A_COPY else None
    with opened(source, mime_type) as sound:
        mono = AudioResampler("s16", "mono", RATE)
        for frame in sound.decode(audio=0):
            if copy is not None and not copy.take(frame):
                copy = None
            for part in mono.resample(frame):
                samples += part.samples
                loudness.take(part)
        for part in mono.resample(None):
            samples += part.samples
            loudness.take(part)
    files = [MadeFile(COPY, copy.finished())] if copy is not None and samples else []
    return Made(files, seconds=samples / RATE, peaks=loudness.peaks())


class Loudness:
    """The loudest moment of each twentieth of a second, so that an hour takes no more room than a page."""

    def __init__(self) -> None:
        self._blocks: list[int] = []
        self._rest = array("h")

    def take(self, frame: Any) -> None:
        self._rest.frombytes(bytes(frame.planes[0])[: frame.samples * 2])
        whole = len(self._rest) - len(self._rest) % BLOCK
        self._blocks += [loudest(self._rest[start : start + BLOCK]) for start in range(0, whole, BLOCK)]
        del self._rest[:whole]

    def peaks(self, count: int = PEAKS) -> list[int]:
        """`count` heights from 0 to 100 over the whole length."""
        blocks = self._blocks + ([loudest(self._rest)] if self._rest else [])
        if not blocks:
            return []
        heights = [sum(part) / len(part) for part in cut(blocks, count)]
        highest = max(QUIET, *heights)
        return [round(height / highest * 100) for height in heights]


def loudest(samples: array) -> int:
    highest, lowest = max(samples), min(samples)
    return max(highest, -lowest)


def cut(blocks: list[int], count: int) -> Iterator[list[int]]:
    """In `count` parts of nearly one length; a short sound repeats its blocks."""
    for index in range(count):
        start = index * len(blocks) // count
        yield blocks[start : max(start + 1, (index + 1) * len(blocks) // count)]


class Copy:
    """The same in AAC, one channel, as speech needs it."""

    def __init__(self, path: Path) -> None:
        self._path, self._seconds = path, 0.0
        self._file = av.open(str(path), "w", format="ipod", options={"movflags": "+faststart"})
        self._stream = self._file.add_stream("aac", rate=COPY_RATE, layout="mono")
        self._stream.bit_rate = COPY_BITS
        self._mono = AudioResampler("fltp", "mono", COPY_RATE, frame_size=1024)

    def take(self, frame: Any) -> bool:
        """False when it gets too long to be worth a copy."""
        self._seconds += frame.samples / frame.sample_rate
        if self._seconds > COPY_SECONDS:
            return False
        self._write(frame)
        return True

    def finished(self) -> Path:
        self._write(None)
        for packet in self._stream.encode(None):
            self._file.mux(packet)
        self._file.close()
        return self._path

    def _write(self, frame: Any) -> None:
        for part in self._mono.resample(frame):
            for packet in self._stream.encode(part):
                self._file.mux(packet)
