"""Log lines: discreet in both forms, and as JSON with the request or job they belong to."""

import io
import json
import logging
import subprocess
import sys
from unittest import mock

import pytest
from django.conf import settings as django_settings
from django.test import Client

from accounts.logs import Discreet, JsonLines, belonging, discreet, error_class
from inbox import jobs
from tests.cast import make_cast


@pytest.mark.parametrize(
    ("text", "hidden", "kept"),
    [
        ("sent to 4915112345678", "4915112345678", "…678"),
        ("sent to +49 151 2345 6789", "151 2345", "…789"),
        ("answer to wamid.HBgNNDkxNTExMjM0NTY3OBUCABEYEjA2", "HBgNNDkxNTEx", "wamid."),
        ("token EAAGm0PX4ZCpsBAKZCabcdefghijklmnop used", "GM0PX4".lower(), "EAA…"),
        (f"Not Found: /api/v1/tresen_{'aB-' * 15}/", "aB-aB", "/api/v1/tresen_…"),
        (f"whsec_{'aB+/' * 11}=", "aB+/aB", "whsec_…"),
        ("Authorization: Bearer abc.def-ghi", "abc.def", "Bearer …"),
        ("redis://:s3cret-word@valkey:6379/0 is away", "s3cret", "valkey:6379/0"),
        ("postgres://app:pass@db/tresen", "pass", "db/tresen"),
        ("mail to clara.sommer@example.com failed", "clara.sommer", "c…@example.com"),
        ("GET /x?access_token=abcdef&y=1", "abcdef", "y=1"),
        ("Not Found: /accounts/invitation/abc-def/", "abc-def", "/accounts/invitation/…"),
    ],
)
def test_what_opens_a_door_or_names_a_person_is_hidden(text: str, hidden: str, kept: str) -> None:
    assert hidden.lower() not in discreet(text).lower()
    assert kept in discreet(text)


@pytest.mark.parametrize(
    "text",
    ["Ingest is active", "2026-11-26 00:30:12 enqueued nightly:sweep_files:2026-11-25", "Message 12345 has gone",
     "again in 0.5 s", "127.0.0.1:6379", "job 3f2a1b4c-1234-4d2e-9f00-123456789012"],
)  # fmt: skip
def test_what_helps_stays(text: str) -> None:
    assert discreet(text) == text


def written(tell: object, name: str = "tresen.test") -> dict:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(JsonLines("web"))
    handler.addFilter(Discreet())
    logger = logging.Logger(name)
    logger.addHandler(handler)
    tell(logger)  # type: ignore[operator]
    assert out.getvalue().count("\n") == 1
    return json.loads(out.getvalue())


def test_a_json_line_has_the_class_and_place_of_an_error_and_nothing_of_its_words() -> None:
    def tell(logger: logging.Logger) -> None:
        try:
            int("Grüße von Clara, meine Nummer ist 4915112345678")
        except ValueError:
            logger.exception("Item %s broke for %s", 7, "4915112345678")

    line = written(tell)

    assert line["message"] == "Item 7 broke for …678"
    assert (line["level"], line["process"], line["error"]) == ("error", "web", "ValueError")
    assert line["where"][-1].endswith("tell")
    assert "Clara" not in json.dumps(line, ensure_ascii=False)


def test_a_traceback_inside_a_message_is_cut_to_class_and_place() -> None:
    trace = (
        'Traceback (most recent call last):\n  File "/app/inbox/jobs.py", line 64, in fetch\n    x()\n'
        "inbox.errors.Refused: Clara schreibt\nzwei Zeilen"
    )

    line = written(lambda logger: logger.error("job 12: exception raised\n%s", trace))

    assert line["message"] == "job 12: exception raised"
    assert (line["error"], line["where"]) == ("inbox.errors.Refused", ["/app/inbox/jobs.py:64 fetch"])
    assert "Clara" not in json.dumps(line)


def test_words_and_arguments_that_do_not_fit_end_nothing() -> None:
    record = logging.LogRecord("x", logging.INFO, "", 1, "%s and %s", ("one",), None)

    assert Discreet().filter(record)


@pytest.mark.parametrize(
    ("trace", "found"),
    [
        ("Traceback (most recent call last):\n  File\nValueError: customer's words", "ValueError"),
        ("Traceback (most recent call last):\n  a\nKeyError: 1\n\nDuring handling …\n\nTraceback (most recent call "
         "last):\n  b\ndjango.db.utils.OperationalError: gone\nDETAIL: Clara", "django.db.utils.OperationalError"),
        ("Clara writes", ""), ("", ""),
    ],
)  # fmt: skip
def test_the_class_of_an_error_is_taken_from_its_traceback(trace: str, found: str) -> None:
    assert error_class(trace) == found


# --- requests and jobs


@pytest.mark.django_db
def test_answers_carry_a_request_id_and_only_our_proxy_may_name_it(settings: mock.Mock) -> None:
    alone = Client().get("/healthz", HTTP_X_REQUEST_ID="from-a-stranger")
    settings.TRUSTED_PROXY_COUNT = 1
    behind_proxy = Client().get("/healthz", HTTP_X_REQUEST_ID="0b1c-from-the-proxy")
    nonsense = Client().get("/healthz", HTTP_X_REQUEST_ID="a\tb c")

    assert alone["X-Request-ID"] != "from-a-stranger"
    assert behind_proxy["X-Request-ID"] == "0b1c-from-the-proxy"
    assert len(nonsense["X-Request-ID"]) == 16
    assert belonging.get() == {}


@pytest.mark.django_db
def test_a_request_has_one_line_with_page_status_and_person_but_no_path(settings: mock.Mock) -> None:
    cast = make_cast()
    settings.LOG_FORMAT = "json"
    client = Client()
    client.force_login(cast.ada)
    with mock.patch("accounts.middleware.logger.info") as told:
        client.get("/accounts/profile/")
        client.get("/accounts/invitation/a-secret-link/")
        client.get("/healthz")

    facts = [call.kwargs["extra"]["facts"] for call in told.call_args_list]
    assert [(each["route"], each["status"], each["agent"]) for each in facts] == [
        ("profile", 200, cast.ada.pk), ("invitation", 410, cast.ada.pk),
    ]  # fmt: skip
    assert "a-secret-link" not in str(told.call_args_list)


def test_a_job_carries_the_request_it_came_from(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = mock.Mock()
    monkeypatch.setattr("django_rq.get_queue", lambda *_args, **_more: queue)
    token = belonging.set({"request": "abc12345"})
    try:
        jobs._put(jobs.send_push, (1,), "default")
    finally:
        belonging.reset(token)

    assert queue.enqueue.call_args.kwargs["meta"] == {"request": "abc12345"}


def test_the_whole_product_logs_json_when_told_to() -> None:
    code = (
        "import django; django.setup(); import logging;"
        "logging.getLogger('inbox.jobs').warning('to %s', '4915112345678')"
    )
    env = {"DJANGO_SETTINGS_MODULE": "config.settings", "TRESEN_DEMO": "1", "LOG_FORMAT": "json",
           "TRESEN_PROCESS": "worker"}  # fmt: skip

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=django_settings.BASE_DIR, env=env, capture_output=True, text=True, check=True
    )

    line = json.loads(done.stderr.strip().splitlines()[-1])
    assert (line["process"], line["message"], line["logger"]) == ("worker", "to …678", "inbox.jobs")
