"""What happens on the way to an answer target and beyond it: each step once, from rows (inbox.answer_targets).

The sweeper looks about once a second. A step is taken under the conversation's lock and marked in the same transaction,
so neither a second sweeper nor a restart takes it twice.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, transaction

from accounts.models import Agent, Role
from inbox import events, presence
from inbox.actions import answer_timers
from inbox.actions.handback import hand_back_late
from inbox.actions.load import candidates
from inbox.actions.locks import lock
from inbox.actions.wakeups import request_routing
from inbox.actions.warnings import leads_of
from inbox.answer_targets import Step
from inbox.enums import NoticeKind
from inbox.models import AnswerTimer, Conversation

logger = logging.getLogger(__name__)

AT_ONCE = 20  # timers in one look; as long as there are some, the next look is a moment away
PATIENCE = timedelta(minutes=5)  # with somebody who has only just got it, or could not know of the target
TRY_AGAIN = timedelta(minutes=1)
NOBODY_ELSE = timedelta(minutes=1)  # until it is asked again whether a colleague is free


def take_due_steps(now: datetime) -> bool:
    """Remind, say that a target has passed, put back, tell the leads. Is there more to do?"""
    due = AnswerTimer.objects.filter(next_at__lte=now).order_by("next_at")
    rows = list(due.values_list("pk", flat=True)[:AT_ONCE])
    for conversation in Conversation.objects.filter(pk__in=rows) if rows else ():
        try:
            with transaction.atomic(), events.gathered():
                _take(lock(conversation), now)
        except (OperationalError, InterfaceError):
            raise
        except Exception:  # the others have their time, too
            logger.exception("The answer timer of conversation %s failed", conversation.pk)
            AnswerTimer.objects.filter(pk=conversation.pk).update(next_at=now + TRY_AGAIN)
    return len(rows) == AT_ONCE


def _take(conversation: Conversation, now: datetime) -> None:
    timer = AnswerTimer.objects.filter(pk=conversation.pk, next_at__lte=now).first()
    if timer is None:
        return  # another sweeper was quicker, or somebody has answered
    if not conversation.needs_answer or not conversation.is_open or timer.team_id != conversation.team_id:
        answer_timers.follow(conversation)
        return
    for step in timer.plan.due(now, timer.steps_done):
        _STEPS[step](conversation, timer, now)
    timer.done = timer.steps_done | timer.plan.passed(now)
    timer.next_at = timer.plan.next_at(timer.steps_done)
    timer.save(update_fields=["done", "next_at", "requeue_at", "requeued_from"])


def _remind(conversation: Conversation, timer: AnswerTimer, now: datetime) -> None:
    if conversation.assignee_id is not None:
        events.notice_due(conversation, [conversation.assignee_id], NoticeKind.TARGET_SOON)


def _miss(conversation: Conversation, timer: AnswerTimer, now: datetime) -> None:
    events.conversation_changed(conversation)  # lists and boards look at it anew


def _requeue(conversation: Conversation, timer: AnswerTimer, now: datetime) -> None:
    """Away from whoever let it lie, provided a colleague could take it; not from somebody who has only just got it."""
    holder = conversation.assignee
    if holder is None:
        return
    fair_from = max(conversation.assigned_at or timer.planned_at, timer.planned_at) + PATIENCE
    if now < fair_from:
        timer.requeue_at = fair_from
    elif not _somebody_else_is_free(conversation, now):
        timer.requeue_at = now + NOBODY_ELSE
    else:
        timer.requeued_from = holder
        hand_back_late(conversation, now)
        request_routing()


def _somebody_else_is_free(conversation: Conversation, now: datetime) -> bool:
    if (team_id := conversation.team_id) is None:
        return False
    present = presence.present_agent_ids(conversation.workspace_id, now)
    people = candidates(conversation.workspace_id, present, now, locked=False)
    colleagues = [each for each in people if team_id in each.team_ids and each.agent_id != conversation.assignee_id]
    return any(each.has_room_for(team_id) for each in colleagues)


def _tell_lead(conversation: Conversation, timer: AnswerTimer, now: datetime) -> None:
    events.notice_due(conversation, leads_of(conversation) or _admins(conversation), NoticeKind.TARGET_OVER)


def _admins(conversation: Conversation) -> list[int]:
    """They lead the teams that nobody leads."""
    admins = Agent.objects.filter(workspace_id=conversation.workspace_id, role=Role.ADMIN, is_active=True)
    return list(admins.values_list("pk", flat=True))


_STEPS: dict[Step, Callable[[Conversation, AnswerTimer, datetime], None]] = {
    Step.REMIND: _remind,
    Step.MISS: _miss,
    Step.REQUEUE: _requeue,
    Step.TELL_LEAD: _tell_lead,
}
