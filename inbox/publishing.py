"""Events on their way to Redis: one plain PUBLISH each, pipelined, after the commit. Failing is allowed here."""

import json
import logging
import time
from collections.abc import Sequence
from functools import partial

import redis
from django.db import transaction

from inbox import redis_connections

logger = logging.getLogger(__name__)

# After a failure nothing is tried for this long: a Redis that hangs must not hold up every commit for its timeout,
# and the hubs read the same events from PostgreSQL within a second anyway.
PAUSE_SECONDS = 1.0

_paused_until = 0.0


def channel() -> str:
    """The one channel that every hub of this installation listens to.

    Channels are the same in all databases of a Redis server, keys are not. Without its number another installation's
    events would come here, and their ids would hide our own.
    """
    return redis_connections.key("events", redis_connections.client().get_connection_kwargs().get("db", 0))


def after_commit(payloads: Sequence[dict]) -> None:
    """Publish these payloads once the current transaction is committed, or at once without one."""
    transaction.on_commit(partial(publish, list(payloads)), robust=True)


def publish(payloads: Sequence[dict]) -> None:
    """Publish now. A failure is logged."""
    global _paused_until
    if not payloads or time.monotonic() < _paused_until:
        return
    texts = [json.dumps(payload, ensure_ascii=False, separators=(",", ":")) for payload in payloads]
    try:
        client = redis_connections.client()
        if len(texts) == 1:
            client.publish(channel(), texts[0])
            return
        with client.pipeline(transaction=False) as pipeline:
            for text in texts:
                pipeline.publish(channel(), text)
            pipeline.execute()
    except (redis.RedisError, OSError) as error:
        _paused_until = time.monotonic() + PAUSE_SECONDS
        logger.warning(
            "Redis did not take %d event(s), the hubs will read them from the database: %s", len(texts), error
        )
