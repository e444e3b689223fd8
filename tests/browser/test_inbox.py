"""Finding one's way in Chromium: list, keys, menus, panes, older messages, the template picker, accessibility."""

import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Page, expect

from inbox import events
from inbox.enums import ConversationStatus
from inbox.models import Label, Message
from tests import factories
from tests.browser.axe import found
from tests.browser.test_composer import until
from tests.browser.web import hold

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
TEMPLATE = {"type": "BODY", "text": "Hallo {{1}}, bis {{2}}.", "example": {"body_text": [["Clara", "Montag"]]}}


@pytest.fixture
def bens(open_page, cast):
    """Ben, in English, with his tab wherever a test wants it."""
    cast.ben.language = "en"
    cast.ben.save()
    return lambda path="/?view=all", **options: open_page(cast.ben, path, **options)


def opened(page: Page) -> str | None:
    return page.locator("#thread").get_attribute("data-conversation")


def test_a_row_opens_its_conversation_in_place_and_back_returns(bens, cast):
    page = bens()
    page.evaluate("window.sameDocument = true")
    page.locator(f"#row-{cast.claras.pk} .row__link").click()
    expect(page.locator(".thread__name")).to_have_text("Clara Sommer")
    expect(page.locator("#panel h2")).to_have_text("Clara Sommer")
    expect(page.locator(f"#row-{cast.claras.pk}")).to_have_class("row is-current")
    page.locator(f"#row-{cast.darios.pk} .row__link").click()
    expect(page.locator(".thread__name")).to_have_text("Dario Conti")
    assert page.url.endswith(f"/conversations/{cast.darios.pk}/")
    page.go_back()

    expect(page.locator(".thread__name")).to_have_text("Clara Sommer")
    assert page.evaluate("window.sameDocument")


def test_of_two_conversations_opened_at_once_the_last_is_on_the_screen_whole(bens, cast):
    page = bens(f"/conversations/{cast.claras.pk}/")
    darios = hold(page, f"**/conversations/{cast.darios.pk}/")
    with page.expect_request(f"**/conversations/{cast.darios.pk}/"):
        page.locator(f"#row-{cast.darios.pk} .row__link").click()
    claras = hold(page, f"**/conversations/{cast.claras.pk}/")
    with page.expect_request(f"**/conversations/{cast.claras.pk}/"):
        page.locator(f"#row-{cast.claras.pk} .row__link").click()
    until(lambda: page.wait_for_timeout(20) or (darios and claras))
    darios[0].continue_()  # it is given up for Clara's: its answer changes nothing
    page.wait_for_timeout(300)
    claras[0].continue_()

    expect(page.locator(f"#row-{cast.claras.pk}")).to_have_class("row is-current")
    expect(page.locator("#panel h2")).to_have_text("Clara Sommer")
    expect(page.locator(".thread__name")).to_have_text("Clara Sommer")
    assert (opened(page), page.url.endswith(f"/conversations/{cast.claras.pk}/")) == (str(cast.claras.pk), True)


@pytest.mark.parametrize("keys", ["rZu Ende", "e"])
def test_keys_pressed_while_a_conversation_is_on_its_way_are_meant_for_that_one(bens, cast, keys):
    page = bens(f"/conversations/{cast.darios.pk}/")
    held = hold(page, f"**/conversations/{cast.claras.pk}/")
    with page.expect_request(f"**/conversations/{cast.claras.pk}/"):
        page.locator(f"#row-{cast.claras.pk} .row__link").click()
    page.keyboard.type(keys)
    until(lambda: page.wait_for_timeout(20) or held)
    held[0].continue_()

    expect(page.locator(".thread__name")).to_have_text("Clara Sommer")
    if keys == "e":
        expect(page.locator("#thread .thread__head")).to_have_attribute("data-status", "closed")
    else:
        expect(page.locator("[data-text=reply]")).to_have_value("Zu Ende")
    cast.darios.refresh_from_db()
    assert cast.darios.status == ConversationStatus.OPEN


@pytest.mark.parametrize("device", [{}, PHONE], ids=["desktop", "phone"])
def test_on_a_slow_line_an_outline_stands_in_until_the_thread_is_there_or_does_not_come(bens, cast, device):
    page = bens("/?view=all" if device else f"/conversations/{cast.claras.pk}/", **device)
    held = hold(page, f"**/conversations/{cast.darios.pk}/")
    page.locator(f"#row-{cast.darios.pk} .row__link").click()
    expect(page.locator("#thread")).to_have_attribute("aria-busy", "true")
    expect(page.locator("main.inbox")).to_have_attribute("data-pane", "thread")
    expect(page.locator("#thread > *").first).to_be_hidden()
    held.pop().abort()
    expect(page.locator("#thread[aria-busy]")).to_have_count(0)
    expect(page.locator("main.inbox")).to_have_attribute("data-pane", "list" if device else "thread")

    page.locator(f"#row-{cast.darios.pk} .row__link").click()
    expect(page.locator("#thread")).to_have_attribute("aria-busy", "true")
    held.pop().continue_()
    expect(page.locator(".thread__name")).to_have_text("Dario Conti")
    expect(page.locator(".thread__name")).to_be_visible()


def test_back_on_a_slow_line_leads_to_the_list_and_what_comes_later_stays_away(bens, cast):
    page = bens(**PHONE)
    held = hold(page, f"**/conversations/{cast.darios.pk}/")
    page.locator(f"#row-{cast.darios.pk} .row__link").tap()
    expect(page.locator("#thread")).to_have_attribute("aria-busy", "true")
    expect(page).to_have_url(re.compile(rf"/conversations/{cast.darios.pk}/$"))
    page.go_back()

    expect(page.locator("main.inbox")).to_have_attribute("data-pane", "list")
    expect(page.locator("#thread[aria-busy]")).to_have_count(0)
    expect(page).to_have_url(re.compile("view=all"))
    page.locator(f"#row-{cast.claras.pk} .row__link").tap()
    expect(page.locator(".thread__name")).to_contain_text("Clara")

    page.go_back()
    page.locator(f"#row-{cast.darios.pk} .row__link").tap()
    expect(page).to_have_url(re.compile(rf"/conversations/{cast.darios.pk}/$"))
    held[-1].abort()
    expect(page.locator("main.inbox")).to_have_attribute("data-pane", "list")
    expect(page).to_have_url(re.compile("view=all"))


def test_thread_and_panel_follow_although_an_event_replaced_the_row_that_was_clicked(bens, cast):
    page = bens(f"/conversations/{cast.darios.pk}/")
    held = hold(page, f"**/conversations/{cast.claras.pk}/")
    row = page.locator(f"#row-{cast.claras.pk}")
    with page.expect_request(f"**/conversations/{cast.claras.pk}/"):
        row.locator(".row__link").click()
    with transaction.atomic():
        events.message_created(factories.inbound_message(cast.claras, "Noch etwas"))
    expect(row).to_contain_text("Noch etwas")
    held[0].continue_()

    expect(page.locator(".thread__name")).to_have_text("Clara Sommer")
    expect(page.locator("#thread")).to_have_count(1)
    assert opened(page) == str(cast.claras.pk)
    expect(page.locator("#panel h2")).to_have_text("Clara Sommer")


def test_what_a_script_or_a_hand_has_resized_is_not_styled_anew_by_a_swap(bens, cast):
    """htmx would carry a style over as an attribute, which our policy forbids: an error in the console."""
    page = bens(f"/conversations/{cast.claras.pk}/")
    page.evaluate(
        "document.addEventListener('securitypolicyviolation', (e) => document.body.dataset.broken = e.blockedURI)"
    )
    page.evaluate("document.getElementById('messages').style.minWidth = '1px'")
    page.locator(f"#row-{cast.darios.pk} .row__link").click()
    expect(page.locator(f"#head-{cast.darios.pk}")).to_be_visible()

    expect(page.locator("#messages")).not_to_have_attribute("style", "min-width: 1px;")
    expect(page.locator("body[data-broken]")).to_have_count(0)


def test_no_conversation_stays_in_the_memory_of_the_tab(bens, cast):
    page = bens(f"/conversations/{cast.claras.pk}/")
    page.locator(f"#row-{cast.darios.pk} .row__link").click()
    expect(page.locator(".thread__name")).to_have_text("Dario Conti")

    assert "Clara" not in page.evaluate("JSON.stringify(sessionStorage) + JSON.stringify(localStorage)")


def test_what_is_open_and_looked_at_is_read(bens, cast):
    page = bens()
    row = page.locator(f"#row-{cast.claras.pk}")
    expect(row.locator(".unread")).to_have_text("1")
    row.locator(".row__link").click()

    expect(row.locator(".unread")).to_be_hidden()


def test_keys_walk_the_list_open_menus_and_change_views(bens, cast):
    page = bens()
    page.keyboard.press("j")
    expect(page.locator(".thread__name")).to_have_text("Dario Conti")
    page.keyboard.press("j")
    expect(page.locator(".thread__name")).to_have_text("Clara Sommer")
    page.keyboard.press("r")
    page.keyboard.type("jk?")
    expect(page.locator("[data-text=reply]")).to_have_value("jk?")
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator(".thread__name")).to_have_text("Dario Conti")
    page.keyboard.type("zu?")
    expect(page.locator("[data-text=reply]")).to_have_value("zu?")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    expect(page.locator("#list")).to_have_attribute("data-view", "mine")
    page.keyboard.press("Control+k")
    expect(page.locator("#command-bar input")).to_be_focused()


def test_the_list_has_the_focus_of_whoever_walks_it_and_escape_comes_back_to_the_open_one(bens, cast):
    page = bens()
    clara = page.locator(f"#row-{cast.claras.pk} .row__link")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(clara).to_be_focused()
    expect(page.locator(".thread__name")).to_have_text("Clara Sommer")
    page.locator(".thread__name a").focus()
    page.keyboard.press("Escape")

    expect(clara).to_be_focused()


def test_the_focus_stays_with_its_control_when_the_head_is_drawn_anew(bens, cast):
    page = bens(f"/conversations/{cast.claras.pk}/")
    closing, reopening, snoozing = (page.locator(f"#thread .thread__head {each}") for each in (
        "[data-action=close]", "[data-action=reopen]", "drop-menu[data-key=H] > button"
    ))  # fmt: skip
    closing.focus()
    page.keyboard.press("Enter")
    expect(reopening).to_be_focused()
    page.keyboard.press("Enter")
    expect(closing).to_be_focused()
    snoozing.focus()
    with transaction.atomic():
        cast.claras.refresh_from_db()
        cast.claras.assignee = cast.lea
        cast.claras.save()
        events.conversation_changed(cast.claras)
    expect(page.locator(".assign")).to_contain_text("Lea")

    expect(snoozing).to_be_focused()


def test_single_keys_can_be_switched_off(bens, cast):
    cast.ben.single_keys = False
    cast.ben.save()
    page = bens()
    expect(page.locator("#thread")).to_contain_text("Choose one from the list.")
    page.keyboard.press("j")
    page.keyboard.press("Alt+ArrowDown")

    expect(page.locator(".thread__name")).to_have_text("Dario Conti")
    page.locator("#thread").get_by_role("button", name="More actions").click()
    item = page.get_by_role("menuitem", name="Mark as unread")
    expect(item).to_be_visible()
    expect(item.locator("kbd")).to_be_hidden()


def test_assigning_by_keyboard_and_taking_it_back(bens, cast):
    page = bens(f"/conversations/{cast.claras.pk}/")
    page.keyboard.press("a")
    expect(page.locator("combo-list input")).to_be_focused()
    page.keyboard.type("lea")
    page.keyboard.press("Enter")

    expect(page.locator(".assign")).to_contain_text("Lea")
    expect(page.locator("[data-part=taken]")).to_contain_text("Lea is looking after Clara.")
    page.locator("#thread .thread__name").click(position={"x": 1, "y": 1}, trial=True)
    page.keyboard.press("m")
    expect(page.locator(".assign")).to_contain_text("Ben")
    expect(page.locator("[data-text=reply]")).to_be_visible()


def test_a_full_colleague_gets_it_after_a_second_word_by_keyboard(bens, cast):
    cast.lea.capacity = 0
    cast.lea.save()
    page = bens(f"/conversations/{cast.claras.pk}/")
    page.keyboard.press("a")
    expect(page.locator("combo-list input")).to_be_focused()
    page.keyboard.type("lea")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Lea has 0 of 0. Assign anyway?")).to_be_visible()
    expect(page.get_by_role("button", name="Assign to Lea")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.locator(".assign")).to_contain_text("Lea")
    expect(page.locator(".menu__ask")).to_have_count(0)


def test_closing_by_key_leaves_the_list_and_undo_brings_it_back(bens, cast):
    page = bens(f"/conversations/{cast.claras.pk}/")
    page.keyboard.press("e")
    expect(page.locator(f"#row-{cast.claras.pk}")).to_have_count(0)
    expect(page.locator("#thread .thread__head")).to_contain_text("Reopen")
    page.locator(".toast button").click()

    expect(page.locator(f"#row-{cast.claras.pk}")).to_be_visible()
    expect(page.locator("#thread .thread__head")).to_contain_text("Close")


def test_snoozing_from_the_menu(bens, cast):
    page = bens(f"/conversations/{cast.claras.pk}/")
    page.keyboard.press("h")
    expect(page.get_by_role("menuitem", name="In one hour")).to_be_focused()
    assert found(page) == []
    page.get_by_role("menuitem", name="In one hour").click()

    until(lambda: type(cast.claras).objects.get(pk=cast.claras.pk).status == ConversationStatus.SNOOZED)
    expect(page.locator(f"#row-{cast.claras.pk}")).to_have_count(0)


def test_labels_are_put_on_and_taken_off(bens, cast):
    Label.objects.create(workspace=cast.workspace, name="Reparatur", hue=4)
    page = bens(f"/conversations/{cast.claras.pk}/")
    page.keyboard.press("l")
    page.get_by_placeholder("Find a label").fill("rep")
    page.keyboard.press("Enter")
    expect(page.locator(f"#row-{cast.claras.pk} .label")).to_have_text("Reparatur")
    expect(page.locator("#labels-add")).to_be_focused()
    page.get_by_role("button", name="Remove label Reparatur").press("Enter")

    expect(page.locator(f"#row-{cast.claras.pk} .label")).to_have_count(0)
    expect(page.locator("#labels-add")).to_be_focused()


def test_consent_is_recorded_from_the_panel(bens, cast):
    page = bens(f"/conversations/{cast.claras.pk}/")
    page.get_by_text("Record a change").click()
    page.get_by_label("Where and how").fill("Form at the counter")
    page.locator("#consent button[type=submit]").click()

    expect(page.locator("#consent")).to_contain_text("Marketing: yes")
    expect(page.locator("#consent .consent")).to_contain_text("Form at the counter")


def test_older_messages_come_while_scrolling_up_and_the_view_does_not_jump(bens, cast):
    start = timezone.now() - timedelta(days=2)
    for number in range(90):
        factories.inbound_message(cast.claras, f"Nummer {number}", at=start + timedelta(minutes=number))
    page = bens(f"/conversations/{cast.claras.pk}/")
    expect(page.locator("#messages > .msg")).to_have_count(40)
    page.locator("thread-scroll").evaluate("scroller => scroller.scrollTo(0, -scroller.scrollHeight)")

    expect(page.locator("#messages")).to_contain_text("Nummer 12", timeout=8_000)
    expect(page.locator("#messages > .day").first).to_be_attached()
    days = page.locator("#messages > .day:not(.day--new)").all_inner_texts()
    assert len(days) == len(set(days))


def test_the_list_goes_on_while_scrolling(bens, cast):
    at = timezone.now() - timedelta(hours=1)
    for number in range(70):
        person = factories.contact(cast.number, f"Kundin {number}")
        factories.conversation(cast.number, person, last_message_at=at - timedelta(minutes=number))
    page = bens()
    expect(page.locator("#rows > .row")).to_have_count(50)
    page.locator("#list-scroll").evaluate("list => list.scrollTo(0, list.scrollHeight)")

    expect(page.locator("#rows > .row")).to_have_count(72)
    expect(page.locator(".rows__more")).to_have_count(0)


def test_a_template_is_chosen_filled_previewed_and_sent(bens, cast):
    close_window(cast.claras)
    factories.template(cast.number, "rad_fertig", components=[TEMPLATE])
    factories.template(cast.number, "frage", body="Noch Fragen?", examples=(), used_count=9)
    factories.template(cast.number, "neu", status="PENDING")
    page = bens(f"/conversations/{cast.claras.pk}/")
    page.locator("[data-part=locked] [data-action=template]").click()
    picker = page.locator("#picker")
    expect(picker.locator(".pick:not([aria-disabled])")).to_have_count(2)
    expect(picker).to_contain_text("Waiting for approval by WhatsApp")
    picker.locator("[data-search]").fill("fertig")
    expect(picker.locator(".pick:visible")).to_have_count(1)
    picker.locator(".pick:visible").click()
    expect(picker.locator("[data-send]")).to_have_attribute("aria-disabled", "true")
    expect(picker.locator("[data-field='body.1']")).to_have_value("Clara")
    picker.locator("[data-send]").click(force=True)
    expect(picker.locator("[data-error='body.2']")).to_have_text("Needed before sending")
    picker.locator("[data-field='body.2']").fill("Freitag")
    expect(picker.locator(".pmsg")).to_contain_text("Hallo Clara, bis Freitag.")
    picker.locator("[data-send]").click()

    expect(page.locator("#messages .msg--out")).to_contain_text("Hallo Clara, bis Freitag.")
    expect(picker).to_be_hidden()
    expect(page.locator("[data-part=locked]")).to_be_visible()
    assert Message.objects.get(direction="out").template.name == "rad_fertig"


def close_window(conversation) -> None:
    conversation.last_customer_message_at = timezone.now() - timedelta(days=2)
    conversation.save()


def test_on_a_phone_one_pane_is_in_front_and_back_goes_one_pane_back(bens, cast):
    page = bens(**PHONE)
    expect(page.locator("#list")).to_be_visible()
    expect(page.locator("#thread")).to_be_hidden()
    page.locator(f"#row-{cast.claras.pk} .row__link").tap()
    expect(page.locator("#thread")).to_be_visible()
    expect(page.locator(".rail")).to_be_hidden()
    page.locator(".thread__name a").tap()
    expect(page.locator("#panel")).to_be_visible()
    assert page.url.endswith("/contact/")
    page.go_back()
    expect(page.locator("#thread")).to_be_visible()
    page.go_back()

    expect(page.locator("#list")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_on_a_phone_the_focus_goes_along_to_the_pane_in_front(bens, cast):
    page = bens(**PHONE)
    row, name = page.locator(f"#row-{cast.claras.pk} .row__link"), page.locator(".thread__name a")
    row.press("Enter")
    expect(name).to_be_focused()
    name.press("Enter")
    expect(page.locator("#panel-scroll")).to_be_focused()
    page.locator("#panel .panel__back").press("Enter")
    expect(name).to_be_focused()
    page.locator(".thread__head [data-pane-link=list]").press("Enter")

    expect(row).to_be_focused()


def test_on_a_phone_the_picker_has_two_steps(bens, cast):
    close_window(cast.claras)
    factories.template(cast.number, "rad_fertig", components=[TEMPLATE])
    page = bens(f"/conversations/{cast.claras.pk}/", **PHONE)
    page.locator("[data-part=locked] [data-action=template]").tap()
    expect(page.locator(".picker__form")).to_be_hidden()
    page.locator(".pick").first.tap()
    back = page.locator(".dialog__head [data-step-to=list]")
    expect(back).to_be_focused()
    back.tap()
    expect(page.locator(".pick").first).to_be_focused()
    page.locator(".pick").first.tap()
    page.locator("[data-field='body.2']").fill("Freitag")
    page.locator("[data-send]").tap()

    expect(page.locator("#messages .msg--out")).to_contain_text("Hallo Clara, bis Freitag.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [{"width": 1440, "height": 900}, {"width": 390, "height": 844}])
def test_nothing_stands_in_the_way_of_assistive_technology(bens, cast, scheme, size):
    Label.objects.create(workspace=cast.workspace, name="Reparatur", hue=4)
    factories.outbound_message(cast.claras, "Ja, *komm* vorbei", by=cast.ben)
    factories.note(cast.claras, "Liegt in Fach 7", by=cast.lea)
    factories.template(cast.number, "rad_fertig", components=[TEMPLATE])
    page = bens(f"/conversations/{cast.claras.pk}/", viewport=size, color_scheme=scheme, reduced_motion="reduce")
    problems = [found(page)]
    page.locator(".composer [data-action=template]:visible").click()
    expect(page.locator("#picker")).to_be_visible()
    problems.append(found(page))
    page.keyboard.press("Escape")
    if size["width"] > 1000:
        page.locator("#thread .thread__name").focus()
        page.keyboard.press("a")
        expect(page.locator("combo-list")).to_be_visible()
        problems.append(found(page))

    assert problems == [[]] * len(problems)
