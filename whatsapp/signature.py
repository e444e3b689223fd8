"""Is this body from Meta? HMAC-SHA256 over the raw bytes, keyed with the app secret."""

import hmac
from collections.abc import Iterable

_PREFIX = b"sha256="


def sign(body: bytes, secret: str) -> bytes:
    """The value of `X-Hub-Signature-256` for these bytes."""
    return _PREFIX + hmac.digest(secret.encode(), body, "sha256").hex().encode()


def is_valid(body: bytes, header: bytes | None, secrets: Iterable[str]) -> bool:
    """Whether the header was made from these bytes with one of the secrets. Constant time per secret; never raises."""
    if not header or not header.startswith(_PREFIX) or len(header) != len(_PREFIX) + 64:
        return False
    # Both sides are bytes: comparing text raises TypeError as soon as a forger sends something beyond ASCII.
    matches = [hmac.compare_digest(sign(body, secret), header) for secret in secrets]
    return any(matches)
