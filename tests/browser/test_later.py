"""Send later in Chromium: planned, seen by a colleague, changed, and held when the customer writes."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Page, expect

from inbox import events
from inbox.actions import later_turns
from inbox.models import Conversation, Draft, ScheduledReply
from tests import factories
from tests.browser.test_composer import field, sent, until
from tests.whatsapp.test_sendable import PDF

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(open_page, cast) -> Page:
    cast.ben.language = cast.lea.language = "en"
    cast.ben.save()
    cast.lea.save()
    return open_page(cast.ben, f"/conversations/{cast.claras.pk}/")


def plan(page: Page) -> None:
    page.get_by_role("button", name="More ways to send").click()
    page.get_by_role("menuitem", name="Send later").click()
    expect(page.locator("#send-later [name=when]:checked")).to_be_focused()


def test_a_reply_is_planned_seen_by_a_colleague_and_comes_back_when_it_is_discarded(page, open_page, cast):
    colleague = open_page(cast.lea, f"/conversations/{cast.claras.pk}/")
    field(page).fill("Bis *gleich*")
    plan(page)
    page.keyboard.press("Enter")

    for screen in (page, colleague):
        expect(screen.locator(".later b", has_text="gleich")).to_be_visible()
    expect(field(page)).to_have_value("")
    expect(field(page)).to_be_focused()
    assert not Draft.objects.exists() and sent() == []
    colleague.locator("[data-later=cancel]").click()
    expect(page.locator(".later")).to_have_count(0)
    expect(field(colleague)).to_have_value("Bis *gleich*")
    expect(page.locator("#messages")).to_contain_text("Lea cancelled Ben's scheduled message")


def test_a_time_after_the_window_asks_and_a_customer_who_writes_holds_it(page, cast):
    field(page).fill("Bis dann")
    plan(page)
    page.locator("#send-later [name=at]").fill(f"{timezone.now().year + 1}-01-02T09:00")
    page.get_by_role("button", name="Schedule").click()
    if page.locator("#send-later [data-fallback]").is_hidden():
        expect(page.locator("#send-later [data-problem]")).to_contain_text("The window closes at")
    page.get_by_label("Ask me then").check()
    page.get_by_role("button", name="Schedule").click()
    expect(page.locator(".later")).to_contain_text("Bis dann")
    with transaction.atomic():
        conversation = Conversation.objects.select_for_update().get(pk=cast.claras.pk)
        events.message_created(factories.inbound_message(conversation, "Hallo?"))
        later_turns.customer_wrote(conversation, timezone.now())

    expect(page.locator(".later--held")).to_contain_text("Held: Clara has written")
    page.locator("[data-later=edit]").click()
    page.locator("#later-text").fill("Bis nachher")
    page.locator("#send-later [value=hour]").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".later")).to_contain_text("Bis nachher")
    expect(page.locator(".later--held")).to_have_count(0)
    page.locator("[data-later=send]").click()

    expect(page.locator("#messages > .msg--out")).to_contain_text("Bis nachher")
    expect(page.locator(".later")).to_have_count(0)
    until(lambda: sent() == ["Bis nachher"])
    assert ScheduledReply.objects.get().state == "sent"


def test_files_wait_with_the_words_and_a_closed_window_plans_a_template(page, cast):
    factories.upload(cast.claras, by=cast.ben, kind="document", file_name="Angebot.pdf")
    factories.template(cast.number, name="rad_fertig", components=[{"type": "BODY", "text": "Dein Rad ist fertig"}])
    page.reload()
    expect(page.locator("[data-files]")).to_contain_text("Angebot.pdf")
    plan(page)
    page.get_by_role("button", name="Schedule").click()
    expect(page.locator(".later")).to_contain_text("Angebot.pdf")
    expect(page.locator("[data-files]")).to_be_hidden()
    page.locator("[data-later=edit]").click()
    dialog = page.locator("#send-later")
    for name, button in (("Doch nicht.pdf", "Cancel"), ("Karte.pdf", "Save")):
        with page.expect_file_chooser() as chooser:
            dialog.get_by_role("button", name="Add files").click()
        chooser.value.set_files([{"name": name, "mimeType": "application/pdf", "buffer": PDF}])
        expect(dialog.locator("[data-upload]", has_text=name)).to_be_visible()
        expect(dialog.locator("[data-file-state]")).to_have_count(0)
        dialog.locator("#later-text").fill("Mit Karte")
        page.keyboard.press("Escape")  # a slip
        page.locator("[data-later=edit]").click()
        expect(dialog.locator("#later-text")).to_have_value("Mit Karte")
        expect(dialog.locator("[data-upload]", has_text=name)).to_be_visible()
        dialog.get_by_role("button", name="Remove Angebot.pdf").click()
        dialog.get_by_role("button", name=button, exact=True).click()
        expect(dialog).to_have_count(0)
        if button == "Cancel":
            page.locator("[data-later=edit]").click()
    expect(page.locator(".later__file")).to_have_count(1)
    page.locator("[data-later=cancel]").click()
    expect(page.locator("[data-files]")).to_contain_text("Karte.pdf")
    expect(page.locator("[data-files] [data-upload]")).to_have_count(1)

    Conversation.objects.filter(pk=cast.claras.pk).update(last_customer_message_at=timezone.now() - timedelta(days=2))
    page.reload()
    page.get_by_role("button", name="Send later").click()
    page.locator("#send-later [name=template]").select_option(index=1)
    expect(page.locator("#send-later [data-values]")).to_contain_text("Nothing to fill in")
    page.get_by_role("button", name="Schedule").click()
    expect(page.locator(".later")).to_contain_text("Dein Rad ist fertig")
    expect(page.locator("[data-draft-kept]")).to_be_visible()
