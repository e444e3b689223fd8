"""What the practice phone's page shows, worked out from the phone's JSON: bubbles and buttons. No query, no HTTP."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from inbox import formatting
from whatsapp.phone_format import pretty

ARRIVED = {"delivered", "read", "played"}
MEDIA_TYPES = {"image", "video", "audio", "document", "sticker"}
BUTTON_ICONS = {"URL": "external", "PHONE_NUMBER": "phone", "COPY_CODE": "copy", "REQUEST_CONTACT_INFO": "contacts"}
PRESSABLE = {"QUICK_REPLY", "REQUEST_CONTACT_INFO"}


@dataclass(frozen=True)
class Button:
    """A button under a bubble. `index` is what a press names ("2", on a card "0.2"); "" where it leads elsewhere."""

    text: str
    icon: str = "reply"
    index: str = ""
    description: str = ""
    heading: str = ""  # of the section of a list that begins here


@dataclass
class Bubble:
    """One message on the customer's screen. `mine`: the customer wrote it."""

    wamid: str
    mine: bool
    at: datetime
    kind: str
    text: str = ""
    header: str = ""
    footer: str = ""
    media_id: str = ""
    media_kind: str = ""
    file_name: str = ""
    is_voice: bool = False
    place: dict[str, Any] = field(default_factory=dict)
    buttons: list[Button] = field(default_factory=list)
    quote: str = ""
    reactions: list[str] = field(default_factory=list)
    business_read: bool = False
    status: str = ""
    offer: str = ""
    offer_ends: datetime | None = None
    cards: list["Bubble"] = field(default_factory=list)

    @property
    def html(self) -> SafeString:
        return formatting.to_html(self.text)

    @property
    def is_wide(self) -> bool:
        return bool(self.buttons or self.media_kind in {"image", "video", "location"})


@dataclass(frozen=True)
class Face:
    """A customer in the list of those one can be."""

    key: str
    name: str
    number: str
    initials: str
    hue: int


def face(customer: dict[str, Any]) -> Face:
    number = pretty(customer["phone"])
    if not customer["phone_visible"]:
        number = _("@%(username)s · number hidden") % {"username": customer["username"]}
    words = [word for word in customer["name"].split() if word[:1].isalpha()]
    initials = (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper() if words else ""
    hue = sum(customer["key"].encode()) % 7 + 1
    return Face(customer["key"], customer["name"] or pretty(customer["phone"]), number, initials, hue)


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def bubbles(messages: Iterable[dict[str, Any]]) -> list[Bubble]:
    """The chat as this customer sees it: what the business sent and what has not arrived yet is not there."""
    shown = list(messages)
    words = {one["wamid"]: summary(one) for one in shown}
    return [
        _bubble(one, words)
        for one in shown
        if one["type"] not in {"reaction", "system"} and (one["direction"] == "in" or one["status"] in ARRIVED)
    ]


def waiting_count(messages: Iterable[dict[str, Any]]) -> int:
    """How many messages are on their way to a phone that is offline."""
    return sum(1 for one in messages if one["direction"] == "out" and one["status"] in {"accepted", "sent"})


def summary(message: dict[str, Any]) -> str:
    """One line for quotes and lists."""
    content = message["content"]
    text = content.get("body") if isinstance(content.get("body"), str) else (content.get("body") or {}).get("text")
    return formatting.to_line(text or content.get("caption") or _reply_title(content) or kind_words(message))


def _reply_title(content: dict[str, Any]) -> str:
    for name in ("button_reply", "list_reply"):
        if name in content:
            return str(content[name].get("title", ""))
    return str(content.get("text") or "") if isinstance(content.get("text"), str) else ""


def kind_words(message: dict[str, Any]) -> str:
    """What kind of message it is."""
    if message["type"] == "audio" and message["content"].get("voice"):
        return _("Voice message")
    return {
        "text": _("Text"), "image": _("Photo"), "video": _("Video"), "audio": _("Audio"), "document": _("Document"),
        "sticker": _("Sticker"), "location": _("Location"), "contacts": _("Contact"), "reaction": _("Reaction"),
        "interactive": _("Message with buttons"), "button": _("Button chosen"), "template": _("Template"),
        "unsupported": _("Poll"), "system": _("Number changed"), "request_welcome": _("Chat opened"),
    }.get(message["type"], message["type"])  # fmt: skip


def _bubble(message: dict[str, Any], words: dict[str, str]) -> Bubble:
    content, kind = message["content"], message["type"]
    bubble = Bubble(
        wamid=message["wamid"], mine=message["direction"] == "in", at=moment(message["at"]), kind=kind,
        quote=words.get(message["quoted"], "") if message["quoted"] else "",
        reactions=[emoji for emoji in message["reactions"].values() if emoji],
        business_read=message["business_read"], status=message["status"],
    )  # fmt: skip
    if kind in MEDIA_TYPES:
        bubble.media_kind, bubble.media_id = kind, str(content.get("id", ""))
        bubble.text, bubble.file_name = content.get("caption", ""), content.get("filename", "")
        bubble.is_voice = bool(content.get("voice"))
    elif kind == "template":
        _fill_template(bubble, content)
    elif kind == "interactive":
        _fill_interactive(bubble, content)
    elif kind == "location":
        bubble.media_kind, bubble.place = "location", content
    elif kind == "contacts":
        cards = content.get("contacts") or []
        names = [(card.get("name") or {}).get("formatted_name", "") for card in cards]
        lines = [line for card, name in zip(cards, names, strict=True) for line in (name, _phones(card)) if line]
        bubble.text, bubble.header = "\n".join(lines), _("Contact")
    elif kind == "unsupported":
        bubble.text = _("Poll: which bike?")
    else:
        bubble.text = content.get("body") or content.get("text") or ""
    return bubble


def _phones(card: dict[str, Any]) -> str:
    return ", ".join(str(phone.get("phone", "")) for phone in card.get("phones") or [])


def _fill_template(bubble: Bubble, content: dict[str, Any], card: str = "") -> None:
    """`card` is how the buttons of a card begin: "0." """
    bubble.text, bubble.footer = content.get("body", ""), content.get("footer", "")
    header = content.get("header") or {}
    if header.get("type") in MEDIA_TYPES:
        file = header.get(header["type"]) or {}
        bubble.media_kind, bubble.media_id = header["type"], str(file.get("id", ""))
        bubble.file_name = file.get("filename", "")
    else:
        bubble.header = header.get("text", "")
    if offer := content.get("offer"):
        bubble.offer = offer.get("text", "")
        bubble.offer_ends = moment(offer["expires"] / 1000) if "expires" in offer else None
    for position, button in enumerate(content.get("buttons") or []):
        kind = button.get("type", "")
        index = f"{card}{position}" if kind in PRESSABLE else ""
        text = button.get("text") or (_("Copy code") if kind == "COPY_CODE" else "")
        bubble.buttons.append(Button(text, BUTTON_ICONS.get(kind, "reply"), index, button.get("code", "")))
    for at, shown in enumerate(content.get("cards") or []):
        bubble.cards.append(Bubble(bubble.wamid, mine=False, at=bubble.at, kind="template"))
        _fill_template(bubble.cards[-1], shown, f"{at}.")


def _fill_interactive(bubble: Bubble, content: dict[str, Any]) -> None:
    if bubble.mine:
        bubble.text = _reply_title(content)
        return
    action = content.get("action") or {}
    bubble.text = (content.get("body") or {}).get("text", "")
    bubble.footer = (content.get("footer") or {}).get("text", "")
    bubble.header = (content.get("header") or {}).get("text", "")
    kind = content.get("type")
    if kind == "button":
        titles = [button["reply"]["title"] for button in action.get("buttons", [])]
        bubble.buttons = [Button(title, "reply", str(index)) for index, title in enumerate(titles)]
    elif kind == "list":
        rows = [
            (row, "" if position else section.get("title", ""))
            for section in action.get("sections", []) for position, row in enumerate(section.get("rows", []))
        ]  # fmt: skip
        bubble.buttons = [
            Button(row["title"], "list", str(index), row.get("description", ""), heading)
            for index, (row, heading) in enumerate(rows)
        ]
    elif kind == "cta_url":
        bubble.buttons = [Button((action.get("parameters") or {}).get("display_text", ""), "external")]
    elif kind == "location_request_message":
        bubble.buttons = [Button(_("Send location"), "pin", "0")]
    elif kind == "request_contact_info":
        bubble.buttons = [Button(_("Share contact info"), "contacts", "0")]


def answer_to(message: dict[str, Any], named: str) -> dict[str, Any]:
    """What the customer sends by pressing this button of the message; LookupError or ValueError when there is none."""
    content, quoted = message["content"], message["wamid"]
    card, _dot, place = named.rpartition(".")
    index = int(place)
    if message["type"] == "template":
        button = (content["cards"][int(card)] if card else content)["buttons"][index]
        if button["type"] == "REQUEST_CONTACT_INFO":
            return {"type": "contacts", "shares_own_number": True, "quoted": quoted}
        text = button["text"]
        return {"type": "button", "text": text, "payload": button.get("payload") or text, "quoted": quoted}
    action = content.get("action") or {}
    if content.get("type") == "list":
        rows = [row for section in action["sections"] for row in section["rows"]]
        return {"type": "interactive", "list": True, "quoted": quoted, **rows[index]}
    if content.get("type") == "button":
        return {"type": "interactive", "quoted": quoted, **action["buttons"][index]["reply"]}
    if content.get("type") == "request_contact_info":
        return {"type": "contacts", "shares_own_number": True, "quoted": quoted}
    if content.get("type") == "location_request_message":
        return {"type": "location", "location": SAMPLE_PLACE, "quoted": quoted}
    raise LookupError(index)


SAMPLE_PLACE = {
    "latitude": 52.4986, "longitude": 13.4462, "name": "Lindenufer 12", "address": "Lindenufer 12, 10999 Berlin"
}  # fmt: skip
SAMPLE_CARD = {
    "name": {"formatted_name": "Jule Hoffmann", "first_name": "Jule", "last_name": "Hoffmann"},
    "phones": [{"phone": "+49 176 040690 77", "wa_id": "4917604069077", "type": "CELL"}],
    "origin": "other",
    "vcard": "BEGIN:VCARD\nVERSION:3.0\nFN:Jule Hoffmann\nTEL;type=CELL:+49 176 04069077\nEND:VCARD",
}
SAMPLE_REFERRAL = {
    "source_url": "https://fb.me/radhaus", "source_id": "120210000000000", "source_type": "ad",
    "headline": "Frühlingscheck für 49 €", "body": "Bremsen, Schaltung, Kette, Licht und Luft.",
    "media_type": "image", "image_url": "https://radhaus.example/ad.jpg", "ctwa_clid": "ARkPracticePhone",
}  # fmt: skip


def pretty_json(text: str) -> str:
    """A payload, indented; what is not JSON as it is."""
    try:
        return json.dumps(json.loads(text), indent=1, ensure_ascii=False)
    except ValueError:
        return text
