"""What happens on the screen by itself, in Chromium, against a real web process."""

import re
from collections.abc import Callable

import pytest
from django.db import transaction
from playwright.sync_api import APIResponse, Page, Route, expect

from accounts.models import Session
from inbox import events
from inbox.actions import assignment, contacts
from inbox.enums import MessageStatus
from inbox.models import Label
from inbox.visibility import facts_of
from tests import factories
from tests.browser.test_composer import until
from tests.browser.web import Web
from whatsapp.payloads import Person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def bens(web, browser, cast):
    """Ben's tab, on the list of everything, with the socket open."""
    context = web.signed_in(browser, cast.ben)
    yield _opened(context.new_page(), web, "/?view=all")
    context.close()


def _opened(page: Page, web: Web, path: str) -> Page:
    page.add_init_script(
        "document.addEventListener('tresen:state', ({detail}) => document.documentElement.dataset.socket = detail)"
    )
    page.goto(web.url + path)
    _connected(page)
    return page


def _connected(page: Page) -> None:
    expect(page.locator("html[data-socket=open]")).to_have_count(1, timeout=15_000)


def _write(conversation, text):
    with transaction.atomic():
        message = factories.inbound_message(conversation, text)
        events.message_created(message)
    return message


def _row(page: Page, conversation):
    return page.locator(f"#row-{conversation.pk}")


def _order(page: Page) -> list[str]:
    return page.locator("#rows > .row").evaluate_all("rows => rows.map(row => row.dataset.conversation)")


def test_a_page_comes_compressed_and_its_list_is_not_fetched_once_more(web, browser, cast):
    page = web.signed_in(browser, cast.ben).new_page()
    fetched = []
    page.on("response", lambda answer: fetched.append((answer.url.removeprefix(web.url), answer.headers)))
    for _ in range(2):  # the web process may have begun with the first
        fetched.clear()
        _opened(page, web, "/?view=all")
        page.wait_for_load_state("networkidle")

    lists = [headers for path, headers in fetched if path.startswith("/?")]
    assert [headers["content-encoding"] for headers in lists] == ["gzip"]
    page.context.close()


def test_what_came_between_a_page_and_its_connection_is_fetched(web, browser, cast):
    page = web.signed_in(browser, cast.ben).new_page()
    page.route_web_socket("**/ws/", lambda socket: (_write(cast.claras, "Dazwischen"), socket.connect_to_server()))
    page.goto(f"{web.url}/?view=all")

    expect(_row(page, cast.claras)).to_contain_text("Dazwischen", timeout=15_000)
    page.context.close()


def test_a_new_message_moves_its_row_up_and_counts_as_unread(bens, cast):
    expect(bens.locator("#rows > .row")).to_have_count(2)
    assert _order(bens) == [str(cast.darios.pk), str(cast.claras.pk)]

    _write(cast.claras, "Ich stehe vor der Tür")

    row = _row(bens, cast.claras)
    expect(row.locator(".row__text")).to_contain_text("Ich stehe vor der Tür")
    expect(row.locator(".unread")).to_have_text("2")
    until(lambda: _order(bens) == [str(cast.claras.pk), str(cast.darios.pk)])


def test_a_list_asked_for_before_the_message_came_does_not_put_its_row_back(bens, cast):
    """The page asks for the list when its socket opens or comes back, and events arrive meanwhile."""
    rendered: list[tuple[Route, APIResponse]] = []
    bens.route(re.compile("view=all"), lambda route: rendered.append((route, route.fetch())), times=1)
    bens.evaluate("document.dispatchEvent(new CustomEvent('tresen:resync', {detail: {list: true}}))")
    until(lambda: bens.wait_for_timeout(20) or rendered)
    _write(cast.claras, "Ich stehe vor der Tür")
    expect(_row(bens, cast.claras)).to_contain_text("Ich stehe vor der Tür")
    with transaction.atomic():
        before = facts_of(cast.darios)
        cast.darios.team = cast.other_team
        cast.darios.save()
        events.conversation_changed(cast.darios, previous=before)
    expect(_row(bens, cast.darios)).to_have_count(0)
    ours = factories.conversation(cast.number, factories.contact(cast.number, "Nina"))
    _write(ours, "Neu hier")
    expect(_row(bens, ours)).to_be_visible()
    [(route, answer)] = rendered
    with bens.expect_response(re.compile("view=all")):
        route.fulfill(response=answer)
    bens.wait_for_timeout(100)

    assert _order(bens) == [str(ours.pk), str(cast.claras.pk)]


def test_a_new_conversation_appears_and_one_of_another_team_does_not(bens, cast):
    foreign = factories.conversation(cast.number, factories.contact(cast.number, "Eva"), team=cast.other_team)
    ours = factories.conversation(cast.number, factories.contact(cast.number, "Nina"))
    _write(foreign, "Nicht für Ben")
    _write(ours, "Neu hier")

    expect(_row(bens, ours)).to_be_visible()
    expect(_row(bens, foreign)).to_have_count(0)


def _clicked_and_rendered(page: Page, conversation) -> Callable[[], None]:
    """The row is clicked and the server has rendered the thread; calling what this returns lets the page have it."""
    rendered: list[tuple[Route, APIResponse]] = []

    def hold(route: Route) -> None:
        rendered.append((route, route.fetch()))

    page.route(f"**/conversations/{conversation.pk}/", hold, times=1)
    _row(page, conversation).locator(".row__link").click()
    until(lambda: page.wait_for_timeout(20) or rendered)
    route, answer = rendered[0]
    return lambda: route.fulfill(response=answer)


def test_a_message_that_comes_while_the_thread_is_on_its_way_is_on_it(bens, cast):
    let_through = _clicked_and_rendered(bens, cast.claras)
    _write(cast.claras, "Bin gleich da")
    expect(_row(bens, cast.claras)).to_contain_text("Bin gleich da")
    let_through()

    expect(bens.locator("#messages")).to_contain_text("Bin gleich da")
    expect(bens.locator("#thread")).to_have_count(1)


def test_a_mark_that_comes_while_the_thread_is_on_its_way_is_on_it(bens, cast):
    reply = factories.outbound_message(cast.claras, "Ja, komm rein", by=cast.ben, status=MessageStatus.SENT)
    _write(cast.claras, "Gut")  # so the row shows no mark, and only who has the thread open hears of one
    bens.evaluate("document.addEventListener('tresen:event', ({detail}) => { window.lastKind = detail.kind })")
    let_through = _clicked_and_rendered(bens, cast.claras)
    reply.status = MessageStatus.READ
    with transaction.atomic():
        reply.save()
        events.messages_changed([reply])
    bens.wait_for_function("window.lastKind === 'ticks'")
    let_through()

    expect(bens.locator(f"#message-{reply.uid} [data-ticks] svg")).to_have_class(re.compile("ticks--read"))


def test_what_has_just_come_on_the_screen_is_no_reason_not_to_close(web, browser, cast):
    context = web.signed_in(browser, cast.ben)
    page = _opened(context.new_page(), web, f"/conversations/{cast.claras.pk}/")
    message = _write(cast.claras, "Danke, das war alles!")
    expect(page.locator(f"#message-{message.uid}")).to_be_visible()
    page.keyboard.press("e")

    expect(page.locator("#thread [data-action=reopen]")).to_be_visible()
    context.close()


def test_the_open_thread_gets_messages_notes_and_marks(web, browser, cast):
    reply = factories.outbound_message(cast.claras, "Ja, komm rein", by=cast.ben, status=MessageStatus.SENT)
    context = web.signed_in(browser, cast.ben)
    page = _opened(context.new_page(), web, f"/conversations/{cast.claras.pk}/")
    expect(page.locator(f"#message-{reply.uid} [data-ticks] use")).to_have_attribute("href", "#i-tick")

    message = _write(cast.claras, "Bin gleich da")
    expect(page.locator(f"#message-{message.uid}")).to_be_visible()
    reply.status = MessageStatus.READ
    with transaction.atomic():
        reply.save()
        events.messages_changed([reply])
    expect(page.locator(f"#message-{reply.uid} [data-ticks] use")).to_have_attribute("href", "#i-ticks")
    expect(page.locator(f"#message-{reply.uid} [data-ticks] svg")).to_have_class(re.compile("ticks--read"))
    reply.status = MessageStatus.DELIVERED  # comes late
    with transaction.atomic():
        events.messages_changed([reply])
        note = factories.note(cast.claras, "Kommt gleich", by=cast.lea)
        events.note_added(note)
    expect(page.locator(f"#note-{note.uid}")).to_be_visible()
    expect(page.locator(f"#message-{reply.uid} [data-ticks] svg")).to_have_class(re.compile("ticks--read"))
    ids = page.locator("#messages > [data-item]").evaluate_all("items => items.map(item => item.id)")
    assert ids[-3:] == [f"message-{reply.uid}", f"message-{message.uid}", f"note-{note.uid}"]
    context.close()


def test_typed_text_survives_everything_that_arrives(web, browser, cast):
    context = web.signed_in(browser, cast.ben)
    page = _opened(context.new_page(), web, f"/conversations/{cast.claras.pk}/")
    box = page.locator("#thread textarea").first
    box.fill("Ich schaue kurz nach")
    message = _write(cast.claras, "Hallo?")
    expect(page.locator(f"#message-{message.uid}")).to_be_visible()

    expect(box).to_have_value("Ich schaue kurz nach")
    expect(box).to_be_focused()
    context.close()


def test_the_open_panel_follows_a_new_number_but_not_under_somebodys_fingers(web, browser, cast):
    context = web.signed_in(browser, cast.ben)
    page = _opened(context.new_page(), web, f"/conversations/{cast.claras.pk}/")
    details, noted = page.locator("#panel-scroll .dl"), page.locator("#consent-note")
    page.locator("#consent summary").click()
    noted.fill("Formular an der")

    with transaction.atomic():
        number = cast.claras.phone_number
        contacts.move_ids(number, Person(phone=cast.claras.contact.phone), Person(phone="4915100009876"))

    expect(details).to_contain_text("0009876")
    expect(noted).to_have_value("Formular an der")
    context.close()


def test_what_no_longer_belongs_to_the_view_leaves_it(web, browser, cast):
    cast.claras.assignee = cast.ben
    cast.claras.save()
    context = web.signed_in(browser, cast.ben)
    page = _opened(context.new_page(), web, "/?view=mine")
    expect(_row(page, cast.claras)).to_be_visible()

    with transaction.atomic():
        before = facts_of(cast.claras)
        cast.claras.assignee = cast.lea
        cast.claras.save()
        events.conversation_changed(cast.claras, previous=before)
    expect(_row(page, cast.claras)).to_have_count(0)
    with transaction.atomic():
        before = facts_of(cast.darios)
        cast.darios.assignee = cast.ben
        cast.darios.save()
        events.conversation_changed(cast.darios, previous=before)
    expect(_row(page, cast.darios)).to_be_visible()
    expect(page.locator("view-counts [data-count=mine]")).to_have_text("1")
    context.close()


def test_a_conversation_taken_out_of_sight_disappears(bens, cast):
    expect(_row(bens, cast.claras)).to_be_visible()
    with transaction.atomic():
        before = facts_of(cast.claras)
        cast.claras.team = cast.other_team
        cast.claras.save()
        events.conversation_changed(cast.claras, previous=before)

    expect(_row(bens, cast.claras)).to_have_count(0)


def test_nothing_moves_under_the_pointer(bens, cast):
    _row(bens, cast.claras).hover()
    order = _order(bens)
    nina = factories.conversation(cast.number, factories.contact(cast.number, "Nina"))
    _write(nina, "Neu hier")
    _write(cast.claras, "Und ich")

    expect(bens.locator("[data-action=show-new]")).to_be_visible()
    expect(_row(bens, cast.claras).locator(".row__text")).to_contain_text("Und ich")
    assert _order(bens) == order

    bens.mouse.move(900, 500)
    expect(_row(bens, nina)).to_be_visible()
    assert _order(bens) == [str(cast.claras.pk), str(nina.pk), str(cast.darios.pk)]
    expect(bens.locator("[data-action=show-new]")).to_be_hidden()


def test_a_colleague_who_writes_is_seen_for_a_moment(web, browser, cast):
    mine, hers = web.signed_in(browser, cast.ben), web.signed_in(browser, cast.lea)
    page = _opened(mine.new_page(), web, f"/conversations/{cast.claras.pk}/")
    colleague = _opened(hers.new_page(), web, f"/conversations/{cast.claras.pk}/")
    expect(page.locator("viewer-list")).to_contain_text("LL")
    colleague.evaluate(
        "async id => (await import('/static/js/socket.js')).hint({kind: 'typing', conversation: id, what: 'reply'})",
        cast.claras.pk,
    )

    expect(page.locator("typing-line")).to_contain_text("Lea")
    row = _row(page, cast.claras)
    expect(row.locator(".row__typing")).to_contain_text("Lea")
    version = row.get_attribute("data-version") or ""
    with transaction.atomic():
        events.conversation_changed(cast.claras)
    expect(row).not_to_have_attribute("data-version", version)
    expect(row.locator(".row__typing:not([hidden]) + .row__text:not([hidden])")).to_have_count(0)  # never both
    expect(page.locator("typing-line")).to_be_hidden(timeout=8_000)
    expect(colleague.locator("typing-line")).to_be_hidden()
    hers.close()
    expect(page.locator("viewer-list")).to_be_hidden()
    mine.close()


def test_after_a_crash_of_the_web_process_the_page_repairs_itself(web, browser, cast):
    context = web.signed_in(browser, cast.ben)
    page = _opened(context.new_page(), web, f"/conversations/{cast.claras.pk}/?view=all")
    page.locator("#thread textarea").first.fill("Mitten im Satz")
    page.evaluate("window.sameDocument = true")
    web.kill()
    missed = [_write(cast.claras, f"Verpasst {number}") for number in range(3)]
    nina = factories.conversation(cast.number, factories.contact(cast.number, "Nina"))
    _write(nina, "Auch verpasst")
    expect(page.locator("connection-pill")).to_be_visible(timeout=6_000)
    web.start()
    _connected(page)

    for message in missed:
        expect(page.locator(f"#message-{message.uid}")).to_have_count(1, timeout=15_000)
    expect(_row(page, nina)).to_be_visible()
    expect(page.locator("connection-pill")).to_be_hidden(timeout=6_000)
    expect(page.locator("#thread textarea").first).to_have_value("Mitten im Satz")
    assert page.evaluate("window.sameDocument")
    later = _write(cast.claras, "Und weiter")
    expect(page.locator(f"#message-{later.uid}")).to_be_visible()
    context.close()


def test_a_short_break_is_not_worth_a_word(bens, cast):
    shown = "new Promise(resolve => setTimeout(() => resolve(!document.querySelector('connection-pill').hidden), 1800))"
    bens.evaluate("document.documentElement.dataset.socket = ''")
    bens.context.set_offline(True)
    assert bens.evaluate(shown) is False
    bens.context.set_offline(False)
    _write(cast.claras, "Schon wieder da")

    expect(_row(bens, cast.claras).locator(".row__text")).to_contain_text("Schon wieder da")


def test_a_label_that_became_another_can_be_taken_off_in_the_open_panel(web, browser, cast):
    old, new = (Label.objects.create(workspace=cast.workspace, name=name, hue=4) for name in ("Reparatur", "Werkstatt"))
    cast.claras.labels.add(old)
    context = web.signed_in(browser, cast.ben)
    page = _opened(context.new_page(), web, f"/conversations/{cast.claras.pk}/")
    expect(page.locator("#labels .label")).to_contain_text("Reparatur")
    with transaction.atomic():
        cast.claras.labels.set([new])
        events.label_removed(cast.workspace.pk, old.pk, new)

    page.get_by_role("button", name="Label Werkstatt entfernen").click()
    expect(page.locator("#labels .label")).to_have_count(0)
    until(lambda: not cast.claras.labels.exists())
    context.close()


SLOW_SOCKET = """
const Real = WebSocket;
window.WebSocket = class extends EventTarget {
  static OPEN = 1;
  readyState = 0;
  send(data) { this.real?.send(data); }
  close(code) { this.real?.close(code); }
  constructor(url) {
    super();
    setTimeout(() => {
      this.real = new Real(url);
      this.real.onopen = () => { this.readyState = 1; };
      this.real.onmessage = ({data}) => this.dispatchEvent(new MessageEvent("message", {data}));
      this.real.onclose = ({code}) => this.dispatchEvent(new CloseEvent("close", {code}));
    }, 3500);
  }
};
"""


def test_a_first_connection_that_takes_long_is_no_reconnection(web, browser, cast):
    context = web.signed_in(browser, cast.ben, viewport={"width": 1024, "height": 700})
    page = context.new_page()
    page.add_init_script(SLOW_SOCKET)
    page.add_init_script(
        "document.addEventListener('tresen:state', ({detail}) => document.documentElement.dataset.socket = detail)"
    )
    page.goto(f"{web.url}/conversations/{cast.claras.pk}/")
    pill = page.locator("connection-pill")
    expect(pill).to_be_visible()
    head, box = page.locator(".thread__head").bounding_box(), pill.bounding_box()
    assert head and box and box["y"] >= head["y"] + head["height"]

    expect(page.locator("html[data-socket=open]")).to_have_count(1, timeout=15_000)
    expect(pill).to_be_hidden(timeout=900)
    context.close()


def test_who_was_made_responsible_before_the_first_connection_stands_in_the_head(web, browser, cast):
    context = web.signed_in(browser, cast.ben)
    page = context.new_page()
    page.add_init_script(SLOW_SOCKET)
    page.goto(f"{web.url}/conversations/{cast.claras.pk}/")
    expect(page.locator(".thread__head")).not_to_contain_text("Ben")
    assignment.claim(cast.claras, by=cast.ben)

    expect(page.locator(".thread__head")).to_contain_text("Ben", timeout=15_000)
    context.close()


def test_the_end_of_the_session_leads_to_the_sign_in_page(bens):
    Session.objects.all().delete()

    bens.wait_for_url(re.compile("/accounts/login/"), timeout=8_000)
