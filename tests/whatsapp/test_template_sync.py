"""Templates follow Meta: whole fetches, tombstones, and webhooks in between."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from inbox import jobs
from tests import factories
from tests.fake_graph import FakeGraph, graph_error, response
from whatsapp import template_sync
from whatsapp.models import BusinessAccount, MessageTemplate
from whatsapp.payloads import parse

pytestmark = pytest.mark.django_db
PAYLOADS = Path(__file__).parent.parent / "payloads"


@pytest.fixture
def account() -> BusinessAccount:
    account = factories.number(factories.workspace()).business_account
    account.waba_id = "208765432100001"
    account.save()
    return account


def listed(name: str = "rad_fertig", **more) -> dict:
    return {
        "id": "1689556900000001", "name": name, "language": "de", "status": "APPROVED", "category": "UTILITY",
        "parameter_format": "POSITIONAL", "quality_score": {"score": "GREEN"}, "rejected_reason": "NONE",
        "components": [{"type": "BODY", "text": "Hallo {{1}}", "example": {"body_text": [["Lena"]]}}], **more,
    }  # fmt: skip


def page(*templates: dict, after: str = "") -> object:
    paging = {"cursors": {"before": "b", "after": after or "z"}, **({"next": "https://graph…"} if after else {})}
    return response(200, {"data": list(templates), "paging": paging})


def known(account: BusinessAccount) -> dict[tuple[str, str], MessageTemplate]:
    return {(row.name, row.language): row for row in account.templates.all()}


def apply(sample: str, **changes) -> list[bool]:
    body = json.loads((PAYLOADS / sample).read_text())
    body["entry"][0].update(changes)
    return [template_sync.apply_event(item) for item in parse(json.dumps(body).encode())]


def test_all_pages_are_fetched(account, graph: FakeGraph):
    graph.answers = [page(listed(), after="c1"), page(listed("zwei"), listed("zwei", language="en"))]

    result = template_sync.sync_templates(account)

    assert (result.found, result.added, result.removed, result.error) == (3, 3, 0, "")
    assert set(known(account)) == {("rad_fertig", "de"), ("zwei", "de"), ("zwei", "en")}
    assert [call[2]["params"].get("after") for call in graph.calls] == [None, "c1"]
    account.refresh_from_db()
    assert account.templates_synced_at is not None


def test_a_second_fetch_changes_only_what_changed(account, graph: FakeGraph):
    graph.answers = [page(listed(), listed("zwei"))]
    template_sync.sync_templates(account)
    graph.answers = [page(listed(status="PAUSED"), listed("zwei"))]

    result = template_sync.sync_templates(account)

    assert (result.added, result.changed, result.removed) == (0, 1, 0)
    assert known(account)["rad_fertig", "de"].status == "PAUSED"


def test_what_meta_no_longer_lists_becomes_a_tombstone_and_may_come_back(account, graph: FakeGraph):
    graph.answers = [page(listed(), listed("zwei"))]
    template_sync.sync_templates(account)

    graph.answers = [page(listed())]
    assert template_sync.sync_templates(account).removed == 1
    gone = known(account)["zwei", "de"]
    assert gone.removed_at is not None
    assert not gone.is_sendable

    graph.answers = [page(listed(), listed("zwei"))]
    template_sync.sync_templates(account)
    assert known(account)["zwei", "de"].is_sendable


@pytest.mark.parametrize("trouble", [
    graph_error(190, 401), graph_error(2, 503), response(502, "<html>"), response(200, {"nothing": 1}),
])  # fmt: skip
def test_a_fetch_that_breaks_off_removes_nothing(account, graph: FakeGraph, trouble):
    graph.answers = [page(listed(), listed("zwei"))]
    template_sync.sync_templates(account)
    graph.answers = [page(listed(status="PAUSED"), after="c1"), trouble]

    result = template_sync.sync_templates(account)

    assert result.error
    assert [(row.status, row.removed_at) for row in account.templates.all()] == [("APPROVED", None)] * 2
    account.refresh_from_db()
    assert account.templates_sync_error


def test_a_list_that_turns_in_a_circle_ends(account, graph: FakeGraph):
    graph.answers = [page(listed(), after="c1"), page(listed(), after="c1")]

    assert template_sync.sync_templates(account).error


def test_a_status_heard_during_the_fetch_stays(account, graph: FakeGraph):
    graph.answers = [page(listed())]
    template_sync.sync_templates(account)
    account.templates.update(status="PAUSED", status_changed_at=timezone.now() + timedelta(seconds=5))
    graph.answers = [page(listed())]

    template_sync.sync_templates(account)

    assert known(account)["rad_fertig", "de"].status == "PAUSED"


def test_two_accounts_do_not_see_each_others_templates(account, graph: FakeGraph):
    other = factories.number(account.workspace).business_account
    graph.answers = [page(listed())]
    template_sync.sync_templates(account)
    graph.answers = [page(listed("anders"))]

    template_sync.sync_templates(other)

    assert set(known(account)) == {("rad_fertig", "de")}


def test_odd_entries_do_not_break_the_list(account, graph: FakeGraph):
    odd = listed("ok", components="?", quality_score=None, status="HOVERING")
    graph.answers = [page({"id": 5}, odd, listed("\x00"))]

    template_sync.sync_templates(account)

    assert known(account)["ok", "de"].status == "HOVERING"
    assert not known(account)["ok", "de"].is_sendable


def test_rejection_and_pause_arrive_by_webhook_with_their_words(account):
    number = account.phone_numbers.get()
    template = factories.template(
        number, "fruehlingsaktion", meta_id="1689556900000002", status="PENDING", category="MARKETING"
    )

    assert apply("48-template-rejected.json") == [True]
    template.refresh_from_db()
    assert (template.status, template.rejected_reason) == ("REJECTED", "INVALID_FORMAT")
    assert "descriptive words" in template.status_detail

    MessageTemplate.objects.update(status="APPROVED", status_changed_at=timezone.now() - timedelta(days=9999))
    assert apply("49-template-paused.json") == [True]
    template.refresh_from_db()
    assert (template.status, template.rejected_reason) == ("PAUSED", "")


def test_an_older_word_on_a_status_changes_nothing(account):
    number = account.phone_numbers.get()
    template = factories.template(number, "fruehlingsaktion", meta_id="1689556900000002")

    assert apply("48-template-rejected.json", time=int((timezone.now() - timedelta(days=1)).timestamp())) == [True]

    template.refresh_from_db()
    assert template.status == "APPROVED"


def test_quality_and_category_arrive_by_webhook(account):
    number = account.phone_numbers.get()
    announced = factories.template(number, "bestellung_versandt", meta_id="1689556900000001")
    changed = factories.template(number, "termin_erinnerung", meta_id="1689556900000003")

    assert apply("51-template-category-change.json") == [True, True]

    announced.refresh_from_db()
    changed.refresh_from_db()
    assert (announced.category, announced.announced_category) == ("UTILITY", "MARKETING")
    assert announced.announced_category_at is not None
    assert (changed.category, changed.announced_category) == ("MARKETING", "")


def test_an_unknown_template_is_said_to_be_unknown(account):
    assert apply("48-template-rejected.json") == [False]


def test_the_hourly_job_fetches_every_account(account, graph: FakeGraph, django_capture_on_commit_callbacks):
    from tests.recording_queue import forget_jobs, run_jobs

    forget_jobs()
    graph.answers = [page(listed())]

    with django_capture_on_commit_callbacks(execute=True):
        jobs.sync_templates()
    run_jobs()

    assert set(known(account)) == {("rad_fertig", "de")}
