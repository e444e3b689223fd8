"""What a customer answers when asked whether it went well: kept with the case, and nothing else follows.

Asked after STOP and START, before a message is stored as any other: what is an answer opens no conversation, makes
nobody wait and starts no routing. The rules of what is one are in inbox.satisfaction_rules.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from inbox import events, statements
from inbox.actions import bookkeeping
from inbox.actions.activity import add_activity
from inbox.actions.satisfaction import say, settings_of, words_of
from inbox.enums import ConversationStatus, MessageKind
from inbox.models import Case, Conversation, Message, Satisfaction, SatisfactionSettings
from inbox.satisfaction_rules import LONGEST_COMMENT, Asked, said_in_words, tapped


@dataclass(frozen=True, slots=True)
class Answer:
    """Of which question: a score, or words."""

    row: Satisfaction
    score: int | None = None
    words: str = ""


def answer_in(conversation: Conversation, message: Message) -> Answer | None:
    """The answer that this new message of a customer is, or None. The caller holds the conversation's lock."""
    if found := tapped(message.kind, message.data):
        row = _rows(conversation).filter(pk=found[0]).first()
        return Answer(row, score=found[1]) if row else None
    if message.kind != MessageKind.TEXT or conversation.status != ConversationStatus.CLOSED:
        return None
    row = _rows(conversation).order_by("-asked_at").first()
    if row is None or row.asked_at is None or row.case_id != _last_case(conversation):
        return None
    chosen = settings_of(conversation.workspace_id)
    asked = Asked(
        row.asked_at, chosen.comment_hours if chosen else 0, asks_why=bool(_why(conversation, row, chosen)),
        answered_at=row.answered_at, commented_at=row.commented_at,
    )  # fmt: skip
    said = said_in_words(asked, message.text, message.occurred_at)
    if said is None:
        return None
    return Answer(row, score=said) if isinstance(said, int) else Answer(row, words=said)


def take_answer(conversation: Conversation, message: Message, answer: Answer, now: datetime) -> None:
    """Store the message in the thread and what it says with the case; thank for a first score, and ask why."""
    row, at, case = answer.row, message.occurred_at, answer.row.case
    assert case is not None  # it was found by its conversation
    is_first = row.answered_at is None
    message.data = message.data | ({"rating": answer.score} if answer.score else {"rating_comment": row.pk})
    bookkeeping.register_beside(conversation, message, case, now)
    statements.insert(message)
    with events.gathered():
        if answer.score:
            _take_score(conversation, row, answer.score, at)
        else:
            row.comment = f"{row.comment}\n{answer.words}".strip()[:LONGEST_COMMENT]
            row.commented_at = row.commented_at or at
            row.save(update_fields=["comment", "commented_at"])
        events.message_created(message)
        events.conversation_changed(conversation)  # the panel shows it with its case
        is_closed = conversation.status == ConversationStatus.CLOSED and row.case_id == _last_case(conversation)
        asks = is_first and answer.score and is_closed
        why = _why(conversation, row, settings_of(conversation.workspace_id)) if asks else ""
        if why and conversation.service_window.is_open(now):
            say(conversation, case, now, kind=MessageKind.TEXT, text=why)


def _take_score(conversation: Conversation, row: Satisfaction, score: int, at: datetime) -> None:
    """The newest counts: people tap the wrong one."""
    if row.answered_at is not None and (at < row.answered_at or score == row.score):
        return
    row.score, row.answered_at = score, row.answered_at or at
    row.save(update_fields=["score", "answered_at"])
    add_activity(conversation, "rated", data={"score": score}, occurred_at=at)


def _rows(conversation: Conversation) -> QuerySet[Satisfaction]:
    return Satisfaction.objects.filter(conversation=conversation, asked_at__isnull=False).select_related("case")


def _last_case(conversation: Conversation) -> int | None:
    cases = Case.objects.filter(conversation=conversation).order_by("-opened_at", "-id")
    return cases.values_list("pk", flat=True).first()


def _why(conversation: Conversation, row: Satisfaction, chosen: SatisfactionSettings | None) -> str:
    return words_of(conversation, chosen, row.language).why if chosen else ""
