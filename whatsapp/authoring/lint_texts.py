"""Meta's rules for header, body and footer: lengths, gaps, samples, forbidden signs. Pure."""

import re
from collections.abc import Iterator, Mapping

from django.utils.translation import gettext_lazy as _

from whatsapp.authoring.content import Content, variables
from whatsapp.authoring.findings import BRACES, EMOJI, GAP, MARKUP, Finding, bad, warn
from whatsapp.template_parts import HOLE

HEADER_LIMIT = FOOTER_LIMIT = 60
MOST_EMOJIS = 10
WORDS_PER_GAP = 2  # a text needs this many words for each gap, and one more
SHORTENERS = re.compile(r"\b(bit\.ly|tinyurl\.com|goo\.gl|t\.co|ow\.ly|is\.gd|buff\.ly|cutt\.ly|rb\.gy)/", re.I)
NAMED_GAP = re.compile(r"[a-z][a-z0-9_]*")


def header(content: Content) -> Iterator[Finding]:
    text = content.header_text.strip()
    names = variables(text)
    if not text:
        yield bad("length", "header_text", _("The header needs a text, or choose a template without one."))
    if len(text) > HEADER_LIMIT:
        words = _("The header has more than %(limit)s characters.")
        yield bad("length", "header_text", words % {"limit": HEADER_LIMIT})
    if "\n" in text:
        yield bad("signs", "header_text", _("The header takes no line break."))
    if EMOJI.search(text):
        yield bad("signs", "header_text", _("The header takes no emojis."))
    if MARKUP.search(HOLE.sub("", text)):
        yield bad("signs", "header_text", _("The header takes no marks such as * or _."))
    if len(names) > 1:
        yield bad("gaps", "header_text", _("The header takes one variable at most."))
    yield from _braces("header_text", text)
    yield from _samples("header", names, content.examples)


def body(place: str, text: str, examples: Mapping[str, str], limit: int, *, key: str = "body") -> Iterator[Finding]:
    """The text of a template or a card; its samples stand under `key`.<name>."""
    text = text.strip()
    names = variables(text)
    if not text:
        yield bad("length", place, _("The template needs a text."))
        return
    if len(text) > limit:
        yield bad("length", place, _("The text has more than %(limit)s characters.") % {"limit": limit})
    yield from _braces(place, text)
    yield from _around_gaps(place, text, names)
    yield from _samples(key, names, examples)
    if re.search(r"\n\s*\n\s*\n", text):
        yield warn("signs", place, _("More than one empty line in a row: WhatsApp often refuses that."))
    if re.search(r" {5}|\t", text):
        yield bad("signs", place, _("The text takes no tabs and at most four spaces in a row."))
    if len(EMOJI.findall(text.replace("\ufe0f", ""))) > MOST_EMOJIS:
        yield warn("signs", place, _("More than ten emojis: WhatsApp often refuses that."))
    if SHORTENERS.search(text):
        yield warn("links", place, _("Shortened links: WhatsApp often refuses them. Write the whole address."))


def footer(text: str) -> Iterator[Finding]:
    text = text.strip()
    if len(text) > FOOTER_LIMIT:
        yield bad("length", "footer", _("The footer has more than %(limit)s characters.") % {"limit": FOOTER_LIMIT})
    if BRACES.search(text):
        yield bad("gaps", "footer", _("The footer takes no variables."))
    if "\n" in text:
        yield bad("signs", "footer", _("The footer takes no line break."))
    if EMOJI.search(text):
        yield warn("signs", "footer", _("Emojis in the footer: WhatsApp often refuses them."))


def manners(content: Content) -> Iterator[Finding]:
    """Numbers or names for the gaps: one manner for the whole template."""
    names = [name for text in content.texts for name in variables(text)]
    numbered = [name for name in names if name.isdigit()]
    if numbered and len(numbered) < len(names):
        yield bad("gaps", "body", _("Variables are either all numbered or all named."))


def _around_gaps(place: str, text: str, names: list[str]) -> Iterator[Finding]:
    if not names:
        return
    if all(name.isdigit() for name in names):
        if [int(name) for name in names] != list(range(1, len(names) + 1)):
            yield bad("gaps", place, _("Numbered variables begin with {{1}} and go on in order, without a gap."))
    elif wrong := [name for name in names if not name.isdigit() and not NAMED_GAP.fullmatch(name)]:
        words = _("Names of variables take small letters, digits and underscores: %(name)s")
        yield bad("gaps", place, words % {"name": wrong[0]})
    bare = text.strip(" \n*_~`")
    if HOLE.match(bare) or re.search(HOLE.pattern + "$", bare):
        yield bad("edges", place, _("A variable must not stand at the beginning or the end."))
    elif re.search(HOLE.pattern + r"\W*$", bare):
        yield warn("edges", place, _("Only a sign after the last variable: WhatsApp often wants a word there."))
    if re.search(HOLE.pattern + r"\s*" + HOLE.pattern, text):
        yield bad("gaps", place, _("Two variables must not stand next to each other: put a word between them."))
    written = len(re.findall(r"\w+", HOLE.sub(" ", text)))
    wanted = WORDS_PER_GAP * len(HOLE.findall(text)) + 1
    if written < wanted:
        sentence = _("Too many variables for so little text: %(wanted)s words would do, it has %(words)s.")
        yield bad("density", place, sentence % {"wanted": wanted, "words": written})


def _braces(place: str, text: str) -> Iterator[Finding]:
    if wrong := [each for each in BRACES.findall(text) if not GAP.fullmatch(each)]:
        words = _("A variable is written {{1}} or {{name}}, without spaces: %(wrong)s")
        yield bad("gaps", place, words % {"wrong": wrong[0][:40]})


def _samples(key: str, names: list[str], examples: Mapping[str, str]) -> Iterator[Finding]:
    for name in names:
        value = examples.get(f"{key}.{name}" if key else name, "").strip()
        place = f"example-{key}.{name}" if key else ""
        if not value:
            yield bad("samples", place, _("{{%(name)s}} needs a sample.") % {"name": name})
        elif "{{" in value or "\n" in value:
            yield bad("samples", place, _("The sample of {{%(name)s}} is a plain word, no variable.") % {"name": name})
