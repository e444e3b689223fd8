"""Assignment by hand and by routing, seen from its actions. Races are in test_assignment_races."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.http import Http404
from django.utils import timezone

from accounts.models import Agent, Availability, RoutingStrategy, Visibility
from inbox.actions import assignment
from inbox.actions.conversations import close_conversation, snooze_conversation
from inbox.errors import AlreadyAssigned, ConversationClosedRule, InboxRuleViolation, NotAllowed, StaleVersion
from inbox.models import Activity, Assignment, Conversation, Event, RoutingDecision
from tests import factories
from tests.cast import make_cast
from tests.inbox.presence_double import people  # noqa: F401

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def cast(clock, people):  # noqa: F811
    made = make_cast()
    people.here(made.ben)
    return made


def route(cast) -> dict[str, str]:
    """Route, and give reason per conversation decided."""
    return {decision.conversation_id: decision.reason for decision in assignment.route_waiting(cast.workspace.pk)}


def holder(conversation):
    return Conversation.objects.get(pk=conversation.pk).assignee


def colleague(cast, name="Cora Kern", **fields) -> Agent:
    fields.setdefault("teams", [cast.team])
    return factories.agent(cast.workspace, name, **fields)


class TestByHand:
    def test_claiming_takes_what_is_nobodys_once(self, cast):
        assignment.claim(cast.claras, by=cast.ben)
        assignment.claim(cast.claras, by=cast.ben)

        assert holder(cast.claras) == cast.ben
        assert Assignment.objects.count() == Activity.objects.filter(kind="claimed").count() == 1

    def test_the_second_to_claim_learns_who_was_first(self, cast):
        stale = Conversation.objects.get(pk=cast.claras.pk)
        assignment.claim(cast.claras, by=cast.lea)

        with pytest.raises(AlreadyAssigned) as refused:
            assignment.claim(stale, by=cast.ben)

        assert refused.value.holder == cast.lea

    def test_whoever_does_not_see_it_cannot_claim_it(self, cast):
        with pytest.raises(Http404):
            assignment.claim(cast.claras, by=cast.mallory)

        assert holder(cast.claras) is None

    def test_assigning_tells_holder_case_and_thread(self, cast):
        change = assignment.assign(cast.claras, to_agent=cast.ben, by=cast.lea)

        assert change.happened and holder(cast.claras) == cast.ben
        assert Assignment.objects.get().by == cast.lea
        assert Activity.objects.get(kind="assigned").data == {"to": "Ben Brandt", "to_id": cast.ben.pk}

    def test_assigning_to_the_same_does_and_says_nothing(self, cast):
        assignment.assign(cast.claras, to_agent=cast.ben, by=cast.lea)
        events = Event.objects.count()

        assert not assignment.assign(cast.claras, to_agent=cast.ben, by=cast.lea).happened
        assert (Assignment.objects.count(), Event.objects.count()) == (1, events)

    def test_assigning_to_a_team_puts_it_into_that_teams_queue(self, cast):
        assignment.claim(cast.claras, by=cast.ben)
        assignment.assign(cast.claras, to_team=cast.other_team, by=cast.ben)

        conversation = Conversation.objects.get(pk=cast.claras.pk)
        assert (conversation.team, conversation.assignee) == (cast.other_team, None)
        assert conversation.current_case().team == cast.other_team
        assert cast.claras not in Conversation.objects.visible_to(cast.ben)

    def test_who_gets_it_sees_it_whatever_their_teams(self, cast):
        stranger = colleague(cast, "Otto Ost", teams=[cast.other_team], visibility=Visibility.OWN)
        assert cast.claras not in Conversation.objects.visible_to(stranger)

        assignment.assign(cast.claras, to_agent=stranger, by=cast.ben)

        assert cast.claras in Conversation.objects.visible_to(stranger)

    def test_those_who_lose_sight_by_it_are_named_in_the_event(self, cast):
        assignment.assign(cast.claras, to_team=cast.other_team, by=cast.ben)

        payload = Event.objects.filter(kind="conversation").last().payload
        assert payload["before"]["team"] == cast.team.pk and payload["facts"]["team"] == cast.other_team.pk

    def test_people_may_exceed_capacity_and_are_told_before(self, cast):
        cast.ben.capacity = 1
        cast.ben.save()
        assignment.assign(cast.darios, to_agent=cast.ben, by=cast.lea)
        assert assignment.fullness(cast.ben).is_full

        change = assignment.assign(cast.claras, to_agent=cast.ben, by=cast.lea)

        assert change.happened and (change.fullness.load, change.fullness.capacity) == (2, 1)

    @pytest.mark.parametrize("who", ["inactive", "foreign"])
    def test_only_people_who_work_here_can_get_it(self, cast, who):
        target = colleague(cast, is_active=False) if who == "inactive" else cast.mallory

        with pytest.raises(InboxRuleViolation):
            assignment.assign(cast.claras, to_agent=target, by=cast.lea)

        assert holder(cast.claras) is None

    def test_another_workspaces_team_cannot_get_it(self, cast):
        with pytest.raises(NotAllowed):
            assignment.assign(cast.claras, to_team=cast.mallory.teams.get(), by=cast.lea)

    def test_a_closed_conversation_is_not_given_to_anybody(self, cast):
        close_conversation(cast.claras, by=cast.ben)

        for act in (
            lambda: assignment.claim(cast.claras, by=cast.ben),
            lambda: assignment.assign(cast.claras, to_agent=cast.ben, by=cast.lea),
        ):
            with pytest.raises(ConversationClosedRule):
                act()

    def test_whoever_decides_on_an_old_picture_is_told_who_has_it_now(self, cast):
        assignment.assign(cast.claras, to_agent=cast.ben, by=cast.lea, seen_assignee_id=None)

        with pytest.raises(StaleVersion) as refused:
            assignment.assign(cast.claras, to_agent=cast.ada, by=cast.lea, seen_assignee_id=None)

        assert "Ben" in str(refused.value.sentence) and holder(cast.claras) == cast.ben

    def test_two_who_want_the_same_do_not_disagree(self, cast):
        assignment.assign(cast.claras, to_agent=cast.ben, by=cast.lea, seen_assignee_id=None)

        assert not assignment.assign(cast.claras, to_agent=cast.ben, by=cast.ada, seen_assignee_id=None).happened

    def test_taking_over_says_from_whom(self, cast):
        assignment.claim(cast.claras, by=cast.lea)
        assignment.take_over(cast.claras, by=cast.ben)

        assert holder(cast.claras) == cast.ben
        assert Activity.objects.get(kind="taken_over").data["from"] == "Lea Lenz"

    def test_released_work_is_offered_to_others_until_the_customer_writes_again(self, cast, clock):
        assignment.claim(cast.claras, by=cast.ben)
        assignment.claim(cast.darios, by=cast.ben)
        clock.shift(timedelta(minutes=1))
        assignment.release(cast.claras, by=cast.ben)

        assert route(cast) == {cast.claras.pk: "nobody_free"} and holder(cast.claras) is None

        clock.shift(timedelta(minutes=1))
        cast.claras.refresh_from_db()
        factories.inbound_message(cast.claras, "Hallo?")
        assert route(cast) == {cast.claras.pk: "least_busy"} and holder(cast.claras) == cast.ben


class TestRouting:
    def test_what_waits_goes_to_whoever_is_free_and_says_why(self, cast):
        assert set(route(cast).values()) == {"least_busy"}

        assert holder(cast.claras) == holder(cast.darios) == cast.ben
        decision = RoutingDecision.objects.get(conversation=cast.claras)
        assert decision.facts["load"] in (0, 1) and decision.facts["capacity"] == 8
        line = Activity.objects.get(conversation=cast.claras, kind="assigned")
        assert line.data["reason"] == "least_busy" and line.actor is None
        assert Assignment.objects.get(conversation=cast.claras).by is None

    def test_nothing_waiting_decides_nothing(self, cast):
        route(cast)

        assert route(cast) == {}

    @pytest.mark.parametrize("state", ["away", "offline", "inactive", "full", "other team", "no team"])
    def test_who_cannot_take_work_gets_none(self, cast, people, state):  # noqa: F811
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

    def test_an_admin_gets_work_only_as_a_member_of_the_team(self, cast, people):  # noqa: F811
        people.seen.clear()
        people.here(cast.ada)
        assert set(route(cast).values()) == {"nobody_free"}

        cast.team.memberships.create(agent=cast.ada)
        assert set(route(cast).values()) == {"least_busy"}

    def test_nobody_free_is_said_once_per_wait_and_told_to_the_leads(self, cast, people, clock):  # noqa: F811
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

    def test_whoever_comes_drains_the_queue_in_its_order_up_to_capacity(self, cast, people):  # noqa: F811
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

    def test_the_last_agent_gets_the_customer_back_only_with_room_and_in_reach(self, cast, people):  # noqa: F811
        cora = colleague(cast)
        people.here(cora)
        Conversation.objects.filter(pk__in=[cast.claras.pk, cast.darios.pk]).update(last_agent=cora)
        cora.capacity = 1
        cora.save()

        assert sorted(route(cast).values()) == ["least_busy", "sticky"]
        assert {holder(cast.claras), holder(cast.darios)} == {cora, cast.ben}

    def test_a_team_by_hand_is_left_alone(self, cast):
        cast.team.strategy = RoutingStrategy.MANUAL
        cast.team.save()

        assert route(cast) == {} and holder(cast.claras) is None

    def test_in_turn_follows_the_last_automatic_assignment(self, cast, people, clock):  # noqa: F811
        cast.team.strategy = RoutingStrategy.ROUND_ROBIN
        cast.team.save()
        cora = colleague(cast)
        people.here(cora)
        got = []
        for _ in range(4):
            clock.shift(timedelta(minutes=1))
            conversation = factories.conversation(cast.number, needs_answer=True, waiting_since=timezone.now())
            assignment.route_waiting(cast.workspace.pk)
            got.append(holder(conversation))

        assert got[0] != got[1] and got[:2] == got[2:]

    def test_load_counts_unanswered_and_lately_answered_open_work(self, cast, clock):
        def held(**fields):
            return factories.conversation(cast.number, assignee=cast.ben, assigned_at=NOON, **fields)

        held(needs_answer=True)
        held(answered_at=NOON - timedelta(hours=3, minutes=59))
        held(answered_at=NOON - timedelta(hours=4, minutes=1))
        held(needs_answer=True, status="snoozed")
        held(needs_answer=False, status="closed", answered_at=NOON)
        held()

        assert assignment.loads([cast.ben.pk, cast.lea.pk], NOON) == {cast.ben.pk: 2, cast.lea.pk: 0}

    def test_closing_and_snoozing_make_room(self, cast):
        cast.ben.capacity = 1
        cast.ben.save()
        assert sorted(route(cast).values()) == ["least_busy", "nobody_free"]
        held, waits = sorted((cast.claras, cast.darios), key=lambda each: holder(each) is None)

        snooze_conversation(held, until=NOON + timedelta(hours=1), by=cast.ben)
        route(cast)

        assert holder(waits) == cast.ben

    def test_a_conversation_whose_team_is_gone_goes_to_the_default_team(self, cast):
        Conversation.objects.filter(pk=cast.claras.pk).update(team=None)

        route(cast)

        conversation = Conversation.objects.get(pk=cast.claras.pk)
        assert (conversation.team, conversation.assignee) == (cast.team, cast.ben)

    def test_other_workspaces_are_none_of_its_business(self, cast, people):  # noqa: F811
        people.here(cast.mallory)
        foreign = factories.conversation(cast.other_number, needs_answer=True, waiting_since=NOON)

        route(cast)

        assert holder(foreign) is None


class TestHandBack:
    @pytest.fixture
    def busy(self, cast):
        """Ben has Clara, who waits, and Dario, who is answered."""
        for conversation in (cast.claras, cast.darios):
            assignment.claim(conversation, by=cast.ben)
        factories.outbound_message(cast.darios, by=cast.ben)
        return cast

    def test_away_beyond_the_grace_returns_the_unanswered(self, busy, clock):
        assignment.set_availability(busy.ben, Availability.AWAY, by=busy.ben)
        clock.shift(timedelta(minutes=29, seconds=59))
        assert assignment.hand_back_absent(busy.workspace.pk, timezone.now()) == 0

        clock.shift(timedelta(seconds=1))
        assert assignment.hand_back_absent(busy.workspace.pk, timezone.now()) == 1

        assert (holder(busy.claras), holder(busy.darios)) == (None, busy.ben)
        assert Activity.objects.get(kind="handed_back").data["why"] == "away"
        assert RoutingDecision.objects.get(reason="handed_back").facts == {"from": busy.ben.pk, "why": "away"}

    def test_offline_beyond_the_grace_returns_them_once_presence_is_settled(self, busy, people, clock):  # noqa: F811
        people.gone(busy.ben, since=NOON)
        clock.shift(timedelta(minutes=30))
        people.settled = False
        assert assignment.hand_back_absent(busy.workspace.pk, timezone.now()) == 0

        people.settled = True
        assert assignment.hand_back_absent(busy.workspace.pk, timezone.now()) == 1
        assert Activity.objects.get(kind="handed_back").data["why"] == "offline"

    def test_a_new_message_to_somebody_long_gone_is_routed_anew(self, busy, people, clock):  # noqa: F811
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

    def test_work_given_by_hand_to_somebody_away_stays_for_the_grace(self, busy, people, clock):  # noqa: F811
        people.gone(busy.ben, since=NOON)
        clock.shift(timedelta(hours=1))
        assignment.release(busy.claras, by=busy.ben)
        assignment.assign(busy.claras, to_agent=busy.ben, by=busy.lea)

        clock.shift(timedelta(minutes=29))
        assert assignment.hand_back_absent(busy.workspace.pk, timezone.now()) == 0
        clock.shift(timedelta(minutes=1))
        assert assignment.hand_back_absent(busy.workspace.pk, timezone.now()) == 1

    def test_the_teams_own_grace_counts(self, busy, clock):
        busy.team.handback_minutes = 5
        busy.team.save()
        assignment.set_availability(busy.ben, Availability.AWAY, by=busy.ben)

        clock.shift(timedelta(minutes=5))

        assert assignment.hand_back_absent(busy.workspace.pk, timezone.now()) == 1

    def test_coming_back_in_time_keeps_everything(self, busy, clock):
        assignment.set_availability(busy.ben, Availability.AWAY, by=busy.ben)
        clock.shift(timedelta(minutes=20))
        assignment.set_availability(busy.ben, Availability.AVAILABLE, by=busy.ben)
        clock.shift(timedelta(minutes=20))

        assert assignment.hand_back_absent(busy.workspace.pk, timezone.now()) == 0

    def test_deactivation_returns_everything_at_once_but_closed_ones(self, busy):
        done = factories.conversation(busy.number, status="closed", assignee=busy.ben)
        asleep = factories.conversation(busy.number, status="snoozed", assignee=busy.ben, snoozed_until=NOON)

        assert assignment.hand_back_everything(busy.ben, by=busy.ada) == 3

        assert [holder(each) for each in (busy.claras, busy.darios, asleep, done)] == [None, None, None, busy.ben]
        assert set(Activity.objects.filter(kind="handed_back").values_list("actor", flat=True)) == {busy.ada.pk}

    def test_what_a_deactivated_person_still_holds_is_found_and_returned(self, busy):
        Agent.objects.filter(pk=busy.ben.pk).update(is_active=False, deactivated_at=NOON)

        assert assignment.hand_back_absent(busy.workspace.pk, timezone.now()) == 1
        assert holder(busy.claras) is None

    def test_the_signal_of_a_deactivation_hands_back(self, busy):
        from accounts.signals import agent_deactivated

        agent_deactivated.send(sender=Agent, agent=busy.ben, by=busy.ada)

        assert holder(busy.claras) is None


class TestAvailability:
    def test_the_switch_is_ones_own_or_a_leads(self, cast):
        assignment.set_availability(cast.ben, Availability.AWAY, by=cast.lea)
        assert Agent.objects.get(pk=cast.ben.pk).availability == Availability.AWAY

        for stranger in (cast.mallory, colleague(cast)):
            with pytest.raises(NotAllowed):
                assignment.set_availability(cast.ben, Availability.AVAILABLE, by=stranger)

    def test_the_same_again_changes_nothing(self, cast, clock):
        changed_at = cast.ben.availability_changed_at
        clock.shift(timedelta(minutes=1))

        assignment.set_availability(cast.ben, Availability.AVAILABLE, by=cast.ben)

        assert Agent.objects.get(pk=cast.ben.pk).availability_changed_at == changed_at
        assert not Event.objects.filter(kind="agent").exists()
