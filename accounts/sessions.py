"""The session engine: Django's in the database, with the person, device and times in columns of their own."""

from datetime import UTC, datetime
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.models import Agent, Session

LISTED = 50


class SessionStore(DatabaseStore):
    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        row: Session = super().create_model_instance(data)  # type: ignore[assignment]
        for name, value in columns(data).items():
            setattr(row, name, value)
        return row


def columns(data: dict[str, Any]) -> dict[str, Any]:
    """What of a session's contents stands in columns too."""
    return {
        "agent_id": int(data[SESSION_KEY]) if SESSION_KEY in data else None,
        "device": str(data.get("device", ""))[:60],
        "network": str(data.get("network", ""))[:60],
        "started_at": _moment(data.get("started_at")),
        "active_at": _moment(data.get("active_at")),
    }


def _moment(seconds: float | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds is not None else None


def sessions_of(agent: Agent) -> list[Session]:
    """Where the person is signed in now, last used first: only sessions that the next request would still find good."""
    rows = Session.objects.filter(agent=agent, expire_date__gt=timezone.now()).order_by("-active_at")[:LISTED]
    credentials = agent.get_session_auth_hash()
    return [
        row for row in rows
        if not row.is_over and constant_time_compare(row.get_decoded().get(HASH_SESSION_KEY, ""), credentials)
    ]
