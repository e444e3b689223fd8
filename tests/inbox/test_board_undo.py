"""Taking back on the board while routing works on: what went to a queue, pauses, capacity; and two leads at once."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, Availability
from inbox.actions import assignment, redistribution, undo
from inbox.actions.availability import set_availability, set_capacity_today, switch_of
from inbox.errors import StaleVersion
from inbox.models import Activity, RoutingDecision, RoutingRule, Undo
from tests.inbox.noon import *  # noqa: F403
from tests.inbox.noon import colleague, holder, route
from tests.inbox.test_shifts import AFTERNOON, MORNING, berlin, schedule
from tests.inbox.writing import agent_writes, customer_writes

pytestmark = pytest.mark.django_db
HX = {"HX-Request": "true"}


@pytest.fixture
def lea(cast):
    cast.lea.language = "en"
    cast.lea.save()
    client = Client()
    client.force_login(cast.lea)
    return client


def place(person) -> str:
    return f"/team/people/{person.pk}/"


def toast_of(answer):
    return json.loads(answer["HX-Trigger"])["toast"]


def take_back(client):
    return client.delete(f"/undo/{Undo.objects.get().pk}/", headers=HX)


# --- what routing has done meanwhile


def test_what_was_redistributed_comes_back_although_it_has_been_given_away_again(cast, cora):
    assignment.claim(cast.claras, by=cast.ben)
    before = cast.claras.assigned_at
    outcome = redistribution.redistribute(cast.ben, by=cast.lea)
    route(cast)
    assert holder(cast.claras) == cora
    customer_writes(cast.claras, "Hallo?")  # changes nothing about who has it

    assert undo.take_back(outcome.undo, by=cast.lea).done == 1

    cast.claras.refresh_from_db()
    assert (cast.claras.assignee, cast.claras.assigned_at) == (cast.ben, before)
    assert cast.claras.assignments.order_by("-pk").values_list("agent", "by").first() == (cast.ben.pk, cast.lea.pk)


def test_it_stays_where_somebody_has_answered_or_a_person_has_moved_it_since(cast, cora):
    for conversation in (cast.claras, cast.darios):
        assignment.claim(conversation, by=cast.ben)
    outcome = redistribution.redistribute(cast.ben, by=cast.lea)
    route(cast)
    agent_writes(cast.claras, cora)
    assignment.assign(cast.darios, to_agent=cast.ada, by=cast.ada)

    result = undo.take_back(outcome.undo, by=cast.lea)

    assert (result.done, len(result.refused)) == (0, 2)
    assert (holder(cast.claras), holder(cast.darios)) == (cora, cast.ada)


def test_a_team_that_a_rule_has_chosen_meanwhile_is_taken_back_too(cast, people):
    assignment.claim(cast.claras, by=cast.ben)
    people.here(colleague(cast, "Vera Verleih", teams=[cast.other_team]))
    outcome = redistribution.redistribute(cast.ben, by=cast.lea)
    RoutingRule.objects.create(workspace=cast.workspace, target="team", team=cast.other_team)
    route(cast)
    cast.claras.refresh_from_db()
    assert cast.claras.team == cast.other_team

    assert undo.take_back(outcome.undo, by=cast.lea).done == 1

    cast.claras.refresh_from_db()
    assert (cast.claras.assignee, cast.claras.team) == (cast.ben, cast.team)
    assert cast.claras.cases.get(closed_at=None).team == cast.team


# --- what was done with a person


def test_a_pause_is_taken_back_and_its_beginning_is_what_it_was(cast, lea):
    set_availability(cast.ben, Availability.AWAY, by=cast.ben)
    since = cast.ben.availability_changed_at
    lea.post(f"{place(cast.ben)}availability/", {"available": "1"}, headers=HX)
    cast.ben.refresh_from_db()
    assert cast.ben.availability == Availability.AVAILABLE

    assert take_back(lea).status_code == 200

    cast.ben.refresh_from_db()
    assert (cast.ben.availability, cast.ben.availability_changed_at) == (Availability.AWAY, since)
    assert cast.ben.availability_changed_by == cast.ben


def test_a_pause_that_gave_work_away_is_taken_back_as_a_whole(cast, cora, lea):
    assignment.claim(cast.claras, by=cast.ben)
    answer = lea.post(f"{place(cast.ben)}availability/", {"hand_over": "1"}, headers=HX)
    route(cast)
    assert (toast_of(answer)["words"], holder(cast.claras)) == ("1 conversation is back in the queue.", cora)

    take_back(lea)

    cast.ben.refresh_from_db()
    assert (cast.ben.availability, holder(cast.claras)) == (Availability.AVAILABLE, cast.ben)


def test_the_capacity_of_today_is_taken_back_and_stands_in_the_log(cast, lea):
    lea.post(f"{place(cast.ben)}capacity/", {"capacity": "3", "seen": "8"}, headers=HX)
    cast.ben.refresh_from_db()
    assert cast.ben.capacity_now == 3

    take_back(lea)

    cast.ben.refresh_from_db()
    assert (cast.ben.capacity_now, cast.ben.capacity_today) == (8, None)
    entries = AuditEntry.objects.filter(verb="person.capacity_today").order_by("pk")
    assert [entry.data for entry in entries] == [{"from": 8, "to": 3}, {"from": 3, "to": 8}]


def test_what_somebody_has_changed_since_with_that_person_stays(cast, lea):
    lea.post(f"{place(cast.ben)}availability/", {"minutes": "30"}, headers=HX)
    set_availability(cast.ben, Availability.AVAILABLE, by=cast.ben)

    answer = take_back(lea)

    assert answer.status_code == 422
    assert "Ben Brandt" in toast_of(answer)["words"]
    cast.ben.refresh_from_db()
    assert cast.ben.availability == Availability.AVAILABLE


def test_a_shift_that_began_with_the_click_is_not_taken_back(cast, clock, lea):
    schedule(cast.ben, MORNING, AFTERNOON)
    clock.move_to(berlin(18, 30))  # the sweeper has not come yet
    lea.post(f"{place(cast.ben)}availability/", {}, headers=HX)
    take_back(lea)

    cast.ben.refresh_from_db()
    assert cast.ben.availability == Availability.AVAILABLE
    assert cast.ben.is_off_duty(timezone.now())


def test_who_leads_them_no_longer_takes_nothing_back(cast, lea):
    lea.post(f"{place(cast.ben)}availability/", {}, headers=HX)
    cast.lea.memberships.update(is_lead=False)

    assert take_back(lea).status_code == 422
    cast.ben.refresh_from_db()
    assert cast.ben.availability == Availability.AWAY


# --- two leads at once


def test_of_two_leads_the_second_learns_how_somebody_was_switched(cast, lea):
    seen = switch_of(cast.ben)
    assert seen in lea.get(f"{place(cast.ben)}?menu=1").content.decode()
    until = timezone.now() + timedelta(minutes=45)
    set_availability(cast.ben, Availability.AWAY, by=cast.ada, until=until)

    answer = lea.post(f"{place(cast.ben)}availability/", {"keeps": "1", "seen": seen}, headers=HX)

    assert answer.status_code == 409
    assert toast_of(answer)["words"].startswith("Ada was quicker: Ben is away until 13:45")
    cast.ben.refresh_from_db()
    assert (cast.ben.away_until, cast.ben.away_keeps) == (until, False)
    again = {"available": "1", "seen": switch_of(cast.ben)}
    assert lea.post(f"{place(cast.ben)}availability/", again, headers=HX).status_code == 204


def test_of_two_leads_the_second_learns_which_capacity_the_first_set(cast, lea):
    set_capacity_today(cast.ben, 3, by=cast.ada)

    answer = lea.post(f"{place(cast.ben)}capacity/", {"capacity": "12", "seen": "8"}, headers=HX)

    assert answer.status_code == 409
    assert "3" in toast_of(answer)["words"]
    cast.ben.refresh_from_db()
    assert cast.ben.capacity_now == 3
    assert lea.post(f"{place(cast.ben)}capacity/", {"capacity": "3", "seen": "8"}, headers=HX).status_code == 204


def test_a_break_that_was_made_longer_this_very_moment_does_not_end(cast):
    set_availability(cast.ben, Availability.AWAY, by=cast.ben, until=timezone.now() + timedelta(minutes=5))
    seen = switch_of(cast.ben)  # what the sweeper has read
    set_availability(cast.ben, Availability.AWAY, by=cast.ben, until=timezone.now() + timedelta(minutes=50))

    with pytest.raises(StaleVersion):
        set_availability(cast.ben, Availability.AVAILABLE, by=None, seen=seen)


def test_unassigning_and_escalating_say_who_was_quicker(cast, lea):
    url = f"/conversations/{cast.claras.pk}/"
    assignment.claim(cast.claras, by=cast.ben)
    menu = lea.get(f"{url}assignment/").content.decode()
    assert f'{{"seen_assignee": "{cast.ben.pk}"}}' in menu
    assignment.assign(cast.claras, to_agent=cast.ada, by=cast.ada)

    refused = [
        lea.delete(f"{url}assignment/?seen_assignee={cast.ben.pk}", headers=HX),
        lea.post(f"{url}escalation/", {"why": "Bitte", "seen_assignee": cast.ben.pk}, headers=HX),
    ]

    assert [answer.status_code for answer in refused] == [409, 409]
    assert all("Ada" in toast_of(answer)["words"] for answer in refused)
    assert holder(cast.claras) == cast.ada
    assert not cast.claras.notes.exists()
    assert lea.delete(f"{url}assignment/?seen_assignee={'9' * 5000}", headers=HX).status_code == 409
    assert lea.delete(f"{url}assignment/?seen_assignee={cast.ada.pk}", headers=HX).status_code == 204


def test_each_decision_of_the_board_can_be_asked_why(cast, cora, lea, clock):
    """Given away, nobody free, back in the queue: every line of these has its reason."""
    assignment.claim(cast.claras, by=cast.ben)
    set_availability(cast.ben, Availability.AWAY, by=cast.ben)
    set_availability(cora, Availability.AWAY, by=cora)
    route(cast)
    clock.shift(timedelta(minutes=40))
    assignment.hand_back_absent(cast.workspace.pk, timezone.now())

    lines = Activity.objects.filter(kind__in=("handed_back", "nobody_free", "assigned"), actor=None)

    assert {line.kind for line in lines} == {"handed_back", "nobody_free"}
    assert {line.data["decision"] for line in lines} == set(RoutingDecision.objects.values_list("pk", flat=True))
    back = RoutingDecision.objects.get(reason="handed_back")
    page = lea.get(f"/decisions/{back.pk}/").content.decode()
    assert "Why back in the queue?" in page
    assert "Ben had been away for longer than the team waits." in page
