"""The link that opens a chat with us, and its QR code to print."""

import io
from urllib.parse import quote

import segno

PREFILL_LIMIT = 300  # a code stays easy to scan
MIME_TYPES = {"svg": "image/svg+xml", "png": "image/png"}
QUIET_ZONE = 4  # modules of white around it, which scanners need


def chat_link(digits: str, prefill: str = "") -> str:
    """wa.me/… for this number; the customer finds `prefill` in the composer and may change it."""
    return f"https://wa.me/{digits}" + (f"?text={quote(prefill, safe='')}" if prefill else "")


def qr_code(link: str, form: str) -> bytes:
    """The picture, black on white: "svg" for print, "png" for everything else."""
    out = io.BytesIO()
    code = segno.make(link, error="m", micro=False)
    if form == "svg":
        code.save(out, kind="svg", scale=8, border=QUIET_ZONE, light="#fff", svgclass=None, lineclass=None)
    else:
        code.save(out, kind="png", scale=16, border=QUIET_ZONE, light="#fff")
    return out.getvalue()
