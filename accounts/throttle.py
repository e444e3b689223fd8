"""Limits on tries: one atomic statement in PostgreSQL counts *before* anything expensive or revealing is done.

A try counts for the account it names and for the network it comes from; either limit refuses. A browser in which the
owner has signed in before carries a signed device mark and counts apart, so that a stranger who hammers an address
locks out himself, not its owner. Keys are hashes: the table names nobody.
"""

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from django.conf import settings
from django.core import signing
from django.db import connection
from django.http import HttpRequest, HttpResponse

from accounts.models import Agent
from accounts.network import client_network

SLOT_SECONDS = 15 * 60
PER_ACCOUNT = 10
PER_DEVICE = 10
PER_NETWORK = 60  # a shop behind one address, all back from lunch
PER_FACTOR = 5
FACTOR_PER_DAY = 30
DEVICE_DAYS = 180
DEVICE_SALT = "accounts.known-device"

_COUNT = """
INSERT INTO accounts_loginthrottle (key, slot, count, expires_at)
VALUES (%s, %s, 1, to_timestamp(%s))
ON CONFLICT (key, slot) DO UPDATE SET count = accounts_loginthrottle.count + 1
RETURNING count
"""


@dataclass(frozen=True)
class Limit:
    key: str
    allowed: int
    seconds: int = SLOT_SECONDS


@dataclass(frozen=True)
class Verdict:
    """Whether a try may go on; if not, from when on the next one may."""

    allowed: bool
    again_at: datetime
    is_first_refusal: bool = False


def hashed(kind: str, value: str) -> str:
    """A key for the table: nobody can read from it whom it is about."""
    digest = hmac.new(settings.SECRET_KEY.encode(), f"{kind}:{value}".encode(), hashlib.sha256).hexdigest()
    return f"{kind}:{digest[:48]}"


def count(limit: Limit, now: float | None = None) -> Verdict:
    """Count one try and say whether it is within the limit. Atomic: of any number at once, `allowed` pass."""
    now = time.time() if now is None else now
    slot = int(now // limit.seconds)
    end = (slot + 1) * limit.seconds
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [limit.key, slot, end])
        tries = cursor.fetchone()[0]
    return Verdict(tries <= limit.allowed, datetime.fromtimestamp(end, UTC), tries == limit.allowed + 1)


def account_key(email: str) -> str:
    return hashed("account", email.strip().lower())


def sign_in_limits(request: HttpRequest, email: str) -> list[Limit]:
    """The counters of one sign-in try: the known device's own one, or account and network."""
    if device := known_device(request, email):
        return [Limit(hashed("device", device), PER_DEVICE)]
    return [
        Limit(account_key(email), PER_ACCOUNT),
        Limit(hashed("network", client_network(request)), PER_NETWORK),
    ]


def factor_limits(request: HttpRequest, agent: Agent) -> list[Limit]:
    """The counters of one try at the second factor. Whoever gets here knows the password: a day has a limit too."""
    if device := known_device(request, agent.email):
        return [Limit(hashed("factor-device", device), PER_DEVICE)]
    return [
        Limit(hashed("factor", str(agent.pk)), PER_FACTOR),
        Limit(hashed("factor-day", str(agent.pk)), FACTOR_PER_DAY, 24 * 3600),
    ]


def count_all(limits: list[Limit]) -> Verdict:
    """Count a try on every limit; the strictest verdict counts."""
    verdicts = [count(limit) for limit in limits]
    refused = [verdict for verdict in verdicts if not verdict.allowed]
    strictest = max(refused or verdicts, key=lambda verdict: verdict.again_at)
    return replace(strictest, is_first_refusal=any(verdict.is_first_refusal for verdict in verdicts))


def forgive(limits: list[Limit]) -> None:
    """A good sign-in was no attack: its tries are taken off again."""
    with connection.cursor() as cursor:
        for limit in limits:
            slot = int(time.time() // limit.seconds)
            if limit.key.startswith("network:"):  # others' failures from there stay counted
                cursor.execute(
                    "UPDATE accounts_loginthrottle SET count = count - 1 WHERE key = %s AND slot = %s AND count > 0",
                    [limit.key, slot],
                )
            else:
                cursor.execute("DELETE FROM accounts_loginthrottle WHERE key = %s AND slot = %s", [limit.key, slot])


def delete_expired() -> int:
    """Rows of past slots; called by a nightly job."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM accounts_loginthrottle WHERE expires_at < now()")
        return cursor.rowcount


def device_cookie_name() -> str:
    return "__Host-device" if settings.SECURE_COOKIES else f"tresen_device_{settings.PORT}"


def known_device(request: HttpRequest, email: str) -> str:
    """The id of this browser if somebody signed in to this account here before, else ""."""
    raw = request.COOKIES.get(device_cookie_name(), "")
    try:
        marks = signing.loads(raw, salt=DEVICE_SALT, max_age=DEVICE_DAYS * 86400) if raw else {}
    except signing.BadSignature:
        return ""
    return marks.get(account_key(email), "") if isinstance(marks, dict) else ""


def remember_device(request: HttpRequest, response: HttpResponse, email: str) -> None:
    """Mark this browser as one of the owner's. Holds for the last few accounts used here."""
    raw = request.COOKIES.get(device_cookie_name(), "")
    try:
        marks = signing.loads(raw, salt=DEVICE_SALT, max_age=DEVICE_DAYS * 86400) if raw else {}
    except signing.BadSignature:
        marks = {}
    key = account_key(email)
    kept = {name: value for name, value in list(marks.items())[-4:] if name != key}
    kept[key] = marks.get(key) or secrets.token_urlsafe(16)
    response.set_cookie(
        device_cookie_name(), signing.dumps(kept, salt=DEVICE_SALT), max_age=DEVICE_DAYS * 86400, path="/",
        secure=settings.SECURE_COOKIES, httponly=True, samesite="Lax",
    )
