"""Meta's rules for a template, asked before it is submitted (whatsapp-cloud-api.md §13.2). Pure.

`lint` gives findings, the bad ones first. What is not found bad here Meta may refuse all the same; the other way round,
nothing that Meta takes may be found bad.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from whatsapp.authoring import lint_buttons, lint_texts
from whatsapp.authoring.category import has_occasion, marketing_signs
from whatsapp.authoring.content import CAROUSEL, CODE, OFFER, Content
from whatsapp.authoring.findings import Finding, bad, warn
from whatsapp.authoring.languages import CODES, language_name

CATEGORIES = ("MARKETING", "UTILITY", "AUTHENTICATION")
NAME_LIMIT, OFFER_LIMIT, CODE_MINUTES = 512, 16, range(1, 91)
BODY_LIMIT, OFFER_BODY_LIMIT = 1024, 600
HEADER_RATIO = 1.91
_NO_OCCASION = _("Names no order, appointment or other occasion: WhatsApp may count it as Marketing.")
Size = tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What else is to know: the sample files by place with their size, and what the account has already."""

    files: Mapping[str, Size] = field(default_factory=dict)
    names_taken: Collection[str] = ()
    names_blocked: Collection[str] = ()  # deleted less than 30 days ago
    # (body, footer) of other templates, with whose they are: name and language
    texts_taken: Mapping[tuple[str, str], tuple[str, str]] = field(default_factory=dict)


def lint(
    content: Content, *, name: str, language: str, category: str, around: Surroundings = Surroundings()  # noqa: B008
) -> list[Finding]:  # fmt: skip
    """Everything that is wrong or doubtful about this template in this language."""
    found = [
        *_name(name, around), *_kind(content, language, category), *lint_texts.manners(content),
        *_parts(content, around), *_twin(content, name, language, around),
    ]  # fmt: skip
    if category == "UTILITY":
        signs = marketing_signs(content)
        if signs:
            words = _("Reads like advertising (%(signs)s): WhatsApp will probably count it as Marketing.")
            found.append(warn("category", "category", words % {"signs": ", ".join(signs[:4])}))
        elif content.body.strip() and not has_occasion(content):
            found.append(warn("category", "category", _NO_OCCASION))
    return sorted(found, key=lambda finding: not finding.is_bad)


def _name(name: str, around: Surroundings) -> Iterator[Finding]:
    if not name:
        yield bad("name", "name", _("The template needs a name."))
    elif not re.fullmatch(r"[a-z0-9_]+", name):
        yield bad("name", "name", _("The name takes only small letters a–z, digits and underscores."))
    elif len(name) > NAME_LIMIT:
        yield bad("name", "name", _("The name is too long: at most %(limit)s characters.") % {"limit": NAME_LIMIT})
    elif name in around.names_taken:
        yield bad("name", "name", _("There is a template with this name in this language already."))
    elif name in around.names_blocked:
        yield warn("name", "name", _("A template of this name was deleted lately: WhatsApp blocks it for 30 days."))


def _kind(content: Content, language: str, category: str) -> Iterator[Finding]:
    if category not in CATEGORIES:
        yield bad("kind", "category", _("Choose a category."))
    if language not in CODES:
        yield bad("kind", "language", _("WhatsApp does not know this language."))
    if (category == "AUTHENTICATION") != (content.layout == CODE):
        yield bad("kind", "layout", _("One-time codes and the category Authentication belong together."))
    if content.layout == OFFER and category != "MARKETING":
        yield bad("kind", "layout", _("Limited-time offers are possible in the category Marketing only."))


def _parts(content: Content, around: Surroundings) -> Iterator[Finding]:
    if content.layout == CODE:
        yield from _code(content)
        return
    yield from _files(content, around)
    if content.has_header_text:
        yield from lint_texts.header(content)
    limit = OFFER_BODY_LIMIT if content.layout == OFFER else BODY_LIMIT
    yield from lint_texts.body("body", content.body, content.examples, limit)
    if content.has_footer:
        yield from lint_texts.footer(content.footer)
    yield from lint_buttons.buttons(content.shown_buttons)
    if content.layout == OFFER:
        yield from _offer(content)
    if content.layout == CAROUSEL:
        yield from lint_buttons.cards(content.cards)


def _twin(content: Content, name: str, language: str, around: Surroundings) -> Iterator[Finding]:
    """Meta takes no text twice, not even in two languages of one template: which is the other, and what to do."""
    text = content.body.strip(), content.footer.strip() if content.has_footer else ""
    if content.layout == CODE or text not in around.texts_taken:
        return
    other_name, other_language = around.texts_taken[text]
    told = {"other": language_name(other_language), "this": language_name(language), "name": other_name}
    if other_name == name and other_language != language:
        words = _(
            "%(other)s and %(this)s are word for word the same, and WhatsApp takes a text only once."
            " Write this version in %(this)s."
        )
    else:
        words = _(
            "The template %(name)s (%(other)s) has word for word the same text, and WhatsApp takes a text only once."
            " Change this one, or use that template."
        )
    yield bad("twin", "body", words % told)


def _files(content: Content, around: Surroundings) -> Iterator[Finding]:
    kinds: dict[str, Promise] = {
        "image": _("The header needs a sample image."), "video": _("The header needs a sample video."),
        "document": _("The header needs a sample document."),
    }  # fmt: skip
    for place, kind in content.file_places.items():
        if place not in around.files:
            if place == "header":
                yield bad("files", place, kinds[kind])
            else:
                number = int(place.removeprefix("card")) + 1
                yield bad("files", place, _("Card %(number)s needs a sample file.") % {"number": number})
        elif place == "header" and kind == "image" and _is_cropped(size := around.files[place]):
            words = _("The image is %(width)s × %(height)s. WhatsApp crops it to 1.91:1.")
            yield warn("ratio", place, words % dict(zip(("width", "height"), size or (), strict=False)))


def _is_cropped(size: Size) -> bool:
    return size is not None and size[1] > 0 and abs(size[0] / size[1] - HEADER_RATIO) > 0.15


def _offer(content: Content) -> Iterator[Finding]:
    text = content.offer_text.strip()
    if not text:
        yield bad("offer", "offer_text", _("The offer needs a headline."))
    elif len(text) > OFFER_LIMIT:
        yield bad("offer", "offer_text", _("The headline has more than %(limit)s characters.") % {"limit": OFFER_LIMIT})
    if content.header not in ("", "image", "video"):
        yield bad("offer", "header", _("An offer takes an image or a video in its header."))
    kinds = [button.kind for button in content.buttons]
    if kinds.count("url") != 1 or set(kinds) - {"url", "copy_code"}:
        yield bad("offer", "buttons", _("An offer has one website button, and a coupon code if you like."))
    elif content.offer_expires and "copy_code" not in kinds:
        yield bad("offer", "buttons", _("An offer that ends needs a button with a coupon code."))
    elif kinds[0] != "copy_code" and "copy_code" in kinds:
        yield bad("offer", "buttons", _("The coupon code stands before the website."))


def _code(content: Content) -> Iterator[Finding]:
    minutes = content.code_minutes.strip()
    if minutes and not (minutes.isascii() and minutes.isdigit() and int(minutes[:6]) in CODE_MINUTES):
        yield bad("code", "code_minutes", _("A code is valid for 1 to 90 minutes."))
    if content.code_button.strip():
        yield from lint_buttons.label("code_button", content.code_button)
