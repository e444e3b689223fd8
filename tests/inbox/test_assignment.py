"""Assignment by hand, and the switch between available and away. Races are in test_assignment_races."""

from datetime import timedelta

import pytest
from django.http import Http404

from accounts.models import Agent, Availability, Visibility
from inbox.actions import assignment
from inbox.actions.conversations import close_conversation
from inbox.errors import AlreadyAssigned, ConversationClosedRule, InboxRuleViolation, NotAllowed, StaleVersion
from inbox.models import Activity, Assignment, Conversation, Event
from tests import factories
from tests.inbox.noon import *  # noqa: F403
from tests.inbox.noon import colleague, holder, route

pytestmark = pytest.mark.django_db


def test_claiming_takes_what_is_nobodys_once(cast):
    assignment.claim(cast.claras, by=cast.ben)
    assignment.claim(cast.claras, by=cast.ben)

    assert holder(cast.claras) == cast.ben
    assert Assignment.objects.count() == Activity.objects.filter(kind="claimed").count() == 1


def test_the_second_to_claim_learns_who_was_first(cast):
    stale = Conversation.objects.get(pk=cast.claras.pk)
    assignment.claim(cast.claras, by=cast.lea)

    with pytest.raises(AlreadyAssigned) as refused:
        assignment.claim(stale, by=cast.ben)

    assert refused.value.holder == cast.lea


def test_whoever_does_not_see_it_cannot_claim_it(cast):
    with pytest.raises(Http404):
        assignment.claim(cast.claras, by=cast.mallory)

    assert holder(cast.claras) is None


def test_assigning_tells_holder_case_and_thread(cast):
    change = assignment.assign(cast.claras, to_agent=cast.ben, by=cast.lea)

    assert change.happened and holder(cast.claras) == cast.ben
    assert Assignment.objects.get().by == cast.lea
    assert Activity.objects.get(kind="assigned").data == {"to": "Ben Brandt", "to_id": cast.ben.pk}


def test_assigning_to_the_same_does_and_says_nothing(cast):
    assignment.assign(cast.claras, to_agent=cast.ben, by=cast.lea)
    events = Event.objects.count()

    assert not assignment.assign(cast.claras, to_agent=cast.ben, by=cast.lea).happened
    assert (Assignment.objects.count(), Event.objects.count()) == (1, events)


def test_assigning_to_a_team_puts_it_into_that_teams_queue(cast):
    assignment.claim(cast.claras, by=cast.ben)
    assignment.assign(cast.claras, to_team=cast.other_team, by=cast.ben)

    conversation = Conversation.objects.get(pk=cast.claras.pk)
    assert (conversation.team, conversation.assignee) == (cast.other_team, None)
    assert conversation.current_case().team == cast.other_team
    assert cast.claras not in Conversation.objects.visible_to(cast.ben)


def test_who_gets_it_sees_it_whatever_their_teams(cast):
    stranger = colleague(cast, "Otto Ost", teams=[cast.other_team], visibility=Visibility.OWN)
    assert cast.claras not in Conversation.objects.visible_to(stranger)

    assignment.assign(cast.claras, to_agent=stranger, by=cast.ben)

    assert cast.claras in Conversation.objects.visible_to(stranger)


def test_those_who_lose_sight_by_it_are_named_in_the_event(cast):
    assignment.assign(cast.claras, to_team=cast.other_team, by=cast.ben)

    payload = Event.objects.filter(kind="conversation").last().payload
    assert payload["before"]["team"] == cast.team.pk and payload["facts"]["team"] == cast.other_team.pk


def test_people_may_exceed_capacity_and_are_told_before(cast):
    cast.ben.capacity = 1
    cast.ben.save()
    assignment.assign(cast.darios, to_agent=cast.ben, by=cast.lea)
    assert assignment.fullness(cast.ben).is_full

    change = assignment.assign(cast.claras, to_agent=cast.ben, by=cast.lea)

    assert change.happened and (change.fullness.load, change.fullness.capacity) == (2, 1)


@pytest.mark.parametrize("who", ["inactive", "foreign"])
def test_only_people_who_work_here_can_get_it(cast, who):
    target = colleague(cast, is_active=False) if who == "inactive" else cast.mallory

    with pytest.raises(InboxRuleViolation):
        assignment.assign(cast.claras, to_agent=target, by=cast.lea)

    assert holder(cast.claras) is None


def test_another_workspaces_team_cannot_get_it(cast):
    with pytest.raises(NotAllowed):
        assignment.assign(cast.claras, to_team=cast.mallory.teams.get(), by=cast.lea)


def test_a_closed_conversation_is_not_given_to_anybody(cast):
    close_conversation(cast.claras, by=cast.ben)

    for act in (
        lambda: assignment.claim(cast.claras, by=cast.ben),
        lambda: assignment.assign(cast.claras, to_agent=cast.ben, by=cast.lea),
    ):
        with pytest.raises(ConversationClosedRule):
            act()


def test_whoever_decides_on_an_old_picture_is_told_who_has_it_now(cast):
    assignment.assign(cast.claras, to_agent=cast.ben, by=cast.lea, seen_assignee_id=None)

    with pytest.raises(StaleVersion) as refused:
        assignment.assign(cast.claras, to_agent=cast.ada, by=cast.lea, seen_assignee_id=None)

    assert "Ben" in str(refused.value.sentence) and holder(cast.claras) == cast.ben


def test_two_who_want_the_same_do_not_disagree(cast):
    assignment.assign(cast.claras, to_agent=cast.ben, by=cast.lea, seen_assignee_id=None)

    assert not assignment.assign(cast.claras, to_agent=cast.ben, by=cast.ada, seen_assignee_id=None).happened


def test_taking_over_says_from_whom(cast):
    assignment.claim(cast.claras, by=cast.lea)
    assignment.take_over(cast.claras, by=cast.ben)

    assert holder(cast.claras) == cast.ben
    assert Activity.objects.get(kind="taken_over").data["from"] == "Lea Lenz"


def test_released_work_is_offered_to_others_until_the_customer_writes_again(cast, clock):
    assignment.claim(cast.claras, by=cast.ben)
    assignment.claim(cast.darios, by=cast.ben)
    clock.shift(timedelta(minutes=1))
    assignment.release(cast.claras, by=cast.ben)

    assert route(cast) == {cast.claras.pk: "nobody_free"} and holder(cast.claras) is None

    clock.shift(timedelta(minutes=1))
    cast.claras.refresh_from_db()
    factories.inbound_message(cast.claras, "Hallo?")
    assert route(cast) == {cast.claras.pk: "least_busy"} and holder(cast.claras) == cast.ben


def test_the_switch_is_ones_own_or_a_leads(cast):
    assignment.set_availability(cast.ben, Availability.AWAY, by=cast.lea)
    assert Agent.objects.get(pk=cast.ben.pk).availability == Availability.AWAY

    for stranger in (cast.mallory, colleague(cast)):
        with pytest.raises(NotAllowed):
            assignment.set_availability(cast.ben, Availability.AVAILABLE, by=stranger)


def test_the_same_again_changes_nothing(cast, clock):
    changed_at = cast.ben.availability_changed_at
    clock.shift(timedelta(minutes=1))

    assignment.set_availability(cast.ben, Availability.AVAILABLE, by=cast.ben)

    assert Agent.objects.get(pk=cast.ben.pk).availability_changed_at == changed_at
    assert not Event.objects.filter(kind="agent").exists()
