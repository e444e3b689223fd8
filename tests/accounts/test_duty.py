"""What is written of people's shifts against their hours: right at every moment, however late the sweeper comes."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from accounts import duty
from accounts.models import Agent, Duty
from tests import factories
from tests.accounts.test_hours_properties import BERLIN, DAYS, situations

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTES = st.integers(0, DAYS * 1440 - 3000)


def boundary(hours, moment):
    """When the schedule says something else next."""
    return hours.closes_after(moment) if hours.is_open(moment) else hours.next_opening(moment)


@settings(max_examples=150, deadline=None)
@given(situations(), st.lists(MINUTES, min_size=1, max_size=12), MINUTES)
def test_on_or_off_is_what_the_hours_say_at_every_moment_until_the_next_but_one_change(situation, sweeps, probe):
    first, hours = situation
    begin = datetime(first.year, first.month, first.day, tzinfo=BERLIN)
    agent = Agent(name="Ben")
    for minute in sorted(sweeps):
        moment = begin + timedelta(minutes=minute)
        duty.look_at(agent, hours, moment)
        assert agent.is_off_duty(moment) == (not hours.is_open(moment))
    after = moment + timedelta(minutes=probe % 2880)
    change = boundary(hours, moment)
    assert agent.duty_until == change
    if change is None or after < change or (boundary(hours, change) or after + timedelta(1)) > after:
        assert agent.is_off_duty(after) == (not hours.is_open(after))


@settings(max_examples=100, deadline=None)
@given(situations(), MINUTES, st.integers(0, 600))
def test_absence_counts_from_the_end_of_the_last_block_however_late_it_is_noticed(situation, minute, late):
    first, hours = situation
    moment = datetime(first.year, first.month, first.day, tzinfo=BERLIN) + timedelta(minutes=minute)
    assume(hours.is_open(moment))
    agent = Agent(name="Ben")
    duty.look_at(agent, hours, moment)
    assume(agent.duty_until is not None)
    noticed = agent.duty_until + timedelta(minutes=late)
    duty.look_at(agent, hours, noticed)

    if not hours.is_open(noticed):
        assert agent.duty in (Duty.OFF, Duty.FREE)
        assert agent.duty_since == hours.closed_since(noticed)
        assert not hours.between(agent.duty_since, noticed)
        assert hours.is_open(agent.duty_since - timedelta(seconds=1))


@settings(max_examples=100, deadline=None)
@given(situations(), MINUTES, st.integers(0, 2880))
def test_extra_work_lasts_until_the_schedule_changes_and_not_a_second_longer(situation, minute, later):
    first, hours = situation
    moment = datetime(first.year, first.month, first.day, tzinfo=BERLIN) + timedelta(minutes=minute)
    assume(not hours.is_open(moment))
    agent = Agent(name="Ben")
    duty.look_at(agent, hours, moment)
    change, agent.duty = agent.duty_until, Duty.EXTRA
    after = moment + timedelta(minutes=later)
    duty.look_at(agent, hours, after)

    if change is None or after < change:
        assert (agent.duty, agent.is_off_duty(after)) == (Duty.EXTRA, False)
    else:
        assert agent.is_off_duty(after) == (not hours.is_open(after))


@pytest.mark.django_db
def test_the_database_and_the_object_agree_on_who_is_on_duty():
    workspace = factories.workspace()
    for value in Duty:
        for until in (None, NOON - timedelta(seconds=1), NOON, NOON + timedelta(seconds=1)):
            factories.agent(workspace, f"{value.name} {until}", duty=value, duty_since=NOON, duty_until=until)

    on = set(Agent.objects.filter(duty.on_duty(NOON)).values_list("name", flat=True))

    assert on == {agent.name for agent in Agent.objects.all() if not agent.is_off_duty(NOON)}
    assert 0 < len(on) < Agent.objects.count()
