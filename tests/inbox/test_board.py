"""The team board: who is there with how much, what waits, what is in danger; and what a lead does about it."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, Availability, Membership, Visibility
from inbox import presence
from inbox.actions import assignment, redistribution, undo
from inbox.actions.availability import end_breaks, set_availability, set_capacity_today
from inbox.board import SHOWN_WAITING, board_of, held_by
from inbox.errors import InboxRuleViolation, NotAllowed
from inbox.models import Activity, Assignment, Case, CaseFigures
from tests import factories
from tests.cast import Cast, make_cast

pytestmark = pytest.mark.django_db
HX = {"HX-Request": "true"}
MARGIN = timedelta(seconds=60)


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def bens_tab(cast):
    presence.beat(cast.workspace.pk, cast.ben.pk, "tab")


def closing_in(conversation, left: timedelta):
    conversation.last_customer_message_at = timezone.now() - timedelta(hours=24) + MARGIN + left
    conversation.save()
    return conversation


def seat(board, agent):
    return next(each for each in board.seats if each.agent == agent)


def names(tickets):
    return [ticket.conversation.contact.display_name for ticket in tickets]


def test_what_nobody_has_stands_in_the_order_of_waiting_or_of_the_windows(cast):
    closing_in(cast.darios, timedelta(hours=2))

    by_wait, by_window = board_of(cast.lea), board_of(cast.lea, sort="closing")

    assert names(by_wait.waiting) == ["Clara Sommer", "Dario Conti"]
    assert names(by_window.waiting) == ["Dario Conti", "Clara Sommer"]
    assert (by_wait.waiting_count, by_wait.open_count) == (2, 2)
    assert by_wait.waiting_since == cast.claras.waiting_since
    assert names(by_wait.at_risk) == ["Dario Conti"]


def test_windows_that_are_closed_already_come_after_those_that_can_be_saved(cast):
    closing_in(cast.claras, timedelta(hours=-3))
    closing_in(cast.darios, timedelta(hours=2))
    for conversation in (cast.claras, cast.darios):
        assignment.assign(conversation, to_agent=cast.ben, by=cast.lea)  # who is offline

    assert names(board_of(cast.lea).at_risk) == ["Dario Conti", "Clara Sommer"]
    for conversation in (cast.claras, cast.darios):
        assignment.release(conversation, by=cast.lea)
    assert names(board_of(cast.lea, sort="closing").waiting) == ["Dario Conti", "Clara Sommer"]


def test_a_seat_shows_load_slots_and_the_windows_that_close(cast, bens_tab):
    for conversation in (cast.claras, cast.darios):
        assignment.assign(conversation, to_agent=cast.ben, by=cast.lea)
    closing_in(cast.claras, timedelta(minutes=30))
    third = factories.conversation(cast.number, factories.contact(cast.number, "Nina"), assignee=cast.ben)
    factories.inbound_message(third)
    factories.outbound_message(third, by=cast.ben)
    cast.ben.capacity = 4
    cast.ben.save()

    ben = seat(board_of(cast.lea), cast.ben)

    assert (ben.state, ben.load, ben.held, ben.unanswered, ben.is_full) == ("available", 3, 3, 2, False)
    assert ben.slots == ["urgent", "on", "on", ""]
    assert names(ben.risks) == ["Clara Sommer"]
    cast.ben.capacity = 2
    cast.ben.save()
    assert seat(board_of(cast.lea), cast.ben).slots == ["urgent", "on", "over"]


def test_work_of_somebody_who_is_not_there_is_in_danger_whatever_the_window(cast, bens_tab):
    assignment.assign(cast.claras, to_agent=cast.ben, by=cast.lea)
    assert board_of(cast.lea).at_risk == []

    assignment.set_availability(cast.ben, Availability.AWAY, by=cast.ben)
    board = board_of(cast.lea)

    assert names(board.at_risk) == ["Clara Sommer"]
    assert "Ben" in board.at_risk[0].danger
    assert seat(board, cast.ben).is_left_alone
    factories.outbound_message(cast.claras, by=cast.ben)
    assert board_of(cast.lea).at_risk == []


def test_work_of_ones_team_with_somebody_absent_of_another_team_is_in_danger_too(cast):
    otto = factories.agent(cast.workspace, "Otto Ohm", teams=[cast.other_team], email="otto@radhaus.example")
    assignment.assign(cast.claras, to_agent=otto, by=cast.lea)

    board = board_of(cast.lea)

    assert (names(board.at_risk), board.at_risk[0].holder_state) == (["Clara Sommer"], "offline")
    assert otto not in {each.agent for each in board.seats}


def test_a_seat_says_how_long_the_first_question_waits_and_until_when_somebody_works(client, cast, bens_tab):
    for conversation in (cast.claras, cast.darios):
        assignment.assign(conversation, to_agent=cast.ben, by=cast.lea)
    factories.outbound_message(cast.darios, by=cast.ben)
    cast.ben.duty, cast.ben.duty_until = "on", timezone.now() + timedelta(hours=3)
    cast.ben.save()
    cast.claras.refresh_from_db()

    assert seat(board_of(cast.lea), cast.ben).waiting_since == cast.claras.waiting_since
    cast.lea.language = "en"
    cast.lea.save()
    client.force_login(cast.lea)
    page = client.get("/team/").content.decode()
    assert "Available until" in page and "unanswered for" in page


def test_a_lead_sees_the_people_and_the_work_of_their_teams_an_admin_everybodys(cast):
    otto = factories.agent(cast.workspace, "Otto Ohm", teams=[cast.other_team], email="otto@radhaus.example")
    elsewhere = factories.conversation(
        cast.number, factories.contact(cast.number, "Eva"), team=cast.other_team, assignee=otto
    )
    factories.inbound_message(elsewhere)
    closing_in(elsewhere, timedelta(minutes=20))

    leas, adas = board_of(cast.lea), board_of(cast.ada)

    assert {each.agent for each in leas.seats} == {cast.ben, cast.lea}
    assert leas.at_risk == []
    assert leas.teams == [cast.team]
    assert {each.agent for each in adas.seats} == {cast.ben, cast.lea, otto}  # Ada has no team and no work
    assert names(adas.at_risk) == ["Eva"]
    assert names(board_of(cast.ada, team_id=cast.team.pk).waiting) == ["Clara Sommer", "Dario Conti"]
    assert board_of(cast.ada, team_id=cast.other_team.pk).waiting == []
    assert board_of(cast.lea, team_id=cast.other_team.pk).team is None
    assert held_by(otto, seen_by=cast.lea) == []
    assert names(held_by(otto, seen_by=cast.ada)) == ["Eva"]


def test_the_last_assignments_are_told_as_in_the_thread(cast):
    assignment.assign(cast.claras, to_agent=cast.ben, by=cast.lea)
    assignment.release(cast.claras, by=cast.ben)

    assert [line.kind for line in board_of(cast.lea).recent] == ["released", "assigned"]


def test_the_board_costs_the_same_however_many_wait_and_work(cast, django_assert_max_num_queries):
    for number in range(SHOWN_WAITING + 5):
        person = factories.agent(cast.workspace, f"P {number}", teams=[cast.team], email=f"p{number}@radhaus.example")
        for holder in (None, person):
            contact = factories.contact(cast.number, f"K {number}")
            conversation = factories.conversation(cast.number, contact, team=cast.team, assignee=holder)
            factories.inbound_message(conversation)
            closing_in(conversation, timedelta(minutes=number))

    with django_assert_max_num_queries(22):
        board = board_of(cast.lea)
    assert len(board.waiting) == SHOWN_WAITING
    assert board.waiting_count == SHOWN_WAITING + 7
    assert board.at_risk_count == 2 * SHOWN_WAITING + 9  # one window has just closed; the other's assignee is away


def test_redistributing_puts_back_what_waits_and_one_undo_returns_it(cast):
    for conversation in (cast.claras, cast.darios):
        assignment.assign(conversation, to_agent=cast.ben, by=cast.lea)
    factories.outbound_message(cast.darios, by=cast.ben)

    outcome = redistribution.redistribute(cast.ben, by=cast.lea)

    cast.claras.refresh_from_db()
    cast.darios.refresh_from_db()
    assert (outcome.done, cast.claras.assignee, cast.darios.assignee) == (1, None, cast.ben)
    undo.take_back(outcome.undo, by=cast.lea)
    cast.claras.refresh_from_db()
    assert cast.claras.assignee == cast.ben


def test_what_was_taken_from_somebody_goes_to_others_until_the_customer_writes(cast):
    nele = factories.agent(cast.workspace, "Nele Neu", teams=[cast.team], email="nele@radhaus.example")
    assignment.assign(cast.darios, to_agent=cast.lea, by=cast.lea)
    assignment.assign(cast.claras, to_agent=cast.ben, by=cast.lea)
    presence.beat_many({cast.workspace.pk: [(cast.ben.pk, "tab"), (nele.pk, "tab")]})
    for person in (cast.lea, nele):
        assignment.set_availability(person, Availability.AWAY, by=person)
    redistribution.redistribute(cast.ben, by=cast.lea)

    assert [decision.agent for decision in assignment.route_waiting(cast.workspace.pk)] == [None]
    assignment.set_availability(nele, Availability.AVAILABLE, by=nele)
    assert [decision.agent for decision in assignment.route_waiting(cast.workspace.pk)] == [nele]


@pytest.mark.parametrize("who", ["ben", "mallory"])
def test_only_who_leads_somebody_may_pause_them_or_move_their_work(cast, who):
    actor = getattr(cast, who)
    for act in (
        redistribution.redistribute, lambda person, by: set_availability(person, Availability.AWAY, by=by),
        lambda person, by: set_capacity_today(person, 1, by=by),
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            act(cast.lea, by=actor)


def test_a_lead_of_another_team_finds_nobody_to_pause(cast):
    other = factories.agent(cast.workspace, "Uwe Uhl", role="lead", email="uwe@radhaus.example")
    Membership.objects.create(team=cast.other_team, agent=other, is_lead=True)
    client = Client()
    client.force_login(other)

    with pytest.raises(NotAllowed):
        set_availability(cast.ben, Availability.AWAY, by=other)
    assert client.post(f"/team/people/{cast.ben.pk}/availability/", headers=HX).status_code == 404
    assert client.get(f"/team/people/{cast.ben.pk}/").status_code == 404
    cast.ben.refresh_from_db()
    assert cast.ben.availability == Availability.AVAILABLE


def test_of_two_leads_the_second_learns_what_the_first_did(client, cast):
    client.force_login(cast.ada)
    seen = f"{cast.claras.pk}:1:0"
    assignment.assign(cast.claras, to_agent=cast.lea, by=cast.lea)

    answer = client.post("/bulk/", {"do": "assign", "rows": seen, "agent": cast.ben.pk}, headers=HX)

    toast = json.loads(answer["HX-Trigger"])["toast"]
    assert toast["bad"]
    assert "Lea" in toast["words"]
    cast.claras.refresh_from_db()
    assert cast.claras.assignee == cast.lea
    back = client.post("/bulk/", {"do": "assign", "rows": f"{cast.claras.pk}:1:{cast.ben.pk}"}, headers=HX)
    assert json.loads(back["HX-Trigger"])["toast"]["bad"]
    assert Assignment.objects.filter(conversation=cast.claras).count() == 1


def test_the_page_shows_it_and_its_script_gets_only_the_parts(client, cast, bens_tab):
    cast.lea.visibility = Visibility.TEAM
    client.force_login(cast.lea)
    assignment.assign(cast.darios, to_agent=cast.ben, by=cast.lea)

    page = client.get("/team/").content.decode()
    parts = client.get("/team/", headers=HX).content.decode()

    for html in (page, parts):
        assert f'id="w-{cast.claras.pk}"' in html
        assert f'data-said="{cast.claras.pk}:1:0"' in html
        assert f'id="seat-{cast.ben.pk}"' in html
    assert "<html" in page
    assert "<html" not in parts
    held = client.get(f"/team/people/{cast.ben.pk}/").content.decode()
    assert f'data-said="{cast.darios.pk}:1:{cast.ben.pk}"' in held
    client.force_login(cast.ben)
    assert client.get("/team/").status_code == 404


def test_a_break_ends_by_itself_and_work_comes_again(cast, bens_tab):
    until = timezone.now() + timedelta(minutes=30)
    set_availability(cast.ben, Availability.AWAY, by=cast.lea, until=until)
    since = cast.ben.availability_changed_at
    set_availability(cast.ben, Availability.AWAY, by=cast.ben, until=until + timedelta(minutes=5))

    assert cast.ben.availability_changed_at == since
    assert not end_breaks(until)
    cast.ben.refresh_from_db()
    assert (cast.ben.availability, seat(board_of(cast.lea), cast.ben).state) == (Availability.AWAY, "away")
    end_breaks(until + timedelta(minutes=5))
    cast.ben.refresh_from_db()
    assert (cast.ben.availability, cast.ben.away_until) == (Availability.AVAILABLE, None)
    for wrong in (timezone.now(), timezone.now() + timedelta(hours=25)):
        with pytest.raises(InboxRuleViolation):
            set_availability(cast.ben, Availability.AWAY, by=cast.lea, until=wrong)


def test_capacity_for_today_counts_until_the_day_ends_where_that_person_is(cast, bens_tab):
    set_capacity_today(cast.ben, 1, by=cast.lea)
    assignment.set_availability(cast.lea, Availability.AWAY, by=cast.lea)

    assignment.route_waiting(cast.workspace.pk)

    assert assignment.fullness(cast.ben).capacity == 1
    assert [ticket.conversation.assignee for ticket in held_by(cast.ben, seen_by=cast.lea)] == [cast.ben]
    assert len(board_of(cast.lea).waiting) == 1
    assert AuditEntry.objects.get(verb="person.capacity_today").data == {"from": 8, "to": 1}
    assert cast.ben.capacity_at(timezone.now() + timedelta(days=1)) == 8
    cast.ben.timezone = "Pacific/Kiritimati"
    assert cast.ben.capacity_at(datetime(2026, 1, 1, 12, tzinfo=UTC)) == 8
    with pytest.raises(InboxRuleViolation):
        set_capacity_today(cast.ben, 201, by=cast.lea)


def test_what_a_lead_does_with_a_person_on_the_page(client, cast, bens_tab):
    client.force_login(cast.lea)
    place = f"/team/people/{cast.ben.pk}"
    assert client.post(f"{place}/availability/", {"minutes": "30"}, headers=HX).status_code == 204
    assert client.post(f"{place}/capacity/", {"capacity": "3"}, headers=HX).status_code == 204
    cast.ben.refresh_from_db()
    assert (cast.ben.availability, cast.ben.capacity_now) == (Availability.AWAY, 3)
    assert cast.ben.availability_changed_by == cast.lea

    page = client.get("/team/").content.decode()
    assert "(Lea)" in page
    for wrong in ({"minutes": "x"}, {"minutes": "99999"}, {"minutes": "0"}):
        assert client.post(f"{place}/availability/", wrong, headers=HX).status_code == 422
    assert client.post(f"{place}/capacity/", {"capacity": "-1"}, headers=HX).status_code == 422
    assert client.post(f"{place}/availability/", {"available": "1"}, headers=HX).status_code == 204
    cast.ben.refresh_from_db()
    assert cast.ben.availability == Availability.AVAILABLE


def test_the_median_first_reply_of_today_is_shown_for_the_teams_one_leads(cast):
    assert board_of(cast.lea).first_reply == ""
    for minutes in (4, 6, 30):
        case_of(cast, cast.team, minutes)
    case_of(cast, cast.other_team, 90)

    assert board_of(cast.lea).first_reply == "6 Min."
    assert board_of(cast.ada).first_reply == "18 Min."
    assert board_of(cast.ada, team_id=cast.other_team.pk).first_reply == "1,5 Std."


def test_recent_assignments_stand_in_the_order_in_which_they_happened(cast):
    assignment.assign(cast.claras, to_agent=cast.ben, by=cast.lea)
    assignment.assign(cast.darios, to_agent=cast.ben, by=cast.lea)
    latest = Activity.objects.filter(conversation=cast.darios, kind="assigned")
    latest.update(occurred_at=timezone.now() - timedelta(days=2))  # written last, happened first

    recent = board_of(cast.lea).recent

    assert [line.conversation for line in recent] == [cast.claras, cast.darios]


def case_of(cast, team, minutes):
    """A case of today that somebody answered after so many minutes, as the roll-up keeps it."""
    conversation = factories.conversation(cast.number, factories.contact(cast.number, "Nina"), team=team)
    case = Case.objects.get_or_create(conversation=conversation, defaults={"workspace": cast.workspace})[0]
    now = timezone.now()
    CaseFigures.objects.update_or_create(
        case=case,
        defaults={
            "workspace": cast.workspace, "conversation": conversation, "phone_number": cast.number, "team": team,
            "is_again": False, "is_asked": True, "opened_at": now, "replied_at": now,
            "reply_open_seconds": minutes * 60, "reply_seconds": minutes * 60,
        },
    )  # fmt: skip


# --- What a team may give somebody ------------------------------------------------------------------------------------


def test_a_limit_in_a_team_is_drawn_below_the_load_with_what_counts_for_it(cast, bens_tab):
    Membership.objects.filter(agent=cast.ben, team=cast.team).update(capacity=2)
    Membership.objects.create(agent=cast.ben, team=cast.other_team)  # without a limit there
    for each in (cast.claras, cast.darios):
        each.assignee = cast.ben
        each.save()
    elsewhere = factories.conversation(cast.number, team=cast.other_team, assignee=cast.ben)
    factories.inbound_message(elsewhere)

    bens = seat(board_of(cast.ada), cast.ben)
    client = Client()
    client.force_login(cast.ada)
    page = client.get("/team/").content.decode()

    [limit] = bens.team_limits
    assert (bens.load, limit.team, limit.taken, limit.most, limit.is_full) == (3, cast.team, 2, 2, True)
    assert limit.slots == ["on", "on"]
    assert 'class="team-limit is-full"' in page and "2/2" in page
    assert not seat(board_of(cast.ada), cast.lea).team_limits


def test_a_lead_sees_only_the_limits_of_their_own_teams(cast):
    Membership.objects.create(agent=cast.ben, team=cast.other_team, capacity=1)

    assert not seat(board_of(cast.lea), cast.ben).team_limits
