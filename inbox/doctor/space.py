"""The disk, the folder of media, and the quota."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Sum
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext as _

from inbox.doctor.findings import Finding, bad, good, warn
from inbox.models import StorageReading
from inbox.storage import QUOTA_WARNING, disk_free

STALE_AFTER = timedelta(hours=3)


def look() -> Iterator[Finding]:
    yield from _disk()
    yield from _folder()
    yield from _quota()


def _disk() -> Iterator[Finding]:
    free = disk_free()
    words = {"free": filesizeformat(free)}
    advice = _("Make room, or give the volume of DATA_DIR more. Backups on the same disk count too.")
    if free < settings.DISK_FREE_WARNING_BYTES // 4:
        yield bad(_("The disk is full but for %(free)s.") % words, advice)
    elif free < settings.DISK_FREE_WARNING_BYTES:
        yield warn(_("The disk is nearly full: %(free)s left.") % words, advice)
    else:
        yield good(_("%(free)s are free.") % words)


def _folder() -> Iterator[Finding]:
    place = Path(settings.MEDIA_ROOT)
    while not place.exists() and place != place.parent:
        place = place.parent
    if not os.access(place, os.W_OK | os.X_OK):
        yield bad(
            _("We may not write to %(folder)s.") % {"folder": place},
            _("Give the folder to the user that Tresen runs as (in the container: uid 10001)."),
        )


def _quota() -> Iterator[Finding]:
    taken = StorageReading.objects.aggregate(total=Sum("media_bytes"))["total"]
    newest = StorageReading.objects.order_by("-measured_at").values_list("measured_at", flat=True).first()
    if newest is not None and timezone.now() - newest > STALE_AFTER:
        yield warn(
            _("What media take has not been measured for hours: hourly jobs do not run."),
            _("Look at the parts “Background jobs” and “Receiving and sending”."),
        )
    quota = settings.MEDIA_QUOTA_BYTES
    if taken is not None and quota and taken >= quota * QUOTA_WARNING:
        words = {"taken": filesizeformat(taken), "quota": filesizeformat(quota)}
        finding = bad if taken >= quota else warn
        yield finding(
            _("Pictures and files take %(taken)s of %(quota)s.") % words,
            _("Raise MEDIA_QUOTA_BYTES if the disk allows."),
        )
