"""What an agent is told, in their words: the same for the page and for push.

Who is to be told of what is decided where it happens and travels as `tell` in the event (inbox.events). Here it is
asked once more, at the moment of telling, whether it still holds: not when it has been read, answered or handed on
meanwhile, and not in hours that are to be quiet.
"""

from datetime import datetime, timedelta
from typing import Any

from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Agent
from inbox import access, formatting, times
from inbox.actions.asking_back import may_ask
from inbox.enums import Channel, Direction, NoticeKind, NoticeTopic
from inbox.models import Conversation, Event, Mention, NotificationSettings
from inbox.unread import unread_count

TOPICS = {
    NoticeKind.ASSIGNED: NoticeTopic.ASSIGNED,
    NoticeKind.MESSAGE: NoticeTopic.MESSAGE,
    NoticeKind.MENTION: NoticeTopic.MENTION,
    NoticeKind.CLOSING_60: NoticeTopic.CLOSING,
    NoticeKind.CLOSING_15: NoticeTopic.CLOSING,
    NoticeKind.WAITING: NoticeTopic.WAITING,
    NoticeKind.TARGET_SOON: NoticeTopic.TARGET,
    NoticeKind.TARGET_OVER: NoticeTopic.TARGET,
    NoticeKind.ESCALATED: NoticeTopic.ESCALATED,
}
# While there is still time to ask the customer for a word that keeps the window open: leads have a button for it.
ASKING = {NoticeKind.CLOSING_60, NoticeKind.CLOSING_15}
LONGEST_TEXT = 160
MINUTE = timedelta(minutes=1)
LONGEST_GAP = timedelta(hours=1)  # what is older stands in the list, and is no news
LOOKED_AT, MOST_MISSED = 50, 5  # events, conversations


def settings_of(agent: Agent) -> NotificationSettings:
    """The agent's choices, or the defaults."""
    return NotificationSettings.objects.filter(agent=agent).first() or NotificationSettings(agent=agent)


def notice_for(
    agent: Agent, conversation: Conversation, kind: NoticeKind, now: datetime, chosen: NotificationSettings
) -> dict[str, Any] | None:
    """The notification as the browser shows it, or None when there is nothing to say. Language: the active one.

    The agent must see the conversation. `channels` is how the agent wants it, `sound` the address of its sound.
    """
    if chosen.is_quiet(now, agent.zone):
        return None
    channels = [channel.value for channel in Channel if chosen.wants(TOPICS[kind], channel)]
    words = _words(agent, conversation, kind, now, may_show_text(chosen))
    if not channels or not words:
        return None
    asks = kind in ASKING and may_ask(conversation) and access.leads(agent, conversation)
    ask = {"ask": reverse("conversation-ask", args=[conversation.pk])} if asks else {}
    return {
        "title": conversation.contact.display_name,
        "body": words,
        "tag": f"conversation-{conversation.pk}",
        "renotify": True,
        "silent": True,  # the page plays its own sound
        "icon": static("img/icon-192.png"),
        "badge": static("img/badge-96.png"),
        "lang": agent.language,
        "timestamp": int(now.timestamp() * 1000),
        "data": {"url": reverse("conversation", args=[conversation.pk])} | ask,
        "actions": [{"action": "ask", "title": _("Ask to answer")}] if ask else [],
        "channels": channels,
        "sound": sound_of(kind),
    }


def told_since(agent: Agent, since: datetime, now: datetime) -> list[dict[str, Any]]:
    """The newest event of each conversation that told the agent something since then, as a page would have heard it."""
    events = Event.objects.filter(
        workspace_id=agent.workspace_id, created_at__gt=max(since, now - LONGEST_GAP), payload__has_key="tell",
        payload__tell__has_key=str(agent.pk),
    )  # fmt: skip
    newest: dict[int | None, dict[str, Any]] = {}
    for pk, conversation_id, tell in events.order_by("-created_at", "-pk").values_list(
        "pk", "conversation_id", "payload__tell"
    )[:LOOKED_AT]:
        told = {str(agent.pk): tell[str(agent.pk)]}
        newest.setdefault(conversation_id, {"id": pk, "conversation": conversation_id, "tell": told})
    return list(newest.values())[:MOST_MISSED]


def sound_of(kind: NoticeKind) -> str:
    return static(f"sounds/{kind.value}.wav")


def may_show_text(chosen: NotificationSettings) -> bool:
    """Only when the agent wants it and the workspace allows it."""
    return chosen.with_text and chosen.agent.workspace.text_in_notifications


def _words(agent: Agent, conversation: Conversation, kind: NoticeKind, now: datetime, with_text: bool) -> str:
    if kind == NoticeKind.MENTION:
        return _mention_words(agent, conversation, with_text)
    if kind == NoticeKind.MESSAGE:
        return _message_words(agent, conversation, with_text)
    if kind == NoticeKind.ASSIGNED:
        return _("Assigned to you") if conversation.assignee_id == agent.pk else ""
    if kind == NoticeKind.ESCALATED:
        return _escalation_words(agent, conversation, with_text)
    if not (conversation.is_open and conversation.needs_answer):
        return ""
    if kind == NoticeKind.WAITING:
        return _waiting_words(conversation, now) if conversation.assignee_id == agent.pk else ""
    if kind in (NoticeKind.TARGET_SOON, NoticeKind.TARGET_OVER):
        return _target_words(agent, conversation, kind, now)
    if conversation.assignee_id not in (None, agent.pk) and not access.leads(agent, conversation):
        return ""
    left = conversation.service_window.time_left(now)
    if not left:
        return ""
    words = _("Unanswered: the window closes in %(minutes)s min") % {"minutes": max(left // MINUTE, 1)}
    return words + _with_whom(agent, conversation)


def _target_words(agent: Agent, conversation: Conversation, kind: NoticeKind, now: datetime) -> str:
    """The reminder is for whoever has it now, the other word for the leads; neither once the target has moved."""
    due_at = conversation.answer_due_at
    if due_at is None or (due_at > now) != (kind == NoticeKind.TARGET_SOON):
        return ""
    if kind == NoticeKind.TARGET_SOON:
        return times.answer_target(due_at, now) if conversation.assignee_id == agent.pk else ""
    if not access.leads(agent, conversation):
        return ""
    return times.answer_target(due_at, now) + _with_whom(agent, conversation)


def _with_whom(agent: Agent, conversation: Conversation) -> str:
    holder = conversation.assignee
    if holder is None:
        return " · " + _("unassigned")
    return "" if holder.pk == agent.pk else " · " + _("with %(name)s") % {"name": holder.first_name}


def _escalation_words(agent: Agent, conversation: Conversation, with_text: bool) -> str:
    """While the lead who was asked still has it."""
    lines = conversation.activities.filter(kind="assigned", data__escalated=True)
    line = lines.select_related("actor").order_by("-pk").first()
    if line is None or line.actor is None or not conversation.is_open or conversation.assignee_id != agent.pk:
        return ""
    if with_text and (why := formatting.to_line(line.data.get("why", ""))):
        return f"{line.actor.first_name}: {why}"[:LONGEST_TEXT]
    return _("%(name)s hands this over to you") % {"name": line.actor.first_name}


def _message_words(agent: Agent, conversation: Conversation, with_text: bool) -> str:
    is_theirs = conversation.assignee_id == agent.pk or conversation.followers.filter(agent=agent).exists()
    if not is_theirs or not (count := unread_count(conversation, agent)):
        return ""
    preview = conversation.preview
    if with_text and preview.get("direction") == Direction.IN and preview.get("text"):
        return formatting.to_line(preview["text"])[:LONGEST_TEXT]
    return ngettext("New message", "%(count)s new messages", count) % {"count": count}


def _mention_words(agent: Agent, conversation: Conversation, with_text: bool) -> str:
    unread = Mention.objects.filter(agent=agent, conversation=conversation, read_at=None)
    mention = unread.select_related("note__author").order_by("-pk").first()
    if mention is None:
        return ""
    if mention.note is None:  # a line in the thread that asks for the agent's decision
        return _("Your decision is needed")
    if with_text:
        return formatting.to_line(mention.note.text)[:LONGEST_TEXT]
    author = mention.note.author_name
    return _("%(name)s mentioned you") % {"name": author} if author else _("You are mentioned")


def _waiting_words(conversation: Conversation, now: datetime) -> str:
    since = conversation.waiting_since or conversation.last_message_at
    return _("Has been waiting for your answer for %(minutes)s min") % {"minutes": max((now - since) // MINUTE, 1)}
