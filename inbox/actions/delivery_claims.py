"""Taking messages out of the queue: due, in order within their conversation, within the pair limit, still allowed.

A claim is one transaction on the leader's own connection: the rows become `sending` with a lease, an attempt row is
opened for each, and the pair limits are moved, or none of it. Only after that commit does a request leave.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from inbox import statements
from inbox.actions.consent import lock_agreed
from inbox.actions.delivery import Outcome, refused
from inbox.enums import FILE_KINDS
from inbox.models import Message
from inbox.pacing import LEASE, PAIR_WAIT, next_arrival
from inbox.sending import Outgoing
from whatsapp import errors
from whatsapp.models import MessageTemplate

UNKNOWN_BLOCKS_FOR = timedelta(seconds=60)
FILES_AT_ONCE = 8

DUE_NUMBERS = """
SELECT n.id, n.throughput, n.slowed_until,
    n.disconnected_at IS NULL AND (n.sending_stopped_at IS NOT NULL
        OR (a.sending_stopped_at IS NOT NULL AND a.sending_stopped_code <> %(unpaid)s)),
    n.disconnected_at IS NULL AND a.sending_stopped_at IS NOT NULL AND a.sending_stopped_code = %(unpaid)s,
    coalesce(a.restricted_until > now(), false),
    n.disconnected_at IS NOT NULL
FROM whatsapp_phonenumber n JOIN whatsapp_businessaccount a ON a.id = n.business_account_id
WHERE EXISTS (
    SELECT 1 FROM inbox_message m
    WHERE m.phone_number_id = n.id AND m.status = 'queued' AND (m.not_before IS NULL OR m.not_before <= now()))
ORDER BY n.id
"""

# OFFSET 0 keeps the look at earlier messages a question of its own, asked by conversation. Joined, it reads all that is
# under way once for each candidate: the statistics of a quiet hour say that there is nothing.
CANDIDATES = """
SELECT m.id, m.uid::text, m.attempt + 1, m.conversation_id, c.contact_id, m.workspace_id, m.phone_number_id, m.kind,
    m.text, CASE WHEN m.kind <> 'text' THEN m.data::text END, m.quoted_wamid, m.created_at,
    coalesce((SELECT i.value FROM inbox_contactidentity i WHERE i.contact_id = c.contact_id AND i.kind = 'phone'
        AND i.is_active ORDER BY i.id DESC LIMIT 1), ''),
    coalesce((SELECT i.value FROM inbox_contactidentity i WHERE i.contact_id = c.contact_id AND i.kind = 'bsuid'
        AND i.is_active AND i.portfolio = coalesce(nullif(a.portfolio_id, ''), a.waba_id)
        ORDER BY i.id DESC LIMIT 1), ''),
    c.last_customer_message_at, c.window_refused_at, w.window_margin_seconds, m.template_id
FROM inbox_message m
JOIN inbox_conversation c ON c.id = m.conversation_id
JOIN accounts_workspace w ON w.id = m.workspace_id
JOIN whatsapp_phonenumber n ON n.id = m.phone_number_id
JOIN whatsapp_businessaccount a ON a.id = n.business_account_id
WHERE m.phone_number_id = %(number)s AND m.status = 'queued'
    AND (m.not_before IS NULL OR m.not_before <= now())
    AND (m.kind <> 'template' OR NOT %(templates_wait)s)
    AND (m.kind <> ALL (%(file_kinds)s) OR NOT %(files_wait)s)
    AND NOT EXISTS (
        SELECT 1 FROM inbox_message e
        WHERE e.conversation_id = m.conversation_id AND e.status IN ('queued', 'sending', 'unknown') AND e.seq < m.seq
            AND (e.status <> 'unknown' OR e.unknown_since > now() - %(unknown_blocks)s)
        OFFSET 0)
ORDER BY m.priority, m.id LIMIT %(limit)s
FOR UPDATE OF m SKIP LOCKED
"""

TAKE = """
WITH taken AS (
    UPDATE inbox_message SET status = 'sending', attempt = attempt + 1, lease_until = now() + %(lease)s,
        not_before = NULL
    WHERE id = ANY(%(ids)s) RETURNING id, attempt)
INSERT INTO inbox_deliveryattempt (message_id, number, started_at, outcome, error_detail, trace_id)
SELECT id, attempt, now(), '', '', '' FROM taken
"""

PAIR_LIMITS = """
SELECT recipient, arrival_at FROM inbox_pairlimit WHERE phone_number_id = %s AND recipient = ANY(%s)
"""

MOVE_PAIR_LIMITS = """
INSERT INTO inbox_pairlimit (phone_number_id, recipient, arrival_at)
SELECT %s::bigint, * FROM unnest(%s::text[], %s::timestamptz[])
ON CONFLICT (phone_number_id, recipient) DO UPDATE SET arrival_at = excluded.arrival_at
"""


@dataclass(slots=True)
class DueNumber:
    """A number with something to send now, and what holds it back."""

    id: int
    throughput: int
    slowed_until: datetime | None
    is_stopped: bool
    templates_wait: bool  # no payment method at Meta: only free replies go out
    templates_refused: bool  # restricted by Meta: templates fail, replies go out
    is_disconnected: bool = False  # let go of: nothing of it is sent any more


@dataclass(slots=True)
class Claim:
    """What one claim took: messages to send, and those a rule refused (no request leaves for them)."""

    messages: list[Outgoing] = field(default_factory=list)
    refusals: list[Outcome] = field(default_factory=list)
    waiting: int = 0  # held back by the pair limit


def due_numbers() -> list[DueNumber]:
    """The numbers that have a message whose time has come."""
    return [DueNumber(*row) for row in statements.fetch(DUE_NUMBERS, {"unpaid": 131042})]


@transaction.atomic
def claim(number: DueNumber, limit: int, files: int = FILES_AT_ONCE) -> Claim:
    """Take up to `limit` messages of a number, `files` of them with a file of ours.

    They are committed as `sending` before anything leaves.
    """
    found, taken, now = _fitting(_candidates(number, limit, files_wait=files <= 0), files), Claim(), timezone.now()
    if not found:
        return taken
    _load_templates(found)
    arrivals = _arrivals(number.id, found)
    moved: dict[str, datetime] = {}
    later: list[int] = []
    agreed = _agreed(found)
    # The rest waits for the next look: somebody works on the customer's row in this moment.
    found = [message for message in found if not message.is_marketing or message.contact_id in agreed]
    for message in found:
        if code := _refusal(message, number, now, agreed):
            taken.refusals.append(refused(message, code))
            continue
        arrival = next_arrival(moved.get(message.recipient) or arrivals.get(message.recipient), now)
        if arrival is None:
            later.append(message.id)
            continue
        moved[message.recipient] = arrival
        taken.messages.append(message)
    taken.waiting = len(later)
    _write(number.id, [message.id for message in found if message.id not in set(later)], later, moved, now)
    return taken


def _fitting(candidates: Sequence[Outgoing], files: int) -> list[Outgoing]:
    """Without the files beyond these: uploads take their time, and texts must not stand behind them."""
    carriers = [message.id for message in candidates if message.is_file]
    surplus = set(carriers[files:])
    return [message for message in candidates if message.id not in surplus]


def _candidates(number: DueNumber, limit: int, *, files_wait: bool) -> list[Outgoing]:
    rows = statements.fetch(CANDIDATES, {
        "number": number.id, "limit": limit, "unknown_blocks": UNKNOWN_BLOCKS_FOR,
        "templates_wait": number.templates_wait, "files_wait": files_wait, "file_kinds": sorted(FILE_KINDS),
    })  # fmt: skip
    facts: list[list[Any]] = [[*row[:9], json.loads(row[9]) if row[9] else {}, *row[10:]] for row in rows]
    return [Outgoing(*row) for row in facts]


def _load_templates(messages: Iterable[Outgoing]) -> None:
    templated = [message for message in messages if message.template_id is not None]
    templates = MessageTemplate.objects.in_bulk({message.template_id for message in templated}) if templated else {}
    for message in templated:
        message.template = templates.get(message.template_id)


def _agreed(messages: Iterable[Outgoing]) -> dict[int, bool]:
    """For whom advertising is in there: may it go to them? Decided from the ledger, under the lock of the customer."""
    customers = {message.contact_id for message in messages if message.is_marketing}
    return lock_agreed(customers) if customers else {}


def _refusal(message: Outgoing, number: DueNumber, now: datetime, agreed: Mapping[int, bool]) -> int | None:
    """The rules of sending, asked right before the call; our code for the first that says no."""
    if number.is_disconnected:
        return errors.NUMBER_DISCONNECTED
    if not message.recipient:
        return errors.NO_ADDRESS
    if not message.is_template:
        return None if message.service_window.is_open(now) else errors.WINDOW_CLOSED
    if message.template is None or not message.template.is_sendable:
        return errors.TEMPLATE_NOT_SENDABLE
    if number.templates_refused:
        return errors.ACCOUNT_RESTRICTED
    if message.is_marketing and not agreed.get(message.contact_id):
        return errors.NO_CONSENT
    return None


def _arrivals(number_id: int, messages: Iterable[Outgoing]) -> dict[str, datetime]:
    recipients = {message.recipient for message in messages}
    return dict(statements.fetch(PAIR_LIMITS, [number_id, sorted(recipients)]))


def _write(number_id: int, ids: Sequence[int], later: Sequence[int], moved: dict[str, datetime], now: datetime) -> None:
    if later:
        Message.objects.filter(pk__in=later).update(not_before=now + PAIR_WAIT)
    if ids:
        statements.run(TAKE, {"ids": list(ids), "lease": LEASE})
    if moved:
        statements.run(MOVE_PAIR_LIMITS, [number_id, list(moved), list(moved.values())])
