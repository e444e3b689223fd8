"""Lists in pages: an opaque cursor names the last row that was seen, so that nothing is skipped or told twice."""

import base64
import binascii
import json
from typing import Any

from inbox.api.problems import Problem

MOST = 100


def cursor_of(*values: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(values, default=str).encode()).decode().rstrip("=")


def values_of(cursor: str, *kinds: type) -> tuple[Any, ...]:
    """What the cursor holds, checked: it comes from outside."""
    try:
        found = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        raise Problem(422, "cursor")
    if not isinstance(found, list) or len(found) != len(kinds):
        raise Problem(422, "cursor")
    if not all(type(value) is kind for value, kind in zip(found, kinds, strict=True)):
        raise Problem(422, "cursor")
    if any(isinstance(value, int) and not 0 <= value < 2**63 for value in found):
        raise Problem(422, "cursor")
    return tuple(found)
