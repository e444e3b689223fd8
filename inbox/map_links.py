"""Where a pasted map link or pair of numbers points to, read from its letters alone: nothing is ever asked outside."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, unquote, urlsplit

_NUMBER = r"[-+]?\d{1,3}(?:\.\d{1,20})?"
_PAIR = re.compile(rf"^\s*({_NUMBER})\s*[,;\s]\s*({_NUMBER})\s*$")
_GERMAN_PAIR = re.compile(r"^\s*([-+]?\d{1,3},\d{1,20})\s*[;,\s]\s*([-+]?\d{1,3},\d{1,20})\s*$")
_GEO = re.compile(rf"^geo:({_NUMBER}),({_NUMBER})", re.IGNORECASE)
# The pin of a place beats the middle of the map that was on the screen.
_PIN = re.compile(rf"!3d({_NUMBER})!4d({_NUMBER})")
_MIDDLE = re.compile(rf"/@({_NUMBER}),({_NUMBER})")
_OSM_MAP = re.compile(rf"map=\d+(?:\.\d+)?/({_NUMBER})/({_NUMBER})")
_DEGREES = re.compile(
    r"""^\s*(\d{1,3})°\s*(?:(\d{1,2})['′]\s*)?(?:(\d{1,2}(?:[.,]\d+)?)["″]\s*)?([NS])[\s,]*
        (\d{1,3})°\s*(?:(\d{1,2})['′]\s*)?(?:(\d{1,2}(?:[.,]\d+)?)["″]\s*)?([EOW])\s*$""",
    re.VERBOSE | re.IGNORECASE,
)
_IN_QUERY = ("q", "ll", "query", "destination", "daddr", "center", "sll", "coordinate", "cp")

Point = tuple[float, float]


def point_in(text: str) -> Point | None:
    """(latitude, longitude) of coordinates, a geo: address or a map link; None when it names none."""
    text = text.strip()[:2000]
    for read in (_pair, _german_pair, _degrees, _geo, _link):
        found = read(text)
        if found is not None and abs(found[0]) <= 90 and abs(found[1]) <= 180:
            return found
    return None


def is_link(text: str) -> bool:
    return text.strip().lower().startswith(("http://", "https://"))


def _matched(pattern: re.Pattern[str]) -> Callable[[str], Point | None]:
    def read(text: str) -> Point | None:
        found = pattern.search(text)
        return (float(found[1].replace(",", ".")), float(found[2].replace(",", "."))) if found else None

    return read


_pair, _german_pair, _geo = _matched(_PAIR), _matched(_GERMAN_PAIR), _matched(_GEO)


def _degrees(text: str) -> Point | None:
    found = _DEGREES.match(text)
    if found is None:
        return None
    north, east = (
        int(whole) + int(minutes or 0) / 60 + float((seconds or "0").replace(",", ".")) / 3600
        for whole, minutes, seconds in (found.group(1, 2, 3), found.group(5, 6, 7))
    )
    return (-north if found[4].upper() == "S" else north), (-east if found[8].upper() == "W" else east)


def _link(text: str) -> Point | None:
    if not is_link(text):
        return None
    try:
        parts = urlsplit(text)
        query = parse_qs(parts.query, max_num_fields=50)
    except ValueError:
        return None
    path = unquote(parts.path)
    if pin := _matched(_PIN)(path):
        return pin
    if "mlat" in query and "mlon" in query:
        return _pair(f"{query['mlat'][0]},{query['mlon'][0]}")
    for name in _IN_QUERY:
        for value in query.get(name, ()):
            if point := _pair(value.replace("~", ",").removeprefix("loc:")):
                return point
    return _matched(_MIDDLE)(path) or _matched(_OSM_MAP)(parts.fragment)
