"""How the installation is doing, in Prometheus' text format: for this machine itself, or whoever has METRICS_TOKEN.

Numbers about the whole installation; no name, number or word of anybody. Every one has a constant cost: counts go by an
index and stop at `inbox.figures.CAP`, so a scrape never weighs on a busy house.
"""

import hmac
from collections.abc import Iterator
from datetime import timedelta

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import Agent, Workspace
from accounts.network import is_loopback
from inbox import figures, presence, storage
from inbox.enums import AttachmentState, ConversationStatus, MessageStatus
from inbox.job_queues import queue_states
from inbox.loops.leaders import leading
from inbox.models import Attachment, Conversation, LostWindow
from whatsapp import deliveries
from whatsapp.models import DeliveryState, PhoneNumber, WebhookDelivery

Line = tuple[str, dict[str, str], float]

COUNTERS = {"webhook_rejected_total"}
HELP = {
    "webhook_deliveries_waiting": "Webhooks of Meta stored and not yet processed",
    "webhook_oldest_waiting_seconds": "Ingest lag: how long the oldest due webhook has been waiting",
    "webhook_deliveries_failed": "Dead deliveries: webhooks that ended as failed and wait for a person",
    "webhook_rejected_total": "Requests refused at the webhook door, by reason",
    "messages_under_way": "Messages of ours in a state that should not last",
    "outbox_oldest_due_seconds": "How long the most urgent due message has been waiting to be sent",
    "send_latency_seconds": "From the click to Meta's answer, of the latest sends of the last 15 minutes",
    "send_latency_sends": "How many sends that figure stands on",
    "attachments_pending": "Files of customers that are not fetched yet",
    "conversations_open": "Open conversations",
    "conversations_waiting_unassigned": "Open conversations that wait for an answer and belong to nobody",
    "windows_lost_24h": "24-hour windows that closed unanswered within the last day",
    "agents_active": "People who may sign in",
    "sockets_open": "Browser tabs connected now",
    "numbers_stopped": "Numbers that send nothing until an admin acts",
    "loop_active": "Whether a process of each loop is at work",
    "queue_jobs": "Background jobs that wait, by queue",
    "queue_failed_jobs": "Background jobs that failed, by queue",
    "queue_workers": "Living workers, by queue",
    "redis_up": "Whether Redis answers",
    "disk_free_bytes": "Free space where files lie",
}


@never_cache
@login_not_required
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Numbers for monitoring; for everybody else this page does not exist."""
    if not _may_read(request):
        raise Http404
    return HttpResponse("".join(_written(_numbers())), content_type="text/plain; version=0.0.4; charset=utf-8")


def _may_read(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ").encode("utf-8", "replace")
        return hmac.compare_digest(given, settings.METRICS_TOKEN.encode())
    return is_loopback(request)


def _written(lines: Iterator[Line]) -> Iterator[str]:
    before = ""
    for name, labels, value in lines:
        if name != before:
            before = name
            yield f"# HELP tresen_{name} {HELP[name]}.\n"
            yield f"# TYPE tresen_{name} {'counter' if name in COUNTERS else 'gauge'}\n"
        inside = ",".join(f'{key}="{text}"' for key, text in labels.items())
        yield f"tresen_{name}{{{inside}}} {value:.10g}\n" if inside else f"tresen_{name} {value:.10g}\n"


def _numbers() -> Iterator[Line]:
    yield from _received()
    yield from _sent()
    yield from _house()
    for loop, is_active in leading().items():
        yield "loop_active", {"loop": loop}, is_active
    yield from _redis()
    yield "disk_free_bytes", {}, storage.disk_free()


def _received() -> Iterator[Line]:
    waiting = WebhookDelivery.objects.filter(state=DeliveryState.NEW)
    yield "webhook_deliveries_waiting", {}, figures.bounded_count(waiting.values("pk"))
    yield "webhook_oldest_waiting_seconds", {}, deliveries.oldest_unprocessed_age()
    failed = WebhookDelivery.objects.filter(state=DeliveryState.FAILED)
    yield "webhook_deliveries_failed", {}, figures.bounded_count(failed.values("pk"))
    for reason, total in deliveries.rejected_counts().items():
        yield "webhook_rejected_total", {"reason": "".join(c for c in reason if c.isalnum() or c in "-_ ")}, total


def _sent() -> Iterator[Line]:
    for status in (MessageStatus.QUEUED, MessageStatus.SENDING, MessageStatus.UNKNOWN):
        yield "messages_under_way", {"status": str(status)}, figures.outbox_depth(status)
    yield "outbox_oldest_due_seconds", {}, figures.oldest_due_age()
    if latency := figures.send_latency():
        yield "send_latency_seconds", {"quantile": "0.5"}, latency.median
        yield "send_latency_seconds", {"quantile": "0.95"}, latency.slow
    yield "send_latency_sends", {}, latency.count if latency else 0
    pending = Attachment.objects.filter(state=AttachmentState.PENDING)
    yield "attachments_pending", {}, figures.bounded_count(pending.values("pk"))


def _house() -> Iterator[Line]:
    opened = Conversation.objects.filter(status=ConversationStatus.OPEN)
    yield "conversations_open", {}, figures.bounded_count(opened.values("pk"))
    waiting = opened.filter(needs_answer=True, assignee=None)
    yield "conversations_waiting_unassigned", {}, figures.bounded_count(waiting.values("pk"))
    a_day_ago = timezone.now() - timedelta(hours=24)
    lost = LostWindow.objects.filter(workspace__in=list(Workspace.objects.all()), closed_at__gte=a_day_ago)
    yield "windows_lost_24h", {}, figures.bounded_count(lost.values("pk"))
    yield "agents_active", {}, Agent.objects.filter(is_active=True).count()
    yield "numbers_stopped", {}, PhoneNumber.objects.connected().exclude(sending_stopped_at=None).count()


def _redis() -> Iterator[Line]:
    """Nothing but "down" while Redis is away: the other numbers are what one wants to see then."""
    try:
        states = queue_states()
        sockets = presence.open_tabs(Workspace.objects.values_list("pk", flat=True))
    except (redis.RedisError, OSError):
        yield "redis_up", {}, 0
        return
    yield "redis_up", {}, 1
    yield "sockets_open", {}, sockets
    for name, values in {
        "queue_jobs": [(state.name, state.waiting) for state in states],
        "queue_failed_jobs": [(state.name, state.failed) for state in states],
        "queue_workers": [(state.name, state.alive) for state in states],
    }.items():
        for queue, value in values:
            yield name, {"queue": queue}, value
