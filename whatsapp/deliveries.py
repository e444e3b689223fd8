"""Questions about what Meta posted, and the way back: replay. For the settings page, the command and the metrics."""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone

from whatsapp.models import DeliveryState, WebhookDelivery, WebhookRejection

CHANNEL = "tresen_ingest"


def replay(deliveries: Iterable[WebhookDelivery]) -> int:
    """Put stored deliveries back to the beginning; the ingest loop takes them like new ones. How many."""
    with transaction.atomic():
        count = WebhookDelivery.objects.filter(pk__in=[delivery.pk for delivery in deliveries]).update(
            state=DeliveryState.NEW, reason="", findings=[], attempts=0, next_try_at=None, finished_at=None
        )
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])
    return count


def oldest_unprocessed_age(now: datetime | None = None, *, workspace_id: int | None = None) -> float:
    """Seconds that the oldest due delivery has been waiting; 0.0 when none is. A metric and an admins' banner."""
    now = now or timezone.now()
    rows = WebhookDelivery.objects.filter(state=DeliveryState.NEW).exclude(next_try_at__gt=now)
    if workspace_id is not None:
        rows = rows.filter(meta_app__workspace_id=workspace_id)
    oldest = rows.order_by("id").values_list("received_at", "next_try_at").first()
    if oldest is None:
        return 0.0
    return max(0.0, (now - max(moment for moment in oldest if moment is not None)).total_seconds())


def failed_count(*, workspace_id: int | None = None) -> int:
    """Deliveries that ended as failed and wait for a person to look."""
    rows = WebhookDelivery.objects.filter(state=DeliveryState.FAILED)
    return rows.filter(meta_app__workspace_id=workspace_id).count() if workspace_id is not None else rows.count()


def rejected_counts(since: datetime | None = None) -> dict[str, int]:
    """How many POSTs the door refused, by reason; all that is known, or since a day."""
    rows = WebhookRejection.objects.all()
    if since is not None:
        rows = rows.filter(day__gte=since.date())
    return dict(rows.values_list("reason").annotate(total=Sum("count")).order_by("reason"))
