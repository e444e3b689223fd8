"""Is the body of a message what Meta would take? One function per type of `whatsapp-cloud-api.md` §10.

131008 for what is missing, 131009 for what is wrong, 100 where Meta's own parameter check says no.
"""

import re
from collections.abc import Callable
from typing import Any

from whatsapp.sandbox.errors import GraphError
from whatsapp.sandbox.interactive import check_interactive
from whatsapp.sandbox.parameters import check_media, need_number, need_text
from whatsapp.sandbox.state import State

MEDIA_TYPES = {"image", "video", "audio", "document", "sticker"}
CAPTIONED = {"image", "video", "document"}
Body = dict[str, Any]


def check_body(state: State, kind: str, body: Any) -> None:
    """Raise GraphError unless `body` may be sent as a message of this type (templates are checked elsewhere)."""
    check = CHECKS.get(kind)
    if check is None:
        raise GraphError(131051, f"Message type '{kind}' is not supported.")
    if body is None:
        raise GraphError(131008, f"Parameter '{kind}' is mandatory for type '{kind}'.")
    if not isinstance(body, list if kind == "contacts" else dict):
        raise GraphError(100, f"Param {kind} must be {'an array' if kind == 'contacts' else 'a JSON object'}.")
    check(state, kind, body)


def _text(state: State, kind: str, body: Body) -> None:
    need_text(body.get("body"), "text['body']", 4096)
    if not isinstance(body.get("preview_url", False), bool):
        raise GraphError(100, "Param text['preview_url'] must be a boolean.")


def _media(state: State, kind: str, body: Body) -> None:
    check_media(state, kind, body)
    if "caption" in body:
        if kind not in CAPTIONED:
            raise GraphError(100, f"Param {kind}['caption'] is not supported.")
        need_text(body["caption"], f"{kind}['caption']", 1024, empty=True)
    if "filename" in body and kind != "document":
        raise GraphError(100, f"Param {kind}['filename'] is not supported.")


def _location(state: State, kind: str, body: Body) -> None:
    need_number(body.get("latitude"), "location['latitude']", 90)
    need_number(body.get("longitude"), "location['longitude']", 180)
    for name in ("name", "address"):
        if name in body:
            need_text(body[name], f"location['{name}']", 1024, empty=True)


def _contacts(state: State, kind: str, body: list) -> None:
    if not 1 <= len(body) <= 257:
        raise GraphError(131009, "Parameter 'contacts' must have 1 to 257 entries.")
    for position, card in enumerate(body):
        where = f"contacts[{position}]"
        name = card.get("name") if isinstance(card, dict) else None
        if not isinstance(name, dict):
            raise GraphError(131008, f"Parameter '{where}['name']' is mandatory.")
        need_text(name.get("formatted_name"), f"{where}['name']['formatted_name']", 1024)
        if not any(name.get(part) for part in ("first_name", "last_name", "middle_name", "prefix", "suffix")):
            raise GraphError(131009, f"Parameter '{where}['name']' needs one more part beside formatted_name.")
        if card.get("birthday") and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(card["birthday"])):
            raise GraphError(131009, f"Parameter '{where}['birthday']' must be YYYY-MM-DD.")


def _reaction(state: State, kind: str, body: Body) -> None:
    need_text(body.get("message_id"), "reaction['message_id']", 512)
    if not isinstance(body.get("emoji"), str):
        raise GraphError(131008, "Parameter 'reaction['emoji']' is mandatory.")
    if len(body["emoji"]) > 32:
        raise GraphError(131009, "Parameter 'reaction['emoji']' must be one emoji.")


def _interactive(state: State, kind: str, body: Body) -> None:
    check_interactive(state, body)


CHECKS: dict[str, Callable[[State, str, Any], None]] = {
    "text": _text,
    "location": _location,
    "contacts": _contacts,
    "reaction": _reaction,
    "interactive": _interactive,
    **dict.fromkeys(MEDIA_TYPES, _media),
}
