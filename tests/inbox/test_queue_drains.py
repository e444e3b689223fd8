"""Whatever makes room drains the queue through the running ingest loop: by notice, without waiting for its sweep."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import Agent, Availability
from inbox.actions import assignment
from inbox.actions.conversations import close_conversation, snooze_conversation
from inbox.loops import ingest
from inbox.models import Conversation
from tests import factories
from tests.inbox.test_ingesting import Running, eventually

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop(monkeypatch):
    """Ben is full with one customer, another waits; the loop sweeps by itself only at its start."""
    monkeypatch.setattr(ingest, "SWEEP_SECONDS", 10_000)
    workspace = factories.workspace()
    team = factories.team(workspace, is_default=True)
    number = factories.number(workspace, team=team)
    ben = factories.agent(workspace, "Ben Brandt", teams=[team], capacity=1)
    admin = factories.agent(workspace, "Ada Admin", role="admin")
    held = factories.conversation(number, assignee=ben, assigned_at=timezone.now())
    waits = factories.conversation(number)
    for conversation in (held, waits):
        factories.inbound_message(conversation)
    with Running():
        assert eventually(lambda: waits.activities.filter(kind="nobody_free").exists())
        yield ben, admin, held, waits


def taken(conversation, by: Agent) -> bool:
    return Conversation.objects.filter(pk=conversation.pk, assignee=by).exists()


def test_closing_a_case(shop):
    ben, _, held, waits = shop

    close_conversation(held, by=ben)

    assert eventually(lambda: taken(waits, ben))


def test_snoozing(shop):
    ben, _, held, waits = shop

    snooze_conversation(held, until=timezone.now() + timedelta(hours=1), by=ben)

    assert eventually(lambda: taken(waits, ben))


def test_giving_one_to_a_colleague(shop):
    ben, admin, held, waits = shop

    assignment.assign(held, to_agent=admin, by=admin)

    assert eventually(lambda: taken(waits, ben))


def test_somebody_becoming_available_or_coming_online(shop):
    ben, admin, _, waits = shop
    cora = factories.agent(
        ben.workspace, "Cora Kern", teams=ben.teams.all(), availability=Availability.AWAY, capacity=1
    )
    assignment.set_availability(cora, Availability.AVAILABLE, by=cora)
    assert eventually(lambda: taken(waits, cora))

    assignment.release(waits, by=cora)
    dora = factories.agent(ben.workspace, "Dora Dorn", teams=ben.teams.all(), capacity=1)
    assignment.agent_came_online(dora)
    assert eventually(lambda: taken(waits, dora))


def test_somebody_leaving_for_good(shop):
    ben, admin, held, _ = shop
    eva = factories.agent(ben.workspace, "Eva Ernst", teams=ben.teams.all(), capacity=5)

    with transaction.atomic():
        Agent.objects.filter(pk=ben.pk).update(is_active=False)
        assignment.hand_back_everything(ben, by=admin)

    assert eventually(lambda: taken(held, eva))
