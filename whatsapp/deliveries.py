"""Questions about what Meta posted, and the way back: replay. For the settings page, the command and the metrics."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q, Sum
from django.utils import timezone

from whatsapp.models import DeliveryState, WebhookDelivery, WebhookRejection

CHANNEL = "tresen_ingest"
KEPT_FOR = timedelta(days=30)  # bodies hold customers' words
FAILED_KEPT_FOR = timedelta(days=90)  # somebody may still want to look
COUNTS_KEPT_FOR = timedelta(days=400)
FORGOTTEN_AT_ONCE = 1000


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


def forget_old(now: datetime | None = None) -> int:
    """Delete what was processed long ago, in small portions; what still waits stays. How many deliveries."""
    now, count = now or timezone.now(), 0
    done = Q(state__in=[DeliveryState.PROCESSED, DeliveryState.IGNORED], received_at__lt=now - KEPT_FOR)
    old = WebhookDelivery.objects.filter(done | Q(state=DeliveryState.FAILED, received_at__lt=now - FAILED_KEPT_FOR))
    while ids := list(old.order_by("pk").values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE]):
        count += WebhookDelivery.objects.filter(pk__in=ids).delete()[0]
    WebhookRejection.objects.filter(day__lt=(now - COUNTS_KEPT_FOR).date()).delete()
    return count
