"""Checks of single parameters, shared by message bodies and template components."""

from typing import Any
from urllib.parse import urlsplit

from whatsapp.sandbox.errors import GraphError
from whatsapp.sandbox.state import State


def need_text(value: Any, where: str, longest: int, *, empty: bool = False) -> str:
    """A string of 1 to `longest` characters."""
    if value is None:
        raise GraphError(131008, f"Parameter '{where}' is mandatory.")
    if not isinstance(value, str):
        raise GraphError(100, f"Param {where} must be a string.")
    if not value and not empty:
        raise GraphError(131008, f"Parameter '{where}' must not be empty.")
    if len(value) > longest:
        raise GraphError(100, f"Param {where} must be at most {longest} characters long.")
    return value


def need_number(value: Any, where: str, limit: float) -> None:
    if value is None:
        raise GraphError(131008, f"Parameter '{where}' is mandatory.")
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise GraphError(131009, f"Parameter '{where}' must be a number.") from None
    if not -limit <= number <= limit:
        raise GraphError(131009, f"Parameter '{where}' must be between -{limit} and {limit}.")


def check_media(state: State, where: str, body: Any) -> None:
    """An object with the `id` of a file uploaded to us, or a public https `link`."""
    if not isinstance(body, dict):
        raise GraphError(100, f"Param {where} must be a JSON object.")
    media_id, link = body.get("id"), body.get("link")
    if media_id is None and link is None:
        raise GraphError(131008, f"Parameter '{where}' needs either 'id' or 'link'.")
    if media_id is not None:
        if str(media_id) not in state.media:
            raise GraphError(
                100, message=f"(#100) Param {where}['id'] is not a valid whatsapp business account media attachment ID"
            )
        return
    if urlsplit(str(link)).scheme not in {"https", "http"}:
        raise GraphError(131009, f"Parameter '{where}.link' must be a public https address.")
