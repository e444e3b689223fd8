"""Who is here now, and who looks at what: short-lived facts in Redis, healed by the next beat when Redis lost them.

Per workspace two sorted sets, score = server time in seconds: `tabs` (agent:tab) says who is online, `agents` says when
somebody was last here and outlives the last tab, so that a reload or a tunnel costs nobody their work. The hub of each
web process beats for all its sockets at once every 20 s. `Agent.last_seen_at` (PostgreSQL, once a minute) stands in
when Redis is away or has lost its memory.
"""

import logging
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import redis

from accounts.models import Agent, Availability
from inbox.redis_connections import client, key

logger = logging.getLogger(__name__)

BEAT_SECONDS = 20
ONLINE_SECONDS = 60  # seen within: online
GRACE_SECONDS = 90  # no new work after this long without a socket (decisions.md 15)
# last_seen_at is up to a minute old while its agent is here, so it gets that much more.
FALLBACK_SECONDS = GRACE_SECONDS + 60
SETTLING_SECONDS = 120  # after Redis or web came back, absence proves nothing for this long
TYPING_SECONDS = 6
REPLYING_SECONDS = 20  # longer: people stop to think
VIEWING_SECONDS = 50
LOOKING_SECONDS = 120  # after the last sign of somebody at a visible page
KEEP_SECONDS = 7 * 24 * 3600


def beat(workspace_id: int, agent_id: int, tab: str) -> None:
    """This tab is alive."""
    beat_many({workspace_id: [(agent_id, tab)]})


def beat_many(tabs: Mapping[int, Iterable[tuple[int, str]]], *, started_at: float | None = None) -> None:
    """These tabs, (agent, tab) per workspace, are alive, and so is the web process that says so, since `started_at`."""
    try:
        connection = client()
        now = _clock(connection)
        with connection.pipeline(transaction=False) as pipeline:
            if started_at is not None:
                pipeline.zadd(key("presence", "webs"), {str(started_at): now})
                pipeline.zremrangebyscore(key("presence", "webs"), 0, now - ONLINE_SECONDS)
            # Made anew after a loss of memory: until it is old enough, Redis does not know who has been here.
            pipeline.set(key("presence", "since"), now, nx=True)
            for workspace_id, members in tabs.items():
                seen = list(members)
                if not seen:
                    continue
                pipeline.zadd(_tabs(workspace_id), {f"{agent}:{tab}": now for agent, tab in seen})
                pipeline.zadd(_agents(workspace_id), {str(agent): now for agent, _ in seen})
                pipeline.zremrangebyscore(_tabs(workspace_id), 0, now - 10 * ONLINE_SECONDS)
                pipeline.expire(_tabs(workspace_id), KEEP_SECONDS)
                pipeline.expire(_agents(workspace_id), KEEP_SECONDS)
            pipeline.execute()
    except (redis.RedisError, OSError) as error:
        logger.warning("Presence was not written: %s", error)


def gone(workspace_id: int, agent_id: int, tab: str) -> None:
    """This tab closed. Its agent stays present for assignment until the grace is over."""
    try:
        client().zrem(_tabs(workspace_id), f"{agent_id}:{tab}")
    except (redis.RedisError, OSError) as error:
        logger.warning("A closed tab was not written: %s", error)


def online_agent_ids(workspace_id: int) -> set[int]:
    """Agents with at least one living tab; nobody when Redis is away."""
    try:
        connection = client()
        members = connection.zrangebyscore(_tabs(workspace_id), _clock(connection) - ONLINE_SECONDS, "+inf")
    except (redis.RedisError, OSError) as error:
        logger.warning("Presence was not read: %s", error)
        return set()
    return {int(str(member).split(":", 1)[0]) for member in members}


def open_tabs(workspace_ids: Iterable[int]) -> int:
    """How many living tabs there are in these workspaces. Raises redis.RedisError: a figure has no fallback."""
    connection = client()
    since = _clock(connection) - ONLINE_SECONDS
    with connection.pipeline(transaction=False) as pipeline:
        for workspace_id in workspace_ids:
            pipeline.zcount(_tabs(workspace_id), since, "+inf")
        return sum(pipeline.execute())


def state_of(agent: Agent, online: Collection[int]) -> str:
    """available, away, off or offline, by their hours, whether they are among those online, and their switch."""
    if agent.is_off_duty_now:
        return "off"
    if agent.pk not in online:
        return "offline"
    return "available" if agent.availability == Availability.AVAILABLE else "away"


def is_online(workspace_id: int, agent_id: int) -> bool:
    """Whether this agent has a living tab."""
    return agent_id in online_agent_ids(workspace_id)


def present_agent_ids(workspace_id: int, now: datetime) -> set[int]:
    """Who may get new work: a socket within the last 90 s.

    While Redis is away, or has been up for too short a time to know, whoever PostgreSQL saw lately counts too.
    """
    seen = _last_seen_in_redis(workspace_id)
    limit = now - timedelta(seconds=GRACE_SECONDS)
    present = {agent_id for agent_id, at in (seen or {}).items() if at >= limit}
    if seen is None or not is_settled(now):
        recently = now - timedelta(seconds=FALLBACK_SECONDS)
        lately = Agent.objects.filter(workspace_id=workspace_id, is_active=True, last_seen_at__gte=recently)
        present |= set(lately.values_list("pk", flat=True))
    return present


def last_present_at(workspace_id: int) -> dict[int, datetime]:
    """When each agent of the workspace was last here, the later of Redis and PostgreSQL. Never seen: not listed.

    Hand back by it only while `is_settled` says so.
    """
    seen = dict(_last_seen_in_redis(workspace_id) or {})
    stored = Agent.objects.filter(workspace_id=workspace_id, last_seen_at__isnull=False)
    for agent_id, at in stored.values_list("pk", "last_seen_at"):
        if at is not None:
            seen[agent_id] = max(at, seen.get(agent_id, at))
    return seen


def is_settled(now: datetime) -> bool:
    """Whether silence means absence: Redis and every web process have been up, without loss, for two minutes.

    False right after a restart of any, so that nobody's work is handed back because of it.
    """
    try:
        connection = client()
        since = connection.get(key("presence", "since"))
        alive_since = _clock(connection) - ONLINE_SECONDS
        webs: Any = connection.zrangebyscore(key("presence", "webs"), alive_since, "+inf")
    except (redis.RedisError, OSError):
        return False
    if since is None or not webs:
        return False
    youngest = max(float(str(since)), *(float(started_at) for started_at in webs))
    return now.timestamp() - youngest >= SETTLING_SECONDS


def keep_viewing(views: Iterable[tuple[int, int]]) -> None:
    """These agents have these conversations open, as (conversation, agent); to be repeated while that is so."""
    views = list(views)
    if not views:
        return
    try:
        connection = client()
        now = _clock(connection)
        with connection.pipeline(transaction=False) as pipeline:
            for conversation_id, agent_id in views:
                viewers_key = key("viewing", conversation_id)
                pipeline.zadd(viewers_key, {str(agent_id): now})
                pipeline.zremrangebyscore(viewers_key, 0, now - VIEWING_SECONDS)
                pipeline.expire(viewers_key, VIEWING_SECONDS)
            pipeline.execute()
    except (redis.RedisError, OSError) as error:
        logger.warning("Viewers were not written: %s", error)


def stop_viewing(conversation_id: int, agent_id: int) -> None:
    """This agent's last tab left the conversation."""
    try:
        client().zrem(key("viewing", conversation_id), str(agent_id))
    except (redis.RedisError, OSError) as error:
        logger.warning("A leaving viewer was not written: %s", error)


def viewer_ids(conversation_id: int) -> list[int]:
    """Who has the conversation open."""
    try:
        connection = client()
        found = connection.zrangebyscore(key("viewing", conversation_id), _clock(connection) - VIEWING_SECONDS, "+inf")
    except (redis.RedisError, OSError):
        return []
    return [int(str(agent_id)) for agent_id in found]


def look(agent_id: int, tab: str) -> None:
    """Somebody is at work in this tab, which is visible."""
    try:
        connection = client()
        connection.zadd(key("looking", agent_id), {tab: _clock(connection)})
        connection.expire(key("looking", agent_id), LOOKING_SECONDS)
    except (redis.RedisError, OSError) as error:
        logger.warning("A look was not written: %s", error)


def look_away(agent_id: int, tab: str) -> None:
    """This tab is hidden or gone."""
    try:
        client().zrem(key("looking", agent_id), tab)
    except (redis.RedisError, OSError) as error:
        logger.warning("A look away was not written: %s", error)


def looks_now(agent_id: int) -> bool:
    """Whether the agent is at one of their pages right now; no when Redis is away."""
    try:
        connection = client()
        return bool(connection.zcount(key("looking", agent_id), _clock(connection) - LOOKING_SECONDS, "+inf"))
    except (redis.RedisError, OSError):
        return False


def may_say_typing(conversation_id: int, agent_id: int, what: str) -> bool:
    """At most one typing notice of an agent per conversation each 3 s, over all tabs and processes."""
    try:
        connection = client()
        if what == "reply":
            connection.set(key("replying", conversation_id), 1, ex=REPLYING_SECONDS)
        return bool(connection.set(key("typing", conversation_id, agent_id, what), 1, nx=True, ex=3))
    except (redis.RedisError, OSError):
        return False


def is_replying(conversation_id: int) -> bool:
    """Has somebody typed a reply here a moment ago?"""
    try:
        return bool(client().exists(key("replying", conversation_id)))
    except (redis.RedisError, OSError):
        return False


def _last_seen_in_redis(workspace_id: int) -> dict[int, datetime] | None:
    """None when Redis is away."""
    try:
        scores: Any = client().zrange(_agents(workspace_id), 0, -1, withscores=True)
    except (redis.RedisError, OSError) as error:
        logger.warning("Presence was not read, going by last_seen_at: %s", error)
        return None
    return {int(agent_id): datetime.fromtimestamp(score, tz=UTC) for agent_id, score in scores}


def _clock(connection: redis.Redis) -> float:
    """Redis' own clock, so that several hosts agree."""
    seconds, microseconds = connection.time()
    return seconds + microseconds / 1_000_000


def _tabs(workspace_id: int) -> str:
    return key("presence", workspace_id, "tabs")


def _agents(workspace_id: int) -> str:
    return key("presence", workspace_id, "agents")
