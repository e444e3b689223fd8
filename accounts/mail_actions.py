"""Entering the workspace's mail server, and taking it away."""

from django.db import transaction
from django.utils import timezone

from accounts.audit import record_audit
from accounts.models import Agent, MailServer, Workspace


@transaction.atomic
def set_mail_server(
    workspace: Workspace, *, by: Agent, host: str, port: int, security: str, username: str, password: str, sender: str
) -> MailServer:
    """From now on this workspace's mail goes out there. Without a password the one that is kept stays."""
    values = {"host": host, "port": port, "security": security, "username": username, "sender": sender,
              "changed_at": timezone.now()}  # fmt: skip
    if password or not username:
        values["password"] = password
    server, _new = MailServer.objects.update_or_create(workspace=workspace, defaults=values)
    record_audit(workspace, by, "mail.server", subject=f"{host}:{port}")
    return server


@transaction.atomic
def remove_mail_server(workspace: Workspace, *, by: Agent) -> None:
    """No more mail; does nothing when there is no server."""
    gone, _kinds = MailServer.objects.filter(workspace=workspace).delete()
    if gone:
        record_audit(workspace, by, "mail.server_removed")


@transaction.atomic
def want_alarm_mails(agent: Agent, wanted: bool) -> None:
    """Whether this admin hears of alarms by mail."""
    Agent.objects.filter(pk=agent.pk).update(alarm_mails=wanted)
    agent.alarm_mails = wanted
