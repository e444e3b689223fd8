"""Greeting, away, "we are back", "busy" and keyword answers: planned when a customer writes, given a moment later.

The plan is made in the transaction that stores the message, so a killed ingest plans once or not at all; "busy" in the
one in which routing finds nobody (inbox.actions.automatic_due). The sweeper
takes it when what was written in the same breath is here and the rules have found the team; by then everything is asked
anew (inbox.automatic.rules), and what a person has answered meanwhile needs no machine. Answers are automatic messages:
nobody's reply, no timer ends, nobody stops waiting.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q

from accounts.hours import OpeningHours
from inbox import events, presence, statements
from inbox.actions import locks
from inbox.actions.automatic_due import InUse, as_rules, worth_a_look
from inbox.actions.satisfaction import AUTOMATIC, say
from inbox.automatic import usual_wait
from inbox.automatic import words as automatic_words
from inbox.automatic.rules import (
    ANSWERABLE,
    BACK_TOO_LATE,
    INSTANT,
    ONE_BREATH,
    REPEATED,
    STALE,
    Choice,
    Facts,
    choose,
    language_for,
    looks_automatic,
    matches,
    may_be_answered,
    may_come_back,
    may_say_busy,
    plans_to_come_back,
)
from inbox.enums import AutomaticKind, BlockState, Direction, MessageKind, MessageStatus, Via
from inbox.models import (
    AutomaticAnswer,
    Case,
    Contact,
    Conversation,
    KeywordAnswer,
    Message,
    PendingAnswer,
    RoutingDecision,
)
from inbox.rules.facts import Hours, language_of
from inbox.text import fold
from whatsapp import errors

logger = logging.getLogger(__name__)

Why = PendingAnswer.Why
ROWS = 20  # in one sweep
TURNS = 4  # likewise, of what is looked at closely: messages wait meanwhile, and the next sweep is a moment away
MOST_MESSAGES = 20  # of one breath
AFTER_TROUBLE = timedelta(minutes=1)

# Where nothing is switched on, nothing is planned. Routing plans for "busy".
PLAN = """
INSERT INTO inbox_pendinganswer (conversation_id, why, since_id, due_at)
SELECT %(conversation)s, 'wrote', %(message)s, %(due)s
 WHERE EXISTS (SELECT 1 FROM inbox_automatictext t WHERE t.workspace_id = %(workspace)s AND t.is_on
                                                         AND t.kind <> 'busy')
    OR EXISTS (SELECT 1 FROM inbox_keywordanswer k WHERE k.workspace_id = %(workspace)s AND k.is_on)
ON CONFLICT (conversation_id, why) DO NOTHING
"""


def customer_wrote(conversation: Conversation, message: Message, received_at: datetime, *, is_answered: bool) -> None:
    """Plan an answer to this new message, if it may get one. The caller holds the conversation's lock.

    `is_answered`: it said something about consent, which answers for itself; then nothing else does.
    """
    if is_answered:
        PendingAnswer.objects.filter(conversation=conversation, why=Why.WROTE).delete()
        return
    if message.case is None or message.case.first_replied_at is not None:
        return  # a person is at it
    if conversation.block_state != BlockState.NONE or conversation.contact.kind == Contact.Kind.GROUP:
        return
    if may_be_answered(message.kind, written_at=message.occurred_at, received_at=received_at):
        statements.run(PLAN, {
            "conversation": conversation.pk, "message": message.pk, "workspace": conversation.workspace_id,
            "due": received_at + ONE_BREATH,
        })  # fmt: skip


def answer_due(now: datetime) -> bool:
    """Look at whoever is due and could get something; is there more?"""
    rows, is_more = worth_a_look(now)
    for pk, conversation_id, contact_id in rows[:TURNS]:
        try:
            with transaction.atomic(), events.gathered():
                # The contact too: what one person gets in an hour counts over all our numbers.
                Contact.objects.select_for_update(no_key=True).filter(pk=contact_id).values_list("pk").first()
                _take_turn(pk, locks.lock(Conversation(pk=conversation_id)), now)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            logger.exception("The automatic answer in conversation %s could not be given", conversation_id)
            PendingAnswer.objects.filter(pk=pk).update(due_at=now + AFTER_TROUBLE)  # the others have their turn
    return is_more or len(rows) > TURNS


def give_up_late(now: datetime) -> bool:
    """Answers that could not leave (sending stands still) do not once they are stale, or a person has answered."""
    waiting = Message.objects.filter(status=MessageStatus.QUEUED, priority=AUTOMATIC, data__has_key="automatic")
    late = waiting.filter(Q(created_at__lt=now - STALE) | Q(case__first_replied_at__isnull=False))
    rows = list(late.order_by("pk").values_list("pk", "conversation_id")[:ROWS])
    for pk, conversation_id in rows:
        with transaction.atomic(), events.gathered():
            locks.lock(Conversation(pk=conversation_id))
            message = waiting.select_for_update(of=("self",), skip_locked=True).filter(pk=pk).first()
            if message is not None and message.advance(MessageStatus.FAILED, now):
                message.error_code = errors.TOO_LATE
                message.save(update_fields=["status", "failed_at", "error_code"])
                events.message_changed(message)
    return len(rows) == ROWS


@dataclass(frozen=True, slots=True)
class _Turn:
    """One conversation, locked, with what its answer depends on."""

    conversation: Conversation
    case: Case
    messages: list[Message]  # what it is about, deleted ones left out
    hours: OpeningHours
    texts: dict[str, dict[str, str]]  # kind → language → text, of what is in use for its team
    keywords: dict[int, KeywordAnswer]  # likewise
    now: datetime

    @property
    def words(self) -> list[str]:
        return [message.text for message in self.messages if message.text]

    def facts(self) -> Facts:
        conversation, now = self.conversation, self.now
        answers = AutomaticAnswer.objects.filter(conversation__contact=conversation.contact_id)
        lately = list(answers.filter(sent_at__gt=now - timedelta(days=1)).values_list("sent_at", flat=True))
        given = list(AutomaticAnswer.objects.filter(case=self.case).values_list("kind", "keyword"))
        earlier = self.case.messages.filter(direction=Direction.IN, kind__in=ANSWERABLE)
        return Facts(
            may_write=not conversation.may_be_read_only() and conversation.service_window.is_open(now),
            is_answered=self.case.first_replied_at is not None,
            is_typing=presence.is_replying(conversation.pk),
            is_machine=_is_machine(conversation, self.messages),
            is_open=self.hours.is_open(now),
            is_busy=AutomaticKind.BUSY in self.texts and _is_unserved(conversation),
            is_first=not earlier.filter(seq__lt=self.messages[0].seq).exists(),
            given=frozenset(kind for kind, _keyword in given),
            keywords_given=tuple(keyword for kind, keyword in given if kind == AutomaticKind.KEYWORD),
            last_hour=sum(at > now - timedelta(hours=1) for at in lately), last_day=len(lately),
        )  # fmt: skip


def _take_turn(pk: int, conversation: Conversation, now: datetime) -> None:
    row = PendingAnswer.objects.select_related("since").filter(pk=pk, due_at__lte=now).first()
    if row is None:
        return  # another sweeper was faster
    row.delete()
    case = conversation.current_case()
    if case is None or row.since.case_id != case.pk:
        return  # closed meanwhile
    if turn := _turn(conversation, case, row, now):
        if row.why == Why.BACK:
            _come_back(turn, row)
        elif row.why == Why.BUSY:
            _say_busy(turn, row)
        else:
            _answer(turn)


def _turn(conversation: Conversation, case: Case, row: PendingAnswer, now: datetime) -> _Turn | None:
    newer = case.messages.filter(direction=Direction.IN, deleted_at=None, kind__in=ANSWERABLE, seq__gte=row.since.seq)
    messages = list(newer.order_by("seq")[:MOST_MESSAGES])
    if not messages:
        return None
    hours = Hours(conversation.workspace).of(conversation.team_id)
    in_use, team = InUse(conversation.workspace_id), conversation.team_id
    return _Turn(conversation, case, messages, hours, in_use.texts(team), in_use.keywords(team), now)


def _answer(turn: _Turn) -> None:
    if turn.now - turn.messages[-1].occurred_at > STALE:
        return
    facts = turn.facts()
    choice = choose(facts, turn.texts, matches(as_rules(turn.keywords.values()), turn.words))
    if choice is not None:
        keyword = turn.keywords[choice.keyword] if choice.keyword else None
        _give(turn, choice, keyword.texts if keyword else turn.texts[choice.kind], keyword)
    opens = turn.hours.next_opening(turn.now)
    if opens is not None and plans_to_come_back(facts, turn.texts, choice):
        PendingAnswer.objects.get_or_create(
            conversation=turn.conversation, why=Why.BACK, defaults={"since": turn.messages[0], "due_at": opens}
        )


def _come_back(turn: _Turn, row: PendingAnswer) -> None:
    """The hours begin for somebody who still waits. Changed meanwhile, they begin later."""
    conversation, now = turn.conversation, turn.now
    opens = turn.hours.next_opening(now)
    if not conversation.needs_answer or opens is None or now - row.due_at > BACK_TOO_LATE:
        return
    if opens > now:
        PendingAnswer.objects.create(conversation=conversation, why=Why.BACK, since=row.since, due_at=opens)
    elif may_come_back(turn.facts(), turn.texts):
        _give(turn, Choice(AutomaticKind.BACK), turn.texts[AutomaticKind.BACK])


def _say_busy(turn: _Turn, row: PendingAnswer) -> None:
    """Nobody had room a moment ago, and it still waits. After a standstill of ours a person sees to it."""
    if turn.now - row.due_at <= STALE and may_say_busy(turn.facts(), turn.texts):
        _give(turn, Choice(AutomaticKind.BUSY), turn.texts[AutomaticKind.BUSY])


def _is_unserved(conversation: Conversation) -> bool:
    """It waits in the queue, and routing has found nobody with room for it."""
    if not conversation.is_open or conversation.assignee_id is not None or conversation.waiting_since is None:
        return False
    decisions = RoutingDecision.objects.filter(conversation=conversation, created_at__gte=conversation.waiting_since)
    return decisions.filter(reason="nobody_free").exists()


def _give(turn: _Turn, choice: Choice, texts: dict[str, str], keyword: KeywordAnswer | None = None) -> None:
    conversation, workspace = turn.conversation, turn.conversation.workspace
    before = conversation.guessed_language
    spoken = language_of(conversation, "\n".join(turn.words))
    if conversation.guessed_language != before:
        conversation.save(update_fields=["guessed_language"])
    language = language_for(
        texts, card=conversation.contact.language, spoken=spoken, own=workspace.language, said=choice.languages
    )
    text = texts.get(language, "")
    text = automatic_words.fill(text, values_for(conversation, text, language, turn.hours, turn.now))
    if not text:
        return
    data = {"automatic": str(choice.kind)} | ({"keyword": keyword.title} if keyword else {})
    message = say(conversation, turn.case, turn.now, kind=MessageKind.TEXT, text=text, data=data)
    AutomaticAnswer.objects.create(
        workspace=workspace, conversation=conversation, case=turn.case, kind=choice.kind, keyword=keyword,
        language=language, message=message, sent_at=turn.now,
    )  # fmt: skip


def values_for(
    conversation: Conversation, text: str, language: str, hours: OpeningHours, now: datetime
) -> dict[str, str]:
    """What stands in the places here; a customer without a name has none."""
    contact = conversation.contact
    wait = usual_wait.seconds(conversation.workspace_id, conversation.team_id, now) if "waiting_time" in text else None
    return {
        "contact.first_name": contact.first_name if contact.name or contact.profile_name else "",
        "team.name": conversation.team.name if conversation.team else "",
        "workspace.name": conversation.workspace.name,
        "next_opening": automatic_words.opening_words(hours, now, language),
        "waiting_time": automatic_words.waiting_words(wait, language),
    }


def _is_machine(conversation: Conversation, messages: list[Message]) -> bool:
    """Does it look like another business's autoresponder: by its words, its haste, or because it says it again?"""
    if any(looks_automatic(message.text) for message in messages):
        return True
    first = messages[0]
    ours = conversation.messages.filter(direction=Direction.OUT, via=Via.AUTOMATION, author=None)
    sent_at = ours.order_by("-occurred_at").values_list("occurred_at", flat=True).first()
    if sent_at is not None and timedelta(0) <= first.occurred_at - sent_at <= INSTANT:
        return True
    long = [message.text for message in messages if len(fold(message.text)) >= REPEATED]
    if not long:
        return False
    a_day_ago = first.occurred_at - timedelta(days=1)
    earlier = conversation.messages.filter(direction=Direction.IN, occurred_at__gt=a_day_ago, seq__lt=first.seq)
    return len(set(long)) < len(long) or earlier.filter(text__in=long).exists()
