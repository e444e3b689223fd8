"""The counter at noon, for the tests of assignment: a frozen clock, people whose presence the test decides."""

from datetime import UTC, datetime

import pytest
import time_machine

from accounts.models import Agent
from inbox.actions import assignment
from inbox.models import Conversation
from tests import factories
from tests.cast import Cast, make_cast
from tests.inbox.presence_double import Presence, people

__all__ = ["NOON", "cast", "clock", "colleague", "cora", "holder", "people", "route"]

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def cast(clock, people: Presence) -> Cast:  # noqa: F811
    """Everybody; Ben is here."""
    made = make_cast()
    people.here(made.ben)
    return made


@pytest.fixture
def cora(cast: Cast, people: Presence) -> Agent:  # noqa: F811
    """A colleague in Ben's team, who is here, too."""
    person = colleague(cast)
    people.here(person)
    return person


def route(cast: Cast) -> dict[int, str]:
    """Route, and give the reason per conversation decided."""
    return {decision.conversation_id: decision.reason for decision in assignment.route_waiting(cast.workspace.pk)}


def holder(conversation: Conversation) -> Agent | None:
    return Conversation.objects.get(pk=conversation.pk).assignee


def colleague(cast: Cast, name: str = "Cora Kern", **fields) -> Agent:
    fields.setdefault("teams", [cast.team])
    return factories.agent(cast.workspace, name, **fields)
