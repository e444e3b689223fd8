"""The emojis of the picker with their names, from the `emoji` package: one JSON per language, made once per process.

    {"groups": [[heading, [[emoji, name, other words to find it by, 1 if it takes a skin tone]]]]}

The package knows names but no groups; these follow the blocks of Unicode, in which emojis stand by theme.
"""

import gzip
import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import emoji
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from inbox.text import fold

NEWEST = 15.1  # younger ones are empty boxes on many phones
VERSION = f"{emoji.__version__}.2"  # in the address, so that browsers may keep it
TONES = range(0x1F3FB, 0x1F400)  # the five of Unicode

# What people call them who do not know their names.
_SAID = {
    "🙏": "danke bitte thanks please", "🤝": "danke einverstanden abgemacht deal", "😂": "lachen lustig lol haha",
    "🤣": "lustig lol haha", "😅": "lachen puh", "👍": "super top gut passt einverstanden ja great", "👎": "schlecht",
    "👏": "bravo applaus glueckwunsch", "🎉": "party feier glueckwunsch congratulations", "👋": "hallo tschuess bye",
    "😢": "traurig sad", "😕": "unsicher schade", "🙈": "peinlich ups oops", "🤷": "keine ahnung egal no idea",
    "✅": "erledigt fertig haken ok done", "❌": "nein falsch no wrong", "⚠️": "achtung vorsicht careful",
    "🔧": "werkzeug reparatur werkstatt repair", "🛠️": "werkzeug reparatur werkstatt repair", "🔨": "werkzeug",
    "📦": "versand lieferung bestellung delivery", "🚚": "versand lieferung delivery", "📅": "termin appointment date",
    "🗓️": "termin appointment date", "⏰": "uhrzeit spaet late", "💶": "geld preis zahlen money price",
    "📍": "ort adresse standort location address", "📞": "anruf call", "📧": "mail", "💪": "schaffen geschafft",
    "❤️": "liebe love", "🔥": "super toll", "🚲": "rad bike",
}  # fmt: skip

_GROUPS: list[tuple[str | Promise, tuple[tuple[int, int], ...]]] = [
    (_("Smileys"), (
        (0x1F600, 0x1F644), (0x1F910, 0x1F917), (0x1F920, 0x1F925), (0x1F927, 0x1F92F), (0x1F970, 0x1F97A),
        (0x1F9D0, 0x1F9D0), (0x1FAE0, 0x1FAE9), (0x2639, 0x263A), (0x1F47B, 0x1F47B), (0x1F4A9, 0x1F4A9),
        (0x1F916, 0x1F916), (0x1F648, 0x1F64A), (0x1F493, 0x1F49F), (0x2763, 0x2764), (0x1F90D, 0x1F90E),
        (0x1F9E1, 0x1F9E1), (0x1F5A4, 0x1F5A4), (0x1FA75, 0x1FA77), (0x1F48B, 0x1F48C), (0x1F4A2, 0x1F4AF),
    )),
    (_("Gestures and people"), (
        (0x1F446, 0x1F450), (0x261D, 0x261D), (0x270A, 0x270D), (0x1F590, 0x1F596), (0x1F90C, 0x1F90C),
        (0x1F90F, 0x1F90F), (0x1F918, 0x1F91F), (0x1F64B, 0x1F64F), (0x1FAF0, 0x1FAF8), (0x1F440, 0x1F487),
        (0x1F48F, 0x1F491), (0x1F4AA, 0x1F4AA), (0x1F574, 0x1F575), (0x1F57A, 0x1F57A), (0x1F590, 0x1F596),
        (0x1F645, 0x1F647), (0x1F64B, 0x1F64F), (0x1F90C, 0x1F90C), (0x1F90F, 0x1F90F), (0x1F918, 0x1F91F),
        (0x1F926, 0x1F926), (0x1F930, 0x1F93E), (0x1F977, 0x1F977), (0x1F9B0, 0x1F9B9), (0x1F9BB, 0x1F9BB),
        (0x1F9CD, 0x1F9CF), (0x1F9D1, 0x1F9DF), (0x1FAC0, 0x1FAC5), (0x1FAF0, 0x1FAF8), (0x1F385, 0x1F385),
        (0x1F3C2, 0x1F3C4), (0x1F3C7, 0x1F3C7), (0x1F3CA, 0x1F3CC), (0x26F9, 0x26F9), (0x1F6A3, 0x1F6A3),
        (0x1F6B4, 0x1F6B6), (0x1F6C0, 0x1F6C0), (0x1F6CC, 0x1F6CC),
    )),
    (_("Animals and nature"), (
        (0x1F400, 0x1F43F), (0x1F300, 0x1F32C), (0x1F330, 0x1F335), (0x1F337, 0x1F344), (0x1F980, 0x1F9AE),
        (0x1FAB0, 0x1FABF), (0x1FACE, 0x1FACF), (0x2600, 0x2604), (0x2614, 0x2614), (0x2618, 0x2618),
        (0x26C4, 0x26C8), (0x2744, 0x2744), (0x1F490, 0x1F490), (0x2B50, 0x2B50), (0x1F525, 0x1F525),
        (0x2728, 0x2728),
    )),
    (_("Food and drink"), (
        (0x1F32D, 0x1F32F), (0x1F336, 0x1F336), (0x1F345, 0x1F37F), (0x1F382, 0x1F382), (0x1F950, 0x1F96F),
        (0x1F9C0, 0x1F9CB), (0x1FAD0, 0x1FADB), (0x2615, 0x2615),
    )),
    (_("Travel and places"), (
        (0x1F680, 0x1F6FF), (0x1F3D4, 0x1F3DF), (0x1F3E0, 0x1F3F0), (0x1F5FA, 0x1F5FF), (0x26E9, 0x26F5),
        (0x26FA, 0x26FD), (0x2708, 0x2708), (0x1F550, 0x1F567), (0x1F6D0, 0x1F6D7), (0x231A, 0x231B),
        (0x23E9, 0x23F3), (0x1F488, 0x1F488), (0x1F492, 0x1F492),
    )),
    (_("Celebrations and sport"), (
        (0x1F380, 0x1F3D3), (0x1F93F, 0x1F94F), (0x26BD, 0x26BE), (0x26F3, 0x26F8), (0x1F9E7, 0x1F9E9),
        (0x1FA80, 0x1FA89), (0x1F0CF, 0x1F0CF), (0x1F004, 0x1F004), (0x2660, 0x2666),
    )),
    (_("Objects"), (
        (0x1F451, 0x1F464), (0x1F489, 0x1F48A), (0x1F48D, 0x1F48E), (0x1F4A0, 0x1F573), (0x1F576, 0x1F58D),
        (0x1F5A5, 0x1F5F3), (0x1F97B, 0x1F97F), (0x1F9AF, 0x1F9AF), (0x1F9BA, 0x1F9BF), (0x1F9E0, 0x1F9FF),
        (0x1FA70, 0x1FAAF), (0x2702, 0x2702), (0x2709, 0x2709), (0x270F, 0x2712), (0x260E, 0x260E),
        (0x2692, 0x2699), (0x26D1, 0x26D1), (0x26B0, 0x26B1),
    )),
    (_("Flags"), ((0x1F1E6, 0x1F1FF), (0x1F3F3, 0x1F3F4), (0x1F3C1, 0x1F3C1), (0x1F6A9, 0x1F6A9), (0x1F38C, 0x1F38C))),
    (_("Symbols"), ((0, 0x10FFFF),)),
]  # fmt: skip
_FLAGS = len(_GROUPS) - 2  # some stand among other blocks, so they are asked first


@lru_cache(maxsize=4)
def picker_json(language: str) -> bytes:
    """The whole list in one language, compressed."""
    emoji.config.load_language("de")
    with translation.override(language):
        named = zip(_GROUPS, _members(language), strict=True)
        groups = [[str(heading), members] for (heading, _blocks), members in named]
        text = json.dumps({"groups": groups}, ensure_ascii=False, separators=(",", ":"))
    return gzip.compress(text.encode(), mtime=0)


def _members(language: str) -> list[list[list[object]]]:
    groups: list[list[list[object]]] = [[] for _group in _GROUPS]
    for (group, _block), sign, facts in sorted(_signs(), key=lambda each: (each[0], each[1])):
        english, german = _words(facts["en"]), _words(facts.get("de", facts["en"]))
        name, other = (german, english) if language == "de" else (english, german)
        aliases = " ".join(_words(alias) for alias in facts.get("alias", ()))
        said = _SAID.get(sign, "")
        groups[group].append([sign, name, fold(f"{name} {other} {aliases} {said}").strip(), int(takes_tone(sign))])
    return groups


def _signs() -> Iterator[tuple[tuple[int, int], str, dict[str, Any]]]:
    """Every emoji once, without its tones, and where it stands: group, and block of the group."""
    for sign, facts in emoji.EMOJI_DATA.items():
        is_toned = any(ord(letter) in TONES for letter in sign)
        if facts["status"] == emoji.STATUS["fully_qualified"] and facts["E"] <= NEWEST and not is_toned:
            yield _place_of(sign), sign, facts


def takes_tone(sign: str) -> bool:
    """Whether a tone right behind the first sign makes another emoji of it."""
    return f"{sign[0]}\U0001f3fd{sign[1:].removeprefix(chr(0xFE0F))}" in emoji.EMOJI_DATA


def _place_of(sign: str) -> tuple[int, int]:
    first = ord(sign[0])
    for group in (_FLAGS, *range(len(_GROUPS))):
        for block, (low, high) in enumerate(_GROUPS[group][1]):
            if low <= first <= high:
                return group, block
    raise ValueError(sign)  # the last group takes everything


def _words(name: str) -> str:
    return name.strip(":").replace("_", " ")
