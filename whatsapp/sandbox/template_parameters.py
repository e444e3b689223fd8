"""Do a send's parameters fit the approved template? And what does the customer then read?

`fill` checks header, body, buttons and cards against the definition (132000 count, 132012 kind or name, 132005 length,
131008 missing button value) and returns the text the phone shows.
"""

import re
from typing import Any

from whatsapp.sandbox.errors import GraphError
from whatsapp.sandbox.parameters import check_media, need_number
from whatsapp.sandbox.state import State, Template

VARIABLE = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
MEDIA_FORMATS = {"IMAGE": "image", "VIDEO": "video", "DOCUMENT": "document", "GIF": "gif"}
Part = dict[str, Any]


def variables(text: str) -> list[str]:
    """The names or numbers in this text, each once, in order."""
    return list(dict.fromkeys(VARIABLE.findall(text)))


def fill(state: State, template: Template, components: Any) -> Part:
    """Check `components` of the send and return header, body, footer and buttons as the customer sees them."""
    if not isinstance(components, list):
        raise GraphError(100, "Param template['components'] must be an array.")
    parts = Parts(components)
    shown: Part = {"name": template.name, "language": template.language}
    for part in template.components:
        kind = str(part.get("type", "")).upper()
        if kind == "HEADER":
            shown["header"] = _header(state, template, part, parts.parameters("header"))
        elif kind == "BODY":
            shown["body"] = _text(template, "body", part.get("text", ""), parts.parameters("body"), 1024)
        elif kind == "FOOTER":
            shown["footer"] = part.get("text", "")
        elif kind == "BUTTONS":
            shown["buttons"] = [_button(parts, index, button) for index, button in enumerate(part.get("buttons", []))]
        elif kind == "CAROUSEL":
            shown["cards"] = _cards(state, template, part, components)
        elif kind == "LIMITED_TIME_OFFER":
            shown["offer"] = _offer(parts, part.get("limited_time_offer") or {})
    parts.check_nothing_left()
    return shown


class Parts:
    """The send's components, by kind; remembers which ones the template asked for."""

    def __init__(self, components: list) -> None:
        self.components = [part for part in components if isinstance(part, dict)]
        self.used: set[int] = set()
        if len(self.components) != len(components):
            raise GraphError(100, "Param template['components'] must hold objects.")

    def parameters(self, kind: str, index: int | None = None, sub_type: str = "") -> list[Part]:
        for position, part in enumerate(self.components):
            if str(part.get("type", "")).lower() != kind:
                continue
            if index is not None and str(part.get("index", "")) != str(index):
                continue
            self.used.add(position)
            if sub_type and str(part.get("sub_type", "")).lower() != sub_type:
                raise GraphError(132012, f"buttons: Button at index {index} is of type {sub_type}.")
            parameters = part.get("parameters") or []
            if not isinstance(parameters, list) or not all(isinstance(one, dict) for one in parameters):
                raise GraphError(100, f"Param template['components'][{position}]['parameters'] must be an array.")
            return parameters
        return []

    def check_nothing_left(self) -> None:
        for position, part in enumerate(self.components):
            if position in self.used or str(part.get("type", "")).lower() == "carousel":
                continue
            if part.get("parameters"):
                raise GraphError(132000, f"{part.get('type')}: the template takes no parameters there.")


def _header(state: State, template: Template, part: Part, given: list[Part]) -> Part:
    shape = str(part.get("format", "TEXT")).upper()
    if shape == "TEXT":
        return {"type": "text", "text": _text(template, "header", part.get("text", ""), given, 60)}
    if shape == "LOCATION":
        place = given[0].get("location") if len(given) == 1 and given[0].get("type") == "location" else None
        if not isinstance(place, dict):
            raise GraphError(132012, "header: Format mismatch, expected LOCATION, received UNKNOWN")
        need_number(place.get("latitude"), "location['latitude']", 90)
        need_number(place.get("longitude"), "location['longitude']", 180)
        return {"type": "location", "location": place}
    kind = MEDIA_FORMATS.get(shape, shape.lower())
    received = str(given[0].get("type", "unknown")) if given else "unknown"
    if len(given) != 1 or received != kind:
        raise GraphError(132012, f"header: Format mismatch, expected {shape}, received {received.upper()}")
    check_media(state, f"template['components']['header'][0]['{kind}']", given[0].get(kind))
    return {"type": kind, kind: given[0][kind]}


def _text(template: Template, where: str, text: str, given: list[Part], longest: int) -> str:
    expected = variables(text)
    if len(given) != len(expected):
        raise GraphError(
            132000,
            f"{where}: number of localizable_params ({len(given)}) does not match the expected number of params "
            f"({len(expected)})",
        )
    named = template.parameter_format == "NAMED"
    values: dict[str, str] = {}
    for position, parameter in enumerate(given):
        name = parameter.get("parameter_name") if named else expected[position]
        if named and not name:
            raise GraphError(100, "Parameter name is missing or empty")
        if name not in expected or name in values:
            raise GraphError(132012, f"{where}: Parameter name '{name}' does not occur in the template.")
        values[str(name)] = _value(where, position, parameter)
    filled = VARIABLE.sub(lambda match: values.get(match[1], match[0]), text)
    if len(filled) > longest:
        raise GraphError(132005, f"{where}: the text has {len(filled)} characters, {longest} are allowed.")
    return filled


def _value(where: str, position: int, parameter: Part) -> str:
    kind = parameter.get("type")
    if kind == "text":
        value = parameter.get("text")
    elif kind in {"currency", "date_time"}:
        value = (parameter.get(kind) or {}).get("fallback_value")
    else:
        raise GraphError(132012, f"{where}: Parameter of type {kind} is not expected.")
    if not isinstance(value, str) or not value.strip():
        raise GraphError(131008, f"{where}: parameter at index {position} is empty.")
    if "\n" in value or "\t" in value or " " * 5 in value:
        raise GraphError(132012, "Param text cannot have new-line/tab characters or more than 4 consecutive spaces")
    return value


def _button(parts: Parts, index: int, button: Part) -> Part:
    kind = str(button.get("type", "")).upper()
    shown: Part = {"type": kind, "text": button.get("text", ""), "index": index}
    if kind == "URL":
        shown["url"] = _url(parts, index, str(button.get("url", "")))
    elif kind == "QUICK_REPLY":
        given = parts.parameters("button", index, "quick_reply")
        payload = given[0].get("payload") if given else None
        if payload is not None and (not isinstance(payload, str) or len(payload) > 128):
            raise GraphError(131009, f"buttons: payload of button {index} must be a string of at most 128 characters.")
        shown["payload"] = payload or button.get("text", "")
    elif kind == "COPY_CODE":
        given = parts.parameters("button", index, "copy_code")
        code = given[0].get("coupon_code") if given else None
        if not isinstance(code, str) or not 0 < len(code) <= 20:
            raise GraphError(131008, f"buttons: Button at index {index} of type CopyCode requires a parameter")
        shown["code"] = code
    elif kind == "PHONE_NUMBER":
        shown["phone_number"] = button.get("phone_number", "")
    return shown


def _url(parts: Parts, index: int, url: str) -> str:
    given = parts.parameters("button", index, "url")
    if not VARIABLE.search(url):
        if given:
            raise GraphError(132000, f"buttons: Button at index {index} of type Url takes no parameter")
        return url
    value = given[0].get("text") if len(given) == 1 else None
    if not isinstance(value, str) or not value:
        raise GraphError(131008, f"buttons: Button at index {index} of type Url requires a parameter")
    return VARIABLE.sub(lambda _: value, url)


def _cards(state: State, template: Template, part: Part, components: list) -> list[Part]:
    given = next((one.get("cards") for one in components if str(one.get("type", "")).lower() == "carousel"), None) or []
    defined = part.get("cards", [])
    if len(given) != len(defined):
        raise GraphError(132012, f"carousel: expected {len(defined)} cards, received {len(given)}")
    shown = []
    for definition, card in zip(defined, given, strict=True):
        inner = Template("", "", template.name, template.language, template.category, "", definition["components"])
        inner.parameter_format = template.parameter_format
        shown.append(fill(state, inner, card.get("components") or []))
    return shown


def _offer(parts: Parts, definition: Part) -> Part:
    """What the customer reads of the offer; `expires` in milliseconds, where it ends."""
    given = parts.parameters("limited_time_offer")
    shown = {"text": str(definition.get("text", ""))}
    if definition.get("has_expiration") is False:
        return shown
    offer = given[0].get("limited_time_offer") if given else None
    if not isinstance(offer, dict) or not str(offer.get("expiration_time_ms", "")).isdigit():
        raise GraphError(131008, "limited_time_offer: expiration_time_ms is mandatory.")
    return shown | {"expires": int(offer["expiration_time_ms"])}
