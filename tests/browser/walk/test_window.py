"""The last minute of a window passes, and then only what WhatsApp has approved goes out."""

import time

import pytest
from playwright.sync_api import expect

from tests.browser.walk.conftest import DRAFT
from tests.browser.walk.walking import bubble, field, not_reloaded, row, template, ticks_are


@pytest.fixture
def closed(closing):
    """The story from the moment its last minute is over."""
    left = 75 - (time.monotonic() - closing.last_minute_at)
    composer = closing.page.locator("message-composer")
    expect(composer).to_have_attribute("data-mode", "locked", timeout=max(left, 5) * 1000)
    return closing


def test_the_composer_turned_into_the_picker_by_itself_and_kept_the_draft(closed):
    composer = closed.page.locator("message-composer")
    expect(field(closed.page)).to_be_hidden()
    expect(composer.locator("[data-part=locked] [data-action=template]")).to_be_visible()
    expect(composer.locator("[data-draft-words]")).to_have_text(DRAFT)
    for page in (closed.page, closed.others_page):
        expect(row(page, closed.name).locator(".ring")).to_have_attribute("data-window", "closed")
        expect(page.locator(".thread__head window-clock")).to_have_attribute("data-window", "closed")
        assert not_reloaded(page)


def test_everybody_reads_in_their_own_language_that_it_closed(closed):
    words = {"mara": "Das 24-Stunden-Fenster ist zu", "jonas": "The 24-hour window closed"}
    for person, page in ((closed.owner, closed.page), (closed.other, closed.others_page)):
        expect(page.locator("#messages [data-kind=window_closed]")).to_contain_text(words[person.name])


def test_the_picker_lists_what_cannot_be_sent_with_the_reason_and_lets_nobody_choose_it(closed):
    picker = opened_picker(closed)
    reasons = {
        "leasing_ende": ["Freigabe", "approval"],
        "bewertung_bitten": ["Pausiert", "Paused"],
        "sommerangebot": ["Abgelehnt", "Rejected"],
        "newsletter_werkstatt": ["Werbung", "marketing"],
    }
    for name, words in reasons.items():
        pick = picker.locator(".pick[aria-disabled=true]").filter(has_text=name.replace("_", " ").capitalize())
        assert any(word in pick.locator(".pick__why").inner_text() for word in words), name
        pick.click(force=True)
        expect(pick).to_have_attribute("aria-selected", "false")
    picker.locator("[data-close]").first.click()
    expect(picker).to_be_hidden()


def test_posting_past_the_page_is_refused_with_a_sentence_and_reaches_nobody(closed):
    accepted, owner = closed.phone.accepted(), closed.owner
    path = f"/conversations/{closed.number}"
    text = owner.posts(f"{path}/messages/", text="An der Sperre vorbei")
    pending = owner.posts(f"{path}/templates/", template=template(owner.counter, "leasing_ende"))
    marketing = owner.posts(f"{path}/templates/", template=template(owner.counter, "newsletter_werkstatt"))

    assert [answer.status for answer in (text, pending, marketing)] == [409, 422, 422]
    codes = [answer.json()["code"] for answer in (text, pending, marketing)]
    assert codes == ["window_closed", "template_not_sendable", "no_consent"]
    assert all(answer.json()["sentence"] for answer in (text, pending, marketing))
    assert closed.phone.accepted() == accepted == 0


def test_an_approved_template_arrives_and_opens_no_window(closed):
    chosen = template(closed.owner.counter, "rueckfrage_auftrag")
    picker = opened_picker(closed)
    picker.locator(f".pick[data-template='{chosen}']").click()
    expect(picker.locator("[name=template]")).to_have_value(str(chosen))
    fields = picker.locator("[data-place=form] [data-field^='body.']")
    expect(fields.first).to_have_value(closed.name.split()[0])
    expect(picker.locator("[data-send]")).to_have_attribute("aria-disabled", "true")
    fields.nth(1).fill("R-4711")
    expect(picker.locator("[data-place=preview]")).to_contain_text("zu deinem Auftrag R-4711")
    expect(picker.locator(".costline")).to_contain_text("€")
    picker.locator("[data-send]").click()

    expect(closed.phone.bubble("zu deinem Auftrag R-4711")).to_be_visible()
    ticks_are(bubble(closed.page, "zu deinem Auftrag R-4711"), "ticks", blue=True)
    expect(closed.page.locator("message-composer")).to_have_attribute("data-mode", "locked")
    assert closed.phone.accepted() == 1


def test_an_answer_opens_the_window_again_and_the_draft_is_still_there(closing):
    closing.phone.writes("Ja, habe ich")

    expect(field(closing.page)).to_be_visible()
    expect(field(closing.page)).to_have_value(DRAFT)
    assert not_reloaded(closing.page)


def test_no_script_failed_on_the_way(mara, jonas):
    assert mara.problems == jonas.problems == []


def opened_picker(closing):
    closing.page.locator("[data-part=locked] [data-action=template]").click()
    picker = closing.page.locator("#picker")
    expect(picker.locator(".pick").first).to_be_visible()
    return picker
