"""Automatic assignment: who gets what waits, why, and who does not."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Availability, RoutingStrategy
from inbox.actions import assignment
from inbox.actions.conversations import snooze_conversation
from inbox.models import Activity, Assignment, Conversation, Event, RoutingDecision
from tests import factories
from tests.inbox.noon import *  # noqa: F403
from tests.inbox.noon import NOON, colleague, holder, route

pytestmark = pytest.mark.django_db


def test_what_waits_goes_to_whoever_is_free_and_says_why(cast):
    assert set(route(cast).values()) == {"least_busy"}

    assert holder(cast.claras) == holder(cast.darios) == cast.ben
    decision = RoutingDecision.objects.get(conversation=cast.claras)
    assert decision.facts["load"] in (0, 1) and decision.facts["capacity"] == 8
    line = Activity.objects.get(conversation=cast.claras, kind="assigned")
    assert line.data["reason"] == "least_busy" and line.actor is None
    assert Assignment.objects.get(conversation=cast.claras).by is None


def test_nothing_waiting_decides_nothing(cast):
    route(cast)

    assert route(cast) == {}


@pytest.mark.parametrize("state", ["away", "offline", "inactive", "full", "other team", "no team"])
def test_who_cannot_take_work_gets_none(cast, people, state):
    teams = {"other team": [cast.other_team], "no team": []}.get(state, [cast.team])
    cora = colleague(
        cast, teams=teams, is_active=state != "inactive", capacity=0 if state == "full" else 8,
        availability=Availability.AWAY if state == "away" else Availability.AVAILABLE,
    )  # fmt: skip
    cast.ben.availability = Availability.AWAY
    cast.ben.save()
    if state != "offline":
        people.here(cora)

    assert set(route(cast).values()) == {"nobody_free"}
    assert holder(cast.claras) is None


def test_an_admin_gets_work_only_as_a_member_of_the_team(cast, people):
    people.seen.clear()
    people.here(cast.ada)
    assert set(route(cast).values()) == {"nobody_free"}

    cast.team.memberships.create(agent=cast.ada)
    assert set(route(cast).values()) == {"least_busy"}


def test_nobody_free_is_said_once_per_wait_and_told_to_the_leads(cast, people, clock):
    people.seen.clear()
    assert len(route(cast)) == 2 and route(cast) == {}

    alerts = Event.objects.filter(kind="alert")
    assert [alert.payload["alert"] for alert in alerts] == ["nobody_free"]
    assert Activity.objects.filter(kind="nobody_free").count() == 2

    cast.claras.refresh_from_db()
    factories.outbound_message(cast.claras, by=None)
    clock.shift(timedelta(hours=1))
    factories.inbound_message(cast.claras)
    assert route(cast) == {cast.claras.pk: "nobody_free"}


def test_whoever_comes_drains_the_queue_in_its_order_up_to_capacity(cast, people):
    people.seen.clear()
    route(cast)
    closing = factories.conversation(cast.number)
    factories.inbound_message(closing, at=NOON - timedelta(hours=23))
    late = factories.conversation(cast.number)
    factories.inbound_message(late, at=NOON - timedelta(days=3))
    early = factories.conversation(cast.number)
    factories.inbound_message(early, at=NOON - timedelta(hours=3))
    cast.ben.capacity = 3
    cast.ben.save()
    people.here(cast.ben)

    route(cast)

    assert [holder(each) for each in (closing, early, late)] == [cast.ben, cast.ben, None]
    assert {holder(cast.claras), holder(cast.darios)} == {cast.ben, None}


def test_the_last_agent_gets_the_customer_back_only_with_room_and_in_reach(cast, cora):
    Conversation.objects.filter(pk__in=[cast.claras.pk, cast.darios.pk]).update(last_agent=cora)
    cora.capacity = 1
    cora.save()

    assert sorted(route(cast).values()) == ["least_busy", "sticky"]
    assert {holder(cast.claras), holder(cast.darios)} == {cora, cast.ben}


def test_a_team_by_hand_is_left_alone(cast):
    cast.team.strategy = RoutingStrategy.MANUAL
    cast.team.save()

    assert route(cast) == {} and holder(cast.claras) is None


def test_in_turn_follows_the_last_automatic_assignment(cast, cora, clock):
    cast.team.strategy = RoutingStrategy.ROUND_ROBIN
    cast.team.save()
    got = []
    for _ in range(4):
        clock.shift(timedelta(minutes=1))
        conversation = factories.conversation(cast.number, needs_answer=True, waiting_since=timezone.now())
        assignment.route_waiting(cast.workspace.pk)
        got.append(holder(conversation))

    assert got[0] != got[1] and got[:2] == got[2:]


def test_load_counts_unanswered_and_lately_answered_open_work(cast, clock):
    def held(**fields):
        return factories.conversation(cast.number, assignee=cast.ben, assigned_at=NOON, **fields)

    held(needs_answer=True)
    held(answered_at=NOON - timedelta(hours=3, minutes=59))
    held(answered_at=NOON - timedelta(hours=4, minutes=1))
    held(needs_answer=True, status="snoozed")
    held(needs_answer=False, status="closed", answered_at=NOON)
    held()

    assert assignment.loads([cast.ben.pk, cast.lea.pk], NOON) == {cast.ben.pk: 2, cast.lea.pk: 0}


def test_closing_and_snoozing_make_room(cast):
    cast.ben.capacity = 1
    cast.ben.save()
    assert sorted(route(cast).values()) == ["least_busy", "nobody_free"]
    held, waits = sorted((cast.claras, cast.darios), key=lambda each: holder(each) is None)

    snooze_conversation(held, until=NOON + timedelta(hours=1), by=cast.ben)
    route(cast)

    assert holder(waits) == cast.ben


def test_a_conversation_whose_team_is_gone_goes_to_the_default_team(cast):
    Conversation.objects.filter(pk=cast.claras.pk).update(team=None)

    route(cast)

    conversation = Conversation.objects.get(pk=cast.claras.pk)
    assert (conversation.team, conversation.assignee) == (cast.team, cast.ben)


def test_other_workspaces_are_none_of_its_business(cast, people):
    people.here(cast.mallory)
    foreign = factories.conversation(cast.other_number, needs_answer=True, waiting_since=NOON)

    route(cast)

    assert holder(foreign) is None
