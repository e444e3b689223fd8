"""The pure rules of automatic assignment: the order of the queue, and who gets what."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from inbox.routing_rules import Candidate, Waiting, choose, queue_order

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TEAM = 1


def waiting(pk, minutes=10, closes_in_hours=20.0, **fields):
    fields.setdefault("strategy", "least_busy")
    closes_at = None if closes_in_hours is None else NOW + timedelta(hours=closes_in_hours)
    return Waiting(pk, TEAM, waiting_since=NOW - timedelta(minutes=minutes), closes_at=closes_at, **fields)


def person(pk, load=0, capacity=8, idle=0, turn=0, teams=(TEAM,)):
    return Candidate(
        pk, frozenset(teams), capacity, load, idle_since=NOW - timedelta(minutes=idle),
        last_turn=NOW - timedelta(minutes=turn),
    )  # fmt: skip


def given_to(queue, people):
    return {choice.conversation_id: choice.agent_id for choice in choose(queue, people, NOW)}


def test_windows_about_to_close_come_first_then_the_longest_wait_then_closed_windows():
    queue = [
        waiting(1, minutes=500, closes_in_hours=-1), waiting(2, minutes=900, closes_in_hours=None),
        waiting(3, minutes=60, closes_in_hours=23), waiting(4, minutes=300, closes_in_hours=4),
        waiting(5, minutes=5, closes_in_hours=3.9), waiting(6, minutes=1, closes_in_hours=0.5),
    ]  # fmt: skip

    assert [each.conversation_id for each in queue_order(queue, NOW)] == [6, 5, 4, 3, 2, 1]


def test_least_busy_is_relative_to_capacity():
    assert given_to([waiting(1)], [person(1, load=3, capacity=4), person(2, load=5, capacity=10)]) == {1: 2}


def test_among_equally_busy_the_longest_idle_gets_it():
    assert given_to([waiting(1)], [person(1, load=1, idle=2), person(2, load=1, idle=12)]) == {1: 2}
    third = [person(1, load=1, capacity=3, idle=2), person(2, load=2, capacity=6, idle=12)]
    assert given_to([waiting(1)], third) == {1: 2}


def test_in_turn_goes_by_the_last_turn_whatever_the_load():
    people = [person(1, load=0, turn=1), person(2, load=7, turn=9)]

    assert given_to([waiting(1, strategy="round_robin")], people) == {1: 2}


def test_in_turn_goes_round():
    people = [person(pk, capacity=100, turn=10 - pk) for pk in (1, 2, 3)]
    queue = [waiting(pk, minutes=100 - pk, strategy="round_robin") for pk in range(1, 8)]

    assert list(given_to(queue, people).values()) == [1, 2, 3, 1, 2, 3, 1]


def test_the_last_agent_gets_it_back_unless_full_or_the_team_does_not_want_that():
    people = [person(1, load=0), person(2, load=7)]

    assert given_to([waiting(1, last_agent_id=2)], people) == {1: 2}
    assert given_to([waiting(1, last_agent_id=2, sticky=False)], people) == {1: 1}
    assert given_to([waiting(1, last_agent_id=2)], [person(1), person(2, load=8)]) == {1: 1}


def test_whoever_put_it_back_does_not_get_it():
    assert given_to([waiting(1, last_agent_id=2, not_to=2)], [person(1, load=7), person(2)]) == {1: 1}
    assert given_to([waiting(1, not_to=2)], [person(2)]) == {1: None}


def test_nobody_in_the_team_is_a_decision_too_and_by_hand_is_none():
    [choice] = choose([waiting(1)], [person(1, teams=(2,))], NOW)

    assert (choice.agent_id, choice.reason, choice.facts) == (None, "nobody_free", {"candidates": []})
    assert choose([waiting(1, strategy="manual")], [person(1)], NOW) == []


def test_a_decision_carries_the_facts_it_was_made_by():
    [choice] = choose([waiting(1)], [person(1, load=3, idle=12), person(2, load=6)], NOW)

    assert (choice.reason, choice.facts) == ("least_busy", {
        "load": 3, "capacity": 8, "idle_minutes": 12,
        "candidates": [
            {"agent": 1, "load": 3, "capacity": 8, "idle_minutes": 12, "turn": 0},
            {"agent": 2, "load": 6, "capacity": 8, "idle_minutes": 0, "turn": 1},
        ],
    })  # fmt: skip


def test_capacity_zero_means_nothing():
    assert given_to([waiting(1)], [person(1, capacity=0)]) == {1: None}


people_lists = st.lists(
    st.tuples(
        st.integers(0, 12), st.integers(0, 12), st.integers(0, 200), st.sets(st.sampled_from([1, 2]), min_size=1)
    ),
    min_size=0, max_size=6,
).map(lambda rows: [person(i + 1, *row[:3], teams=row[3]) for i, row in enumerate(rows)])  # fmt: skip
queues = st.lists(
    st.builds(
        waiting,
        pk=st.integers(1, 10_000), minutes=st.integers(0, 3000),
        closes_in_hours=st.none() | st.floats(-5, 24),
        strategy=st.sampled_from(["least_busy", "round_robin", "manual"]),
        last_agent_id=st.none() | st.integers(1, 7), not_to=st.none() | st.integers(1, 7), sticky=st.booleans(),
    ),
    max_size=30, unique_by=lambda each: each.conversation_id,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(queue=queues, people=people_lists)
def test_no_choice_ever_breaks_capacity_team_or_order(queue, people):
    choices = choose(queue, people, NOW)

    by_id = {each.agent_id: each for each in people}
    served = {each.conversation_id: each for each in queue if each.strategy != "manual"}
    order = [each.conversation_id for each in queue_order(queue, NOW) if each.conversation_id in served]
    assert [choice.conversation_id for choice in choices] == order
    got = Counter(choice.agent_id for choice in choices if choice.agent_id)
    for agent_id, count in got.items():
        assert by_id[agent_id].load + count <= by_id[agent_id].capacity
    for choice in choices:
        wanted = served[choice.conversation_id]
        if choice.agent_id is not None:
            assert wanted.team_id in by_id[choice.agent_id].team_ids and choice.agent_id != wanted.not_to
        else:
            able = [p for p in people if wanted.team_id in p.team_ids and p.agent_id != wanted.not_to]
            assert all(p.load + got[p.agent_id] >= p.capacity for p in able)


@settings(max_examples=200, deadline=None)
@given(queue=queues)
def test_the_order_is_total_and_serves_soon_closing_before_long_waiting_before_closed(queue):
    ordered = queue_order(queue, NOW)

    assert sorted(each.conversation_id for each in ordered) == sorted(each.conversation_id for each in queue)
    assert queue_order(reversed(queue), NOW) == ordered
    for first, second in zip(ordered, ordered[1:], strict=False):
        ranks = [_rank(first), _rank(second)]
        assert ranks == sorted(ranks)
        if ranks == [0, 0]:
            assert first.closes_at <= second.closes_at
        elif ranks[0] == ranks[1]:
            assert first.waiting_since <= second.waiting_since


def _rank(each):
    if each.closes_at is None or each.closes_at <= NOW:
        return 2
    return 0 if each.closes_at < NOW + timedelta(hours=4) else 1


@settings(max_examples=100, deadline=None)
@given(count=st.integers(0, 200), size=st.integers(1, 20), capacity=st.integers(1, 30))
def test_equal_people_get_equal_shares(count, size, capacity):
    queue = [waiting(pk, minutes=pk) for pk in range(1, count + 1)]
    choices = choose(queue, [person(pk, capacity=capacity) for pk in range(1, size + 1)], NOW)

    got = Counter(dict.fromkeys(range(1, size + 1), 0))
    got.update(choice.agent_id for choice in choices if choice.agent_id)
    assert max(got.values()) - min(got.values()) <= 1
    assert sum(got.values()) == min(count, size * capacity)
