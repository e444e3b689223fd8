"""How full the disk and the media quota are, and the sentences that warn admins before something stops.

The disk is asked at once; what media take is measured by an hourly job, since adding up a million files is no work
for a page.
"""

import shutil
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Sum
from django.template.defaultfilters import filesizeformat
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.models import Workspace
from inbox.models import Attachment, Rendition, SavedReplyFile, StorageReading, Upload

QUOTA_WARNING = 0.9


@dataclass(frozen=True)
class StorageWarning:
    kind: str  # disk, quota
    sentence: str | Promise
    is_urgent: bool = False


def disk_free() -> int:
    """Free bytes where our files lie."""
    folder = settings.DATA_DIR
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def measure_storage() -> None:
    """Write down what each workspace's media take; the hourly job."""
    for workspace in Workspace.objects.all():
        files = Attachment.objects.filter(message__workspace=workspace).exclude(file="")
        made = Rendition.objects.filter(attachment__message__workspace=workspace)
        kept = Upload.objects.filter(workspace=workspace)
        saved = SavedReplyFile.objects.filter(reply__workspace=workspace)
        taken = sum(found.aggregate(total=Sum("size"))["total"] or 0 for found in (files, made, kept, saved))
        StorageReading.objects.update_or_create(workspace=workspace, defaults={"media_bytes": taken})


def no_room(workspace: Workspace) -> str | Promise:
    """Why no more files of our own are taken in at the moment, or "". Receiving goes on: that cannot be repeated."""
    if disk_free() < settings.DISK_FREE_WARNING_BYTES // 4:
        return _("The disk is full. No files can be sent until there is room again.")
    reading, quota = StorageReading.objects.filter(workspace=workspace).first(), settings.MEDIA_QUOTA_BYTES
    if reading is not None and quota and reading.media_bytes >= quota:
        return _("The space for pictures and files is used up. An admin can make room.")
    return ""


def storage_warnings(workspace: Workspace) -> list[StorageWarning]:
    """What admins should see now; empty when there is room. One query."""
    warnings, free = [], disk_free()
    if free < settings.DISK_FREE_WARNING_BYTES:
        sentence = _("The disk is nearly full: %(free)s left. Without room nothing can be received or sent.")
        is_urgent = free < settings.DISK_FREE_WARNING_BYTES // 4
        warnings.append(StorageWarning("disk", sentence % {"free": filesizeformat(free)}, is_urgent))
    reading, quota = StorageReading.objects.filter(workspace=workspace).first(), settings.MEDIA_QUOTA_BYTES
    if reading is not None and quota and reading.media_bytes >= quota * QUOTA_WARNING:
        sentence = _("Pictures and files take %(taken)s of %(quota)s.")
        numbers = {"taken": filesizeformat(reading.media_bytes), "quota": filesizeformat(quota)}
        warnings.append(StorageWarning("quota", sentence % numbers, reading.media_bytes >= quota))
    return warnings
