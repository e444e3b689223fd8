"""The sounds and pictures that the product carries beside its SVGs, made anew: `make assets`.

Sounds are a few soft sine tones, quieter than a click, each kind with a melody of its own. Pictures are our own icon in
the sizes that home screens and notifications ask for, drawn by Chromium.
"""

import math
import struct
import wave
from pathlib import Path

from playwright.sync_api import sync_playwright

from config import browser as chromium

STATIC = Path(__file__).resolve().parent.parent / "static"
RATE = 16_000
LOUDEST = 0.09  # of full scale
# Hertz and the second at which each tone begins.
SOUNDS = {
    "message": [(660, 0.0), (880, 0.09)],
    "assigned": [(523, 0.0), (659, 0.08), (784, 0.16)],
    "mention": [(988, 0.0), (988, 0.12)],
    "closing_60": [(587, 0.0), (440, 0.14)],
    "closing_15": [(587, 0.0), (440, 0.12), (587, 0.24), (440, 0.36)],
    "waiting": [(440, 0.0), (494, 0.16)],
    "target_soon": [(494, 0.0), (587, 0.12)],
    "target_over": [(587, 0.0), (494, 0.12), (392, 0.24)],
    "escalated": [(784, 0.0), (659, 0.1), (784, 0.2)],
}
TONE_SECONDS, FADE_IN, DECAY = 0.18, 0.008, 22.0
GROUND = "#2a49cf"
BELL = "M7 21.5h18M9 21.5a7 7 0 0 1 14 0M16 14.5v-2.5M14.5 12h3"
# (size, ground and its corner, how large the bell is)
PICTURES = {
    "icon-192": (192, GROUND, 9, 1.0),
    "icon-512": (512, GROUND, 9, 1.0),
    "icon-maskable-512": (512, GROUND, 0, 0.8),
    "icon-touch-180": (180, GROUND, 0, 0.9),
    "badge-96": (96, "", 0, 1.3),
}


def samples(tones: list[tuple[int, float]]) -> list[float]:
    """The tones as numbers between -1 and 1, the loudest at LOUDEST."""
    length = int((max(start for _, start in tones) + TONE_SECONDS) * RATE) + 1
    heard = [0.0] * length
    for hertz, start in tones:
        first = int(start * RATE)
        for n in range(int(TONE_SECONDS * RATE)):
            t = n / RATE
            envelope = min(t / FADE_IN, 1.0) * math.exp(-DECAY * t)
            heard[first + n] += envelope * math.sin(2 * math.pi * hertz * t)
    loudest = max(map(abs, heard))
    return [value / loudest * LOUDEST for value in heard]


def write_sounds() -> None:
    """static/sounds/<kind>.wav: 16 bit, one channel."""
    for kind, tones in SOUNDS.items():
        values = [round(value * 32_767) for value in samples(tones)]
        with wave.open(str(STATIC / "sounds" / f"{kind}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(struct.pack(f"<{len(values)}h", *values))


def write_pictures() -> None:
    """static/img/<name>.png; the badge is white on nothing, as Android wants it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=["--no-sandbox", "--disable-gpu"])
        for name, (size, ground, corner, scale) in PICTURES.items():
            page = browser.new_page(viewport={"width": size, "height": size})
            rect = f'<rect width="32" height="32" rx="{corner}" fill="{ground}"/>' if ground else ""
            middle = f"translate(16 16) scale({scale}) translate(-16 -16)"
            page.set_content(
                f'<style>body {{ margin: 0 }} svg {{ display: block }}</style><svg width="{size}" height="{size}"'
                f' viewBox="0 0 32 32">{rect}<g fill="none" stroke="#fff" stroke-width="2" stroke-linecap="round"'
                f' transform="{middle}"><path d="{BELL}"/></g></svg>'
            )
            page.screenshot(path=STATIC / "img" / f"{name}.png", omit_background=True)
            page.close()
        browser.close()


if __name__ == "__main__":
    write_sounds()
    write_pictures()
