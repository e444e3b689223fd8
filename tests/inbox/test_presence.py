"""Who counts as here: by Redis, and by PostgreSQL when Redis is away or has forgotten."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import Agent
from inbox import presence, redis_connections
from tests.cast import make_cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    client = redis_connections.client()
    for name in client.scan_iter(redis_connections.key("*")):
        client.delete(name)
    cast = make_cast()
    Agent.objects.update(last_seen_at=timezone.now() - timedelta(hours=1))
    return cast


def _later(seconds: float) -> datetime:
    return timezone.now() + timedelta(seconds=seconds)


def _settle() -> None:
    """As after two quiet minutes of web and Redis."""
    long_ago = timezone.now().timestamp() - 600
    redis_connections.client().set(redis_connections.key("presence", "since"), long_ago)
    presence.beat_many({}, started_at=long_ago)


def _age(cast, agent, seconds: float) -> None:
    """As if the agent had last beaten so long ago."""
    at = timezone.now().timestamp() - seconds
    client = redis_connections.client()
    client.zadd(redis_connections.key("presence", cast.workspace.pk, "agents"), {str(agent.pk): at})
    tabs = redis_connections.key("presence", cast.workspace.pk, "tabs")
    for member in client.zrange(tabs, 0, -1):
        if member.startswith(f"{agent.pk}:"):
            client.zadd(tabs, {member: at})


def test_several_tabs_are_one_person(cast):
    for tab in ("a", "b", "c"):
        presence.beat(cast.workspace.pk, cast.ben.pk, tab)

    assert presence.online_agent_ids(cast.workspace.pk) == {cast.ben.pk}
    assert presence.present_agent_ids(cast.workspace.pk, timezone.now()) == {cast.ben.pk}


def test_somebody_is_online_until_the_last_tab_is_gone(cast):
    presence.beat(cast.workspace.pk, cast.ben.pk, "a")
    presence.beat(cast.workspace.pk, cast.ben.pk, "b")
    presence.gone(cast.workspace.pk, cast.ben.pk, "a")
    assert presence.is_online(cast.workspace.pk, cast.ben.pk)

    presence.gone(cast.workspace.pk, cast.ben.pk, "b")
    assert not presence.is_online(cast.workspace.pk, cast.ben.pk)


def test_silence_of_a_minute_is_offline(cast):
    presence.beat(cast.workspace.pk, cast.ben.pk, "a")
    _age(cast, cast.ben, 59)
    assert presence.is_online(cast.workspace.pk, cast.ben.pk)

    _age(cast, cast.ben, 61)
    assert not presence.is_online(cast.workspace.pk, cast.ben.pk)


def test_work_may_come_for_ninety_seconds_after_the_last_tab(cast):
    _settle()
    presence.beat(cast.workspace.pk, cast.ben.pk, "a")
    presence.gone(cast.workspace.pk, cast.ben.pk, "a")

    assert presence.present_agent_ids(cast.workspace.pk, _later(89)) == {cast.ben.pk}
    assert presence.present_agent_ids(cast.workspace.pk, _later(92)) == set()


def test_workspaces_know_nothing_of_each_other(cast):
    presence.beat(cast.workspace.pk, cast.ben.pk, "a")

    assert presence.online_agent_ids(cast.other_workspace.pk) == set()
    assert presence.present_agent_ids(cast.other_workspace.pk, timezone.now()) == set()


def test_an_emptied_redis_makes_nobody_absent(cast):
    _settle()
    presence.beat(cast.workspace.pk, cast.ben.pk, "a")
    Agent.objects.filter(pk=cast.ben.pk).update(last_seen_at=timezone.now() - timedelta(seconds=60))
    for name in redis_connections.client().scan_iter(redis_connections.key("*")):
        redis_connections.client().delete(name)

    assert presence.present_agent_ids(cast.workspace.pk, timezone.now()) == {cast.ben.pk}


def test_soon_after_the_loss_the_first_to_come_back_is_not_the_only_one_here(cast):
    Agent.objects.filter(pk=cast.ben.pk).update(last_seen_at=timezone.now() - timedelta(seconds=60))
    presence.beat_many({cast.workspace.pk: [(cast.lea.pk, "a")]}, started_at=timezone.now().timestamp() - 600)

    assert presence.present_agent_ids(cast.workspace.pk, timezone.now()) == {cast.ben.pk, cast.lea.pk}


def test_when_redis_is_away_postgresql_says_who_was_here_lately(cast, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    Agent.objects.filter(pk=cast.ben.pk).update(last_seen_at=timezone.now() - timedelta(seconds=100))
    Agent.objects.filter(pk=cast.lea.pk).update(last_seen_at=timezone.now() - timedelta(seconds=200))

    assert presence.present_agent_ids(cast.workspace.pk, timezone.now()) == {cast.ben.pk}
    assert presence.online_agent_ids(cast.workspace.pk) == set()


def test_an_old_last_seen_counts_for_nothing_once_redis_knows(cast):
    _settle()
    Agent.objects.filter(pk=cast.ben.pk).update(last_seen_at=timezone.now() - timedelta(seconds=100))

    assert presence.present_agent_ids(cast.workspace.pk, timezone.now()) == set()


@pytest.mark.parametrize("lost", ["since", "webs"])
def test_absence_proves_nothing_for_two_minutes_after_a_restart(cast, lost):
    _settle()
    assert presence.is_settled(timezone.now())

    redis_connections.client().delete(redis_connections.key("presence", lost))
    assert not presence.is_settled(timezone.now())

    presence.beat_many({}, started_at=timezone.now().timestamp())
    assert not presence.is_settled(_later(118))
    assert presence.is_settled(_later(122))


def test_one_of_two_web_processes_that_came_back_is_reason_to_wait_whoever_beats_last(cast):
    _settle()
    now = timezone.now().timestamp()
    presence.beat_many({}, started_at=now)
    presence.beat_many({}, started_at=now - 600)

    assert not presence.is_settled(_later(118))
    assert presence.is_settled(_later(122))


def test_last_presence_is_the_later_of_both_memories(cast):
    minute_ago = (timezone.now() - timedelta(minutes=1)).replace(microsecond=0)
    Agent.objects.filter(pk=cast.lea.pk).update(last_seen_at=minute_ago)
    presence.beat(cast.workspace.pk, cast.lea.pk, "a")
    _age(cast, cast.lea, 3600)
    presence.beat(cast.workspace.pk, cast.ben.pk, "a")

    seen = presence.last_present_at(cast.workspace.pk)
    assert seen[cast.lea.pk] == minute_ago
    assert datetime.now(UTC) - seen[cast.ben.pk] < timedelta(seconds=30)
    assert cast.mallory.pk not in seen


def test_viewers_leave_and_fade(cast):
    presence.keep_viewing([(cast.claras.pk, cast.ben.pk), (cast.claras.pk, cast.lea.pk)])
    assert set(presence.viewer_ids(cast.claras.pk)) == {cast.ben.pk, cast.lea.pk}

    presence.stop_viewing(cast.claras.pk, cast.ben.pk)
    assert presence.viewer_ids(cast.claras.pk) == [cast.lea.pk]
    assert 0 < redis_connections.client().ttl(redis_connections.key("viewing", cast.claras.pk)) <= 50


def test_typing_is_said_once_in_three_seconds_over_all_tabs(cast):
    assert presence.may_say_typing(cast.claras.pk, cast.ben.pk, "reply")
    assert not presence.may_say_typing(cast.claras.pk, cast.ben.pk, "reply")
    assert presence.may_say_typing(cast.claras.pk, cast.lea.pk, "reply")
