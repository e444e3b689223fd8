"""The two kinds of Redis connections, made in one place.

redis-py 8 gives every socket a 5 s timeout by default. Commands want a short one, so that a hanging Redis delays
nobody; a subscription must have none, or an idle one dies every 5 s (mechanics §0.1).
"""

import threading

import redis
import redis.asyncio
from django.conf import settings
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

COMMAND_TIMEOUT = 2
HEALTH_CHECK_SECONDS = 15

_clients: dict[str, redis.Redis] = {}
_lock = threading.Lock()


def client() -> redis.Redis:
    """The shared client of this process for short commands; thread-safe, connects on first use."""
    url = settings.REDIS_URL
    if (existing := _clients.get(url)) is not None:
        return existing
    with _lock:
        return _clients.setdefault(
            url,
            redis.Redis.from_url(
                url,
                decode_responses=True,
                socket_timeout=COMMAND_TIMEOUT,
                socket_connect_timeout=COMMAND_TIMEOUT,
                health_check_interval=HEALTH_CHECK_SECONDS,
            ),
        )


def subscriber() -> redis.asyncio.Redis:
    """A new asyncio client for one subscription: it may be silent for hours. The caller closes it."""
    return redis.asyncio.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=None,
        socket_connect_timeout=COMMAND_TIMEOUT,
        socket_keepalive=True,
        # A break must be noticed, not mended in silence: what was published meanwhile has to be read elsewhere.
        retry=Retry(NoBackoff(), 0),
    )


def key(*parts: object) -> str:
    """A key of this installation: REDIS_PREFIX and the parts, joined by colons."""
    return ":".join([settings.REDIS_PREFIX, *map(str, parts)])
