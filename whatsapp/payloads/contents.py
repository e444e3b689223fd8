"""What a message holds, per type: kind, text, data and file. Pure; an odd one becomes "unsupported", never an error."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from itertools import islice
from typing import Any

from whatsapp.payloads.items import Media
from whatsapp.payloads.reading import (
    array,
    clean,
    errors,
    identifier,
    label,
    loads,
    mapping,
    number,
    sha256_hex,
    whole,
    word,
)

CAPTIONED = {"image", "video", "document"}
MANY = 50  # entries of a list inside one message that are kept: cards, form answers
ORDER_LINES = 500  # beyond all carts: lines that are cut off would make the sum a lie


@dataclass(frozen=True, slots=True)
class Content:
    kind: str
    text: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    media: Media | None = None


def content_of(message: dict[str, Any]) -> Content:
    """Read the object named by `type`, with what any type may carry: referral, product, error."""
    kind = word(message, "type", 60)
    reader = READERS.get(kind)
    content = reader(message) if reader else None
    if content is None:
        content = _unsupported(message)
    extras = _extras(message)
    if extras:
        content = Content(content.kind, content.text, {**content.data, **extras}, content.media)
    return content


def edited_content_of(message: dict[str, Any]) -> Content:
    """What an edit puts in place: words. The file stays, so its id may be missing."""
    kind = word(message, "type", 60)
    source = message.get(kind)
    if kind in CAPTIONED and isinstance(source, dict) and not identifier(source, "id", 64):
        return Content(kind, word(source, "caption"))
    return content_of(message)


def _extras(message: dict[str, Any]) -> dict[str, Any]:
    extras: dict[str, Any] = {}
    if referral := referral_of(message):
        extras["referral"] = referral
    product = mapping(mapping(message, "context"), "referred_product")
    if product:
        extras["referred_product"] = _filled(product, "catalog_id", "product_retailer_id")
    if found := errors(message):
        extras["error"] = {"code": found[0].code, "details": found[0].details or found[0].title}
    return extras


def referral_of(message: dict[str, Any]) -> dict[str, str]:
    """The ad or post this message began with; {} without one."""
    referral = mapping(message, "referral")
    found = _filled(
        referral, "source_type", "source_id", "source_url", "headline", "body", "media_type", "image_url", "video_url",
        "thumbnail_url", "ctwa_clid",
    )
    if welcome := word(mapping(referral, "welcome_message"), "text", 1000):
        found["welcome"] = welcome
    return found


def _filled(source: dict[str, Any], *keys: str, limit: int = 1000) -> dict[str, str]:
    found = {key: word(source, key, limit) for key in keys}
    return {key: value for key, value in found.items() if value}


def _text(message: dict[str, Any]) -> Content | None:
    body = mapping(message, "text").get("body")
    return Content("text", word(mapping(message, "text"), "body")) if isinstance(body, str) else None


def _media(kind: str) -> Callable[[dict[str, Any]], Content | None]:
    def read(message: dict[str, Any]) -> Content | None:
        source = mapping(message, kind)
        media_id = identifier(source, "id", 64)
        if not media_id:
            return None
        is_voice = kind == "voice" or (kind == "audio" and source.get("voice") is True)
        media = Media(
            media_id=media_id,
            kind="audio" if kind == "voice" else kind,
            mime_type=word(source, "mime_type", 120),
            sha256=sha256_hex(source, "sha256"),
            file_name=label(source, "filename", 240),
            is_voice=is_voice,
            is_animated=source.get("animated") is True,
        )
        data = {"file_name": media.file_name} if media.file_name else {}
        return Content("voice" if is_voice else kind, word(source, "caption"), data, media)

    return read


def _location(message: dict[str, Any]) -> Content | None:
    place = mapping(message, "location")
    latitude, longitude = number(place, "latitude"), number(place, "longitude")
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        return None
    data = {"latitude": latitude, "longitude": longitude, **_filled(place, "name", "address", "url")}
    return Content("location", "", data)


def _contacts(message: dict[str, Any]) -> Content | None:
    cards = [card for card in array(message, "contacts") if isinstance(card, dict)][:MANY]
    if not cards:
        return None
    data: dict[str, Any] = {"contacts": [_card(card) for card in cards]}
    if any(word(card, "origin") == "contact_request" for card in cards):
        data["number_shared"] = True
    return Content("contacts", "", data)


def _card(card: dict[str, Any]) -> dict[str, Any]:
    name, org = mapping(card, "name"), mapping(card, "org")
    both = f"{word(name, 'first_name', 100)} {word(name, 'last_name', 100)}".strip()
    found: dict[str, Any] = {"name": word(name, "formatted_name", 200) or both}
    lists = {
        "phones": [_filled(entry, "phone", "wa_id", "type", limit=60) for entry in _objects(card, "phones")],
        "emails": [_filled(entry, "email", "type", limit=254) for entry in _objects(card, "emails")],
        "urls": [_filled(entry, "url", "type") for entry in _objects(card, "urls")],
        "addresses": [_address(entry) for entry in _objects(card, "addresses")],
    }
    words = {
        "organization": word(org, "company", 200), "title": word(org, "title", 200),
        "birthday": word(card, "birthday", 20),
    }
    return {**found, **{key: value for key, value in {**words, **lists}.items() if value}}


def _objects(source: dict[str, Any], key: str, most: int = MANY) -> list[dict[str, Any]]:
    return [entry for entry in array(source, key) if isinstance(entry, dict)][:most]


def _address(entry: dict[str, Any]) -> dict[str, str]:
    city = f"{word(entry, 'zip', 20)} {word(entry, 'city', 100)}".strip()
    parts = [word(entry, "street", 200), city, word(entry, "state", 100), word(entry, "country", 100)]
    return {"text": ", ".join(part for part in parts if part), "type": word(entry, "type", 20)}


def _interactive(message: dict[str, Any]) -> Content | None:
    source = mapping(message, "interactive")
    kind = word(source, "type", 60)
    answer = mapping(source, kind)
    if kind == "button_reply" and answer:
        return Content("button_reply", word(answer, "title") or word(answer, "id", 1000), _filled(answer, "id"))
    if kind == "list_reply" and answer:
        chosen = word(answer, "title") or word(answer, "id", 1000)
        return Content("list_reply", chosen, _filled(answer, "id", "description"))
    if kind == "nfm_reply" and answer:
        return _flow(answer)
    return Content("unsupported", "", {"type": kind or "interactive"})


def _flow(answer: dict[str, Any]) -> Content:
    """A form's answers come as JSON inside a string; a broken one is kept as it is."""
    data: dict[str, Any] = _filled(answer, "name", limit=200)
    raw = word(answer, "response_json")
    try:
        fields = loads(raw)
        if not isinstance(fields, dict):
            raise ValueError("not an object")
        fields.pop("flow_token", None)
        data["fields"] = [[question[:200], _shown(value)] for question, value in islice(_answers(fields), MANY)]
    except (ValueError, RecursionError):
        data["raw"] = raw
    return Content("flow_reply", word(answer, "body"), data)


def _answers(fields: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Each answer with its question; those within a part of the form are named after it."""
    for name, value in fields.items():
        question = f"{above} · {clean(name)}" if above else clean(name)
        if isinstance(value, dict) and value:
            yield from _answers(value, question)
        else:
            yield question, value


def _shown(value: Any) -> str:
    """As people write it: several answers with commas, "" for none."""
    if value is None or value in ([], {}):
        return ""
    if isinstance(value, list) and not any(isinstance(each, list | dict) for each in value):
        return ", ".join(map(_shown, value))[:2000]
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return word({"value": value}, "value", 2000)
    return word({"value": json.dumps(value, ensure_ascii=False)}, "value", 2000)


def _button(message: dict[str, Any]) -> Content | None:
    source = mapping(message, "button")
    if not source:
        return None
    title, payload = word(source, "text"), word(source, "payload", 1000)
    return Content("button_reply", title or payload, {"id": payload or title, "template": True})


def _order(message: dict[str, Any]) -> Content | None:
    source = mapping(message, "order")
    items = [_line(item) for item in _objects(source, "product_items", ORDER_LINES)]
    if not items:
        return None
    data: dict[str, Any] = {**_filled(source, "catalog_id"), "items": items}
    currencies = {item.get("currency") for item in items}
    if len(currencies) == 1 and all("total" in item for item in items):
        data["total"] = str(sum((Decimal(item["total"]) for item in items), Decimal("0.00")))
        data["currency"] = items[0].get("currency", "")
    return Content("order", word(source, "text"), data)


def _line(item: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"id": word(item, "product_retailer_id", 200), "currency": word(item, "currency", 3)}
    quantity, price = whole(item, "quantity"), _price(item)
    if quantity is not None and not 0 <= quantity < 10**6:
        quantity = None
    if quantity is not None:
        found["quantity"] = quantity
    if price is not None:
        found["price"] = str(price)
        if quantity is not None:
            found["total"] = str(price * quantity)
    return found


def _price(item: dict[str, Any]) -> Decimal | None:
    """Meta writes prices as int, float or text; money is never a float here."""
    try:
        price = Decimal(word(item, "item_price", 20).strip() or "x")
        if not price.is_finite() or abs(price) >= 10**9:
            return None
        cents = price.quantize(Decimal("0.01"))
        return cents if cents == price else price  # some currencies have thousandths
    except InvalidOperation:
        return None


def _welcome(message: dict[str, Any]) -> Content:
    return Content("welcome")


def _unsupported(message: dict[str, Any]) -> Content:
    kind = word(message, "type", 60)
    inner = word(mapping(message, "unsupported"), "type", 60)
    data: dict[str, Any] = {"type": inner or ("" if kind in {"unsupported", "unknown"} else kind)}
    if found := errors(message):
        data |= {"code": found[0].code, "details": found[0].details or found[0].title}
    return Content("unsupported", "", data)


READERS: dict[str, Callable[[dict[str, Any]], Content | None]] = {
    "text": _text,
    **{kind: _media(kind) for kind in ("image", "video", "audio", "voice", "document", "sticker")},
    "location": _location,
    "contacts": _contacts,
    "interactive": _interactive,
    "button": _button,
    "order": _order,
    "request_welcome": _welcome,
}
