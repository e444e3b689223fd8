"""Demo mode only: fast-forward, and the past that the practice phone is given.

Fast-forward moves one practice customer's history into the past, ours and the phone's, so that a service window can be
watched closing. Consents are evidence and stay as they were written, even here.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Workspace
from inbox import events
from inbox.errors import InboxRuleViolation
from inbox.models import (
    Activity,
    AnswerTimer,
    Assignment,
    Attachment,
    AutomaticAnswer,
    Case,
    ClosingWarning,
    ConsentRequest,
    Contact,
    ContactIdentity,
    Conversation,
    DeliveryAttempt,
    Draft,
    LostWindow,
    Mention,
    Message,
    Note,
    PairLimit,
    PendingAnswer,
    Reaction,
    ReadCursor,
    Reminder,
    RoutingDecision,
    Satisfaction,
    ScheduledReply,
    Upload,
    WindowAsk,
)
from inbox.practice.number import is_practising
from whatsapp.sandbox import remote

LAST_MINUTE = timedelta(minutes=1)
SHOWN = 30  # messages, notes and lines that an open thread is likely to show


class CannotFastForward(InboxRuleViolation):
    code = "fast_forward"


def fast_forward(contact: Contact, span: timedelta, *, phone_key: str) -> None:
    """For this customer `span` passes: everything of theirs moves into the past, here and on the practice phone.

    One transaction; if the phone can't follow, nothing has moved. Their conversations are reported as changed.
    """
    _only_in_demo(contact.workspace)
    with transaction.atomic():
        Contact.objects.select_for_update().get(pk=contact.pk)
        conversations = list(Conversation.objects.select_for_update().filter(contact=contact).order_by("pk"))
        for rows in _rows_of(contact, conversations):
            _shift(rows, span)
        for conversation in conversations:
            _shift_preview(conversation, span)
        with events.gathered():
            for conversation in conversations:
                _report(Conversation.objects.get(pk=conversation.pk))
        remote.call("POST", f"customers/{phone_key}/advance", {"seconds": span.total_seconds()})


def leave_last_minute(conversation: Conversation, *, phone_key: str) -> None:
    """Fast-forward until the composer has one minute left, by the clock that every screen counts down to."""
    left = conversation.service_window.time_left(timezone.now())
    if left <= LAST_MINUTE:
        raise CannotFastForward(_("The window has less than a minute left, or is closed."))
    fast_forward(conversation.contact, left - LAST_MINUTE, phone_key=phone_key)


def _only_in_demo(workspace: Workspace) -> None:
    if not is_practising(workspace):
        raise CannotFastForward(_("Time passes by itself here: this is not the demo."))


def _rows_of(contact: Contact, conversations: list[Conversation]) -> Iterator[models.QuerySet[Any]]:
    """Every table with a time of this customer's story."""
    yield Contact.objects.filter(pk=contact.pk)
    yield ContactIdentity.objects.filter(contact=contact)
    yield Conversation.objects.filter(pk__in=[conversation.pk for conversation in conversations])
    of_conversation: tuple[type[models.Model], ...] = (
        Case, Assignment, RoutingDecision, ReadCursor, Message, Note, Mention, Draft, Upload, Activity,
        ScheduledReply, ClosingWarning, Reminder, Satisfaction, LostWindow, AnswerTimer, WindowAsk,
        PendingAnswer, AutomaticAnswer, ConsentRequest,
    )  # fmt: skip
    for model in of_conversation:
        yield model._default_manager.filter(conversation__in=conversations)
    of_message: tuple[type[models.Model], ...] = (Attachment, Reaction, DeliveryAttempt)
    for model in of_message:
        yield model._default_manager.filter(message__conversation__in=conversations)
    recipients = ContactIdentity.objects.filter(contact=contact).values("value")
    numbers = {conversation.phone_number_id for conversation in conversations}
    yield PairLimit.objects.filter(phone_number__in=numbers, recipient__in=recipients)


def _shift(rows: models.QuerySet[Any], span: timedelta) -> None:
    times = [one.name for one in rows.model._meta.concrete_fields if isinstance(one, models.DateTimeField)]
    rows.update(**{name: F(name) - span for name in times})


def _report(conversation: Conversation) -> None:
    """Tell the screens: everything they are likely to show has another time now."""
    for message in conversation.messages.order_by("-occurred_at", "-seq")[:SHOWN]:
        message.conversation = conversation
        events.message_changed(message)
    for note in conversation.notes.order_by("-occurred_at", "-seq")[:SHOWN]:
        note.conversation = conversation
        events.note_added(note)
    for activity in conversation.activities.order_by("-occurred_at", "-seq")[:SHOWN]:
        activity.conversation = conversation
        events.activity_added(activity)
    events.conversation_changed(conversation)


def _shift_preview(conversation: Conversation, span: timedelta) -> None:
    preview = conversation.preview
    if preview and preview.get("at"):
        preview["at"] = (datetime.fromisoformat(preview["at"]) - span).isoformat()
        Conversation.objects.filter(pk=conversation.pk).update(preview=preview)
