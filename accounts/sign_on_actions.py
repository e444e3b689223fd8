"""Connecting the workspace's identity provider, and taking it away."""

from django.db import transaction
from django.utils import timezone

from accounts.audit import record_audit
from accounts.models import Agent, SignOnProvider, Workspace


@transaction.atomic
def connect_provider(
    workspace: Workspace, *, by: Agent, name: str, issuer: str, client_id: str, client_secret: str
) -> SignOnProvider:
    """Make this the workspace's provider. Without a secret the one that is kept stays."""
    values = {"name": name, "issuer": issuer, "client_id": client_id, "changed_at": timezone.now()}
    if client_secret:
        values["client_secret"] = client_secret
    provider, _new = SignOnProvider.objects.update_or_create(workspace=workspace, defaults=values)
    record_audit(workspace, by, "sign_on.connected", subject=issuer)
    return provider


@transaction.atomic
def remove_provider(workspace: Workspace, *, by: Agent) -> None:
    """Switch single sign-on off; does nothing when it is off."""
    gone, _kinds = SignOnProvider.objects.filter(workspace=workspace).delete()
    if gone:
        record_audit(workspace, by, "sign_on.removed")
