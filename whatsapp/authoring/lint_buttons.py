"""Meta's rules for buttons and for the cards of a carousel. Pure."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from whatsapp.authoring import lint_texts
from whatsapp.authoring.content import MOST_BUTTONS, MOST_CARD_BUTTONS, MOST_CARDS, ButtonDraft, Card
from whatsapp.authoring.findings import EMOJI, MARKUP, Finding, bad, warn
from whatsapp.template_parts import CARD_LIMIT, HOLE

LABEL_LIMIT, URL_LIMIT, PHONE_LIMIT, COUPON_LIMIT, CARD_BODY_LIMIT = 25, 2000, 20, 15, CARD_LIMIT
FEWEST_CARDS = 2
COLLAPSED_FROM = 4
_MOST: dict[str, tuple[int, Promise]] = {
    "url": (2, _("At most two website buttons.")),
    "phone_number": (1, _("At most one phone button.")),
    "copy_code": (1, _("At most one coupon code.")),
}
_OWN_HOSTS = ("wa.me", "whatsapp.com")


def buttons(listed: Sequence[ButtonDraft], prefix: str = "button") -> Iterator[Finding]:
    """`prefix`-<index>-<field> is the place of each."""
    kinds = [button.kind for button in listed]
    counts = Counter(kinds)
    if len(listed) > MOST_BUTTONS:
        yield bad("buttons", "buttons", _("At most ten buttons."))
    for kind, (most, words) in _MOST.items():
        if counts[kind] > most:
            yield bad("buttons", "buttons", words)
    replies = [at for at, kind in enumerate(kinds) if kind == "quick_reply"]
    if replies and replies[-1] - replies[0] + 1 != len(replies):
        yield bad("buttons", "buttons", _("Quick replies stand together, not between other buttons."))
    labels = Counter(button.text.strip().casefold() for button in listed if button.kind != "copy_code")
    if any(count > 1 for text, count in labels.items() if text):
        yield bad("buttons", "buttons", _("Two buttons say the same."))
    for at, button in enumerate(listed):
        yield from _one(f"{prefix}-{at}", button)
    if prefix == "button" and len(listed) >= COLLAPSED_FROM:
        words = _("With more than three buttons WhatsApp shows two, the others behind “All options”.")
        yield warn("buttons", "buttons", words)


def label(place: str, text: str) -> Iterator[Finding]:
    text = text.strip()
    if not text:
        yield bad("buttons", place, _("The button needs a text."))
    elif len(text) > LABEL_LIMIT:
        words = _("“%(text)s” has more than %(limit)s characters.")
        yield bad("buttons", place, words % {"text": text[:40], "limit": LABEL_LIMIT})
    if "\n" in text or HOLE.search(text):
        yield bad("buttons", place, _("A button's text takes no variables and no line breaks."))
    elif EMOJI.search(text) or MARKUP.search(text):
        yield warn("buttons", place, _("Emojis or marks in a button: WhatsApp often refuses them."))


def _one(place: str, button: ButtonDraft) -> Iterator[Finding]:
    if button.kind == "copy_code":
        yield from _coupon(f"{place}-example", button.example.strip())
        return
    yield from label(f"{place}-text", button.text)
    if button.kind == "url":
        yield from _address(place, button)
    elif button.kind == "phone_number":
        phone = re.sub(r"[\s()/-]", "", button.phone)
        if not re.fullmatch(r"\+?[1-9][0-9]{4,18}", phone) or len(button.phone.strip()) > PHONE_LIMIT:
            words = _("Write the phone number with its country code: +49 30 901820")
            yield bad("buttons", f"{place}-phone", words)


def _coupon(place: str, code: str) -> Iterator[Finding]:
    if not code:
        yield bad("buttons", place, _("The coupon code needs a sample."))
    elif len(code) > COUPON_LIMIT or not code.isalnum():
        words = _("A coupon code has at most %(limit)s letters and digits.") % {"limit": COUPON_LIMIT}
        yield bad("buttons", place, words)


def _address(place: str, button: ButtonDraft) -> Iterator[Finding]:
    url, where = button.url.strip(), f"{place}-url"
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if not host or parts.scheme not in ("http", "https") or re.search(r"\s", url):
        yield bad("buttons", where, _("The website is a whole address: https://…"))
        return
    if len(url) > URL_LIMIT:
        yield bad("buttons", where, _("The address has more than %(limit)s characters.") % {"limit": URL_LIMIT})
    if "{" in host or any(host == own or host.endswith(f".{own}") for own in _OWN_HOSTS):
        yield bad("buttons", where, _("A website button leads to a site of yours, not into WhatsApp."))
    if "{" in url or "}" in url:
        if not re.fullmatch(r"[^{}]+\{\{1\}\}", url):
            yield bad("buttons", where, _("A variable in an address is {{1}}, once, and at the very end."))
        elif not button.example.strip():
            yield bad("samples", f"{place}-example", _("The end of the address needs a sample."))
        elif re.search(r"[\s{}]", button.example.strip()):
            yield bad("samples", f"{place}-example", _("The sample is only the end of the address, without spaces."))


def cards(listed: Sequence[Card]) -> Iterator[Finding]:
    if not FEWEST_CARDS <= len(listed) <= MOST_CARDS:
        yield bad("cards", "cards", _("A carousel has two to ten cards."))
    shapes = {(card.header, bool(card.body.strip()), tuple(each.kind for each in card.buttons)) for card in listed}
    if len(shapes) > 1:
        words = _("All cards are built alike: same kind of file, same buttons in one order, all with text or none.")
        yield bad("cards", "cards", words)
    for at, card in enumerate(listed):
        place = f"card-{at}"
        if not 1 <= len(card.buttons) <= MOST_CARD_BUTTONS:
            yield bad("cards", place, _("Card %(number)s needs one or two buttons.") % {"number": at + 1})
        if any(button.kind == "copy_code" for button in card.buttons):
            yield bad("cards", place, _("Cards take quick replies, websites and phone numbers."))
        if card.body.strip():
            samples = {f"{place}.{name}": value for name, value in card.examples.items()}
            yield from lint_texts.body(f"{place}-body", card.body, samples, CARD_BODY_LIMIT, key=place)
        yield from buttons(card.buttons, f"{place}-button")
