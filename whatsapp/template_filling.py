"""Templates, filled in: people's values checked, shown and put into Meta's send parameters. Pure.

`values` are texts by field (see template_parts.Variable). Filling is plain substitution in one pass: what stands in a
value is never read as a variable again.
"""

import re
from collections.abc import Container, Mapping
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from whatsapp.template_parts import (
    BODY_LIMIT,
    CARD_LIMIT,
    HEADER_LIMIT,
    HOLE,
    MEDIA_HEADERS,
    Button,
    TemplateShape,
    Variable,
    Words,
)

PAYLOAD_LIMIT = 128
CARD_PRESSED = re.compile(r"card(\d{1,2}): ")  # how the payload of a card's button begins
File = tuple[str, str]  # Meta's media id, file name


class ValuesInvalid(ValueError):
    """What was filled in does not fit; `fields` has one sentence per field."""

    def __init__(self, fields: Mapping[str, Words]) -> None:
        super().__init__(", ".join(fields))
        self.fields = dict(fields)


def check_values(
    shape: TemplateShape, values: Mapping[str, Any], *, files: Container[str] | None = None
) -> dict[str, str]:
    """The cleaned values by field, or ValuesInvalid with a sentence for every field that does not fit.

    A gap whose twin is filled in need not be named itself. `files` are the places that have their file.
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
        elif value and variable.is_moment:
            cleaned[field] = _in_utc(value)
        elif value:
            cleaned[field] = value
    if files is not None:
        problems |= {f"{place}.file": _file_words(place) for place in shape.file_places if place not in files}
    if not problems:
        for at, card in enumerate(shape.cards):
            if len(fill(card.body, "body", card_values(cleaned, at))) > CARD_LIMIT:
                words = _("Filled in, the text of card %(number)s has more than %(limit)s characters")
                problems[f"card{at}"] = words % {"number": at + 1, "limit": CARD_LIMIT}
        if len(fill(shape.body, "body", cleaned)) > BODY_LIMIT:
            problems["body"] = _("Filled in, the text has more than %(limit)s characters") % {"limit": BODY_LIMIT}
        if len(fill(shape.header_text, "header", cleaned)) > HEADER_LIMIT:
            problems["header"] = _("Filled in, the header has more than %(limit)s characters") % {"limit": HEADER_LIMIT}
    if problems:
        raise ValuesInvalid(problems)
    return cleaned


def _file_words(place: str) -> Words:
    if place == "header":
        return _("Choose a file for the header")
    return _("Choose a file for card %(number)s") % {"number": int(place.removeprefix("card")) + 1}


def card_values(values: Mapping[str, str], at: int) -> dict[str, str]:
    """The values of one card, under its own names of the fields."""
    start = f"card{at}."
    return {field.removeprefix(start): value for field, value in values.items() if field.startswith(start)}


def moment_of(value: str) -> datetime | None:
    """The day and time that this says; without a zone in the active one. None when it says none."""
    try:
        found = parse_datetime(value)
        return timezone.make_aware(found) if found is not None and timezone.is_naive(found) else found
    except (ValueError, OverflowError):
        return None


def _in_utc(value: str) -> str:
    moment = moment_of(value)
    return moment.astimezone(UTC).isoformat() if moment else ""


def problem_of(variable: Variable, value: str) -> Words:
    """Why this value does not fit this variable, or ""."""
    if not value:
        return "" if variable.is_optional else _("Needed before sending")
    if variable.is_moment:
        moment = moment_of(value)
        is_sound = moment is not None and 2000 < moment.year < 2200
        return "" if is_sound else _("Choose a day and a time")
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
    if variable.part == "button" and any(char.isspace() for char in value):
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
    """The filled template as the bubble shows it: header, body, footer, buttons; offer and cards where it has them."""
    header: dict[str, str] = {"kind": shape.header_kind, "text": fill(shape.header_text, "header", values)}
    if shape.header_kind == "location":
        header |= {name: values.get(f"header.{name}", "") for name in ("latitude", "longitude", "name", "address")}
    shown: dict[str, Any] = {
        "header": header if shape.header_kind else {},
        "body": fill(shape.body, "body", values),
        "footer": shape.footer,
        "buttons": [
            {
                "type": button.kind.upper(), "text": button.text, "phone": button.phone,
                "url": _filled_url(button.url, values.get(f"button.{button.index}")),
                **({"code": values.get(f"button.{button.index}", "")} if button.kind == "copy_code" else {}),
            }
            for button in shape.buttons
        ],
    }
    if shape.offer:
        shown["offer"] = {"text": shape.offer, "expires": values.get("offer.expires", "")}
    if shape.cards:
        shown["cards"] = [render(card, card_values(values, at)) for at, card in enumerate(shape.cards)]
    return shown


def build_components(
    shape: TemplateShape, values: Mapping[str, str], files: Mapping[str, File] | None = None
) -> list[dict[str, Any]]:
    """Meta's `template.components` for checked values, with the `files` of its places at Meta."""
    files = files or {}
    components = _of_one(shape, values, files.get("header", ("", "")))
    if shape.cards:
        components.append({"type": "carousel", "cards": [
            {
                "card_index": at,
                "components": _of_one(card, card_values(values, at), files.get(f"card{at}", ("", "")), at),
            }
            for at, card in enumerate(shape.cards)
        ]})  # fmt: skip
    return components


def _of_one(
    shape: TemplateShape, values: Mapping[str, str], file: File, card: int | None = None
) -> list[dict[str, Any]]:
    """The components of a template without its cards, or of a card."""
    components: list[dict[str, Any]] = []
    if header := _header_parameter(shape, values, *file):
        components.append({"type": "header", "parameters": [header]})
    if shape.offer_ends and (moment := moment_of(values["offer.expires"])) is not None:
        offer = {"expiration_time_ms": int(moment.timestamp() * 1000)}
        components.append({
            "type": "limited_time_offer", "parameters": [{"type": "limited_time_offer", "limited_time_offer": offer}]
        })  # fmt: skip
    body = [_text_parameter(variable, values) for variable in shape.variables if variable.component == "body"]
    if body:
        components.append({"type": "body", "parameters": body})
    for button in shape.buttons:
        if parameter := _button_parameter(button, values, card):
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
    if shape.header_kind in MEDIA_HEADERS:
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


def _button_parameter(button: Button, values: Mapping[str, str], card: int | None) -> dict[str, Any] | None:
    value = values.get(f"button.{button.index}", "")
    if button.kind == "url" and value:
        return {"type": "text", "text": value}
    if button.kind == "copy_code":
        return {"type": "coupon_code", "coupon_code": value}
    if button.kind == "quick_reply" and card is not None:  # the cards' buttons have the same words: which one was it?
        return {"type": "payload", "payload": f"card{card}: {button.text}"[:PAYLOAD_LIMIT]}
    if button.kind == "flow":
        return {"type": "action", "action": {"flow_token": "unused"}}
    return None


def _filled_url(url: str, value: str | None) -> str:
    return HOLE.sub(lambda hole: value or hole[0], url)
