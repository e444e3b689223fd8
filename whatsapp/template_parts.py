"""Templates, read: Meta's `components` as a shape that can be filled in (whatsapp.template_filling does that). Pure.

`TemplateShape.of(template)` says what there is to fill in; each Variable has a `field`, which is its name in forms and
in the `values` of every function:
    header.<name>, body.<name>     text, by position ("body.1") or by name ("body.vorname")
    header.latitude, header.longitude, header.name, header.address     a location header
    button.<index>                 the end of a web address, or a coupon code
    offer.expires                  until when a limited-time offer holds: a moment in ISO's manner
    card<n>.body.<name>, card<n>.button.<index>     the same of a carousel's card, counted from 0
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from whatsapp.models import MessageTemplate
from whatsapp.template_titles import title_of

# What stands right before a gap that is the customer's first name.
GREETING = re.compile(r"\b(hallo|hi|hey|hello|dear|liebe[rs]?|moin|servus|guten tag)\b[ ,]*$", re.IGNORECASE)
HOLE = re.compile(r"\{\{\s*([A-Za-z0-9_]{1,64})\s*\}\}")
MEDIA_HEADERS = ("image", "video", "document")
CARD_HEADERS = ("image", "video")
BODY_LIMIT, CARD_LIMIT, HEADER_LIMIT, URL_LIMIT, COUPON_LIMIT = 1024, 160, 60, 2000, 20
# Meta's own words for buttons; what needs no parameter and no knowledge of ours can always be sent.
_PLAIN_BUTTONS = {"QUICK_REPLY", "PHONE_NUMBER", "URL", "COPY_CODE", "REQUEST_CONTACT_INFO", "VOICE_CALL", "FLOW"}

Words = str | Promise


@dataclass(frozen=True, slots=True)
class Variable:
    """One gap of a template. `name` is Meta's word for it, `label` ours, `example` what the review was shown."""

    field: str
    component: str  # header, body, button, offer, card0, card1, …
    name: str
    label: Words
    example: str = ""
    limit: int = BODY_LIMIT
    is_optional: bool = False
    is_named: bool = False
    is_greeted: bool = False  # "Hallo {{1}}": the first name

    @property
    def part(self) -> str:
        """What it is a gap of, in a card too: header, body, button or offer."""
        return self.field.rpartition(".")[0].rpartition(".")[2]

    @property
    def full_label(self) -> str:
        """With the card it is in, where no heading says so."""
        if not self.component.startswith("card"):
            return str(self.label)
        number = int(self.component.removeprefix("card")) + 1
        return f"{gettext('Card %(number)s') % {'number': number}} · {self.label}"

    @property
    def is_moment(self) -> bool:
        """Not a text but a day and a time."""
        return self.part == "offer"


@dataclass(frozen=True, slots=True)
class Button:
    index: int
    kind: str  # Meta's word in lower case: quick_reply, url, phone_number, copy_code, flow, …
    text: str
    url: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class TemplateShape:
    """A template as something to fill in. `cannot_fill` is the reason when it has parts an inbox has no values for.

    Cards are templates within it, with fields of their own ("body.1"); `variables` has those of all of them as well,
    under the names they have for the whole ("card0.body.1").
    """

    header_kind: str  # "", text, image, video, document, location
    header_text: str
    body: str
    footer: str
    variables: tuple[Variable, ...]
    buttons: tuple[Button, ...]
    cannot_fill: Words = ""
    offer: str = ""  # the headline of a limited-time offer
    offer_ends: bool = False
    cards: tuple["TemplateShape", ...] = ()

    @property
    def file_places(self) -> dict[str, str]:
        """Where every send needs a file, and of which kind: {"header": "image"} or {"card0": "video", …}."""
        cards = {f"card{at}": card.header_kind for at, card in enumerate(self.cards)}
        return {"header": self.header_kind} | cards if self.header_kind in MEDIA_HEADERS else cards

    @property
    def needs_file(self) -> bool:
        return bool(self.file_places)

    @property
    def twins(self) -> dict[str, str]:
        """Named gaps of the body that the header has as well, with that one's field: people fill both in at once."""
        fields = {variable.field for variable in self.variables if variable.is_named}
        pairs = ((field, f"header.{field.removeprefix('body.')}") for field in fields if field.startswith("body."))
        return {twin: field for twin, field in pairs if field in fields}

    @classmethod
    def of(cls, template: MessageTemplate) -> "TemplateShape":
        """Read Meta's components; anything odd ends in `cannot_fill`, never in an exception."""
        return cls._of(_parts(template.components), template.category)

    @classmethod
    def _of(cls, parts: Mapping[str, dict[str, Any]], category: str, *, is_card: bool = False) -> "TemplateShape":
        header, body, footer = parts.get("HEADER", {}), parts.get("BODY", {}), parts.get("FOOTER", {})
        kind = str(header.get("format") or "").lower()
        variables: list[Variable] = []
        header_text = _text(header) if kind == "text" else ""
        variables += _text_variables("header", header_text, header, HEADER_LIMIT)
        if kind == "location":
            variables += _LOCATION
        variables += _text_variables("body", _text(body), body, CARD_LIMIT if is_card else BODY_LIMIT)
        offer = parts.get("LIMITED_TIME_OFFER", {}).get("limited_time_offer")
        offer = offer if isinstance(offer, dict) else {}
        offer_ends = bool(offer) and offer.get("has_expiration") is not False
        variables += [_EXPIRES] if offer_ends else []
        buttons, button_variables = _buttons(parts.get("BUTTONS", {}))
        listed = parts.get("CAROUSEL", {}).get("cards")
        cards = tuple(
            cls._of(_parts(card.get("components")), category, is_card=True)
            for card in (listed if isinstance(listed, list) else []) if isinstance(card, dict)
        )  # fmt: skip
        return cls(
            header_kind=kind, header_text=header_text, body=_text(body), footer=_text(footer),
            variables=(*variables, *button_variables, *_of_cards(cards)), buttons=buttons,
            cannot_fill=_why_not_card(kind, buttons) if is_card else _why_not(category, parts, kind, buttons, cards),
            offer=_text(offer), offer_ends=offer_ends, cards=cards,
        )  # fmt: skip


_LOCATION = [
    Variable("header.latitude", "header", "latitude", _("Latitude"), "52.4634", 20),
    Variable("header.longitude", "header", "longitude", _("Longitude"), "13.3846", 20),
    Variable("header.name", "header", "name", _("Place"), "", 100, is_optional=True),
    Variable("header.address", "header", "address", _("Address"), "", 200, is_optional=True),
]
_EXPIRES = Variable("offer.expires", "offer", "expires", _("Offer ends"), limit=40)


def _of_cards(cards: Iterable[TemplateShape]) -> list[Variable]:
    return [
        replace(variable, field=f"card{at}.{variable.field}", component=f"card{at}")
        for at, card in enumerate(cards) for variable in card.variables
    ]  # fmt: skip


def _parts(components: Any) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for component in components if isinstance(components, list) else []:
        if isinstance(component, dict):
            found.setdefault(str(component.get("type") or "").upper(), component)
    return found


def _text(component: Mapping[str, Any]) -> str:
    value = component.get("text")
    return value if isinstance(value, str) else ""


def _text_variables(component: str, text: str, source: Mapping[str, Any], limit: int) -> list[Variable]:
    examples = examples_of(component, source)
    found: dict[str, Variable] = {}
    for hole in HOLE.finditer(text):
        name = hole[1]
        is_named = not name.isdigit()
        is_greeted = not is_named and GREETING.search(text[: hole.start()]) is not None
        found.setdefault(
            name,
            Variable(
                f"{component}.{name}", component, name, _label(name, is_named, is_greeted), examples.get(name, ""),
                limit, is_named=is_named, is_greeted=is_greeted,
            ),
        )
    return sorted(found.values(), key=lambda variable: int(variable.name) if variable.name.isdigit() else 0)


def _label(name: str, is_named: bool, is_greeted: bool) -> Words:
    if is_named:
        return title_of(name)
    return _("First name") if is_greeted else _("Variable %(number)s") % {"number": name}


def examples_of(component: str, source: Mapping[str, Any]) -> dict[str, str]:
    """The samples of a header's or body's gaps by their names."""
    example = source.get("example")
    if not isinstance(example, dict):
        return {}
    named = example.get(f"{component}_text_named_params")
    if isinstance(named, list):
        return {
            str(item.get("param_name")): str(item.get("example") or "") for item in named if isinstance(item, dict)
        }
    values = example.get(f"{component}_text")
    if component == "body" and isinstance(values, list) and values and isinstance(values[0], list):
        values = values[0]
    return {str(at): str(value) for at, value in enumerate(values, 1)} if isinstance(values, list) else {}


def _buttons(component: Mapping[str, Any]) -> tuple[tuple[Button, ...], list[Variable]]:
    buttons, variables = [], []
    listed = component.get("buttons")
    for index, item in enumerate(listed if isinstance(listed, list) else []):
        if not isinstance(item, dict):
            continue
        kind, text, url = str(item.get("type") or "").lower(), _text(item), str(item.get("url") or "")
        buttons.append(Button(index, kind, text, url, str(item.get("phone_number") or "")))
        sample = item.get("example")
        example = str(sample[0] if isinstance(sample, list) and sample else sample or "")
        if kind == "url" and (hole := HOLE.search(url)):
            start = url[: hole.start()]
            limit = max(1, URL_LIMIT - len(start))
            label = _("End of the link “%(button)s”") % {"button": text}
            variables.append(
                Variable(f"button.{index}", "button", str(index), label, example.removeprefix(start), limit)
            )
        elif kind == "copy_code":
            variables.append(
                Variable(f"button.{index}", "button", str(index), _("Coupon code"), example, COUPON_LIMIT)
            )
    return tuple(buttons), variables


def _why_not(
    category: str, parts: Mapping[str, Any], header_kind: str, buttons: Iterable[Button],
    cards: tuple[TemplateShape, ...],
) -> Words:
    if category == "AUTHENTICATION":
        return _("One-time codes are sent by software, not by hand")
    if header_kind not in ("", "text", "location", *MEDIA_HEADERS):
        return _("Its header cannot be filled in here")
    has_strange_offer = "LIMITED_TIME_OFFER" in parts and not parts["LIMITED_TIME_OFFER"].get("limited_time_offer")
    if has_strange_offer or ("CAROUSEL" in parts and not cards) or _has_strange(buttons):
        return _NOT_HERE
    if reason := next((card.cannot_fill for card in cards if card.cannot_fill), ""):
        return reason
    return _("It has no text") if not _text(parts.get("BODY", {})) else ""


def _why_not_card(header_kind: str, buttons: Iterable[Button]) -> Words:
    return _NOT_HERE if header_kind not in CARD_HEADERS or _has_strange(buttons) else ""


def _has_strange(buttons: Iterable[Button]) -> bool:
    return any(button.kind.upper() not in _PLAIN_BUTTONS for button in buttons)


_NOT_HERE = _("It has parts that cannot be filled in here")


def title_of_template(template: MessageTemplate) -> str:
    return title_of(template.name, template.language, TemplateShape.of(template).body)
