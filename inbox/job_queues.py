"""The background queues from outside: how full they are, who works on them, which jobs failed, what to do with those.

An installation has one set of queues. Whoever looks for a workspace sees the jobs about its rows and those about
nobody's (the nightly ones), never those of another workspace; of a job's arguments only ids are shown, of an error
only its class.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import redis
from django.apps import apps
from django.conf import settings
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rq import Queue, Worker
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker import BaseWorker

from accounts.logs import error_class
from accounts.models import Workspace
from inbox.errors import InboxRuleViolation

TIMEOUT_SECONDS = 2
SHOWN = 50  # failed jobs of a queue
AT_ONCE = 500  # retried or discarded by one click
SILENT_AFTER = timedelta(seconds=180)  # an idle worker speaks every minute (config.worker)

Words = str | Promise
Deed = Callable[..., "FailedJob"]

QUEUES: dict[str, Words] = {"default": _("Everything else"), "attachments": _("Files"), "campaigns": _("Campaigns")}
# What each job does, and where the workspace of its first argument stands: (model, look-up, column).
KINDS: dict[str, tuple[Words, tuple[str, str, str] | None]] = {
    "fetch_attachment": (_("Fetch a customer's file"), ("inbox.Attachment", "pk", "message__workspace")),
    "prepare_attachment": (_("Make previews of a file"), ("inbox.Attachment", "pk", "message__workspace")),
    "send_read_receipt": (_("Show a customer blue ticks"), ("inbox.Message", "pk", "workspace")),
    "send_typing": (_("Show a customer that somebody writes"), ("inbox.Conversation", "pk", "workspace")),
    "send_push": (_("Send a notification to devices"), ("inbox.PushNotice", "pk", "conversation__workspace")),
    "settle_block": (_("Block or unblock a customer at WhatsApp"), ("inbox.Conversation", "pk", "workspace")),
    "work_on_import": (_("Import contacts"), ("inbox.ContactImport", "pk", "workspace")),
    "work_on_erasure": (_("Erase a person"), ("inbox.Erasure", "pk", "workspace")),
    "make_person_export": (_("Put together what is stored about a person"), ("inbox.PersonExport", "pk", "workspace")),
    "tell_webhook": (_("Tell another system what has happened"), ("inbox.OutgoingWebhook", "pk", "workspace")),
    "sync_account_templates": (_("Fetch templates from WhatsApp"), ("whatsapp.BusinessAccount", "pk", "workspace")),
    "send_password_link": (_("Mail a password link"), ("accounts.Agent", "email", "workspace")),
    "sync_templates": (_("Fetch all templates from WhatsApp"), None),
    "measure_storage": (_("Measure how much space files take"), None),
    "forget_old_events": (_("Tidy up: past events"), None),
    "forget_old_sign_ins": (_("Tidy up: sign-in tries and sessions"), None),
    "forget_old_deliveries": (_("Tidy up: webhook deliveries"), None),
    "forget_old_uploads": (_("Tidy up: abandoned files"), None),
    "forget_old_imports": (_("Tidy up: imported files"), None),
    "forget_old_merges": (_("Tidy up: merged contacts"), None),
    "forget_ended_push_devices": (_("Tidy up: devices of people who left"), None),
    "forget_old_api_answers": (_("Tidy up: answers of the API"), None),
    "forget_told_webhooks": (_("Tidy up: what other systems were told"), None),
    "forget_old_person_exports": (_("Tidy up: exports of people"), None),
    "forget_what_is_old": (_("Delete what is kept no longer"), None),
    "check_numbers": (_("Ask WhatsApp how the numbers do"), None),
    "mail_alarms": (_("Mail alarms to admins"), None),
    "roll_reports": (_("Bring the reports up to date"), None),
    "sweep_files": (_("Tidy up: files without an owner"), None),
}

# What the class of an error means to somebody who runs the house. The first one that fits.
_CAUSES: tuple[tuple[re.Pattern[str], Words], ...] = (
    (re.compile(r"TemporaryFailure|ConnectTimeout|ReadTimeout|requests\..*(Timeout|ConnectionError)"),
     _("WhatsApp could not be reached or was busy. Trying again usually helps.")),
    (re.compile(r"PermanentFailure|OutcomeUnknown"), _("WhatsApp said no. Look at the number's page first.")),
    (re.compile(r"SMTP|smtplib"), _("The mail server refused. Check the EMAIL_ settings and send a test mail.")),
    (re.compile(r"OperationalError|InterfaceError|psycopg"), _("The database was away. Try again.")),
    (re.compile(r"redis\."), _("Redis was away. Try again.")),
    (re.compile(r"JobTimeout|TimeLimit"), _("It took too long and was ended.")),
    (re.compile(r"AbandonedJobError|ShutDownImminent"), _("The worker ended in the middle of it. Try again.")),
    (re.compile(r"MemoryError"), _("There was not enough memory.")),
    (re.compile(r"ImproperlyConfigured"), _("A setting is missing or wrong; manage.py doctor names it.")),
    (re.compile(r"ImportError|ModuleNotFound|AttributeError|DeserializationError"),
     _("The job is from another version of Tresen. Discard it; what is still needed is queued again.")),
    (re.compile(r"PermissionError|FileNotFound|OSError|ConnectionRefused|gaierror"),
     _("A file or a server could not be reached. Check disk and network, then try again.")),
)  # fmt: skip
_OTHER = _("An unexpected error. The log of the worker has the details; look for the job's number.")

_ID = re.compile(r"[0-9a-zA-Z_-]{8,64}")


class JobGone(InboxRuleViolation):
    """Retried, discarded or forgotten by somebody or something else."""

    code = "job_gone"
    status = 409
    sentence = _("This job is no longer among the failed ones.")


@dataclass(frozen=True)
class WorkerState:
    name: str
    is_alive: bool
    is_busy: bool
    heard_at: datetime | None


@dataclass(frozen=True)
class QueueState:
    name: str
    waiting: int
    failed: int
    oldest_at: datetime | None  # since when the first in line has been waiting
    workers: tuple[WorkerState, ...]

    @property
    def words(self) -> Words:
        return QUEUES.get(self.name, self.name)

    @property
    def alive(self) -> int:
        return sum(worker.is_alive for worker in self.workers)

    @property
    def busy(self) -> int:
        return sum(worker.is_alive and worker.is_busy for worker in self.workers)


@dataclass(frozen=True)
class FailedJob:
    id: str
    queue: str
    kind: str
    words: Words
    subject: int | None  # the id it is about
    error: str
    cause: Words
    failed_at: datetime | None


def queue_states() -> list[QueueState]:
    """Every queue with its workers. Raises redis.RedisError when Redis is away."""
    connection, now = _connection(), timezone.now()
    workers = Worker.all(connection=connection, serializer=JSONSerializer)
    states = []
    for name in settings.RQ_QUEUES:
        queue = _queue(name, connection)
        mine = tuple(_worker_state(worker, now) for worker in workers if name in worker.queue_names())
        states.append(
            QueueState(name, queue.count, connection.zcard(queue.failed_job_registry.key), _oldest(queue), mine)
        )
    return states


def _worker_state(worker: BaseWorker, now: datetime) -> WorkerState:
    """A busy one is silent until its job ends; when it dies, its key goes with its time to live."""
    heard, busy = worker.last_heartbeat, str(worker.get_state()) == "busy"
    alive = busy or (heard is not None and now - heard < SILENT_AFTER)
    return WorkerState(worker.name[:12], alive, busy, heard)


def _oldest(queue: Queue) -> datetime | None:
    first = queue.get_job_ids(0, 1)
    job = next(iter(_fetched(first, queue.connection)), None)
    return job.enqueued_at if job else None


def failed_jobs(workspace: Workspace) -> list[FailedJob]:
    """The latest failed jobs this workspace may know of, newest first, at most SHOWN of each queue."""
    connection = _connection()
    found = []
    for name in settings.RQ_QUEUES:
        ids = _queue(name, connection).failed_job_registry.get_job_ids(0, SHOWN - 1, desc=True)
        found += _visible(_fetched(ids, connection), workspace)
    shown = [_described(job) for job in found]
    return sorted(shown, key=lambda job: job.failed_at.timestamp() if job.failed_at else 0.0, reverse=True)


def retry_job(job_id: str, *, workspace: Workspace) -> FailedJob:
    """Back into its queue. JobGone when it is not among the failed ones of this workspace."""
    job = _found(job_id, workspace)
    described = _described(job)
    try:
        job.requeue()
    except InvalidJobOperation as error:
        raise JobGone from error
    return described


def discard_job(job_id: str, *, workspace: Workspace) -> FailedJob:
    """Away with it. Rows that still need it get a new one from the sweeper."""
    job = _found(job_id, workspace)
    described = _described(job)
    job.delete(remove_from_queue=False)
    return described


def retry_all(workspace: Workspace) -> int:
    """Every failed job of this workspace, at most AT_ONCE of each queue; how many."""
    connection, count = _connection(), 0
    for name in settings.RQ_QUEUES:
        ids = _queue(name, connection).failed_job_registry.get_job_ids(0, AT_ONCE - 1)
        for job in _visible(_fetched(ids, connection), workspace):
            try:
                job.requeue()
                count += 1
            except InvalidJobOperation:  # somebody else was quicker
                continue
    return count


def _found(job_id: str, workspace: Workspace) -> Job:
    if not _ID.fullmatch(job_id):
        raise JobGone
    connection = _connection()
    try:
        job = Job.fetch(job_id, connection=connection, serializer=JSONSerializer)
    except (NoSuchJobError, ValueError) as error:
        raise JobGone from error
    registry = _queue(job.origin, connection).failed_job_registry
    if job.origin not in settings.RQ_QUEUES or connection.zscore(registry.key, job.id) is None:
        raise JobGone
    if not _visible([job], workspace):
        raise JobGone
    return job


def _visible(jobs: Iterable[Job], workspace: Workspace) -> list[Job]:
    """Those about this workspace's rows, about rows that have gone, or about nobody's. One query per kind of job."""
    jobs = list(jobs)
    if not Workspace.objects.exclude(pk=workspace.pk).exists():
        return jobs
    wanted: dict[tuple[str, str, str], set[object]] = {}
    for job in jobs:
        if owner := _owner(job):
            wanted.setdefault(owner, set()).add(job.args[0])
    known: dict[tuple[str, str, str], dict[object, int]] = {}
    for (model, lookup, column), values in wanted.items():
        rows = apps.get_model(model)._default_manager.filter(**{f"{lookup}__in": values})
        known[model, lookup, column] = dict(rows.values_list(lookup, column))

    def may_see(job: Job) -> bool:
        if not job.args:
            return True
        owner = _owner(job)
        return owner is not None and known[owner].get(job.args[0], workspace.pk) == workspace.pk

    return [job for job in jobs if may_see(job)]


def _owner(job: Job) -> tuple[str, str, str] | None:
    return KINDS[_kind(job)][1] if _kind(job) in KINDS and job.args else None


def _kind(job: Job) -> str:
    return str(job.func_name or "").rpartition(".")[2][:80]


def _described(job: Job) -> FailedJob:
    kind, error = _kind(job), _error(job)
    first = job.args[0] if job.args else None
    subject = first if isinstance(first, int) else None
    words = KINDS[kind][0] if kind in KINDS else kind
    return FailedJob(job.id, job.origin, kind, words, subject, error, cause_of(error), job.ended_at or job.enqueued_at)


def _error(job: Job) -> str:
    result = job.latest_result()
    trace = (result.exc_string if result else "") or ""
    if "AbandonedJobError" in trace and "Traceback" not in trace:  # RQ's own words for a worker that died
        return "AbandonedJobError"
    return error_class(trace)


def cause_of(error: str) -> Words:
    """What an error of this class means and what helps."""
    return next((words for pattern, words in _CAUSES if error and pattern.search(error)), _OTHER)


def _fetched(ids: Iterable[str], connection: redis.Redis) -> list[Job]:
    jobs = Job.fetch_many(list(ids), connection=connection, serializer=JSONSerializer)
    return [job for job in jobs if job is not None and _is_readable(job)]


def _is_readable(job: Job) -> bool:
    try:
        return isinstance(job.args, (tuple, list))
    except Exception:  # another version's, or damaged: RQ raises its own kinds and the serializer's
        return False


def _queue(name: str, connection: redis.Redis) -> Queue:
    return Queue(name, connection=connection, serializer=JSONSerializer)


def _connection() -> redis.Redis:
    """RQ wants bytes, so not the shared client."""
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
    )
