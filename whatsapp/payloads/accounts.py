"""The fields about templates, numbers and the business account. They name the account by `entry.id` alone."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from whatsapp.payloads.items import AccountEvent, Item, Restriction, TemplateEvent, Unrecognized
from whatsapp.payloads.reading import array, identifier, mapping, moment, word

ACCOUNT_FIELDS = {
    "account_update", "account_alerts", "account_review_update", "business_capability_update",
    "phone_number_quality_update", "phone_number_name_update", "security", "business_username_updates",
}


def read_template(value: dict[str, Any], waba_id: str, path: str, at: datetime | None) -> Iterator[Item]:
    """One template event. The kind is read from the value too: Meta's own samples carry the wrong field name."""
    meta_id, name = identifier(value, "message_template_id", 32), word(value, "message_template_name", 512)
    if not meta_id and not name:
        yield Unrecognized(path=path, waba_id=waba_id, reason="template event without a template")
        return
    common: dict[str, Any] = {
        "path": path, "waba_id": waba_id, "meta_id": meta_id, "name": name,
        "language": word(value, "message_template_language", 16), "at": at,
    }
    if "new_quality_score" in value:
        yield TemplateEvent(kind="quality", quality=word(value, "new_quality_score", 12), **common)
    elif "new_category" in value:
        yield TemplateEvent(
            kind="category", category=word(value, "new_category", 32),
            announced_category=word(value, "correct_category", 32),
            announced_at=moment(value, "category_update_timestamp"), **common,
        )
    elif "message_template_element" in value:
        yield TemplateEvent(kind="components", **common)
    elif "event" in value:
        yield _status(value, common)
    else:
        yield Unrecognized(path=path, waba_id=waba_id, reason="template event of an unknown kind")


def _status(value: dict[str, Any], common: dict[str, Any]) -> Item:
    other, rejection = mapping(value, "other_info"), mapping(value, "rejection_info")
    detail = [word(rejection, "reason", 500), word(rejection, "recommendation", 500), word(other, "description", 500)]
    reason = word(value, "reason", 80)
    return TemplateEvent(
        kind="status", status=word(value, "event", 24), reason="" if reason == "NONE" else reason,
        title=word(other, "title", 80), detail=" ".join(part for part in detail if part),
        category=word(value, "message_template_category", 32), **common,
    )


def read_account(field: str, value: dict[str, Any], waba_id: str, path: str, at: datetime | None) -> Iterator[Item]:
    """One event about the account or a number."""
    alert = mapping(value, "alert_info")
    restrictions = tuple(
        Restriction(kind=word(entry, "restriction_type", 120), until=moment(entry, "expiration"))
        for entry in array(value, "restriction_info") if isinstance(entry, dict)
    )
    yield AccountEvent(
        path=path, waba_id=waba_id, kind=field, at=at,
        event=word(value, "event", 80) or word(value, "decision", 80) or word(value, "status", 80)
        or word(alert, "alert_type", 80),
        display_number=re.sub(r"\D", "", word(value, "display_phone_number", 40), flags=re.ASCII),
        limit=word(value, "max_daily_conversations_per_business", 32) or word(value, "current_limit", 32)
        or word(value, "max_daily_conversation_per_phone", 32),
        detail=word(alert, "alert_description", 500) or word(mapping(value, "violation_info"), "violation_type", 200)
        or word(value, "requested_verified_name", 120) or word(value, "username", 64),
        restrictions=restrictions,
        ban_state=word(mapping(value, "ban_info"), "waba_ban_state", 60),
    )
