"""The composer in Chromium: writing, drafts, the window's end, lost connections, colleagues who are faster."""

import time
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import APIResponse, Page, Route, expect

from inbox import events
from inbox.enums import ConversationStatus, MessageStatus
from inbox.models import Draft, Message, Note
from tests import factories
from tests.browser.web import hold

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def claras(cast):
    return cast.claras


@pytest.fixture
def page(open_page, cast, claras) -> Page:
    """Ben on Clara's conversation, in English."""
    cast.ben.language = "en"
    cast.ben.save()
    return open_page(cast.ben, f"/conversations/{claras.pk}/")


def field(page: Page):
    return page.locator("[data-text=reply]")


def answered_unseen(page: Page, claras, cast) -> None:
    """Lea has answered, and nobody tells Ben's page: it has fetched by then what it fetches when its socket opens."""
    page.wait_for_load_state("networkidle")
    factories.outbound_message(claras, "Schon erledigt", by=cast.lea)


def sent() -> list[str]:
    return list(Message.objects.filter(direction="out").order_by("pk").values_list("text", flat=True))


def confirmed(page: Page) -> None:
    """The server has answered for everything that was sent from this page."""
    expect(page.locator("#messages [data-pending]")).to_have_count(0)


def until(condition, seconds: float = 8.0):
    """Wait for something in the database."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
    return value


def bubbles(page: Page):
    return page.locator("#messages > .msg--out")


def test_enter_sends_and_the_bubble_of_the_server_takes_the_place_of_ours(page):
    field(page).fill("Ja, *komm* vorbei")
    page.keyboard.press("Enter")

    expect(bubbles(page)).to_have_count(1)
    expect(bubbles(page).locator("b", has_text="komm")).to_be_visible()
    expect(page.locator("#messages [data-pending]")).to_have_count(0)
    expect(field(page)).to_have_value("")
    expect(field(page)).to_be_focused()
    assert sent() == ["Ja, *komm* vorbei"]


def test_ones_own_message_is_read_out_once(page):
    """Not again when the server's bubble takes the place of ours."""
    page.evaluate(
        """() => {
          const list = document.getElementById("messages");
          window.heard = [];
          new MutationObserver((changes) => {
            const added = changes.flatMap((change) => [...change.addedNodes]);
            if (list.ariaLive !== "off") window.heard.push(...added.map((each) => each.id));
          }).observe(list, { childList: true });
        }"""
    )
    field(page).fill("Bis gleich")
    page.keyboard.press("Enter")
    confirmed(page)
    message = until(lambda: Message.objects.filter(direction="out").first())

    assert page.evaluate("heard.filter((id) => id.startsWith('message-'))") == [f"message-{message.uid}"]


def test_shift_and_enter_makes_a_line_and_control_and_enter_sends(page):
    field(page).fill("eins")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("zwei")
    page.keyboard.press("Control+Enter")

    expect(bubbles(page)).to_have_count(1)
    confirmed(page)
    assert sent() == ["eins\nzwei"]


def test_where_enter_makes_lines_control_and_enter_sends(open_page, cast, claras):
    cast.ben.enter_sends = False
    cast.ben.save()
    page = open_page(cast.ben, f"/conversations/{claras.pk}/")
    field(page).fill("eins")
    page.keyboard.press("Enter")
    page.keyboard.type("zwei")
    page.keyboard.press("Control+Enter")

    expect(bubbles(page)).to_have_count(1)
    confirmed(page)
    assert sent() == ["eins\nzwei"]


def test_control_shift_enter_sends_and_closes(page, claras):
    field(page).fill("Bis morgen")
    page.keyboard.press("Control+Shift+Enter")

    expect(page.locator(".toast")).to_contain_text("Conversation closed")
    claras.refresh_from_db()
    assert (claras.status, sent()) == (ConversationStatus.CLOSED, ["Bis morgen"])
    page.locator(".toast button").click()
    until(lambda: type(claras).objects.filter(pk=claras.pk, status=ConversationStatus.OPEN).exists())


def test_what_was_saved_while_the_page_was_on_its_way_is_not_replaced_by_the_older_draft_it_brings(page, cast):
    on_its_way = page.request.get(page.url)
    field(page).fill("Noch schnell getippt")
    until(lambda: Draft.objects.filter(agent=cast.ben, text="Noch schnell getippt").exists())
    page.route(page.url, lambda route: route.fulfill(response=on_its_way), times=1)

    page.reload()

    expect(field(page)).to_have_value("Noch schnell getippt")


def test_a_draft_is_on_the_server_within_a_moment_and_there_after_a_reload(page, cast):
    field(page).fill("Ich schaue kurz")
    until(lambda: Draft.objects.filter(agent=cast.ben, text="Ich schaue kurz").exists(), seconds=3)
    page.reload()

    expect(field(page)).to_have_value("Ich schaue kurz")


def test_what_is_typed_before_the_scripts_have_come_is_kept_and_saved(page, cast):
    held = hold(page, "**/js/conversation*.js")
    page.reload(wait_until="commit")
    field(page).fill("Das Rad ist fertig")
    until(lambda: page.evaluate("1") and held)
    held.pop().continue_()

    until(lambda: Draft.objects.filter(agent=cast.ben, text="Das Rad ist fertig").exists())
    expect(field(page)).to_have_value("Das Rad ist fertig")


def test_a_conversation_whose_script_was_cut_off_comes_alive_with_the_next_event(page, claras):
    cut: list[Route] = []

    def cut_off(route: Route) -> None:
        cut.append(route)
        route.abort()

    page.route("**/js/conversation*.js", cut_off, times=2)  # what the page names, and what is asked for in its place
    page.reload()
    expect(page.locator("html[data-socket=open]")).to_have_count(1)
    until(lambda: page.evaluate("1") and len(cut) == 2)
    with transaction.atomic():
        events.conversation_changed(claras)

    expect(page.locator("message-composer:defined")).to_have_count(1)
    field(page).fill("Ja")
    page.keyboard.press("Enter")
    until(lambda: sent() == ["Ja"])


def test_the_composer_locks_itself_at_the_second_and_opens_when_the_customer_writes(page, claras):
    closes_in(claras, seconds=5)
    with transaction.atomic():
        events.conversation_changed(claras)
    expect(page.locator("message-composer")).to_have_attribute("data-mode", "open")
    field(page).fill("Fast zu spät")

    expect(page.locator("[data-part=locked]")).to_be_visible(timeout=9_000)
    expect(field(page)).to_be_hidden()
    expect(page.locator("[data-part=locked] [data-action=template]")).to_be_focused()
    expect(page.locator("[data-part=locked]")).to_contain_text("Clara can only be reached by template right now")
    expect(page.locator("#thread .window[data-form=long]")).to_contain_text("Window closed since")
    expect(page.locator(f"#row-{claras.pk} .ring")).to_have_attribute("data-window", "closed")
    expect(page.locator("#panel window-clock")).to_have_attribute("data-window", "closed")
    expect(page.locator("[data-draft-kept]")).to_contain_text("Fast zu spät")
    with transaction.atomic():
        events.message_created(factories.inbound_message(claras, "Doch noch da"))

    expect(field(page)).to_be_visible()
    expect(field(page)).to_have_value("Fast zu spät")
    expect(page.locator("#panel window-clock")).to_have_attribute("data-window", "open")


def closes_in(conversation, *, seconds: float) -> None:
    margin = timedelta(seconds=conversation.workspace.window_margin_seconds)
    conversation.last_customer_message_at = timezone.now() - timedelta(hours=24) + margin + timedelta(seconds=seconds)
    conversation.save()


def test_what_the_server_refuses_comes_back_into_the_field(page, claras):
    closes_in(claras, seconds=-10)  # and nobody told the page
    field(page).fill("Zu spät")
    page.keyboard.press("Enter")

    expect(page.locator("[data-part=locked]")).to_be_visible()
    expect(page.locator("#composer-error")).to_contain_text("The window just closed. Your draft is saved.")
    expect(field(page)).to_have_value("Zu spät")
    expect(bubbles(page)).to_have_count(0)
    assert sent() == []


def test_who_writes_a_note_when_a_reply_is_refused_goes_on_with_the_note(page, claras):
    held: list[Route] = []
    page.route(
        f"**/conversations/{claras.pk}/messages/",
        lambda route: held.append(route) if route.request.method == "POST" else route.continue_(),
    )
    field(page).fill("Zu spät")
    page.keyboard.press("Enter")
    page.get_by_role("tab", name="Note").click()
    page.keyboard.type("Nur für ")
    closes_in(claras, seconds=-10)
    held[0].continue_()
    expect(page.locator("#toasts")).to_contain_text("24")
    page.keyboard.type("uns")

    expect(page.locator("[data-text=note]")).to_have_value("Nur für uns")
    expect(field(page)).to_have_value("Zu spät")
    page.get_by_role("tab", name="Reply").click()
    expect(page.locator("[data-part=locked]")).to_be_visible()


def test_too_long_a_text_is_counted_and_cannot_be_sent(page):
    field(page).fill("x" * 4095)
    expect(page.locator("#composer-count")).to_have_text("1 characters left")
    field(page).fill("x" * 4100)
    expect(page.locator("#composer-count")).to_have_text("4 characters too many")
    page.keyboard.press("Enter")

    expect(field(page)).to_have_value("x" * 4100)
    assert sent() == []


def test_what_is_written_offline_waits_and_goes_out_once(page):
    page.context.set_offline(True)
    field(page).fill("Ohne Netz")
    page.keyboard.press("Enter")
    expect(page.locator("#messages [data-waiting]")).to_contain_text("Waiting for the connection")
    assert sent() == []
    page.context.set_offline(False)

    expect(page.locator("#messages [data-pending]")).to_have_count(0, timeout=12_000)
    expect(bubbles(page)).to_have_count(1)
    assert sent() == ["Ohne Netz"]


def test_a_text_that_got_through_while_another_conversation_was_open_is_no_draft(page, cast, claras):
    field(page).fill("Bin")
    until(lambda: Draft.objects.filter(agent=cast.ben, text="Bin").exists(), seconds=3)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route) if route.request.method == "POST" else route.continue_()

    page.route(f"**/conversations/{claras.pk}/messages/", hold)
    field(page).press_sequentially(" gleich da")
    page.keyboard.press("Enter")
    page.locator(f"#row-{cast.darios.pk} .row__link").click()
    expect(page.locator("#thread .thread__name")).to_contain_text("Dario")
    page.locator(f"#row-{claras.pk} .row__link").click()
    expect(page.locator("#messages [data-pending]")).to_contain_text("Bin gleich da")
    expect(field(page)).to_have_value("")
    page.locator(f"#row-{cast.darios.pk} .row__link").click()
    expect(page.locator("#thread .thread__name")).to_contain_text("Dario")
    held[0].continue_()
    until(lambda: sent() == ["Bin gleich da"])
    page.wait_for_function("!Object.keys(sessionStorage).some((key) => key.startsWith('draft:'))")
    page.locator(f"#row-{claras.pk} .row__link").click()

    expect(bubbles(page)).to_have_count(1)
    expect(field(page)).to_have_value("")


def test_after_a_reload_an_unsent_text_is_only_a_draft(page, web):
    page.context.set_offline(True)
    field(page).fill("Ohne Netz")
    page.keyboard.press("Enter")
    expect(page.locator("#messages [data-waiting]")).to_be_visible()
    page.once("dialog", lambda dialog: dialog.accept())
    page.context.set_offline(False)
    page.evaluate("stop()")  # whatever retries at this moment
    page.goto(page.url)
    expect(field(page)).to_be_visible()

    assert sent() in ([], ["Ohne Netz"])  # the retry may have been faster than the reload; never both and never lost
    if not sent():
        expect(field(page)).to_have_value("Ohne Netz")


def test_all_that_waits_survives_the_page_and_what_came_through_is_not_written_again(page, claras):
    got_through: list[APIResponse] = []

    def lose(route: Route) -> None:
        if route.request.method != "POST":
            return route.continue_()
        if not got_through:
            got_through.append(route.fetch())
        return route.abort()  # nobody hears of it

    page.route(f"**/conversations/{claras.pk}/messages/", lose)
    for text in ("Erstens", "Zweitens"):
        field(page).fill(text)
        page.keyboard.press("Enter")
    field(page).press_sequentially("Drittens")
    until(lambda: sent() == ["Erstens"])
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()

    expect(field(page)).to_have_value("Zweitens\nDrittens")
    assert sent() == ["Erstens"]


def test_the_news_of_ones_own_message_takes_no_word_that_was_typed_since(page, cast, claras):
    held: list[Route] = []
    page.route(
        f"**/conversations/{claras.pk}/messages/",
        lambda route: held.append(route) if route.request.method == "POST" else route.continue_(),
    )
    page.evaluate("addEventListener('tresen:event', ({detail}) => (window.heard ||= detail.kind === 'draft'), true)")
    field(page).fill("Erstens")
    page.keyboard.press("Enter")
    field(page).press_sequentially("Zweitens")
    until(lambda: Draft.objects.filter(agent=cast.ben, text="Erstens\nZweitens").exists())
    page.evaluate("window.heard = false")
    answer = held[0].fetch()
    page.wait_for_function("window.heard")
    held[0].fulfill(response=answer)
    confirmed(page)

    expect(field(page)).to_have_value("Zweitens")
    until(lambda: Draft.objects.filter(agent=cast.ben, text="Zweitens").exists())


def test_an_answer_of_a_colleague_holds_the_reply_back_and_asks(page, cast, claras):
    answered_unseen(page, claras, cast)
    field(page).fill("Mach ich")
    page.keyboard.press("Enter")
    dialog = page.locator("#held")
    expect(dialog).to_contain_text("Lea answered while you were writing")
    expect(dialog).to_contain_text("Schon erledigt")
    dialog.locator("[data-choice=edit]").click()
    expect(dialog).to_have_count(0)
    expect(field(page)).to_have_value("Mach ich")
    assert not Message.objects.filter(author=cast.ben).exists()

    page.reload()  # now it is seen
    expect(page.locator("#messages")).to_contain_text("Schon erledigt")
    page.locator("[data-action=take-over]").click() if page.locator("[data-action=take-over]").is_visible() else None
    field(page).fill("Mach ich trotzdem")
    page.keyboard.press("Enter")
    expect(bubbles(page)).to_have_count(2)
    confirmed(page)
    assert Message.objects.get(author=cast.ben).status == MessageStatus.QUEUED


def test_a_hasty_second_enter_decides_nothing_and_what_was_dropped_comes_back(page, cast, claras):
    answered_unseen(page, claras, cast)
    field(page).fill("Mach ich")
    page.keyboard.press("Enter")
    expect(page.locator("#held-title")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#held")).to_be_visible()
    page.keyboard.press("Escape")
    expect(field(page)).to_be_focused()
    page.locator("#messages [data-action=held]").click()
    page.get_by_role("button", name="Drop my text").click()
    expect(page.locator("#held")).to_have_count(0)
    expect(field(page)).to_have_value("")
    page.locator(".toast").get_by_role("button", name="Undo").click()

    expect(field(page)).to_have_value("Mach ich")
    assert not Message.objects.filter(author=cast.ben).exists()


def test_a_question_that_was_held_is_changed_where_it_was_filled_in(page, cast, claras):
    answered_unseen(page, claras, cast)
    page.get_by_role("button", name="Attach").click()
    page.get_by_role("menuitem", name="Question with buttons").click()
    dialog = page.get_by_role("dialog", name="Ask with buttons")
    dialog.get_by_label("Question").fill("Passt Dienstag?")
    dialog.locator("#b-button1").fill("Ja")
    dialog.get_by_role("button", name="Send").click()
    page.locator("#held [data-choice=edit]").click()

    expect(page.locator("#held")).to_have_count(0)
    expect(dialog.get_by_label("Question")).to_have_value("Passt Dienstag?")
    expect(dialog.locator("#b-button1")).to_have_value("Ja")
    assert not Message.objects.filter(author=cast.ben).exists()
    page.keyboard.press("Escape")
    expect(field(page)).to_be_focused()
    page.get_by_role("button", name="Attach").click()
    page.get_by_role("menuitem", name="Question with buttons").click()
    expect(dialog.locator("#b-button1")).to_have_value("Ja")  # it was taken back, and is nowhere else


def test_send_anyway_sends_what_was_held(page, cast, claras):
    answered_unseen(page, claras, cast)
    field(page).fill("Mach ich")
    page.keyboard.press("Enter")
    page.locator("#held [data-choice=send]").click()

    until(lambda: Message.objects.filter(author=cast.ben, status=MessageStatus.QUEUED).exists())
    expect(bubbles(page).filter(has_text="Mach ich")).to_have_count(1)


def test_a_note_recolours_the_composer_and_calls_a_colleague(page, cast):
    page.keyboard.press("n")
    expect(page.locator(".composer")).to_have_class("composer composer--note")
    page.keyboard.type("Schau mal @le")
    expect(page.locator("#mentions [role=option]")).to_have_count(1)
    page.keyboard.press("Enter")
    page.keyboard.type("bitte")
    page.keyboard.press("Enter")

    expect(page.locator("#messages .note .mention")).to_have_text("@Lea Lenz")
    note = until(Note.objects.first)
    assert note.text == "Schau mal @Lea Lenz bitte"
    assert [mention.agent for mention in note.mentions.all()] == [cast.lea]
    assert sent() == []


def test_a_colleagues_conversation_takes_one_deliberate_click(open_page, cast, claras):
    claras.assignee = cast.lea
    claras.save()
    page = open_page(cast.ben, f"/conversations/{claras.pk}/")
    expect(page.locator("[data-part=taken]")).to_be_visible()
    expect(field(page)).to_be_hidden()
    page.locator("[data-action=take-over]").click()

    expect(field(page)).to_be_focused()
    claras.refresh_from_db()
    assert claras.assignee == cast.ben


def test_when_a_colleague_takes_over_the_draft_stays(page, cast, claras):
    field(page).fill("Halber Satz")
    with transaction.atomic():
        claras.assignee = cast.lea
        claras.save()
        events.conversation_changed(claras)

    expect(page.locator("[data-part=taken]")).to_contain_text("Lea is looking after Clara.")
    page.locator("[data-action=take-over]").click()
    expect(field(page)).to_have_value("Halber Satz")


def test_who_is_still_typing_when_a_colleague_takes_over_presses_no_keys_and_loses_no_word(page, cast, claras):
    """The keys come in the moment in which the field goes."""
    field(page).fill("Ich schreibe ein")
    page.evaluate(
        """words => document.addEventListener("focusin", ({ target }) => {
          if (target.dataset.part !== "taken") return;
          const how = { bubbles: true, cancelable: true };
          for (const key of words) target.dispatchEvent(new KeyboardEvent("keydown", { key, ...how }));
        })""",
        "e Mail, um",
    )
    with transaction.atomic():
        claras.assignee = cast.lea
        claras.save()
        events.conversation_changed(claras)

    expect(page.locator("[data-part=taken]")).to_contain_text("Lea is looking after Clara.")
    until(lambda: Draft.objects.filter(text="Ich schreibe eine Mail, um"))
    page.locator("[data-action=take-over]").click()
    expect(field(page)).to_have_value("Ich schreibe eine Mail, um")
    expect(page.locator("#thread .thread__head")).to_have_attribute("data-status", "open")


def test_a_quote_goes_with_the_reply(page, claras):
    asked = claras.messages.get()
    page.locator(f"#message-{asked.uid} .bubble").hover()
    page.locator(f"#message-{asked.uid} [data-action=quote]").click()
    expect(page.locator(".composer__quote")).to_contain_text("Ist mein Rad fertig?")
    page.reload()
    expect(page.locator(".composer__quote")).to_contain_text("Ist mein Rad fertig?")
    field(page).fill("Ja")
    page.keyboard.press("Enter")

    expect(bubbles(page).locator(".quote")).to_contain_text("Ist mein Rad fertig?")
    confirmed(page)
    assert Message.objects.get(direction="out").quoted == asked


def test_what_failed_is_changed_in_the_composer_or_sent_again_once(page, open_page, cast, claras):
    factories.outbound_message(claras, "*Morgen*", by=cast.ben, status=MessageStatus.FAILED, error_code=131051)
    lost = factories.outbound_message(claras, "Heute", by=cast.ben, status=MessageStatus.FAILED, error_code=131000)
    cast.lea.language = "en"
    cast.lea.save()
    leas = open_page(cast.lea, f"/conversations/{claras.pk}/")
    page.reload()

    field(page).fill("schon getippt")
    page.get_by_role("button", name="Send it as text").click()
    expect(field(page)).to_have_value("*Morgen*\nschon getippt")
    expect(field(page)).to_be_focused()

    page.locator(f"#message-{lost.uid}").get_by_role("button", name="Send again").click()
    for each in (page, leas):
        expect(each.locator(f"#message-{lost.uid}")).to_contain_text("Sent again · ")
        expect(each.get_by_role("button", name="Send again")).to_have_count(0)
        expect(bubbles(each)).to_have_count(3)
