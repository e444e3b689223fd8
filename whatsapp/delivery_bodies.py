"""What an admin sees of a delivery: its shape, ids, times and errors, but not what customers wrote, sent or are called.

Shown is only what is known to be harmless; whatever else Meta puts in shows how long it is.
"""

import json
from typing import Any

from django.utils.translation import ngettext

from whatsapp.payloads.reading import clean, loads

SHOWN_CHARACTERS = 200_000
LONGEST_KEY = 60
PLAIN = {
    "object", "id", "field", "event", "type", "status", "timestamp", "time", "messaging_product",
    "display_phone_number", "phone_number_id", "from", "from_user_id", "to", "recipient_id", "wa_id", "user_id",
    "mime_type", "sha256", "code", "category", "pricing_model", "billable", "expiration_timestamp", "conversation",
    "origin", "message_template_id", "message_template_name", "message_template_language", "new_quality_score",
    "previous_quality_score", "new_category", "previous_category", "decision", "current_limit",
    "max_phone_numbers_per_business", "ban_state", "waba_ban_state", "waba_ban_date", "violation_type",
    "restriction_type", "expiration", "disable_date", "country", "animated", "voice", "forwarded",
    "frequently_forwarded", "biz_opaque_callback_data", "group_id", "entity_type", "entity_id", "alert_severity",
    "alert_status", "alert_type",
}  # fmt: skip
OPEN = {"errors", "metadata", "pricing"}  # nothing of a customer's is in there
CLOSED = {"text", "interactive", "button", "order", "location", "referral", "system", "nfm_reply", "vcard"}


def outline(body: bytes) -> str:
    """The body as indented JSON with everything personal left out."""
    try:
        value = loads(body)
    except (ValueError, RecursionError):
        return _hidden(len(body), "bytes")
    return _written(_masked(value, key="", is_open=False, is_closed=False))


def whole(body: bytes) -> str:
    """As it came: indented if it is JSON, else as text; cut where it gets absurd."""
    try:
        return _written(loads(body))
    except (ValueError, RecursionError):
        return _cut(clean(body.decode("utf-8", errors="replace")))


def _masked(value: Any, *, key: str, is_open: bool, is_closed: bool) -> Any:
    if isinstance(value, list):
        return [_masked(each, key=key, is_open=is_open, is_closed=is_closed) for each in value]
    if isinstance(value, dict):
        return {
            name[:LONGEST_KEY]: _masked(
                each, key=name, is_open=is_open or name in OPEN,
                is_closed=is_closed or name in CLOSED or (name == "contacts" and "type" in value),
            )
            for name, each in value.items()
        }  # fmt: skip
    if value is None or isinstance(value, bool):
        return value
    if not is_closed and (is_open or key in PLAIN):
        return value
    return _hidden(len(str(value)), "characters")


def _hidden(count: int, what: str) -> str:
    words = ngettext("‹%(count)s character›", "‹%(count)s characters›", count)
    if what == "bytes":
        words = ngettext("‹no JSON, %(count)s byte›", "‹no JSON, %(count)s bytes›", count)
    return words % {"count": count}


def _written(value: Any) -> str:
    return _cut(clean(json.dumps(value, indent=2, ensure_ascii=False)))


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "\n…"
