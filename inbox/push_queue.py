"""Pushes that are due: rows written with the event that calls for them, a job each, and the sweeper for lost jobs."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from inbox import jobs, statements
from inbox.models import PushNotice

LOST_AFTER = timedelta(seconds=60)
ROWS = 50
# Only for who has a device; for most this is one look into a small index.
REMEMBER = """
INSERT INTO inbox_pushnotice (agent_id, conversation_id, kind, created_at, queued_at)
SELECT t.agent, t.conversation, t.kind, %s, %s
  FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS t (agent, conversation, kind)
 WHERE EXISTS (SELECT FROM inbox_pushdevice d WHERE d.agent_id = t.agent)
RETURNING id
"""


def remember(payloads: Iterable[dict]) -> None:
    """Part of the transaction that writes these events: whoever they tell is pushed to after the commit."""
    calls = [
        (int(agent_id), payload["conversation"], str(kind))
        for payload in payloads
        for agent_id, kind in payload.get("tell", {}).items()
    ]
    if not calls:
        return
    now = timezone.now()
    agents, conversations, kinds = (list(column) for column in zip(*calls, strict=True))
    for (pk,) in statements.fetch(REMEMBER, [now, now, agents, conversations, kinds]):
        jobs.enqueue(jobs.send_push, pk)


def requeue_lost(now: datetime) -> bool:
    """Pushes whose job has been lost get another. Is there more to do?"""
    lost = PushNotice.objects.filter(queued_at__lte=now - LOST_AFTER)
    rows = list(lost.order_by("queued_at").values_list("pk", flat=True)[:ROWS])
    for pk in rows:
        with transaction.atomic():
            if PushNotice.objects.filter(pk=pk, queued_at__lte=now - LOST_AFTER).update(queued_at=now, claimed_at=None):
                jobs.enqueue(jobs.send_push, pk)
    return len(rows) == ROWS
