"""One line of the list as HTML: fifty on a page, and in most events, hence in Python and not in a template.

What comes from outside goes through `escape`, right where it is put in; the rest is markup and numbers of ours.
"""

import json
from functools import lru_cache
from html import escape

from django.utils import translation
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from inbox.markup import address, agent_face, answer_target, face, icon, ring, ticks, when
from inbox.rows import Row


def row_html(row: Row) -> SafeString:
    """The row with its stable id, in the active language."""
    conversation, words, pk = row.conversation, _words(translation.get_language()), row.dom_id
    assignee, name = conversation.assignee, escape(conversation.contact.display_name)
    current = ' aria-current="true"' if row.is_current else ""
    return SafeString(f"""\
<li class="{row.classes}" id="{pk}" {row.attributes}>
  <a class="row__link" href="{address("conversation", conversation.pk)}"{current} \
aria-labelledby="{pk}-name {pk}-unread {pk}-owner {pk}-window"></a>
  <input class="row__check" type="checkbox" autocomplete="off" aria-label="{words["select"] % {"name": name}}">
  <window-clock class="ring" data-window="{row.window_state}" data-until="{row.until}" data-form="ring">\
{ring(row.window.percent_left(row.now))}{face(conversation.contact)}\
<span class="ring__lock">{icon("lock")}</span></window-clock>
  <div>
    <div class="row__top"><span class="row__name" id="{pk}-name">{name}</span>\
{when(conversation.last_message_at, "list", "row__time", row.now)}</div>
    <div class="row__mid"><span class="row__snippet{" is-failed" if row.has_failed else ""}">\
<span class="row__typing" hidden></span><span class="row__text">{_ticks(row)}\
{icon(row.snippet_icon) if row.snippet_icon else ""} {escape(row.snippet)}</span></span>{_unread(row, words)}</div>
    <div class="row__foot">
      <span class="row__labels"><span class="meta row__draft"{_drafters(row)} hidden>{icon("pencil", "icon--xs")}\
<span data-words></span></span>{_state(row, words)}{_target(row)}{_labels(row)}</span>
      <span class="row__side"><window-clock class="window window--bare" id="{pk}-window" \
data-window="{row.window_state}" data-until="{row.until}" data-form="short">{escape(row.window_words)}</window-clock>\
<span class="row__viewers avatars" hidden></span>{agent_face(assignee, "xs")}<span class="sr" id="{pk}-owner">\
{words["assigned"] % {"name": escape(assignee.name)} if assignee else words["unassigned"]}</span></span>
    </div>
  </div>
</li>""")


@lru_cache(maxsize=8)
def _words(_language: str) -> dict[str, str]:
    """Looked up once a language: fifty rows would ask for each fifty times."""
    words = {
        "select": _("Select %(name)s"),
        "assigned": _("assigned to %(name)s"),
        "unassigned": _("unassigned"),
        "unread": _("unread"),
        "closed": _("Closed"),
    }
    return {key: escape(word) for key, word in words.items()}


def _ticks(row: Row) -> str:
    status = row.snippet_status
    if not status:
        return ""
    uid = escape(str(row.preview.get("uid", "")))
    return f'<span data-ticks data-uid="{uid}" data-status="{status}">{ticks(status)}</span>'


def _unread(row: Row, words: dict[str, str]) -> str:
    if not row.unread:
        return f'<span class="unread" id="{row.dom_id}-unread" hidden></span>'
    label = f"{row.unread} {words['unread']}"
    return f'<span class="unread" id="{row.dom_id}-unread" aria-label="{label}">{row.unread}</span>'


def _drafters(row: Row) -> str:
    return "" if row.drafters is None else f' data-drafters="{escape(json.dumps(row.drafters))}"'


def _state(row: Row, words: dict[str, str]) -> str:
    """Closed, or until when it sleeps."""
    if row.is_closed:
        return f'<span class="meta">{icon("check", "icon--xs")}{words["closed"]}</span>'
    if row.snoozed_until:
        return f'<span class="meta">{icon("snooze", "icon--xs")}{when(row.snoozed_until, "since", now=row.now)}</span>'
    return ""


def _target(row: Row) -> str:
    due_at = row.conversation.answer_due_at
    return answer_target(due_at, row.now) if due_at is not None else ""


def _labels(row: Row) -> str:
    return "".join(
        f'<span class="label" data-hue="{label.hue}" data-label="{label.pk}">{escape(label.name)}</span>'
        for label in row.labels
    )
