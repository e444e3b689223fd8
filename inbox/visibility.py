"""Who sees which conversation: one rule in two forms that agree, a query and a pure question.

Admins see the workspace, leads the teams they lead or belong to (and what has no team yet). Everybody sees what is
assigned to them and where they are mentioned. Beyond that an agent sees, by their own setting: `own` what waits
unassigned in their teams, `team` everything of their teams, `all` the workspace. Somebody deactivated sees nothing, and
nobody sees who is being erased.
"""

from dataclasses import dataclass

from django.db.models import Q

from accounts.models import Agent, ApiToken, Membership, Role, Visibility
from inbox.enums import ERASING
from inbox.models import Conversation, Mention


@dataclass(frozen=True, slots=True)
class Rights:
    """What decides an agent's sight. `team_ids` includes the led ones."""

    agent_id: int
    workspace_id: int
    role: str
    visibility: str
    team_ids: frozenset[int] = frozenset()
    led_team_ids: frozenset[int] = frozenset()
    is_active: bool = True

    @property
    def sees_everything(self) -> bool:
        return self.role == Role.ADMIN or self.visibility == Visibility.ALL

    @property
    def sees_whole_teams(self) -> bool:
        return self.role == Role.LEAD or self.visibility == Visibility.TEAM


@dataclass(frozen=True, slots=True)
class ConversationFacts:
    """What of a conversation decides who sees it."""

    workspace_id: int
    team_id: int | None
    assignee_id: int | None
    mentioned_ids: frozenset[int] = frozenset()
    is_erasing: bool = False


Actor = Agent | ApiToken  # who asks or acts: a person, or another system


def person_of(actor: Actor | None) -> Agent | None:
    """The actor where it is a person: only people write notes, own conversations and are told of things."""
    return None if isinstance(actor, ApiToken) else actor


def rights_of(agent: Actor) -> Rights:
    """The agent's rights as stored now, in one query (none when `memberships` is prefetched)."""
    if isinstance(agent, ApiToken):
        return rights_of_token(agent)
    memberships = [(each.team_id, each.is_lead) for each in agent.memberships.all()]
    return build_rights(agent, memberships)


def rights_of_token(token: ApiToken) -> Rights:
    """Another system's: everything of its teams, or of the workspace. Nothing is ever assigned to it."""
    teams = () if token.all_teams else token.teams.values_list("pk", flat=True)
    return Rights(
        agent_id=0, workspace_id=token.workspace_id, role=Role.AGENT, team_ids=frozenset(teams),
        visibility=Visibility.ALL if token.all_teams else Visibility.TEAM, is_active=token.opens_now,
    )


def build_rights(agent: Agent, memberships: list[tuple[int, bool]]) -> Rights:
    """Rights from memberships that are at hand, as (team id, leads it)."""
    is_lead = agent.role == Role.LEAD
    return Rights(
        agent_id=agent.pk,
        workspace_id=agent.workspace_id,
        role=agent.role,
        visibility=agent.visibility,
        team_ids=frozenset(team_id for team_id, _ in memberships),
        led_team_ids=frozenset(team_id for team_id, leads in memberships if leads and is_lead),
        is_active=agent.is_active,
    )


def rights_by_agent(workspace_id: int) -> dict[int, Rights]:
    """The rights of every active person of a workspace, in two queries."""
    memberships: dict[int, list[tuple[int, bool]]] = {}
    for agent_id, team_id, leads in Membership.objects.filter(
        team__workspace_id=workspace_id
    ).values_list("agent_id", "team_id", "is_lead"):
        memberships.setdefault(agent_id, []).append((team_id, leads))
    people = Agent.objects.filter(workspace_id=workspace_id, is_active=True)
    return {person.pk: build_rights(person, memberships.get(person.pk, [])) for person in people}


def facts_of(conversation: Conversation) -> ConversationFacts:
    """The facts as they are in this instance; the mentioned are read from the database."""
    mentioned = Mention.objects.filter(conversation_id=conversation.pk).values_list("agent_id", flat=True)
    return ConversationFacts(
        workspace_id=conversation.workspace_id,
        team_id=conversation.team_id,
        assignee_id=conversation.assignee_id,
        mentioned_ids=frozenset(mentioned),
        is_erasing=conversation.status == ERASING,
    )


def may_see(rights: Rights, facts: ConversationFacts) -> bool:
    """May the agent see this conversation? Pure; the sockets ask it for every event."""
    if not rights.is_active or rights.workspace_id != facts.workspace_id or facts.is_erasing:
        return False
    if rights.sees_everything or facts.assignee_id == rights.agent_id or rights.agent_id in facts.mentioned_ids:
        return True
    if facts.team_id is None:
        return rights.role == Role.LEAD
    if facts.team_id not in rights.team_ids:
        return False
    return rights.sees_whole_teams or facts.assignee_id is None


def visible_q(agent: Actor) -> Q:
    """The same rule as a condition on Conversation."""
    return visible_q_for(rights_of(agent))


def visible_q_for(rights: Rights) -> Q:
    """`visible_q` for rights already at hand. Team ids are literal, so that the planner can count with them.

    A list that asks for one status costs the same as before: the planner sees that it says more.
    """
    if not rights.is_active:
        return Q(pk__in=[])
    here = Q(workspace_id=rights.workspace_id) & ~Q(status=ERASING)
    if rights.sees_everything:
        return here
    theirs = Q(assignee_id=rights.agent_id)
    theirs |= Q(pk__in=Mention.objects.filter(agent_id=rights.agent_id).values("conversation_id"))
    if rights.team_ids:
        teams = Q(team_id__in=sorted(rights.team_ids))
        theirs |= teams if rights.sees_whole_teams else teams & Q(assignee__isnull=True)
    if rights.role == Role.LEAD:
        theirs |= Q(team__isnull=True)
    return here & theirs
