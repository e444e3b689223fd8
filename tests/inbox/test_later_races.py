"""Two at once: workers, a click, a customer in the same second. Never two messages of one, never silently none."""

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from inbox.actions import later, later_turns
from inbox.actions.later import AlreadyDecided, Plan
from inbox.actions.locks import lock
from inbox.models import Activity, Conversation, Message, ScheduledReply
from tests import factories
from tests.cast import Cast, make_cast

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def due(cast) -> ScheduledReply:
    plan = Plan(due_at=timezone.now() + timedelta(hours=1))
    reply = later.schedule_reply(cast.claras, by=cast.ben, text="Bis gleich", uid=uuid.uuid4(), plan=plan)
    ScheduledReply.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    return reply


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Each in a thread of its own, from the same moment on; what they answered or raised."""
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return act()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def writes(cast) -> None:
    with transaction.atomic():
        conversation = lock(Conversation.objects.get(pk=cast.claras.pk))
        factories.inbound_message(conversation, "Noch etwas")
        later_turns.customer_wrote(conversation, timezone.now())


def sent() -> list[str]:
    return list(Message.objects.filter(direction="out").values_list("text", flat=True))


def test_two_workers_send_it_once(due):
    answers = at_once(*[lambda: later_turns.send_due(due.pk, timezone.now())] * 4)

    assert answers == [None] * 4 and sent() == ["Bis gleich"]


def test_a_customer_in_the_same_second_either_finds_it_sent_or_holds_it(cast, due):
    at_once(lambda: later_turns.send_due(due.pk, timezone.now()), lambda: writes(cast))

    due.refresh_from_db()
    held = list(Activity.objects.filter(kind="later_held").values_list("data__why", flat=True))
    assert (due.state, sent(), held) in [("sent", ["Bis gleich"], []), ("held", [], ["customer"])]


def test_cancelled_or_sent_but_never_both(cast, due):
    answers = at_once(
        lambda: later_turns.send_due(due.pk, timezone.now()),
        lambda: later.cancel_reply(ScheduledReply.objects.get(pk=due.pk), by=cast.ben),
        lambda: later.send_now(ScheduledReply.objects.get(pk=due.pk), by=cast.lea),
    )

    refused = [answer for answer in answers if isinstance(answer, AlreadyDecided)]
    due.refresh_from_db()
    assert len(refused) in (1, 2) and not [one for one in answers if isinstance(one, Exception) and one not in refused]
    assert sent() == (["Bis gleich"] if due.state == "sent" else [])


def test_after_a_restart_somebody_else_finds_it_in_the_rows(due):
    """A worker that dies in the middle leaves everything as it was; the next one sends."""

    def dies() -> None:
        with transaction.atomic():
            later_turns.send_due(due.pk, timezone.now())
            raise SystemError

    at_once(dies)
    assert sent() == [] and ScheduledReply.objects.get().state == "waiting"

    later_turns.send_due(due.pk, timezone.now())
    assert sent() == ["Bis gleich"]
