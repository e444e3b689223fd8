"""A template's content as Meta's `components` (whatsapp-cloud-api.md §13.2), and Meta's components as content. Pure."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from whatsapp.authoring.content import (
    BUTTON_KINDS,
    CAROUSEL,
    CODE,
    HEADERS,
    OFFER,
    STANDARD,
    ButtonDraft,
    Card,
    Content,
    variables,
)
from whatsapp.template_parts import CARD_HEADERS, HOLE, examples_of

Component = dict[str, Any]
_KNOWN = {"HEADER", "BODY", "FOOTER", "BUTTONS", "CAROUSEL", "LIMITED_TIME_OFFER"}


def components_of(content: Content, handles: Mapping[str, str]) -> list[Component]:
    """What is submitted; `handles` are Meta's handles of the sample files by place."""
    if content.layout == CODE:
        return _code(content)
    named = content.is_named
    parts = [_header(content, handles, named)]
    if content.layout == OFFER:
        offer = {"text": content.offer_text.strip(), "has_expiration": content.offer_expires}
        parts.append({"type": "LIMITED_TIME_OFFER", "limited_time_offer": offer})
    samples = {name: content.examples.get(f"body.{name}", "") for name in variables(content.body)}
    parts.append(_text("BODY", content.body, samples, named))
    if content.has_footer:
        parts.append({"type": "FOOTER", "text": content.footer.strip()})
    if content.shown_buttons:
        parts.append({"type": "BUTTONS", "buttons": [_button(each) for each in content.shown_buttons]})
    if content.layout == CAROUSEL:
        cards = [_card(card, handles.get(f"card{at}", ""), named) for at, card in enumerate(content.cards)]
        parts.append({"type": "CAROUSEL", "cards": cards})
    return [part for part in parts if part]


def _header(content: Content, handles: Mapping[str, str], named: bool) -> Component:
    if content.has_header_text:
        names = variables(content.header_text)
        samples = {name: content.examples.get(f"header.{name}", "") for name in names}
        return {"format": "TEXT"} | _text("HEADER", content.header_text, samples, named)
    if "header" in content.file_places:
        return _file(content.header, handles.get("header", ""))
    is_place = content.layout == STANDARD and content.header == "location"
    return {"type": "HEADER", "format": "LOCATION"} if is_place else {}


def _file(kind: str, handle: str) -> Component:
    return {"type": "HEADER", "format": kind.upper(), "example": {"header_handle": [handle]}}


def _text(kind: str, text: str, samples: Mapping[str, str], named: bool) -> Component:
    part: Component = {"type": kind, "text": text.strip()}
    if not samples:
        return part
    word = f"{kind.lower()}_text"
    if named:
        params = [{"param_name": name, "example": value.strip()} for name, value in samples.items()]
        return part | {"example": {f"{word}_named_params": params}}
    values = [samples[name].strip() for name in sorted(samples, key=int)]
    return part | {"example": {word: [values] if kind == "BODY" else values}}


def _button(button: ButtonDraft) -> Component:
    if button.kind == "copy_code":
        return {"type": "COPY_CODE", "example": button.example.strip()}
    made: Component = {"type": button.kind.upper(), "text": button.text.strip()}
    if button.kind == "phone_number":
        made["phone_number"] = button.phone.strip()
    elif button.kind == "url":
        made["url"] = button.url.strip()
        if button.is_dynamic:
            made["example"] = [HOLE.sub(lambda _hole: button.example.strip(), button.url.strip(), count=1)]
    return made


def _card(card: Card, handle: str, named: bool) -> Component:
    parts = [_file(card.header, handle)]
    if card.body.strip():
        samples = {name: card.examples.get(name, "") for name in variables(card.body)}
        parts.append(_text("BODY", card.body, samples, named))
    if card.buttons:
        parts.append({"type": "BUTTONS", "buttons": [_button(each) for each in card.buttons]})
    return {"components": parts}


def _code(content: Content) -> list[Component]:
    button = {"type": "OTP", "otp_type": "COPY_CODE"}
    if content.code_button.strip():
        button["text"] = content.code_button.strip()
    minutes = content.code_minutes.strip()
    footer: list[Component] = []
    if minutes.isascii() and minutes.isdigit() and len(minutes) < 5:
        footer.append({"type": "FOOTER", "code_expiration_minutes": int(minutes)})
    body: Component = {"type": "BODY", "add_security_recommendation": content.code_warns}
    return [body, *footer, {"type": "BUTTONS", "buttons": [button]}]


# --- and back --------------------------------------------------------------------------------------------------------
def content_of(components: Any, category: str = "") -> Content:
    """Meta's components as something to edit; parts that the editor has no fields for are left out."""
    parts = _by_type(components)
    header, body, footer = (parts.get(kind, {}) for kind in ("HEADER", "BODY", "FOOTER"))
    if category == "AUTHENTICATION":
        return _code_content(body, footer, _list(parts.get("BUTTONS", {}), "buttons"))
    kind = str(header.get("format") or "").lower()
    examples = {f"body.{name}": value for name, value in examples_of("body", body).items()}
    examples |= {f"header.{name}": value for name, value in examples_of("header", header).items() if kind == "text"}
    offer = parts.get("LIMITED_TIME_OFFER", {}).get("limited_time_offer")
    offer = offer if isinstance(offer, dict) else {}
    return Content(
        layout=CAROUSEL if "CAROUSEL" in parts else OFFER if "LIMITED_TIME_OFFER" in parts else STANDARD,
        header=kind if kind in HEADERS else "", header_text=_str(header, "text") if kind == "text" else "",
        body=_str(body, "text"), footer=_str(footer, "text"), examples=examples,
        buttons=_buttons(parts.get("BUTTONS", {})), offer_text=_str(offer, "text"),
        offer_expires=offer.get("has_expiration") is not False,
        cards=tuple(_card_content(each) for each in _list(parts.get("CAROUSEL", {}), "cards")),
    )  # fmt: skip


def why_not_editable(components: Any, category: str) -> Promise | str:
    """The reason when Meta's template has parts that the editor would lose; else ""."""
    parts = _by_type(components)
    everything = [parts, *(_by_type(each.get("components")) for each in _list(parts.get("CAROUSEL", {}), "cards"))]
    for each in everything:
        kind = str(each.get("HEADER", {}).get("format") or "").lower()
        if set(each) - _KNOWN or kind not in HEADERS:
            return _("It has parts that can only be edited at Meta.")
        for button in _list(each.get("BUTTONS", {}), "buttons"):
            is_code = category == "AUTHENTICATION" and button.get("otp_type", "COPY_CODE") == "COPY_CODE"
            if str(button.get("type") or "").lower() not in BUTTON_KINDS and not is_code:
                return _("It has buttons that can only be edited at Meta.")
    return ""


def _code_content(body: Component, footer: Component, buttons: list[Component]) -> Content:
    minutes = footer.get("code_expiration_minutes")
    return Content(
        layout=CODE, code_warns=body.get("add_security_recommendation") is not False,
        code_minutes=str(minutes) if isinstance(minutes, int) else "",
        code_button=_str(buttons[0], "text") if buttons else "",
    )  # fmt: skip


def _buttons(part: Component) -> tuple[ButtonDraft, ...]:
    return tuple(_button_content(each) for each in _list(part, "buttons"))


def _button_content(item: Component) -> ButtonDraft:
    kind, url = str(item.get("type") or "").lower(), _str(item, "url")
    sample = item.get("example")
    example = str((sample[0] if sample else "") if isinstance(sample, list) else sample or "")
    hole = HOLE.search(url)
    if kind == "url" and hole:
        example = example.removeprefix(url[: hole.start()]).removesuffix(url[hole.end() :])
    return ButtonDraft(
        kind if kind in BUTTON_KINDS else "quick_reply", "" if kind == "copy_code" else _str(item, "text"), url,
        _str(item, "phone_number"), example if hole or kind == "copy_code" else "",
    )  # fmt: skip


def _card_content(card: Component) -> Card:
    parts = _by_type(card.get("components"))
    kind = str(parts.get("HEADER", {}).get("format") or "").lower()
    body = parts.get("BODY", {})
    header = kind if kind in CARD_HEADERS else "image"
    return Card(header, _str(body, "text"), examples_of("body", body), _buttons(parts.get("BUTTONS", {})))


def _by_type(components: Any) -> dict[str, Component]:
    listed = components if isinstance(components, list) else []
    return {str(each.get("type") or "").upper(): each for each in listed if isinstance(each, dict)}


def _list(part: Component, name: str) -> list[Component]:
    value = part.get(name)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _str(part: Component, name: str) -> str:
    value = part.get(name)
    return value if isinstance(value, str) else ""
