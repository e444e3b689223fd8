"""What people decide about being told."""

from django.db import transaction

from accounts.audit import record_audit
from accounts.models import Agent, Workspace
from inbox.errors import NotAllowed


@transaction.atomic
def allow_text(workspace: Workspace, allowed: bool, *, by: Agent) -> None:
    """Whether notifications of this workspace may show what customers write, for whoever wants that. Admins decide."""
    if not by.is_admin or by.workspace_id != workspace.pk:
        raise NotAllowed
    changed = Workspace.objects.filter(pk=workspace.pk).exclude(text_in_notifications=allowed)
    if changed.update(text_in_notifications=allowed):
        record_audit(workspace, by, "workspace.notification_text", data={"allowed": allowed})
    workspace.text_in_notifications = allowed
