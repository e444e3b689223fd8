"""What the structured kinds of a message hold: places, cards, orders, forms, templates, system lines.

Everything in `data` comes from outside, and every key may be missing or of another type: this module only picks.
"""

import re
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from django.utils.dateparse import parse_datetime
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inbox import formatting
from inbox.bubbles.cards import Card, Offer, buttons_of, cards_of, offer_of
from inbox.enums import Direction, MessageKind
from inbox.models import Message
from whatsapp.phone_format import pretty
from whatsapp.template_filling import CARD_PRESSED
from whatsapp.template_titles import title_of

FOLD_CHARACTERS, FOLD_LINES = 1200, 18
# What Meta calls the kinds that it does not hand over.
KEPT_BACK = {
    "poll_creation": gettext_lazy("a poll"), "poll_update": gettext_lazy("a vote in a poll"),
    "pin": gettext_lazy("a pinned message"), "keep_in_chat": gettext_lazy("a kept message"),
    "edit": gettext_lazy("an edited message"), "group_invite": gettext_lazy("an invitation to a group"),
    "gif": gettext_lazy("a GIF"), "product": gettext_lazy("a product"), "order": gettext_lazy("an order"),
    "image": gettext_lazy("an image"), "video": gettext_lazy("a video"), "audio": gettext_lazy("an audio file"),
    "document": gettext_lazy("a document"), "sticker": gettext_lazy("a sticker"), "text": gettext_lazy("a text"),
    "media_placeholder": gettext_lazy("a file"), "location": gettext_lazy("a location"),
    "contacts": gettext_lazy("a contact card"), "reaction": gettext_lazy("a reaction"),
    "link_preview": gettext_lazy("a preview of a link"), "list": gettext_lazy("a message with a list"),
    "interactive": gettext_lazy("a message with buttons"), "button": gettext_lazy("a chosen button"),
    "hsm": gettext_lazy("a template"), "call_permission_reply": gettext_lazy("an answer about calls"),
    "errors": "", "unsupported": "",
}  # fmt: skip
SEE_THE_PHONE = 131060  # coexistence: this kind is only in the app
TOO_LARGE = 131052
NOTHING_MORE = {131051, TOO_LARGE, SEE_THE_PHONE}  # the bubble says it itself, and not in English only
FLOW_NAMES = {"flow", "address_message"}  # WhatsApp's names of all forms, not of this one
# What Meta's builder makes of "Choose one" and of the second answer to it.
_BUILT_QUESTION, _BUILT_ANSWER = re.compile(r"(?:screen_\d+_)(.+?)_\d+"), re.compile(r"\d+_(?=\D)")


class Content:
    """A part of inbox.bubbles.bubble.Bubble."""

    message: Message

    @cached_property
    def data(self) -> dict[str, Any]:
        return self.message.data if isinstance(self.message.data, dict) else {}

    @property
    def place_point(self) -> str:
        """Latitude and longitude as map programs take them; "" when they are no numbers."""
        latitude, longitude = self.data.get("latitude"), self.data.get("longitude")
        if not isinstance(latitude, int | float) or not isinstance(longitude, int | float):
            return ""
        return f"{latitude:.6f}, {longitude:.6f}"

    @property
    def place_url(self) -> str:
        latitude, _comma, longitude = self.place_point.partition(", ")
        if not longitude:
            return ""
        return f"https://www.openstreetmap.org/?mlat={latitude}&mlon={longitude}#map=17/{latitude}/{longitude}"

    @property
    def place_name(self) -> str:
        return str(self.data.get("name") or self.data.get("address") or _("Shared location"))

    def _dicts(self, key: str) -> list[dict[str, Any]]:
        found = self.data.get(key)
        return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []

    @property
    def cards(self) -> list[dict[str, Any]]:
        return self._dicts("contacts")

    @property
    def order_items(self) -> list[dict[str, Any]]:
        return [{"currency": "", "quantity": "?", "id": "?"} | _said(item) for item in self._dicts("items")]

    @property
    def order_totals(self) -> list[tuple[Decimal, str]]:
        """What the lines come to, per currency, exactly; a line without a price leaves its currency out."""
        totals: dict[str, Decimal | None] = {}
        for item in self.order_items:
            currency = str(item.get("currency", ""))
            try:
                amount = Decimal(str(item.get("total")))
            except InvalidOperation:
                amount = Decimal("NaN")
            before = totals.get(currency, Decimal(0))
            totals[currency] = before + amount if before is not None and amount.is_finite() else None
        return [(total, currency) for currency, total in totals.items() if total is not None]

    @property
    def edits(self) -> list[tuple[str, datetime | None]]:
        """What it said before it was edited, oldest first, with since when."""
        return [(str(each.get("text", "")), parse_datetime(str(each.get("at", "")))) for each in self._dicts("edits")]

    @property
    def is_long(self) -> bool:
        """Shown folded, with a button for all of it."""
        text = self.message.text
        return len(text) > FOLD_CHARACTERS or text.count("\n") >= FOLD_LINES

    @property
    def kept_back(self) -> str:
        """What WhatsApp does not hand over, as far as it says so."""
        kind = str(self.data.get("type", ""))
        return str(KEPT_BACK.get(kind, kind))

    @property
    def details(self) -> str:
        """Meta's own words, where they say more than the bubble does."""
        return "" if self.data.get("code") in NOTHING_MORE else str(self.data.get("details") or "")

    @property
    def advice(self) -> str:
        """What one can do about a message that WhatsApp does not hand over."""
        if self.message.direction == Direction.OUT:
            return _("Look at the WhatsApp Business app on your phone.")
        if self.data.get("code") == TOO_LARGE:
            return _("Most often a file is larger than 100 MB. Ask the customer for a smaller one.")
        if self.data.get("code") == SEE_THE_PHONE:
            return _("Look at the WhatsApp Business app on your phone, or ask the customer to write it as text.")
        return _("Ask the customer to send it as text, photo or voice message.")

    @property
    def form_fields(self) -> list[tuple[str, str]]:
        """What was answered in a form, as (question, answer)."""
        found = self.data.get("fields")
        pairs = found if isinstance(found, list) else []
        return [_answer(*pair) for pair in pairs if isinstance(pair, list | tuple) and len(pair) == 2]

    @property
    def form_name(self) -> str:
        name = str(self.data.get("name") or "")
        return "" if name in FLOW_NAMES else name

    @property
    def referral(self) -> dict[str, Any]:
        """The ad or post this message came from; its picture is never loaded."""
        found = self.data.get("referral")
        return found if isinstance(found, dict) else {}

    @property
    def referral_host(self) -> str:
        try:
            return urlsplit(str(self.referral.get("source_url", ""))).hostname or ""
        except ValueError:
            return ""

    @property
    def system_line(self) -> str:
        """The centred words of a system message."""
        if self.message.kind == MessageKind.WELCOME:
            return _("Opened the chat for the first time")
        event, new = self.data.get("event"), str(self.data.get("new") or "")
        if event == "number_changed" and new:
            return _("New phone number: %(number)s") % {"number": pretty(new)}
        if event == "user_id_changed":
            return _("The WhatsApp user id has changed")
        if event == "identity_changed":
            return _("The customer's device has changed")
        return formatting.to_line(self.message.text) or _("Something about this contact has changed at WhatsApp")

    @cached_property
    def template_name(self) -> str:
        template = self.message.template
        name = str(self.data.get("name") or (template.name if template else ""))
        language = str(self.data.get("language") or (template.language if template else ""))
        return title_of(name, language, self.message.text)

    @property
    def template_category(self) -> str:
        category = str(self.data.get("category") or (self.message.template.category if self.message.template else ""))
        return category.capitalize()

    @cached_property
    def _components(self) -> list[dict[str, Any]]:
        if self.message.kind != MessageKind.TEMPLATE or self.message.template is None:
            return []
        return [part for part in self.message.template.components if isinstance(part, dict)]

    @property
    def header(self) -> str:
        """A header's words (a header's file is an attachment)."""
        if isinstance(self.data.get("header"), str):
            return str(self.data["header"])
        return (
            str((self.data.get("header") or {}).get("text") or "") if isinstance(self.data.get("header"), dict) else ""
        )

    @property
    def footer(self) -> str:
        if self.message.kind == MessageKind.LIST_REPLY:  # what stood below the chosen entry
            return str(self.data.get("description") or "")
        if self.data.get("footer"):
            return str(self.data["footer"])
        return next((str(part.get("text", "")) for part in self._components if part.get("type") == "FOOTER"), "")

    @property
    def choices(self) -> list[tuple[str, list[dict[str, Any]]]]:
        """(heading, rows) of each section of a list that we offered."""
        return [
            (str(section.get("title") or ""), [row for row in rows if isinstance(row, dict)])
            for section in self._dicts("sections") if isinstance(rows := section.get("rows"), list)
        ]  # fmt: skip

    @property
    def buttons(self) -> list[tuple[str, str]]:
        """(icon, words) of the buttons the customer sees below."""
        buttons = self.data.get("buttons")
        if not isinstance(buttons, list):
            buttons = next((part.get("buttons") for part in self._components if part.get("type") == "BUTTONS"), [])
        return buttons_of(buttons)

    @cached_property
    def slides(self) -> list[Card]:
        """The cards of a carousel."""
        return cards_of(self.message) if self.message.kind == MessageKind.TEMPLATE else []

    @property
    def chosen_card(self) -> int:
        """The card whose button the customer has pressed, from 1; 0 where it was on none."""
        found = CARD_PRESSED.match(str(self.data.get("id") or ""))
        return int(found[1]) + 1 if found and self.message.kind == MessageKind.BUTTON_REPLY else 0

    @property
    def offer(self) -> Offer | None:
        return offer_of(self.data)


def _said(source: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in source.items() if value not in ("", None)}


def _answer(question: Any, answer: Any) -> tuple[str, str]:
    """Words for a person: without the numbers that Meta's builder of forms adds, yes and no in their language."""
    asked, said = str(question), str(answer)
    if built := _BUILT_QUESTION.fullmatch(asked):
        asked, said = built[1].replace("_", " "), _BUILT_ANSWER.sub("", said)
    return asked, {"true": _("Yes"), "false": _("No"), "": "–"}.get(said, said)
