"""Work of people who are gone returns to the queue: what, when, and when not."""

from datetime import timedelta

import pytest
from django.utils import timezone, translation

from accounts.models import Agent, Availability
from inbox.actions import assignment
from inbox.activity_lines import line_of
from inbox.models import Activity, RoutingDecision
from tests import factories
from tests.inbox.noon import *  # noqa: F403
from tests.inbox.noon import NOON, colleague, holder, route

pytestmark = pytest.mark.django_db


@pytest.fixture
def busy(cast):
    """Ben has Clara, who waits, and Dario, who is answered."""
    for conversation in (cast.claras, cast.darios):
        assignment.claim(conversation, by=cast.ben)
    factories.outbound_message(cast.darios, by=cast.ben)
    return cast


def test_away_beyond_the_grace_returns_the_unanswered(busy, clock):
    assignment.set_availability(busy.ben, Availability.AWAY, by=busy.ben)
    clock.shift(timedelta(minutes=29, seconds=59))
    assert assignment.hand_back_absent(busy.workspace.pk, timezone.now()) == 0

    clock.shift(timedelta(seconds=1))
    assert assignment.hand_back_absent(busy.workspace.pk, timezone.now()) == 1

    assert (holder(busy.claras), holder(busy.darios)) == (None, busy.ben)
    assert Activity.objects.get(kind="handed_back").data["why"] == "away"
    assert RoutingDecision.objects.get(reason="handed_back").facts == {"from": busy.ben.pk, "why": "away"}


def test_offline_beyond_the_grace_returns_them_once_presence_is_settled(busy, people, clock):
    people.gone(busy.ben, since=NOON)
    clock.shift(timedelta(minutes=30))
    people.settled = False
    assert assignment.hand_back_absent(busy.workspace.pk, timezone.now()) == 0

    people.settled = True
    assert assignment.hand_back_absent(busy.workspace.pk, timezone.now()) == 1
    assert Activity.objects.get(kind="handed_back").data["why"] == "offline"


def test_a_new_message_to_somebody_long_gone_is_routed_anew(busy, people, clock):
    people.gone(busy.ben, since=NOON)
    cora = colleague(busy)
    people.here(cora)
    clock.shift(timedelta(hours=2))
    assert assignment.hand_back_absent(busy.workspace.pk, timezone.now()) == 1

    busy.darios.refresh_from_db()
    factories.inbound_message(busy.darios)
    assert assignment.hand_back_absent(busy.workspace.pk, timezone.now()) == 1
    route(busy)

    assert holder(busy.claras) == holder(busy.darios) == cora


def test_work_given_by_hand_to_somebody_away_stays_for_the_grace(busy, people, clock):
    people.gone(busy.ben, since=NOON)
    clock.shift(timedelta(hours=1))
    assignment.release(busy.claras, by=busy.ben)
    assignment.assign(busy.claras, to_agent=busy.ben, by=busy.lea)

    clock.shift(timedelta(minutes=29))
    assert assignment.hand_back_absent(busy.workspace.pk, timezone.now()) == 0
    clock.shift(timedelta(minutes=1))
    assert assignment.hand_back_absent(busy.workspace.pk, timezone.now()) == 1


def test_the_teams_own_grace_counts(busy, clock):
    busy.team.handback_minutes = 5
    busy.team.save()
    assignment.set_availability(busy.ben, Availability.AWAY, by=busy.ben)

    clock.shift(timedelta(minutes=5))

    assert assignment.hand_back_absent(busy.workspace.pk, timezone.now()) == 1


def test_coming_back_in_time_keeps_everything(busy, clock):
    assignment.set_availability(busy.ben, Availability.AWAY, by=busy.ben)
    clock.shift(timedelta(minutes=20))
    assignment.set_availability(busy.ben, Availability.AVAILABLE, by=busy.ben)
    clock.shift(timedelta(minutes=20))

    assert assignment.hand_back_absent(busy.workspace.pk, timezone.now()) == 0


def test_deactivation_returns_everything_at_once_but_closed_ones(busy):
    done = factories.conversation(busy.number, status="closed", assignee=busy.ben)
    asleep = factories.conversation(busy.number, status="snoozed", assignee=busy.ben, snoozed_until=NOON)

    assert assignment.hand_back_everything(busy.ben, by=busy.ada) == 3

    assert [holder(each) for each in (busy.claras, busy.darios, asleep, done)] == [None, None, None, busy.ben]
    assert set(Activity.objects.filter(kind="handed_back").values_list("actor", flat=True)) == {busy.ada.pk}


def test_what_a_deactivated_person_still_holds_is_found_and_returned(busy):
    Agent.objects.filter(pk=busy.ben.pk).update(is_active=False, deactivated_at=NOON)

    assert assignment.hand_back_absent(busy.workspace.pk, timezone.now()) == 1
    assert holder(busy.claras) is None


def test_the_signal_of_a_deactivation_hands_back(busy):
    from accounts.signals import agent_deactivated

    agent_deactivated.send(sender=Agent, agent=busy.ben, by=busy.ada)

    assert holder(busy.claras) is None


def test_the_guard_returns_at_once_what_closes_soon_while_its_assignee_is_not_there(busy, clock):
    busy.team.handback_minutes = 24 * 60
    busy.team.guard_minutes = 45
    busy.team.save()
    assignment.set_availability(busy.ben, Availability.AWAY, by=busy.ben)
    clock.shift(timedelta(hours=23, minutes=13))  # the margin of a minute counts
    assert assignment.hand_back_absent(busy.workspace.pk, timezone.now()) == 0

    clock.shift(timedelta(minutes=2))
    assert assignment.hand_back_absent(busy.workspace.pk, timezone.now()) == 1

    assert (holder(busy.claras), holder(busy.darios)) == (None, busy.ben)
    line = Activity.objects.get(kind="handed_back")
    assert line.data["guarded"]
    assert "window closes soon" in english(line)


def test_the_guard_leaves_alone_who_is_there_what_is_closed_and_what_was_just_given(busy, clock):
    clock.shift(timedelta(hours=23, minutes=30))
    assert assignment.hand_back_absent(busy.workspace.pk, timezone.now()) == 0  # Ben is there
    assignment.set_availability(busy.ben, Availability.AWAY, by=busy.ben)
    assignment.release(busy.claras, by=busy.lea)
    assignment.assign(busy.claras, to_agent=busy.ben, by=busy.lea)
    assert assignment.hand_back_absent(busy.workspace.pk, timezone.now()) == 0
    clock.shift(timedelta(minutes=5))
    assert assignment.hand_back_absent(busy.workspace.pk, timezone.now()) == 1

    assignment.assign(busy.claras, to_agent=busy.ben, by=busy.lea)
    clock.shift(timedelta(minutes=24, seconds=30))  # closed: nothing is gained by haste
    assert assignment.hand_back_absent(busy.workspace.pk, timezone.now()) == 0


def english(line):
    with translation.override("en"):
        return str(line_of(line).html)
