"""All that a message says, in lines of plain text: for paper and text files, which show no bubbles."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from inbox import formatting
from inbox.bubbles.bubble import LINE_KINDS
from inbox.bubbles.cards import Card
from inbox.bubbles.content import Content
from inbox.enums import MessageKind
from inbox.models import Message
from inbox.rows import kind_label
from inbox.templatetags.inbox import money


@dataclass
class _Read(Content):
    message: Message


def in_words(message: Message) -> list[str]:
    """Needs `template` and `attachments`; [] where there is nothing but a file."""
    read = _Read(message)
    if message.kind in LINE_KINDS:
        return [read.system_line]
    offer = [read.offer.words] if read.offer else []
    lines = [*_before(read), *offer, read.header, _text(read), *_inside(read), read.footer, *_offered(read)]
    return [line for line in lines if line]


def _before(read: _Read) -> Iterable[str]:
    """Where it came from."""
    message, referral = read.message, read.referral
    if message.forwarded:
        yield f"({_('Forwarded many times') if message.forwarded > 1 else _('Forwarded')})"
    if referral:
        came = _("From an ad") if referral.get("source_type") == "ad" else _("From a post")
        yield f"({' · '.join(filter(None, [came, read.referral_host, *_said(referral, 'headline')]))})"
    if product := read.data.get("referred_product"):
        named = product.get("product_retailer_id", "") if isinstance(product, dict) else ""
        yield f"({_('Asks about product %(product)s') % {'product': named}})"


def _text(read: _Read) -> str:
    text: str = read.message.text
    if read.message.kind == MessageKind.TEXT and not formatting.to_line(text):
        return _("Empty message")
    return text


def _inside(read: _Read) -> Iterable[str]:
    kind, data = read.message.kind, read.data
    if kind == MessageKind.LOCATION:
        name, address = str(data.get("name") or ""), str(data.get("address") or "")
        where = [address] if name and address.startswith(name) else [name, address]  # WhatsApp says the street in both
        if not any(where):
            where = [read.place_name]
        return [", ".join(filter(None, [*where, read.place_point]))]
    if kind == MessageKind.CONTACTS:
        return [_card(card) for card in read.cards]
    if kind == MessageKind.ORDER:
        return _order(read)
    if kind == MessageKind.FLOW_REPLY:
        return [f"{question}: {answer}" for question, answer in read.form_fields] or _said(data, "raw")
    if kind == MessageKind.UNSUPPORTED:
        return [": ".join(filter(None, [kind_label(kind), read.kept_back]))]
    return [_slide(at, card) for at, card in enumerate(read.slides, 1)]


def _slide(number: int, card: Card) -> str:
    words = [_("Card %(number)s") % {"number": number} + ":", *_said(card.shown, "body"), *_buttons(card.buttons)]
    return " ".join(words)


def _offered(read: _Read) -> list[str]:
    """The answers a customer can tap."""
    lines = [" ".join(_buttons(read.buttons))]
    for heading, rows in read.choices:
        lines += [heading, *("• " + " – ".join(_said(row, "title", "description")) for row in rows)]
    return lines


def _buttons(buttons: Iterable[tuple[str, str]]) -> list[str]:
    return [f"[{words}]" for _icon, words in buttons]


def _card(card: dict[str, Any]) -> str:
    inner = {"phones": "phone", "emails": "email", "addresses": "text", "urls": "url"}
    found = [
        str(entry[key]) for name, key in inner.items() for entry in card.get(name) or []
        if isinstance(entry, dict) and entry.get(key)
    ]  # fmt: skip
    return ", ".join([*_said(card, "name", "title", "organization"), *found])


def _order(read: _Read) -> list[str]:
    lines = []
    for item in read.order_items:
        line = f"{item['quantity']} × {item['id']}"
        amount = item.get("total") or item.get("price")
        lines.append(f"{line}: {money(amount, item['currency'])}" if amount else line)
    return lines + [_("Total") + f": {money(total, currency)}" for total, currency in read.order_totals]


def _said(source: dict[str, Any], *names: str) -> list[str]:
    return [str(source[name]) for name in names if source.get(name)]
