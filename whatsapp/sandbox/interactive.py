"""Interactive messages: buttons, lists, links and the requests (`whatsapp-cloud-api.md` §10.3)."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from whatsapp.sandbox.errors import GraphError
from whatsapp.sandbox.parameters import check_media, need_text
from whatsapp.sandbox.state import State

Body = dict[str, Any]
MEDIA_HEADERS = {"image", "video", "document"}


def check_interactive(state: State, body: Body) -> None:
    """Raise GraphError unless this interactive object may be sent."""
    kind = body.get("type")
    if kind is None:
        raise GraphError(131008, "Parameter 'interactive['type']' is mandatory.")
    check = ACTIONS.get(kind)
    if check is None:
        raise GraphError(100, f"Param interactive['type'] must be one of {{{', '.join(ACTIONS).upper()}}}.")
    text = body.get("body")
    if not isinstance(text, dict):
        raise GraphError(131008, "Parameter 'interactive['body']' is mandatory.")
    need_text(text.get("text"), "interactive['body']['text']", 4096 if kind == "list" else 1024)
    if "footer" in body:
        need_text((body["footer"] or {}).get("text"), "interactive['footer']['text']", 60)
    if "header" in body:
        _header(state, kind, body["header"])
    action = body.get("action")
    if not isinstance(action, dict):
        raise GraphError(131008, "Parameter 'interactive['action']' is mandatory.")
    check(action)


def _header(state: State, kind: str, header: Any) -> None:
    shape = header.get("type") if isinstance(header, dict) else None
    if shape == "text":
        need_text(header.get("text"), "interactive['header']['text']", 60)
    elif shape in MEDIA_HEADERS and kind in {"button", "cta_url"}:
        check_media(state, f"interactive['header']['{shape}']", header.get(shape))
    else:
        raise GraphError(131009, f"Parameter 'interactive['header']['type']' does not fit a {kind} message.")


def _buttons(action: Body) -> None:
    buttons = action.get("buttons")
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= 3:
        raise GraphError(131009, "Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3.")
    titles, ids = set(), set()
    for position, button in enumerate(buttons):
        where = f"interactive['action']['buttons'][{position}]"
        reply = button.get("reply") if isinstance(button, dict) and button.get("type") == "reply" else None
        if not isinstance(reply, dict):
            raise GraphError(131009, f"Parameter '{where}' must be of type reply.")
        titles.add(need_text(reply.get("title"), f"{where}['reply']['title']", 20))
        ids.add(need_text(reply.get("id"), f"{where}['reply']['id']", 256))
    if len(titles) != len(buttons) or len(ids) != len(buttons):
        raise GraphError(131009, "Button titles and ids must be unique.")


def _list(action: Body) -> None:
    need_text(action.get("button"), "interactive['action']['button']", 20)
    sections = action.get("sections")
    if not isinstance(sections, list) or not 1 <= len(sections) <= 10:
        raise GraphError(131009, "A list has 1 to 10 sections.")
    ids: list[str] = []
    for position, section in enumerate(sections):
        where = f"interactive['action']['sections'][{position}]"
        if len(sections) > 1 or section.get("title"):
            need_text(section.get("title"), f"{where}['title']", 24)
        for row in section.get("rows") or []:
            ids.append(need_text(row.get("id"), f"{where}['rows']['id']", 200))
            need_text(row.get("title"), f"{where}['rows']['title']", 24)
            if row.get("description"):
                need_text(row["description"], f"{where}['rows']['description']", 72)
    if not 1 <= len(ids) <= 10:
        raise GraphError(131009, "Total row count exceed max allowed count: 10.")
    if len(set(ids)) != len(ids):
        raise GraphError(131009, "Row ids must be unique.")


def _link(action: Body) -> None:
    _named("cta_url")(action)
    parameters = action.get("parameters")
    if not isinstance(parameters, dict):
        raise GraphError(131008, "Parameter 'interactive['action']['parameters']' is mandatory.")
    need_text(parameters.get("display_text"), "interactive['action']['parameters']['display_text']", 20)
    url = need_text(parameters.get("url"), "interactive['action']['parameters']['url']", 2000)
    if urlsplit(url).scheme not in {"http", "https"}:
        raise GraphError(131009, "Parameter 'interactive['action']['parameters']['url']' must be a web address.")


def _named(name: str) -> Callable[[Body], None]:
    def check(action: Body) -> None:
        if action.get("name") != name:
            raise GraphError(131009, f"Parameter 'interactive['action']['name']' must be {name}.")

    return check


ACTIONS: dict[str, Callable[[Body], None]] = {
    "button": _buttons,
    "list": _list,
    "cta_url": _link,
    "location_request_message": _named("send_location"),
    "request_contact_info": _named("request_contact_info"),
}
