"""Is this process alive, is it ready, and how is it doing: for orchestrators, proxies and monitoring.

Health says ok or not ok and nothing else. Metrics are counts about the whole installation in Prometheus' text format,
for this machine itself or whoever has METRICS_TOKEN; they hold no name, number or word of anybody.
"""

import hmac
import logging
from collections.abc import Iterator

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.db.models import Count, Q
from django.db.utils import InterfaceError
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import Agent
from accounts.network import is_loopback
from inbox import storage
from inbox.enums import AttachmentState, ConversationStatus, MessageStatus
from inbox.models import Attachment, Conversation, Message
from whatsapp import deliveries
from whatsapp.checks import open_one_of_each
from whatsapp.models import DeliveryState, PhoneNumber, WebhookDelivery

logger = logging.getLogger(__name__)
Line = tuple[str, dict[str, str], float]


@never_cache
@login_not_required
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@login_not_required
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Database, Redis and keys are there. Redis away is not ready, although messages are still taken in."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        open_one_of_each()
        redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2).ping()
    except (DatabaseError, InterfaceError, redis.RedisError, OSError, ImproperlyConfigured) as error:
        logger.warning("Not ready: %s", type(error).__name__)
        return HttpResponse("not ok\n", status=503, content_type="text/plain")
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@login_not_required
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Numbers for monitoring; for everybody else this page does not exist."""
    if not _may_read(request):
        raise Http404
    text = "".join(_written(name, labels, value) for name, labels, value in _numbers())
    return HttpResponse(text, content_type="text/plain; version=0.0.4; charset=utf-8")


def _may_read(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ").encode("utf-8", "replace")
        return hmac.compare_digest(given, settings.METRICS_TOKEN.encode())
    return is_loopback(request)


def _written(name: str, labels: dict[str, str], value: float) -> str:
    inside = ",".join(f'{key}="{text}"' for key, text in labels.items())
    return f"tresen_{name}{{{inside}}} {value:g}\n" if inside else f"tresen_{name} {value:g}\n"


def _numbers() -> Iterator[Line]:
    yield from _deliveries()
    yield from _outbox()
    pending = Attachment.objects.filter(state=AttachmentState.PENDING).count()
    yield "attachments_pending", {}, pending
    open_ones = Conversation.objects.filter(status=ConversationStatus.OPEN)
    counts = open_ones.aggregate(all=Count("pk"), waiting=Count("pk", filter=Q(needs_answer=True, assignee=None)))
    yield "conversations_open", {}, counts["all"]
    yield "conversations_waiting_unassigned", {}, counts["waiting"]
    yield "agents_active", {}, Agent.objects.filter(is_active=True).count()
    yield "numbers_stopped", {}, PhoneNumber.objects.exclude(sending_stopped_at=None).count()
    yield "disk_free_bytes", {}, storage.disk_free()


def _deliveries() -> Iterator[Line]:
    yield "webhook_deliveries_waiting", {}, WebhookDelivery.objects.filter(state=DeliveryState.NEW).count()
    yield "webhook_oldest_waiting_seconds", {}, deliveries.oldest_unprocessed_age()
    yield "webhook_deliveries_failed", {}, deliveries.failed_count()
    for reason, total in deliveries.rejected_counts().items():
        yield "webhook_rejected_total", {"reason": "".join(c for c in reason if c.isalnum() or c in "-_ ")}, total


def _outbox() -> Iterator[Line]:
    under_way = (MessageStatus.QUEUED, MessageStatus.SENDING, MessageStatus.UNKNOWN)
    found = dict(
        Message.objects.filter(status__in=under_way).values_list("status").annotate(n=Count("pk")).order_by("status")
    )
    for status in under_way:
        yield "messages_under_way", {"status": str(status)}, found.get(str(status), 0)
