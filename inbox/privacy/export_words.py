"""The words of the readable page: sections and columns of an export."""

from datetime import date, datetime
from typing import Any

from django.utils import formats, timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

SECTIONS: dict[str, str | Promise] = {
    "contacts": gettext_lazy("What we have noted about you"), "numbers": gettext_lazy("Phone numbers and WhatsApp ids"),
    "consents": gettext_lazy("What you agreed to, and took back"), "conversations": gettext_lazy("Conversations"),
    "labels": gettext_lazy("Labels"), "cases": gettext_lazy("Cases"), "messages": gettext_lazy("Messages"),
    "files": gettext_lazy("Files"), "notes": gettext_lazy("Internal notes"),
    "ratings": gettext_lazy("Ratings and comments"), "blocks": gettext_lazy("Blocked"),
    "files_not_sent": gettext_lazy("Files that were not sent"),
    "planned_replies": gettext_lazy("Replies planned for later"), "drafts": gettext_lazy("Drafts"),
    "reactions": gettext_lazy("Reactions"), "history": gettext_lazy("What happened in the conversation"),
    "assignments": gettext_lazy("Who was responsible"), "assignment_reasons": gettext_lazy("Why it was assigned"),
    "windows_missed": gettext_lazy("Not answered in time"),
    "automatic_answers": gettext_lazy("Automatic replies"),
}  # fmt: skip
FIELDS: dict[str, str | Promise] = {
    "name": gettext_lazy("Name"), "profile_name": gettext_lazy("Name in WhatsApp"),
    "username": gettext_lazy("Username"), "language": gettext_lazy("Language"), "email": gettext_lazy("Email"),
    "note": gettext_lazy("Note"), "fields": gettext_lazy("Further details"), "kind": gettext_lazy("Kind"),
    "created_at": gettext_lazy("Since"), "value": gettext_lazy("Number"), "is_active": gettext_lazy("In use"),
    "ended_at": gettext_lazy("Until"), "state": gettext_lazy("State"), "source": gettext_lazy("Source"),
    "wording": gettext_lazy("Wording"), "category": gettext_lazy("For what"),
    "phone_number": gettext_lazy("Our number"),
    "status": gettext_lazy("State"), "team": gettext_lazy("Team"), "closed_at": gettext_lazy("Closed"),
    "opened_at": gettext_lazy("Opened"), "first_replied_at": gettext_lazy("First reply"),
    "outcome": gettext_lazy("Outcome"), "subject": gettext_lazy("Subject"), "message_count": gettext_lazy("Messages"),
    "label": gettext_lazy("Label"), "score": gettext_lazy("Rating"), "comment": gettext_lazy("Comment"),
    "asked_at": gettext_lazy("Asked"), "answered_at": gettext_lazy("Answered"), "file_name": gettext_lazy("File name"),
    "mime_type": gettext_lazy("Type"), "size": gettext_lazy("Bytes"), "emoji": gettext_lazy("Emoji"),
    "due_at": gettext_lazy("Planned for"), "reason": gettext_lazy("Reason"), "why": gettext_lazy("Reason"),
    "last_customer_message_at": gettext_lazy("Your last message"), "referral": gettext_lazy("Came from"),
    "guessed_language": gettext_lazy("Language"), "sent_at": gettext_lazy("Sent"),
    "waiting_since": gettext_lazy("Waiting since"), "updated_at": gettext_lazy("Changed"),
    "commented_at": gettext_lazy("Commented"),
}  # fmt: skip


def section_words(section: str) -> str:
    return str(SECTIONS.get(section, section))


def field_words(column: str) -> str:
    return str(FIELDS.get(column, column))


def kind_of(value: Any) -> str:
    """A value as people read it."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return formats.date_format(timezone.localtime(value), "SHORT_DATETIME_FORMAT")
    if isinstance(value, date):
        return formats.date_format(value, "SHORT_DATE_FORMAT")
    if isinstance(value, dict):
        return ", ".join(f"{key}: {kind_of(each)}" for key, each in value.items())
    return ", ".join(kind_of(each) for each in value) if isinstance(value, list) else str(value)
