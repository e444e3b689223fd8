"""What Meta's `/messages` call wants of places, cards and questions, and how much of it (whatsapp-cloud-api.md §10).

Pure. The data is what a message of ours stores, in the shape in which received ones of the same kind are stored, so
that a received place or card can be passed on.
"""

from typing import Any

TEXT_OF_BUTTONS, TEXT_OF_LIST, HEADER, FOOTER = 1024, 4096, 60, 60
BUTTONS, BUTTON_TITLE = 3, 20
LIST_ROWS, LIST_BUTTON, SECTION_TITLE, ROW_TITLE, ROW_DESCRIPTION = 10, 20, 24, 24, 72
CARDS = 257
PLACE_WORDS = 1000  # Meta names no limit; longer ones are no address any more

Body = dict[str, Any]


def location_body(data: Body) -> Body:
    words = {name: str(data[name]) for name in ("name", "address") if data.get(name)}
    return {"latitude": data["latitude"], "longitude": data["longitude"], **words}


def contacts_body(data: Body) -> list[Body]:
    return [_card(card) for card in data["contacts"][:CARDS]]


def interactive_body(text: str, data: Body) -> Body:
    """Reply buttons or a list; the ids come back with the customer's choice."""
    body: Body = {"type": data["interactive"], "body": {"text": text}}
    if data.get("header"):
        body["header"] = {"type": "text", "text": data["header"]}
    if data.get("footer"):
        body["footer"] = {"text": data["footer"]}
    if data["interactive"] == "button":
        replies = [{"type": "reply", "reply": {"id": each["id"], "title": each["title"]}} for each in data["buttons"]]
        return body | {"action": {"buttons": replies}}
    sections = [
        {**({"title": section["title"]} if section.get("title") else {}), "rows": section["rows"]}
        for section in data["sections"]
    ]
    return body | {"action": {"button": data["button"], "sections": sections}}


_ENTRIES = {"phones": ("phone", "wa_id", "type"), "emails": ("email", "type"), "urls": ("url", "type")}


def _card(card: Body) -> Body:
    name = str(card.get("name") or card.get("organization") or _first(card, "phones", "phone"))
    first, _, last = name.partition(" ")
    found: Body = {"name": {"formatted_name": name, "first_name": first, **({"last_name": last} if last else {})}}
    for entries, keys in _ENTRIES.items():
        if card.get(entries):
            found[entries] = [{key: entry[key] for key in keys if entry.get(key)} for entry in card[entries]]
    if card.get("addresses"):
        found["addresses"] = [{"street": entry["text"]} for entry in card["addresses"] if entry.get("text")]
    org = {key: card[stored] for key, stored in (("company", "organization"), ("title", "title")) if card.get(stored)}
    if org:
        found["org"] = org
    return found


def _first(card: Body, entries: str, key: str) -> str:
    return next((str(entry[key]) for entry in card.get(entries) or [] if entry.get(key)), "")
