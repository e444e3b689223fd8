"""A thread of hundreds of messages in Chromium: scrolling, jumping, and coming back to the newest."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from inbox.enums import Direction, MessageKind, MessageStatus
from inbox.models import Message
from tests import factories
from tests.browser.test_composer import until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
COUNT = 600
# From now on: the entry in the middle of what the reader sees and its place, before and after the list changes.
WATCH_PLACES = """() => {
  const scroller = document.querySelector('thread-scroll');
  const middle = () => {
    const {top, height} = scroller.getBoundingClientRect();
    const item = scroller.items.find((each) => each.getBoundingClientRect().bottom > top + height / 2);
    return [item.id, Math.round(item.getBoundingClientRect().top)];
  };
  window.places = [];
  scroller.keeping = (change) => {
    const before = middle();
    Object.getPrototypeOf(scroller).keeping.call(scroller, change);
    window.places.push([before, middle()]);
  };
}"""


@pytest.fixture
def thread(cast):
    """Clara's conversation with COUNT more messages, a minute apart; the last one quotes the first."""
    start = timezone.now() - timedelta(minutes=COUNT)
    claras = cast.claras
    claras.messages.all().delete()
    rows = Message.objects.bulk_create(
        Message(
            workspace=cast.workspace, conversation=claras, phone_number=cast.number, seq=claras.next_seq(),
            wamid=f"wamid.{number}", direction=Direction.IN, status=MessageStatus.RECEIVED, kind=MessageKind.TEXT,
            text=f"Nummer {number} " + "und noch etwas mehr dazu " * (number % 5),
            occurred_at=start + timedelta(minutes=number),
        )  # fmt: skip
        for number in range(COUNT)
    )
    rows[-1].quoted = rows[5]
    rows[-1].save(update_fields=["quoted"])
    claras.inbound_count, claras.last_message_at = COUNT, rows[-1].occurred_at
    claras.save()
    return rows


@pytest.fixture
def page(open_page, cast, thread) -> Page:
    return open_page(cast.ben, f"/conversations/{cast.claras.pk}/")


def entries(page: Page) -> int:
    return page.locator("#messages > [data-item]").count()


def shown(page: Page, message: Message):
    return page.locator(f"#message-{message.uid}")


def test_scrolling_through_a_long_thread_keeps_the_page_small_and_the_place(page, thread):
    scroller = page.locator("thread-scroll")
    scroller.hover()
    until(lambda: page.mouse.wheel(0, -2000) or page.wait_for_timeout(20) or shown(page, thread[0]).count(), 60)
    expect(shown(page, thread[0])).to_be_attached()
    assert entries(page) <= 240
    assert not shown(page, thread[-1]).count()

    page.evaluate(WATCH_PLACES)
    until(lambda: page.mouse.wheel(0, 1000) or page.wait_for_timeout(20) or page.evaluate("window.places.length"), 60)
    before, after = page.evaluate("window.places[0]")  # a page came at the end, and one went at the beginning
    assert after == before
    assert entries(page) <= 240

    page.locator("[data-action=newest]").click()
    expect(shown(page, thread[-1])).to_be_in_viewport()
    assert page.locator("#messages > [data-more=newer]").count() == 0


def bottom(element) -> float:
    box = element.bounding_box()
    return box["y"] + box["height"]


def test_a_quote_leads_to_a_message_that_is_not_loaded_and_back_again(page, thread):
    page.locator("a[data-quote]").last.click()

    expect(shown(page, thread[5])).to_be_in_viewport()
    expect(shown(page, thread[5])).to_be_focused()
    page.locator("[data-text=reply]").fill("Zeile\n" * 15)
    button, composer = page.locator("[data-action=newest]"), page.locator("message-composer form")
    until(lambda: bottom(button) <= composer.bounding_box()["y"])  # however much is written
    button.click()
    expect(shown(page, thread[-1])).to_be_in_viewport()


def test_what_comes_while_one_reads_further_up_waits_at_the_end(page, cast, thread):
    from django.db import transaction

    from inbox import events

    page.locator("a[data-quote]").last.click()
    expect(shown(page, thread[5])).to_be_in_viewport()
    with transaction.atomic():
        news = factories.inbound_message(cast.claras, "Gerade gekommen")
        events.message_created(news)
    expect(page.locator(f"#row-{cast.claras.pk}")).to_contain_text("Gerade gekommen")
    assert not shown(page, news).count()

    page.locator("[data-action=newest]").click()
    expect(shown(page, news)).to_be_in_viewport()


def test_the_line_new_waits_above_the_first_unread_message_further_up(page, thread):
    scroller = page.locator("thread-scroll")
    scroller.hover()
    assert not page.locator(".day--new").count()
    page.evaluate(f"document.querySelector('thread-scroll').toSeq('{thread[0].seq}')")

    expect(page.locator(f".day--new + #message-{thread[0].uid}")).to_be_visible()


def test_one_jumps_to_a_day_by_keyboard(page, thread):
    page.locator("#thread .thread__head button[aria-label='Weitere Aktionen']").click()
    page.locator("[data-action=date]").click()
    day = timezone.localtime(thread[0].occurred_at, thread[0].workspace.agents.first().zone).date()
    page.locator("#to-day-day").fill(day.isoformat())
    page.keyboard.press("Enter")

    expect(shown(page, thread[0])).to_be_in_viewport()
    expect(shown(page, thread[0])).to_be_focused()
