"""manage.py replay_webhook: stored deliveries and files, through door, row and ingest."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from inbox.loops.ingest import LOCK_NAME
from inbox.models import Message
from tests import factories, webhooks
from whatsapp.models import WebhookDelivery

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def number() -> None:
    webhooks.radhaus()


def replayed(*what: object, **options: str) -> str:
    out = StringIO()
    call_command("replay_webhook", *map(str, what), stdout=out, **options)
    return out.getvalue()


def path(name: str) -> Path:
    [found] = webhooks.PAYLOADS.glob(f"{name}*.json")
    return found


def test_a_sample_file_becomes_a_message() -> None:
    said = replayed(path("01"), path("32"))

    assert Message.objects.get().text == "Guten Tag, haben Sie heute noch rote Rosen?"
    first, second = WebhookDelivery.objects.order_by("pk")
    assert said.splitlines()[:2] == [f"{first.pk}: processed", f"{second.pk}: ignored field loyalty_program_update"]


def test_a_stored_delivery_is_done_again_without_a_second_message() -> None:
    replayed(path("01"))
    before = webhooks.snapshot()

    said = replayed(WebhookDelivery.objects.get().pk)

    assert said.strip().endswith("processed")
    assert webhooks.snapshot() == before


def test_a_running_ingest_process_is_left_its_work() -> None:
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", [LOCK_NAME])

        said = replayed(path("01"))
    finally:
        other.close()

    assert "is running" in said
    assert WebhookDelivery.objects.get().state == "new"


@pytest.mark.parametrize("what", ["999999", "/nonexistent.json"])
def test_what_does_not_exist_is_said(what: str) -> None:
    with pytest.raises(CommandError):
        replayed(what)


def test_with_two_apps_one_must_be_named() -> None:
    factories.number(factories.workspace("Zweite"))

    with pytest.raises(CommandError, match="--app"):
        replayed(path("01"))
    replayed(path("01"), app="880000000000001")

    assert Message.objects.count() == 1
