"""Work whose job is due, or was lost with Redis, gets another one: the row knows, the job only wakes somebody up.

Part of the sweeper's chores. A conditional update keeps two sweepers apart and gives each job its time.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from inbox import jobs
from inbox.enums import AttachmentState
from inbox.models import Attachment, Block, ContactImport, Erasure, PersonExport

ROWS = 20  # of one kind in one sweep
JOB_LOST_AFTER = timedelta(seconds=60)
EXPORT_LOST_AFTER = timedelta(minutes=11)  # longer than a job may take
ERASURE_RESTS = timedelta(seconds=20)
UNPREPARED = 5  # at work at once
PREPARED_WITHIN = timedelta(minutes=10)


def requeue_attachments(now: datetime) -> bool:
    """Files whose job has been lost with Redis, or whose next try is due, get a job."""
    pending = _untouched(Attachment.objects.filter(state=AttachmentState.PENDING), now).order_by("next_try_at", "pk")
    return _queue(pending, jobs.fetch_attachment, queue="attachments", next_try_at=now + JOB_LOST_AFTER) == ROWS


def requeue_blocks(now: datetime) -> bool:
    """Blocks that WhatsApp has not answered get another job."""
    rows = list(Block.objects.filter(try_at__lte=now).order_by("try_at").values_list("pk", "conversation")[:ROWS])
    for pk, conversation_id in rows:
        with transaction.atomic():
            if Block.objects.filter(pk=pk, try_at__lte=now).update(try_at=now + JOB_LOST_AFTER):
                jobs.enqueue(jobs.settle_block, conversation_id)
    return len(rows) == ROWS


def requeue_imports(now: datetime) -> bool:
    """Imports whose job was lost get another."""
    at_work = ContactImport.objects.filter(state__in=ContactImport.WORKING, touched_at__lte=now - JOB_LOST_AFTER)
    _queue(at_work, jobs.work_on_import, touched_at=now)
    return False


def requeue_erasures(now: datetime) -> bool:
    """Erasures that wait for something, or whose job was lost, get another."""
    at_work = Erasure.objects.filter(state=Erasure.State.RUNNING, touched_at__lte=now - ERASURE_RESTS)
    _queue(at_work, jobs.work_on_erasure, touched_at=now)
    return False


def requeue_person_exports(now: datetime) -> bool:
    """Exports of people whose job was lost get another, a few times."""
    waiting = PersonExport.objects.filter(state=PersonExport.State.WAITING, touched_at__lte=now - EXPORT_LOST_AFTER)
    _queue(waiting, jobs.make_person_export, queue="attachments", touched_at=now)
    return False


def prepare_attachments(now: datetime) -> bool:
    """Files whose previews were never made get a job: few at a time, so that new ones need not wait behind them."""
    unprepared = Attachment.objects.filter(state=AttachmentState.READY, prepared_at=None).exclude(file="")
    free = max(0, UNPREPARED - unprepared.filter(next_try_at__gt=now).count())
    due = _untouched(unprepared, now).order_by("pk")
    _queue(due, jobs.prepare_attachment, most=free, queue="attachments", next_try_at=now + PREPARED_WITHIN)
    return False


def _untouched(files: "QuerySet[Attachment]", now: datetime) -> "QuerySet[Attachment]":
    """Without a try for a while, or with one that is due."""
    return files.filter(Q(next_try_at=None, created_at__lte=now - JOB_LOST_AFTER) | Q(next_try_at__lte=now))


def _queue(
    due: "QuerySet[Any]", job: Callable[[int], None], *, most: int = ROWS, queue: str = "default", **mark: datetime
) -> int:
    """A job for each of these rows that is still due when it is marked; how many were found."""
    found = list(due.values_list("pk", flat=True)[:most])
    for pk in found:
        with transaction.atomic():
            if due.order_by().filter(pk=pk).update(**mark):
                jobs.enqueue(job, pk, queue=queue)
    return len(found)
