"""Who may have a socket, and whether that is still so: the browser's session, checked at the handshake and for ever on.

The socket lives longer than any request, so everything a request would notice is asked again here, for all sockets of
a process in one query: signed out, password changed, deactivated, session over, role or teams changed.
"""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import connection, transaction
from django.http.cookie import parse_cookie
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.models import Agent, Session
from inbox.visibility import Rights, build_rights

SIGNED_OUT, FORBIDDEN = 4401, 4403  # close codes after which a page goes to the sign-in instead of trying again
TOUCH_SECONDS = 60

# One row per socket's session: the agent's current row, and whether the session still exists.
CURRENT = """
SELECT asked.session_key, a.id, a.workspace_id, a.is_active, a.password, a.session_epoch, a.role, a.visibility,
       a.language, EXISTS (SELECT FROM accounts_session s
                            WHERE s.session_key = asked.session_key AND s.expire_date > now()),
       coalesce((SELECT jsonb_agg(jsonb_build_array(m.team_id, m.is_lead))
                   FROM accounts_membership m WHERE m.agent_id = a.id), '[]')::text
  FROM unnest(%s::text[], %s::bigint[]) AS asked(session_key, agent_id)
  JOIN accounts_agent a ON a.id = asked.agent_id
"""


@dataclass(slots=True)
class SignedIn:
    """A browser session with a living agent behind it."""

    session_key: str
    agent_id: int
    credentials: str  # the hash that changes with the password and when all sessions are ended
    rights: Rights
    language: str
    started_at: int  # seconds since 1970
    active_at: int  # as far as known; requests of other tabs move it in the database only

    @property
    def key(self) -> tuple[str, int]:
        """What names the session and whose it is."""
        return self.session_key, self.agent_id

    def is_over(self, now: float) -> bool:
        """Whether the session has reached its absolute end."""
        return now - self.started_at > settings.SESSION_COOKIE_AGE

    def is_idle(self, now: float) -> bool:
        """Whether, as far as known here, nothing has happened in it for too long."""
        return now - self.active_at > settings.SESSION_IDLE_SECONDS


def origin_is_ours(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Exactly one Origin header, and it is one of ours in full: scheme, host and port."""
    origins = [value for name, value in headers if name == b"origin"]
    return len(origins) == 1 and origins[0].decode("latin-1") in settings.ALLOWED_ORIGINS


def sign_in(headers: Iterable[tuple[bytes, bytes]]) -> SignedIn | None:
    """The session of the cookie, if it is valid now. Reads the database."""
    cookies = "; ".join(value.decode("latin-1") for name, value in headers if name == b"cookie")
    session_key = parse_cookie(cookies).get(settings.SESSION_COOKIE_NAME, "")
    data = _session_data(session_key)
    if data is None or data.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return None
    agent = Agent.objects.filter(pk=str(data.get(SESSION_KEY, 0)), is_active=True).first()
    if agent is None or not constant_time_compare(data.get(HASH_SESSION_KEY, ""), agent.get_session_auth_hash()):
        return None
    now = int(time.time())
    signed_in = SignedIn(
        session_key=session_key,
        agent_id=agent.pk,
        credentials=agent.get_session_auth_hash(),
        rights=build_rights(agent, list(agent.memberships.values_list("team_id", "is_lead"))),
        language=agent.language,
        started_at=data.get("started_at", now),
        active_at=data.get("active_at", now),
    )
    return None if signed_in.is_over(now) or signed_in.is_idle(now) else signed_in


def refusals(people: Iterable[SignedIn]) -> dict[tuple[str, int], int]:
    """Bring rights and language of these sessions up to date; answer the close code of each that has ended.

    Keys are (session key, agent id). One query, and one more for each session that seems idle.
    """
    asked = {person.key: person for person in people}
    with connection.cursor() as cursor:
        cursor.execute(CURRENT, [[key for key, _ in asked], [agent_id for _, agent_id in asked]])
        rows = {(row[0], row[1]): row for row in cursor.fetchall()}
    now = time.time()
    return {key: code for key, person in asked.items() if (code := _refusal(person, rows.get(key), now)) is not None}


def _refusal(person: SignedIn, row: tuple | None, now: float) -> int | None:
    if row is None:
        return FORBIDDEN
    _, agent_id, workspace_id, is_active, password, epoch, role, visibility, language, exists, memberships = row
    if not is_active:
        return FORBIDDEN
    agent = Agent(
        pk=agent_id, workspace_id=workspace_id, is_active=True, password=password, session_epoch=epoch, role=role,
        visibility=visibility,
    )  # fmt: skip
    if not exists or agent.get_session_auth_hash() != person.credentials or person.is_over(now):
        return SIGNED_OUT
    if person.is_idle(now):
        person.active_at = (_session_data(person.session_key) or {}).get("active_at", person.active_at)
        if person.is_idle(now):
            return SIGNED_OUT
    person.rights = build_rights(agent, [tuple(pair) for pair in json.loads(memberships)])
    person.language = language
    return None


def touch(person: SignedIn) -> None:
    """Somebody is at work in this page: the session counts as active. Writes at most once a minute."""
    now = int(time.time())
    if now - person.active_at < TOUCH_SECONDS:
        return
    with transaction.atomic():
        row = Session.objects.select_for_update().filter(pk=person.session_key).first()
        if row is None:
            return
        data = row.get_decoded()
        if data and now - data.get("active_at", 0) >= TOUCH_SECONDS:
            row.session_data = Session.objects.encode({**data, "active_at": now})
            row.active_at = datetime.fromtimestamp(now, UTC)
            row.save(update_fields=["session_data", "active_at"])
    person.active_at = now


def _session_data(session_key: str) -> dict | None:
    if not session_key.isalnum():  # whatever came in the cookie
        return None
    row = Session.objects.filter(pk=session_key, expire_date__gt=timezone.now()).first()
    return row.get_decoded() if row else None
