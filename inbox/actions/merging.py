"""Two contacts turn out to be one person: everything of the second becomes the first one's.

Identities, conversations with all they hold, consents and reactions move; the second contact stays as an empty row that
points to the first. Two threads with the same number of ours become one, in the order of their times.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import F

from inbox import events
from inbox.actions import answer_timers
from inbox.actions.following import follow_all
from inbox.actions.locks import lock
from inbox.enums import ConversationStatus
from inbox.models import (
    Activity,
    Assignment,
    AutomaticAnswer,
    Case,
    CaseFigures,
    Consent,
    ConsentRequest,
    Contact,
    ContactIdentity,
    Conversation,
    Draft,
    LostWindow,
    Mention,
    Message,
    MovedConversation,
    Note,
    Reaction,
    ReadCursor,
    RoutingDecision,
    Satisfaction,
    ScheduledReply,
    Upload,
)
from inbox.reports.rolling import mark_conversations

logger = logging.getLogger(__name__)


def merge_contacts(keep: Contact, gone: Contact) -> Contact:
    """Move everything of `gone` to `keep`. Inside the caller's transaction, with both rows locked."""
    logger.info("Contact %s is the same person as %s and is merged into it", gone.pk, keep.pk)
    ContactIdentity.objects.filter(contact=gone).update(contact=keep)
    _merge_words(keep, gone)
    for conversation in Conversation.objects.select_for_update().filter(contact=gone).order_by("pk"):
        _move_conversation(conversation, keep)
    Message.objects.filter(sender_contact=gone).update(sender_contact=keep)
    own = Reaction.objects.filter(contact=keep).values("message")
    Reaction.objects.filter(contact=gone).exclude(message__in=own).update(contact=keep)
    Contact.objects.filter(merged_into=gone).update(merged_into=keep)
    _copy_consents(keep, gone)
    gone.merged_into = keep
    gone.save(update_fields=["merged_into"])
    mark_conversations(Conversation.objects.filter(contact=keep).values_list("pk", flat=True))
    return keep


def _merge_words(keep: Contact, gone: Contact) -> None:
    names = ["name", "profile_name", "username", "language", "email", "name_key"]
    for name in names:
        setattr(keep, name, getattr(keep, name) or getattr(gone, name))
    keep.note = "\n\n".join(dict.fromkeys(filter(None, (keep.note, gone.note))))
    keep.fields = gone.fields | keep.fields
    keep.needs_identity_check = keep.needs_identity_check and gone.needs_identity_check
    keep.save(update_fields=[*names, "note", "fields", "needs_identity_check"])


def _copy_consents(keep: Contact, gone: Contact) -> None:
    """The ledger is never edited, so the evidence is written down once more under the contact that stays."""
    copies = list(Consent.objects.filter(contact=gone).order_by("pk"))
    for row in copies:
        row.pk, row.contact = None, keep
    Consent.objects.bulk_create(copies)


def _move_conversation(conversation: Conversation, keep: Contact) -> None:
    target = Conversation.objects.filter(contact=keep, phone_number=conversation.phone_number_id).first()
    if target is None:
        conversation.contact = keep
        conversation.save(update_fields=["contact"])
        events.conversation_changed(conversation)
        return
    lock(target)
    events.conversation_removed(conversation)  # asks who could see it, so before anything has moved
    _merge_cases(target, conversation)
    _move_thread(target, conversation)
    _merge_cursors(target, conversation)
    _merge_state(target, conversation)
    MovedConversation.objects.filter(conversation=conversation).update(conversation=target)
    MovedConversation.objects.create(old_id=conversation.pk, conversation=target)
    conversation.delete()
    answer_timers.follow(target)
    events.conversation_changed(target)


def _move_thread(target: Conversation, gone: Conversation) -> None:
    """Messages, notes and lines get numbers after the target's; what sorts a thread is their time."""
    shift = target.seq
    for model in (Message, Note, Activity):
        model.objects.filter(conversation=gone).update(conversation=target, seq=F("seq") + shift)
    target.seq += gone.seq
    target.later_count += gone.later_count
    LostWindow.objects.filter(conversation=gone, window_of__in=target.lost_windows.values("window_of")).delete()
    moved = (
        Mention, Assignment, RoutingDecision, ScheduledReply, Upload, Satisfaction, CaseFigures, LostWindow,
        AutomaticAnswer, ConsentRequest,
    )  # fmt: skip
    for other in moved:
        other.objects.filter(conversation=gone).update(conversation=target)
    for draft in Draft.objects.filter(conversation=gone):
        ours = Draft.objects.filter(conversation=target, agent=draft.agent_id, kind=draft.kind).first()
        if ours is None:
            Draft.objects.filter(pk=draft.pk).update(conversation=target)
        else:
            Draft.objects.filter(pk=ours.pk).update(text=joined(ours.text, draft.text))
    target.labels.add(*gone.labels.all())
    follow_all(target, gone.followers.values_list("agent_id", flat=True))


def joined(ours: str, theirs: str) -> str:
    """Two drafts of one person as one: nothing typed is lost."""
    return f"{ours}\n\n{theirs}" if ours.strip() else theirs


def _merge_cases(target: Conversation, gone: Conversation) -> None:
    """Closed cases move; two open ones become one that began with the earlier."""
    ours, theirs = target.current_case(), gone.current_case()
    if ours is not None and theirs is not None:
        Message.objects.filter(case=theirs).update(case=ours)
        ours.opened_at = min(ours.opened_at, theirs.opened_at)
        if ours.first_replied_at is None:
            ours.first_replied_at, ours.first_replied_by = theirs.first_replied_at, theirs.first_replied_by
        ours.message_count += theirs.message_count
        ours.subject = ours.subject or theirs.subject
        ours.save()
        theirs.delete()
    Case.objects.filter(conversation=gone).update(conversation=target)


def _merge_cursors(target: Conversation, gone: Conversation) -> None:
    """Unread stays the sum of both: counts add up, and so do the positions."""
    ours = {cursor.agent_id: cursor for cursor in ReadCursor.objects.filter(conversation=target)}
    for cursor in ReadCursor.objects.filter(conversation=gone):
        if mine := ours.get(cursor.agent_id):
            ReadCursor.objects.filter(pk=mine.pk).update(read_count=F("read_count") + cursor.read_count)
        else:
            ReadCursor.objects.filter(pk=cursor.pk).update(conversation=target)


def _merge_state(target: Conversation, gone: Conversation) -> None:
    states = {target.status, gone.status}
    if ConversationStatus.OPEN in states:
        target.status = ConversationStatus.OPEN
    elif ConversationStatus.SNOOZED in states:
        target.status = ConversationStatus.SNOOZED
    if target.status == ConversationStatus.OPEN:
        target.snoozed_until = target.closed_at = None
    else:
        target.snoozed_until = target.snoozed_until or gone.snoozed_until
        target.closed_at = _of(max, target.closed_at, gone.closed_at)
    if target.assignee_id is None and target.status != ConversationStatus.CLOSED:
        target.assignee_id, target.assigned_at = gone.assignee_id, gone.assigned_at
    target.team_id = target.team_id or gone.team_id
    if gone.last_message_at > target.last_message_at or not target.preview:
        target.last_message_at, target.preview = gone.last_message_at, gone.preview or target.preview
    target.inbound_count += gone.inbound_count
    target.needs_answer = target.needs_answer or gone.needs_answer
    target.waiting_since = _of(min, target.waiting_since, gone.waiting_since)
    target.answered_at = _of(max, target.answered_at, gone.answered_at)
    target.last_customer_message_at = _of(max, target.last_customer_message_at, gone.last_customer_message_at)
    target.window_refused_at = _of(max, target.window_refused_at, gone.window_refused_at)
    target.last_agent_id = target.last_agent_id or gone.last_agent_id
    target.has_failed_send = target.has_failed_send or gone.has_failed_send
    target.referral = target.referral or gone.referral
    target.version = max(target.version, gone.version)
    target.save()


def _of(pick: Callable[..., Any], first: datetime | None, second: datetime | None) -> datetime | None:
    present = [moment for moment in (first, second) if moment is not None]
    return pick(present) if present else None
