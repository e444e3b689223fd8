"""What a template can show besides its text: its buttons, a limited-time offer, the cards of a carousel.

Like all of a bubble's content it comes from `data`, where every key may be missing or of another type.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from inbox import formatting
from inbox.bubbles.files import Files
from inbox.enums import MessageKind
from inbox.models import Attachment, Message
from inbox.rows import kind_label

ICONS = {"URL": "external", "PHONE_NUMBER": "phone", "COPY_CODE": "copy"}


@dataclass
class Card(Files):
    """One card of a carousel, with its own file of the message's."""

    message: Message
    shown: dict[str, Any]
    file: Attachment | None

    @cached_property
    def attachment(self) -> Attachment | None:
        return self.file

    @property
    def kind_label(self) -> str:
        return kind_label(self.file.kind if self.file else MessageKind.DOCUMENT)

    @property
    def html(self) -> SafeString:
        return formatting.to_html(str(self.shown.get("body") or ""))

    @property
    def buttons(self) -> list[tuple[str, str]]:
        return buttons_of(self.shown.get("buttons"))


@dataclass(frozen=True)
class Offer:
    words: str
    ends: datetime | None


def cards_of(message: Message) -> list[Card]:
    """The cards, each with its file: the attachments stand in their order."""
    found = message.data.get("cards") if isinstance(message.data, dict) else None
    cards = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    if not cards:
        return []
    files = sorted(message.attachments.all(), key=lambda each: each.pk)
    return [Card(message, each, files[at] if at < len(files) else None) for at, each in enumerate(cards)]


def offer_of(data: Any) -> Offer | None:
    found = data.get("offer")
    if not isinstance(found, dict):
        return None
    try:
        ends = parse_datetime(str(found.get("expires") or ""))
    except ValueError:
        ends = None
    return Offer(str(found.get("text") or ""), ends)


def buttons_of(found: Any) -> list[tuple[str, str]]:
    """(icon, words) of the buttons the customer sees; a coupon's code stands beside its button."""
    return [
        (ICONS.get(str(button.get("type", "")).upper(), "reply"), _words(button))
        for button in (found if isinstance(found, list) else []) if isinstance(button, dict)
    ]  # fmt: skip


def _words(button: dict[str, Any]) -> str:
    words = str(button.get("text") or button.get("title") or "")
    if str(button.get("type", "")).upper() != "COPY_CODE":
        return words
    return " · ".join(filter(None, (words or _("Copy code"), str(button.get("code") or ""))))
