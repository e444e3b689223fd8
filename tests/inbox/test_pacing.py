"""How fast we may send: never beyond the number's throughput, and to one customer as Meta's pair limit allows."""

import bisect
import heapq
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox import pacing
from inbox.pacing import PAIR_STEP, Metronome, TokenBucket, calling_rate, next_arrival, retry_after, sending_rate
from whatsapp import errors

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize("throughput", [1, 20, 80, 250, 1000])
def test_we_stay_below_the_numbers_limit_and_near_it(throughput):
    assert sending_rate(throughput) <= calling_rate(throughput)
    assert calling_rate(throughput) <= throughput
    assert throughput < 20 or sending_rate(throughput) >= throughput * 0.85


@given(
    st.sampled_from([18.0, 70.0, 900.0]), st.lists(st.floats(min_value=0, max_value=2), min_size=1, max_size=200),
)  # fmt: skip
def test_no_span_of_time_gets_more_than_rate_and_burst(rate, pauses):
    bucket, now, taken = TokenBucket(rate, 0.0), 0.0, []
    for pause in pauses:
        now += pause
        count = bucket.available(now)
        bucket.take(count)
        taken.append((now, count))

    for start, _count in taken:
        inside = sum(count for at, count in taken if start <= at < start + 1)
        assert inside <= rate + bucket.burst + 1


@given(st.sampled_from([1.0, 18.36, 71.4, 918.0]), st.floats(0, 3), st.integers(1, 60))
def test_calls_whose_threads_stalled_together_do_not_leave_together(rate, stall, waiting):
    metronome, left = Metronome(rate), []
    queue = [max(metronome.turn(0.0), stall) for _ in range(waiting)]  # nobody runs before the stall is over
    while queue:
        now = heapq.heappop(queue)
        if (more := metronome.leave(now)) > 0:
            heapq.heappush(queue, now + more)
        else:
            left.append(now)
            if len(left) < 3 * rate + waiting:
                heapq.heappush(queue, now + metronome.turn(now))

    for index, start in enumerate(left):
        assert bisect.bisect_left(left, start + 1) - index <= max(1, rate)


def test_a_slowed_number_keeps_no_more_than_its_smaller_burst():
    bucket = TokenBucket(70.0, 0.0)
    bucket.available(10.0)

    bucket.change_rate(35.0, 10.0)

    assert bucket.available(10.0) == 3


def test_the_pair_limit_lets_45_through_and_then_one_each_six_seconds():
    arrival, passed = None, 0
    while (arrival_after := next_arrival(arrival, NOW)) is not None:
        arrival, passed = arrival_after, passed + 1

    assert passed == 45
    assert next_arrival(arrival, NOW + PAIR_STEP) is not None
    assert next_arrival(arrival, NOW + PAIR_STEP - timedelta(seconds=1)) is None


def test_after_a_pause_the_pair_has_its_whole_burst_again():
    assert next_arrival(NOW - timedelta(days=1), NOW) == NOW + PAIR_STEP


@given(
    st.sampled_from([1, 2, 4, 130429, 131000, 131016, 131056, errors.NOT_REACHED]), st.integers(1, 500),
    st.timedeltas(timedelta(0), timedelta(hours=4)), st.none() | st.floats(0, 3600),
)  # fmt: skip
def test_a_wait_is_positive_and_as_long_as_meta_asked(code, attempt, age, asked):
    wait = retry_after(code, attempt, age, asked)

    assert wait is None or wait >= timedelta(seconds=asked or 0.1)


def test_pair_limits_back_off_by_powers_of_four():
    waits = [retry_after(131056, attempt, timedelta(0), None) for attempt in range(1, 8)]

    assert [round(wait.total_seconds()) >= 4**n for n, wait in enumerate(waits[:6])] == [True] * 6
    assert waits[6] is None


def test_nothing_is_repeated_for_ever():
    assert retry_after(131016, 3, pacing.GIVE_UP_AFTER + timedelta(seconds=1), None) is None
    assert retry_after(131000, 3, timedelta(0), None) is None
