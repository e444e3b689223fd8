"""One try to hand one message to Meta: the rules once more, then the call, outside any transaction.

The steps around it are elsewhere: delivery_claims takes messages out of the queue, delivery_results stores what became
of them, inbox.loops.deliver runs it all.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from accounts.fields import Secret
from inbox.actions import header_media, outgoing_media
from inbox.actions.outgoing_media import ClaimLost
from inbox.sending import Outgoing, payload_for
from whatsapp import errors
from whatsapp.client import CloudAPI
from whatsapp.errors import DeliveryProblem, OutcomeUnknown, PermanentFailure, TemporaryFailure
from whatsapp.template_parts import TemplateShape

logger = logging.getLogger(__name__)

ACCEPTED, FAILED, RETRY, STOP, UNKNOWN = "accepted", "failed", "retry", "stop", "unknown"


@dataclass(slots=True)
class Outcome:
    """What became of one attempt; `kind` is accepted, failed, retry, stop or unknown."""

    message_id: int
    attempt: int
    kind: str
    finished_at: datetime
    phone_number_id: int = 0
    wamid: str = ""
    code: int | None = None
    subcode: int | None = None
    detail: str = ""
    http_status: int | None = None
    trace_id: str = ""
    wait: float | None = None
    token: Secret | None = None  # of a stop: with which token Meta refused
    in_flight: bool = True  # holds a sender's place until it is stored
    tries: int = 0  # how often storing was put off because somebody held the row


def refused(message: Outgoing, code: int, detail: str = "") -> Outcome:
    """One of our own rules says no: failed, and no request leaves."""
    return Outcome(
        message.id, message.attempt, FAILED, timezone.now(), message.phone_number_id, code=code, detail=detail
    )


def attempt(message: Outgoing, api: CloudAPI) -> Outcome:
    """Send one claimed message now. Never raises: whatever goes wrong is an outcome."""
    try:
        return _attempt(message, api)
    except Exception as error:
        # A fault of ours. Before the call it would be safe to repeat, but nothing here proves where it happened.
        logger.exception("Delivery of message %s broke", message.id)
        return _outcome(message, OutcomeUnknown(type(error).__name__))


def _attempt(message: Outgoing, api: CloudAPI) -> Outcome:
    files: dict[str, tuple[str, str]] = {}
    if places := _file_places(message):
        try:
            files = header_media.files_of(message, api) if message.is_template else _own_file(message, api)
        except DeliveryProblem as problem:
            return _outcome(message, problem, api)
        except ClaimLost:  # nobody waits for this outcome any more
            return _outcome(message, OutcomeUnknown("the claim was lost during the upload"))
        if not all(files.get(place, ("", ""))[0] for place in places):
            return refused(message, errors.NO_HEADER_FILE)
        template = message.template
        if template is not None and template.is_marketing and not header_media.has_still_agreed(message):
            return refused(message, errors.NO_CONSENT)
    if not message.is_template and not message.service_window.is_open(timezone.now()):
        return refused(message, errors.WINDOW_CLOSED)
    payload = payload_for(message, files)
    try:
        result = api.send(payload)
    except DeliveryProblem as problem:
        return _outcome(message, problem, api)
    return Outcome(
        message.id, message.attempt, ACCEPTED, timezone.now(), message.phone_number_id, wamid=result.wamid,
        http_status=200, trace_id=result.trace_id,
    )  # fmt: skip


def _file_places(message: Outgoing) -> Iterable[str]:
    """Where this message needs a file: a template in its header or its cards, any other is one ("")."""
    if message.template is not None:
        return TemplateShape.of(message.template).file_places
    return ("",) if message.is_file else ()


def _own_file(message: Outgoing, api: CloudAPI) -> dict[str, tuple[str, str]]:
    return {"": outgoing_media.file_of(message, api)}


def _outcome(message: Outgoing, problem: DeliveryProblem, api: CloudAPI | None = None) -> Outcome:
    kind, wait, subcode = FAILED, None, None
    token = None
    if isinstance(problem, OutcomeUnknown):
        kind = UNKNOWN
    elif isinstance(problem, TemporaryFailure):
        kind, wait = RETRY, problem.retry_after
    elif isinstance(problem, PermanentFailure):
        kind = STOP if problem.action == errors.STOP else FAILED
        subcode = problem.subcode
        token = api.token if kind == STOP and api is not None else None
    return Outcome(
        message.id, message.attempt, kind, timezone.now(), message.phone_number_id, code=problem.code, subcode=subcode,
        detail=problem.detail, http_status=problem.http_status, trace_id=problem.trace_id, wait=wait,
        token=token,
    )  # fmt: skip
