"""The one figure of the reports that the team board shows."""

from collections.abc import Collection
from datetime import datetime, time

from accounts.models import Team, Workspace
from accounts.schedules import zone_of
from inbox.models import CaseFigures
from inbox.reports.reading import quantile


def first_reply_today(workspace: Workspace, teams: Collection[Team] | None, now: datetime) -> float | None:
    """Median seconds of open time until the first human reply, of cases opened today (in the business's zone).

    Of all teams, or only of these. None while nobody has had a reply today.
    """
    zone = zone_of(workspace.timezone)
    midnight = datetime.combine(now.astimezone(zone).date(), time(), zone)
    replied = CaseFigures.objects.filter(
        workspace=workspace, opened_at__gte=midnight, reply_open_seconds__isnull=False
    )
    if teams is not None:
        replied = replied.filter(team__in=teams)
    waits = replied.order_by("reply_open_seconds").values_list("reply_open_seconds", flat=True)
    return quantile([seconds for seconds in waits if seconds is not None], 0.5)
