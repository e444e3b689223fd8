"""WhatsApp's own text marks as safe HTML.

`to_html` escapes everything and adds nothing but b, i, s, code, blockquote, ul, ol, li, br and a; links only to http
and https, opened apart, and always with the host they really lead to in plain sight. Pure: text in, markup out.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from urllib.parse import urlsplit

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from linkify_it import LinkifyIt

MARKS = {"*": "b", "_": "i", "~": "s"}
# A mark opens after a non-letter and before a non-space, and closes the other way round, within one line.
_MARK = {
    mark: re.compile(
        rf"(?<![^\W_]){re.escape(mark)}(?=[^\s{re.escape(mark)}])([^{re.escape(mark)}\n]*)(?<=\S){re.escape(mark)}(?![^\W_])"
    )
    for mark in MARKS
}
_BLOCK_CODE = re.compile(r"```(.+?)```", re.DOTALL)
_INLINE_CODE = re.compile(r"`([^`\n]+)`")
_QUOTE = re.compile(r"^> ?(.*)$")
_BULLET = re.compile(r"^\s?[*-] +(\S.*)$")
_NUMBER = re.compile(r"^\s?(\d{1,3})\. +(\S.*)$")
_PLACE = re.compile("\x00(\\d+)\x00")
_INVISIBLE = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c\x00]")
_EMOJI_PART = (
    "[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\u2190-\u21ff\u2300-\u23ff\u25a0-\u25ff\u3030\u303d\u3297\u3299]"
)
_EMOJI = re.compile(
    "(?:[\U0001f1e6-\U0001f1ff]{2}"
    f"|[0-9#*]\ufe0f?\u20e3|{_EMOJI_PART}[\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*"
    f"(?:\u200d{_EMOJI_PART}[\ufe0f\U0001f3fb-\U0001f3ff]*)*)"
)
LARGE_EMOJI_COUNT = 3
_UNSEEN = {"Cc", "Cf", "Zs", "Zl", "Zp"}


@lru_cache(maxsize=1)
def _linkifier() -> LinkifyIt:
    return LinkifyIt(options={"fuzzy_link": True, "fuzzy_email": False, "fuzzy_ip": False})


class _Kept:
    """Finished pieces of markup, standing in the text as NUL-number-NUL so that later steps leave them alone."""

    def __init__(self) -> None:
        self.pieces: list[str] = []

    def keep(self, html: str) -> str:
        self.pieces.append(self.restore(html))  # code may close around a piece kept before it
        return f"\x00{len(self.pieces) - 1}\x00"

    def restore(self, html: str) -> str:
        return _PLACE.sub(lambda match: self.pieces[int(match[1])], html)


def to_html(text: str, mentions: Iterable[str] = (), pieces: Mapping[str, SafeString] | None = None) -> SafeString:
    """The text as WhatsApp shows it.

    `mentions` are names that stand out when written with an @ (notes only). `pieces` are finished markup for literal
    parts of the text, such as the gaps of a template.
    """
    kept = _Kept()
    text = text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    for literal, markup in (pieces or {}).items():
        text = text.replace(literal, kept.keep(markup))
    text = _BLOCK_CODE.sub(lambda match: kept.keep(f"<code>{_lines(match[1].strip(chr(10)))}</code>"), text)
    text = _INLINE_CODE.sub(lambda match: kept.keep(f"<code>{escape(match[1])}</code>"), text)
    for name in sorted({name for name in mentions if name}, key=len, reverse=True):
        tag = kept.keep(f'<span class="mention">@{escape(name)}</span>')
        text = re.sub(rf"@{re.escape(name)}(?!\w)", tag.replace("\\", r"\\"), text, flags=re.IGNORECASE)
    text = _keep_links(text, kept)
    return mark_safe(kept.restore(_blocks(text)))  # noqa: S308 - every piece was escaped above


def to_line(text: str) -> str:
    """The text without marks on one line, for list rows and quotes; "" where there is nothing to see.

    Not HTML: the template escapes it.
    """
    text = text.replace("\x00", "").replace("```", "")
    text = _INLINE_CODE.sub(r"\1", text)
    for mark in MARKS:
        text = _MARK[mark].sub(r"\1", text)
    return "" if is_blank(text) else " ".join(text.split())


def is_blank(text: str) -> bool:
    """Is there nothing that can be seen?"""
    return all(unicodedata.category(char) in _UNSEEN for char in text)


def is_large_emoji(text: str) -> bool:
    """Nothing but one to three emojis: shown large, as on the phone."""
    stripped = "".join(text.split())
    if not stripped or len(stripped) > 60:
        return False
    found = _EMOJI.findall(stripped)
    return 0 < len(found) <= LARGE_EMOJI_COUNT and "".join(found) == stripped


def _lines(text: str) -> str:
    return str(escape(text)).replace("\n", "<br>")


def _blocks(text: str) -> str:
    out: list[str] = []
    lines = text.split("\n")
    index = 0
    while index < len(lines):
        for pattern, build in ((_QUOTE, _quote), (_BULLET, _bullets), (_NUMBER, _numbers)):
            end = index
            while end < len(lines) and pattern.match(lines[end]):
                end += 1
            if end > index:
                out.append(build([pattern.match(line) for line in lines[index:end]]))  # type: ignore[misc]
                index = end
                break
        else:
            if out and not out[-1].endswith(("</blockquote>", "</ul>", "</ol>")):
                out.append("<br>")
            out.append(_inline(lines[index]))
            index += 1
    return "".join(out)


def _quote(matches: list[re.Match[str]]) -> str:
    return "<blockquote>" + "<br>".join(_inline(match[1]) for match in matches) + "</blockquote>"


def _bullets(matches: list[re.Match[str]]) -> str:
    return "<ul>" + "".join(f"<li>{_inline(match[1])}</li>" for match in matches) + "</ul>"


def _numbers(matches: list[re.Match[str]]) -> str:
    """With the numbers as they were written, also where some are left out or come twice."""
    first, items = int(matches[0][1]), []
    for at, match in enumerate(matches):
        jump = f' value="{int(match[1])}"' if at and int(match[1]) != int(matches[at - 1][1]) + 1 else ""
        items.append(f"<li{jump}>{_inline(match[2])}</li>")
    return f'<ol start="{first}">{"".join(items)}</ol>'


def _inline(text: str) -> str:
    """Bold, italic, strike: the earliest mark wins, its inside is read again without that mark."""
    out: list[str] = []
    position = 0
    found: dict[str, re.Match[str] | None] = {mark: pattern.search(text) for mark, pattern in _MARK.items()}
    while True:
        for mark, match in found.items():
            if match is not None and match.start() < position:
                found[mark] = _MARK[mark].search(text, position)
        first = min((match for match in found.values() if match), key=lambda match: match.start(), default=None)
        if first is None:
            out.append(str(escape(text[position:])))
            return "".join(out)
        tag = MARKS[first[0][0]]
        out += [str(escape(text[position : first.start()])), f"<{tag}>", _inline(first[1]), f"</{tag}>"]
        position = first.end()


def _keep_links(text: str, kept: _Kept) -> str:
    if "." not in text and "://" not in text:
        return text
    out: list[str] = []
    position = 0
    for match in _linkifier().match(text) or ():
        link = _link(match.url)
        if link is None:
            continue
        out += [text[position : match.index], kept.keep(link)]
        position = match.last_index
    return "".join([*out, text[position:]])


def _link(url: str) -> str | None:
    """An anchor whose words begin with the host it leads to, or None where that cannot be promised."""
    if _INVISIBLE.search(url) or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        if parts.scheme not in ("http", "https") or "@" in parts.netloc or not host:
            return None
        host = host.encode("idna").decode("ascii") if not host.isascii() else host
    except (UnicodeError, ValueError):
        return None
    host = f"{host}:{port}" if port else host
    rest = (parts.path if parts.path != "/" else "") + (f"?{parts.query}" if parts.query else "")
    rest += f"#{parts.fragment}" if parts.fragment else ""
    href = f"{parts.scheme}://{host}{parts.path}" + (f"?{parts.query}" if parts.query else "")
    href += f"#{parts.fragment}" if parts.fragment else ""
    words = host + (rest if len(rest) <= 60 else rest[:57] + "…")
    return (
        f'<a href="{escape(href)}" target="_blank" rel="noopener noreferrer nofollow" title="{escape(href)}">'
        f"{escape(words)}</a>"
    )
