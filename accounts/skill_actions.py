"""What people do about skills. Each action is one transaction with its audit line."""

from collections.abc import Iterable

from django.db import transaction

from accounts.audit import record_audit
from accounts.models import Agent, Skill, Workspace


@transaction.atomic
def save_skill(skill: Skill, agents: Iterable[Agent], *, by: Agent) -> Skill:
    """Store a new or changed skill and who of the active people has it; people of other workspaces are left out."""
    verb = "skill.changed" if skill.pk else "skill.created"
    skill.save()
    have = [agent for agent in agents if agent.workspace_id == skill.workspace_id]
    skill.agents.set([*have, *skill.agents.filter(is_active=False)])
    names = sorted(agent.name for agent in have)
    record_audit(skill.workspace, by, verb, subject=skill.name, data={"people": names})
    return skill


@transaction.atomic
def delete_skill(skill: Skill, *, by: Agent) -> None:
    """Rules that choose by it are skipped from then on, and say so."""
    workspace: Workspace = skill.workspace
    record_audit(workspace, by, "skill.deleted", subject=skill.name)
    skill.delete()
