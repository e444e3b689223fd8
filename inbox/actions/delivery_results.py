"""What became of attempts, stored in short transactions: accepted ones in bulk, everything that has words one by one.

A result counts only for the attempt it belongs to and only while the message still waits for it: a status of Meta's
may have been faster, and then knows more. Nothing here ever puts an *unknown* message back into the queue.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from inbox import events, pacing, statements
from inbox.actions import consent, locks, statuses
from inbox.actions.delivery import ACCEPTED, FAILED, RETRY, STOP, UNKNOWN, Outcome
from inbox.actions.sending_stops import stop_sending
from inbox.enums import FILE_KINDS, ConsentState, MessageStatus
from inbox.models import (
    Attachment,
    Consent,
    Contact,
    Conversation,
    DeliveryAttempt,
    Message,
    PairLimit,
)
from whatsapp import errors
from whatsapp.models import PhoneNumber

logger = logging.getLogger(__name__)

UNCONFIRMED_AFTER = timedelta(minutes=10)
STOPPED_WAIT = timedelta(seconds=2)  # should somebody resume without having mended it
WAITING_FOR_RESULT = (MessageStatus.SENDING, MessageStatus.UNKNOWN)

# SKIP LOCKED: never wait for a row here, so no deadlock with the intake of statuses; who is skipped is stored singly.
# So are those whose bubble carries words (a try that failed, doubt), because a light tick would leave the words there,
# and reactions, which have no bubble for a tick.
STORED = statements.Columns(Message, "m", "id", "conversation_id", "uid", "kind", "status")
STORE_ACCEPTED = statements.sql(
    """
WITH result AS (
    SELECT * FROM unnest(%(ids)s::bigint[], %(attempts)s::int[], %(wamids)s::text[], %(times)s::timestamptz[],
                         %(traces)s::text[])
        AS r(id, attempt, wamid, at, trace)),
finished AS (
    UPDATE inbox_deliveryattempt d SET finished_at = r.at, outcome = 'accepted', http_status = 200, trace_id = r.trace
    FROM result r WHERE d.message_id = r.id AND d.number = r.attempt),
free AS (
    SELECT m.id FROM inbox_message m JOIN result r ON r.id = m.id AND r.attempt = m.attempt
    WHERE m.status = 'sending' AND m.error_code IS NULL AND m.kind <> 'reaction'
    ORDER BY m.id FOR UPDATE OF m SKIP LOCKED)
UPDATE inbox_message m SET status = 'accepted', wamid = r.wamid, accepted_at = r.at, lease_until = NULL
FROM result r JOIN free ON free.id = r.id WHERE m.id = r.id
RETURNING {m}
""",
    m=STORED,
)
CAME_FIRST = "SELECT DISTINCT wamid FROM inbox_unmatchedstatus WHERE wamid = ANY(%s)"


def store(outcomes: Sequence[Outcome]) -> None:
    """Store a batch. Safe to call again with the same outcomes after a lost connection."""
    accepted = [outcome for outcome in outcomes if outcome.kind == ACCEPTED]
    singly = [outcome for outcome in outcomes if outcome.kind != ACCEPTED]
    if accepted:
        singly += _store_accepted(accepted)
    for outcome in singly:
        _store_one(outcome)


def _store_accepted(outcomes: list[Outcome]) -> list[Outcome]:
    """Store in bulk; returns those that have to be stored one by one."""
    early = _statuses_came_first(outcomes)
    in_bulk = [outcome for outcome in outcomes if outcome.message_id not in early]
    columns: dict[str, Any] = {
        "ids": [outcome.message_id for outcome in in_bulk],
        "attempts": [outcome.attempt for outcome in in_bulk],
        "wamids": [outcome.wamid for outcome in in_bulk],
        "times": [outcome.finished_at for outcome in in_bulk],
        "traces": [outcome.trace_id for outcome in in_bulk],
    }
    try:
        with transaction.atomic():
            stored = [STORED.instance(row) for row in statements.fetch(STORE_ACCEPTED, columns)]
            events.messages_changed(stored)
    except IntegrityError:
        logger.exception("A batch of results did not fit, storing them one by one")
        return outcomes
    done = {message.pk for message in stored}
    return [outcome for outcome in outcomes if outcome.message_id not in done]


def _statuses_came_first(outcomes: Iterable[Outcome]) -> set[int]:
    """The messages for whose wamid a status of Meta's lies waiting already."""
    by_wamid = {outcome.wamid: outcome.message_id for outcome in outcomes}
    return {by_wamid[wamid] for (wamid,) in statements.fetch(CAME_FIRST, [list(by_wamid)])}


def _store_one(outcome: Outcome) -> None:
    """One result with all its consequences, under the locks of contact (opt-out only), conversation and message."""
    known = Message.objects.filter(pk=outcome.message_id).select_related("conversation").first()
    if known is None:
        return
    with transaction.atomic(), events.gathered():
        if outcome.code == 131050:
            Contact.objects.select_for_update(no_key=True).get(pk=known.conversation.contact_id)
        conversation = locks.lock(known.conversation)
        message = Message.objects.select_for_update(no_key=True).get(pk=known.pk)
        message.conversation = conversation
        _finish_attempt(outcome)
        if message.attempt != outcome.attempt:
            return
        if message.status in WAITING_FOR_RESULT:
            _HANDLERS[outcome.kind](message, conversation, outcome)
        elif outcome.kind == ACCEPTED:
            _complete(message, outcome)


def _finish_attempt(outcome: Outcome) -> None:
    DeliveryAttempt.objects.filter(message_id=outcome.message_id, number=outcome.attempt).update(
        finished_at=outcome.finished_at, outcome=outcome.kind, http_status=outcome.http_status,
        error_code=outcome.code, error_detail=outcome.detail, trace_id=outcome.trace_id,
    )  # fmt: skip


def _complete(message: Message, outcome: Outcome) -> None:
    """Meta's status was faster than our own answer: only what is still missing is added."""
    message.accepted_at = message.accepted_at or outcome.finished_at
    message.wamid = message.wamid or outcome.wamid
    message.save(update_fields=["accepted_at", "wamid"])


def _accepted(message: Message, conversation: Conversation, outcome: Outcome) -> None:
    had_words = message.error_code is not None or message.status == MessageStatus.UNKNOWN
    message.advance(MessageStatus.ACCEPTED, outcome.finished_at)
    message.wamid, message.error_code, message.error_detail = outcome.wamid, None, ""
    _save(message)
    _show_in_row(conversation, message)
    if had_words:
        events.message_changed(message)
    if not statuses.apply_unmatched(message) and not had_words:
        events.messages_changed([message])


def _failed(message: Message, conversation: Conversation, outcome: Outcome) -> None:
    message.advance(MessageStatus.FAILED, outcome.finished_at)
    message.error_code, message.error_detail = outcome.code, outcome.detail
    _save(message)
    conversation.has_failed_send = conversation.has_failed_send or message.failure_is_news
    if outcome.code == 131047:
        conversation.window_refused_at = outcome.finished_at
    _show_in_row(conversation, message, "has_failed_send", "window_refused_at")
    if outcome.code == 131050:
        consent.record_consent(
            conversation.contact, ConsentState.WITHDRAWN, source=Consent.Source.META_ERROR,
            occurred_at=outcome.finished_at, wording=outcome.detail, message=message,
        )  # fmt: skip
    events.message_changed(message)


def _retry(message: Message, conversation: Conversation, outcome: Outcome) -> None:
    """Back into the queue, later; given up after too many tries or too long."""
    code = outcome.code if outcome.code is not None else errors.GAVE_UP
    age = outcome.finished_at - message.occurred_at
    wait = pacing.retry_after(code, outcome.attempt, age, outcome.wait)
    if wait is None:
        outcome.code = errors.GAVE_UP if code in (131056, 130429, errors.HTTP_TOO_MANY) else code
        return _failed(message, conversation, outcome)
    was_shown = message.error_code
    _requeue(message, code, outcome.detail)
    message.not_before = outcome.finished_at + wait
    _save(message)
    number = PhoneNumber.objects.filter(pk=message.phone_number_id)
    if code == 130429:
        number.update(slowed_until=outcome.finished_at + pacing.SLOWED_FOR)
    elif code == 131056:
        _hold_pair(message, conversation, wait)
    if was_shown != code and wait > timedelta(seconds=3):
        events.message_changed(message)
    return None


def _stopped(message: Message, conversation: Conversation, outcome: Outcome) -> None:
    """Only an admin can help: the message waits with all others of the number.

    Unless the admin has helped meanwhile: an answer to a token that has been replaced stops nothing any more.
    """
    code = 33 if outcome.code == 100 else outcome.code or 0
    _requeue(message, code, outcome.detail)
    message.not_before = outcome.finished_at + STOPPED_WAIT
    _save(message)
    number = PhoneNumber.objects.select_related("workspace", "business_account").get(pk=message.phone_number_id)
    if outcome.token is None or outcome.token == number.business_account.access_token:
        stop_sending(number, code)
    events.message_changed(message)


def _unknown(message: Message, conversation: Conversation, outcome: Outcome) -> None:
    """It may have been accepted: a status settles it, or a person after ten minutes. Never repeated from here."""
    if message.status == MessageStatus.UNKNOWN:
        return
    message.status, message.unknown_since, message.lease_until = MessageStatus.UNKNOWN, outcome.finished_at, None
    message.error_code, message.error_detail = None, outcome.detail
    _save(message)
    _show_in_row(conversation, message)
    events.message_changed(message)


_HANDLERS = {ACCEPTED: _accepted, FAILED: _failed, RETRY: _retry, STOP: _stopped, UNKNOWN: _unknown}


def _requeue(message: Message, code: int, detail: str) -> None:
    message.status, message.unknown_since = MessageStatus.QUEUED, None
    message.error_code, message.error_detail = code, detail


def _save(message: Message) -> None:
    message.lease_until = None
    message.save(update_fields=[
        "status", "wamid", "accepted_at", "failed_at", "unknown_since", "error_code", "error_detail", "lease_until",
        "not_before",
    ])  # fmt: skip


def _show_in_row(conversation: Conversation, message: Message, *fields: str) -> None:
    if conversation.preview.get("uid") == str(message.uid):
        conversation.preview["status"] = message.status
        fields = (*fields, "preview")
    if fields:
        conversation.save(update_fields=fields)


def _hold_pair(message: Message, conversation: Conversation, wait: timedelta) -> None:
    """Meta's own pair limit is fuller than ours: no other message to this customer before the wait is over."""
    recipients = [value for value in (conversation.contact.phone, conversation.contact.bsuid) if value]
    PairLimit.objects.filter(phone_number_id=message.phone_number_id, recipient__in=recipients).update(
        arrival_at=timezone.now() + pacing.PAIR_DEBT + wait
    )


# --- What nobody reported ---------------------------------------------------------------------------------------------


def expired_leases(limit: int = 200) -> list[Outcome]:
    """Messages whose sender died: unknown, because nobody can say whether the request left.

    A file that has no id of Meta's yet was not sent for certain, so that message goes back into the queue.
    """
    now = timezone.now()
    rows = Message.objects.filter(status=MessageStatus.SENDING, lease_until__lt=now).order_by("lease_until")
    unsent = Q(kind__in=FILE_KINDS) & Exists(Attachment.objects.filter(message=OuterRef("pk"), media_id=""))
    return [
        Outcome(
            pk, attempt, RETRY if never_left else UNKNOWN, now, code=errors.NOT_REACHED if never_left else None,
            detail="no result before the lease ended", in_flight=False,
        )  # fmt: skip
        for pk, attempt, never_left in rows.annotate(unsent=unsent).values_list("pk", "attempt", "unsent")[:limit]
    ]


def mark_unconfirmed(limit: int = 200) -> int:
    """Show "not confirmed" on what has been unknown for ten minutes; how many. A person decides then."""
    before = timezone.now() - UNCONFIRMED_AFTER
    doubtful = Message.objects.filter(status=MessageStatus.UNKNOWN, unknown_since__lt=before, error_code=None)
    marked = 0
    for known in doubtful.select_related("conversation").order_by("unknown_since")[:limit]:
        with transaction.atomic():
            conversation = locks.lock(known.conversation)
            message = doubtful.select_for_update(of=("self",)).filter(pk=known.pk).first()
            if message is None:
                continue
            message.conversation = conversation
            message.error_code = errors.UNCONFIRMED
            message.save(update_fields=["error_code"])
            if message.failure_is_news:
                conversation.has_failed_send = True
                conversation.save(update_fields=["has_failed_send"])
            events.message_changed(message)
            marked += 1
    return marked
