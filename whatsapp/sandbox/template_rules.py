"""What Meta's form check says to a new or edited template (`whatsapp-cloud-api.md` §13.2)."""

import re
from typing import Any

from whatsapp.sandbox.errors import GraphError
from whatsapp.sandbox.template_parameters import VARIABLE, variables

LANGUAGES = {
    "de", "en", "en_US", "en_GB", "fr", "it", "es", "nl", "pl", "tr", "ar", "ru", "uk", "cs", "da", "sv", "pt_BR",
    "pt_PT", "ro", "hu", "el", "fi", "nb", "hr", "sk", "sl", "bg", "sr", "sq", "fa", "he", "hi", "id", "ja", "ko",
    "zh_CN", "zh_TW",
}  # fmt: skip
CATEGORIES = {"MARKETING", "UTILITY", "AUTHENTICATION"}
HEADER_FORMATS = {"TEXT", "IMAGE", "VIDEO", "DOCUMENT", "LOCATION", "GIF"}
BUTTON_LIMITS = {"URL": 2, "PHONE_NUMBER": 1, "COPY_CODE": 1, "QUICK_REPLY": 10}
WORDS_PER_VARIABLE = 2
Part = dict[str, Any]


def _refuse(subcode: int, title: str, sentence: str) -> GraphError:
    return GraphError(
        100, message="Invalid parameter", subcode=subcode, user_title=title, user_message=sentence, details=""
    )


def check_name(name: Any, language: Any, category: Any) -> None:
    """Raise unless the template can be called that."""
    if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9_]{1,512}", name):
        raise GraphError(100, message="(#100) Param name must be lower-case letters, digits and underscores.")
    if language not in LANGUAGES:
        raise GraphError(100, message=f"(#100) Param language must be one of {{{', '.join(sorted(LANGUAGES))}}}.")
    if category not in CATEGORIES:
        raise GraphError(100, message=f"(#100) Param category must be one of {{{', '.join(sorted(CATEGORIES))}}}.")


def check_components(components: Any, named: bool, category: str) -> None:
    """Raise unless these components make a template."""
    if not isinstance(components, list) or not all(isinstance(part, dict) for part in components):
        raise GraphError(100, message="(#100) Param components must be an array of objects.")
    by_type = {str(part.get("type", "")).upper(): part for part in components}
    if len(by_type) != len(components):
        raise _refuse(2388072, "Component repeated", "Each component may occur once.")
    if "BODY" not in by_type:
        raise _refuse(2388072, "Body missing", "A template needs a body.")
    if category == "AUTHENTICATION":
        _check_code(by_type)
        return
    _check_body(by_type["BODY"], named, 600 if "LIMITED_TIME_OFFER" in by_type else 1024)
    if "LIMITED_TIME_OFFER" in by_type:
        _check_offer(by_type, category)
    if "CAROUSEL" in by_type:
        _check_cards(by_type["CAROUSEL"].get("cards"), named)
    if "HEADER" in by_type:
        _check_header(by_type["HEADER"], named)
    if "FOOTER" in by_type:
        _check_footer(by_type["FOOTER"])
    if "BUTTONS" in by_type:
        _check_buttons(by_type["BUTTONS"].get("buttons"))


def _check_body(part: Part, named: bool, longest: int) -> None:
    text = part.get("text")
    if not isinstance(text, str) or not text.strip():
        raise _refuse(2388072, "Body missing", "The body needs a text.")
    if len(text) > longest:
        raise _refuse(2388040, "Too long", f"The body may have {longest} characters.")
    found = variables(text)
    _check_variables(text, found, named, 2388072)
    if found and (VARIABLE.match(text.strip()) or text.strip().endswith("}}")):
        raise _refuse(2388299, "Variable at the edge", "Variables can't be at the start or end of the template.")
    if len(VARIABLE.sub(" ", text).split()) < WORDS_PER_VARIABLE * len(found) + 1:
        raise _refuse(2388293, "Too many variables", "The template has too many variables for its length.")
    if found and len(_examples(part, "body_text", named)) < len(found):
        raise _refuse(2388072, "Example missing", "Each variable in the body needs an example.")


def _check_header(part: Part, named: bool) -> None:
    shape = str(part.get("format", "")).upper()
    if shape not in HEADER_FORMATS:
        raise _refuse(2388047, "Header malformed", "The header has no known format.")
    if shape == "TEXT":
        text = part.get("text")
        if not isinstance(text, str) or not text:
            raise _refuse(2388047, "Header malformed", "The header needs a text.")
        if len(text) > 60:
            raise _refuse(2388040, "Too long", "The header may have 60 characters.")
        found = variables(text)
        _check_variables(text, found, named, 2388047)
        if len(found) > 1:
            raise _refuse(2388047, "Header malformed", "The header may have one variable.")
        if found and not _examples(part, "header_text", named):
            raise _refuse(2388047, "Example missing", "The variable in the header needs an example.")
    elif shape != "LOCATION" and not (part.get("example") or {}).get("header_handle"):
        raise _refuse(2388047, "Example missing", "The header needs an example file (header_handle).")


def _check_footer(part: Part) -> None:
    text = part.get("text")
    if not isinstance(text, str) or not text or len(text) > 60:
        raise _refuse(2388073, "Footer malformed", "The footer may have 1 to 60 characters.")
    if VARIABLE.search(text):
        raise _refuse(2388073, "Footer malformed", "The footer takes no variables.")


def _check_variables(text: str, found: list[str], named: bool, subcode: int) -> None:
    if named:
        wrong = [name for name in found if not re.fullmatch(r"[a-z][a-z_0-9]*", name)]
    else:
        wrong = [] if found == [str(number) for number in range(1, len(found) + 1)] else found
    if wrong:
        raise _refuse(subcode, "Variables malformed", "Variables must be {{1}}, {{2}} … in order, or named.")
    if re.search(r"\}\}\s*\{\{", text):
        raise _refuse(subcode, "Variables adjacent", "Variables must not stand next to each other.")


def _examples(part: Part, kind: str, named: bool) -> list[Any]:
    example = part.get("example") or {}
    if named:
        return example.get(f"{kind}_named_params") or []
    given = example.get(kind) or []
    return given[0] if kind == "body_text" and given and isinstance(given[0], list) else given


def _check_code(by_type: dict[str, Part]) -> None:
    buttons = by_type.get("BUTTONS", {}).get("buttons") or [{}]
    if "text" in by_type["BODY"] or "HEADER" in by_type or len(buttons) != 1 or buttons[0].get("type") != "OTP":
        raise _refuse(2388072, "Body malformed", "One-time codes have WhatsApp's own text and one button.")
    minutes = by_type.get("FOOTER", {}).get("code_expiration_minutes", 1)
    if not isinstance(minutes, int) or not 1 <= minutes <= 90:
        raise GraphError(100, message="(#100) Param code_expiration_minutes must be between 1 and 90.")


def _check_offer(by_type: dict[str, Part], category: str) -> None:
    offer = by_type["LIMITED_TIME_OFFER"].get("limited_time_offer")
    text = offer.get("text") if isinstance(offer, dict) else None
    if category != "MARKETING" or "FOOTER" in by_type:
        raise GraphError(100, message="(#100) A limited-time offer is a marketing template without a footer.")
    if not isinstance(text, str) or not 1 <= len(text) <= 16:
        raise GraphError(100, message="(#100) Param limited_time_offer['text'] may have 1 to 16 characters.")


def _check_cards(cards: Any, named: bool) -> None:
    if not isinstance(cards, list) or not 2 <= len(cards) <= 10:
        raise GraphError(100, message="(#100) A carousel has 2 to 10 cards.")
    shapes = set()
    for card in cards:
        parts = {str(part.get("type", "")).upper(): part for part in card.get("components") or []}
        if parts.get("HEADER", {}).get("format") not in {"IMAGE", "VIDEO"}:
            raise _refuse(2388047, "Header malformed", "A card's header is an image or a video.")
        _check_header(parts["HEADER"], named)
        if "BODY" in parts:
            _check_body(parts["BODY"], named, 160)
        buttons = parts.get("BUTTONS", {}).get("buttons")
        _check_buttons(buttons)
        if len(buttons) > 2:
            raise GraphError(100, message="(#100) A card has at most 2 buttons.")
        shapes.add((parts["HEADER"]["format"], "BODY" in parts, tuple(button["type"] for button in buttons)))
    if len(shapes) > 1:
        raise GraphError(100, message="(#100) All cards of a carousel must have the same components.")


def handles_of(components: list[Part]) -> list[str]:
    """The handles of the sample files that these components name."""
    found: list[str] = []
    for part in components:
        if str(part.get("type", "")).upper() == "CAROUSEL":
            for card in part.get("cards") or []:
                found += handles_of(card.get("components") or [])
        found += [str(each) for each in (part.get("example") or {}).get("header_handle") or []]
    return found


def _check_buttons(buttons: Any) -> None:
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= 10:
        raise GraphError(100, message="(#100) A template may have 1 to 10 buttons.")
    kinds = [str(button.get("type", "")).upper() for button in buttons]
    for kind, most in BUTTON_LIMITS.items():
        if kinds.count(kind) > most:
            raise GraphError(100, message=f"(#100) A template may have at most {most} buttons of type {kind}.")
    replies = [position for position, kind in enumerate(kinds) if kind == "QUICK_REPLY"]
    if replies and replies[-1] - replies[0] + 1 != len(replies):
        raise GraphError(100, message="(#100) Quick reply buttons must stand together.")
    for button in buttons:
        if not 1 <= len(str(button.get("text", ""))) <= 25 and button.get("type") not in {"COPY_CODE", "OTP"}:
            raise GraphError(100, message="(#100) A button's text may have 1 to 25 characters.")
        url = str(button.get("url", ""))
        in_order = url.endswith("{{1}}") and button.get("example")
        if button.get("type") == "URL" and VARIABLE.search(url) and not in_order:
            raise GraphError(100, message="(#100) A URL variable is {{1}} at the end, with an example.")
