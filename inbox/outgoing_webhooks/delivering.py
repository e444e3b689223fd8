"""Which deliveries are due, what becomes of a try, and when a webhook is switched off.

The rows are the truth: triggers write them with what happened, the sweeper of the ingest loop finds due ones and queues
a job for their webhook, the job claims them one by one. A job that dies leaves a claim that runs out, and the receiver
gets the same id again. Each webhook has a job of its own, and one that fails is left alone for a while, so that a dead
one delays nobody.
"""

import logging
import time
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from inbox import events, jobs, statements
from inbox.models import OutgoingDelivery, OutgoingWebhook
from inbox.models.outgoing_webhook import PING
from inbox.outgoing_webhooks import bodies, sending, signing

logger = logging.getLogger(__name__)

State = OutgoingDelivery.State

# After each failed try this long; the thirteenth is the last, three days after the first.
WAITS = [timedelta(minutes=minutes) for minutes in (0.5, 2, 10, 30, 60, 120, 240, 480, 720, 900, 900, 900)]
SWITCHED_OFF_AFTER = timedelta(days=3)
CLAIMED_FOR = timedelta(minutes=2)
JOB_LOST_AFTER = timedelta(minutes=2)
RESTS = timedelta(minutes=1)
FAILURES_IN_A_ROW = 3
AT_ONCE, SECONDS_AT_ONCE = 50, 45.0
KEPT_FOR = timedelta(days=30)
ALERT = "webhook_switched_off"

CLAIM = """
UPDATE inbox_outgoingdelivery SET next_try_at = %(until)s, tried_at = %(now)s, tries = tries + 1
 WHERE id = (
    SELECT id FROM inbox_outgoingdelivery
     WHERE webhook_id = %(webhook)s AND state = 'waiting' AND next_try_at <= %(now)s
     ORDER BY next_try_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
 ) RETURNING id
"""
# A look into the index for each webhook there is; most of the time there is nothing.
DUE = """
SELECT w.id FROM inbox_outgoingwebhook w
 WHERE w.is_active AND (w.queued_until IS NULL OR w.queued_until <= %(now)s) AND EXISTS (
    SELECT FROM inbox_outgoingdelivery d WHERE d.webhook_id = w.id AND d.state = 'waiting' AND d.next_try_at <= %(now)s
 )
"""


def queue_due(now: datetime) -> bool:
    """A job for each webhook that something is due for; is there more to do? Called by the sweeper."""
    for (pk,) in statements.fetch(DUE, {"now": now}):
        with transaction.atomic():
            free = OutgoingWebhook.objects.filter(Q(queued_until=None) | Q(queued_until__lte=now), pk=pk)
            if free.update(queued_until=now + JOB_LOST_AFTER):
                jobs.enqueue(jobs.tell_webhook, pk)
    return False


def tell(webhook: OutgoingWebhook) -> int:
    """Send what is due, for a while; how many tries. The sweeper comes back for the rest."""
    started, tries, failures = time.monotonic(), 0, 0
    while tries < AT_ONCE and time.monotonic() - started < SECONDS_AT_ONCE and failures < FAILURES_IN_A_ROW:
        delivery = _claimed(webhook)
        if delivery is None:
            break
        tries += 1
        failures = 0 if attempt(delivery).error == "" else failures + 1
    rests_until = timezone.now() + RESTS if failures >= FAILURES_IN_A_ROW else None
    OutgoingWebhook.objects.filter(pk=webhook.pk).update(queued_until=rests_until)
    return tries


def attempt(delivery: OutgoingDelivery) -> sending.Try:
    """One try with a claimed delivery, outside any transaction, and what follows from it."""
    now, webhook = timezone.now(), delivery.webhook
    body = bodies.body_of(delivery)
    if body is None:
        _store(delivery, state=State.GONE)
        return sending.Try()
    made = sending.send(webhook.url, body, signing.headers_for(webhook, str(delivery.uid), body, now))
    after = timezone.now()
    found = {"answer_status": made.status, "error": made.error, "milliseconds": made.milliseconds}
    if not made.error:
        _store(delivery, state=State.DELIVERED, **found)
        OutgoingWebhook.objects.filter(pk=webhook.pk, failing_since__isnull=False).update(failing_since=None)
    elif delivery.tries > len(WAITS) or delivery.event == PING:
        _store(delivery, state=State.FAILED, **found)
        _failed(webhook, now)
    else:
        _store(delivery, next_try_at=after + WAITS[delivery.tries - 1], **found)
        _failed(webhook, now)
    return made


def forget_old() -> int:
    """Delete the log of what was delivered, or could not be, long ago."""
    deleted, _ = OutgoingDelivery.objects.filter(occurred_at__lt=timezone.now() - KEPT_FOR).delete()
    return deleted


def _claimed(webhook: OutgoingWebhook) -> OutgoingDelivery | None:
    now = timezone.now()
    claimed = statements.fetch(CLAIM, {"webhook": webhook.pk, "now": now, "until": now + CLAIMED_FOR})
    if not claimed:
        return None
    found = OutgoingDelivery.objects.select_related("webhook__workspace").filter(webhook__is_active=True)
    return found.filter(pk=claimed[0][0]).first()  # None: switched off a moment ago


def _store(delivery: OutgoingDelivery, **fields: object) -> None:
    OutgoingDelivery.objects.filter(pk=delivery.pk).update(**fields)


def _failed(webhook: OutgoingWebhook, now: datetime) -> None:
    """Note since when nothing has worked; after three days of that it is switched off, and admins are told."""
    rows = OutgoingWebhook.objects.filter(pk=webhook.pk)
    if rows.filter(failing_since=None).update(failing_since=now):
        return
    long_ago = rows.filter(is_active=True, failing_since__lte=now - SWITCHED_OFF_AFTER)
    with transaction.atomic():
        if long_ago.update(is_active=False, switched_off_at=now):
            logger.warning("The webhook %s is switched off: it has failed for days", webhook.pk)
            events.workspace_alert(webhook.workspace, ALERT, webhook=webhook.pk)
