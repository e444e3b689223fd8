"""The 24 hours, as laws that hold for any times."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whatsapp.service_window import ServiceWindow

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(hours=24)
moments = st.timedeltas(min_value=timedelta(days=-3), max_value=timedelta(days=3)).map(lambda delta: START + delta)
margins = st.integers(min_value=0, max_value=3600)
windows = st.builds(ServiceWindow, moments, st.none() | moments, margins)


@given(windows, moments)
def test_it_is_never_open_a_day_less_the_margin_after_the_last_message(window, now):
    if now >= window.last_customer_message_at + DAY - timedelta(seconds=window.margin_seconds):
        assert not window.is_open(now)


@given(windows, moments)
def test_a_refusal_after_the_last_message_closes_it(window, now):
    refused = window.refused_at
    if refused is not None and refused >= window.last_customer_message_at and now >= refused:
        assert not window.is_open(now)


@given(windows, moments)
def test_a_refusal_before_the_last_message_says_nothing(window, now):
    if window.refused_at is not None and window.refused_at < window.last_customer_message_at:
        assert window.is_open(now) == ServiceWindow(
            window.last_customer_message_at, None, window.margin_seconds
        ).is_open(now)


@given(windows, moments, moments)
def test_once_closed_it_stays_closed_until_the_customer_writes(window, first, second):
    if not window.is_open(first) and second >= first:
        assert not window.is_open(second)


@given(windows, moments)
def test_every_display_says_what_the_rule_says(window, now):
    is_open = window.is_open(now)

    assert is_open == (window.time_left(now) > timedelta(0))
    assert is_open == (window.state(now) != "closed")
    assert is_open == (now < window.closes_at)


@given(windows, moments)
def test_a_timestamp_ahead_never_shows_more_than_a_full_window(window, now):
    assert window.time_left(now) <= DAY - timedelta(seconds=window.margin_seconds)
    assert 0 <= window.percent_left(now) <= 100


@given(moments, moments, st.none() | moments, margins, moments)
def test_a_newer_message_never_closes_it_earlier(earlier, later, refused, margin, now):
    earlier, later = sorted([earlier, later])
    if ServiceWindow(earlier, refused, margin).is_open(now):
        assert ServiceWindow(later, refused, margin).is_open(now)


@given(moments)
def test_without_a_message_it_was_never_open(now):
    window = ServiceWindow(None)

    assert (window.is_open(now), window.state(now), window.closes_at) == (False, "closed", None)


@pytest.mark.parametrize(("age", "state"), [
    (timedelta(0), "open"), (timedelta(hours=19, minutes=58), "open"), (timedelta(hours=19, minutes=59), "soon"),
    (timedelta(hours=22, minutes=59), "soon"), (timedelta(hours=22, minutes=59, seconds=1), "urgent"),
    (timedelta(hours=23, minutes=58, seconds=59), "urgent"), (timedelta(hours=23, minutes=59), "closed"),
])  # fmt: skip
def test_the_ring_changes_at_four_hours_one_hour_and_the_margin(age, state):
    assert ServiceWindow(START - age).state(START) == state
