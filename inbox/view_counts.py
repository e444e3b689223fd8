"""The numbers beside the views for many agents at once: the same as `queries.view_counts`, in three grouped queries.

The hub sends them to every page of a workspace when something changed, so that no event makes fifty pages ask.
"""

from collections.abc import Iterable

from django.db import connection

from accounts.models import Role
from inbox.visibility import Rights

COUNT_LIMIT = 100  # beyond, pages show "99+"

MINE = """
SELECT c.assignee_id, count(*), count(*) FILTER (WHERE c.inbound_count > coalesce(r.read_count, 0))
  FROM inbox_conversation c
  LEFT JOIN inbox_readcursor r ON r.conversation_id = c.id AND r.agent_id = c.assignee_id
 WHERE c.assignee_id = ANY(%s) AND c.status = 'open' GROUP BY c.assignee_id
"""
UNASSIGNED = """
SELECT c.team_id, count(*) FROM inbox_conversation c
 WHERE c.workspace_id = %s AND c.status = 'open' AND c.assignee_id IS NULL GROUP BY c.team_id
"""
MENTIONED = """
SELECT m.agent_id, c.team_id, m.conversation_id, c.status = 'open' AND c.assignee_id IS NULL,
       bool_or(m.read_at IS NULL)
  FROM inbox_mention m JOIN inbox_conversation c ON c.id = m.conversation_id
 WHERE m.agent_id = ANY(%s) AND (m.read_at IS NULL OR (c.status = 'open' AND c.assignee_id IS NULL))
 GROUP BY m.agent_id, c.team_id, m.conversation_id, c.status, c.assignee_id
"""


def counts_for(workspace_id: int, people: Iterable[Rights]) -> dict[int, dict[str, int]]:
    """Agent id → mine, unassigned, mentions, unread; each at most 100."""
    rights_of = {rights.agent_id: rights for rights in people}
    ids = list(rights_of)
    with connection.cursor() as cursor:
        cursor.execute(MINE, [ids])
        mine = {agent_id: (count, unread) for agent_id, count, unread in cursor.fetchall()}
        cursor.execute(UNASSIGNED, [workspace_id])
        by_team = dict(cursor.fetchall())
        cursor.execute(MENTIONED, [ids])
        mentioned = cursor.fetchall()
    found = {
        agent_id: {
            "mine": mine.get(agent_id, (0, 0))[0],
            "unassigned": sum(count for team, count in by_team.items() if _sees_team(rights, team)),
            "mentions": 0,
            "unread": mine.get(agent_id, (0, 0))[1],
        }
        for agent_id, rights in rights_of.items()
    }
    for agent_id, team, _, waits_unassigned, is_unread in mentioned:
        if is_unread:
            found[agent_id]["mentions"] += 1
        if waits_unassigned and not _sees_team(rights_of[agent_id], team):
            found[agent_id]["unassigned"] += 1
    return {
        agent_id: {name: min(count, COUNT_LIMIT) for name, count in counts.items()}
        for agent_id, counts in found.items()
    }


def _sees_team(rights: Rights, team_id: int | None) -> bool:
    """Whether an unassigned conversation of this team is theirs to see, mentions aside."""
    if rights.sees_everything:
        return True
    return rights.role == Role.LEAD if team_id is None else team_id in rights.team_ids
