"""What is typed into the editor for one language of a template. Plain values: nothing here is refused, only kept."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from whatsapp.template_parts import CARD_HEADERS, HOLE, MEDIA_HEADERS

STANDARD, CAROUSEL, OFFER, CODE = "standard", "carousel", "offer", "code"
LAYOUTS = (STANDARD, CAROUSEL, OFFER, CODE)
HEADERS = ("", "text", *MEDIA_HEADERS, "location")
BUTTON_KINDS = ("quick_reply", "url", "phone_number", "copy_code")
MOST_BUTTONS, MOST_CARDS, MOST_CARD_BUTTONS = 10, 10, 2
# What is kept of a text that is too long: enough to shorten it.
KEPT = 8_000


def variables(text: str) -> list[str]:
    """The names or numbers of the gaps in a text, each once, in their order."""
    return list(dict.fromkeys(HOLE.findall(text)))


@dataclass(frozen=True, slots=True)
class ButtonDraft:
    """`example` is the sample of what varies: the end of the address, or the coupon code."""

    kind: str = "quick_reply"
    text: str = ""
    url: str = ""
    phone: str = ""
    example: str = ""

    @property
    def is_dynamic(self) -> bool:
        return self.kind == "url" and HOLE.search(self.url) is not None

    @classmethod
    def of(cls, data: Any) -> "ButtonDraft":
        kind = _word(data, "kind")
        return cls(
            kind if kind in BUTTON_KINDS else "quick_reply",
            **{name: _word(data, name) for name in ("text", "url", "phone", "example")},
        )


@dataclass(frozen=True, slots=True)
class Card:
    """One card of a carousel."""

    header: str = "image"
    body: str = ""
    examples: dict[str, str] = field(default_factory=dict)
    buttons: tuple[ButtonDraft, ...] = ()

    @classmethod
    def of(cls, data: Any) -> "Card":
        header = _word(data, "header")
        return cls(
            header if header in CARD_HEADERS else "image", _word(data, "body"), _texts(data, "examples"),
            tuple(ButtonDraft.of(each) for each in _listed(data, "buttons")[:MOST_CARD_BUTTONS]),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Content:
    """`examples` are the samples for the review by field: "body.1", "header.vorname"."""

    layout: str = STANDARD
    header: str = ""
    header_text: str = ""
    body: str = ""
    footer: str = ""
    examples: dict[str, str] = field(default_factory=dict)
    buttons: tuple[ButtonDraft, ...] = ()
    cards: tuple[Card, ...] = ()
    offer_text: str = ""
    offer_expires: bool = True
    code_warns: bool = True
    code_minutes: str = "10"
    code_button: str = ""

    @classmethod
    def of(cls, data: Any) -> "Content":
        """From what is stored, or from anything else: what is odd is left out."""
        layout, header = _word(data, "layout"), _word(data, "header")
        texts = ("header_text", "body", "footer", "offer_text", "code_minutes", "code_button")
        return cls(
            layout=layout if layout in LAYOUTS else STANDARD, header=header if header in HEADERS else "",
            examples=_texts(data, "examples"),
            buttons=tuple(ButtonDraft.of(each) for each in _listed(data, "buttons")[:MOST_BUTTONS]),
            cards=tuple(Card.of(each) for each in _listed(data, "cards")[:MOST_CARDS]),
            offer_expires=_flag(data, "offer_expires"), code_warns=_flag(data, "code_warns"),
            **{name: _word(data, name) for name in texts},
        )  # fmt: skip

    def as_data(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def gaps(self) -> list[tuple[str, str]]:
        """(field, name) of every gap in header and body that needs a sample, in their order."""
        parts = [("header", self.header_text)] if self.has_header_text else []
        parts += [("body", self.body)] if self.layout != CODE else []
        return [(f"{part}.{name}", name) for part, text in parts for name in variables(text)]

    @property
    def has_header_text(self) -> bool:
        return self.layout == STANDARD and self.header == "text"

    @property
    def has_footer(self) -> bool:
        return self.layout == STANDARD and bool(self.footer.strip())

    @property
    def file_places(self) -> dict[str, str]:
        """Where a sample file belongs, and of which kind: {"header": "image"} or {"card0": "video", …}."""
        if self.layout == CAROUSEL:
            return {f"card{at}": card.header for at, card in enumerate(self.cards)}
        is_shown = self.layout == STANDARD or (self.layout == OFFER and self.header in CARD_HEADERS)
        return {"header": self.header} if is_shown and self.header in MEDIA_HEADERS else {}

    @property
    def is_named(self) -> bool:
        """Are the gaps of this template named? Meta wants one manner for all of them."""
        return any(not name.isdigit() for text in self.texts for name in variables(text))

    @property
    def texts(self) -> Iterator[str]:
        """Every text with gaps."""
        if self.has_header_text:
            yield self.header_text
        if self.layout != CODE:
            yield self.body
        if self.layout == CAROUSEL:
            yield from (card.body for card in self.cards)

    @property
    def shown_buttons(self) -> tuple[ButtonDraft, ...]:
        return self.buttons if self.layout in (STANDARD, OFFER) else ()


def _word(data: Any, name: str) -> str:
    value = data.get(name) if isinstance(data, Mapping) else None
    return value[:KEPT] if isinstance(value, str) else ""


def _texts(data: Any, name: str) -> dict[str, str]:
    value = data.get(name) if isinstance(data, Mapping) else None
    items = value.items() if isinstance(value, Mapping) else ()
    return {str(key)[:80]: text[:KEPT] for key, text in items if isinstance(text, str)}


def _listed(data: Any, name: str) -> list[Any]:
    value = data.get(name) if isinstance(data, Mapping) else None
    return list(value) if isinstance(value, list | tuple) else []


def _flag(data: Any, name: str) -> bool:
    value = data.get(name) if isinstance(data, Mapping) else None
    return value if isinstance(value, bool) else True
