"""The team board in Chromium: it moves by itself, and a lead gives work by mouse and by keyboard."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import expect

from inbox import events
from inbox.actions import assignment
from tests import factories
from tests.browser.axe import found

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def board(open_page, cast):
    """Lea's, in English; Ben is here, too."""
    cast.lea.language = "en"
    cast.lea.save()
    open_page(cast.ben, "/")
    return open_page(cast.lea, "/team/")


def waiting(page):
    return page.locator("[data-list=waiting] > .ticket")


def seat(page, agent):
    return page.locator(f"#seat-{agent.pk}")


def test_it_follows_what_happens_without_a_reload(board, cast):
    expect(waiting(board)).to_have_count(2)
    new = factories.conversation(cast.number, factories.contact(cast.number, "Nina Neu"))
    with transaction.atomic():
        events.message_created(factories.inbound_message(new, "Hallo"))
    expect(waiting(board)).to_have_count(3)

    assignment.assign(cast.claras, to_agent=cast.ben, by=cast.ada)
    expect(waiting(board)).to_have_count(2)
    expect(seat(board, cast.ben).locator(".agent__num")).to_contain_text("1/8")
    expect(board.locator(".assignments > li").first).to_contain_text("Clara Sommer")
    assert found(board) == []


def test_a_ticket_is_dragged_onto_a_person_and_taken_back(board, cast):
    waiting(board).first.drag_to(seat(board, cast.ben))

    expect(waiting(board)).to_have_count(1)
    expect(seat(board, cast.ben).locator(".agent__num")).to_contain_text("1/8")
    board.get_by_role("button", name="Undo").click()
    expect(waiting(board)).to_have_count(2)
    expect(seat(board, cast.ben).locator(".agent__num")).to_contain_text("0/8")


def test_several_are_chosen_and_given_by_keyboard_and_come_back_from_a_persons_list(board, cast):
    for ticket in waiting(board).all():
        ticket.locator(".ticket__check").focus()
        board.keyboard.press("Space")
    expect(board.locator("[data-bar] [data-count]")).to_have_text("2 selected")
    board.locator("[data-bar] button[aria-haspopup]").focus()
    board.keyboard.press("Enter")
    expect(board.locator("[data-bar] input[role=combobox]")).to_be_focused()
    board.keyboard.type("ben")
    board.keyboard.press("Enter")

    expect(waiting(board)).to_have_count(0)
    expect(board.locator("[data-bar]")).to_be_hidden()
    seat(board, cast.ben).locator("button[aria-haspopup=menu]").click()
    seat(board, cast.ben).get_by_role("menuitem", name="2 open conversations").click()
    held = seat(board, cast.ben).locator(".agent__held .ticket")
    expect(held).to_have_count(2)
    held.first.drag_to(board.locator("[data-list=waiting]"))
    expect(waiting(board)).to_have_count(1)
    expect(held).to_have_count(1)
    close = seat(board, cast.ben).locator(".agent__held [data-held]")
    close.click()
    expect(held).to_have_count(0)
    seat(board, cast.ben).locator("button[aria-haspopup=menu]").click()
    seat(board, cast.ben).get_by_role("menuitem", name="1 open conversation").click()
    expect(held).to_have_count(1)


def test_by_time_alone_a_window_comes_into_danger_and_what_goes_leaves_the_focus_behind(board, cast):
    board.clock.install()
    board.reload()
    expect(waiting(board)).to_have_count(2)
    soon = timezone.now() - timedelta(hours=21)
    type(cast.claras).objects.filter(pk=cast.claras.pk).update(last_customer_message_at=soon)  # nobody tells the page
    board.clock.fast_forward(31_000)
    expect(board.locator("[data-list=risk] > .ticket")).to_have_count(1, timeout=20_000)

    waiting(board).first.locator(".ticket__act").focus()
    board.keyboard.press("Enter")
    expect(board.locator("combo-list input[role=combobox]")).to_be_focused()
    board.keyboard.type("ben")
    board.keyboard.press("Enter")
    expect(waiting(board)).to_have_count(1, timeout=20_000)
    expect(waiting(board).locator(":focus")).to_have_count(1)
    board.get_by_role("button", name="Undo").focus()
    board.keyboard.press("Enter")
    expect(waiting(board)).to_have_count(2, timeout=20_000)
    expect(board.locator("[data-list=waiting] :focus")).to_have_count(1)


def test_who_is_full_gets_more_only_after_a_question(board, cast):
    cast.ben.capacity = 0
    cast.ben.save()
    board.reload()
    expect(seat(board, cast.ben)).to_contain_text("0/0")
    waiting(board).first.drag_to(seat(board, cast.ben))
    dialog = board.locator("dialog[data-full]")
    expect(dialog).to_contain_text("Ben has 0 of 0")
    assert found(board) == []
    dialog.get_by_role("button", name="Cancel").click()
    expect(waiting(board)).to_have_count(2)

    waiting(board).first.drag_to(seat(board, cast.ben))
    dialog.get_by_role("button", name="Assign anyway").click()
    expect(waiting(board)).to_have_count(1)


def test_a_pause_is_seen_on_the_board_and_at_the_switch_of_the_one_who_pauses(open_page, board, cast):
    bens = open_page(cast.ben, "/")
    seat(board, cast.ben).locator("button[aria-haspopup=menu]").click()
    seat(board, cast.ben).get_by_role("menuitem", name="Break for 30 min").click()

    expect(seat(board, cast.ben).locator(".agent__state")).to_contain_text("Break until", timeout=20_000)
    expect(bens.locator("#availability-rail input[role=switch]")).not_to_be_checked()
    seat(board, cast.ben).locator("button[aria-haspopup=menu]").click()
    board.keyboard.press("Escape")
    board.get_by_role("button", name="Undo").click()
    expect(seat(board, cast.ben).locator(".agent__state")).to_contain_text("Available")
    expect(bens.locator("#availability-rail input[role=switch]")).to_be_checked()


def test_on_a_phone_work_is_given_and_taken_back_by_touch(open_page, board, cast):
    page = open_page(cast.lea, "/team/", viewport={"width": 390, "height": 844}, has_touch=True)
    waiting(page).first.locator(".ticket__act").tap()
    page.get_by_role("option", name="Ben Brandt").tap()
    expect(waiting(page)).to_have_count(1)
    expect(seat(page, cast.ben).locator(".agent__num")).to_contain_text("1/8")
    page.get_by_role("button", name="Undo").tap()
    expect(waiting(page)).to_have_count(2)

    seat(page, cast.ben).locator("button[aria-haspopup=menu]").tap()
    page.get_by_role("menuitem", name="Break for 15 min").tap()
    expect(seat(page, cast.ben).locator(".agent__state")).to_contain_text("Break until", timeout=20_000)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert found(page) == []
