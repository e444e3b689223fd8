"""Who is responsible: by hand in here, automatically in `routing`, back to the queue in `handback`.

By hand anybody may act who sees the conversation, and may exceed a colleague's capacity (`fullness` says so before).
Each change is an Assignment, a line in the thread and an event; a change to what already is does and says nothing.
"""

import uuid
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Agent, Team
from inbox import events
from inbox.access import require_sight
from inbox.actions import answer_timers
from inbox.actions.activity import add_activity
from inbox.actions.availability import agent_came_online, set_availability
from inbox.actions.handback import hand_back_absent, hand_back_everything
from inbox.actions.load import Fullness, fullness, loads
from inbox.actions.locks import lock
from inbox.actions.notes import add_note
from inbox.actions.routing import route_waiting
from inbox.actions.wakeups import request_routing
from inbox.enums import ConversationStatus, NoticeKind
from inbox.errors import (
    AlreadyAssigned,
    ConversationClosedRule,
    HandoverNoteRequired,
    InboxRuleViolation,
    NotAllowed,
    StaleVersion,
)
from inbox.models import Assignment, Case, Conversation
from inbox.text import clean
from inbox.visibility import Actor, facts_of, person_of

__all__ = [
    "Change",
    "Fullness",
    "agent_came_online",
    "assign",
    "claim",
    "fullness",
    "hand_back_absent",
    "hand_back_everything",
    "loads",
    "release",
    "route_waiting",
    "set_availability",
    "take_over",
    "wants_note",
]


HAND_OVER_FIELDS = (
    "assignee", "team", "assigned_at", "placed_by_hand", "rule", "team_before_rule", "ruled_until",
)  # fmt: skip


class _Unsaid:
    """For an argument where None means "nobody"."""


UNSAID = _Unsaid()


@dataclass(frozen=True, slots=True)
class Change:
    """What an assignment by hand came to; `fullness` is the new assignee's, afterwards."""

    conversation: Conversation
    happened: bool
    fullness: Fullness | None = None


def claim(conversation: Conversation, *, by: Agent) -> Conversation:
    """Take what is nobody's. Of several at once one wins, the others get AlreadyAssigned with the holder."""
    with transaction.atomic(), events.gathered():
        lock(conversation)
        if conversation.assignee_id == by.pk:
            return conversation
        if conversation.assignee_id is not None:
            raise AlreadyAssigned(conversation.assignee)
        require_sight(by, conversation)
        _require_not_closed(conversation)
        _hand_over(conversation, by, conversation.team, by=by, kind="claimed")
    return conversation


def take_over(
    conversation: Conversation, *, by: Agent, seen_assignee_id: int | None | _Unsaid = UNSAID
) -> Conversation:
    """Take it from whoever has it, or from nobody."""
    return assign(conversation, to_agent=by, by=by, seen_assignee_id=seen_assignee_id).conversation


def assign(
    conversation: Conversation,
    *,
    to_agent: Agent | None = None,
    to_team: Team | None = None,
    by: Actor,
    seen_assignee_id: int | None | _Unsaid = UNSAID,
    note: str = "",
    escalated_because: str = "",
) -> Change:
    """Give it to a colleague, to a team's queue, or to a colleague within a team.

    `note` is for the colleagues there; where the workspace wants one, no conversation changes its team without.
    The colleague sees it from then on, whatever their teams. `seen_assignee_id` is who had it on the actor's screen
    (None: nobody); if somebody else has it by now, StaleVersion. Capacity keeps nobody from anything here.
    """
    if to_agent is None and to_team is None:
        raise InboxRuleViolation(_("Choose a colleague or a team."))
    with transaction.atomic(), events.gathered():
        lock(conversation)
        require_sight(by, conversation)
        _require_not_closed(conversation)
        require_seen_holder(conversation, seen_assignee_id, to_agent)
        team = to_team or conversation.team
        if team is not None and team.workspace_id != conversation.workspace_id:
            raise NotAllowed
        if to_agent is not None:
            to_agent = working(to_agent.pk, conversation)
        target_id = to_agent.pk if to_agent else None
        if conversation.assignee_id == target_id and conversation.team_id == (team.pk if team else None):
            return Change(conversation, happened=False, fullness=fullness(to_agent) if to_agent else None)
        _leave_note(conversation, team, note, by)
        kind = "moved" if to_agent is None else "taken_over" if to_agent == person_of(by) else "assigned"
        _hand_over(conversation, to_agent, team, by=by, kind=kind, why=escalated_because)
        request_routing()  # a place has become free, or there is new work in a queue
        return Change(conversation, happened=True, fullness=fullness(to_agent) if to_agent else None)


def release(
    conversation: Conversation, *, by: Actor, seen_assignee_id: int | None | _Unsaid = UNSAID
) -> Conversation:
    """Back to the team's queue. Routing offers it to others than the one who had it until the customer writes."""
    with transaction.atomic(), events.gathered():
        lock(conversation)
        require_sight(by, conversation)
        require_seen_holder(conversation, seen_assignee_id)
        if conversation.assignee_id is None:
            return conversation
        _require_not_closed(conversation)
        _hand_over(conversation, None, conversation.team, by=by, kind="released")
        request_routing()
    return conversation


def wants_note(conversation: Conversation, team: Team | None) -> bool:
    """Whether giving it to this team needs a note for the colleagues there."""
    moves = team is not None and conversation.team_id not in (None, team.pk)
    return moves and conversation.workspace.handover_note_required


def _leave_note(conversation: Conversation, team: Team | None, note: str, by: Actor) -> None:
    """Before the hand-over, which may take it out of the author's sight."""
    if any(char.isprintable() and not char.isspace() for char in clean(note)):  # spaces of no width say nothing
        add_note(conversation, by=by, text=note, uid=uuid.uuid4())
    elif wants_note(conversation, team):
        raise HandoverNoteRequired


def _hand_over(
    conversation: Conversation, to: Agent | None, team: Team | None, *, by: Actor, kind: str, why: str = ""
) -> None:
    previous, holder, former_team = facts_of(conversation), conversation.assignee, conversation.team
    conversation.assignee, conversation.team = to, team
    conversation.assigned_at = timezone.now() if to else None
    if team != former_team:  # a person has said where it belongs: until it is closed no rule says otherwise
        conversation.placed_by_hand, conversation.rule_id, conversation.team_before_rule = True, None, None
    elif to is None:
        conversation.ruled_until = None
    conversation.save(update_fields=HAND_OVER_FIELDS)
    if team != former_team:
        Case.objects.filter(conversation=conversation, closed_at=None).update(team=team)
        answer_timers.follow(conversation)
    Assignment.objects.create(conversation=conversation, agent=to, team=team, by=person_of(by))
    words: dict = {}
    if to is not None:
        words |= {"to": to.name, "to_id": to.pk}
    if holder is not None:
        words |= {"from": holder.name, "from_id": holder.pk}
    if team is not None and (to is None or team != former_team):
        words |= {"team": team.name}
    if why:
        words |= {"escalated": True, "why": why}
    add_activity(conversation, kind, actor=by, data=words)
    notice = NoticeKind.ESCALATED if why else NoticeKind.ASSIGNED
    events.conversation_changed(conversation, previous=previous, by=person_of(by), notice=notice)


def working(agent_id: int, conversation: Conversation) -> Agent:
    """The agent as stored, held until the commit: a deactivation at the same moment either sees this or forbids it."""
    found = Agent.objects.select_for_update(no_key=True).filter(
        pk=agent_id, workspace_id=conversation.workspace_id, is_active=True
    )
    if (agent := found.first()) is None:
        raise InboxRuleViolation(_("This colleague is not working here any more."))
    return agent


def _require_not_closed(conversation: Conversation) -> None:
    if conversation.status == ConversationStatus.CLOSED:
        raise ConversationClosedRule


def require_seen_holder(
    conversation: Conversation, seen: int | None | _Unsaid, wanted: Agent | None = None
) -> None:
    """Two people at once: the second learns what the first did, unless both wanted the same."""
    if isinstance(seen, _Unsaid):
        return
    holder = conversation.assignee
    if conversation.assignee_id == seen or (wanted is not None and conversation.assignee_id == wanted.pk):
        return
    if holder is None:
        raise StaleVersion(_("Somebody else has put this back into the queue meanwhile."))
    raise StaleVersion(_("%(name)s took over this conversation") % {"name": holder.first_name})
