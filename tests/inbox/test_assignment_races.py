"""Assignment under contention, with real threads and real transactions: never two holders, never over capacity."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from django.db import connections, transaction
from django.utils import timezone

from accounts.models import Agent, Membership, WorkingHours
from inbox.actions import assignment, redistribution, rules, undo
from inbox.actions.availability import change_shifts, set_availability, switch_of
from inbox.errors import AlreadyAssigned, StaleVersion
from inbox.models import Activity, Assignment, Conversation, Label, RoutingDecision, RoutingRule
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def in_parallel(*calls):
    """All calls at once, each on a connection of its own; gives their results, or the exception each raised."""
    barrier = threading.Barrier(len(calls))

    def run(call):
        try:
            barrier.wait(timeout=10)
            return call()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def shop(people: int, waiting: int, capacity: int):
    """A workspace with one team, so many people, and so many customers who wait."""
    workspace = factories.workspace()
    team = factories.team(workspace, is_default=True)
    number = factories.number(workspace, team=team)
    agents = [factories.agent(workspace, f"Agent{i} Test", teams=[team], capacity=capacity) for i in range(people)]
    now = timezone.now()
    contacts = [factories.Contact(workspace=workspace, profile_name=f"Kunde {i}") for i in range(waiting)]
    factories.Contact.objects.bulk_create(contacts)
    Conversation.objects.bulk_create(
        Conversation(
            workspace=workspace, phone_number=number, contact=contact, team=team, needs_answer=True,
            waiting_since=now, last_customer_message_at=now, inbound_count=1,
        )
        for contact in contacts
    )
    return workspace, agents


def holders() -> Counter:
    return Counter(Conversation.objects.exclude(assignee=None).values_list("assignee_id", flat=True))


def test_eight_routers_give_each_of_500_conversations_to_one_of_20_agents_evenly():
    workspace, agents = shop(people=20, waiting=500, capacity=30)

    results = in_parallel(*[lambda: assignment.route_waiting(workspace.pk)] * 8)

    assert not [result for result in results if isinstance(result, Exception)]
    assert sum(holders().values()) == 500
    assert set(holders().values()) == {25}
    assert Assignment.objects.count() == RoutingDecision.objects.count() == 500
    assert Activity.objects.filter(kind="assigned").count() == 500


def test_routers_stop_at_capacity_and_leave_the_rest_in_the_queue():
    workspace, _ = shop(people=6, waiting=60, capacity=8)

    in_parallel(*[lambda: assignment.route_waiting(workspace.pk)] * 8)

    assert sorted(holders().values()) == [8] * 6
    assert RoutingDecision.objects.filter(reason="nobody_free").count() == 12
    assert Activity.objects.filter(kind="nobody_free").count() == 12


def test_ten_agents_claiming_the_same_conversations_each_win_or_learn_who_did():
    workspace, agents = shop(people=10, waiting=100, capacity=0)
    pks = list(Conversation.objects.values_list("pk", flat=True))

    def claim_all(agent: Agent):
        outcomes = []
        for pk in pks:
            try:
                assignment.claim(Conversation.objects.get(pk=pk), by=agent)
                outcomes.append((pk, agent.pk))
            except AlreadyAssigned as lost:
                outcomes.append((pk, lost.holder.pk))
        return outcomes

    results = in_parallel(*[lambda agent=agent: claim_all(agent) for agent in agents])

    stored = dict(Conversation.objects.values_list("pk", "assignee_id"))
    assert all(dict(result) == stored for result in results)
    assert Assignment.objects.count() == 100


def test_claiming_while_routing_leaves_one_holder_and_one_assignment_each():
    workspace, agents = shop(people=5, waiting=40, capacity=8)
    hunter = factories.agent(workspace, "Hunter Test", teams=[agents[0].teams.get()], capacity=0)

    def hunt():
        won = 0
        for conversation in Conversation.objects.order_by("-pk"):
            try:
                assignment.claim(conversation, by=hunter)
                won += 1
            except AlreadyAssigned:
                pass
        return won

    route = lambda: assignment.route_waiting(workspace.pk)  # noqa: E731
    won, *routed = in_parallel(hunt, route, route)

    assert won + sum(len(decisions) for decisions in routed) == 40
    assert Assignment.objects.count() == 40
    assert holders()[hunter.pk] == won
    assert all(count <= 8 for agent_id, count in holders().items() if agent_id != hunter.pk)


def test_of_two_leads_who_assign_at_once_one_wins_and_the_other_is_told():
    workspace, (first, second) = shop(people=2, waiting=1, capacity=8)
    lead = factories.agent(workspace, "Lea Lenz", role="admin")
    pk = Conversation.objects.get().pk

    def give(to: Agent):
        return assignment.assign(
            Conversation.objects.get(pk=pk), to_agent=to, by=lead, seen_assignee_id=None
        ).conversation.assignee_id

    results = in_parallel(lambda: give(first), lambda: give(second))

    [lost] = [result for result in results if isinstance(result, StaleVersion)]
    [won] = [result for result in results if not isinstance(result, StaleVersion)]
    assert Conversation.objects.get().assignee_id == won
    assert ("Agent0" if won == first.pk else "Agent1") in str(lost.sentence)


def test_taking_back_while_the_work_is_being_given_away_returns_all_of_it_to_the_one_who_had_it():
    workspace, (tim, *_others) = shop(people=4, waiting=24, capacity=30)
    lead = factories.agent(workspace, "Lea Lenz", role="admin")
    Conversation.objects.update(assignee=tim, assigned_at=timezone.now())
    outcome = redistribution.redistribute(tim, by=lead)
    assert (outcome.done, holders()) == (24, Counter())

    route = partial(assignment.route_waiting, workspace.pk)
    result, *routed = in_parallel(lambda: undo.take_back(outcome.undo, by=lead), route, route, route)

    assert not [each for each in (result, *routed) if isinstance(each, Exception)]
    assert (result.done, result.refused, holders()) == (24, [], Counter({tim.pk: 24}))
    latest = Assignment.objects.order_by("conversation_id", "-pk").distinct("conversation_id")
    assert set(latest.values_list("agent_id", flat=True)) == {tim.pk}


def test_of_two_leads_who_switch_somebody_at_once_one_wins_and_the_other_is_told():
    workspace, (tim, _other) = shop(people=2, waiting=0, capacity=8)
    lea, max_ = (factories.agent(workspace, name, role="admin") for name in ("Lea Lenz", "Max Meer"))
    seen, until = switch_of(tim), timezone.now() + timedelta(minutes=30)

    def switch(by: Agent, **more):
        return set_availability(Agent.objects.get(pk=tim.pk), "away", by=by, seen=seen, **more)

    results = in_parallel(lambda: switch(lea, keeps=True), lambda: switch(max_, until=until))

    [lost] = [result for result in results if isinstance(result, StaleVersion)]
    tim.refresh_from_db()
    won = tim.availability_changed_by
    assert (tim.away_keeps, tim.away_until) == ((True, None) if won == lea else (False, until))
    assert won.first_name in str(lost.sentence)


def test_deactivating_somebody_while_work_is_routed_to_them_leaves_them_nothing():
    workspace, agents = shop(people=3, waiting=30, capacity=20)
    leaver = agents[0]

    def leave():
        with transaction.atomic():
            Agent.objects.filter(pk=leaver.pk).update(is_active=False)
            leaver.is_active = False
            assignment.hand_back_everything(leaver)

    results = in_parallel(leave, *[lambda: assignment.route_waiting(workspace.pk)] * 3)

    assert not [result for result in results if isinstance(result, Exception)]
    assert not Conversation.objects.filter(assignee=leaver).exists()


def test_deactivating_somebody_while_work_is_given_back_to_them_leaves_them_nothing():
    workspace, (leaver, lead) = shop(people=2, waiting=4, capacity=8)
    Agent.objects.filter(pk=lead.pk).update(role="admin")
    lead.refresh_from_db()
    Conversation.objects.update(assignee=leaver, assigned_at=timezone.now())
    outcome = redistribution.redistribute(leaver, by=lead)
    leaving = threading.Event()

    def leave():
        with transaction.atomic():
            Agent.objects.filter(pk=leaver.pk).update(is_active=False)
            leaver.is_active = False
            assignment.hand_back_everything(leaver)
            leaving.set()
            time.sleep(0.3)  # until the other has looked, or waits for this

    def take_back():
        leaving.wait(timeout=10)
        return undo.take_back(outcome.undo, by=lead)

    _, result = in_parallel(leave, take_back)

    assert (result.done, len(result.refused), holders()) == (0, 4, Counter())


def test_a_shift_that_ends_while_work_is_routed_leaves_the_leaver_nothing_after_its_end():
    workspace, agents = shop(people=3, waiting=30, capacity=20)
    leaver, ended = agents[0], timezone.now() - timedelta(seconds=1)
    WorkingHours.objects.create(workspace=workspace, agent=leaver, weekly=[[]] * 7)
    Agent.objects.filter(pk=leaver.pk).update(duty="on", duty_until=ended)

    results = in_parallel(
        lambda: change_shifts(timezone.now()), *[lambda: assignment.route_waiting(workspace.pk)] * 3,
        lambda: set_availability(agents[1], "available", by=agents[1]),
    )  # fmt: skip

    assert not [result for result in results if isinstance(result, Exception)]
    assert set(holders().values()) == {15}
    assert leaver.pk not in holders()


def test_a_limit_in_the_team_holds_against_eight_routers():
    workspace, agents = shop(people=4, waiting=60, capacity=20)
    Membership.objects.filter(agent=agents[0]).update(capacity=3)

    results = in_parallel(*[lambda: assignment.route_waiting(workspace.pk)] * 8)

    assert not [result for result in results if isinstance(result, Exception)]
    assert holders()[agents[0].pk] == 3
    assert sorted(holders().values()) == [3, 19, 19, 19]


def test_eight_routers_with_rules_place_everybody_once_evenly_and_never_beyond_capacity():
    workspace, agents = shop(people=12, waiting=240, capacity=30)
    rental = factories.team(workspace, "Verleih")
    for agent in agents[6:]:
        agent.teams.set([rental])
    label = Label.objects.create(workspace=workspace, name="Miete")
    for conversation in Conversation.objects.order_by("pk")[:120]:
        conversation.labels.add(label)
    RoutingRule.objects.create(
        workspace=workspace, target="team", team=rental, position=1, conditions={"labels": [label.pk]}
    )

    results = in_parallel(*[lambda: assignment.route_waiting(workspace.pk)] * 8)

    assert not [result for result in results if isinstance(result, Exception)]
    assert set(holders().values()) == {20} and sum(holders().values()) == 240
    assert Assignment.objects.count() == RoutingDecision.objects.count() == 240
    assert RoutingDecision.objects.filter(team=rental, facts__rule__number=1, agent__in=agents[6:]).count() == 120


def test_rules_that_change_while_work_is_routed_leave_nobody_unplaced_or_placed_twice():
    workspace, _agents = shop(people=6, waiting=120, capacity=30)
    lead = factories.agent(workspace, "Lea Lenz", role="admin")
    other = factories.team(workspace, "Verleih")
    rule = rules.create_rule(RoutingRule(workspace=workspace, target="team", team=other, is_active=False), by=lead)

    def flip():
        for on in (True, False) * 4:
            rules.switch_rule(RoutingRule.objects.get(pk=rule.pk), on=on, by=lead)

    route = lambda: assignment.route_waiting(workspace.pk)  # noqa: E731
    results = in_parallel(flip, route, route, route)
    assignment.route_waiting(workspace.pk)

    assert not [result for result in results if isinstance(result, Exception)]
    assert sum(holders().values()) == Assignment.objects.count() == 120
    assert max(holders().values()) - min(holders().values()) <= 1
