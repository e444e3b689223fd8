"""A customer writes, one of two agents gets it live and answers; what colleagues and bad lines do to that."""

import re
import time
import urllib.request

from playwright.sync_api import expect

from tests.browser.walk.walking import bubble, connected, field, not_reloaded, row, take, ticks_are
from tests.stack.counter import Counter


def test_two_agents_sign_in_side_by_side_in_german_and_english(mara, jonas):
    mara.opens("/")
    jonas.opens("/")

    expect(mara.page.locator(".pane__title")).to_have_text("Posteingang")
    expect(jonas.page.locator(".pane__title")).to_have_text("Inbox")


def test_a_new_customer_lands_at_exactly_one_of_them_without_reload(arrived):
    owner, other = arrived.owner, arrived.other
    expect(row(arrived.others_page, arrived.name)).to_have_attribute("data-assignee", str(owner.number))
    expect(row(arrived.page, arrived.name).locator(".unread")).to_have_text("1")
    assert not_reloaded(arrived.page) and not_reloaded(arrived.others_page)

    for person, count in ((owner, 1), (other, 0)):
        mine = person.another_page("/?view=mine")
        expect(row(mine, arrived.name)).to_have_count(count)
        mine.close()


def test_the_thread_says_why_this_person_got_it(story):
    line = story.page.locator("#messages [data-item=activity]").filter(has_text=re.compile(r"\d (von|of) \d"))
    expect(line).to_have_count(1)


# --- answered in time -------------------------------------------------------------------------------------------------


def test_a_reply_goes_out_with_enter_and_its_marks_follow_the_message(story):
    story.phone.is_put_away()
    story.owner.counter.phone("POST", "faults", {"kind": "slow", "path": "messages", "seconds": 2, "times": 1})
    field(story.page).fill("Ja, um 16 Uhr. Passt das?")
    field(story.page).press("Enter")

    ours, theirs = bubble(story.page, "Ja, um 16 Uhr"), bubble(story.others_page, "Ja, um 16 Uhr")
    expect(field(story.page)).to_have_value("")
    ticks_are(ours, "clock")
    ticks_are(ours, "ticks")
    ticks_are(theirs, "ticks")

    story.phone.is_looked_at()
    expect(story.phone.bubble("Ja, um 16 Uhr")).to_be_visible()
    ticks_are(ours, "ticks", blue=True)
    ticks_are(theirs, "ticks", blue=True)
    expect(row(story.page, story.name).locator("[data-ticks] .ticks--read")).to_have_count(1)
    assert story.phone.accepted() == 1
    assert not_reloaded(story.page) and not_reloaded(story.others_page)


def test_the_customer_sees_blue_ticks_when_the_agent_has_read(story):
    story.phone.writes("Passt!")

    expect(bubble(story.page, "Passt!")).to_be_visible()
    expect(story.phone.bubble("Passt!").locator(".ticks--read")).to_be_visible()


# --- together ---------------------------------------------------------------------------------------------------------


def test_a_note_reaches_the_mentioned_colleague_and_never_the_phone(story):
    accepted, name = story.phone.accepted(), story.other.name.capitalize()
    story.page.locator("#tab-note").click()
    note = field(story.page, "note")
    note.press_sequentially(f"@{name[:3]}")
    story.page.locator("#mentions [role=option]", has_text=name).click()
    note.press_sequentially("schaust du nach dem Tretlager?")
    story.page.locator("message-composer [type=submit][data-for=note]").click()

    shown = story.others_page.locator("#messages .note", has_text="schaust du nach dem Tretlager?")
    expect(shown.locator(".mention")).to_contain_text(name)
    mentions = story.other.another_page("/?view=mentions")
    expect(row(mentions, story.name)).to_have_count(1)
    mentions.close()
    story.page.locator("#tab-reply").click()
    expect(story.phone.bubble("Tretlager")).to_have_count(0)
    assert story.phone.accepted() == accepted


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


def test_a_reply_written_while_a_colleague_answers_is_held_and_its_author_asked(story):
    accepted = story.phone.accepted()
    story.owner.context.set_offline(True)
    field(story.page).fill("Ich sehe gleich nach.")
    field(story.page).press("Enter")
    take(story.others_page, story.other, story.number)
    field(story.others_page).fill("Es liegt in Fach 7.")
    field(story.others_page).press("Enter")
    ticks_are(bubble(story.others_page, "Es liegt in Fach 7."), "ticks", blue=True)
    story.owner.context.set_offline(False)

    dialog = story.page.locator("dialog#held")
    expect(dialog).to_contain_text("Es liegt in Fach 7.")
    expect(dialog).to_contain_text("Ich sehe gleich nach.")
    assert story.phone.accepted() == accepted + 1
    dialog.locator("[data-choice=send]").click()
    expect(story.phone.bubble("Ich sehe gleich nach.")).to_be_visible()
    assert story.phone.accepted() == accepted + 2


# --- bad lines --------------------------------------------------------------------------------------------------------


def test_a_text_written_offline_waits_and_is_sent_once(story):
    take(story.page, story.owner, story.number)
    accepted = story.phone.accepted()
    story.owner.context.set_offline(True)
    field(story.page).fill("Bis später!")
    field(story.page).press("Enter")
    expect(bubble(story.page, "Bis später!").locator("[data-waiting]")).to_be_visible()
    expect(story.page.locator("connection-pill")).to_be_visible()
    story.owner.context.set_offline(False)

    ticks_are(bubble(story.page, "Bis später!"), "ticks")
    expect(bubble(story.page, "Bis später!")).to_have_count(1)
    expect(story.page.locator("connection-pill")).to_be_hidden()
    assert story.phone.accepted() == accepted + 1
    assert not_reloaded(story.page)


def test_the_screen_repairs_itself_after_the_web_process_was_killed(story, counter):
    counter.kill("web")
    wait_until_answers(counter)
    counter.phone("POST", f"customers/{story.phone.key}/messages", {"type": "text", "text": "Noch eine Frage"})

    for page in (story.page, story.others_page):
        expect(bubble(page, "Noch eine Frage")).to_have_count(1, timeout=30_000)
        connected(page)
        assert not_reloaded(page)


def wait_until_answers(counter: Counter) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{counter.url}/accounts/login/", timeout=2).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the web process does not come back")


# --- consent ----------------------------------------------------------------------------------------------------------


def test_stop_and_start_change_the_consent_in_the_open_panel(story):
    story.phone.is_looked_at()
    panel = story.page.locator("#consent")
    story.phone.page.locator("[data-do=start]").click()
    story.phone.page.locator(".pmsg [data-do=press]").filter(has_text="Ja, gern").last.click()
    expect(panel.locator(".consent:not(.consent--no, .consent--out)")).to_be_visible()
    story.phone.page.locator("[data-do=stop]").click()
    expect(panel.locator(".consent--out")).to_be_visible()
    assert not_reloaded(story.page)
