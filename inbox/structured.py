"""Places, cards and questions as an agent fills them in: from the fields of a form to what a message stores.

Pure. Meta's limits are asked here, field by field; what does not fit is refused with a sentence per field. The data has
the shape of received messages of the same kind (whatsapp.payloads.contents), so one template shows both.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from inbox import map_links
from inbox import text as words
from inbox.enums import MessageKind
from inbox.errors import FieldsInvalid
from whatsapp import message_bodies as limits

PHONES, EMAILS, CARDS = 3, 2, 5
SUFFIXES = ("", *(f"_{number}" for number in range(2, CARDS + 1)))
CARD_FIELDS = (
    "name", "company", "title", *(f"phone{number}" for number in range(1, PHONES + 1)),
    *(f"email{number}" for number in range(1, EMAILS + 1)),
)  # fmt: skip
Values = Mapping[str, str]


@dataclass(frozen=True)
class Parts:
    """What a new message consists of."""

    kind: MessageKind
    text: str
    data: dict[str, Any]


class _Fields:
    """The values of a form, read one by one; `finish` refuses them all together with what is wrong about each."""

    def __init__(self, values: Values) -> None:
        self.values, self.wrong = values, dict[str, str | Promise]()

    def line(self, name: str, limit: int, *, required: bool = False) -> str:
        return self._checked(name, " ".join(words.clean(self.values.get(name, "")).split()), limit, required)

    def text(self, name: str, limit: int) -> str:
        return self._checked(name, words.clean(self.values.get(name, "")).strip(), limit, True)

    def _checked(self, name: str, value: str, limit: int, required: bool) -> str:
        if required and not value:
            self.wrong[name] = _("Needed before sending")
        elif len(value) > limit:
            self.wrong[name] = _("At most %(limit)s characters: %(over)s too many.") % {
                "limit": limit, "over": len(value) - limit
            }  # fmt: skip
        return value

    def finish(self) -> None:
        if self.wrong:
            raise FieldsInvalid(self.wrong)


def location(values: Values) -> Parts:
    """A place: `place` holds a map link or coordinates, `name` and `address` are shown below the pin."""
    fields = _Fields(values)
    place = fields.line("place", 2000, required=True)
    found = map_links.point_in(place)
    if place and found is None:
        fields.wrong["place"] = (
            _("This link does not say where it leads. Open it and copy its long address, or the coordinates.")
            if map_links.is_link(place) else _("Paste a map link or coordinates such as 52.4986, 13.4462.")
        )  # fmt: skip
    said = {name: fields.line(name, limits.PLACE_WORDS) for name in ("name", "address")}
    fields.finish()
    assert found is not None
    point = {"latitude": round(found[0], 6), "longitude": round(found[1], 6)}
    return Parts(MessageKind.LOCATION, "", point | {name: value for name, value in said.items() if value})


def contact(values: Values) -> Parts:
    """Up to five contact cards, each with up to three phones and two addresses; a phone or an e-mail must be there.

    The fields of the second card end in _2, and so on; one that is left empty is none.
    """
    fields = _Fields(values)
    filled = [suffix for suffix in SUFFIXES if any(values.get(f"{name}{suffix}", "").strip() for name in CARD_FIELDS)]
    cards = [_card(fields, suffix) for suffix in filled or [""]]
    fields.finish()
    return Parts(MessageKind.CONTACTS, "", {"contacts": cards})


def _card(fields: _Fields, suffix: str) -> dict[str, Any]:
    card: dict[str, Any] = {"name": fields.line(f"name{suffix}", 200, required=True)}
    for stored, name in (("organization", "company"), ("title", "title")):
        if value := fields.line(f"{name}{suffix}", 200):
            card[stored] = value
    phones = [_phone(fields, f"phone{index}{suffix}") for index in range(1, PHONES + 1)]
    emails = [_email(fields, f"email{index}{suffix}") for index in range(1, EMAILS + 1)]
    if not any(phones) and not any(emails) and not {f"phone1{suffix}", f"email1{suffix}"} & fields.wrong.keys():
        fields.wrong[f"phone1{suffix}"] = _("A card needs a phone number or an e-mail address.")
    if any(phones):
        card["phones"] = [{"phone": phone, "type": "WORK"} for phone in phones if phone]
    if any(emails):
        card["emails"] = [{"email": email, "type": "WORK"} for email in emails if email]
    return card


def buttons(values: Values) -> Parts:
    """A question with one to three answers to tap."""
    fields = _Fields(values)
    text = fields.text("text", limits.TEXT_OF_BUTTONS)
    data = {"interactive": "button", **_frame(fields)}
    titles = {
        name: title for index in range(1, limits.BUTTONS + 1)
        if (title := fields.line(name := f"button{index}", limits.BUTTON_TITLE, required=index == 1))
    }  # fmt: skip
    _refuse_twins(fields, titles)
    fields.finish()
    data["buttons"] = [{"type": "reply", "id": name, "title": title} for name, title in titles.items()]
    return Parts(MessageKind.INTERACTIVE, text, data)


def choices(values: Values) -> Parts:
    """A question with up to ten answers in a list that opens by a button; a heading above one begins a section."""
    fields = _Fields(values)
    text = fields.text("text", limits.TEXT_OF_LIST)
    data = {"interactive": "list", **_frame(fields)}
    data["button"] = fields.line("button", limits.LIST_BUTTON, required=True)
    sections: list[dict[str, Any]] = []
    titles: dict[str, str] = {}
    for index in range(1, limits.LIST_ROWS + 1):
        name, detail = f"row{index}", f"detail{index}"
        heading = fields.line(f"section{index}", limits.SECTION_TITLE)
        title = fields.line(name, limits.ROW_TITLE, required=index == 1)
        description = fields.line(detail, limits.ROW_DESCRIPTION)
        if (description or heading) and not title:
            fields.wrong.setdefault(name, _("Needed before sending"))
        if title:
            titles[name] = title
            if heading or not sections:
                sections.append({**({"title": heading} if heading else {}), "rows": []})
            row = {"id": name, "title": title, **({"description": description} if description else {})}
            sections[-1]["rows"].append(row)
    if len(sections) > 1 and not sections[0].get("title"):
        fields.wrong.setdefault("section1", _("Where there are several sections, each has a heading."))
    _refuse_twins(fields, titles)
    fields.finish()
    data["sections"] = sections
    return Parts(MessageKind.INTERACTIVE, text, data)


READERS: dict[str, Callable[[Values], Parts]] = {
    "location": location, "contact": contact, "buttons": buttons, "list": choices
}  # fmt: skip


def builder_of(kind: str, data: Mapping[str, Any]) -> str:
    """The dialog in which such a message was filled in, or ""."""
    if kind == MessageKind.INTERACTIVE:
        return {"button": "buttons", "list": "list"}.get(str(data.get("interactive")), "")
    builders: dict[str, str] = {MessageKind.LOCATION: "location", MessageKind.CONTACTS: "contact"}
    return builders.get(kind, "")


def values_of(builder: str, text: str, data: Mapping[str, Any]) -> dict[str, str]:
    """What was filled in there, to be changed and sent anew."""
    if builder == "location":
        place = {"place": f"{data['latitude']}, {data['longitude']}"}
        return place | {name: str(data[name]) for name in ("name", "address") if data.get(name)}
    if builder == "contact":
        return {
            f"{name}{suffix}": value for suffix, card in zip(SUFFIXES, data["contacts"], strict=False)
            for name, value in _values_of_card(card).items()
        }  # fmt: skip
    said = {"text": text, **{name: str(data[name]) for name in ("header", "footer", "button") if data.get(name)}}
    for index, button in enumerate(data.get("buttons") or [], 1):
        said[f"button{index}"] = button["title"]
    index = 0
    for section in data.get("sections") or []:
        said[f"section{index + 1}"] = section.get("title", "")
        for row in section["rows"]:
            index += 1
            said |= {f"row{index}": row["title"], f"detail{index}": row.get("description", "")}
    return said


def _values_of_card(card: Mapping[str, Any]) -> dict[str, str]:
    said = {"name": card.get("name", ""), "company": card.get("organization", ""), "title": card.get("title", "")}
    for name, entries in (("phone", card.get("phones")), ("email", card.get("emails"))):
        said |= {f"{name}{index}": entry[name] for index, entry in enumerate(entries or [], 1)}
    return said


def _frame(fields: _Fields) -> dict[str, Any]:
    said = {"header": fields.line("header", limits.HEADER), "footer": fields.line("footer", limits.FOOTER)}
    return {name: value for name, value in said.items() if value}


def _refuse_twins(fields: _Fields, titles: dict[str, str]) -> None:
    seen: set[str] = set()
    for name, title in titles.items():
        if title.casefold() in seen:
            fields.wrong.setdefault(name, _("This answer is there already."))
        seen.add(title.casefold())


def _phone(fields: _Fields, name: str) -> str:
    """As people write it, with its country code; numbers without one count as German."""
    said = fields.line(name, 40)
    if not said:
        return ""
    try:
        number = phonenumbers.parse(said, "DE")
        if phonenumbers.is_possible_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:
        pass
    fields.wrong.setdefault(name, _("This is not a phone number."))
    return ""


def _email(fields: _Fields, name: str) -> str:
    said = fields.line(name, 254)
    if said:
        try:
            validate_email(said)
        except ValidationError:
            fields.wrong.setdefault(name, _("This is not an e-mail address."))
    return said
