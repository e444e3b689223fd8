"""What the template editor shows: the fields as rows, the phone, what the lint found, prices, states of languages."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.urls import reverse
from django.utils import translation
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inbox import formatting
from inbox.actions.template_drafts import is_settled
from inbox.actions.template_submitting import findings_of, why_not_now
from inbox.models import DraftFile, DraftText
from inbox.template_desk.costs import HomePrices
from inbox.template_desk.words import BADGES, rejection, status_words, tab_of
from inbox.templatetags.inbox import category_words
from whatsapp.authoring import lint, lint_buttons, lint_texts
from whatsapp.authoring.content import CAROUSEL, CODE, OFFER, STANDARD, ButtonDraft, variables
from whatsapp.authoring.findings import Finding
from whatsapp.authoring.languages import choices, language_name
from whatsapp.authoring.refusals import refusal_of
from whatsapp.template_parts import HOLE

KINDS = {
    "quick_reply": gettext_lazy("Quick reply"), "url": gettext_lazy("Website"), "phone_number": gettext_lazy("Phone"),
    "copy_code": gettext_lazy("Coupon code"),
}  # fmt: skip
HEADERS = {
    "": gettext_lazy("Without"), "text": gettext_lazy("Text"), "image": gettext_lazy("Image"),
    "video": gettext_lazy("Video"), "document": gettext_lazy("Document"), "location": gettext_lazy("Location"),
}  # fmt: skip
LAYOUTS = {
    STANDARD: gettext_lazy("Message"), CAROUSEL: gettext_lazy("Carousel"), OFFER: gettext_lazy("Limited-time offer")
}  # fmt: skip
CATEGORIES = {
    "MARKETING": gettext_lazy("Offers, news, invitations"),
    "UTILITY": gettext_lazy("About an order or appointment"),
    "AUTHENTICATION": gettext_lazy("One-time codes"),
}
ICONS = {"url": "external", "phone_number": "phone", "copy_code": "copy"}
# What is ticked off when no rule of the group found anything.
GROUPS: list[tuple[set[str], Any]] = [
    ({"name", "kind", "twin"}, gettext_lazy("Name, language and category fit together")),
    ({"samples"}, gettext_lazy("Every variable has a sample")),
    ({"edges", "gaps", "density"}, gettext_lazy("Variables stand among words")),
    ({"length", "signs", "links", "code", "offer"}, gettext_lazy("Lengths and signs fit")),
    ({"buttons", "cards"}, gettext_lazy("Buttons fit together")),
    ({"files", "ratio"}, gettext_lazy("The sample file is there")),
    ({"category"}, gettext_lazy("Reads like its category")),
]


@dataclass(slots=True)
class ButtonRow:
    prefix: str
    number: int
    button: ButtonDraft
    kinds: Sequence[tuple[str, Any]] = field(default_factory=lambda: list(KINDS.items()))

    @property
    def icon(self) -> str:
        return ICONS.get(self.button.kind, "reply")


@dataclass(slots=True)
class CardRow:
    number: int
    header: str
    body: str
    samples: list[tuple[str, str, str]]
    buttons: list[ButtonRow]
    file: DraftFile | None
    shown: SafeString

    @property
    def place(self) -> str:
        return f"card{self.number}"

    @property
    def body_name(self) -> str:
        return f"card-{self.number}-body"

    @property
    def remove_button(self) -> str:
        return f"remove-card-{self.number}-button"


@dataclass(slots=True)
class Tab:
    text: DraftText
    name: str
    is_open: bool
    badge: tuple[str, str, Any]  # look, icon, words


class Page:
    """One language of a draft, as the editor shows it. `focus` is the id of the field that gets the focus."""

    def __init__(self, text: DraftText, *, focus: str = "") -> None:
        self.text, self.draft, self.focus = text, text.draft, focus
        self.content = text.typed
        self.files = {file.place: file for file in text.files.all()}

    # --- the form ----------------------------------------------------------------------------------------------------
    @cached_property
    def tabs(self) -> list[Tab]:
        texts = self.draft.texts.select_related("template").order_by("pk")
        return [
            Tab(each, language_name(each.language), each.pk == self.text.pk, state_of(each)) for each in texts
        ]  # fmt: skip

    @property
    def state(self) -> tuple[str, str, Any]:
        return state_of(self.text)

    @property
    def open_count(self) -> int:
        """How many languages have something to submit."""
        return sum(tab.text.is_changed for tab in self.tabs)

    @property
    def language_words(self) -> str:
        return language_name(self.text.language)

    @property
    def rejection(self) -> tuple[Any, Any]:
        """(What it means, what helps)."""
        template = self.text.at_meta
        return rejection(template.rejected_reason) if template else ("", "")

    @cached_property
    def is_settled(self) -> bool:
        return is_settled(self.draft)

    @property
    def is_pending(self) -> bool:
        return self.text.at_meta is not None and self.text.at_meta.status == "PENDING"

    @cached_property
    def blocked(self) -> Any:
        return why_not_now(self.text)

    @property
    def title(self) -> str:
        return self.draft.name or _("New template")

    @property
    def language_choices(self) -> list[tuple[str, str]]:
        taken = {tab.text.language for tab in self.tabs}
        return [choice for choice in choices() if choice[0] not in taken]

    @property
    def header_choices(self) -> list[tuple[str, Any]]:
        kinds = ("", "image", "video") if self.content.layout == OFFER else HEADERS
        return [(kind, HEADERS[kind]) for kind in kinds]

    @property
    def layout_choices(self) -> list[tuple[str, Any]]:
        return [(kind, words) for kind, words in LAYOUTS.items() if kind != OFFER or self.draft.category == "MARKETING"]

    @cached_property
    def samples(self) -> list[tuple[str, str, str]]:
        """(field, name, value) of each gap in header and body; one that is in both is asked for in each."""
        return [(name_of, name, self.content.examples.get(name_of, "")) for name_of, name in self.content.gaps]

    @property
    def buttons(self) -> list[ButtonRow]:
        return _rows("button", self.content.buttons)

    @cached_property
    def cards(self) -> list[CardRow]:
        return [
            CardRow(
                at, card.header, card.body,
                [(f"card-{at}.{name}", name, card.examples.get(name, "")) for name in variables(card.body)],
                _rows(f"card-{at}-button", card.buttons, without="copy_code"), self.files.get(f"card{at}"),
                _shown(card.body, card.examples, ""),
            )
            for at, card in enumerate(self.content.cards)
        ]  # fmt: skip

    @property
    def card_header(self) -> str:
        return self.content.cards[0].header if self.content.cards else "image"

    @property
    def file(self) -> DraftFile | None:
        """The header's, when it is of the kind that the header has now."""
        found = self.files.get("header")
        kind = self.content.file_places.get("header", "")
        fits = {"image": "image/", "video": "video/", "document": "application/"}
        return found if found and kind and found.mime_type.startswith(fits[kind]) else None

    @property
    def counts(self) -> list[tuple[str, int, int]]:
        """(field, length, limit) for the counters."""
        body = lint.OFFER_BODY_LIMIT if self.content.layout == OFFER else lint.BODY_LIMIT
        return [
            ("header_text", len(self.content.header_text.strip()), lint_texts.HEADER_LIMIT),
            ("body", len(self.content.body.strip()), body),
            ("footer", len(self.content.footer.strip()), lint_texts.FOOTER_LIMIT),
            ("offer_text", len(self.content.offer_text.strip()), lint.OFFER_LIMIT),
            *(
                (f"card-{at}-body", len(card.body.strip()), lint_buttons.CARD_BODY_LIMIT)
                for at, card in enumerate(self.content.cards)
            ),
        ]

    @property
    def count(self) -> dict[str, str]:
        return {name: f"{length} / {limit}" for name, length, limit in self.counts}

    # --- what it costs -----------------------------------------------------------------------------------------------
    @cached_property
    def prices(self) -> HomePrices:
        return HomePrices(self.draft.business_account)

    @property
    def categories(self) -> list[tuple[str, str, Any, str]]:
        words = self.prices.words
        return [(each, category_words(each), hint, words(each)) for each, hint in CATEGORIES.items()]

    # --- the lint ----------------------------------------------------------------------------------------------------
    @cached_property
    def findings(self) -> list[Finding]:
        return findings_of(self.text)

    @property
    def is_sound(self) -> bool:
        return not any(finding.is_bad for finding in self.findings)

    @property
    def surcharge(self) -> str:
        """What it costs when Meta counts this utility template as marketing; "" when nothing points there."""
        if not any(finding.rule == "category" for finding in self.findings):
            return ""
        marketing, utility = self.prices.words("MARKETING"), self.prices.words("UTILITY")
        if not marketing or not utility:
            return ""
        return _("As Marketing a message costs %(marketing)s instead of %(utility)s, and needs consent.") % {
            "marketing": marketing, "utility": utility
        }  # fmt: skip

    @property
    def passed(self) -> list[Any]:
        """What is fine, of what this template has."""
        content, found = self.content, {finding.rule for finding in self.findings}
        has = [
            True, bool(content.gaps), bool(content.gaps), True, bool(content.shown_buttons or content.cards),
            bool(content.file_places), self.draft.category == "UTILITY" and bool(content.body.strip()),
        ]  # fmt: skip
        return [words for (rules, words), asked in zip(GROUPS, has, strict=True) if asked and not rules & found]

    @property
    def refusal(self) -> Any:
        """Meta's last word on it, as long as it was not submitted again."""
        told = self.text.refusal
        if not told:
            return None
        return refusal_of(told["code"], told.get("subcode"), told.get("detail", ""))

    # --- the phone ---------------------------------------------------------------------------------------------------
    @property
    def header_shown(self) -> SafeString:
        samples = {name: value for name, value in self.content.examples.items() if name.startswith("header.")}
        return _shown(self.content.header_text, samples, "header.")

    @property
    def body_shown(self) -> SafeString:
        if self.content.layout == CODE:
            return _code_text(self.text.language, warns=self.content.code_warns)
        return _shown(self.content.body, self.content.examples, "body.")

    @property
    def code_footer(self) -> str:
        minutes = self.content.code_minutes.strip()
        if not (minutes.isascii() and minutes.isdigit() and len(minutes) < 5):
            return ""
        with translation.override(_interface(self.text.language)):
            return _("This code expires in %(minutes)s minutes.") % {"minutes": int(minutes)}

    @property
    def phone_buttons(self) -> list[tuple[str, str]]:
        """(icon, text); from the fourth on they are behind one."""
        if self.content.layout == CODE:
            return [("copy", self.content.code_button.strip() or _("Copy code"))]
        rows = [(row.icon, row.button.text.strip() or _code_label(row.button)) for row in self.buttons]
        shown = [row for row in rows if row[1]] if self.content.shown_buttons else []
        return [*shown[:2], ("list", _("See all options"))] if len(shown) > 3 else shown

    @property
    def address(self) -> str:
        return reverse("settings-template-draft", args=[self.draft.pk])


def state_of(text: DraftText) -> tuple[str, str, Any]:
    """(look, icon, words) of the badge: Meta's state, or that ours is a draft."""
    template = text.at_meta
    if template is None:
        return "", "pencil", _("Draft")
    look, icon = BADGES[tab_of(template.status)]
    words = status_words(template.status)
    if text.is_changed and template.status != "PENDING":
        return look, "pencil", _("%(status)s, changes not submitted") % {"status": words}
    return look, icon, words


def _rows(prefix: str, buttons: Iterable[ButtonDraft], without: str = "") -> list[ButtonRow]:
    kinds = [(kind, words) for kind, words in KINDS.items() if kind != without]
    return [ButtonRow(f"{prefix}-{at}", at, button, kinds) for at, button in enumerate(buttons)]


def _shown(text: str, samples: dict[str, str], prefix: str) -> SafeString:
    """A text as the phone shows it: marks as letters look, gaps with their samples, the empty ones in amber."""
    pieces = {}
    for hole in HOLE.finditer(text):
        value = samples.get(f"{prefix}{hole[1]}", "").strip()
        look = "var" if value else "var var--empty"
        pieces[hole[0]] = format_html('<span class="{}">{}</span>', look, value or hole[0])
    return formatting.to_html(text.strip(), pieces=pieces)


def _code_label(button: ButtonDraft) -> str:
    return _("Copy code") if button.kind == "copy_code" else ""


def _code_text(language: str, *, warns: bool) -> SafeString:
    """WhatsApp's own text, roughly: it is the same for everybody and comes in the template's language."""
    with translation.override(_interface(language)):
        words = _("*123456* is your verification code.")
        if warns:
            words += " " + _("For your security, do not share this code.")
    return formatting.to_html(words)


def _interface(language: str) -> str:
    return "de" if language.startswith("de") else "en"
