"""The settings page of webhook deliveries: for admins of the workspace, with replay."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry
from inbox import jobs
from tests.cast import Cast, make_cast
from tests.signing_in import proven, signed_in
from whatsapp.delivery_bodies import outline
from whatsapp.models import DeliveryState, WebhookDelivery, WebhookRejection

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def delivery(
    cast: Cast, body: bytes = b'{"a":1}', state: str = DeliveryState.PROCESSED, **fields: Any
) -> WebhookDelivery:
    app = fields.pop("app", cast.number.business_account.meta_app)
    return WebhookDelivery.objects.create(meta_app=app, body=body, sha256="0" * 64, state=state, **fields)


def test_the_list_shows_newest_first_and_filters_by_state(cast: Cast) -> None:
    for state in DeliveryState.values:
        delivery(cast, state=state, reason=f"why {state}")
    browser = signed_in(cast.ada)

    every = browser.get(reverse("settings-deliveries")).content.decode()
    failed = browser.get(reverse("settings-deliveries"), {"state": "failed"}).content.decode()

    assert every.index("why failed") < every.index("why ignored") < every.index("why new")
    assert "why failed" in failed
    assert "why ignored" not in failed


def test_pages_follow_each_other_without_gap(cast: Cast) -> None:
    made = [delivery(cast, reason=f"number {index:03d}") for index in range(53)]
    browser = signed_in(cast.ada)

    first = browser.get(reverse("settings-deliveries"))
    second = browser.get(reverse("settings-deliveries"), {"before": first.context["older"]})

    shown = [row.pk for row in (*first.context["rows"], *second.context["rows"])]
    assert shown == [row.pk for row in reversed(made)]
    assert second.context["older"] is None


@pytest.mark.parametrize("query", [{"before": "x"}, {"before": "9" * 30}, {"state": "nonsense"}, {"before": "²"}])
def test_odd_questions_get_the_plain_list(cast: Cast, query: dict[str, str]) -> None:
    delivery(cast)

    assert len(signed_in(cast.ada).get(reverse("settings-deliveries"), query).context["rows"]) == 1


def test_one_and_three_rows_take_the_same_queries(cast: Cast) -> None:
    browser, counts = signed_in(cast.ada), []
    browser.get(reverse("settings-deliveries"))  # what the shell remembers for a while is asked for now

    for more in (1, 2):
        for _ in range(more):
            delivery(cast)
        with CaptureQueriesContext(connection) as queries:
            browser.get(reverse("settings-deliveries"))
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_the_detail_shows_findings_and_the_body_as_harmless_text(cast: Cast) -> None:
    shown = delivery(
        cast, '{"text":"<script>alert(1)</script> Grüße"}'.encode(), DeliveryState.FAILED, reason="not JSON",
        findings=[{"path": "entry[0]", "outcome": "failed", "reason": "<b>x</b>"}],
    )

    html = proven(cast.ada).post(reverse("settings-delivery-content", args=[shown.pk])).content.decode()

    assert "&lt;script&gt;alert(1)&lt;/script&gt; Grüße" in html
    assert "<script>alert(1)" not in html
    assert "&lt;b&gt;x&lt;/b&gt;" in html
    assert "entry[0]" in html


@pytest.mark.parametrize("body", [b"", b"\xff\xfe\x00", b"[" * 5000, b'{"a":"\\ud83d"}', b"9" * 5000])
def test_any_body_can_be_looked_at(cast: Cast, body: bytes) -> None:
    shown = delivery(cast, body, DeliveryState.FAILED)

    browser = proven(cast.ada)
    assert browser.get(reverse("settings-delivery", args=[shown.pk])).status_code == 200
    assert browser.post(reverse("settings-delivery-content", args=[shown.pk])).status_code == 200


def test_replay_puts_it_back_and_is_written_down(cast: Cast) -> None:
    failed = delivery(cast, state=DeliveryState.FAILED, reason="x", attempts=5, findings=[{"path": "", "reason": "x"}])

    answer = signed_in(cast.ada).post(reverse("settings-delivery-replay", args=[failed.pk]))

    assert answer.status_code == 302
    failed.refresh_from_db()
    assert (failed.state, failed.reason, failed.attempts, failed.findings) == ("new", "", 0, [])
    assert AuditEntry.objects.get(verb="webhook.replayed").actor == cast.ada


@pytest.mark.parametrize("who", ["ben", "lea"])
def test_only_admins_look_and_replay(cast: Cast, who: str) -> None:
    failed, browser = delivery(cast, state=DeliveryState.FAILED), signed_in(getattr(cast, who))

    answers = [
        browser.get(reverse("settings-deliveries")).status_code,
        browser.get(reverse("settings-delivery", args=[failed.pk])).status_code,
        browser.post(reverse("settings-delivery-replay", args=[failed.pk])).status_code,
    ]

    assert answers == [403, 403, 403]
    failed.refresh_from_db()
    assert failed.state == DeliveryState.FAILED


def test_an_admin_of_another_workspace_finds_nothing(cast: Cast) -> None:
    failed, browser = delivery(cast, b'{"secret":1}', DeliveryState.FAILED), signed_in(cast.mallory)

    assert not browser.get(reverse("settings-deliveries")).context["rows"]
    assert browser.get(reverse("settings-delivery", args=[failed.pk])).status_code == 404
    assert browser.post(reverse("settings-delivery-replay", args=[failed.pk])).status_code == 404
    assert browser.get(reverse("settings-delivery", args=[2**70])).status_code == 404


def test_replay_wants_a_post_and_a_csrf_token(cast: Cast) -> None:
    failed = delivery(cast, state=DeliveryState.FAILED)
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(cast.ada)

    assert browser.get(reverse("settings-delivery-replay", args=[failed.pk])).status_code == 405
    assert browser.post(reverse("settings-delivery-replay", args=[failed.pk])).status_code == 403


def test_what_waits_too_long_and_what_was_refused_is_said(cast: Cast) -> None:
    late = delivery(cast, state=DeliveryState.NEW)
    WebhookDelivery.objects.filter(pk=late.pk).update(received_at=timezone.now() - timedelta(minutes=5))
    WebhookRejection.objects.create(day=timezone.now().date(), reason="wrong_signature", count=7)

    answer = signed_in(cast.ada).get(reverse("settings-deliveries"))

    assert answer.context["is_late"] is True
    assert answer.context["age"] in range(300, 330)
    assert [count for _, count in answer.context["refused"]] == [7]


def test_bodies_are_forgotten_after_a_month_and_failed_ones_after_three() -> None:
    cast, now = make_cast(), timezone.now()
    kept = []
    for state, days, stays in (
        ("processed", 29, True), ("processed", 31, False), ("ignored", 31, False), ("failed", 31, True),
        ("failed", 91, False), ("new", 500, True),
    ):  # fmt: skip
        row = delivery(cast, state=state)
        WebhookDelivery.objects.filter(pk=row.pk).update(received_at=now - timedelta(days=days))
        kept += [row.pk] if stays else []

    jobs.forget_old_deliveries()

    assert list(WebhookDelivery.objects.order_by("pk").values_list("pk", flat=True)) == kept
    assert jobs.forget_old_deliveries in jobs.NIGHTLY


# --- Customers' words ------------------------------------------------------------------------------------------------

SAMPLES = sorted((Path(__file__).parent.parent / "payloads").glob("*.json"))
WORDS = {"body", "caption", "filename", "emoji", "formatted_name", "first_name", "last_name", "name", "title",
         "payload", "description", "address", "vcard", "url", "link", "username", "response_json",
         "street", "email"}  # fmt: skip


def said(value: Any, *, closed: bool = False) -> Any:
    """What people wrote, sent or are called in a payload; templates' names and Meta's errors are not."""
    if isinstance(value, list):
        for each in value:
            yield from said(each, closed=closed)
    elif isinstance(value, dict):
        for key, each in value.items():
            if key == "errors":
                continue
            if isinstance(each, str) and (closed or key in WORDS) and len(each) > 3 and key not in ("id", "type"):
                yield each
            yield from said(each, closed=closed or key in ("text", "interactive", "button", "location", "profile"))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_no_sample_of_metas_shows_what_somebody_wrote_sent_or_is_called(sample: Path) -> None:
    body = sample.read_bytes()

    shown = outline(body)

    for words in said(json.loads(body)):
        assert json.dumps(words, ensure_ascii=False)[1:-1] not in shown, words
    assert '"object"' in shown


def test_ids_times_and_errors_stay_readable() -> None:
    shown = outline((Path(__file__).parent.parent / "payloads" / "38-failed-131047-window.json").read_bytes())

    for fact in ("131047", "more than 24 hours have passed", "wamid.HBgNNDkx", "1795342200", "109876543210001"):
        assert fact in shown


def test_the_whole_is_shown_after_proof_and_that_is_in_the_log(cast: Cast) -> None:
    body = b'{"entry":[{"changes":[{"value":{"messages":[{"text":{"body":"My PIN is 4711"}}]}}]}]}'
    shown = delivery(cast, body)
    page, whole = reverse("settings-delivery", args=[shown.pk]), reverse("settings-delivery-content", args=[shown.pk])

    stale = signed_in(cast.ada)
    assert "4711" not in stale.get(page).content.decode()
    assert stale.post(whole)["Location"].startswith(reverse("confirm"))
    assert not AuditEntry.objects.exists()
    assert "4711" in proven(cast.ada).post(whole).content.decode()
    assert AuditEntry.objects.get().verb == "webhook.opened"


# --- Searching, and all at once --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("search", "finds"), [
    ("4915550200300", True), ("+49 1555 0200300", True), ("wamid.HBgN=", True), ("quarantined", True),
    ("4915550", True), ("4999999999", False), ("%%%%", True), ("abc", True),
])  # fmt: skip
def test_a_delivery_is_found_by_number_id_or_reason(cast: Cast, search: str, finds: bool) -> None:
    body = b'{"from":"4915550200300","id":"wamid.HBgN="}'
    wanted = delivery(cast, body, DeliveryState.FAILED, reason="quarantined x")

    rows = signed_in(cast.ada).get(reverse("settings-deliveries"), {"q": search}).context["rows"]

    assert [row.pk for row in rows] == ([wanted.pk] if finds else [])


def test_all_failed_ones_are_processed_again_but_only_ones_own(cast: Cast) -> None:
    mine = [delivery(cast, state=DeliveryState.FAILED) for _ in range(3)]
    done = delivery(cast)
    theirs = delivery(cast, state=DeliveryState.FAILED, app=cast.other_number.business_account.meta_app)

    signed_in(cast.ada).post(reverse("settings-deliveries-replays"))

    states = dict(WebhookDelivery.objects.values_list("pk", "state"))
    assert {states[each.pk] for each in mine} == {"new"}
    assert (states[done.pk], states[theirs.pk]) == ("processed", "failed")
    assert AuditEntry.objects.get().data == {"count": 3}
