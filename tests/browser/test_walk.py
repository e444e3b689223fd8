"""The walk of a working day in Chromium, on everything that `make run` starts: two agents and a customer's phone.

The tests of this module stand in the order of the story and share its people. The window that closes needs a real
minute: it begins in one test and is looked at in another, with everything that does not depend on it in between.
"""

import re
import time
import urllib.request

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.walking import (
    Person,
    Phone,
    bubble,
    connected,
    field,
    not_reloaded,
    row,
    ticks_are,
)
from tests.browser.web import running_browser
from tests.stack.counter import Counter, open_counter

pytestmark = [pytest.mark.browser, pytest.mark.stack]

THEO = "Theodora Abendroth"


@pytest.fixture(scope="module")
def counter():
    with open_counter() as counter:
        yield counter


@pytest.fixture(scope="module")
def browser(counter):
    with running_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def mara(browser, counter) -> Person:
    return Person(browser, counter, "mara")


@pytest.fixture(scope="module")
def jonas(browser, counter) -> Person:
    """He reads English."""
    jonas = Person(browser, counter, "jonas", locale="en")
    jonas.page.goto(f"{counter.url}/accounts/profile/")
    jonas.page.locator("select[name=language]").select_option("en")
    jonas.page.locator("form:has([name=language]) [type=submit]").last.click()
    expect(jonas.page.locator("html")).to_have_attribute("lang", "en")
    return jonas


@pytest.fixture(scope="module")
def phone(mara, jonas) -> Phone:
    """Theodora's, who has never written, while Mara and Jonas look at their inboxes."""
    mara.opens("/?view=all")
    jonas.opens("/?view=all")
    return Phone(mara, THEO)


@pytest.fixture(scope="module")
def pair(mara, jonas, phone) -> tuple[Person, Person]:
    """Theodora writes. Who got her, and who did not."""
    phone.writes("Hallo, habt ihr heute noch einen Termin frei?")
    expect(row(mara.page, THEO)).to_have_attribute("data-assignee", re.compile(r"\d"))
    owner = int(row(mara.page, THEO).get_attribute("data-assignee") or 0)
    return (mara, jonas) if owner == mara.number else (jonas, mara)


@pytest.fixture(scope="module")
def owner(pair) -> Person:
    return pair[0]


@pytest.fixture(scope="module")
def other(pair) -> Person:
    return pair[1]


@pytest.fixture(scope="module")
def conversation(owner, other) -> int:
    """Theodora's, open on both screens."""
    number = int(row(owner.page, THEO).get_attribute("data-conversation") or 0)
    for person in (owner, other):
        row(person.page, THEO).locator(".row__link").click()
        expect(person.page.locator(f"#head-{number}")).to_be_visible()
    return number


def take(person: Person, conversation: int) -> None:
    """Make sure it is theirs, on their own screen too."""
    head = person.page.locator(f"#head-{conversation}")
    if head.get_attribute("data-assignee") != str(person.number):
        person.page.locator("message-composer [data-action=take-over]").click()
    expect(head).to_have_attribute("data-assignee", str(person.number))
    expect(field(person.page)).to_be_visible()


def wait_until_answers(counter: Counter) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{counter.url}/accounts/login/", timeout=2).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the web process does not come back")


def template(counter: Counter, name: str) -> int:
    return counter.one("SELECT id FROM whatsapp_messagetemplate WHERE name = %s AND language = 'de'", name)


def lenas(counter: Counter) -> int:
    return counter.one(
        "SELECT v.id FROM inbox_conversation v JOIN inbox_contact c ON c.id = v.contact_id"
        " WHERE c.profile_name = 'Lena Hoffmann' ORDER BY v.id LIMIT 1"
    )


def places(counter: Counter) -> list[tuple[str, str]]:
    person = counter.one("SELECT id FROM accounts_agent WHERE email = 'tim@radhaus.example'")
    delivery = counter.one("SELECT id FROM whatsapp_webhookdelivery ORDER BY id DESC LIMIT 1")
    return [
        ("inbox", "/?view=all"),
        ("thread", f"/conversations/{lenas(counter)}/"),
        ("people", "/accounts/people/"),
        ("person", f"/accounts/people/{person}/"),
        ("teams", "/accounts/teams/"),
        ("number", "/settings/numbers/"),
        ("templates", "/settings/templates/"),
        ("template", f"/settings/templates/{template(counter, 'rad_fertig')}/"),
        ("deliveries", "/settings/deliveries/"),
        ("delivery", f"/settings/deliveries/{delivery}/"),
        ("audit", "/accounts/audit/"),
        ("profile", "/accounts/profile/"),
    ]


def violations(page: Page) -> list[str]:
    """What axe calls serious or critical, with where it is."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{each['id']}: {node['target']}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


# --- a customer writes, one employee gets it live -----------------------------------------------------------------------


def test_two_agents_sign_in_side_by_side_in_german_and_english(mara, jonas):
    mara.opens("/")
    jonas.opens("/")

    expect(mara.page.locator(".pane__title")).to_have_text("Posteingang")
    expect(jonas.page.locator(".pane__title")).to_have_text("Inbox")


def test_a_new_customer_lands_at_exactly_one_of_them_without_reload(owner, other):
    expect(row(other.page, THEO)).to_have_attribute("data-assignee", str(owner.number))
    expect(row(owner.page, THEO).locator(".unread")).to_have_text("1")
    assert not_reloaded(owner.page) and not_reloaded(other.page)

    mine, theirs = owner.another_page("/?view=mine"), other.another_page("/?view=mine")
    expect(row(mine, THEO)).to_have_count(1)
    expect(row(theirs, THEO)).to_have_count(0)
    mine.close()
    theirs.close()


def test_the_thread_says_why_this_person_got_it(owner, conversation):
    assert conversation
    line = owner.page.locator("#messages [data-item=activity]").filter(has_text=re.compile(r"\d (von|of) \d"))
    expect(line).to_have_count(1)


# --- answered in time ---------------------------------------------------------------------------------------------------


def test_a_reply_goes_out_with_enter_and_its_marks_follow_the_message(owner, other, phone, conversation):
    phone.is_put_away()
    owner.counter.phone("POST", "faults", {"kind": "slow", "path": "messages", "seconds": 2, "times": 1})
    field(owner.page).fill("Ja, um 16 Uhr. Passt das?")
    field(owner.page).press("Enter")

    ours, theirs = bubble(owner.page, "Ja, um 16 Uhr"), bubble(other.page, "Ja, um 16 Uhr")
    expect(field(owner.page)).to_have_value("")
    ticks_are(ours, "clock")
    ticks_are(ours, "ticks")
    ticks_are(theirs, "ticks")

    phone.is_looked_at()
    expect(phone.bubble("Ja, um 16 Uhr")).to_be_visible()
    ticks_are(ours, "ticks", blue=True)
    ticks_are(theirs, "ticks", blue=True)
    expect(row(owner.page, THEO).locator("[data-ticks] .ticks--read")).to_have_count(1)
    assert phone.accepted() == 1
    assert not_reloaded(owner.page) and not_reloaded(other.page)


def test_the_customer_sees_blue_ticks_and_that_somebody_types(owner, phone, conversation):
    assert conversation
    phone.writes("Passt!")
    expect(bubble(owner.page, "Passt!")).to_be_visible()
    expect(phone.bubble("Passt!").locator(".ticks--read")).to_be_visible()


# --- together -----------------------------------------------------------------------------------------------------------


def test_a_note_reaches_the_mentioned_colleague_and_never_the_phone(owner, other, phone, conversation):
    accepted = phone.accepted()
    owner.page.locator("#tab-note").click()
    note = field(owner.page, "note")
    name = "Jonas" if other.name == "jonas" else "Mara"
    note.press_sequentially(f"@{name[:3]}")
    owner.page.locator("#mentions [role=option]", has_text=name).click()
    note.press_sequentially("schaust du nach dem Tretlager?")
    owner.page.locator("message-composer [type=submit][data-for=note]").click()

    expect(other.page.locator("#messages .note", has_text="schaust du nach dem Tretlager?")).to_be_visible()
    expect(other.page.locator("#messages .note .mention")).to_contain_text(name)
    mentions = other.another_page("/?view=mentions")
    expect(row(mentions, THEO)).to_have_count(1)
    mentions.close()
    owner.page.locator("#tab-reply").click()
    expect(phone.bubble("Tretlager")).to_have_count(0)
    assert phone.accepted() == accepted


def test_of_two_who_claim_at_once_one_wins_and_the_other_is_told(mara, jonas, counter):
    number = counter.one(
        "SELECT id FROM inbox_conversation WHERE assignee_id IS NULL AND status = 'open' ORDER BY id LIMIT 1"
    )
    pages = {person: person.another_page(f"/conversations/{number}/") for person in (mara, jonas)}
    for page in pages.values():
        expect(page.locator(f"#head-{number}")).to_have_attribute("data-assignee", "")
    for page in pages.values():
        page.keyboard.press("m")

    for page in pages.values():
        expect(page.locator(f"#head-{number}")).to_have_attribute("data-assignee", re.compile(r"\d"))
    holder = counter.one("SELECT assignee_id FROM inbox_conversation WHERE id = %s", number)
    winner, loser = (mara, jonas) if holder == mara.number else (jonas, mara)
    expect(pages[loser].locator("#toasts .toast--bad")).to_contain_text(winner.name.capitalize())
    for page in pages.values():
        expect(page.locator(f"#head-{number}")).to_have_attribute("data-assignee", str(holder))
        page.close()


def test_a_reply_written_while_a_colleague_answers_is_held_and_its_author_asked(owner, other, phone, conversation):
    accepted = phone.accepted()
    owner.context.set_offline(True)
    field(owner.page).fill("Ich sehe gleich nach.")
    field(owner.page).press("Enter")
    other.page.locator("message-composer [data-action=take-over]").click()
    field(other.page).fill("Es liegt in Fach 7.")
    field(other.page).press("Enter")
    ticks_are(bubble(other.page, "Es liegt in Fach 7."), "ticks")
    owner.context.set_offline(False)

    dialog = owner.page.locator("dialog#held")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("Es liegt in Fach 7.")
    expect(dialog).to_contain_text("Ich sehe gleich nach.")
    assert phone.accepted() == accepted + 1
    dialog.locator("[data-choice=send]").click()
    expect(phone.bubble("Ich sehe gleich nach.")).to_be_visible()
    assert phone.accepted() == accepted + 2


# --- what goes wrong on the way -----------------------------------------------------------------------------------------


def test_a_text_written_offline_waits_and_is_sent_once(owner, phone, conversation):
    take(owner, conversation)
    accepted = phone.accepted()
    owner.context.set_offline(True)
    field(owner.page).fill("Bis später!")
    field(owner.page).press("Enter")
    expect(bubble(owner.page, "Bis später!").locator("[data-waiting]")).to_be_visible()
    expect(owner.page.locator("connection-pill")).to_be_visible()
    owner.context.set_offline(False)

    expect(phone.bubble("Bis später!")).to_be_visible()
    ticks_are(bubble(owner.page, "Bis später!"), "ticks", blue=True)
    expect(bubble(owner.page, "Bis später!")).to_have_count(1)
    assert phone.accepted() == accepted + 1
    assert not_reloaded(owner.page)


def test_the_screen_repairs_itself_after_the_web_process_was_killed(owner, other, phone, conversation):
    owner.counter.kill("web")
    wait_until_answers(owner.counter)
    owner.counter.phone("POST", f"customers/{phone.key}/messages", {"type": "text", "text": "Noch eine Frage"})

    for person in (owner, other):
        expect(bubble(person.page, "Noch eine Frage")).to_be_visible(timeout=30_000)
        expect(bubble(person.page, "Noch eine Frage")).to_have_count(1)
        connected(person.page)
        assert not_reloaded(person.page)


# --- consent ------------------------------------------------------------------------------------------------------------


def test_stop_and_start_change_the_consent_in_the_open_panel(owner, phone, conversation):
    phone.is_looked_at()
    panel = owner.page.locator("#consent")
    phone.page.locator("[data-do=start]").click()
    expect(panel.locator(".consent:not(.consent--no, .consent--out)")).to_be_visible()
    phone.page.locator("[data-do=stop]").click()
    expect(panel.locator(".consent--out")).to_be_visible()
    assert not_reloaded(owner.page)


# --- the window closes --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def closing(owner, phone, conversation) -> float:
    """One minute is left and a draft stands in the composer. When that was, by this computer's clock."""
    phone.is_looked_at()
    phone.writes("Ich melde mich morgen")
    expect(bubble(owner.page, "Ich melde mich morgen")).to_be_visible()
    take(owner, conversation)
    phone.page.locator("[data-jump=last-minute]").click()
    expect(row(owner.page, THEO).locator(".ring")).to_have_attribute("data-window", "urgent")
    field(owner.page).fill("Halber Satz, der bleiben soll")
    return time.monotonic()


def test_the_last_minute_shows_everywhere_at_once(owner, other, closing):
    for person in (owner, other):
        for place in (row(person.page, THEO).locator(".ring"), person.page.locator(".thread__head window-clock")):
            expect(place.first).to_have_attribute("data-window", "urgent")
    expect(field(owner.page)).to_be_visible()
    assert closing


def test_every_view_of_the_inbox_works_without_a_mouse(mara):
    page = mara.another_page("/?view=all")
    thread = page.locator("#thread")
    page.keyboard.press("j")
    expect(thread).to_have_attribute("data-conversation", re.compile(r"\d"))
    first = thread.get_attribute("data-conversation") or ""
    page.keyboard.press("j")
    expect(thread).not_to_have_attribute("data-conversation", first)
    page.keyboard.press("k")
    expect(thread).to_have_attribute("data-conversation", first)
    page.keyboard.press("n")
    expect(field(page, "note")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("dialog#keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.close()


def test_r_answers_and_e_closes_and_opens_again(mara, counter):
    number = counter.one(
        "SELECT id FROM inbox_conversation WHERE assignee_id = %s AND status = 'open'"
        " AND last_customer_message_at > now() - interval '12 hours' ORDER BY id LIMIT 1",
        mara.number,
    )
    page = mara.another_page(f"/conversations/{number}/")
    page.keyboard.press("r")
    expect(field(page)).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    expect(page.locator(f"#head-{number}")).to_have_attribute("data-status", "closed")
    page.keyboard.press("e")
    expect(page.locator(f"#head-{number}")).to_have_attribute("data-status", "open")
    page.close()


def test_a_phone_shows_list_thread_and_contact_one_after_the_other(browser, counter, mara):
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, storage_state=mara.context.storage_state()
    )
    page = context.new_page()
    page.goto(f"{counter.url}/?view=all")
    main, lena = page.locator("main.inbox"), "Lena Hoffmann"
    row(page, lena).locator(".row__link").tap()
    expect(main).to_have_attribute("data-pane", "thread")
    expect(page.locator(".thread__name")).to_have_text(lena)
    page.locator(".thread__name a").tap()
    expect(page.locator("#panel-scroll h2").first).to_be_visible()
    page.go_back()
    expect(field(page)).to_be_visible()
    page.locator(".thread__head [data-pane-link=list]").tap()
    expect(row(page, lena)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser, counter, theme):
    """On every page of this version, in both themes."""
    admin = Person(browser, counter, "admin", color_scheme=theme)
    page = admin.page
    problems = {}
    for place, path in places(counter):
        page.goto(counter.url + path)
        problems[place] = violations(page)
    page.goto(f"{counter.url}/conversations/{lenas(counter)}/")
    page.keyboard.press("t")
    expect(page.locator("#picker .pick").first).to_be_visible()
    problems["picker"] = violations(page)
    page.goto(f"{counter.url}/practice/")
    problems["practice phone"] = violations(page)
    admin.context.clear_cookies()
    page.goto(f"{counter.url}/accounts/login/")
    problems["sign-in"] = violations(page)
    admin.context.close()
    assert {place: found for place, found in problems.items() if found} == {}


def test_the_composer_turned_into_the_picker_by_itself_and_kept_the_draft(owner, other, closing):
    left = 75 - (time.monotonic() - closing)
    composer = owner.page.locator("message-composer")
    expect(composer).to_have_attribute("data-mode", "locked", timeout=max(left, 1) * 1000)
    expect(field(owner.page)).to_be_hidden()
    expect(composer.locator("[data-part=locked] [data-action=template]")).to_be_visible()
    expect(composer.locator("[data-draft-words]")).to_have_text("Halber Satz, der bleiben soll")
    for person in (owner, other):
        expect(row(person.page, THEO).locator(".ring")).to_have_attribute("data-window", "closed")
        expect(person.page.locator(".thread__head window-clock").first).to_have_attribute("data-window", "closed")
        assert not_reloaded(person.page)


# --- only approved templates --------------------------------------------------------------------------------------------


def test_the_picker_says_why_a_template_cannot_be_chosen(owner, closing):
    owner.page.locator("[data-part=locked] [data-action=template]").click()
    picker = owner.page.locator("#picker")
    expect(picker.locator(".pick").first).to_be_visible()
    reasons = {
        pick.locator(".pick__name").inner_text(): pick.locator(".pick__why").inner_text().strip()
        for pick in picker.locator(".pick[aria-disabled=true]").all()
    }
    print(reasons)
    picker.locator("[data-close]").first.click()
    assert closing


def test_posting_past_the_page_is_refused_with_a_sentence_and_reaches_nobody(owner, phone, conversation, closing):
    accepted = phone.accepted()
    text = owner.posts(f"/conversations/{conversation}/messages/", text="An der Sperre vorbei")
    pending = owner.posts(f"/conversations/{conversation}/templates/", template=template(owner.counter, "leasing_ende"))
    marketing = owner.posts(
        f"/conversations/{conversation}/templates/", template=template(owner.counter, "newsletter_werkstatt")
    )

    assert (text.status, text.json()["code"]) == (409, "window_closed")
    assert pending.status == marketing.status == 422
    print(text.json(), pending.json(), marketing.json())
    assert all(answer.json()["sentence"] for answer in (text, pending, marketing))
    assert phone.accepted() == accepted


def test_an_approved_template_arrives_and_opens_no_window(owner, phone, closing):
    phone.is_looked_at()
    owner.page.locator("[data-part=locked] [data-action=template]").click()
    picker = owner.page.locator("#picker")
    picker.locator(f".pick[data-template='{template(owner.counter, 'rueckfrage_auftrag')}']").click()
    fields = picker.locator("[data-place=form] [data-field^='body.']")
    expect(fields).to_have_count(2)
    expect(fields.first).to_have_value(THEO.split()[0])
    expect(picker.locator("[data-send]")).to_have_attribute("aria-disabled", "true")
    fields.nth(1).fill("R-4711")
    expect(picker.locator("[data-place=preview]")).to_contain_text("zu deinem Auftrag R-4711")
    expect(picker.locator(".costline")).to_contain_text("€")
    picker.locator("[data-send]").click()

    expect(phone.bubble("zu deinem Auftrag R-4711")).to_be_visible()
    ticks_are(bubble(owner.page, "zu deinem Auftrag R-4711"), "ticks", blue=True)
    expect(owner.page.locator("message-composer")).to_have_attribute("data-mode", "locked")
    assert closing


def test_an_answer_opens_the_window_again_and_the_draft_is_still_there(owner, phone, closing):
    phone.writes("Ja, habe ich")
    expect(field(owner.page)).to_be_visible()
    expect(field(owner.page)).to_have_value("Halber Satz, der bleiben soll")
    assert closing and not_reloaded(owner.page)
