"""After a case is closed its customer is asked once whether it went well; here is what asks (answers: see beside).

Closing plans the question, a minute later the sweeper asks, when everything still holds then: closing may have been
taken back, the window may have closed, the same person may have been asked on another number. What the worker sends
asks the window once more, as always. The question is an automatic message: it opens nothing, answers nothing and
counts as nobody's reply.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from inbox import events
from inbox.actions import bookkeeping, consent, locks, outbox
from inbox.enums import BlockState, ConsentState, ConversationStatus, Direction, MessageKind, MessageStatus, Via
from inbox.models import Case, Contact, Conversation, Message, Satisfaction, SatisfactionSettings
from inbox.rules.facts import language_of
from inbox.satisfaction_rules import ASK_AFTER, SCORES, TOO_LATE, Wording, button_id, wording_for

AUTOMATIC = 5  # its place in the outbox, behind people
ROWS = 20  # asked in one sweep
HEARD = 10  # of a customer's messages tell their language


def case_closed(conversation: Conversation, case: Case, now: datetime) -> None:
    """Plan the question, where the team asks and there is something to ask about. The caller holds the lock."""
    chosen = settings_of(conversation.workspace_id)
    if chosen is None or conversation.team_id is None or conversation.contact.kind == Contact.Kind.GROUP:
        return
    excluded = {outcome.casefold() for outcome in chosen.without_outcomes}
    if case.first_replied_at is None or case.outcome.casefold() in excluded:
        return
    if not chosen.teams.filter(pk=conversation.team_id).exists():
        return
    planned, is_new = Satisfaction.objects.get_or_create(
        case=case, defaults={
            "workspace_id": conversation.workspace_id, "conversation": conversation, "team_id": conversation.team_id,
            "due_at": now + ASK_AFTER,
        },
    )  # fmt: skip
    if not is_new and planned.asked_at is None:  # closed, taken back, and closed again
        planned.due_at, planned.skipped, planned.team_id = now + ASK_AFTER, "", conversation.team_id
        planned.save(update_fields=["due_at", "skipped", "team"])


def ask_due(now: datetime) -> bool:
    """Ask whoever is due; is there more?"""
    due = Satisfaction.objects.filter(due_at__lte=now).order_by("due_at")
    rows = list(due.values_list("pk", "conversation_id", "conversation__contact_id")[:ROWS])
    for pk, conversation_id, contact_id in rows:
        with transaction.atomic(), events.gathered():
            # The contact too: two cases of one person, on two numbers, are asked about once.
            Contact.objects.select_for_update(no_key=True).filter(pk=contact_id).values_list("name").first()
            conversation = locks.lock(Conversation(pk=conversation_id))
            _take_turn(pk, conversation, now)
    return len(rows) == ROWS


def say(conversation: Conversation, case: Case | None, now: datetime, **fields: Any) -> Message:
    """Queue an automatic message, about a case if there is one. The caller holds the conversation's lock."""
    message = Message(
        workspace_id=conversation.workspace_id, conversation=conversation, phone_number_id=conversation.phone_number_id,
        seq=conversation.next_seq(), direction=Direction.OUT, via=Via.AUTOMATION, status=MessageStatus.QUEUED,
        priority=AUTOMATIC, occurred_at=now, **fields,
    )  # fmt: skip
    bookkeeping.register_beside(conversation, message, case, now)
    message.save(force_insert=True)
    events.message_created(message)
    outbox.wake()
    return message


def settings_of(workspace_id: int) -> SatisfactionSettings | None:
    return SatisfactionSettings.objects.filter(workspace_id=workspace_id).first()


def asks_for(conversation: Conversation) -> bool:
    """Does this conversation's team ask?"""
    chosen = settings_of(conversation.workspace_id)
    return chosen is not None and chosen.teams.filter(pk=conversation.team_id or 0).exists()


def words_of(conversation: Conversation, chosen: SatisfactionSettings, language: str) -> Wording:
    """In this language, or in that of the business."""
    return wording_for(language, chosen.wording, fallback=conversation.workspace.language)


def _take_turn(pk: int, conversation: Conversation, now: datetime) -> None:
    row = Satisfaction.objects.select_for_update(of=("self",)).select_related("case").filter(pk=pk).first()
    if row is None or row.due_at is None or row.due_at > now:
        return
    chosen = settings_of(conversation.workspace_id)
    why = _why_not(row, conversation, chosen, now) if chosen else "off"
    if conversation.status != ConversationStatus.CLOSED or row.case is None or row.case.closed_at is None:
        row.delete()  # open again: closing it plans anew
    elif chosen is None or why:
        row.due_at, row.skipped = None, why
        row.save(update_fields=["due_at", "skipped"])
    else:
        _ask(row, row.case, conversation, chosen, now)


def _why_not(row: Satisfaction, conversation: Conversation, chosen: SatisfactionSettings, now: datetime) -> str:
    """Why nobody is asked, or "". In Germany such a question counts as advertising: STOP ends it as well."""
    assert row.due_at is not None
    if not chosen.teams.filter(pk=row.team_id or 0).exists():
        return "off"
    if now - row.due_at > TOO_LATE:
        return "late"
    if conversation.block_state != BlockState.NONE:
        return "blocked"
    if consent.marketing_state(conversation.contact) == ConsentState.WITHDRAWN:
        return "opted_out"
    if not conversation.service_window.is_open(now):
        return "window"
    since = now - timedelta(days=chosen.every_days)
    asked = Satisfaction.objects.filter(conversation__contact=conversation.contact_id, asked_at__gt=since)
    return "recently" if asked.exists() else ""


def _language_of(conversation: Conversation, case: Case) -> str:
    """The contact's: what the card says, else how their latest words in this case sound; else that of the business."""
    said = Message.objects.filter(case=case, direction=Direction.IN, deleted_at=None).order_by("-occurred_at", "-seq")
    before = conversation.guessed_language
    found = language_of(conversation, "\n".join(said.values_list("text", flat=True)[:HEARD]))
    if conversation.guessed_language != before:
        conversation.save(update_fields=["guessed_language"])
    return found or conversation.workspace.language


def _ask(
    row: Satisfaction, case: Case, conversation: Conversation, chosen: SatisfactionSettings, now: datetime
) -> None:
    row.language = _language_of(conversation, case)
    words = words_of(conversation, chosen, row.language)
    buttons = [{"type": "reply", "id": button_id(row.pk, score), "title": words.title(score)} for score in SCORES]
    row.question = say(
        conversation, case, now, kind=MessageKind.INTERACTIVE, text=words.question,
        data={"interactive": "button", "buttons": buttons},
    )  # fmt: skip
    row.asked_at, row.due_at = now, None
    row.save(update_fields=["language", "question", "asked_at", "due_at"])
