"""Answer targets in Chromium: they pass by themselves, a lead asks with one click, another team gets a note."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import expect

from inbox import events
from inbox.models import Conversation, Message, Note
from tests.browser.axe import found

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def cast(cast):
    for agent in (cast.ben, cast.lea):
        agent.language = "en"
        agent.save()
    return cast


def reported(conversation, **changed):
    """Changed like this, and every page hears of it."""
    with transaction.atomic():
        Conversation.objects.filter(pk=conversation.pk).update(**changed)
        events.conversation_changed(Conversation.objects.get(pk=conversation.pk))


def test_a_target_passes_at_its_second_in_list_and_head_without_a_word_from_the_server(open_page, cast):
    reported(cast.claras, answer_due_at=timezone.now() + timedelta(seconds=90))
    page = open_page(cast.ben, f"/conversations/{cast.claras.pk}/")
    row = page.locator(f"#row-{cast.claras.pk} target-clock")
    head = page.locator(f"#head-{cast.claras.pk} target-clock")
    for clock in (row, head):
        expect(clock).to_have_text("Answer target in 1 min")

    reported(cast.claras, answer_due_at=timezone.now() + timedelta(seconds=4))
    for clock in (row, head):
        expect(clock).to_have_text("Answer target missed by 0 min", timeout=20_000)
        expect(clock).to_have_attribute("data-state", "urgent")

    reported(cast.claras, answer_due_at=None)
    expect(row).to_have_count(0)
    expect(head).to_be_hidden()


def test_a_lead_asks_for_an_answer_with_one_click_on_the_board(open_page, cast):
    wrote_at = timezone.now() - timedelta(hours=23, minutes=20)
    Conversation.objects.filter(pk=cast.claras.pk).update(last_customer_message_at=wrote_at, waiting_since=wrote_at)
    page = open_page(cast.lea, "/team/")
    risk = page.locator("[data-list=risk]")
    assert found(page) == []
    risk.get_by_role("button", name="Ask Clara Sommer to answer").click()

    expect(risk).to_contain_text("asked to answer")
    expect(risk.get_by_role("button", name="Ask Clara Sommer to answer")).to_have_count(0)
    expect(page.locator(".toast")).to_contain_text("Clara is asked to answer.")
    assert Message.objects.get(conversation=cast.claras, direction="out").author == cast.lea
    assert Conversation.objects.get(pk=cast.claras.pk).needs_answer


def test_moving_to_another_team_asks_for_the_note_first(open_page, cast):
    cast.workspace.handover_note_required = True
    cast.workspace.save()
    page = open_page(cast.ben, f"/conversations/{cast.claras.pk}/")
    page.locator(".thread__actions .assign").click()
    page.get_by_role("option", name="Verleih").click()
    note = page.get_by_role("textbox", name="Note for team Verleih")
    expect(note).to_be_focused()
    assert found(page) == []

    page.get_by_role("button", name="Move to Verleih").click()  # empty: the browser says so
    expect(note).to_be_visible()
    assert Conversation.objects.get(pk=cast.claras.pk).team == cast.team

    note.fill("Wants a cargo bike")
    page.get_by_role("button", name="Move to Verleih").click()
    expect(page.get_by_role("status").filter(has_text="Assigned to Verleih")).to_be_visible()
    assert Conversation.objects.get(pk=cast.claras.pk).team == cast.other_team
    assert Note.objects.get().text == "Wants a cargo bike"
