"""Templates as Meta has them: fetched in whole, and kept up to date by webhooks in between.

A fetch counts only when every page came. Then what Meta no longer lists becomes a tombstone (`removed_at`): messages
sent with it still know it, nobody can send it. Webhooks and fetches may overtake each other, so the newer word on a
status wins by Meta's time.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from whatsapp import template_history
from whatsapp.client import AccountAPI
from whatsapp.errors import DeliveryProblem
from whatsapp.models import BusinessAccount, MessageTemplate, TemplateChange, TemplateStatus
from whatsapp.payloads import TemplateEvent
from whatsapp.payloads.reading import clean

A_SECOND = timedelta(seconds=1)  # Meta's times have no fractions
REMOVED = {"DELETED", "PENDING_DELETION"}
# Meta's event words that are no states.
STATES_OF_EVENTS = {"REINSTATED": TemplateStatus.APPROVED, "UNPAUSED": TemplateStatus.APPROVED}


@dataclass(slots=True)
class SyncResult:
    """What a sync changed; `error` is Meta's answer when nothing was changed because the list did not come whole."""

    found: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    error: str = ""
    error_code: int | None = None


def sync_templates(business_account: BusinessAccount) -> SyncResult:
    """Fetch all templates of an account and store them. Never raises for what Meta answers."""
    started_at = timezone.now()
    try:
        listed = list(AccountAPI(business_account).templates())
    except DeliveryProblem as problem:
        result = SyncResult(error=str(problem)[:300], error_code=problem.code)
        BusinessAccount.objects.filter(pk=business_account.pk).update(
            templates_sync_error=result.error, templates_sync_code=result.error_code
        )
        return result
    with transaction.atomic():
        account = BusinessAccount.objects.select_for_update().get(pk=business_account.pk)
        if account.templates_synced_at is not None and account.templates_synced_at > started_at:
            return SyncResult(found=len(listed))  # a later fetch was faster
        result = _store(account, _by_key(listed), started_at)
        account.templates_synced_at, account.templates_sync_error = started_at, ""
        account.templates_sync_code = None
        account.save(update_fields=["templates_synced_at", "templates_sync_error", "templates_sync_code"])
    return result


def store_one(
    account: BusinessAccount, item: dict[str, Any], asked_at: datetime, *, source: str = TemplateChange.Source.SYNC
) -> MessageTemplate:
    """Store one template as Meta showed it when it was asked at `asked_at`; what came by webhook since then stays."""
    name, language = _word(item, "name", 512), _word(item, "language", 16)
    with transaction.atomic():
        row = account.templates.select_for_update().filter(name=name, language=language).first()
        row = row or MessageTemplate(business_account=account, name=name, language=language, status_changed_at=asked_at)
        before = template_history.facts_of(row)
        _fill(row, item, asked_at)
        reason = row.rejected_reason if row.status == TemplateStatus.REJECTED else ""
        changes = template_history.changes_of(row, before, asked_at, source, reason=reason)
        row.save()
        TemplateChange.objects.bulk_create(changes)
    return row


def apply_event(item: TemplateEvent) -> bool:
    """Apply one webhook item; False when no template of ours is meant (the next sync brings it)."""
    templates = MessageTemplate.objects.select_for_update().filter(business_account__waba_id=item.waba_id)
    template = templates.filter(meta_id=item.meta_id).first() if item.meta_id else None
    template = template or templates.filter(name=item.name, language=item.language).first()
    if template is None:
        return False
    at = min(item.at or timezone.now(), timezone.now())
    before = template_history.facts_of(template)
    if item.kind == "status":
        _apply_status(template, item, at)
    elif item.kind == "quality":
        template.quality = item.quality[:12]
    elif item.kind == "category":
        _apply_category(template, item)
    changes = template_history.changes_of(
        template, before, at, TemplateChange.Source.META, reason=_reason(item.reason) or item.title, detail=item.detail
    )
    template.save()
    TemplateChange.objects.bulk_create(changes)
    return True


def _apply_status(template: MessageTemplate, item: TemplateEvent, at: datetime) -> None:
    if at + A_SECOND < template.status_changed_at and template.status != TemplateStatus.PENDING:
        return
    word = item.status.upper()
    if word in REMOVED:
        template.removed_at = template.removed_at or at
        template.status = word[:24]
    else:
        template.removed_at = None
        template.status = STATES_OF_EVENTS.get(word, word)[:24]
    template.rejected_reason = _reason(item.reason)
    template.status_detail = item.detail
    template.status_changed_at = at
    if item.category:
        template.category = item.category[:32]


def _apply_category(template: MessageTemplate, item: TemplateEvent) -> None:
    """Announced: the price changes at that time. Done: it has changed."""
    if item.category:
        template.category = item.category[:32]
    template.announced_category = item.announced_category[:32]
    template.announced_category_at = item.announced_at


def _by_key(listed: Iterable[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    found = {}
    for item in listed:
        name, language = _word(item, "name", 512), _word(item, "language", 16)
        if name and language:
            found[name, language] = item
    return found


def _store(
    account: BusinessAccount, listed: dict[tuple[str, str], dict[str, Any]], started_at: datetime
) -> SyncResult:
    known = {(row.name, row.language): row for row in account.templates.select_for_update()}
    result = SyncResult(found=len(listed))
    changes: list[TemplateChange] = []
    for (name, language), item in listed.items():
        row = known.get((name, language))
        if row is None:
            row = MessageTemplate(business_account=account, name=name, language=language, status_changed_at=started_at)
            result.added += 1
            _fill(row, item, started_at)
        else:
            before = template_history.facts_of(row)
            result.changed += _fill(row, item, started_at)
            changes += _noted(row, before, started_at)
        row.save()
    for key, row in known.items():
        if key not in listed and row.removed_at is None and row.synced_at <= started_at:
            before = template_history.facts_of(row)
            row.removed_at = started_at
            changes += _noted(row, before, started_at)
            row.save(update_fields=["removed_at", "alarms", "paused_until"])
            result.removed += 1
    TemplateChange.objects.bulk_create(changes)
    return result


def _noted(row: MessageTemplate, before: template_history.Facts, at: datetime) -> list[TemplateChange]:
    """The history's lines for what a fetch has changed."""
    reason = row.rejected_reason if row.status == TemplateStatus.REJECTED else ""
    return template_history.changes_of(row, before, at, TemplateChange.Source.SYNC, reason=reason)


def _fill(row: MessageTemplate, item: dict[str, Any], started_at: datetime) -> bool:
    """Take over what Meta says; True when something changed. A status heard of since the fetch began stays."""
    before = _comparable(row)
    row.meta_id = _word(item, "id", 32)
    row.category = _word(item, "category", 32).upper()
    row.parameter_format = (_word(item, "parameter_format", 12) or "POSITIONAL").upper()
    row.components = _cleaned(item.get("components")) if isinstance(item.get("components"), list) else []
    score = item.get("quality_score")
    row.quality = str(score.get("score") or "UNKNOWN")[:12] if isinstance(score, dict) else row.quality
    correct = _word(item, "correct_category", 32).upper()
    if correct and correct != row.category:
        row.announced_category = correct
    elif row.announced_category == row.category:
        row.announced_category, row.announced_category_at = "", None
    status = _word(item, "status", 24).upper()
    if row.pk is None or row.status_changed_at <= started_at:
        row.removed_at = (row.removed_at or started_at) if status in REMOVED else None
        if status != row.status:
            row.status, row.status_detail, row.status_changed_at = status, "", started_at
        row.rejected_reason = _reason(_word(item, "rejected_reason", 80))
    row.synced_at = started_at
    return _comparable(row) != before


def _comparable(row: MessageTemplate) -> tuple[object, ...]:
    return (
        row.meta_id, row.category, row.parameter_format, row.components, row.quality, row.announced_category,
        row.status, row.rejected_reason, row.removed_at,
    )  # fmt: skip


def _reason(word: str) -> str:
    return "" if word.upper() == "NONE" else clean(word)[:80]


def _word(item: dict[str, Any], name: str, limit: int) -> str:
    value = item.get(name)
    return clean(str(value))[:limit] if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _cleaned(value: Any) -> Any:
    """The same structure with storable texts."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_cleaned(each) for each in value]
    if isinstance(value, dict):
        return {clean(str(name)): _cleaned(each) for name, each in value.items()}
    return value
