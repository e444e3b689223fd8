"""Templates, filled in: people's values checked, shown and put into Meta's send parameters. Pure.

`values` are texts by field (see template_parts.Variable). Filling is plain substitution in one pass: what stands in a
value is never read as a variable again.
"""

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from whatsapp.template_parts import BODY_LIMIT, HEADER_LIMIT, HOLE, Button, TemplateShape, Variable, Words


class ValuesInvalid(ValueError):
    """What was filled in does not fit; `fields` has one sentence per field."""

    def __init__(self, fields: Mapping[str, Words]) -> None:
        super().__init__(", ".join(fields))
        self.fields = dict(fields)


def check_values(shape: TemplateShape, values: Mapping[str, Any], *, has_file: bool = True) -> dict[str, str]:
    """The cleaned values by field, or ValuesInvalid with a sentence for every field that does not fit.

    A gap whose twin is filled in need not be named itself.
    """
    values = {twin: values.get(field) for twin, field in shape.twins.items()} | dict(values)
    known = {variable.field: variable for variable in shape.variables}
    problems: dict[str, Words] = {
        str(field)[:80]: _("This template has no such field") for field in values if field not in known
    }
    cleaned: dict[str, str] = {}
    for field, variable in known.items():
        raw = values.get(field)
        value = raw.strip() if isinstance(raw, str) else ""
        if problem := problem_of(variable, value):
            problems[field] = problem
        elif value:
            cleaned[field] = value
    if shape.needs_file and not has_file:
        problems["header.file"] = _("Choose a file for the header")
    if not problems:
        if len(fill(shape.body, "body", cleaned)) > BODY_LIMIT:
            problems["body"] = _("Filled in, the text has more than %(limit)s characters") % {"limit": BODY_LIMIT}
        if len(fill(shape.header_text, "header", cleaned)) > HEADER_LIMIT:
            problems["header"] = _("Filled in, the header has more than %(limit)s characters") % {"limit": HEADER_LIMIT}
    if problems:
        raise ValuesInvalid(problems)
    return cleaned


def problem_of(variable: Variable, value: str) -> Words:
    """Why this value does not fit this variable, or ""."""
    if not value:
        return "" if variable.is_optional else _("Needed before sending")
    if len(value) > variable.limit:
        return _("At most %(limit)s characters") % {"limit": variable.limit}
    if any(char in "\n\r\t\v\f\x85\u2028\u2029" for char in value):
        return _("WhatsApp allows no line breaks or tabs here")
    if "    " in value:
        return _("WhatsApp allows at most three spaces in a row here")
    if any(ord(char) < 32 or 0xD800 <= ord(char) <= 0xDFFF for char in value):
        return _("This contains characters that cannot be sent")
    if variable.field in ("header.latitude", "header.longitude"):
        return _coordinate_problem(variable.name, value)
    if variable.component == "button" and any(char.isspace() for char in value):
        return _("No spaces here")
    return ""


def _coordinate_problem(name: str, value: str) -> Words:
    limit = 90 if name == "latitude" else 180
    if re.fullmatch(r"[+-]?[0-9]{1,3}([.][0-9]{1,12})?", value) and abs(float(value)) <= limit:
        return ""
    return _("A number between -%(limit)s and %(limit)s") % {"limit": limit}


def fill(text: str, component: str, values: Mapping[str, str]) -> str:
    """`text` with its gaps filled; a gap without a value stays as it is."""
    return HOLE.sub(lambda hole: values.get(f"{component}.{hole[1]}") or hole[0], text)


def segments(text: str, component: str, values: Mapping[str, str]) -> list[tuple[str, str, bool]]:
    """`text` for a preview as (piece, field or "", filled): plain pieces, filled gaps, and gaps still empty."""
    pieces, end = [], 0
    for hole in HOLE.finditer(text):
        if hole.start() > end:
            pieces.append((text[end : hole.start()], "", True))
        field = f"{component}.{hole[1]}"
        value = values.get(field) or ""
        pieces.append((value or hole[0], field, bool(value)))
        end = hole.end()
    if end < len(text):
        pieces.append((text[end:], "", True))
    return pieces


def render(shape: TemplateShape, values: Mapping[str, str]) -> dict[str, Any]:
    """The filled template as the bubble shows it: header, body, footer, buttons."""
    header: dict[str, str] = {"kind": shape.header_kind, "text": fill(shape.header_text, "header", values)}
    if shape.header_kind == "location":
        header |= {name: values.get(f"header.{name}", "") for name in ("latitude", "longitude", "name", "address")}
    return {
        "header": header if shape.header_kind else {},
        "body": fill(shape.body, "body", values),
        "footer": shape.footer,
        "buttons": [
            {
                "type": button.kind.upper(), "text": button.text, "phone": button.phone,
                "url": _filled_url(button.url, values.get(f"button.{button.index}")),
            }
            for button in shape.buttons
        ],
    }


def build_components(
    shape: TemplateShape, values: Mapping[str, str], *, media_id: str = "", file_name: str = ""
) -> list[dict[str, Any]]:
    """Meta's `template.components` for checked values; `media_id` is the header's file where there is one."""
    components = []
    if header := _header_parameter(shape, values, media_id, file_name):
        components.append({"type": "header", "parameters": [header]})
    body = [_text_parameter(variable, values) for variable in shape.variables if variable.component == "body"]
    if body:
        components.append({"type": "body", "parameters": body})
    for button in shape.buttons:
        if parameter := _button_parameter(button, values):
            components.append({
                "type": "button", "sub_type": button.kind, "index": str(button.index), "parameters": [parameter]
            })  # fmt: skip
    return components


def _text_parameter(variable: Variable, values: Mapping[str, str]) -> dict[str, str]:
    name = {"parameter_name": variable.name} if variable.is_named else {}
    return {"type": "text", **name, "text": values[variable.field]}


def _header_parameter(
    shape: TemplateShape, values: Mapping[str, str], media_id: str, file_name: str
) -> dict[str, Any] | None:
    if shape.needs_file:
        media = {"id": media_id}
        if shape.header_kind == "document" and file_name:
            media["filename"] = file_name
        return {"type": shape.header_kind, shape.header_kind: media}
    if shape.header_kind == "location":
        names = ("latitude", "longitude", "name", "address")
        place = {name: values[f"header.{name}"] for name in names if values.get(f"header.{name}")}
        return {"type": "location", "location": place}
    texts = [variable for variable in shape.variables if variable.component == "header"]
    return _text_parameter(texts[0], values) if texts else None


def _button_parameter(button: Button, values: Mapping[str, str]) -> dict[str, Any] | None:
    value = values.get(f"button.{button.index}", "")
    if button.kind == "url" and value:
        return {"type": "text", "text": value}
    if button.kind == "copy_code":
        return {"type": "coupon_code", "coupon_code": value}
    if button.kind == "flow":
        return {"type": "action", "action": {"flow_token": "unused"}}
    return None


def _filled_url(url: str, value: str | None) -> str:
    return HOLE.sub(lambda hole: value or hole[0], url)
