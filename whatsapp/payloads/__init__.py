"""From the raw bytes of a webhook to facts. Pure: no database, no clock, no exception for any input.

`parse` walks every entry, change and array and yields one item per fact, each with the path where it stood. What is
legal but unknown becomes `Unrecognized`, what cannot be read `Broken`; neither takes its siblings along.

Messages carry `kind`, `text` (body, caption or title) and `data`. All text is storable (no NUL, no lone surrogates) and
untrusted. `data` by kind, every key optional unless marked *:

- any: referral {source_type, source_id, source_url, headline, body, media_type, image_url, ctwa_clid, welcome},
  referred_product {catalog_id, product_retailer_id}, error {code*, details*}; the inbox adds edits [{text, at}]
- text, image, video, audio, voice, document, sticker, welcome: nothing more (the file is in `media`)
- location: latitude*, longitude*, name, address, url
- contacts: contacts* [{name*, organization, title, birthday, phones [{phone, wa_id, type}], emails [{email, type}],
  urls [{url, type}], addresses [{text, type}]}], number_shared
- button_reply: id, template (a template's quick reply) · list_reply: id, description
- flow_reply: name, fields [[key, value]] or raw (text, when the inner JSON is broken)
- order: items* [{id, currency, quantity, price, total}], catalog_id, total, currency; decimals as text
- system (made by the inbox from SystemChange): event*, old, new
- unsupported: type*, code, details
"""

from collections.abc import Iterator
from typing import Any

from whatsapp.payloads.accounts import ACCOUNT_FIELDS, read_account, read_template
from whatsapp.payloads.items import (
    AccountEvent,
    Broken,
    Echo,
    Edit,
    InboundMessage,
    Item,
    Media,
    MetaError,
    NumberErrors,
    NumberItem,
    Person,
    PreferenceUpdate,
    ReactionChange,
    Restriction,
    Revoke,
    StatusUpdate,
    SystemChange,
    TemplateEvent,
    Unrecognized,
    status_from_payload,
)
from whatsapp.payloads.messages import read_echoes, read_id_updates, read_messages, read_preferences
from whatsapp.payloads.reading import identifier, loads, moment, word

__all__ = [
    "AccountEvent", "Broken", "Echo", "Edit", "InboundMessage", "Item", "Media", "MetaError", "NumberErrors",
    "NumberItem", "Person", "PreferenceUpdate", "ReactionChange", "Restriction", "Revoke", "StatusUpdate",
    "SystemChange", "TemplateEvent", "Unrecognized", "parse", "status_from_payload",
]


def parse(body: bytes) -> list[Item]:
    """Every fact in the body, in the order of the body. Never raises."""
    try:
        return list(_walk(loads(body)))
    except (ValueError, RecursionError) as error:
        return [Broken(path="", reason=f"not JSON: {type(error).__name__}")]
    except Exception as error:  # whatever comes: the bytes are stored, and the person who looks wants the reason
        return [Broken(path="", reason=f"unreadable: {type(error).__name__}")]


def _walk(body: Any) -> Iterator[Item]:
    if not isinstance(body, dict):
        yield Broken(path="", reason="the body is not an object")
        return
    if body.get("object") != "whatsapp_business_account":
        yield Unrecognized(path="object", reason=f"object {word(body, 'object', 60) or 'missing'}")
        return
    entries = body.get("entry")
    if not isinstance(entries, list):
        yield Broken(path="entry", reason="entry is missing")
        return
    for index, entry in enumerate(entries):
        yield from _entry(entry, f"entry[{index}]")


def _entry(entry: Any, path: str) -> Iterator[Item]:
    changes = entry.get("changes") if isinstance(entry, dict) else None
    if not isinstance(changes, list):
        yield Broken(path=path, reason="changes are missing")
        return
    waba_id, at = identifier(entry, "id", 32), moment(entry, "time")
    for index, change in enumerate(changes):
        where = f"{path}.changes[{index}]"
        value = change.get("value") if isinstance(change, dict) else None
        if not isinstance(value, dict):
            yield Broken(path=where, waba_id=waba_id, reason="value is missing")
            continue
        try:
            found = list(_change(word(change, "field", 80), value, waba_id, f"{where}.value", at))
        except Exception as error:
            found = [Broken(path=where, waba_id=waba_id, reason=f"unreadable: {type(error).__name__}")]
        yield from found or [Unrecognized(path=where, waba_id=waba_id, reason="nothing in it that we know")]


def _change(field: str, value: dict[str, Any], waba_id: str, path: str, at: Any) -> Iterator[Item]:
    if field == "messages":
        yield from read_messages(value, waba_id, path)
    elif field == "smb_message_echoes":
        yield from read_echoes(value, waba_id, path)
    elif field == "user_preferences":
        yield from read_preferences(value, waba_id, path)
    elif field == "user_id_update":
        yield from read_id_updates(value, waba_id, path)
    elif field.startswith("message_template_") or field == "template_category_update":
        yield from read_template(value, waba_id, path, at)
    elif field in ACCOUNT_FIELDS:
        yield from read_account(field, value, waba_id, path, at)
    else:
        yield Unrecognized(path=path, waba_id=waba_id, reason=f"field {field or 'missing'}")
