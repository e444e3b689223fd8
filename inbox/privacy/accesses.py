"""The access log: lines of the activity log about who looked at or took along the data of customers."""

from django.db.models import Q

from accounts.audit_log import PAGE, AuditPage, Shown
from accounts.models import Agent, AuditEntry

VERBS = (
    "privacy.looked", "privacy.export", "privacy.downloaded", "privacy.erasure", "privacy.erased", "privacy.retention",
    "privacy.retention_changed", "conversation.exported", "conversation.archived", "consent.proof", "contacts.exported",
    "contacts.imported", "contacts.merged", "contacts.merge_undone", "reports.people_viewed", "reports.people_exported",
)  # fmt: skip


def page(agent: Agent, *, contact_id: int | None = None, before: int | None = None) -> AuditPage:
    """Newest first; of one contact only what names it."""
    entries = AuditEntry.objects.filter(workspace_id=agent.workspace_id).select_related("actor").order_by("-pk")
    if contact_id is None:
        entries = entries.filter(verb__in=VERBS)
    else:
        entries = entries.filter(Q(data__contains={"contact": contact_id}))
    if before is not None:
        entries = entries.filter(pk__lt=before)
    found = list(entries[: PAGE + 1])
    return AuditPage([Shown(entry) for entry in found[:PAGE]], found[PAGE - 1].pk if len(found) > PAGE else None)
