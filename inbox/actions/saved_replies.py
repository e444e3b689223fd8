"""What people do with saved replies: write, change, delete, use. Who may do it is asked here.

Everybody tends to their own, leads to their teams' and everybody's, admins to all of them, also those of somebody who
has left. Changes of what others use too are in the activity log.
"""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.audit import record_audit
from accounts.models import Agent, Role, Team
from accounts.permissions import leads_team
from inbox.actions import reply_files
from inbox.errors import InboxRuleViolation, NotAllowed
from inbox.models import SavedReply

MOST = 500  # of one workspace: more than anybody finds their way in


class ShortcutTaken(InboxRuleViolation):
    """The shortcut has a reply in this scope already."""

    code = "shortcut_taken"
    sentence = _("There is a reply with this shortcut already.")


class TooManyReplies(InboxRuleViolation):
    code = "too_many"
    sentence = _("There are 500 saved replies already. Delete some that nobody uses.")


def may_manage(agent: Agent, reply: SavedReply) -> bool:
    """May this person change or delete it?"""
    if reply.workspace_id != agent.workspace_id:
        return False
    return reply.owner_id == agent.pk or _may_keep_for(agent, reply.scope, reply.team, reply.owner_id or agent.pk)


def teams_of_keeper(agent: Agent) -> list[Team]:
    """The teams for which this person may save replies."""
    teams = Team.objects.filter(workspace_id=agent.workspace_id).order_by("name")
    if agent.role == Role.ADMIN:
        return list(teams)
    if agent.role != Role.LEAD:
        return []
    return list(teams.filter(memberships__agent=agent, memberships__is_lead=True))


@transaction.atomic
def create_reply(*, by: Agent, scope: str, team: Team | None = None, **words: Any) -> SavedReply:
    """A new reply for `by` alone, a team or everybody. Raises NotAllowed or ShortcutTaken."""
    if SavedReply.objects.filter(workspace_id=by.workspace_id).count() >= MOST:
        raise TooManyReplies
    reply = SavedReply(workspace_id=by.workspace_id, created_by=by)
    return _save(reply, by=by, scope=scope, team=team, verb="reply.created", **words)


@transaction.atomic
def update_reply(reply: SavedReply, *, by: Agent, scope: str, team: Team | None = None, **words: Any) -> SavedReply:
    """Change text and scope. What was somebody's own stays theirs when an admin mends it."""
    reply = SavedReply.objects.select_for_update(of=("self",)).select_related("team").get(pk=reply.pk)
    if not may_manage(by, reply):
        raise NotAllowed
    return _save(reply, by=by, scope=scope, team=team, verb="reply.changed", **words)


@transaction.atomic
def delete_reply(reply: SavedReply, *, by: Agent) -> None:
    if not may_manage(by, reply):
        raise NotAllowed
    if reply.owner_id != by.pk:
        record_audit(by.workspace, by, "reply.deleted", subject=reply.title)
    reply_files.detach(reply.files.all())
    reply.delete()


def count_use(reply: SavedReply) -> None:
    """Somebody has put it into a message."""
    SavedReply.objects.filter(pk=reply.pk).update(used_count=F("used_count") + 1, last_used_at=timezone.now())


def _save(reply: SavedReply, *, by: Agent, scope: str, team: Team | None, verb: str, **words: Any) -> SavedReply:
    is_personal, is_teams = scope == SavedReply.Scope.PERSONAL, scope == SavedReply.Scope.TEAM
    owner_id = (reply.owner_id or by.pk) if is_personal else None
    if not _may_keep_for(by, scope, team, owner_id or by.pk):
        raise NotAllowed
    was_shared = reply.pk is not None and reply.owner_id is None
    reply.scope, reply.owner_id, reply.team = scope, owner_id, team if is_teams else None
    for name in ("shortcut", "title", "text"):
        setattr(reply, name, words[name])
    reply.updated_at = timezone.now()
    reply.set_search_key()
    try:
        with transaction.atomic():
            reply.save()
    except IntegrityError:
        raise ShortcutTaken
    if was_shared or owner_id != by.pk:
        record_audit(by.workspace, by, verb, subject=reply.title)
    return reply


def _may_keep_for(agent: Agent, scope: str, team: Team | None, owner_id: int) -> bool:
    if agent.role == Role.ADMIN:
        return scope != SavedReply.Scope.TEAM or (team is not None and team.workspace_id == agent.workspace_id)
    if scope == SavedReply.Scope.PERSONAL:
        return owner_id == agent.pk
    if scope == SavedReply.Scope.TEAM:
        return team is not None and leads_team(agent, team)
    return agent.role == Role.LEAD
