"""WhatsApp's marks as HTML: what people mean comes out, and nothing else can."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from inbox.formatting import is_large_emoji, to_html, to_line

ALLOWED = {
    "b": set(), "i": set(), "s": set(), "code": set(), "blockquote": set(), "ul": set(), "ol": {"start"},
    "li": {"value"}, "br": set(), "a": {"href", "target", "rel", "title"}, "span": {"class"},
}  # fmt: skip
# Texts made of what is special here, so that most examples hit something.
PIECES = [
    "*", "_", "~", "`", "```", "> ", "- ", "* ", "1. ", "\n", " ", "a", "Ä", "👍", "<b>", "</i>", "&amp;", '"', "'",
    "\x00", "0", "\x000\x00", "https://a.de/x", "http://x.de?a=<>&b='\"", "www.a.de", "javascript:alert(1)", "https://a@b.de",
    "//", "\u202e", "\\", "@Mara", "onerror=", "data:text/html", "https://münchen.de",
]  # fmt: skip
texts = st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=40).map("".join))


class _Reader(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag != "br":
            self.open.append(tag)
        else:
            self.words += "\n"

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, "tags close in the order they were opened"

    def handle_data(self, data: str) -> None:
        self.words += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError("no comments")

    handle_decl = handle_pi = handle_comment


@given(texts)
@settings(max_examples=400, deadline=None)
def test_only_the_allowed_tags_with_their_attributes_ever_come_out(text):
    reader = _Reader(to_html(text, mentions=["Mara"]))

    assert reader.open == []
    for tag, attributes in reader.tags:
        assert tag in ALLOWED and set(attributes) <= ALLOWED[tag]
        assert tag != "span" or attributes == {"class": "mention"}
        assert tag not in ("ol", "li") or all(value.isdecimal() for value in attributes.values())
        assert tag != "a" or re.match(r"https?://[^/@\s]+", attributes["href"])


@given(texts)
@example(f"HTTP://0/{'0' * 60}A")
@settings(max_examples=400, deadline=None)
def test_no_word_of_the_text_is_lost_and_none_is_added(text):
    # Letter by letter without case: a link shows its host as browsers do, in lower case, and not its scheme. Of a long
    # address it shows the beginning; the whole is where it leads.
    letters = {char.lower() for char in text if char.isalpha() and char.isascii()}

    reader = _Reader(to_html(text))
    addresses = "".join(attributes["href"] for tag, attributes in reader.tags if tag == "a")
    shown = {char.lower() for char in reader.words + addresses if char.isalpha() and char.isascii()}
    assert shown >= letters - set("htpswx")
    assert "\x00" not in to_html(text)


@given(texts)
@settings(max_examples=300, deadline=None)
def test_a_line_has_no_line_breaks_and_is_never_markup(text):
    line = to_line(text)

    assert "\n" not in line and "\x00" not in line
    assert not isinstance(line, type(to_html("")))


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Das ist *wichtig*.", "Das ist <b>wichtig</b>."),
        ("_kursiv_ und ~weg~", "<i>kursiv</i> und <s>weg</s>"),
        ("*a _b ~c~ d_ e*", "<b>a <i>b <s>c</s> d</i> e</b>"),
        ("`x *y* z`", "<code>x *y* z</code>"),
        ("```zwei\nZeilen```", "<code>zwei<br>Zeilen</code>"),
        ("`a```b````", "<code>a<code>b</code></code>"),
        ("5 * 3 * 2 und snake_case_name", "5 * 3 * 2 und snake_case_name"),
        ("*nicht\nüber Zeilen*", "*nicht<br>über Zeilen*"),
        ("> Zitat\nText", "<blockquote>Zitat</blockquote>Text"),
        ("- eins\n- zwei", "<ul><li>eins</li><li>zwei</li></ul>"),
        ("2. zwei\n3. drei", '<ol start="2"><li>zwei</li><li>drei</li></ol>'),
        ("3. drei\n5. fünf\n5. noch", '<ol start="3"><li>drei</li><li value="5">fünf</li><li value="5">noch</li></ol>'),
        ("a\n\nb", "a<br><br>b"),
        ("<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)&gt;"),
        ("* einer", "<ul><li>einer</li></ul>"),
        ("**", "**"),
        ("", ""),
    ],
)
def test_marks_mean_what_they_mean_in_whatsapp(text, html):
    assert to_html(text) == html


def test_a_link_begins_with_the_host_it_leads_to():
    html = to_html("Siehe https://radhaus.example/preise?x=1&y=2.")

    [(tag, attributes)] = _Reader(html).tags
    assert (tag, attributes["href"]) == ("a", "https://radhaus.example/preise?x=1&y=2")
    assert _Reader(html).words == "Siehe radhaus.example/preise?x=1&y=2."
    assert attributes["rel"] == "noopener noreferrer nofollow"


@pytest.mark.parametrize(
    "text",
    [
        "https://paypal.com@evil.example/", "javascript:alert(1)", "data:text/html,x", "ftp://a.example/x",
        "https://a.example\\@evil.example", "https://evil\u202emoc.elpmaxe/", "file:///etc/passwd", "https://",
    ],
)  # fmt: skip
def test_what_could_lead_elsewhere_is_no_link(text):
    assert all("@" not in attributes["href"] for tag, attributes in _Reader(to_html(text)).tags if tag == "a")
    assert "paypal.com" not in "".join(a["href"] for t, a in _Reader(to_html(text)).tags if t == "a")
    assert not any(
        a["href"].startswith(("javascript", "data", "ftp", "file")) for t, a in _Reader(to_html(text)).tags if t == "a"
    )


def test_a_lookalike_host_is_shown_as_what_it_is():
    html = to_html("https://раураl.com/login")  # the first letters are Cyrillic

    assert _Reader(html).words.startswith("xn--")


def test_a_mention_stands_out_in_notes_only():
    assert to_html("@Mara bitte", mentions=["Mara Brandt", "Mara"]) == '<span class="mention">@Mara</span> bitte'
    assert to_html("@Mara bitte") == "@Mara bitte"
    assert to_html("@Marathon", mentions=["Mara"]) == "@Marathon"


@pytest.mark.parametrize("text", ["👍", "❤️", "👍🏽 👍", "👨‍👩‍👧‍👦", "🇩🇪", "1️⃣", "🎉🎉🎉"])
def test_up_to_three_emojis_are_large(text):
    assert is_large_emoji(text)


@pytest.mark.parametrize("text", ["", "ok", "1", "👍 ok", "😀😀😀😀", "*", "©a"])
def test_everything_else_is_not(text):
    assert not is_large_emoji(text)
