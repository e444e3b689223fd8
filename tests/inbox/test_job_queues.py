"""Background jobs from outside: what admins see of them, and what they can do, on a real Redis."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest
import redis
from django.test import Client
from django.urls import reverse
from django.utils import translation
from rq import Worker
from rq.serializers import JSONSerializer

from accounts.models import AuditEntry, Role
from inbox import job_queues, jobs
from inbox.job_queues import JobGone
from inbox.models import ContactImport
from tests import factories, failing
from tests.cast import Cast, make_cast
from tests.signing_in import proven

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clean_queues() -> Iterator[None]:
    failing.forget_jobs()
    with translation.override("en"):
        yield
    failing.forget_jobs()


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def imported(cast: Cast) -> ContactImport:
    return ContactImport.objects.create(
        workspace=cast.workspace, agent=cast.ada, phone_number=cast.number, file_name="x.csv", headings=["a"],
        columns=["phone"], state="checked",
    )  # fmt: skip




def test_a_failed_job_is_shown_with_its_kind_and_the_class_of_its_error_only(cast: Cast) -> None:
    job_id = failing.failed_job("send_password_link", "clara.sommer@example.com")

    (job,) = job_queues.failed_jobs(cast.workspace)

    assert (job.id, job.kind, str(job.words), job.error) == (
        job_id, "send_password_link", "Mail a password link", "ValueError",
    )  # fmt: skip
    assert job.subject is None
    assert "Clara" not in repr(job)
    assert "clara" not in repr(job)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("whatsapp.errors.TemporaryFailure", "could not be reached or was busy"),
        ("smtplib.SMTPAuthenticationError", "mail server refused"),
        ("django.db.utils.OperationalError", "database was away"),
        ("rq.timeouts.JobTimeoutException", "took too long"),
        ("AbandonedJobError", "worker ended in the middle"),
        ("redis.exceptions.ConnectionError", "Redis was away"),
        ("ModuleNotFoundError", "another version"),
        ("ValueError", "unexpected error"),
        ("", "unexpected error"),
    ],
)
def test_each_class_of_error_has_a_sentence(error: str, words: str) -> None:
    assert words in str(job_queues.cause_of(error))


def test_a_worker_that_died_is_recognised(cast: Cast) -> None:
    failing.failed_job("sweep_files", trace="Moved to FailedJobRegistry, due to AbandonedJobError, at 2026-11-26")

    assert job_queues.failed_jobs(cast.workspace)[0].error == "AbandonedJobError"


def test_every_kind_with_words_is_a_job() -> None:
    known = {name for name in vars(jobs) if callable(getattr(jobs, name))} | {"send_password_link"}

    assert set(job_queues.KINDS) - known == set()


def test_every_job_that_is_queued_has_words() -> None:
    ours = {name for name, job in vars(jobs).items() if getattr(job, "__module__", "") == jobs.__name__}

    assert {name for name in ours if not name.startswith("_")} - set(job_queues.KINDS) == {"enqueue"}


def test_what_is_about_another_workspace_is_neither_seen_nor_touched(cast: Cast) -> None:
    theirs = failing.failed_job("work_on_import", imported(cast).pk)
    nobodys = failing.failed_job("sweep_files")
    unknown = failing.failed_job("something_new", 7)
    gone = failing.failed_job("work_on_import", 999_999)
    other = cast.mallory.workspace

    assert {job.id for job in job_queues.failed_jobs(other)} == {nobodys, gone}
    for job_id in (theirs, unknown):
        with pytest.raises(JobGone):
            job_queues.retry_job(job_id, workspace=other)
        with pytest.raises(JobGone):
            job_queues.discard_job(job_id, workspace=other)
    assert job_queues.retry_all(other) == 2
    assert {job.id for job in job_queues.failed_jobs(cast.workspace)} == {theirs}


def test_in_a_house_of_one_business_every_job_is_seen() -> None:
    workspace = factories.workspace()
    job_id = failing.failed_job("something_new", 7)

    (job,) = job_queues.failed_jobs(workspace)

    assert (job.id, job.words, job.subject) == (job_id, "something_new", 7)


def test_trying_again_puts_the_job_into_its_queue_and_discarding_removes_it(cast: Cast) -> None:
    first = failing.failed_job("sweep_files", queue_name="attachments")
    second = failing.failed_job("sweep_files")

    job_queues.retry_job(first, workspace=cast.workspace)
    job_queues.discard_job(second, workspace=cast.workspace)

    assert failing.queue("attachments").get_job_ids() == [first]
    assert job_queues.failed_jobs(cast.workspace) == []
    for job_id in (first, second, "x", "no-such-job", "../../etc", "\x00" * 20):
        with pytest.raises(JobGone):
            job_queues.retry_job(job_id, workspace=cast.workspace)


def test_a_job_that_another_version_left_is_not_shown_and_breaks_nothing(cast: Cast) -> None:
    job_id = failing.failed_job("sweep_files")
    failing.queue().connection.hset(f"rq:job:{job_id}", "data", b"\x80\x04not json")

    assert job_queues.failed_jobs(cast.workspace) == []


def test_workers_are_alive_while_they_speak(cast: Cast) -> None:
    queue = failing.queue()
    worker = Worker([queue], connection=queue.connection, serializer=JSONSerializer, name=f"test-{uuid.uuid4().hex}")
    worker.register_birth()
    worker.heartbeat()
    try:
        alive = {state.name: state.alive for state in job_queues.queue_states()}
        silent = (datetime.now(UTC) - timedelta(minutes=10)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        queue.connection.hset(worker.key, "last_heartbeat", silent)
        dead = {state.name: state.alive for state in job_queues.queue_states()}
        worker.set_state("busy")
        busy = {state.name: state.busy for state in job_queues.queue_states()}
    finally:
        worker.register_death()
        queue.connection.delete(worker.key)

    assert alive == {"default": 1, "attachments": 0}
    assert dead == {"default": 0, "attachments": 0}
    assert busy == {"default": 1, "attachments": 0}


# --- the page


def test_the_page_shows_queues_and_jobs_and_its_buttons_work(cast: Cast) -> None:
    first, second = failing.failed_job("sweep_files"), failing.failed_job("measure_storage")
    third = failing.failed_job("sync_templates")
    client = proven(cast.ada)

    page = client.get(reverse("settings-jobs")).content.decode()
    retried = client.post(reverse("settings-job-retry", args=[first]), follow=True)
    client.post(reverse("settings-job-removal", args=[second]))
    again = client.post(reverse("settings-job-removal", args=[second]))
    client.post(reverse("settings-jobs-retries"))

    assert "Clara" not in page
    assert "ValueError" in page
    assert page.count("/retry/") == 3
    assert retried.status_code == 200
    assert again.status_code == 404
    assert set(failing.queue().get_job_ids()) == {first, third}
    verbs = list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs == ["job.retried", "job.discarded", "jobs.retried"]


@pytest.mark.parametrize("deed", ["settings-job-retry", "settings-job-removal", "settings-jobs-retries"])
def test_who_acts_on_jobs_has_proven_themselves_within_the_last_minutes(deed: str, cast: Cast) -> None:
    job_id = failing.failed_job("sweep_files")
    client = Client()
    client.force_login(cast.ada)

    answer = client.post(reverse(deed, args=[] if deed.endswith("retries") else [job_id]))

    assert answer["Location"].startswith(reverse("confirm"))
    assert failing.queue().get_job_ids() == [] and not AuditEntry.objects.exists()
    assert [job.id for job in job_queues.failed_jobs(cast.workspace)] == [job_id]


def test_without_redis_the_page_says_so_and_nothing_breaks(cast: Cast) -> None:
    client = proven(cast.ada)
    away = redis.ConnectionError("secret-host")
    with mock.patch("inbox.job_queues.queue_states", side_effect=away):
        page = client.get(reverse("settings-jobs"))
    with mock.patch("inbox.job_queues.retry_all", side_effect=away):
        refused = client.post(reverse("settings-jobs-retries"), follow=True)

    assert page.status_code == refused.status_code == 200
    assert "Redis" in page.content.decode()
    assert "secret-host" not in page.content.decode() + refused.content.decode()


@pytest.mark.parametrize("role", [Role.AGENT, Role.LEAD])
def test_only_admins_come_here(cast: Cast, role: str) -> None:
    job_id = failing.failed_job("sweep_files")
    client = Client()
    client.force_login(factories.agent(cast.workspace, role=role))

    answers = [client.get(reverse("settings-jobs")), client.post(reverse("settings-job-retry", args=[job_id]))]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert failing.queue().get_job_ids() == []
