"""An agent hands a conversation over to a lead of its team, and says why."""

import uuid
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Agent, Role
from inbox import events, presence
from inbox.access import require_sight
from inbox.actions import assignment
from inbox.actions.load import loads
from inbox.actions.locks import lock
from inbox.actions.notes import add_note
from inbox.actions.warnings import leads_of
from inbox.enums import ConversationStatus
from inbox.errors import ConversationClosedRule, EmptyMessage, InboxRuleViolation
from inbox.models import Conversation

LONGEST_REASON = 500


def escalate(conversation: Conversation, *, by: Agent, why: str, seen_assignee_id: Any = assignment.UNSAID) -> Agent:
    """Give it to the lead of its team who is there and has the least to do; to an admin where the team has no lead.

    The reason stands in the thread as a note. The lead is told, there or not; what an absent one does not answer comes
    back like all other work.
    """
    why = " ".join(why.split())[:LONGEST_REASON]
    if not why:
        raise EmptyMessage(_("Say in a few words why."))
    with transaction.atomic(), events.gathered():
        lock(conversation)
        require_sight(by, conversation)
        assignment.require_seen_holder(conversation, seen_assignee_id)
        if conversation.status == ConversationStatus.CLOSED:
            raise ConversationClosedRule
        lead = _choose(conversation, by)
        add_note(conversation, by=by, text=why, uid=uuid.uuid4())
        assignment.assign(conversation, to_agent=lead, by=by, escalated_because=why)
    return lead


def _choose(conversation: Conversation, by: Agent) -> Agent:
    others = Agent.objects.filter(workspace_id=conversation.workspace_id, is_active=True)
    others = others.exclude(pk__in=[by.pk, conversation.assignee_id or by.pk])
    found = list(others.filter(pk__in=leads_of(conversation))) or list(others.filter(role=Role.ADMIN))
    if not found:
        raise InboxRuleViolation(_("There is no other lead who could take this over."))
    there = presence.online_agent_ids(conversation.workspace_id)
    load = loads([lead.pk for lead in found])
    return min(found, key=lambda lead: (presence.state_of(lead, there) != "available", load[lead.pk], lead.pk))
