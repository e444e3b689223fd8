"""API tokens: made, taken over and revoked by admins, and found again by what a request shows."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from accounts.audit import record_audit
from accounts.models import Agent, ApiToken, Scope, Team

PREFIX = "tresen_"  # so that scanners for leaked secrets know one when they see it
LONGEST = timedelta(days=366)
USED_EVERY = timedelta(minutes=1)


@transaction.atomic
def create_token(
    *, name: str, scopes: Iterable[str], expires_at: datetime, by: Agent, teams: Iterable[Team] | None = None
) -> tuple[ApiToken, str]:
    """A token and its text, which is nowhere else: it can be shown this once. `teams` None means all."""
    text = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        workspace=by.workspace, name=name.strip(), hashed=_hash(text), hint=text[-4:], scopes=_in_order(scopes),
        all_teams=teams is None, owner=by, expires_at=min(expires_at, timezone.now() + LONGEST),
    )  # fmt: skip
    if teams is not None:
        token.teams.set([team for team in teams if team.workspace_id == by.workspace_id])
    record_audit(by.workspace, by, "api_token.created", subject=token.name, data=_facts(token))
    return token, text


@transaction.atomic
def revoke_token(token: ApiToken, *, by: Agent) -> bool:
    """It opens nothing from the next request on; False when it had been revoked before."""
    if not ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()):
        return False
    record_audit(by.workspace, by, "api_token.revoked", subject=token.name)
    return True


@transaction.atomic
def take_over(token: ApiToken, *, by: Agent) -> None:
    """From now on `by` answers for it."""
    token.owner = by
    token.save(update_fields=["owner"])
    record_audit(by.workspace, by, "api_token.taken_over", subject=token.name)


def find_token(text: str) -> ApiToken | None:
    """The token of this text, whether it still opens anything or not."""
    if not text.startswith(PREFIX) or len(text) > 100:
        return None
    return ApiToken.objects.select_related("workspace", "owner").filter(hashed=_hash(text)).first()


def note_use(token: ApiToken, at: datetime) -> None:
    """Written once a minute at most, so that a busy system does not write with each of its requests."""
    if token.last_used_at is None or at - token.last_used_at >= USED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=at)


def _facts(token: ApiToken) -> dict[str, object]:
    teams = [] if token.all_teams else sorted(team.name for team in token.teams.all())
    return {"scopes": token.scopes, "teams": teams, "until": token.expires_at.date().isoformat()}


def _in_order(scopes: Iterable[str]) -> list[str]:
    wanted = set(scopes)
    return [scope.value for scope in Scope if scope.value in wanted]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
