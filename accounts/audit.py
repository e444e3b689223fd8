"""Privileged acts, kept for good: who did what to whom. The table refuses changes."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Agent, AuditEntry, Workspace

# The words of each verb on the audit page. A verb that is not here is shown as it is.
WORDS: dict[str, str | Promise] = {
    "access.refused": _("tried something that is not allowed"),
    "person.invited": _("invited"),
    "invitation.accepted": _("accepted the invitation"),
    "invitation.withdrawn": _("withdrew the invitation of"),
    "person.changed": _("changed"),
    "person.role_changed": _("changed the role of"),
    "person.deactivated": _("deactivated"),
    "person.reactivated": _("reactivated"),
    "person.signed_out": _("signed out everywhere"),
    "person.reset_link": _("made a password link for"),
    "password.changed": _("changed the own password"),
    "password.reset": _("set a new password by link"),
    "team.created": _("created the team"),
    "team.changed": _("changed the team"),
    "team.default": _("made this the default team:"),
    "number.connected": _("connected the number"),
    "number.routing": _("changed the team of the number"),
    "number.resumed": _("let sending go on for the number"),
    "template.header": _("chose the header file of the template"),
    "workspace.created": _("created the workspace"),
    "webhook.replayed": _("processed again the webhook delivery"),
}


def record_audit(
    workspace: Workspace, actor: Agent | None, verb: str, subject: object = "", data: dict[str, Any] | None = None
) -> AuditEntry:
    """Write one line. `actor` None means the server's console; `data` must hold no secret."""
    return AuditEntry.objects.create(
        workspace=workspace, actor=actor, verb=verb, subject=str(subject)[:120], data=data or {}
    )
