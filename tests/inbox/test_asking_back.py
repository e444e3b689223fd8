"""A lead asks the customer to answer before the window closes, escalation, and the note for another team."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry
from inbox import jobs
from inbox.actions import assignment
from inbox.actions.asking_back import WORDS, ask_to_answer
from inbox.actions.bookkeeping import register_customer_message
from inbox.actions.conversations import close_conversation, mark_read
from inbox.actions.replying import send_reply
from inbox.actions.warnings import warn_of_closing_windows
from inbox.enums import BlockState, MessageStatus, NoticeKind
from inbox.errors import (
    AlreadyAsked,
    ContactBlocked,
    HandoverNoteRequired,
    InboxRuleViolation,
    NotAllowed,
    ServiceWindowClosed,
)
from inbox.models import Activity, AnswerTimer, Conversation, Event, Message, Note
from inbox.notices import notice_for, settings_of
from tests import factories
from tests.cast import make_cast

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def cast(clock):
    cast = make_cast()
    cast.team.first_response_minutes = 30
    cast.team.save()
    return cast


@pytest.fixture
def page(client: Client):
    """`page(agent)`: a browser of theirs."""

    def of(agent):
        client.force_login(agent)
        return client

    return of


def nearly_closed(conversation, minutes=40):
    conversation.last_customer_message_at = timezone.now() - timedelta(hours=23, minutes=59 - minutes)
    conversation.waiting_since = conversation.last_customer_message_at
    conversation.save()
    return conversation


def fresh(conversation):
    return Conversation.objects.get(pk=conversation.pk)


# --- asking the customer


def test_the_customer_is_asked_in_their_language_and_still_waits_for_who_had_it(cast):
    assignment.claim(cast.claras, by=cast.ben)
    cast.clara.language = "en"
    cast.clara.save()
    nearly_closed(cast.claras)

    message = ask_to_answer(cast.claras, by=cast.lea)

    assert (message.text, message.author, message.status) == (WORDS["en"], cast.lea, MessageStatus.QUEUED)
    now = fresh(cast.claras)
    assert now.needs_answer and now.waiting_since and now.assignee == cast.ben and now.answered_at is None
    assert now.current_case().first_replied_at is None
    assert Activity.objects.get(kind="asked_back").actor == cast.lea


def test_it_ends_no_answer_timer_and_holds_back_nobodys_reply(cast):
    conversation = factories.conversation(cast.number, factories.contact(cast.number, "Emma Vogel"))
    message = factories.bare_row(conversation, "Hallo?", timezone.now(), inbound=True)
    register_customer_message(conversation, message, timezone.now())
    seen = fresh(conversation).seq
    ask_to_answer(conversation, by=cast.lea)
    assert AnswerTimer.objects.get(conversation=conversation).due_at == NOON + timedelta(minutes=30)

    reply = send_reply(conversation, by=cast.ben, text="Ja, um vier", uid=uuid.uuid4(), seen_seq=seen)
    assert reply.status == MessageStatus.QUEUED
    assert fresh(conversation).answer_due_at is None


def test_once_a_window_and_again_in_the_next(cast, clock):
    nearly_closed(cast.claras)
    ask_to_answer(cast.claras, by=cast.lea)
    with pytest.raises(AlreadyAsked):
        ask_to_answer(cast.claras, by=cast.ada)

    factories.inbound_message(cast.claras, "Ja!")
    clock.shift(timedelta(hours=23))
    ask_to_answer(cast.claras, by=cast.ada)
    assert Message.objects.filter(conversation=cast.claras, text=WORDS["de"]).count() == 2


def test_not_when_somebody_has_answered_the_window_is_closed_or_the_contact_is_blocked(cast):
    factories.outbound_message(cast.claras, by=cast.ben)
    with pytest.raises(InboxRuleViolation, match="answered in the meantime|Inzwischen"):
        ask_to_answer(cast.claras, by=cast.lea)

    nearly_closed(cast.darios, minutes=-1)
    with pytest.raises(ServiceWindowClosed):
        ask_to_answer(cast.darios, by=cast.lea)

    nearly_closed(cast.darios)
    Conversation.objects.filter(pk=cast.darios.pk).update(block_state=BlockState.BLOCKED)
    with pytest.raises(ContactBlocked):
        ask_to_answer(cast.darios, by=cast.lea)
    assert not Message.objects.filter(text__in=WORDS.values()).exists()


def test_only_who_leads_the_team(cast, page):
    other = factories.agent(cast.workspace, "Otto Lead", role="lead", leads=[cast.other_team], visibility="all")
    with pytest.raises(NotAllowed):
        ask_to_answer(cast.claras, by=cast.ben)
    with pytest.raises(NotAllowed):
        ask_to_answer(cast.claras, by=other)
    assert page(cast.ben).post(f"/conversations/{cast.claras.pk}/ask/").status_code == 404
    answer = page(cast.lea).post(f"/conversations/{cast.claras.pk}/ask/")
    assert answer.status_code == 200 and "Clara" in answer.json()["words"]
    answer = page(cast.lea).post(f"/conversations/{cast.claras.pk}/ask/")
    assert answer.status_code == 409 and answer.json()["code"] == "already_asked"


def test_the_business_writes_its_own_words_and_empty_ones_are_ours_again(cast, page):
    said = {"ask_de": " Magst du noch antworten? ", "ask_en": WORDS["en"], "handover_note_required": "on"}
    assert page(cast.ada).post("/settings/teamwork/", said).status_code == 302
    cast.workspace.refresh_from_db()
    assert cast.workspace.ask_texts == {"de": "Magst du noch antworten?"} and cast.workspace.handover_note_required
    assert AuditEntry.objects.filter(verb="workspace.teamwork").count() == 1
    assert ask_to_answer(fresh(cast.claras), by=cast.lea).text == "Magst du noch antworten?"

    assert page(cast.ada).post("/settings/teamwork/", {"ask_de": "x" * 501}).status_code == 422
    page(cast.ada).post("/settings/teamwork/", {"ask_de": "", "ask_en": ""})
    cast.workspace.refresh_from_db()
    assert (cast.workspace.ask_texts, cast.workspace.handover_note_required) == ({}, False)
    assert ask_to_answer(fresh(cast.darios), by=cast.lea).text == WORDS["de"]


def test_a_lead_is_told_of_a_closing_window_that_somebody_has_with_a_button_to_ask(cast, clock):
    assignment.assign(cast.claras, to_agent=cast.ben, by=cast.lea)
    nearly_closed(cast.claras, minutes=14)
    cast.lea.language = "en"
    warn_of_closing_windows(timezone.now())
    tell = Event.objects.filter(kind="notice").latest("pk").payload["tell"]
    assert tell == {str(cast.ben.pk): "closing_15", str(cast.lea.pk): "closing_15"}

    def notice(agent):
        return notice_for(agent, fresh(cast.claras), NoticeKind.CLOSING_15, timezone.now(), settings_of(agent))

    [button] = notice(cast.lea)["actions"]
    assert button["action"] == "ask" and notice(cast.lea)["data"]["ask"] == f"/conversations/{cast.claras.pk}/ask/"
    assert "Ben" in notice(cast.lea)["body"]
    assert notice(cast.ben)["actions"] == [] and "ask" not in notice(cast.ben)["data"]

    ask_to_answer(cast.claras, by=cast.lea)
    assert notice(cast.lea)["actions"] == []


def test_the_board_offers_it_where_little_is_left_and_says_when_it_was_done(cast, page):
    nearly_closed(cast.claras)
    url = f"/conversations/{cast.claras.pk}/ask/"
    html = page(cast.lea).get("/team/").content.decode()
    assert html.count(url) == 1 and f"/conversations/{cast.darios.pk}/ask/" not in html

    ask_to_answer(cast.claras, by=cast.lea)
    html = page(cast.lea).get("/team/").content.decode()
    assert url not in html and 'class="ticket__text cluster' in html


def test_the_board_puts_a_missed_target_at_risk_and_a_guarded_window_on_top(cast, page):
    Conversation.objects.filter(pk=cast.claras.pk).update(answer_due_at=NOON - timedelta(minutes=11))
    Conversation.objects.filter(pk=cast.claras.pk).update(waiting_since=NOON - timedelta(hours=5))
    nearly_closed(cast.darios)
    Conversation.objects.filter(pk=cast.darios.pk).update(waiting_since=NOON)

    board = page(cast.lea).get("/team/").context["board"]

    assert [ticket.conversation.pk for ticket in board.waiting] == [cast.darios.pk, cast.claras.pk]
    risk = {ticket.conversation.pk: ticket for ticket in board.at_risk}
    assert set(risk) == {cast.darios.pk, cast.claras.pk}
    assert risk[cast.claras.pk].is_late and not risk[cast.darios.pk].is_late


# --- escalation


def test_an_escalation_gives_it_to_a_lead_with_the_reason(cast, page):
    assignment.claim(cast.claras, by=cast.ben)
    answer = page(cast.ben).post(f"/conversations/{cast.claras.pk}/escalation/", {"why": "Will den Chef  sprechen"})

    assert answer.status_code == 204
    assert fresh(cast.claras).assignee == cast.lea
    assert Note.objects.get(conversation=cast.claras).text == "Will den Chef sprechen"
    assert Activity.objects.get(kind="assigned").data["escalated"] is True
    tell = [event.payload["tell"] for event in Event.objects.order_by("pk") if "tell" in event.payload]
    assert tell == [{str(cast.lea.pk): "escalated"}]
    cast.lea.language = "en"
    notice = notice_for(
        cast.lea, fresh(cast.claras), NoticeKind.ESCALATED, timezone.now(), settings_of(cast.lea)
    )
    assert "Ben" in notice["body"] and "Chef" not in notice["body"]


def test_an_escalation_says_why_and_finds_somebody_else(cast, page):
    url = f"/conversations/{cast.claras.pk}/escalation/"
    assert page(cast.ben).post(url, {"why": "  "}).status_code == 422
    assert fresh(cast.claras).assignee is None
    assert page(cast.lea).post(url, {"why": "Bin zu nah dran"}).status_code == 204
    assert fresh(cast.claras).assignee == cast.ada  # no other lead in the team

    close_conversation(cast.darios, by=cast.ben)
    assert page(cast.ben).post(f"/conversations/{cast.darios.pk}/escalation/", {"why": "x"}).status_code == 409


# --- the note for another team


def test_where_a_note_is_wanted_nothing_changes_its_team_without(cast, page):
    cast.workspace.handover_note_required = True
    cast.workspace.save()
    conversation = fresh(cast.claras)
    for nothing in (" \n", "\u200b \u2060"):
        with pytest.raises(HandoverNoteRequired):
            assignment.assign(conversation, to_team=cast.other_team, by=cast.ada, note=nothing)
    url, team = f"/conversations/{cast.claras.pk}/assignment/", str(cast.other_team.pk)
    answer = page(cast.ben).post(url, {"team": team})
    assert answer.status_code == 422 and answer.json()["code"] == "handover_note"
    assert fresh(cast.claras).team == cast.team
    assert page(cast.ben).post(url, {"agent": str(cast.lea.pk)}).status_code == 204  # within the team

    form = page(cast.ben).get(f"{url}?team={team}").content.decode()
    assert 'name="note"' in form and "required" in form
    assert page(cast.ben).post(url, {"team": team, "note": "Kunde will ein Lastenrad"}).status_code == 204
    assert fresh(cast.claras).team == cast.other_team
    note, line = Note.objects.get(), Activity.objects.get(kind="moved")
    assert note.text == "Kunde will ein Lastenrad" and note.author == cast.ben and note.seq < line.seq


def test_several_at_once_need_a_note_too(cast, page):
    cast.workspace.handover_note_required = True
    cast.workspace.save()
    rows = f"{cast.claras.pk}:1,{cast.darios.pk}:1"
    said = {"do": "assign", "rows": rows, "team": str(cast.other_team.pk)}
    client = page(cast.ada)
    answer = client.post("/bulk/", said)
    assert answer.status_code == 204 and Conversation.objects.filter(team=cast.other_team).count() == 0
    assert 'name="note"' in client.get(f"/bulk/?menu=assign&team={cast.other_team.pk}").content.decode()

    client.post("/bulk/", said | {"note": "Bitte übernehmen"})
    assert Conversation.objects.filter(team=cast.other_team).count() == 2
    assert Note.objects.filter(text="Bitte übernehmen").count() == 2


def test_without_the_switch_a_conversation_moves_as_before(cast, page):
    url = f"/conversations/{cast.claras.pk}/assignment/"
    assert page(cast.ben).post(url, {"team": str(cast.other_team.pk)}).status_code == 204
    assert fresh(cast.claras).team == cast.other_team and not Note.objects.exists()


# --- reading along


def test_a_lead_who_reads_along_and_whispers_takes_nothing_over_and_marks_nothing_read(cast, page, monkeypatch):
    queued = []
    monkeypatch.setattr(jobs, "enqueue", lambda func, *args, queue="default": queued.append((func, *args)))
    assignment.claim(cast.claras, by=cast.ben)
    client = page(cast.lea)
    client.get(f"/conversations/{cast.claras.pk}/")
    client.post(f"/conversations/{cast.claras.pk}/read/", {"up_to": 1})
    client.post(f"/conversations/{cast.darios.pk}/read/", {"up_to": 1})  # nobody has that one
    answer = client.post(f"/conversations/{cast.claras.pk}/notes/", {"text": "Biete Rabatt an", "uid": uuid.uuid4()})

    assert answer.status_code == 200
    assert fresh(cast.claras).assignee == cast.ben and fresh(cast.darios).assignee is None
    assert jobs.send_read_receipt not in [job for job, *_args in queued]
    assert Message.objects.filter(read_at__isnull=False).count() == 0

    mark_read(cast.ben, cast.claras)
    assert (jobs.send_read_receipt, cast.claras.messages.get().pk) in queued
