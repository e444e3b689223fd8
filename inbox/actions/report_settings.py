"""Figures of single people are off until an admin switches them on and says why (§ 87 BetrVG: the works council)."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.audit import record_audit
from accounts.models import Agent
from accounts.permissions import may_manage_settings
from inbox.errors import InboxRuleViolation, NotAllowed
from inbox.models import ReportSettings
from inbox.text import clean

LONGEST_REASON = 300
SHORTEST_REASON = 10


def shows_people(workspace_id: int) -> bool:
    """Whether figures of single people exist here."""
    return ReportSettings.objects.filter(workspace=workspace_id, per_person=True).exists()


def switch_people(*, on: bool, reason: str = "", by: Agent) -> ReportSettings:
    """On with a reason, off without. Both are in the activity log; what already is stays as it is."""
    if not may_manage_settings(by):
        raise NotAllowed
    reason = " ".join(clean(reason).split())[:LONGEST_REASON]
    if on and len(reason) < SHORTEST_REASON:
        raise InboxRuleViolation(_("Say why, for example with the works agreement that allows it."))
    with transaction.atomic():
        ReportSettings.objects.get_or_create(workspace=by.workspace)
        found = ReportSettings.objects.select_for_update().get(workspace=by.workspace)
        if found.per_person == on:
            return found
        found.per_person, found.reason, found.changed_by, found.changed_at = on, reason, by, timezone.now()
        found.save()
        verb = "reports.people_on" if on else "reports.people_off"
        record_audit(by.workspace, by, verb, data={"reason": reason} if reason else {})
    return found
