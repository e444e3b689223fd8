"""Files in the composer, in a browser: chosen, pasted and dropped; cut off and tried again; sent once, in order."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from inbox.models import Message, Note, Upload
from tests import factories
from tests.browser.web import hold
from tests.cast import Cast
from tests.whatsapp.test_media_types import picture
from tests.whatsapp.test_sendable import AAC, EXE, MP3, PDF, film, track

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

@pytest.fixture
def page(open_page: Callable[..., Page], cast: Cast) -> Page:
    """Ben on Clara's conversation, in English."""
    cast.ben.language = "en"
    cast.ben.save()
    return open_page(cast.ben, f"/conversations/{cast.claras.pk}/")


def choose(page: Page, *files: tuple[str, bytes]) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Attach").click()
        page.get_by_role("menuitem", name="Photos, videos, files").click()
    chooser.value.set_files([{"name": name, "mimeType": _type(name), "buffer": body} for name, body in files])


def _type(name: str) -> str:
    endings = {"png": "image/png", "pdf": "application/pdf", "mp3": "audio/mpeg", "mp4": "video/mp4"}
    return endings[name.rpartition(".")[2]]


def tray(page: Page) -> Locator:
    return page.locator("[data-files] [data-upload]")


def ready(page: Page, count: int) -> None:
    expect(tray(page)).to_have_count(count)
    expect(page.locator("[data-file-state]")).to_have_count(0)


def test_files_and_words_are_sent_once_in_order_and_survive_a_reload(page: Page):
    choose(page, ("rad.png", picture("PNG")), ("Rechnung.pdf", PDF))
    ready(page, 2)

    page.reload()
    expect(tray(page)).to_have_text([re.compile("rad.png"), re.compile("Rechnung.pdf")])
    page.get_by_label("Reply to Clara Sommer").fill("Das Foto und die Rechnung")
    page.keyboard.press("Control+Enter")

    bubbles = page.locator("#messages .msg--out:not([data-pending])")
    expect(bubbles).to_have_count(2)
    expect(tray(page)).to_have_count(0)
    expect(bubbles.nth(0).locator("img.media")).to_be_visible()
    expect(bubbles.nth(1)).to_contain_text("Rechnung.pdf")
    expect(bubbles.nth(1)).to_contain_text("Das Foto und die Rechnung")
    assert list(Message.objects.filter(direction="out").order_by("seq").values_list("kind", "text")) == [
        ("image", ""), ("document", "Das Foto und die Rechnung"),
    ]  # fmt: skip


def test_what_cannot_be_sent_says_why_and_holds_up_nothing_else(page: Page):
    hevc = film(track(b"vide", b"hvc1"), AAC)
    too_long = MP3 + b"\x00" * 17 * 1024 * 1024
    choose(page, ("falsch.pdf", EXE), ("leer.pdf", b""), ("lang.mp3", too_long), ("handy.mp4", hevc), ("gut.pdf", PDF))
    expect(page.locator("[data-file-state='failed']")).to_have_count(4)

    expect(tray(page).nth(0)).to_contain_text("is not what its name says")
    expect(tray(page).nth(1)).to_contain_text("This file is empty")
    expect(tray(page).nth(2)).to_contain_text("Audio up to 16 MB; this one has 17 MB")
    page.get_by_label("Reply to Clara Sommer").fill("Bitte")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#composer-error")).to_contain_text("Not all files can be sent")
    expect(page.get_by_role("button", name="Remove falsch.pdf")).to_be_focused()
    for name in ("falsch.pdf", "leer.pdf", "lang.mp3"):
        page.get_by_role("button", name=f"Remove {name}").click()
    page.get_by_role("button", name="As a document").click()
    ready(page, 2)
    page.get_by_label("Reply to Clara Sommer").press("Control+Enter")

    expect(page.locator("#messages .msg--out:not([data-pending])")).to_have_count(2)
    sent = Message.objects.filter(direction="out").order_by("seq")
    assert list(sent.values_list("kind", "text")) == [("document", ""), ("document", "Bitte")]


def test_a_connection_cut_during_the_upload_loses_nothing(page: Page):
    cut: list[str] = []

    def once(route: Route) -> None:
        if route.request.method == "POST" and not cut:
            cut.append(route.request.url)
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/uploads/?uid=*", once)
    choose(page, ("Rechnung.pdf", PDF))
    expect(tray(page)).to_contain_text("The connection was cut. The file is still here.")

    page.get_by_role("button", name="Try Rechnung.pdf again").click()

    ready(page, 1)
    expect(page.get_by_label("Reply to Clara Sommer")).to_be_focused()  # the button has gone; "remove" is not meant
    assert Upload.objects.get().file_name == "Rechnung.pdf"


def test_twenty_pictures_pasted_are_sent_as_soon_as_they_are_there(page: Page):
    page.get_by_label("Reply to Clara Sommer").focus()

    page.evaluate("""async () => {
      const canvas = Object.assign(document.createElement("canvas"), { width: 60, height: 40 });
      canvas.getContext("2d").fillRect(0, 0, 30, 30);
      const blob = await new Promise((done) => canvas.toBlob(done));
      const clipboardData = new DataTransfer();
      for (let n = 0; n < 20; n += 1) clipboardData.items.add(new File([blob], `bild-${n}.png`, { type: "image/png" }));
      document.activeElement.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
    }""")
    expect(tray(page)).to_have_count(20)
    page.keyboard.press("Control+Enter")

    expect(page.locator("#messages .msg--out:not([data-pending])")).to_have_count(20, timeout=60_000)
    names = [message.attachments.get().file_name for message in Message.objects.filter(direction="out").order_by("seq")]
    assert names == [f"bild-{number}.png" for number in range(20)]


def test_what_is_typed_on_while_files_are_on_their_way_does_not_go_by_itself(page: Page):
    held = hold(page, "**/uploads/?uid=*")
    choose(page, ("Rechnung.pdf", PDF))
    field = page.get_by_label("Reply to Clara Sommer")
    field.fill("Die Rechnung")
    page.keyboard.press("Enter")
    hint = page.locator("[data-files-hint]")
    expect(hint).to_have_text("Will be sent as soon as everything is uploaded")
    field.press_sequentially(", und das andere kom")
    expect(hint).not_to_have_text("Will be sent as soon as everything is uploaded")
    held[0].continue_()

    ready(page, 1)
    expect(field).to_have_value("Die Rechnung, und das andere kom")
    assert not Message.objects.filter(direction="out").exists()


def test_a_note_begun_while_the_files_are_on_their_way_does_not_go_in_their_place(page: Page):
    held = hold(page, "**/uploads/?uid=*")
    choose(page, ("Rechnung.pdf", PDF))
    page.get_by_label("Reply to Clara Sommer").fill("Die Rechnung")
    page.keyboard.press("Enter")
    page.get_by_role("tab", name="Note").click()
    note = page.locator("[data-text=note]")
    note.press_sequentially("Noch nicht fert")
    held[0].continue_()

    expect(page.locator("#messages .msg--out:not([data-pending])")).to_contain_text("Die Rechnung")
    expect(note).to_have_value("Noch nicht fert")
    expect(note).to_be_focused()
    assert not Note.objects.exists()


def test_who_leaves_before_the_files_are_there_finds_all_of_it_again_and_nothing_goes_in_part(page: Page, cast: Cast):
    held = hold(page, "**/uploads/?uid=*")
    choose(page, ("eins.pdf", PDF), ("zwei.pdf", PDF), ("drei.pdf", PDF))
    field = page.get_by_label("Reply to Clara Sommer")
    field.fill("Drei Blätter")
    page.keyboard.press("Enter")
    held[0].continue_()
    expect(page.locator("[data-file-state]")).to_have_count(2)
    page.locator(f"#row-{cast.darios.pk} .row__link").click()
    expect(page.get_by_text("Not sent: the files were still being uploaded.")).to_be_visible()
    held[1].continue_()
    page.locator(f"#row-{cast.claras.pk} .row__link").click()
    expect(field).to_have_value("Drei Blätter")
    expect(tray(page)).to_have_count(3)
    held[2].continue_()

    ready(page, 3)
    expect(field).to_have_value("Drei Blätter")
    assert not Message.objects.filter(direction="out").exists()


def test_a_file_dropped_on_the_thread_is_put_into_the_composer(page: Page):
    held = page.evaluate_handle("""() => {
      const made = new DataTransfer();
      made.items.add(new File(["Hallo"], "notiz.txt", { type: "text/plain" }));
      return made;
    }""")

    page.dispatch_event("#messages", "dragover", {"dataTransfer": held})
    expect(page.locator("#thread.is-dropping")).to_have_count(1)
    page.dispatch_event("#messages", "drop", {"dataTransfer": held})

    ready(page, 1)
    expect(page.locator("#thread.is-dropping")).to_have_count(0)
    page.get_by_role("tab", name="Note").click()
    page.dispatch_event("#messages", "drop", {"dataTransfer": held})  # what is for the team goes to no customer
    expect(page.get_by_text("A note holds no files")).to_be_visible()
    expect(tray(page)).to_have_count(1)
    page.get_by_role("tab", name="Reply").click()
    page.get_by_role("button", name="Remove notiz.txt").click()
    expect(tray(page)).to_have_count(0)
    expect(page.get_by_label("Reply to Clara Sommer")).to_be_focused()


def test_a_colleagues_answer_gives_the_files_back(cast: Cast, page: Page):
    choose(page, ("Rechnung.pdf", PDF))
    ready(page, 1)
    factories.outbound_message(cast.claras, "Ist fertig.", by=cast.lea)

    page.get_by_label("Reply to Clara Sommer").fill("Hier")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("dialog")).to_contain_text("Rechnung.pdf")
    page.get_by_role("button", name="Edit").click()

    ready(page, 1)
    expect(page.get_by_label("Reply to Clara Sommer")).to_have_value("Hier")
    assert not Message.objects.filter(status="held").exists()
