"""What the form of a chosen template shows: its gaps in parts, the files of header and cards, and the preview."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inbox import formatting, times
from inbox.actions.templates_for import Suggestion
from whatsapp.models import TemplateHeaderMedia
from whatsapp.template_filling import moment_of
from whatsapp.template_parts import HOLE, Button, TemplateShape

HEADINGS: dict[str, str | Promise] = {
    "header": gettext_lazy("Header"), "body": gettext_lazy("Text"), "offer": gettext_lazy("Offer"),
    "button": gettext_lazy("Buttons"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FilePlace:
    """Where a file goes; `media` is the one that goes there by itself."""

    place: str
    kind: str
    media: TemplateHeaderMedia | None

    @property
    def accept(self) -> str:
        return {"image": "image/jpeg,image/png", "video": "video/mp4"}.get(self.kind, "application/pdf")


@dataclass(slots=True)
class Part:
    """Gaps that stand together in the template, with the file that stands there."""

    heading: str | Promise
    file: FilePlace | None = None
    suggestions: list[Suggestion] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CardPreview:
    file: FilePlace
    text: SafeString
    buttons: tuple[Button, ...]


def parts_of(
    shape: TemplateShape, suggestions: Iterable[Suggestion], media: Mapping[str, TemplateHeaderMedia]
) -> list[Part]:
    """The form, from the header to the last card. A heading is there where it tells parts apart."""
    files = {place: FilePlace(place, kind, media.get(place)) for place, kind in shape.file_places.items()}
    cards = [f"card{at}" for at in range(len(shape.cards))]
    parts = {name: Part(HEADINGS[name]) for name in HEADINGS}
    parts |= {name: Part(_("Card %(number)s") % {"number": at}) for at, name in enumerate(cards, 1)}
    for each in suggestions:
        parts[each.variable.component].suggestions.append(each)
    for place, file in files.items():
        parts[place].file = file
    shown = {name: part for name, part in parts.items() if part.suggestions or part.file}
    tells_apart = sum(bool(part.suggestions) for part in shown.values()) > 1
    for name, part in shown.items():
        if name not in cards and not (tells_apart and part.suggestions):
            part.heading = ""
    return list(shown.values())


def cards_of(
    shape: TemplateShape, suggestions: Iterable[Suggestion], media: Mapping[str, TemplateHeaderMedia]
) -> list[CardPreview]:
    known = list(suggestions)
    return [
        CardPreview(
            FilePlace(f"card{at}", card.header_kind, media.get(f"card{at}")),
            preview_of(shape, f"card{at}.body", known), card.buttons,
        )
        for at, card in enumerate(shape.cards)
    ]  # fmt: skip


def preview_of(shape: TemplateShape, component: str, suggestions: Iterable[Suggestion]) -> SafeString:
    """The text of header, body or "card0.body" with its gaps as elements that the script fills while somebody types."""
    texts = {"header": shape.header_text, "body": shape.body}
    texts |= {f"card{at}.body": card.body for at, card in enumerate(shape.cards)}
    known = {each.variable.field: each for each in suggestions}
    pieces = {}
    for hole in HOLE.finditer(texts[component]):
        gap = f"{component}.{hole[1]}"
        each = known.get(shape.twins.get(gap, gap))
        if each is not None:
            pieces[hole[0]] = gap_of(each)
    return formatting.to_html(texts[component], pieces=pieces)


def gap_of(each: Suggestion) -> SafeString:
    """The element of one gap."""
    value = each.value
    if value and each.variable.is_moment and (moment := moment_of(value)) is not None:
        value = times.in_words(moment, "full")
    return format_html(
        '<span class="var{}" data-var="{}" data-label="{}">{}</span>', "" if value else " var--empty",
        each.variable.field, each.variable.label, value or each.variable.label,
    )  # fmt: skip
