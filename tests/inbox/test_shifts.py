"""Working hours of people: who gets work when, whose work goes back, and working all the same."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone, translation

from accounts import duty
from accounts.models import Agent, Availability, Duty, HoursException, WorkingHours
from inbox import presence
from inbox.actions import assignment
from inbox.actions.availability import change_shifts, set_availability
from inbox.activity_lines import line_of
from inbox.loops.sweeper import Sweeper
from inbox.models import Activity, Conversation, Event
from tests.inbox.noon import *  # noqa: F403
from tests.inbox.noon import NOON, colleague, holder, route

pytestmark = pytest.mark.django_db

BERLIN = ZoneInfo("Europe/Berlin")
# NOON is a Monday, 13:00 in Berlin.
MORNING, AFTERNOON, EVENING = [540, 780], [840, 1110], [1140, 1320]


def schedule(agent, *today, **fields):
    """The same blocks every day, written with the person as of now."""
    hours = WorkingHours.objects.create(
        workspace=agent.workspace, agent=agent, weekly=[[list(block) for block in today]] * 7, **fields
    )
    duty.refresh([agent], timezone.now())
    return hours


def berlin(hour, minute=0, day=23):
    return datetime(2026, 11, day, hour, minute, tzinfo=BERLIN)


def test_outside_their_hours_nobody_gets_new_work_and_the_queue_drains_when_a_block_begins(cast, clock):
    schedule(cast.ben, MORNING, AFTERNOON)
    route(cast)
    assert holder(cast.claras) is None

    clock.move_to(berlin(14))
    Sweeper().run(timezone.now())

    assert holder(cast.claras) == holder(cast.darios) == cast.ben


def test_the_second_counts_even_before_the_sweeper_has_come(cast, clock):
    schedule(cast.ben, [840, 850])
    clock.move_to(berlin(13, 59) + timedelta(seconds=59))
    assert cast.ben.is_off_duty_now
    clock.move_to(berlin(14))
    assert not cast.ben.is_off_duty_now
    clock.move_to(berlin(14, 9))
    change_shifts(timezone.now())
    cast.ben.refresh_from_db()
    clock.move_to(berlin(14, 10))
    assert cast.ben.is_off_duty_now
    assert not Agent.objects.filter(duty.on_duty(timezone.now()), pk=cast.ben.pk).exists()
    route(cast)
    assert holder(cast.claras) is None


def test_a_lunch_break_leaves_the_work_for_the_grace_counted_from_its_beginning(cast, clock):
    clock.move_to(berlin(12, 50))
    schedule(cast.ben, MORNING, AFTERNOON)
    assignment.claim(cast.claras, by=cast.ben)
    clock.move_to(berlin(13, 20))  # nobody swept at 13:00
    change_shifts(timezone.now())

    clock.move_to(berlin(13, 29) + timedelta(seconds=59))
    assert assignment.hand_back_absent(cast.workspace.pk, timezone.now()) == 0
    clock.move_to(berlin(13, 30))
    assert assignment.hand_back_absent(cast.workspace.pk, timezone.now()) == 1

    line = Activity.objects.get(kind="handed_back")
    assert line.data["why"] == "off_duty"
    with translation.override("en"):
        assert "is off work" in str(line_of(line).html)


def test_back_from_lunch_before_the_grace_is_over_they_keep_their_work(cast, clock):
    clock.move_to(berlin(12, 50))
    cast.team.handback_minutes = 90
    cast.team.save()
    schedule(cast.ben, MORNING, AFTERNOON)
    assignment.claim(cast.claras, by=cast.ben)
    clock.move_to(berlin(14, 45))
    change_shifts(timezone.now())

    assert assignment.hand_back_absent(cast.workspace.pk, timezone.now()) == 0


def test_a_new_schedule_that_says_off_counts_from_now_not_from_this_morning(cast, clock):
    assignment.claim(cast.claras, by=cast.ben)
    schedule(cast.ben, [0, 60])

    assert assignment.hand_back_absent(cast.workspace.pk, timezone.now()) == 0
    clock.shift(timedelta(minutes=30))
    assert assignment.hand_back_absent(cast.workspace.pk, timezone.now()) == 1


def test_who_switches_on_outside_their_hours_works_until_the_schedule_changes(cast, clock):
    schedule(cast.ben, MORNING, EVENING)
    set_availability(cast.ben, Availability.AVAILABLE, by=cast.ben)
    assert (cast.ben.duty, cast.ben.works_extra) == (Duty.EXTRA, True)
    route(cast)
    assert holder(cast.claras) == cast.ben
    clock.shift(timedelta(hours=1))
    assert assignment.hand_back_absent(cast.workspace.pk, timezone.now()) == 0

    clock.move_to(berlin(19, 30))
    change_shifts(timezone.now())
    cast.ben.refresh_from_db()
    assert cast.ben.duty == Duty.ON
    clock.move_to(berlin(22))
    change_shifts(timezone.now())
    cast.ben.refresh_from_db()
    assert (cast.ben.duty, cast.ben.availability) == (Duty.OFF, Availability.AVAILABLE)


def test_switching_off_ends_the_extra_work_and_the_next_block_begins_as_ever(cast, clock):
    schedule(cast.ben, MORNING, AFTERNOON)
    set_availability(cast.ben, Availability.AVAILABLE, by=cast.ben)
    clock.shift(timedelta(minutes=5))
    set_availability(cast.ben, Availability.AWAY, by=cast.ben)

    assert cast.ben.is_off_duty_now
    assert cast.ben.duty_since == timezone.now()
    assert cast.ben.availability == Availability.AVAILABLE
    clock.move_to(berlin(14))
    assert not cast.ben.is_off_duty_now


def test_switching_on_as_the_block_ends_counts_as_extra_work(cast, clock):
    clock.move_to(berlin(12))
    schedule(cast.ben, MORNING)
    clock.move_to(berlin(13))  # over, and not swept yet
    set_availability(cast.ben, Availability.AVAILABLE, by=cast.ben)
    change_shifts(timezone.now())

    cast.ben.refresh_from_db()
    assert cast.ben.works_extra
    assert cast.ben.duty_until == berlin(9, day=24)


def test_a_break_during_extra_work_is_a_break(cast, clock):
    schedule(cast.ben, MORNING, EVENING)
    set_availability(cast.ben, Availability.AVAILABLE, by=cast.ben)
    set_availability(cast.ben, Availability.AWAY, by=cast.ben, until=timezone.now() + timedelta(minutes=10))

    assert cast.ben.works_extra
    assert cast.ben.availability == Availability.AWAY


def test_a_lead_ends_a_pause_but_does_not_send_anybody_to_extra_work(cast):
    schedule(cast.ben, MORNING)
    set_availability(cast.ben, Availability.AWAY, by=cast.lea)
    set_availability(cast.ben, Availability.AVAILABLE, by=cast.lea)

    assert cast.ben.availability == Availability.AVAILABLE
    assert cast.ben.is_off_duty_now


def test_away_within_the_hours_stays_away_when_the_next_block_begins(cast, clock):
    clock.move_to(berlin(12))
    schedule(cast.ben, MORNING, AFTERNOON)
    set_availability(cast.ben, Availability.AWAY, by=cast.ben)
    clock.move_to(berlin(14))
    change_shifts(timezone.now())
    route(cast)

    assert holder(cast.claras) is None


def test_days_off_count_without_fixed_hours_too(cast, clock):
    hours = schedule(cast.ben, is_used=False)
    HoursException.objects.create(hours=hours, date=date(2026, 11, 24), name="Urlaub")
    duty.refresh([cast.ben], timezone.now())
    assert (cast.ben.duty, cast.ben.duty_until) == (Duty.ON, berlin(0, day=24))

    clock.move_to(berlin(0, day=24))
    change_shifts(timezone.now())
    cast.ben.refresh_from_db()
    assert (cast.ben.duty, cast.ben.duty_until) == (Duty.FREE, berlin(0, day=25))


def test_without_a_schedule_nothing_changes(cast):
    schedule(cast.ben, is_used=False)
    assert (cast.ben.duty, cast.ben.duty_until) == (Duty.UNSCHEDULED, None)
    route(cast)
    assert holder(cast.claras) == cast.ben


def test_the_screens_hear_of_a_shift_that_ends_and_state_says_off(cast, clock):
    clock.move_to(berlin(12))
    schedule(cast.ben, MORNING)
    clock.move_to(berlin(13))
    assert change_shifts(timezone.now()) is False
    cast.ben.refresh_from_db()

    told = Event.objects.filter(kind="agent").last()
    assert told.payload["agent"]["availability"] == "away"
    assert presence.state_of(cast.ben, {cast.ben.pk}) == "off"


def test_many_shifts_that_begin_at_once_take_several_sweeps(cast, clock):
    people = [colleague(cast, f"Person {n}") for n in range(25)]
    for person in people:
        schedule(person, AFTERNOON)
    clock.move_to(berlin(14))

    assert change_shifts(timezone.now()) is True
    assert change_shifts(timezone.now()) is False
    assert Agent.objects.filter(duty=Duty.ON).count() == 25


def test_keeping_what_is_mine_outlasts_the_grace_but_not_the_guard(cast, clock):
    assignment.claim(cast.claras, by=cast.ben)
    set_availability(cast.ben, Availability.AWAY, by=cast.ben, keeps=True)
    clock.shift(timedelta(hours=20))
    assert assignment.hand_back_absent(cast.workspace.pk, timezone.now()) == 0

    clock.shift(timedelta(hours=3, minutes=30))
    assert assignment.hand_back_absent(cast.workspace.pk, timezone.now()) == 1
    assert Activity.objects.get(kind="handed_back").data["guarded"]


def test_keeping_holds_although_the_last_tab_is_closed_and_ends_with_coming_back(cast, people, clock):
    assignment.claim(cast.claras, by=cast.ben)
    set_availability(cast.ben, Availability.AWAY, by=cast.ben, keeps=True)
    people.gone(cast.ben, since=NOON)
    clock.shift(timedelta(hours=2))
    assert assignment.hand_back_absent(cast.workspace.pk, timezone.now()) == 0

    set_availability(cast.ben, Availability.AVAILABLE, by=cast.ben)
    assert not cast.ben.away_keeps
    assert assignment.hand_back_absent(cast.workspace.pk, timezone.now()) == 1  # still nowhere to be seen


def test_keeping_ends_with_the_working_hours(cast, clock):
    clock.move_to(berlin(12))
    schedule(cast.ben, MORNING)
    assignment.claim(cast.claras, by=cast.ben)
    set_availability(cast.ben, Availability.AWAY, by=cast.ben, keeps=True)
    clock.move_to(berlin(13, 29))
    assert assignment.hand_back_absent(cast.workspace.pk, timezone.now()) == 0
    clock.move_to(berlin(13, 30))
    assert assignment.hand_back_absent(cast.workspace.pk, timezone.now()) == 1


def test_a_limit_in_a_team_holds_and_the_rest_goes_to_others(cast, cora):
    cast.ben.memberships.update(capacity=1)
    cora.memberships.update(capacity=0)
    route(cast)

    assert sorted(str(holder(each)) for each in (cast.claras, cast.darios)) == ["Ben Brandt", "None"]
    cora.memberships.update(capacity=5)
    route(cast)
    assert {holder(cast.claras), holder(cast.darios)} == {cast.ben, cora}


def test_what_is_answered_long_ago_leaves_room_within_the_limit(cast, clock):
    cast.ben.memberships.update(capacity=1)
    assignment.claim(cast.claras, by=cast.ben)
    route(cast)
    assert holder(cast.darios) is None

    Conversation.objects.filter(pk=cast.claras.pk).update(needs_answer=False, answered_at=NOON - timedelta(hours=5))
    route(cast)
    assert holder(cast.darios) == cast.ben


def test_dates_in_utc_do_not_matter(cast, clock):
    """A person in Lisbon works by the clock in Lisbon."""
    cast.ben.timezone = "Europe/Lisbon"
    cast.ben.save()
    schedule(cast.ben, [720, 780])
    assert not cast.ben.is_off_duty_now
    assert cast.ben.duty_until == datetime(2026, 11, 23, 13, tzinfo=UTC)
