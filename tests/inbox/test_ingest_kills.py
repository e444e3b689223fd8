"""The real ingest process, killed again and again while webhooks come in: every acknowledged message exactly once."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from inbox.models import Case, Conversation, Message
from tests import webhooks
from whatsapp.models import WebhookDelivery

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.stack]

CUSTOMERS, MESSAGES, ROUNDS = (20, 400, 4) if not os.environ.get("TRESEN_SOAK") else (50, 4000, 30)


def environment() -> dict[str, str]:
    """This test's database for a process of its own."""
    database = connection.settings_dict
    address = f"{database['HOST']}:{database['PORT']}/{database['NAME']}"
    return {
        **os.environ,
        "DATABASE_URL": f"postgres://{database['USER']}:{database['PASSWORD']}@{address}",
        "TRESEN_DEMO": "1",
        "TRESEN_PROCESS": "ingest",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "FIELD_KEYS": ",".join(settings.FIELD_KEYS),
        "REDIS_URL": "redis://127.0.0.1:1/0",  # nobody is there: Redis is not needed
    }


@contextmanager
def ingest_process() -> Iterator[subprocess.Popen[bytes]]:
    root = Path(settings.BASE_DIR)
    process = subprocess.Popen(
        [sys.executable, "manage.py", "ingest"], cwd=root, env=environment(), stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait(seconds: float) -> None:
    threading.Event().wait(seconds)


def post_everything(stop: threading.Event) -> None:
    """Every message twice, as Meta does when an answer got lost, in a random order of neighbours."""
    order = [index for index in range(MESSAGES) for _ in range(2)]
    random.Random(7).shuffle(order)
    for start in range(0, len(order), 20):
        bodies = [json.dumps(message(index)).encode() for index in order[start:start + 20]]
        assert webhooks.post(*bodies) == [200] * len(bodies)
        if stop.wait(0.02):
            return


def message(index: int) -> dict:
    customer = index % CUSTOMERS
    return webhooks.text(
        f"wamid.{index}", f"Nachricht {index}", phone=f"49151{customer:08d}", bsuid=f"DE.{customer:020d}",
        at=1795300000 + index, name=f"Kundin {customer}",
    )


def test_every_acknowledged_message_is_there_once_however_often_ingest_is_killed() -> None:
    webhooks.radhaus()
    stop = threading.Event()
    poster = threading.Thread(target=post_everything, args=[stop])
    poster.start()
    chance = random.Random(11)
    try:
        for _ in range(ROUNDS):
            with ingest_process() as process:
                before = WebhookDelivery.objects.filter(state="processed").count()
                for _ in range(400):  # until it works, then in the middle of it
                    wait(0.05)
                    if WebhookDelivery.objects.filter(state="processed").count() > before:
                        break
                wait(chance.uniform(0.0, 0.4))
                process.send_signal(signal.SIGKILL)
                process.wait()
        poster.join()
        with ingest_process() as process:
            for _ in range(1200):
                if not WebhookDelivery.objects.filter(state="new").exists():
                    break
                wait(0.05)
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
    finally:
        stop.set()
        poster.join()

    assert WebhookDelivery.objects.filter(state="processed").count() == MESSAGES * 2
    assert Message.objects.count() == MESSAGES
    assert Conversation.objects.count() == CUSTOMERS
    assert {row.inbound_count for row in Conversation.objects.all()} == {MESSAGES // CUSTOMERS}
    assert {case.message_count for case in Case.objects.all()} == {MESSAGES // CUSTOMERS}
    for conversation in Conversation.objects.all():
        thread = list(conversation.messages.order_by("occurred_at", "seq").values_list("text", flat=True))
        assert thread == sorted(thread, key=lambda text: int(text.split()[1]))
