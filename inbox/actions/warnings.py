"""What time alone makes urgent: a window that closes on an unanswered customer, and one who waits for a long time.

Both are found from rows by the sweeper, and a row says what was told, so that neither a restart nor a second sweeper
tells it twice. Whoever is told gets the words from inbox.notices.
"""

from datetime import datetime, timedelta

from django.db import connection, transaction

from accounts.models import Agent, Availability, Membership, Role
from inbox import events
from inbox.actions.locks import lock
from inbox.enums import NoticeKind
from inbox.models import ClosingWarning, Conversation, NotificationSettings, Reminder
from whatsapp.service_window import WINDOW

THRESHOLDS = {15: NoticeKind.CLOSING_15, 60: NoticeKind.CLOSING_60}  # minutes, the sharpest first
AT_ONCE = 20  # conversations in one look; as long as there are some, the next look is a moment away

# Of what closes within the hour: where the threshold that is reached has not been told yet.
CLOSING = """
SELECT c.id FROM accounts_workspace w
  JOIN inbox_conversation c ON c.workspace_id = w.id AND c.status = 'open' AND c.needs_answer
   AND c.last_customer_message_at > %(begun)s + w.window_margin_seconds * interval '1 second'
   AND c.last_customer_message_at <= %(begun)s + w.window_margin_seconds * interval '1 second' + interval '60 minutes'
   AND (c.window_refused_at IS NULL OR c.window_refused_at < c.last_customer_message_at)
  LEFT JOIN inbox_closingwarning t ON t.conversation_id = c.id AND t.window_of = c.last_customer_message_at
 WHERE t.minutes IS NULL OR (t.minutes > 15 AND c.last_customer_message_at
       <= %(begun)s + w.window_margin_seconds * interval '1 second' + interval '15 minutes')
 ORDER BY c.last_customer_message_at LIMIT %(limit)s
"""
# Since when the customer waits for this agent, and not for whoever had it before.
SINCE = "greatest(c.waiting_since, c.assigned_at)"
OVERDUE = f"""
SELECT c.id FROM inbox_notificationsettings s
  JOIN inbox_conversation c ON c.assignee_id = s.agent_id AND c.status = 'open' AND c.needs_answer
  LEFT JOIN inbox_reminder r ON r.conversation_id = c.id AND r.agent_id = s.agent_id AND r.waiting_since = {SINCE}
 WHERE s.agent_id = ANY(%s) AND coalesce(r.count, 0) < s.repeat_times
   AND coalesce(r.told_at, {SINCE}) <= %s - s.repeat_minutes * interval '1 minute'
 ORDER BY c.waiting_since LIMIT %s
"""  # noqa: S608 - our own words


def warn_of_closing_windows(now: datetime) -> bool:
    """Tell who has it, and the leads of its team when nobody has or little is left; once per threshold and window.

    After a standstill only the threshold that counts now is told, and a window that has closed meanwhile not at all.
    Is there more to do?
    """
    with connection.cursor() as cursor:
        cursor.execute(CLOSING, {"begun": now - WINDOW, "limit": AT_ONCE})
        due = [pk for (pk,) in cursor.fetchall()]
    for conversation in Conversation.objects.filter(pk__in=due) if due else ():
        _warn(conversation, now)
    return len(due) == AT_ONCE


def remind_of_waiting(now: datetime) -> bool:
    """Tell agents who asked for it that their customers still wait: every so many minutes, at most so many times.

    The answer, the close, the snooze and the hand-over end it. In an agent's quiet hours nothing is told or counted.
    """
    chosen = NotificationSettings.objects.filter(repeat_minutes__gt=0, agent__is_active=True).select_related("agent")
    disturbable = {each.agent_id: each for each in chosen if not each.is_quiet(now, each.agent.zone)}
    if not disturbable:
        return False
    with connection.cursor() as cursor:
        cursor.execute(OVERDUE, [list(disturbable), now, AT_ONCE])
        due = [pk for (pk,) in cursor.fetchall()]
    for conversation in Conversation.objects.filter(pk__in=due) if due else ():
        _remind(conversation, disturbable, now)
    return len(due) == AT_ONCE


def _warn(conversation: Conversation, now: datetime) -> None:
    with transaction.atomic():
        lock(conversation)
        left = conversation.service_window.time_left(now)
        minutes = next((each for each in THRESHOLDS if timedelta(0) < left <= timedelta(minutes=each)), None)
        if minutes is None or not (conversation.is_open and conversation.needs_answer):
            return
        window_of = conversation.last_customer_message_at
        assert window_of is not None
        told = ClosingWarning.objects.filter(conversation=conversation, window_of=window_of, minutes__lte=minutes)
        if told.exists():
            return
        ClosingWarning.objects.update_or_create(
            conversation=conversation, defaults={"window_of": window_of, "minutes": minutes, "told_at": now}
        )
        events.notice_due(conversation, _responsible(conversation, minutes), THRESHOLDS[minutes])


def _responsible(conversation: Conversation, minutes: int) -> list[int]:
    """Who has it; in the last minutes, or when that person is away, the leads as well; only they when nobody has it."""
    if (holder := conversation.assignee) is not None:
        is_alone = holder.availability == Availability.AVAILABLE and minutes > min(THRESHOLDS)
        return list(dict.fromkeys([holder.pk, *([] if is_alone else leads_of(conversation))]))
    return leads_of(conversation)


def leads_of(conversation: Conversation) -> list[int]:
    """Who leads the conversation's team; without a team everybody who leads one."""
    if conversation.team_id is None:
        leads = Agent.objects.filter(workspace_id=conversation.workspace_id, role=Role.LEAD, is_active=True)
        return list(leads.values_list("pk", flat=True))
    leading = Membership.objects.filter(team_id=conversation.team_id, is_lead=True, agent__role=Role.LEAD)
    return list(leading.filter(agent__is_active=True).values_list("agent_id", flat=True))


def _remind(conversation: Conversation, disturbable: dict[int, NotificationSettings], now: datetime) -> None:
    with transaction.atomic():
        lock(conversation)
        agent_id, since = conversation.assignee_id, conversation.waiting_since
        if agent_id not in disturbable or since is None or not (conversation.is_open and conversation.needs_answer):
            return
        since, chosen = max(since, conversation.assigned_at or since), disturbable[agent_id]
        last = Reminder.objects.filter(conversation=conversation, agent_id=agent_id, waiting_since=since).first()
        pause = timedelta(minutes=chosen.repeat_minutes)
        count = last.count if last else 0
        if count >= chosen.repeat_times or (last.told_at if last else since) + pause > now:
            return  # another sweeper was quicker
        fields = {"agent_id": agent_id, "waiting_since": since, "count": count + 1, "told_at": now}
        Reminder.objects.update_or_create(conversation=conversation, defaults=fields)
        events.notice_due(conversation, [agent_id], NoticeKind.WAITING)
