"""What people do about teams. Each action is one transaction with its audit line."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from accounts.audit import record_audit
from accounts.models import Agent, Membership, Role, Team, Workspace


@transaction.atomic
def create_team(workspace: Workspace, *, by: Agent | None, name: str, **fields: Any) -> Team:
    """A new team; the first one of a workspace becomes its default."""
    first = not Team.objects.filter(workspace=workspace).exists()
    team = Team.objects.create(workspace=workspace, name=name, is_default=first, **fields)
    record_audit(workspace, by, "team.created", subject=name)
    return team


@transaction.atomic
def update_team(team: Team, *, by: Agent, **fields: Any) -> Team:
    """Change name, strategy, stickiness or hand-back time."""
    changed = {name: value for name, value in fields.items() if getattr(team, name) != value}
    if changed:
        for name, value in changed.items():
            setattr(team, name, value)
        team.save(update_fields=list(changed))
        record_audit(team.workspace, by, "team.changed", subject=team.name, data=changed)
    return team


@transaction.atomic
def set_members(team: Team, members: Mapping[Agent, bool], *, by: Agent) -> None:
    """Make these the team's people; the value says who leads it (only people with the lead role do)."""
    wanted = {
        agent.pk: leads and agent.role == Role.LEAD
        for agent, leads in members.items() if agent.workspace_id == team.workspace_id
    }
    had = dict(Membership.objects.filter(team=team).values_list("agent_id", "is_lead"))
    if wanted == had:
        return
    Membership.objects.filter(team=team).exclude(agent_id__in=wanted).delete()
    for agent_id, leads in wanted.items():
        Membership.objects.update_or_create(team=team, agent_id=agent_id, defaults={"is_lead": leads})
    names = sorted(agent.name for agent in members)
    record_audit(team.workspace, by, "team.changed", subject=team.name, data={"members": names})


@transaction.atomic
def set_limits(memberships: QuerySet[Membership], limits: Mapping[tuple[int, int], int | None], *, by: Agent) -> None:
    """How many of a team's conversations a person gets at once at most, by (team, agent); None for no limit."""
    for membership in memberships.select_related("team__workspace", "agent").order_by("pk"):
        limit = limits.get((membership.team_id, membership.agent_id), membership.capacity)
        if limit == membership.capacity:
            continue
        data = {"name": membership.agent.name, "from": membership.capacity, "to": limit}
        membership.capacity = limit
        membership.save(update_fields=["capacity"])
        record_audit(membership.team.workspace, by, "team.limit", subject=membership.team.name, data=data)


@transaction.atomic
def make_default(team: Team, *, by: Agent) -> None:
    """This team now gets what comes in where no number says otherwise."""
    teams = Team.objects.select_for_update().filter(workspace_id=team.workspace_id).order_by("pk")
    if any(other.pk == team.pk and other.is_default for other in teams):
        return
    Team.objects.filter(workspace_id=team.workspace_id, is_default=True).update(is_default=False)
    Team.objects.filter(pk=team.pk).update(is_default=True)
    team.is_default = True
    record_audit(team.workspace, by, "team.default", subject=team.name)
