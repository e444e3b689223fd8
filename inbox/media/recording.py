"""A recording of any browser becomes a voice message as WhatsApp wants it: Ogg with Opus, one channel."""

from pathlib import Path
from typing import Any

import av
from av.audio.resampler import AudioResampler

from inbox.media.made import VOICE, Made, MadeFile
from inbox.media.sound import Loudness, opened

RATE = 48_000
WITH_PLAY_BUTTON = 512 * 1024  # larger ones arrive as a file to download
BEST_BITS, LEAST_BITS = 32_000, 12_000
OVERHEAD = 0.9  # what of the bits is left when pages and peaks of the encoder are paid


def to_voice(source: Path, mime_type: str, folder: Path) -> Made:
    """The packets as they are when they are that already, else encoded anew."""
    seconds, peaks, fits = _heard(source, mime_type)
    if seconds <= 0:
        raise ValueError("nothing to hear")
    path = folder / "voice.ogg"
    if fits:
        _copy_packets(source, mime_type, path)
    if not fits or path.stat().st_size > WITH_PLAY_BUTTON:
        _encode(source, mime_type, path, bits_for(seconds))
    return Made([MadeFile(VOICE, path)], seconds=seconds, peaks=peaks)


def bits_for(seconds: float) -> int:
    """The best quality at which the customer still gets a play button, within what speech can bear."""
    return int(max(LEAST_BITS, min(BEST_BITS, WITH_PLAY_BUTTON * 8 * OVERHEAD / seconds)))


def _heard(source: Path, mime_type: str) -> tuple[float, list[int], bool]:
    """Length, waveform, and whether the packets may stay. A browser's recording does not say how long it is."""
    loudness, samples = Loudness(), 0
    with opened(source, mime_type) as sound:
        codec = sound.streams.audio[0].codec_context
        fits = codec.name in ("opus", "libopus") and codec.channels == 1
        mono = AudioResampler("s16", "mono", 8000)
        for frame in sound.decode(audio=0):
            for part in mono.resample(frame):
                samples += part.samples
                loudness.take(part)
    return samples / 8000, loudness.peaks(), fits


def _copy_packets(source: Path, mime_type: str, path: Path) -> None:
    with opened(source, mime_type) as sound, av.open(str(path), "w", format="ogg") as file:
        stream = sound.streams.audio[0]
        out: Any = file.add_stream_from_template(stream)
        for packet in sound.demux(stream):
            if packet.dts is not None:
                packet.stream = out
                file.mux(packet)


def _encode(source: Path, mime_type: str, path: Path, bits: int) -> None:
    with opened(source, mime_type) as sound, av.open(str(path), "w", format="ogg") as file:
        out: Any = file.add_stream("libopus", rate=RATE, layout="mono", options={"application": "voip"})
        out.bit_rate = bits
        mono = AudioResampler("s16", "mono", RATE, frame_size=960)
        for frame in sound.decode(audio=0):
            for part in mono.resample(frame):
                file.mux(out.encode(part))
        for part in mono.resample(None):
            file.mux(out.encode(part))
        file.mux(out.encode(None))
