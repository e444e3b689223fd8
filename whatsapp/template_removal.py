"""Deleting templates: at Meta first, then here. What is gone stays as a tombstone for the messages sent with it.

Meta blocks the name of an approved template for 30 days, lets messages on their way arrive, and keeps those that it has
switched off.
"""

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from whatsapp import template_history
from whatsapp.client import GraphCaller
from whatsapp.models import BusinessAccount, MessageTemplate, TemplateChange, TemplateStatus

DELETED = "PENDING_DELETION"  # until Meta's webhook says DELETED


class RemovalAPI(GraphCaller):
    def __init__(self, account: BusinessAccount) -> None:
        super().__init__(account)
        self._waba = account.waba_id

    def delete(self, name: str, meta_id: str = "") -> None:
        """All languages of this name, or the one with this id. Raises what whatsapp.errors knows."""
        query = {"name": name, **({"hsm_id": meta_id} if meta_id else {})}
        self._send("DELETE", f"{self._waba}/message_templates", query=query)


def removable(templates: Iterable[MessageTemplate]) -> bool:
    """Meta refuses a whole name when one of its languages is switched off."""
    return all(template.status != TemplateStatus.DISABLED for template in templates)


def remove(template: MessageTemplate, *, all_languages: bool) -> list[MessageTemplate]:
    """Delete it at Meta and mark it here; what was deleted. Raises DeliveryProblem, and then nothing has changed."""
    account = template.business_account
    RemovalAPI(account).delete(template.name, "" if all_languages else template.meta_id)
    with transaction.atomic():
        rows = MessageTemplate.objects.select_for_update().filter(
            business_account=account, name=template.name, removed_at=None
        )
        gone = list(rows if all_languages else rows.filter(pk=template.pk))
        for row in gone:
            before, now = template_history.facts_of(row), timezone.now()
            row.status, row.removed_at, row.status_changed_at = DELETED, now, now
            changes = template_history.changes_of(row, before, now, TemplateChange.Source.PERSON)
            row.save(update_fields=["status", "removed_at", "status_changed_at", "alarms", "paused_until"])
            TemplateChange.objects.bulk_create(changes)
    return gone
