"""Leaving the counter: keeping what is mine, handing it over, working outside the hours; and what others read of it."""

import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone, translation

from accounts.models import Availability, Duty
from inbox.absence import absence
from inbox.actions import assignment
from inbox.actions.availability import change_shifts, set_availability
from inbox.board import board_of
from inbox.models import Undo
from tests import factories
from tests.inbox.noon import *  # noqa: F403
from tests.inbox.noon import holder, route
from tests.inbox.test_shifts import AFTERNOON, MORNING, berlin, schedule

pytestmark = pytest.mark.django_db

HX = {"hx-request": "true"}


@pytest.fixture
def counter(cast, monkeypatch):
    """Everybody's pages are open and in English; Ben has Clara, who waits, and Dario, who is answered."""
    from inbox import presence

    monkeypatch.setattr(presence, "online_agent_ids", lambda workspace_id: {cast.ben.pk, cast.lea.pk, cast.ada.pk})
    for person in (cast.ben, cast.lea, cast.ada):
        person.language = "en"
        person.save()
    for conversation in (cast.claras, cast.darios):
        assignment.claim(conversation, by=cast.ben)
    factories.outbound_message(cast.darios, by=cast.ben)
    with translation.override("en"):
        yield cast


def client_of(agent) -> Client:
    client = Client()
    client.force_login(agent)
    return client


def toast_of(response):
    return json.loads(response["HX-Trigger"])["toast"]


def test_handing_over_gives_the_unanswered_back_at_once_and_can_be_undone(counter):
    ben = client_of(counter.ben)
    response = ben.post("/availability/", {"hand_over": "1"}, headers=HX)

    assert toast_of(response)["words"] == "1 conversation is back in the queue."
    counter.ben.refresh_from_db()
    assert counter.ben.availability == Availability.AWAY
    assert (holder(counter.claras), holder(counter.darios)) == (None, counter.ben)

    ben.delete(f"/undo/{Undo.objects.get().pk}/", headers=HX)
    assert holder(counter.claras) == counter.ben


def test_what_was_handed_over_goes_to_a_colleague_and_not_back(counter, people):
    cora = factories.agent(counter.workspace, "Cora Kern", teams=[counter.team])
    people.here(cora)
    client_of(counter.ben).post("/availability/", {"hand_over": "1"}, headers=HX)
    set_availability(counter.ben, Availability.AVAILABLE, by=counter.ben)
    route(counter)

    assert holder(counter.claras) == cora


def test_handing_over_nothing_is_said_too(counter):
    assignment.release(counter.claras, by=counter.ben)
    response = client_of(counter.ben).post("/availability/", {"hand_over": "1"}, headers=HX)
    assert toast_of(response)["words"] == "0 conversations are back in the queue."


def test_keeping_is_said_shown_to_the_lead_and_undone_by_coming_back(counter):
    ben = client_of(counter.ben)
    page = ben.post("/availability/", {"keeps": "1", "here": "rail"}, headers=HX)
    assert toast_of(page)["words"] == "You are away and keep what is yours."
    assert "keep what is yours" in page.content.decode()
    counter.ben.refresh_from_db()
    assert counter.ben.away_keeps

    board = client_of(counter.lea).get("/team/").content.decode()
    assert "keeps theirs" in board
    assert "with Ben, away" in board  # at risk all the same
    ben.post("/availability/", {"available": "1"}, headers=HX)
    counter.ben.refresh_from_db()
    assert (counter.ben.availability, counter.ben.away_keeps) == (Availability.AVAILABLE, False)


def test_a_lead_pauses_somebody_and_redistributes_in_one_go(counter):
    lea, place = client_of(counter.lea), f"/team/people/{counter.ben.pk}/"
    assert "Pause and redistribute 1 unanswered" in lea.get(f"{place}?menu=1").content.decode()
    response = lea.post(f"{place}availability/", {"hand_over": "1"}, headers=HX)

    assert toast_of(response)["undo"]
    counter.ben.refresh_from_db()
    assert (counter.ben.availability, counter.ben.availability_changed_by) == (Availability.AWAY, counter.lea)
    assert holder(counter.claras) is None
    assert "(Lea)" in lea.get("/team/").content.decode()


def test_a_lead_leaves_them_what_is_theirs(counter, clock):
    lea, place = client_of(counter.lea), f"/team/people/{counter.ben.pk}/availability/"
    assert toast_of(lea.post(place, {"keeps": "1"}, headers=HX))["words"] == "Ben gets no new work."
    clock.shift(timedelta(hours=2))
    assert assignment.hand_back_absent(counter.workspace.pk, timezone.now()) == 0


def test_nobody_hands_over_the_work_of_people_they_do_not_lead(counter):
    otto = factories.agent(counter.workspace, "Otto Ost", role="lead", leads=[counter.other_team])
    response = client_of(otto).post(f"/team/people/{counter.ben.pk}/availability/", {"hand_over": "1"}, headers=HX)
    assert response.status_code == 404
    assert holder(counter.claras) == counter.ben


def test_switching_on_outside_the_hours_says_until_when(counter, clock):
    schedule(counter.ben, MORNING, AFTERNOON)
    ben = client_of(counter.ben)
    off = ben.get("/availability/").content.decode()
    assert "Back at" in off
    assert "checked" not in off
    assert "Outside your working hours you get no new conversations." in off

    response = ben.post("/availability/", {"available": "1"}, headers=HX)
    assert toast_of(response)["words"] == (
        "You get conversations outside your working hours, until you switch off. Your next working time begins: 14:00"
    )
    assert " checked" in response.content.decode()
    ben.post("/availability/", {}, headers=HX)
    counter.ben.refresh_from_db()
    assert (counter.ben.duty, counter.ben.availability) == (Duty.OFF, Availability.AVAILABLE)


def test_what_colleagues_read_of_somebody_off_duty(counter, clock):
    schedule(counter.ben, MORNING, AFTERNOON)
    assert "Back at" in absence(counter.ben)
    board = client_of(counter.lea).get("/team/").content.decode()
    assert "Back at <relative-time" in board
    menu = client_of(counter.lea).get(f"/conversations/{counter.claras.pk}/assignment/").content.decode()
    assert "Back at <relative-time" in menu
    assert "Outside working hours" in menu

    clock.move_to(berlin(18, 30))
    change_shifts(timezone.now())
    counter.ben.refresh_from_db()
    assert str(absence(counter.ben)) in ("Feierabend", "Done for today")
    clock.move_to(datetime(2026, 11, 24, 1, tzinfo=ZoneInfo("Europe/Berlin")))
    assert "Back at" in absence(counter.ben)


def test_a_day_without_a_block_is_off_and_the_board_counts_them_as_absent(counter, clock):
    schedule(counter.ben)
    clock.shift(timedelta(days=1))
    board = board_of(counter.lea)
    seat = next(seat for seat in board.seats if seat.agent == counter.ben)

    assert str(absence(counter.ben)) in ("Heute frei", "Off today")
    assert (seat.state, seat.is_left_alone) == ("off", True)
    assert [ticket.holder_state for ticket in board.at_risk] == ["off"]
