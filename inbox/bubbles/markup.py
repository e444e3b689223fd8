"""What every bubble has, as HTML: its time and ticks, and the buttons beside it. In Python, like inbox.row_markup."""

from functools import lru_cache
from html import escape

from django.utils import translation
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from inbox.bubbles.bubble import Bubble
from inbox.markup import address, icon, ticks, when
from inbox.rows import kind_words


def meta_html(bubble: Bubble) -> SafeString:
    """When, and how far it has come."""
    message = bubble.message
    words = _("edited") if message.edited_at and not message.deleted_at else ""  # in no f-string: gettext would miss it
    edited = f"<span>{escape(words)}</span>" if words else ""
    state = f'<span class="ticks" data-ticks>{ticks(bubble.ticks)}</span>' if bubble.ticks else ""
    return SafeString(f'<span class="bubble__meta">{edited}{when(message.occurred_at)}{state}</span>')


def tools_html(bubble: Bubble) -> SafeString:
    """Answer, react, forward, copy: as far as they are possible."""
    words, message = _words(translation.get_language()), bubble.message
    kind = "" if message.text else f' data-words="{escape(kind_words(message.kind, bubble.data.get("seconds")))}"'
    buttons = [_button("quote", "reply", words["quote"], kind)]
    if bubble.may_react:
        ours = escape(bubble.our_reaction.emoji) if bubble.our_reaction else ""
        more = f' data-url="{address("message-reaction", message.pk)}" data-ours="{ours}" aria-haspopup="dialog"'
        buttons.append(_button("react", "emoji", words["react"], more))
    if bubble.may_forward:
        more = f' data-url="{address("message-forward", message.pk)}" aria-haspopup="dialog"'
        buttons.append(_button("forward", "forward", words["forward"], more))
    if message.text:
        buttons.append(_button("copy", "copy", words["copy"]))
    return SafeString(
        f'<div class="bubble__tools" role="group" aria-label="{words["tools"]}">{"".join(buttons)}</div>'
    )


def _button(action: str, symbol: str, words: str, attributes: str = "") -> str:
    return (
        f'<button type="button" data-action="{action}"{attributes} aria-label="{words}" title="{words}">'
        f"{icon(symbol)}</button>"
    )


@lru_cache(maxsize=8)
def _words(_language: str) -> dict[str, str]:
    words = {
        "tools": _("Message actions"),
        "quote": _("Reply to this"),
        "react": _("React"),
        "forward": _("Forward"),
        "copy": _("Copy text"),
    }
    return {key: escape(word) for key, word in words.items()}
