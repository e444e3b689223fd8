"""A window closes on a customer nobody has answered: a row says who had it and why, for the reports and for good.

The sweeper looks for windows that have just closed; after a standstill, for those of the last week. Should the customer
write again before it could look, receiving the message says it (`before_new_message`). What counts is how things stood
when the window closed: who had it by the assignments, whether they were there by their own marks.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from accounts.models import Availability
from accounts.schedules import team_hours, workspace_hours
from inbox import presence
from inbox.actions.locks import lock
from inbox.enums import ConversationStatus, Direction, MessageKind, MessageStatus, Via
from inbox.models import Assignment, Conversation, LostWindow, Message
from whatsapp.service_window import WINDOW

AT_ONCE = 20  # conversations in one look; as long as there are some, the next look is a moment away
LOOK_BACK = timedelta(days=7)
HUMAN = (Via.AGENT, Via.PHONE_APP)
NOT_OUT = (MessageStatus.HELD, MessageStatus.QUEUED, MessageStatus.SENDING, MessageStatus.FAILED)
NOT_CLOSED = (ConversationStatus.OPEN, ConversationStatus.SNOOZED)

# Nothing that a person wrote has left since the customer's last message, whatever the conversation's marks say.
CLOSED = """
SELECT c.id FROM accounts_workspace w
  JOIN inbox_conversation c ON c.workspace_id = w.id AND c.status IN ('open', 'snoozed') AND c.block_state = ''
   AND c.last_customer_message_at > %(since)s + w.window_margin_seconds * interval '1 second'
   AND c.last_customer_message_at <= %(begun)s + w.window_margin_seconds * interval '1 second'
  JOIN inbox_contact p ON p.id = c.contact_id AND p.kind = 'person'
 WHERE NOT EXISTS (SELECT 1 FROM inbox_lostwindow l
                   WHERE l.conversation_id = c.id AND l.window_of = c.last_customer_message_at)
   AND NOT EXISTS (SELECT 1 FROM inbox_message m
                   WHERE m.conversation_id = c.id AND m.occurred_at >= c.last_customer_message_at
                     AND m.occurred_at < c.last_customer_message_at + interval '24 hours'
                     AND m.direction = 'out' AND m.via IN ('agent', 'phone_app') AND m.kind <> 'reaction'
                     AND m.status NOT IN ('held', 'queued', 'sending', 'failed'))
 ORDER BY c.last_customer_message_at LIMIT %(limit)s
"""


def note_lost_windows(now: datetime, since: datetime | None = None) -> bool:
    """Write down the windows that have closed unanswered since then; is there more to do?"""
    span: dict[str, Any] = {"begun": now - WINDOW, "since": (since or now - LOOK_BACK) - WINDOW, "limit": AT_ONCE}
    with connection.cursor() as cursor:
        cursor.execute(CLOSED, span)
        due = [pk for (pk,) in cursor.fetchall()]
    for conversation in Conversation.objects.filter(pk__in=due) if due else ():
        with transaction.atomic():
            lock(conversation)
            _note(conversation, now)
    return len(due) == AT_ONCE


def before_new_message(conversation: Conversation, at: datetime) -> None:
    """The customer writes again at `at`: if that was too late for the window before, it was lost.

    To be called under the lock, before the window moves.
    """
    begun = conversation.last_customer_message_at
    if conversation.needs_answer and begun is not None and at - begun >= WINDOW - conversation.workspace.window_margin:
        _note(conversation, at)


def _note(conversation: Conversation, now: datetime) -> None:
    window, window_of = conversation.service_window, conversation.last_customer_message_at
    closed_at = window.closes_at
    if window_of is None or closed_at is None or window.is_open(now) or conversation.status not in NOT_CLOSED:
        return
    if conversation.may_be_read_only():
        return  # a group, or somebody who is blocked: nobody could have answered
    if _replies(conversation).filter(occurred_at__lt=closed_at).exclude(status__in=NOT_OUT).exists():
        return
    held = Assignment.objects.filter(conversation=conversation, created_at__lte=closed_at).order_by("-pk").first()
    holder_id = held.agent_id if held else None
    waiting_since = conversation.waiting_since or window_of
    LostWindow.objects.get_or_create(
        conversation=conversation, window_of=window_of,
        defaults={
            "workspace_id": conversation.workspace_id, "phone_number_id": conversation.phone_number_id,
            "team_id": conversation.team_id, "agent_id": holder_id, "waiting_since": waiting_since,
            "closed_at": closed_at, "why": _why(conversation, held, min(waiting_since, window_of), closed_at),
        },
    )  # fmt: skip


def _why(conversation: Conversation, held: Assignment | None, since: datetime, closed_at: datetime) -> str:
    """The first of these that is true."""
    why = LostWindow.Why
    number = conversation.phone_number
    stops = (number.sending_stopped_at, number.business_account.sending_stopped_at, conversation.window_refused_at)
    if _replies(conversation).exists() or any(at is not None and at <= closed_at for at in stops):
        return why.NOT_SENT
    hours = team_hours(conversation.team) if conversation.team else workspace_hours(conversation.workspace)
    if not hours.between(since, closed_at):
        return why.HOURS
    agent = held.agent if held else None
    if agent is None:
        return why.QUEUE
    if agent.availability == Availability.AWAY and agent.availability_changed_at <= closed_at:
        return why.AWAY
    seen = presence.last_present_at(conversation.workspace_id).get(agent.pk, agent.created_at)
    if not agent.is_active or seen < closed_at - timedelta(seconds=presence.FALLBACK_SECONDS):
        return why.OFFLINE
    return why.UNANSWERED


def _replies(conversation: Conversation) -> QuerySet[Message]:
    """What people wrote since the customer's last message, whether it left or not."""
    return Message.objects.filter(
        conversation=conversation, direction=Direction.OUT, via__in=HUMAN,
        occurred_at__gte=conversation.last_customer_message_at,
    ).exclude(kind=MessageKind.REACTION)  # fmt: skip
