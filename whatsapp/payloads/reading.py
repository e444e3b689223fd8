"""Reading JSON that nobody promised anything about: every function takes any value and raises nothing."""

import base64
import binascii
import json
import math
import re
from datetime import UTC, datetime
from typing import Any

from whatsapp.payloads.items import MetaError

TEXT_LIMIT = 20_000  # Meta allows 4,096 characters; beyond this it is an attack on screens
_SURROGATES = re.compile("[\ud800-\udfff]")
_DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_BSUID = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}")
_PHONE = re.compile(r"\d{5,20}", re.ASCII)
# An unfinished string runs to the end, so that every character is looked at once.
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\Z)|[\[\]{}]', re.DOTALL)
_DEPTH = 64


def clean(text: str) -> str:
    """What PostgreSQL can store: NUL removed, lone surrogates shown as U+FFFD. Everything else stays as it is."""
    return _SURROGATES.sub("\ufffd", text.replace("\x00", ""))


def storable(value: Any, depth: int = _DEPTH) -> Any:
    """The same JSON value with every text in it clean; what lies deeper than 64 levels becomes null."""
    if isinstance(value, str):
        return clean(value)
    if not depth:
        return None
    if isinstance(value, list):
        return [storable(item, depth - 1) for item in value]
    if isinstance(value, dict):
        return {clean(key): storable(item, depth - 1) for key, item in value.items()}
    return value


def loads(body: bytes | str) -> Any:
    """JSON as forgiving as safety allows: bad UTF-8 becomes U+FFFD, NaN and huge numbers null, depth beyond 64 null.

    ValueError when it is no JSON at all.
    """
    text = body if isinstance(body, str) else body.decode("utf-8-sig", errors="replace")
    try:
        return _decode(text)
    except RecursionError:
        return _decode(_pruned(text))


def _decode(text: str) -> Any:
    # strict=False: a raw control character inside a string is no reason to lose a message.
    return json.loads(text, strict=False, parse_int=_integer, parse_float=_float, parse_constant=lambda _: None)


def _integer(digits: str) -> int | str:
    # Python refuses to convert thousands of digits, and one such number must not cost the whole batch.
    return int(digits) if len(digits) <= 60 else digits[:TEXT_LIMIT]


def _float(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None


def _pruned(text: str) -> str:
    """The same JSON with everything nested deeper than `_DEPTH` replaced by null."""
    kept: list[str] = []
    depth, start = 0, 0
    for token in _TOKENS.finditer(text):
        if token[0] in "[{":
            depth += 1
            if depth == _DEPTH + 1:
                kept.append(text[start:token.start()] + "null")
        elif token[0] in "]}":
            depth -= 1
            if depth == _DEPTH:
                start = token.end()
    if depth <= _DEPTH:
        kept.append(text[start:])
    return "".join(kept)


def mapping(value: Any, key: str | None = None) -> dict[str, Any]:
    """The object itself, or the one under `key`; {} when there is none."""
    if key is not None:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def array(value: Any, key: str) -> list[Any]:
    """The list under `key`; [] when there is none."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []


def word(value: Any, key: str, limit: int = TEXT_LIMIT) -> str:
    """The text under `key`, storable and cut; numbers as their digits, anything else as ""."""
    found = value.get(key) if isinstance(value, dict) else None
    if isinstance(found, str):
        return clean(found)[:limit]
    if isinstance(found, int | float) and not isinstance(found, bool):
        return str(found)[:limit]
    return ""


def label(value: Any, key: str, limit: int) -> str:
    """A name of a person or a file: like `word`, but nothing in it turns around what stands beside it."""
    return _DIRECTIONS.sub("", word(value, key, limit)).strip()


def identifier(value: Any, key: str, limit: int = 300) -> str:
    """An id: like `word`, but one that is too long is no id at all."""
    found = word(value, key).strip()
    return found if len(found) <= limit else ""


def whole(value: Any, key: str) -> int | None:
    found = value.get(key) if isinstance(value, dict) else None
    if isinstance(found, str) and re.fullmatch(r"-?\d{1,18}", found.strip(), re.ASCII):
        return int(found)
    if isinstance(found, int | float) and not isinstance(found, bool) and abs(found) < 10**18 and found == int(found):
        return int(found)
    return None


def number(value: Any, key: str) -> float | None:
    found = value.get(key) if isinstance(value, dict) else None
    if isinstance(found, str):
        try:
            found = float(found)
        except ValueError:
            return None
    if isinstance(found, int | float) and not isinstance(found, bool) and abs(found) < 10**15:
        return float(found) if math.isfinite(found) else None
    return None


def moment(value: Any, key: str) -> datetime | None:
    """Unix seconds (text or number) as an aware time; None when unreadable."""
    seconds = whole(value, key)
    return datetime.fromtimestamp(seconds, UTC) if seconds is not None and 0 < seconds < 2**33 else None


def phone(value: Any, key: str) -> str:
    """A customer's number as digits; "" for anything that is not one (a BSUID in a phone field, for instance)."""
    found = identifier(value, key).lstrip("+").replace(" ", "")
    return found if _PHONE.fullmatch(found) else ""


def bsuid(value: Any, *keys: str) -> str:
    """The first of the keys that holds a business-scoped user id."""
    for key in keys:
        found = identifier(value, key, 160)
        if _BSUID.fullmatch(found):
            return found
    return ""


def sha256_hex(value: Any, key: str) -> str:
    """Meta writes base64 in webhooks and hex in media answers; both come out as hex, anything else as ""."""
    found = word(value, key, 100).strip()
    if re.fullmatch(r"[0-9a-fA-F]{64}", found):
        return found.lower()
    try:
        raw = base64.b64decode(found + "=" * (-len(found) % 4), validate=True)
    except (binascii.Error, ValueError):
        return ""
    return raw.hex() if len(raw) == 32 else ""


def errors(value: Any) -> tuple[MetaError, ...]:
    """The `errors` array; entries without a code count as code 0."""
    return tuple(
        MetaError(
            code=_small(whole(entry, "code")),
            title=word(entry, "title", 300) or word(entry, "message", 300),
            details=word(mapping(entry, "error_data"), "details", 2000) or word(entry, "details", 2000),
        )
        for entry in array(value, "errors")
        if isinstance(entry, dict)
    )


def _small(code: int | None) -> int:
    return code if code is not None and abs(code) < 2**31 else 0
