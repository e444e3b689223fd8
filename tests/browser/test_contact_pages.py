"""Contacts in Chromium: a file comes in and goes out, two people become one."""

import pytest
from playwright.sync_api import expect

from inbox.actions import contact_imports, contact_merges
from inbox.models import Contact, ContactImport, Draft
from tests.browser.axe import found
from tests.browser.test_composer import until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def leas(open_page, cast):
    cast.lea.language = "en"
    cast.lea.save()
    return lambda path, **options: open_page(cast.lea, path, **options)


def test_a_file_is_looked_at_before_it_is_imported(leas, cast):
    page = leas("/contacts/import/")
    rows = f"Name;Telefon\nLena Neu;0172 1111111\nClara Anders;+{cast.clara.phone}\nOhne;\n"
    page.get_by_label("File", exact=True).set_input_files(
        {"name": "kunden.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    )
    assert found(page) == []
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_text("0 of 3 rows")).to_be_visible()
    contact_imports.work_on(ContactImport.objects.get())

    expect(page.locator("tbody .badge")).to_have_text(["New", "Changes", "Refused"])
    expect(page.get_by_role("row", name="Clara Anders")).to_be_visible()
    page.locator("summary", has_text="Columns").click()
    assert found(page) == []
    page.get_by_role("button", name="Import 2 contacts").click()
    expect(page.get_by_text("You may leave this page.")).to_be_visible()
    contact_imports.work_on(ContactImport.objects.get())

    expect(page.get_by_text("2 contacts imported.")).to_be_visible()
    assert Contact.objects.filter(name__in=["Lena Neu", "Clara Anders"]).count() == 2


def test_what_is_taken_away_is_what_the_filtered_list_shows(leas, cast):
    page = leas("/contacts/")
    page.locator("#contact-search").fill("dario")
    expect(page.get_by_role("link", name="Clara Sommer", exact=True)).to_be_hidden()
    expect(page.locator("#export-filter [name=q]")).to_have_value("dario")
    page.get_by_role("link", name="Dario Conti", exact=True).click()
    expect(page.locator(".thread__name")).to_have_text("Dario Conti")
    page.go_back()  # the list is as it was left
    expect(page.locator("#contact-search")).to_have_value("dario")
    expect(page.get_by_role("link", name="Clara Sommer", exact=True)).to_have_count(0)
    page.evaluate("document.body.dataset.same = ''")
    page.locator("a.skip").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**#main")
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as taken:
        page.get_by_role("menuitem", name="CSV file").click()

    content = taken.value.path().read_text(encoding="utf-8-sig")
    assert [line.split(",")[0] for line in content.splitlines()[1:]] == ['"Dario Conti"']
    expect(page.locator("body[data-same]")).to_have_count(1)  # a jump within the page does not begin it anew
    assert found(page) == []


def test_who_has_either_open_stays_with_it_when_two_become_one_and_two_again(open_page, cast):
    Draft.objects.create(agent=cast.ben, conversation=cast.darios, text="Half a sentence")
    page = open_page(cast.ben, f"/conversations/{cast.darios.pk}/")
    name, field = page.locator(".thread__name"), page.locator("#thread [data-text=reply]")
    expect(name).to_have_text("Dario Conti")
    merged = contact_merges.merge(cast.clara, cast.dario, by=cast.ada, choices={}, uses="keep")
    expect(name).to_have_text("Clara Sommer")
    expect(field).to_have_value("Half a sentence")
    assert page.url.endswith(f"/conversations/{cast.claras.pk}/")
    contact_merges.undo_merge(merged, by=cast.ada)

    expect(field).to_have_value("")
    expect(name).to_have_text("Clara Sommer")
    expect(page.locator(".toast")).to_have_count(0)


def test_what_was_written_on_a_broken_line_goes_along_when_two_become_one(open_page, cast):
    page = open_page(cast.ben, f"/conversations/{cast.darios.pk}/")
    field = page.locator("#thread [data-text=reply]")
    for path in ("draft", "messages"):
        page.route(
            f"**/conversations/{cast.darios.pk}/{path}/",
            lambda route: route.abort() if route.request.method == "POST" else route.continue_(),
        )
    field.fill("Sent without a line")
    page.keyboard.press("Control+Enter")
    field.press_sequentially("and typed after it")
    contact_merges.merge(cast.clara, cast.dario, by=cast.ada, choices={}, uses="keep")

    expect(page.locator(".thread__name")).to_have_text("Clara Sommer")
    expect(field).to_have_value("Sent without a line\nand typed after it")
    until(lambda: Draft.objects.filter(conversation=cast.claras, text__endswith="\nand typed after it").exists())


def test_two_people_become_one_and_two_again(leas, cast):
    page = leas(f"/contacts/{cast.clara.pk}/merge/?with={cast.dario.pk}")
    assert found(page) == []
    page.get_by_role("button", name="Merge contacts").click()
    expect(page.get_by_text("are one contact now")).to_be_visible()
    assert found(page) == []
    page.get_by_role("button", name="Undo").click()

    expect(page.get_by_text("Dario Conti is a contact of their own again.")).to_be_visible()
    assert not Contact.objects.filter(merged_into__isnull=False).exists()
