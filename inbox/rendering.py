"""The parts of the screen that pages and events share, rendered outside a request.

Each function gives one element with a stable id: `row-<conversation>`, `head-<conversation>`, `message-<uid>`,
`note-<uid>`, `activity-<id>`. They hold no word about one agent, no form and no token; times are UTC in
`<time datetime>`, shown in the reader's zone by script.
"""

from collections.abc import Callable
from typing import Any

from django.template import loader
from django.utils import timezone, translation

from inbox import activity_lines, formatting, rows
from inbox.bubbles import bubble
from inbox.models import Activity, Conversation, Message, Note, ScheduledReply
from inbox.row_markup import row_html
from whatsapp.template_filling import render as render_template
from whatsapp.template_parts import TemplateShape, title_of_template

HEAD, LATER = "inbox/conversations/_head.html", "inbox/messages/_later.html"
MESSAGE, NOTE, ACTIVITY = "inbox/messages/_message.html", "inbox/messages/_note.html", "inbox/messages/_event.html"


def prepare() -> None:
    """Compile the templates when a process begins: the first event is rendered with a conversation's lock in hand."""
    for name in (HEAD, LATER, MESSAGE, NOTE, ACTIVITY):
        loader.get_template(name)


def render_row(conversation: Conversation, language: str) -> str:
    """The conversation's line in the list. Reads contact and its identities, assignee, labels, workspace."""
    with translation.override(language):
        return row_html(rows.row_of(conversation))


def render_head(conversation: Conversation, language: str) -> str:
    """The head of the open thread: name, window, owner, actions."""
    return _render(HEAD, language, lambda: head_context(conversation))


def render_message(message: Message, language: str) -> str:
    """One bubble. Its place in a group is the page's business (static/js/elements/thread-scroll.js)."""
    return _render(MESSAGE, language, lambda: {"b": bubble.bubble_of(message)})


def render_note(note: Note, language: str) -> str:
    return _render(NOTE, language, lambda: note_context(note))


def render_activity(activity: Activity, language: str) -> str:
    return _render(ACTIVITY, language, lambda: activity_context(activity))


def render_later(conversation: Conversation, language: str) -> str:
    """What is to be sent later, below the newest message."""
    return _render(LATER, language, lambda: later_context(conversation))


def later_context(conversation: Conversation) -> dict[str, Any]:
    """Without a query where nothing waits."""
    replies = list(ScheduledReply.objects.pending(conversation)) if conversation.later_count else []
    return {"conversation": conversation, "later": [(reply, *_template_of(reply)) for reply in replies]}


def _template_of(reply: ScheduledReply) -> tuple[str, str]:
    """Title and text of the template that was planned by itself."""
    template = reply.template
    if template is None or not reply.is_template:
        return "", ""
    return title_of_template(template), str(render_template(TemplateShape.of(template), reply.template_values)["body"])


def head_context(conversation: Conversation) -> dict[str, Any]:
    now = timezone.now()
    window = conversation.service_window
    attributes = rows.as_data(
        {
            "conversation": conversation.pk,
            "version": conversation.version,
            "assignee": conversation.assignee_id or "",
            "team": conversation.team_id or "",
            "status": conversation.status,
            "window-until": rows.milliseconds(window.closes_at),
        }
    )
    return {
        "conversation": conversation, "window": window, "window_state": window.state(now), "attributes": attributes,
        "until": rows.milliseconds(window.closes_at),
    }  # fmt: skip


def note_context(note: Note) -> dict[str, Any]:
    names = [name for mention in note.mentions.all() for name in (mention.agent.name, mention.agent.first_name)]
    return {"note": note, "text": formatting.to_html(note.text, mentions=names)}


def activity_context(activity: Activity) -> dict[str, Any]:
    return {"activity": activity, "line": activity_lines.line_of(activity)}


def _render(template: str, language: str, make_context: Callable[[], dict[str, Any]]) -> str:
    # The context is made inside: it holds words too, and whoever acts may read another language.
    with translation.override(language):
        return loader.get_template(template).render(make_context()).strip()
