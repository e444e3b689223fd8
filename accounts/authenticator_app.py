"""Codes of authenticator apps: RFC 6238 with what every app can do (SHA-1, six digits, half a minute). Pure."""

import base64
import hmac
import secrets
from urllib.parse import quote

import segno
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP

STEP_SECONDS = 30
DIGITS = 6
TOLERANCE = 1  # steps a phone's clock may be off, either way


def new_secret() -> str:
    return base64.b32encode(secrets.token_bytes(20)).decode()


def address(secret: str, *, account: str, issuer: str) -> str:
    """What the app reads from the QR code."""
    label = f"{quote(issuer, safe='')}:{quote(account, safe='@')}"
    return f"otpauth://totp/{label}?secret={secret}&issuer={quote(issuer, safe='')}"


def picture(text: str) -> str:
    """The QR code as an SVG element; black on white whatever the page's colours, or phones do not read it."""
    code = segno.make(text, error="m", micro=False)
    return code.svg_inline(border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None, omitsize=True)


def by_hand(secret: str) -> str:
    """The secret in groups of four, to be typed."""
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


def code_at(secret: str, step: int) -> str:
    return HOTP(base64.b32decode(secret), DIGITS, SHA1(), enforce_key_length=False).generate(step).decode()  # noqa: S303


def step_of(secret: str, code: str, now: float) -> int | None:
    """The half minute this code belongs to, if that is now or next to now. Takes the same time for right and wrong."""
    current, found = int(now // STEP_SECONDS), None
    for step in range(current - TOLERANCE, current + TOLERANCE + 1):
        if hmac.compare_digest(code_at(secret, step).encode(), code.encode()):
            found = step
    return found
