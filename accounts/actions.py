"""What people do about people: invite, change, deactivate, passwords, sessions.

Each action is one transaction with its audit line. Whoever loses rights loses every session with them: the session
hash contains `session_epoch`.
"""

from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts import links
from accounts.audit import record_audit
from accounts.errors import AddressTaken, LastAdmin, LinkUsed
from accounts.models import Agent, Availability, Invitation, Membership, Role, Team, Workspace
from accounts.signals import agent_deactivated

__all__ = [
    "accept_invitation", "change_password", "change_role", "create_reset_link", "deactivate_agent", "end_sessions",
    "invite_agent", "raise_epoch", "reactivate", "record_audit", "reset_password", "revoke_invitation",
    "set_memberships", "update_agent",
]  # fmt: skip

INVITATION_DAYS = 7


@transaction.atomic
def invite_agent(
    workspace: Workspace, *, by: Agent | None, email: str, name: str = "", role: str = Role.AGENT,
    visibility: str = "team", capacity: int = 8, teams: Iterable[Team] = (),
) -> tuple[Invitation, str]:
    """Make an invitation and the token of its link, which exists only here. An earlier one for this address ends."""
    email, moment = email.strip().lower(), timezone.now()
    open_ones = Invitation.objects.filter(workspace=workspace, email=email, accepted_at=None, revoked_at=None)
    open_ones.update(revoked_at=moment)
    token, hashed = links.new_token()
    invitation = Invitation.objects.create(
        workspace=workspace, email=email, name=name, role=role, visibility=visibility, capacity=capacity,
        token_hash=hashed, created_by=by, expires_at=moment + timedelta(days=INVITATION_DAYS),
    )
    invitation.teams.set([team for team in teams if team.workspace_id == workspace.pk])
    record_audit(workspace, by, "person.invited", subject=email, data={"role": role})
    return invitation, token


def find_invitation(token: str) -> Invitation | None:
    """The open invitation behind a link."""
    return (
        Invitation.objects.select_related("workspace", "created_by")
        .filter(token_hash=links.token_hash(token), accepted_at=None, revoked_at=None, expires_at__gt=timezone.now())
        .first()
    )


@transaction.atomic
def accept_invitation(token: str, *, name: str, password: str, language: str, zone: str = "") -> Agent:
    """Turn an invitation into a person. Raises LinkUsed, or AddressTaken; a link works once."""
    locked = Invitation.objects.select_for_update().filter(token_hash=links.token_hash(token)).first()
    if locked is None or find_invitation(token) is None:
        raise LinkUsed
    if Agent.objects.filter(email=locked.email).exists():
        raise AddressTaken
    agent = Agent.objects.create_user(
        locked.email, password, workspace=locked.workspace, name=name, role=locked.role, visibility=locked.visibility,
        capacity=locked.capacity, language=language, timezone=zone or locked.workspace.timezone,
    )
    leads = locked.role == Role.LEAD
    Membership.objects.bulk_create(Membership(team=team, agent=agent, is_lead=leads) for team in locked.teams.all())
    locked.accepted_at = timezone.now()
    locked.save(update_fields=["accepted_at"])
    record_audit(locked.workspace, agent, "invitation.accepted", subject=locked.email)
    return agent


@transaction.atomic
def revoke_invitation(invitation: Invitation, *, by: Agent) -> None:
    """End an open invitation; does nothing when it is not open."""
    changed = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None).update(
        revoked_at=timezone.now()
    )
    if changed:
        record_audit(invitation.workspace, by, "invitation.withdrawn", subject=invitation.email)


@transaction.atomic
def update_agent(agent: Agent, *, by: Agent, name: str, role: str, visibility: str, capacity: int) -> Agent:
    """Change what an admin may change about a person. A new role ends the person's sessions."""
    if role != agent.role:
        change_role(agent, role, by=by)
    before = {"name": agent.name, "visibility": agent.visibility, "capacity": agent.capacity}
    after = {"name": name, "visibility": visibility, "capacity": capacity}
    changed = {field: value for field, value in after.items() if before[field] != value}
    if changed:
        for field, value in changed.items():
            setattr(agent, field, value)
        agent.save(update_fields=list(changed))
        record_audit(agent.workspace, by, "person.changed", subject=agent.email, data=changed)
    return agent


@transaction.atomic
def change_role(agent: Agent, role: str, *, by: Agent | None) -> None:
    """Give a person another role and end their sessions. Raises LastAdmin."""
    if agent.role == role:
        return
    if agent.role == Role.ADMIN:
        _require_another_admin(agent)
    record_audit(
        agent.workspace, by, "person.role_changed", subject=agent.email, data={"from": agent.role, "to": str(role)}
    )
    agent.role = role
    agent.save(update_fields=["role"])
    if role != Role.LEAD:
        Membership.objects.filter(agent=agent).update(is_lead=False)
    raise_epoch(agent)


@transaction.atomic
def set_memberships(agent: Agent, teams: dict[Team, bool], *, by: Agent) -> None:
    """Make these the person's teams; the value says whether they lead it (only people with the lead role do)."""
    wanted = {
        team.pk: leads and agent.role == Role.LEAD
        for team, leads in teams.items() if team.workspace_id == agent.workspace_id
    }
    had = dict(Membership.objects.filter(agent=agent).values_list("team_id", "is_lead"))
    if wanted == had:
        return
    Membership.objects.filter(agent=agent).exclude(team_id__in=wanted).delete()
    for team_id, leads in wanted.items():
        Membership.objects.update_or_create(agent=agent, team_id=team_id, defaults={"is_lead": leads})
    names = sorted(team.name for team in teams)
    record_audit(agent.workspace, by, "person.changed", subject=agent.email, data={"teams": names})


@transaction.atomic
def deactivate_agent(agent: Agent, *, by: Agent | None) -> None:
    """Lock a person out at once; their open conversations go back to their teams with it. Raises LastAdmin."""
    if not agent.is_active:
        return
    if agent.role == Role.ADMIN:
        _require_another_admin(agent)
    agent.is_active, agent.deactivated_at = False, timezone.now()
    agent.availability = Availability.AWAY
    agent.save(update_fields=["is_active", "deactivated_at", "availability"])
    raise_epoch(agent)
    record_audit(agent.workspace, by, "person.deactivated", subject=agent.email)
    agent_deactivated.send(sender=Agent, agent=agent, by=by)


@transaction.atomic
def reactivate(agent: Agent, *, by: Agent | None) -> None:
    """Let a deactivated person in again, with the same password, role and teams."""
    if agent.is_active:
        return
    agent.is_active, agent.deactivated_at, agent.availability = True, None, Availability.AVAILABLE
    agent.save(update_fields=["is_active", "deactivated_at", "availability"])
    record_audit(agent.workspace, by, "person.reactivated", subject=agent.email)


@transaction.atomic
def end_sessions(agent: Agent, *, by: Agent | None) -> None:
    """Sign the person out on every device; open password links end too."""
    raise_epoch(agent)
    record_audit(agent.workspace, by, "person.signed_out", subject=agent.email)


@transaction.atomic
def create_reset_link(agent: Agent, *, by: Agent | None) -> str:
    """A link with which the person sets a new password, once, within the hour. Shown once, kept nowhere."""
    record_audit(agent.workspace, by, "person.reset_link", subject=agent.email)
    return links.reset_link(agent)


@transaction.atomic
def reset_password(person: str, token: str, password: str) -> Agent:
    """Set the password by link and end every session. Raises LinkUsed."""
    agent = links.agent_of_reset_link(person, token, lock=True)
    if agent is None:
        raise LinkUsed
    agent.set_password(password)
    agent.save(update_fields=["password"])
    raise_epoch(agent)
    record_audit(agent.workspace, agent, "password.reset", subject=agent.email)
    return agent


@transaction.atomic
def change_password(agent: Agent, password: str) -> None:
    """Set the own password and end every other session; the caller keeps the current one."""
    agent.set_password(password)
    agent.save(update_fields=["password"])
    raise_epoch(agent)
    record_audit(agent.workspace, agent, "password.changed", subject=agent.email)


def raise_epoch(agent: Agent) -> None:
    """End every session of the person: the session hash contains the epoch. The caller writes the audit line."""
    Agent.objects.filter(pk=agent.pk).update(session_epoch=F("session_epoch") + 1)
    agent.refresh_from_db(fields=["session_epoch"])


def _require_another_admin(agent: Agent) -> None:
    """Of two admins who remove each other at once, the second finds itself the last."""
    admins = Agent.objects.filter(workspace_id=agent.workspace_id, role=Role.ADMIN, is_active=True)
    if {admin.pk for admin in admins.select_for_update().order_by("pk")} <= {agent.pk}:
        raise LastAdmin
