"""What the template editor posts, as content. Nothing is refused: what does not fit is kept, and found by the lint."""

from collections.abc import Mapping
from typing import Any

from inbox.text import clean
from whatsapp.authoring import content as shapes
from whatsapp.authoring.content import Content


def read_content(post: Mapping[str, str]) -> Content:
    """The fields of the whole form; a field that the layout does not show is in it all the same, hidden."""
    return Content.of({
        **{name: _text(post, name) for name in ("layout", "header", "header_text", "body", "footer", "offer_text")},
        **{name: _text(post, name) for name in ("code_minutes", "code_button")},
        "offer_expires": post.get("offer_expires") == "yes", "code_warns": post.get("code_warns") == "yes",
        "examples": _samples(post, "example-", ("body.", "header.")),
        "buttons": _buttons(post, "button"), "cards": _cards(post),
    })  # fmt: skip


def reshaped(content: Content, act: str) -> Content:
    """After one of the form's own buttons: add-button, remove-button-2, add-card, remove-card-1,
    add-card-0-button, remove-card-0-button-1."""
    data = content.as_data()
    verb, _dash, rest = act.partition("-")
    kind, *place = rest.split("-")
    owner = data
    if kind == "card" and place:
        at, *place = place
        if not place:  # remove-card-1
            return Content.of(data | {"cards": _without(data["cards"], at)}) if verb == "remove" else content
        if at not in map(str, range(len(data["cards"]))):
            return content
        owner, kind = data["cards"][int(at)], place.pop(0)
    name = f"{kind}s"
    if name not in ("buttons", "cards") or name not in owner:
        return content
    if verb == "add":
        owner[name] = [*owner[name], _next_card(data) if name == "cards" else {}]
    elif verb == "remove" and place:
        owner[name] = _without(owner[name], place[0])
    return Content.of(data)


def _without(items: Any, at: str) -> list[Any]:
    return [each for number, each in enumerate(items) if str(number) != at]


def _next_card(data: dict[str, Any]) -> dict[str, Any]:
    """Built like the others, as Meta wants it; without their words."""
    if not data["cards"]:
        return {"header": "image", "buttons": [{"kind": "url"}]}
    last = data["cards"][-1]
    buttons = [{"kind": each["kind"], "text": each["text"]} for each in last["buttons"]]
    return {"header": last["header"], "buttons": buttons}


def _buttons(post: Mapping[str, str], prefix: str) -> list[dict[str, str]]:
    found = []
    for at in range(shapes.MOST_BUTTONS):
        if f"{prefix}-{at}-kind" not in post:
            break
        names = ("kind", "text", "url", "phone", "example")
        found.append({name: _text(post, f"{prefix}-{at}-{name}") for name in names})
    return found


def _cards(post: Mapping[str, str]) -> list[dict[str, Any]]:
    found = []
    for at in range(shapes.MOST_CARDS):
        if f"card-{at}-body" not in post:
            break
        found.append({
            "header": _text(post, "card_header"), "body": _text(post, f"card-{at}-body"),
            "examples": _samples(post, f"example-card-{at}."), "buttons": _buttons(post, f"card-{at}-button"),
        })  # fmt: skip
    return found


def _samples(post: Mapping[str, str], prefix: str, within: tuple[str, ...] = ("",)) -> dict[str, str]:
    names = [name.removeprefix(prefix) for name in post if name.startswith(prefix)]
    return {name: _text(post, prefix + name) for name in names if name.startswith(within)}


def _text(post: Mapping[str, str], name: str) -> str:
    return clean(post.get(name, "")).replace("\r\n", "\n")[: shapes.KEPT]

