"""The walk of a working day in Chromium, on everything that `make run` starts: two agents and a customer's phone.

The tests of this module stand in the order of the story and share its people. The window that closes needs a real
minute: it begins in one test and is looked at in another, with everything that does not depend on it in between.
"""

import re
import time
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.browser.walking import (
    PATIENCE,
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
    expect(row(mara.page, THEO)).to_have_attribute("data-assignee", re.compile(r"\d"), timeout=PATIENCE)
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


# --- a customer writes, one employee gets it live -----------------------------------------------------------------------


def test_two_agents_sign_in_side_by_side_in_german_and_english(mara, jonas):
    mara.opens("/")
    jonas.opens("/")

    expect(mara.page.locator(".pane__title")).to_have_text("Posteingang")
    expect(jonas.page.locator(".pane__title")).to_have_text("Inbox")


def test_a_new_customer_lands_at_exactly_one_of_them_without_reload(owner, other):
    expect(row(other.page, THEO)).to_have_attribute("data-assignee", str(owner.number), timeout=PATIENCE)
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
    expect(phone.bubble("Passt!").locator(".ticks--read")).to_be_visible(timeout=PATIENCE)


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
    expect(other.page.locator("message-composer")).to_have_attribute("data-mode", "taken")
    other.page.locator("message-composer [data-action=take-over]").click()
    expect(owner.page.locator(f"#head-{conversation}")).to_have_attribute("data-assignee", str(other.number))
    owner.page.locator("message-composer [data-action=take-over]").click()
    expect(field(owner.page)).to_be_visible()
