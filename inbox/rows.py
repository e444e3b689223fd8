"""What one row of the list shows, worked out from a loaded conversation. Nothing here is about a single agent."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from inbox import formatting, times
from inbox.enums import ConversationStatus, Direction, MessageKind, MessageStatus
from inbox.models import Conversation
from inbox.models.label import Label, in_order
from whatsapp.service_window import ServiceWindow

KIND_ICONS = {
    MessageKind.IMAGE: "image",
    MessageKind.VIDEO: "play",
    MessageKind.AUDIO: "mic",
    MessageKind.VOICE: "mic",
    MessageKind.DOCUMENT: "file",
    MessageKind.STICKER: "image",
    MessageKind.LOCATION: "pin",
    MessageKind.CONTACTS: "user",
    MessageKind.BUTTON_REPLY: "reply",
    MessageKind.LIST_REPLY: "reply",
    MessageKind.FLOW_REPLY: "list",
    MessageKind.ORDER: "euro",
    MessageKind.INTERACTIVE: "list",
    MessageKind.TEMPLATE: "template",
    MessageKind.UNSUPPORTED: "help",
}
SNIPPET_LENGTH = 120


def milliseconds(at: datetime | None) -> str:
    """As scripts count: since 1970; "" for never."""
    return str(int(at.timestamp() * 1000)) if at else ""


def kind_label(kind: str) -> str:
    """The word for a kind of message; an unknown one counts as not supported."""
    return str(MessageKind(kind).label if kind in MessageKind.values else MessageKind.UNSUPPORTED.label)


def kind_words(kind: str, seconds: object = None) -> str:
    """The word, and how long it plays where that is known: "Voice message 0:12"."""
    return f"{kind_label(kind)} {times.length(seconds)}" if isinstance(seconds, int | float) else kind_label(kind)


def as_data(values: dict[str, Any]) -> SafeString:
    """Data attributes of numbers and of our own words; nothing from outside goes through here unescaped."""
    return mark_safe(" ".join(f'data-{name}="{value}"' for name, value in values.items()))  # noqa: S308


@dataclass
class Row:
    """One line of the list. What is about its reader is the page's, and stays empty in an event's fragment."""

    conversation: Conversation
    now: datetime
    unread: int = 0
    read_count: int | None = None
    is_current: bool = False
    drafters: list[dict[str, Any]] | None = None

    @cached_property
    def dom_id(self) -> SafeString:
        return SafeString(f"row-{self.conversation.pk}")

    @property
    def classes(self) -> str:
        return "row" + (" is-current" if self.is_current else "") + (" is-unread" if self.unread else "")

    @property
    def attributes(self) -> SafeString:
        """What scripts sort, count and decide by. In one piece: a template would look up each value anew."""
        conversation = self.conversation
        values = {
            "conversation": conversation.pk,
            "version": conversation.version,
            "assignee": conversation.assignee_id or "",
            "team": conversation.team_id or "",
            "inbound": conversation.inbound_count,
            "needs-answer": "true" if conversation.needs_answer else "false",
            "status": conversation.status,
            "at": milliseconds(conversation.last_message_at),
            "waiting": milliseconds(conversation.waiting_since),
            "window-until": self.until,
        }
        if self.read_count is not None:
            values["read"] = self.read_count
        return as_data(values)

    @cached_property
    def until(self) -> str:
        """When the window closes, for scripts."""
        return milliseconds(self.window.closes_at)

    @cached_property
    def window(self) -> ServiceWindow:
        return self.conversation.service_window

    @cached_property
    def window_state(self) -> str:
        return self.window.state(self.now)

    @property
    def window_words(self) -> str:
        return times.window_short(self.window, self.now)

    @property
    def target_words(self) -> str:
        """When the answer is due, or by how much it is late; "" where nothing was promised."""
        due_at = self.conversation.answer_due_at
        return times.answer_target(due_at, self.now) if due_at else ""

    @property
    def is_over_target(self) -> bool:
        due_at = self.conversation.answer_due_at
        return due_at is not None and due_at <= self.now

    @cached_property
    def labels(self) -> list[Label]:
        # Straight from what was loaded: making the manager of a relation costs more than all else in a row.
        loaded = self.conversation.__dict__.get("_prefetched_objects_cache", {}).get("labels")
        return in_order(self.conversation.labels) if loaded is None else sorted(loaded, key=lambda each: each.place)

    @property
    def preview(self) -> dict[str, Any]:
        return self.conversation.preview or {}

    @property
    def snippet(self) -> str:
        if self.has_failed:
            return _("Not delivered")
        if self.preview.get("deleted"):
            return _("This message was deleted")
        text = formatting.to_line(self.preview.get("text") or "")[:SNIPPET_LENGTH]
        kind = self.preview.get("kind")
        return text or (kind_words(kind, self.preview.get("seconds")) if kind else "")

    @property
    def snippet_icon(self) -> str:
        if self.has_failed or self.preview.get("deleted"):
            return "alert" if self.has_failed else "ban"
        return KIND_ICONS.get(self.preview.get("kind", ""), "")

    @property
    def has_failed(self) -> bool:
        return self.conversation.has_failed_send

    @property
    def snippet_status(self) -> str:
        """The state whose ticks stand before the text; empty for the customer's messages."""
        status = self.preview.get("status") or ""
        if self.has_failed or self.preview.get("direction") != Direction.OUT or status not in MessageStatus.values:
            return ""
        return str(status)

    @property
    def is_closed(self) -> bool:
        return self.conversation.status == ConversationStatus.CLOSED

    @property
    def snoozed_until(self) -> datetime | None:
        return self.conversation.snoozed_until if self.conversation.status == ConversationStatus.SNOOZED else None


def row_of(conversation: Conversation, **about_reader: Any) -> Row:
    """The row of one conversation; `about_reader` (unread, read_count, is_current) is for pages only."""
    return Row(conversation=conversation, now=timezone.now(), **about_reader)
