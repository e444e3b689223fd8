"""Presence as a test says it is, instead of what Redis knows (tests/inbox/test_presence.py has the real one)."""

from datetime import datetime, timedelta

import pytest

from accounts.models import Agent
from inbox import presence


class Presence:
    """Who is here, and since when the others are not."""

    def __init__(self) -> None:
        self.settled = True
        self.seen: dict[int, datetime | None] = {}  # None: has a tab open now

    def here(self, *agents: Agent) -> None:
        for agent in agents:
            self.seen[agent.pk] = None

    def gone(self, agent: Agent, since: datetime) -> None:
        self.seen[agent.pk] = since

    def present_agent_ids(self, workspace_id: int, now: datetime) -> set[int]:
        grace = timedelta(seconds=presence.GRACE_SECONDS)
        return {pk for pk, seen in self.seen.items() if seen is None or now - seen <= grace}

    def last_present_at(self, workspace_id: int) -> dict[int, datetime]:
        from django.utils import timezone

        return {pk: seen or timezone.now() for pk, seen in self.seen.items()}

    def is_settled(self, now: datetime) -> bool:
        return self.settled


@pytest.fixture
def people(monkeypatch) -> Presence:
    """Takes presence's place for one test."""
    double = Presence()
    for name in ("present_agent_ids", "last_present_at", "is_settled"):
        monkeypatch.setattr(presence, name, getattr(double, name))
    return double
