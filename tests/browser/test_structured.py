"""Reacting, building, forwarding and unfolding, with the mouse, the keyboard and a finger."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Route, expect

from inbox.models import Message, Reaction
from tests import factories
from tests.browser.axe import found

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def in_english(cast):
    cast.ben.language = "en"
    cast.ben.save(update_fields=["language"])


def test_an_emoji_is_put_on_a_message_changed_and_taken_away_by_keyboard(cast, open_page):
    page = open_page(cast.ben, f"/conversations/{cast.claras.pk}/")
    question = cast.claras.messages.get()
    bubble = page.locator(f"#message-{question.uid}")

    bubble.get_by_role("button", name="React").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#palette [data-emoji='👍']")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")

    chip = bubble.locator(".react")
    expect(chip).to_contain_text("❤️")
    expect(bubble.locator(".react, .bubble__tools [data-action='react']").first).to_be_focused()
    chip.click()
    page.locator("#palette").get_by_role("button", name="More emojis").click()
    expect(page.locator("#palette input")).to_be_focused()
    page.keyboard.type("bicycle")
    expect(page.locator("#palette [data-list] button").first).to_have_text("🚲")
    assert found(page) == []
    page.keyboard.press("Enter")
    expect(chip).to_contain_text("🚲")
    expect(page.locator("#palette")).to_be_hidden()
    chip.click()
    page.locator("#palette").get_by_role("button", name="More emojis").click()
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    expect(chip).to_be_focused()
    chip.click()
    page.locator("#palette").get_by_role("button", name="More emojis").click()
    page.locator("#palette input").fill("🎉")
    expect(page.locator("#palette [data-list] button").first).to_have_text("🎉")
    page.keyboard.press("Enter")
    expect(chip).to_contain_text("🎉")
    chip.click()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(chip).to_have_count(0)
    assert Reaction.objects.get(message=question).emoji == ""


def test_a_list_is_built_with_its_limits_in_sight_and_comes_into_the_thread(cast, open_page):
    page = open_page(cast.ben, f"/conversations/{cast.claras.pk}/")
    page.get_by_label("Reply to Clara Sommer").fill("Halber Satz")

    page.get_by_role("button", name="Attach").click()
    page.get_by_role("menuitem", name="Question with a list").click()
    dialog = page.get_by_role("dialog", name="Ask with a list")
    dialog.get_by_label("Question").fill("Welcher Termin?")
    dialog.get_by_label("Words on the button").fill("Termin wählen, jetzt gleich")
    expect(dialog.locator("#b-button-e")).to_contain_text("7 characters too many")
    page.keyboard.press("Enter")
    expect(dialog.locator("[data-problem]")).to_be_visible()
    expect(dialog.get_by_label("Words on the button")).to_have_attribute("aria-invalid", "true")
    expect(dialog.locator("[aria-invalid]").first).to_be_focused()
    dialog.get_by_label("Words on the button").fill("Termin wählen")
    dialog.locator("#b-row1").fill("Mo 9:00")
    dialog.get_by_role("button", name="Another section").click()
    expect(dialog.locator("#b-section4")).to_be_focused()
    page.keyboard.type("Dienstag")
    dialog.locator("#b-row4").fill("Di 9:00")
    dialog.locator("#b-section1").fill("Montag")
    expect(dialog.locator(".build__prev")).to_contain_text("Dienstag")
    page.mouse.click(5, 5)  # beside it: what was typed stays
    dialog.get_by_role("button", name="Send").click()

    sent = page.locator(".msg--out", has_text="Welcher Termin?")
    expect(sent).to_be_visible()
    sent.locator("summary").click()
    expect(sent).to_contain_text("Dienstag")
    expect(page.get_by_label("Reply to Clara Sommer")).to_have_value("Halber Satz")


def test_what_was_filled_in_survives_escape_and_a_reload_and_goes_with_cancel(cast, open_page):
    page = open_page(cast.ben, f"/conversations/{cast.claras.pk}/")
    dialog = page.get_by_role("dialog", name="Ask with buttons")

    def ask() -> None:
        page.get_by_role("button", name="Attach").click()
        page.get_by_role("menuitem", name="Question with buttons").click()
        expect(dialog).to_be_visible()

    ask()
    expect(dialog.locator("[data-kept]")).to_be_hidden()
    dialog.get_by_label("Question").fill("Passt *Dienstag*?")
    dialog.locator("#b-button1").fill("Ja")
    expect(dialog.locator(".build__prev b", has_text="Dienstag")).to_be_visible()
    page.keyboard.press("Escape")
    ask()
    expect(dialog.locator("#b-button1")).to_have_value("Ja")
    expect(dialog.locator(".build__prev b", has_text="Dienstag")).to_be_visible()
    expect(dialog.locator("[data-kept]")).to_be_visible()
    assert found(page) == []
    page.reload()
    ask()
    expect(dialog.get_by_label("Question")).to_have_value("Passt *Dienstag*?")
    dialog.get_by_role("button", name="Cancel").click()
    ask()
    expect(dialog.get_by_label("Question")).to_have_value("")
    expect(dialog.locator("[data-kept]")).to_be_hidden()
    dialog.get_by_label("Question").fill("Und Mittwoch?")
    dialog.locator("#b-button1").fill("Ja")
    dialog.get_by_role("button", name="Send").click()
    expect(page.locator(".msg--out", has_text="Und Mittwoch?")).to_be_visible()
    ask()
    expect(dialog.get_by_label("Question")).to_have_value("")


def test_a_question_whose_answer_was_lost_is_asked_once_also_from_a_dialog_opened_anew(cast, open_page):
    page = open_page(cast.ben, f"/conversations/{cast.claras.pk}/")
    lost: list[Route] = []

    def lose(route: Route) -> None:
        if route.request.method != "POST" or lost:
            return route.continue_()
        lost.append(route)
        route.fetch()
        return route.abort()

    dialog = page.locator("dialog[open]")

    def opened() -> Locator:
        page.get_by_role("button", name="Attach").click()
        page.get_by_role("menuitem", name="Question with buttons").click()
        expect(dialog).to_be_visible()
        return dialog

    page.route("**/build/buttons/", lose)
    opened().get_by_label("Question").fill("Passt Dienstag?")
    dialog.locator("[name=button1]").fill("Ja")
    dialog.get_by_role("button", name="Send").click()
    expect(dialog.locator("footer [data-problem]")).to_be_visible()
    page.keyboard.press("Escape")
    opened().get_by_role("button", name="Send").click()
    expect(dialog).to_have_count(0)
    assert Message.objects.filter(direction="out").count() == 1

    opened().get_by_label("Question").fill("Passt Dienstag?")  # said again on purpose
    dialog.locator("[name=button1]").fill("Ja")
    dialog.get_by_role("button", name="Send").click()
    expect(dialog).to_have_count(0)
    assert Message.objects.filter(direction="out").count() == 2


def test_why_a_lead_should_take_over_waits_while_one_looks_something_up(cast, open_page):
    page = open_page(cast.ben, f"/conversations/{cast.claras.pk}/")
    page.keyboard.press("a")
    page.get_by_role("option", name="Hand over to a lead").click()
    page.get_by_label("Why a lead should take over").fill("Sie droht mit dem Anwalt")

    page.locator(".bubble").first.click()
    expect(page.get_by_label("Why a lead should take over")).to_be_hidden()
    page.keyboard.press("a")

    expect(page.get_by_label("Why a lead should take over")).to_have_value("Sie droht mit dem Anwalt")
    page.keyboard.press("Escape")
    page.keyboard.press("h")
    page.get_by_label("Another time").fill(f"{timezone.now().year + 1}-01-02T09:00")
    page.get_by_role("dialog", name="Snooze until").get_by_role("button", name="Snooze", exact=True).click()
    expect(page.get_by_label("Another time")).to_be_hidden()
    expect(page.locator(".thread__sub .badge")).to_be_visible()


def test_a_message_is_forwarded_to_a_conversation_that_was_searched(cast, open_page):
    page = open_page(cast.ben, f"/conversations/{cast.claras.pk}/")

    page.locator(".bubble").first.hover()
    page.get_by_role("button", name="Forward").click()
    dialog = page.get_by_role("dialog", name="Forward")
    dialog.get_by_role("searchbox").fill("dario")
    dialog.get_by_label("Dario Conti").check()
    dialog.get_by_role("button", name="Forward", exact=True).click()

    expect(page.get_by_text("Forwarded to one conversation")).to_be_visible()
    assert Message.objects.get(conversation=cast.darios, direction="out").text == "Ist mein Rad fertig?"


def test_a_long_message_unfolds_and_stays_so_when_it_is_drawn_anew(cast, open_page):
    long = factories.inbound_message(cast.claras, "Lang und breit. " * 200, at=timezone.now() + timedelta(seconds=1))
    page = open_page(cast.ben, f"/conversations/{cast.claras.pk}/")
    bubble = page.locator(f"#message-{long.uid}")
    folded = bubble.bounding_box()["height"]

    bubble.get_by_role("button", name="Show all").click()
    assert bubble.bounding_box()["height"] > folded * 1.5
    bubble.get_by_role("button", name="React").click()
    page.locator("#palette [data-emoji='👍']").click()

    expect(bubble.locator(".react")).to_contain_text("👍")
    expect(bubble.get_by_role("button", name="Show less")).to_be_visible()


def test_a_finger_held_on_a_bubble_shows_its_tools(cast, open_page):
    options = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    page = open_page(cast.ben, f"/conversations/{cast.claras.pk}/", **options)
    tools = page.locator(".bubble__tools").first
    expect(tools).to_have_css("opacity", "0")
    expect(tools).to_have_css("pointer-events", "none")
    tools.get_by_role("button").first.focus()
    expect(tools).to_have_css("opacity", "1")
    page.locator(".composer textarea").first.focus()
    expect(tools).to_have_css("opacity", "0")

    page.locator(".bubble").first.dispatch_event("pointerdown", {"pointerType": "touch"})

    expect(tools).to_have_css("opacity", "1")
    expect(tools).to_have_css("pointer-events", "auto")
    box = tools.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390


def test_axe_finds_nothing_in_the_palette_the_chooser_and_the_dialogs(cast, open_page):
    page = open_page(cast.ben, f"/conversations/{cast.claras.pk}/")

    page.locator(".msg--in [data-action='react']").first.focus()
    page.keyboard.press("Enter")
    page.locator("#palette [data-emoji='👍']").wait_for()
    assert found(page) == []
    page.keyboard.press("Escape")
    page.locator(".msg--in [data-action='forward']").first.focus()
    page.keyboard.press("Enter")
    page.locator("#forward").wait_for()
    assert found(page) == []
    page.keyboard.press("Escape")
    for kind in ("Location", "Contact card", "Question with buttons", "Question with a list"):
        page.get_by_role("button", name="Attach").click()
        page.get_by_role("menuitem", name=kind).click()
        page.locator("#build [type='submit']").click()
        expect(page.locator("#build [data-problem]")).to_be_visible()
        assert found(page) == []
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name="Attach")).to_be_focused()


def test_long_names_and_articles_stay_inside_a_narrow_screen(cast, open_page):
    item = {"id": "SEHR-LANGE-ARTIKELNUMMER-" * 3, "quantity": 12, "total": "14814.00", "currency": "EUR"}
    card = {"name": "X" * 120, "organization": "Y" * 120, "phones": [{"phone": "+49 151 1"}]}
    for kind, data in {"order": {"items": [item]}, "contacts": {"contacts": [card]}}.items():
        factories.inbound_message(cast.claras, "", kind=kind, data=data)
    page = open_page(cast.ben, f"/conversations/{cast.claras.pk}/", viewport={"width": 390, "height": 844})

    price = page.locator(".dl--order dd").first
    expect(price).to_have_text("€14,814.00")
    lines = "cell => { const text = new Range(); text.selectNodeContents(cell); return text.getClientRects().length }"
    assert price.evaluate(lines) == 1
    for bubble in page.locator(".bubble").all():
        box = bubble.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390
