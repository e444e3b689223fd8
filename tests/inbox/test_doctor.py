"""The doctor: what each part finds, in whole houses and broken ones, and that nothing broken ever ends it."""

import datetime as dt
import ipaddress
import json
import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from io import StringIO
from pathlib import Path
from unittest import mock

import psycopg
import pytest
import redis
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone, translation

from inbox.backup.manifest import Manifest
from inbox.doctor import backups, certificate, clock, database, loops, mail, meta, space, surroundings, workers
from inbox.doctor.examination import Part, examine
from inbox.doctor.findings import Finding, Level, good
from inbox.enums import MessageStatus
from inbox.job_queues import QueueState, WorkerState
from inbox.models import StorageReading
from tests import factories
from tests.cast import make_cast
from tests.fake_graph import FakeGraph, graph_error, response
from whatsapp import client, errors

pytestmark = pytest.mark.django_db


def worst(findings: Iterable[Finding]) -> Level:
    return max(finding.level for finding in findings)


def said(findings: Iterable[Finding]) -> str:
    return "\n".join(f"{finding.sentence} → {finding.advice}" for finding in findings)


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


# --- as a whole


def test_a_part_that_breaks_becomes_a_sentence_and_the_others_are_looked_at() -> None:
    def broken() -> Iterator[Finding]:
        yield good("Half of it is well.")
        raise ZeroDivisionError("4917612345678")

    def redis_away() -> Iterator[Finding]:
        raise redis.ConnectionError
        yield

    parts = [Part("a", "A", broken), Part("b", "B", redis_away), Part("c", "C", lambda: [good("Yes.")])]
    examined = list(examine(parts))

    assert [each.level for each in examined] == [Level.BAD, Level.BAD, Level.GOOD]
    text = "\n".join(said(each.findings) for each in examined)
    assert "ZeroDivisionError" in text
    assert "4917612345678" not in text


def test_without_a_database_the_parts_that_need_one_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(**_: object) -> None:
        raise psycopg.OperationalError("connection refused\nIs the server running?")

    monkeypatch.setattr(psycopg, "connect", refused)
    asked: list[str] = []
    parts = [
        Part("database", "Database", database.look),
        Part("needs", "Needs", lambda: asked.append("needs") or [], needs_database=True),  # type: ignore[func-returns-value]
        Part("free", "Free", lambda: asked.append("free") or []),  # type: ignore[func-returns-value]
    ]

    examined = list(examine(parts))

    assert asked == ["free"]
    assert [each.level for each in examined] == [Level.BAD, Level.NOTE, Level.GOOD]
    assert "connection refused" in said(examined[0].findings)


def run_doctor(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("doctor", *arguments, stdout=out, no_color=True)
    return int(str(ended.value.code)), out.getvalue()


def test_the_command_speaks_german_or_english_and_says_the_worst_by_its_exit_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    with mock.patch("inbox.doctor.space.disk_free", return_value=10**12):
        code, german = run_doctor("--only", "space")
        english = run_doctor("--only", "space", "--language", "en")[1]
    with mock.patch("inbox.doctor.space.disk_free", return_value=1000):
        full, _words = run_doctor("--only", "space")

    assert (code, full) == (0, 2)
    assert "Platz" in german
    assert "are free" in english


def test_json_has_every_finding_with_its_level() -> None:
    with mock.patch("inbox.doctor.space.disk_free", return_value=1000):
        code, text = run_doctor("--json", "--only", "space", "--language", "en")

    answer = json.loads(text)
    assert (code, answer["level"]) == (2, "bad")
    first = answer["findings"][0]
    assert (first["check"], first["level"]) == ("space", "bad")
    assert first["sentence"].startswith("The disk is full")
    assert first["advice"]


# --- database


def test_a_whole_database_is_good() -> None:
    found = list(database.look())

    assert "All migrations are applied." in said(found)
    assert worst(found) <= Level.WARN  # the servers of tests may forget; that is all


def test_open_and_unknown_migrations_are_named() -> None:
    recorder = MigrationRecorder(connection)
    last = max(name for app, name in recorder.applied_migrations() if app == "inbox")
    recorder.record_unapplied("inbox", last)
    waiting = said(database._migrations())
    recorder.record_applied("inbox", last)
    recorder.record_applied("inbox", "9999_from_the_future")
    newer = said(database._migrations())

    assert "1 migration is not applied" in waiting
    assert "newer version (inbox.9999_from_the_future)" in newer


def test_a_role_without_rights_is_told_how_to_get_them() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE poor_role")
        cursor.execute("GRANT poor_role TO CURRENT_USER")
        cursor.execute("GRANT USAGE ON SCHEMA public TO poor_role")
        cursor.execute("SET ROLE poor_role")
        found = list(database._rights())
        cursor.execute("RESET ROLE")

    assert worst(found) == Level.BAD
    assert "config.grants poor_role" in said(found)


def test_a_role_that_could_change_the_audit_log_is_a_warning_in_production(settings: mock.Mock) -> None:
    settings.DEMO = False

    assert "could change the audit log" in said(database._rights())


# --- loops and workers


def lead(**alive: bool) -> mock._patch:
    whole = {"ingest": True, "deliver": True, "scheduler": True}
    return mock.patch("inbox.doctor.loops.leading", return_value=whole | alive)


def test_a_lock_says_which_loop_is_alive() -> None:
    from inbox.loops.leaders import leading

    with psycopg.connect(**{k: v for k, v in connection.get_connection_params().items() if k in
                            ("host", "port", "user", "password", "dbname")}, autocommit=True) as other:  # fmt: skip
        other.execute("SELECT pg_advisory_lock(hashtext('tresen.ingest'))")
        other.execute("SELECT pg_advisory_lock(hashtextextended('tresen.scheduler', 0))")
        held = leading()
        other.execute("SELECT pg_advisory_unlock_all()")
        released = leading()

    assert held == {"ingest": True, "deliver": False, "scheduler": True}
    assert released == dict.fromkeys(held, False)


def test_a_loop_that_is_away_or_late_is_named() -> None:
    number = make_cast().number
    conversation = factories.conversation(number)
    with lead():
        well = list(loops.look())
        factories.outbound_message(conversation, status=MessageStatus.QUEUED)
        conversation.messages.update(created_at=timezone.now() - dt.timedelta(minutes=2))
        late = list(loops.look())
        number.sending_stopped_at = timezone.now()
        number.save()
        stopped = list(loops.look())
    with lead(ingest=False, deliver=False, scheduler=False):
        away = list(loops.look())

    assert worst(well) == Level.GOOD
    assert worst(late) == Level.WARN
    assert re.search(r"waiting for 1\d\d s", said(late))
    assert worst(stopped) == Level.GOOD  # its queue is meant to wait
    assert [finding.level for finding in away].count(Level.BAD) == 3
    assert "manage.py ingest" in said(away)


def test_what_could_not_be_sent_again_later_holds_no_loop_late() -> None:
    conversation = factories.conversation(make_cast().number)
    factories.outbound_message(
        conversation, status=MessageStatus.QUEUED, not_before=timezone.now() + dt.timedelta(hours=1)
    )
    conversation.messages.update(created_at=timezone.now() - dt.timedelta(hours=2))

    with lead():
        assert worst(loops.look()) == Level.GOOD


def state(name: str, *, alive: bool = True, failed: int = 0, minutes: int = 0) -> QueueState:
    """A queue whose first job has been waiting for so many minutes."""
    now = timezone.now()
    oldest_at = now - dt.timedelta(minutes=minutes) if minutes else None
    return QueueState(name, int(bool(minutes)), failed, oldest_at, (WorkerState("w", alive, False, now),))


@pytest.mark.parametrize(
    ("facts", "level", "words"),
    [
        ({}, Level.GOOD, "Every queue has a worker"),
        ({"alive": False}, Level.BAD, "config.worker default"),
        ({"minutes": 20}, Level.WARN, r"waiting for 2\d min"),
        ({"failed": 3}, Level.WARN, "3 background jobs failed"),
    ],
)
def test_queues_need_living_workers(facts: dict, level: Level, words: str) -> None:
    states = [state("default", **facts), state("attachments")]
    with mock.patch("inbox.doctor.workers.queue_states", return_value=states):
        found = list(workers.look())

    assert worst(found) == level
    assert re.search(words, said(found))


# --- space, clock, settings


def test_disk_quota_and_measurements(settings: mock.Mock, tmp_path: Path) -> None:
    cast = make_cast()
    settings.MEDIA_ROOT = tmp_path
    StorageReading.objects.create(workspace=cast.workspace, media_bytes=950)
    StorageReading.objects.update(measured_at=timezone.now() - dt.timedelta(days=1))
    settings.MEDIA_QUOTA_BYTES = 1000

    with mock.patch("inbox.doctor.space.disk_free", return_value=settings.DISK_FREE_WARNING_BYTES - 1):
        words = said(space.look())

    assert "The disk is nearly full" in words
    assert "hourly jobs do not run" in words
    assert "Pictures and files take" in words


def meta_time(ahead: float) -> mock._patch:
    def now_there() -> dt.datetime:
        return dt.datetime.now(dt.UTC) + dt.timedelta(seconds=ahead)

    return mock.patch("whatsapp.client.meta_clock", side_effect=now_there)


@pytest.mark.parametrize(
    ("ahead", "level", "words"),
    [(0, Level.GOOD, "PostgreSQL and WhatsApp"), (10, Level.WARN, "10 s ahead"), (-90, Level.BAD, "90 s behind")],
)
def test_clocks_are_compared(ahead: float, level: Level, words: str) -> None:
    with meta_time(ahead):
        found = list(clock.look())

    assert worst(found) == level
    assert words in said(found)


def test_meta_away_is_no_trouble_of_the_clock() -> None:
    with mock.patch("whatsapp.client.meta_clock", side_effect=errors.TemporaryFailure(errors.NOT_REACHED)):
        found = list(clock.look())

    assert worst(found) == Level.NOTE


def test_settings_that_are_dangerous_in_production_are_named(settings: mock.Mock) -> None:
    settings.DEMO, settings.DEBUG = False, True
    settings.SECRET_KEY = "short"
    settings.BASE_URL, settings.ALLOWED_HOSTS = "http://inbox.example.com", ["other.example.com"]
    settings.METRICS_TOKEN = "abc"

    words = said(surroundings.look())

    for part in ("DEBUG is on", "SECRET_KEY is short", "BASE_URL is not https", "ALLOWED_HOSTS lacks", "TRUST_PROXY",
                 "METRICS_TOKEN is short"):  # fmt: skip
        assert part in words


def test_a_wrong_field_key_is_found(settings: mock.Mock) -> None:
    make_cast()
    settings.FIELD_KEYS = ["c29tZS1vdGhlci1rZXktb2YtMzItYnl0ZXMtaGVyZSE="]

    assert "Stored tokens cannot be read" in said(surroundings._keys())


# --- meta


@pytest.fixture
def reachable() -> Iterator[None]:
    with meta_time(0):
        yield


def test_a_token_that_meta_refuses_is_named_without_showing_it(reachable: None, graph: FakeGraph) -> None:
    number = make_cast().number
    graph.answers = [graph_error(190, 401)]

    words = said(meta.look())

    assert "Meta refuses the token" in words
    assert "error 190" in words
    assert number.business_account.access_token.reveal() not in words
    assert all(url.startswith("http") and "access_token" not in url for _method, url, _more in graph.calls)


def test_working_tokens_and_stopped_numbers(reachable: None, graph: FakeGraph) -> None:
    number = make_cast().number
    graph.answers = [response(200, {"id": "1"}), response(200, {"id": "1"})]
    well = list(meta.look())
    number.sending_stopped_at, number.sending_stopped_code = timezone.now(), 131042
    number.save()
    stopped = list(meta.look())

    assert worst(well) == Level.GOOD
    assert worst(stopped) == Level.BAD
    assert "sends nothing at the moment" in said(stopped)


def test_meta_away_is_said_once() -> None:
    make_cast()
    with mock.patch("whatsapp.client.meta_clock", side_effect=errors.TemporaryFailure(-4, "ConnectTimeout")):
        found = list(meta.look())

    assert [finding.level for finding in found] == [Level.BAD]
    assert "ConnectTimeout" in said(found)


def test_the_clock_of_meta_is_read_without_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict] = []

    class Session:
        def head(self, url: str, **more: object) -> object:
            asked.append({"url": url, **more})
            return response(404, "", {"Date": "Thu, 26 Nov 2026 00:00:00 GMT"})

    monkeypatch.setattr(client, "_shared_session", Session)

    assert client.meta_clock() == dt.datetime(2026, 11, 26, tzinfo=dt.UTC)
    assert "headers" not in asked[0]
    assert asked[0]["timeout"][1] <= 5


# --- certificate


def make_certificate(folder: Path, *, days: float, name: str = "127.0.0.1") -> tuple[Path, Path]:
    """A certificate for an address, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=90)).not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(name))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    certificate_file, key_file = folder / "certificate.pem", folder / "key.pem"
    certificate_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return certificate_file, key_file


@pytest.fixture
def tls_server(tmp_path: Path, settings: mock.Mock) -> Iterator[Callable[..., Path]]:
    listening = socket.create_server(("127.0.0.1", 0))
    settings.BASE_URL = f"https://127.0.0.1:{listening.getsockname()[1]}"

    def serve(**facts: object) -> Path:
        files = make_certificate(tmp_path, **facts)  # type: ignore[arg-type]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*files)

        def answer() -> None:
            accepted, _address = listening.accept()
            try:
                context.wrap_socket(accepted, server_side=True).close()
            except (OSError, ssl.SSLError):
                pass  # the doctor did not like it

        threading.Thread(target=answer, daemon=True).start()
        return files[0]

    yield serve
    listening.close()


@pytest.mark.parametrize(("days", "level"), [(60.5, Level.GOOD), (10.5, Level.WARN), (2.5, Level.BAD)])
def test_a_certificate_near_its_end_is_told_in_time(
    days: float, level: Level, tls_server: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted = tls_server(days=days)
    context = ssl.create_default_context(cafile=str(trusted))
    monkeypatch.setattr(ssl, "create_default_context", lambda: context)

    found = list(certificate.look())

    assert worst(found) == level
    assert f"another {int(days)} days" in said(found)


@pytest.mark.parametrize(("days", "trusts", "words"), [(-1, True, "has expired"), (60, False, "self-signed")])
def test_a_certificate_that_meta_would_refuse_is_bad(
    days: float, trusts: bool, words: str, tls_server: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted = tls_server(days=days)
    context = ssl.create_default_context(cafile=str(trusted) if trusts else None)
    monkeypatch.setattr(ssl, "create_default_context", lambda: context)

    found = list(certificate.look())

    assert worst(found) == Level.BAD
    assert words in said(found)


def test_an_address_that_cannot_be_reached_from_here_is_a_warning(settings: mock.Mock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        settings.BASE_URL = f"https://127.0.0.1:{unused.getsockname()[1]}"

    assert worst(certificate.look()) == Level.WARN


# --- mail, backups


def test_mail_is_tried_without_sending(settings: mock.Mock) -> None:
    settings.EMAIL_HOST = ""
    without = list(mail.look())
    settings.EMAIL_HOST, settings.EMAIL_HOST_USER = "mail.example", "u"
    with mock.patch("smtplib.SMTP") as server:
        well = list(mail.look())
        sent = server.return_value.__enter__.return_value.sendmail.called
        server.return_value.__enter__.return_value.login.side_effect = smtplib.SMTPAuthenticationError(535, b"no")
        refused = list(mail.look())

    assert [worst(found) for found in (without, well, refused)] == [Level.NOTE, Level.GOOD, Level.BAD]
    assert not sent


@pytest.mark.parametrize(("hours", "level"), [(3, Level.GOOD), (50, Level.WARN), (300, Level.BAD), (None, Level.BAD)])
def test_the_age_of_the_last_backup(hours: int | None, level: Level, settings: mock.Mock, tmp_path: Path) -> None:
    settings.BACKUP_DIR, settings.DEMO = tmp_path, False
    if hours is not None:
        folder = tmp_path / "tresen-20261126T000000Z"
        folder.mkdir()
        moment = timezone.now() - dt.timedelta(hours=hours)
        Manifest(moment, "18", "pg_dump", [], [], {}, {}, 0).write(folder)
    (tmp_path / "tresen-20991126T000000Z").mkdir()  # never finished: no manifest

    assert worst(backups.look()) == level
