"""How the installation is doing, in numbers of constant cost: for the metrics, the doctor and the pages of admins.

Whatever could grow without end is counted up to CAP only, by an index; nothing here reads a whole table.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from inbox.enums import MessageStatus
from inbox.models import DeliveryAttempt, Message
from whatsapp.models import PhoneNumber

CAP = 10_000
LATEST_SENDS = 200
RECENTLY = timedelta(minutes=15)


def bounded_count(rows: QuerySet[Any, Any]) -> int:
    """How many rows there are, or CAP when there are more."""
    return rows.order_by()[:CAP].count()


def outbox_depth(status: str) -> int:
    """Messages of ours in a state that should not last."""
    return bounded_count(Message.objects.filter(status=status).values("pk"))


def oldest_due_age(now: datetime | None = None) -> float:
    """Seconds that the most urgent due message of any number has been waiting to be sent; 0.0 when none is.

    Numbers whose sending has stopped are left out: their queue is meant to wait, and pages say so.
    """
    now = now or timezone.now()
    due = Message.objects.filter(
        Q(not_before=None) | Q(not_before__lte=now), phone_number=OuterRef("pk"), status=MessageStatus.QUEUED
    ).order_by("priority", "id")
    numbers = PhoneNumber.objects.connected().filter(sending_stopped_at=None, business_account__sending_stopped_at=None)
    rows = numbers.annotate(
        since=Subquery(due.values("created_at")[:1]), not_before=Subquery(due.values("not_before")[:1])
    ).values_list("since", "not_before")
    since = [max(filter(None, row)) for row in rows if row[0] is not None]
    return max(0.0, (now - min(since)).total_seconds()) if since else 0.0


@dataclass(frozen=True)
class SendLatency:
    """From the agent's click (or the planned time) to Meta's answer, of the latest sends of a quarter of an hour."""

    count: int
    median: float
    slow: float  # 95 of 100 were faster


def send_latency(now: datetime | None = None) -> SendLatency | None:
    """None when nothing was sent lately."""
    now = now or timezone.now()
    latest = DeliveryAttempt.objects.order_by("-pk").values_list(
        "number", "finished_at", "message__created_at", "message__not_before"
    )[:LATEST_SENDS]
    seconds = sorted(
        max(0.0, (finished - max(created, not_before or created)).total_seconds())
        for number, finished, created, not_before in latest
        if number == 1 and finished is not None and finished >= now - RECENTLY
    )
    if not seconds:
        return None
    return SendLatency(len(seconds), seconds[len(seconds) // 2], seconds[int(len(seconds) * 0.95)])
