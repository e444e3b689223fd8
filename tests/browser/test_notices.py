"""Being told, in real tabs: which of them speaks, about what, and where a click leads."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import expect

from inbox import events
from inbox.actions import assignment
from inbox.enums import NoticeKind
from inbox.models import Conversation, Message
from tests import factories
from tests.browser.test_composer import until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# What the page would have made the loudspeakers and the screen do.
WATCH = """
HTMLMediaElement.prototype.play = function () {
  document.documentElement.dataset.heard = this.src.split('/').pop().split('.')[0];
  return Promise.resolve();
};
PushManager.prototype.subscribe = async () => ({ toJSON: () => ({
  endpoint: 'http://127.0.0.1:9/push', keys: { p256dh: 'B' + 'A'.repeat(86), auth: 'A'.repeat(22) }
}) });
"""


@pytest.fixture
def desk(cast, web, open_page, browser):
    """Ben's browser: a first tab on the list, and `more(path)` for further tabs of it."""
    assignment.claim(cast.claras, by=cast.ben)
    page = open_page(cast.ben, "/?view=all", permissions=["notifications"])
    page.context.add_init_script(WATCH)
    page.reload()
    expect(page.locator("html[data-socket=open]")).to_have_count(1, timeout=15_000)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")

    def more(path):
        tab = page.context.new_page()
        tab.add_init_script(
            "document.addEventListener('tresen:state', ({detail}) => document.documentElement.dataset.socket = detail)"
        )
        tab.goto(web.url + path)
        expect(tab.locator("html[data-socket=open]")).to_have_count(1, timeout=15_000)
        return tab

    return page, more


def write(conversation, text="Hallo?"):
    with transaction.atomic():
        conversation.refresh_from_db()
        events.message_created(factories.inbound_message(conversation, text))


def shown(page, patience=50) -> list[str]:
    """The notifications on the screen, once there are some."""
    for _ in range(patience):
        titles = page.evaluate(
            "navigator.serviceWorker.ready.then((worker) => worker.getNotifications())"
            ".then((all) => all.map((one) => one.title))"
        )
        if titles:
            break
        page.wait_for_timeout(100)
    return titles


def test_what_may_not_be_shown_is_read_out(cast, open_page):
    assignment.claim(cast.claras, by=cast.ben)
    page = open_page(cast.ben, "/?view=all")
    write(cast.claras)

    expect(page.get_by_role("status").filter(has_text="Clara Sommer: ")).to_have_count(1)


def test_one_of_two_tabs_speaks_and_a_click_opens_the_conversation_there(cast, desk):
    first, more = desk
    second = more("/settings/notifications/")
    write(cast.claras)

    expect(first).to_have_title("(1) Posteingang · Radhaus Lindenhof")
    expect(first.locator("html[data-heard=message]")).to_have_count(1)
    assert shown(first) == ["Clara Sommer"]
    assert second.locator("html[data-heard]").count() == 0
    assert first.locator("link[rel=icon]").get_attribute("href") == "/favicon/1.svg"

    [worker] = first.context.service_workers
    worker.evaluate(
        """async () => {
            const [notification] = await registration.getNotifications();
            dispatchEvent(new NotificationEvent("notificationclick", { notification }));
        }"""
    )

    expect(first.locator("#thread .thread__name")).to_contain_text("Clara Sommer")
    assert "/settings/notifications/" in second.url


def test_a_lead_asks_for_an_answer_from_the_notification_itself(cast, open_page):
    wrote_at = timezone.now() - timedelta(hours=23, minutes=50)
    Conversation.objects.filter(pk=cast.claras.pk).update(last_customer_message_at=wrote_at)
    page = open_page(cast.lea, "/settings/notifications/", permissions=["notifications"])
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    with transaction.atomic():
        events.notice_due(cast.claras, [cast.lea.pk], NoticeKind.CLOSING_15)
    assert shown(page) == ["Clara Sommer"]

    [worker] = page.context.service_workers
    worker.evaluate(
        """async () => {
            const [notification] = await registration.getNotifications();
            dispatchEvent(new NotificationEvent("notificationclick", { notification, action: "ask" }));
        }"""
    )

    expect(page.get_by_role("status").filter(has_text="Clara wird um eine Antwort gebeten.")).to_be_visible()
    assert Message.objects.get(conversation=cast.claras, direction="out").author == cast.lea


def test_who_looks_at_the_conversation_hears_nothing_of_it_but_of_the_others(cast, desk, web):
    first, more = desk
    assignment.claim(cast.darios, by=cast.ben)
    looking = more(f"/conversations/{cast.claras.pk}/")  # the focused one
    looking.bring_to_front()
    write(cast.claras, "Bist du da?")
    expect(looking.locator("#messages")).to_contain_text("Bist du da?")
    write(cast.darios, "Und ich?")
    expect(first.locator("html[data-heard=message]")).to_have_count(1)

    assert shown(first) == ["Dario Conti"]

    looking.goto(f"{web.url}/conversations/{cast.darios.pk}/")  # read there, so it need not be shown any longer
    until(lambda: shown(first, patience=1) == [] or first.wait_for_timeout(50), 30)


def test_what_was_told_while_the_connection_was_away_is_told_on_return(cast, desk, web):
    page, _ = desk
    web.kill()
    expect(page.locator("html[data-socket=connecting]")).to_have_count(1)
    write(cast.claras)
    web.start()

    expect(page.locator("html[data-heard=message]")).to_have_count(1, timeout=30_000)
    assert shown(page) == ["Clara Sommer"]


def test_a_test_says_in_words_what_happened(cast, desk):
    page, _ = desk
    page.goto(page.url.split("/?")[0] + "/settings/notifications/")
    said = page.locator("notice-test [data-say]:visible")
    expect(said).to_have_count(1)
    page.locator("[data-do=test]").click()
    expect(said).to_have_count(2)
    assert shown(page) == ["Ein Test"]

    page.context.clear_permissions()
    page.reload()
    expect(page.locator("[data-say=ask]:visible, [data-say=blocked]:visible")).to_have_count(1)


def test_without_a_connection_there_is_a_page_that_says_so(cast, desk):
    page, _ = desk
    page.context.set_offline(True)
    page.goto(page.url)

    expect(page.locator("h1")).to_have_text("Keine Verbindung")
    page.context.set_offline(False)
    assert page.evaluate("caches.keys()") == ["offline"]


def test_pushes_are_switched_on_in_the_profile_and_shown_when_no_page_is_there(cast, desk):
    page, _ = desk
    page.goto(page.url.split("/?")[0] + "/settings/notifications/")
    page.locator("[data-do=subscribe]").click()
    expect(page.locator(".fact")).to_contain_text("dieses Gerät")

    devtools = page.context.new_cdp_session(page)
    registrations = []
    devtools.on("ServiceWorker.workerRegistrationUpdated", lambda event: registrations.extend(event["registrations"]))
    devtools.send("ServiceWorker.enable")
    page.wait_for_timeout(300)
    devtools.send("ServiceWorker.deliverPushMessage", {
        "origin": page.url.split("/settings")[0], "registrationId": registrations[0]["registrationId"],
        "data": '{"title": "Clara Sommer", "body": "Neue Nachricht", "data": {"url": "/"}}',
    })  # fmt: skip

    assert shown(page) == ["Clara Sommer"]
