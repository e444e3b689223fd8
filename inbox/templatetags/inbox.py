"""Template tags of the whole product (loaded everywhere as builtins): the small parts of the design."""

import json
import re
from dataclasses import replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.utils import formats, timezone, translation
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from inbox import formatting, markup, saved_reply_places, times
from inbox.absence import absence
from inbox.activity_lines import line_of
from inbox.bubbles.bubble import Bubble
from inbox.bubbles.markup import meta_html, tools_html
from inbox.enums import MessageKind
from inbox.filters import NUMBERS, Filter
from inbox.media.made import PEAKS
from inbox.row_markup import row_html
from inbox.rows import KIND_ICONS, Row, milliseconds
from inbox.satisfaction_rules import FACES, score_words
from whatsapp.phone_format import pretty
from whatsapp.template_filling import moment_of

register = template.Library()

for _part in (
    absence, markup.icon, markup.face, markup.agent_face, markup.slots, markup.ticks, markup.when,
    markup.answer_target,
):
    register.simple_tag(_part)


@register.filter
def kind_icon(kind: str) -> str:
    """The icon of a kind of message."""
    return KIND_ICONS.get(MessageKind(kind), "file") if kind in MessageKind.values else "file"


@lru_cache(maxsize=1)
def _sprite() -> SafeString:
    drawing = (settings.BASE_DIR / "static" / "img" / "icons.svg").read_text()
    return mark_safe(re.sub(r"<!--.*?-->\s*", "", drawing, flags=re.DOTALL))  # noqa: S308 - our own file


@register.simple_tag
def icon_sprite() -> SafeString:
    """All symbols, once per page."""
    return _sprite()


@register.filter
def rating_words(score: int) -> str:
    """The smiley and the word of a customer's score."""
    return f"{FACES.get(score, '')} {score_words(score)}"


@register.filter
def pretty_number(digits: str) -> str:
    """A WhatsApp number as people write it."""
    return pretty(digits)


@register.filter
def add_text(word: str, number: int) -> str:
    """`{{ "row"|add_text:3 }}` is row3: Django's own `add` joins no word and number."""
    return f"{word}{number}"


@register.filter
def entry(words: dict[str, str], name: str) -> str:
    return words.get(name, "")


@register.simple_tag
def contact_ring(contact: Any, window: Any, size: str = "") -> SafeString:
    """The avatar inside the ring that says how much of the 24 hours is left."""
    return markup.contact_ring(contact, window, timezone.now(), size)


@register.simple_tag
def conversation_row(row: Row) -> SafeString:
    """One line of the list."""
    return row_html(row)


@register.simple_tag
def bubble_meta(bubble: Bubble) -> SafeString:
    """The time and ticks of a message."""
    return meta_html(bubble)


@register.simple_tag
def bubble_tools(bubble: Bubble) -> SafeString:
    """The buttons beside it."""
    return tools_html(bubble)


@register.simple_tag
def ring(percent: int, radius: float = 20.5) -> SafeString:
    """The drawing of the window's ring alone."""
    return markup.ring(int(percent), radius)


@register.simple_tag
def window_words(window: Any) -> str:
    """The window in a sentence, for the head of a thread."""
    return times.window_long(window, timezone.now())


@register.simple_tag
def window_ring(window: Any) -> SafeString:
    """The small ring beside these words."""
    return markup.ring(window.percent_left(timezone.now()), 16)


@register.simple_tag
def voice_wave(peaks: list[int] | None) -> SafeString:
    """The wave form of a sound, a line where it is not known; the inner part covers what has been played."""
    heights = peaks or [0] * PEAKS
    strokes = "".join(f"M{index * 4 + 2} {14 - (half := max(1, height / 100 * 12)):g}v{half * 2:g}"
                      for index, height in enumerate(heights))  # fmt: skip
    width = len(heights) * 4
    return mark_safe(  # noqa: S308 - numbers only
        f'<svg class="voice__wave" viewBox="0 0 {width} 28" preserveAspectRatio="none" aria-hidden="true">'
        f'<path d="{strokes}"/><svg class="voice__played" width="0" height="28"><path d="{strokes}"/></svg></svg>'
    )


@register.filter
def money(amount: Any, currency: str) -> str:
    """An amount in its currency, as people write it in the active language; strange amounts as they are."""
    try:
        number = Decimal(str(amount))
    except InvalidOperation:
        return f"{amount} {currency}"
    if not number.is_finite():
        return f"{amount} {currency}"
    return _money(number, str(currency), 4 if 0 < abs(number) < 1 and number != round(number, 2) else 2)


@register.filter
def price(amount: Decimal, currency: str) -> str:
    """The price of a message, with as many places as its neighbours in a table have."""
    return _money(amount, currency, 4)


def _money(number: Decimal, currency: str, places: int) -> str:
    sign = {"EUR": "€", "USD": "$", "GBP": "£"}.get(currency, currency)
    written = formats.number_format(number, places, use_l10n=True, force_grouping=True)
    return f"{sign}{written}" if (translation.get_language() or "de").startswith("en") else f"{written}\u00a0{sign}"


@register.filter
def waited(since: datetime, now: datetime) -> str:
    """How long somebody has waited at `now`."""
    return times.waited(since, now)


@register.simple_tag
def activity_words(activity: Any) -> SafeString:
    """What happened, as the thread says it."""
    return line_of(activity).html


@register.filter
def epoch(at: datetime | None) -> str:
    """Milliseconds since 1970 for scripts; "" for never."""
    return milliseconds(at)


@register.filter
def local_input(at: datetime) -> str:
    """A moment in the reader's zone, as an input of type datetime-local wants it."""
    return timezone.localtime(at).strftime("%Y-%m-%dT%H:%M")


@register.filter
def moment_input(value: str) -> str:
    """The same of a moment that is written down, as in the values of a template; "" when it says none."""
    moment = moment_of(value)
    return local_input(moment) if moment else ""


@register.simple_tag(takes_context=True)
def filter_query(context: Any, **changes: Any) -> str:
    """The list's query string with some of it changed: `{% filter_query view="mine" search="" %}`.

    What is changed is no longer the saved filter. Another view has an order of its own.
    """
    wanted: Filter = context["filter"]
    if "view" in changes:
        wanted = Filter() if wanted.saved_id else wanted.with_(sort="")
    wanted = wanted.with_(saved_id=None)
    for name, value in changes.items():
        field = NUMBERS.get(name, name)
        wanted = wanted.with_(**{field: value or (None if field != name else "")})
    return wanted.query


@register.simple_tag(takes_context=True)
def filter_json(context: Any) -> str:
    """The list's conditions for its script."""
    return json.dumps(context["filter"].for_page)


@register.simple_tag
def heading_at(table: Any, place: int) -> str:
    """What a column of a report's table is called, where a narrow screen shows it beside each cell."""
    return str(table.headings[place])


@register.filter
def as_json(value: Any) -> str:
    """For a data attribute."""
    return json.dumps(value)


@register.simple_tag
def search_query(wanted: Any, **changes: Any) -> str:
    """A search's query string with some of it changed: `{% search_query wanted conversation=7 %}`."""
    return wanted.with_(**{f"{name}_id": value for name, value in changes.items()}).query


@register.simple_tag
def wanted_query(wanted: Any, **changes: Any) -> str:
    """The address of the same list with some of it changed: `{% wanted_query wanted sort="name" page=1 %}`."""
    return f"?{replace(wanted, **changes).query}"


@register.filter
def count_words(count: int) -> str:
    """ "" for none, "99+" beyond what is counted."""
    return "" if not count else str(count) if count < 100 else "99+"


@register.simple_tag
def category_words(category: str) -> str:
    """Meta's category as people say it; an unknown one as it is."""
    known = {"MARKETING": _("Marketing"), "UTILITY": _("Utility"), "AUTHENTICATION": _("Authentication")}
    return str(known.get(category, category))


@register.filter
def language_words(code: str) -> str:
    """ "German" for de and de_DE; Meta's code where it says nothing to us."""
    try:
        return str(_(translation.get_language_info(code.replace("_", "-").lower())["name"]))
    except KeyError:
        return code


@register.filter
def month_words(at: datetime) -> str:
    """ "March 2023"."""
    return times.in_words(at, "month")


@register.filter
def wa(text: str) -> SafeString:
    """A message's text with WhatsApp's marks as safe HTML."""
    return formatting.to_html(text)


@register.filter
def one_line(text: str) -> str:
    """A message's text on one line, without marks."""
    return formatting.to_line(text)


@register.filter
def reply_pieces(text: str) -> list[tuple[str, bool]]:
    """A saved reply in parts: words, and places that fill themselves in."""
    return saved_reply_places.pieces(text)


@register.filter
def file_extension(name: str) -> str:
    """ "PDF" for invoice.pdf: the word on a document's paper."""
    extension = name.rpartition(".")[2] if "." in name else ""
    return extension.upper()[:4] if extension.isascii() and extension.isalnum() else ""
