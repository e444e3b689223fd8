"""The contacts as a file: who is in it, how dangerous words are written, that our import reads it again."""

import csv
import io
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from accounts.models import AuditEntry
from accounts.spreadsheets import guarded
from inbox.actions import contact_imports
from inbox.actions.consent import record_consent
from inbox.contacts import export as contact_export
from inbox.importing.tables import read_table
from inbox.models import Contact, ContactField, ContactImport, Label
from tests import factories
from tests.cast import Cast, make_cast


@pytest.fixture
def cast(db) -> Cast:
    return make_cast()


def _export(agent, **said) -> bytes:
    client = Client()
    client.force_login(agent)
    answer = client.post("/contacts/export/", {"format": "csv", **said})
    return answer.getvalue() if answer.streaming else answer.content


def _lines(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))


def _names(content: bytes) -> list[str]:
    return [line[0] for line in _lines(content)[1:]]


def test_the_file_holds_what_the_agent_may_see_filtered_like_the_list(cast):
    eva = factories.contact(cast.number, "Eva Fremd")
    factories.conversation(cast.number, eva, team=cast.other_team)
    label = Label.objects.create(workspace=cast.workspace, name="Reparatur", hue=3)
    cast.claras.labels.add(label)

    assert _names(_export(cast.ada)) == ["Clara Sommer", "Dario Conti", "Eva Fremd"]
    assert _names(_export(cast.lea)) == ["Clara Sommer", "Dario Conti"]
    assert _names(_export(cast.lea, label=label.pk)) == ["Clara Sommer"]
    assert _names(_export(cast.lea, q="dario")) == ["Dario Conti"]
    assert _names(_export(cast.mallory)) == []


def test_a_line_says_all_that_is_kept_of_a_person(cast):
    field = ContactField.objects.create(workspace=cast.workspace, name="Größe", kind="number")
    at = timezone.now() - timedelta(days=3)
    record_consent(cast.clara, "given", source="agent", note="Formular", occurred_at=at)
    cast.claras.labels.add(Label.objects.create(workspace=cast.workspace, name="Reparatur", hue=3))
    Contact.objects.filter(pk=cast.clara.pk).update(
        name="Clara S.", email="clara@example.org", language="de", note="Zeile 1\nZeile 2",
        fields={str(field.pk): "56.5"},
    )

    headings, clara, *_rest = _lines(_export(cast.ada))

    said = dict(zip(headings, clara, strict=True))
    assert said["Telefonnummer"].replace(" ", "") == f"+{cast.clara.phone}"
    assert (said["Name"], said["In WhatsApp"], said["Sprache"]) == ("Clara S.", "Clara Sommer", "Deutsch")
    assert (said["Größe"], said["Notiz zu dieser Person"]) == ("56,5", "Zeile 1\nZeile 2")
    assert (said["Werbung: ja oder nein"], said["Werbung: wo und wie"]) == ("ja", "Formular")
    assert said["Werbung: seit wann"] == f"{timezone.localtime(at, cast.ada.zone):%Y-%m-%d %H:%M}"
    assert said["Labels"] == "Reparatur"


@pytest.mark.parametrize("words", [
    '=HYPERLINK("http://x")', "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1+1", "\r=1", " =1", "＝1+1", "\u200b=1",
    "\n=1", "\x01=1", "|cmd",
])  # fmt: skip
def test_words_that_a_spreadsheet_would_calculate_stay_words(cast, words):
    Contact.objects.filter(pk=cast.clara.pk).update(name=words)
    assert guarded(words) == f"'{words}"

    book = load_workbook(io.BytesIO(_export(cast.ada, format="xlsx")))
    cells = [cell for row in book.active.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert any("1" in str(cell.value) or words in str(cell.value) for cell in cells)


@pytest.mark.parametrize("words", ["+49 172 1234567", "-3,5", "Clara - Sommer", "5 + 3", "", "A=B"])
def test_harmless_words_are_written_as_they_are(words):
    assert guarded(words) == words


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("language", ["de", "en"])
def test_our_own_file_put_in_again_changes_nothing(cast, form, language):
    fields = {kind: ContactField.objects.create(workspace=cast.workspace, name=kind, kind=kind, choices=["=A", "B"])
              for kind in ("number", "date", "choice", "switch", "text")}  # fmt: skip
    stored = {"number": "1234.5", "date": "2026-12-24", "choice": "=A", "switch": True, "text": "'quoted"}
    Contact.objects.filter(pk=cast.clara.pk).update(
        name="=Clara", language="de", note="- a\n- b", fields={str(fields[k].pk): v for k, v in stored.items()}
    )
    record_consent(cast.clara, "given", source="agent", occurred_at=timezone.now() - timedelta(days=1))
    record_consent(cast.dario, "withdrawn", source="keyword", occurred_at=timezone.now() - timedelta(days=1))
    cast.ada.language = language
    cast.ada.save()

    table = read_table(_export(cast.ada, format=form))
    imported = contact_imports.begin_import(table, file_name="x", number=cast.number, by=cast.ada)
    contact_imports.work_on(ContactImport.objects.get(pk=imported.pk))

    rows = list(imported.rows.order_by("line"))
    assert [(row.verdict, row.detail) for row in rows] == [("unchanged", {"changes": [], "reasons": []})] * 2


def test_what_is_taken_away_is_noted_without_what_was_searched_for(cast):
    _export(cast.lea, q="clara", format="xlsx")

    entry = AuditEntry.objects.get(verb="contacts.exported")
    assert (entry.actor, entry.data) == (cast.lea, {"count": 1, "format": "xlsx", "filter": ["q"]})


def test_too_many_for_a_file_are_said_and_not_cut_off(cast, monkeypatch):
    monkeypatch.setattr(contact_export, "MOST", {"csv": 1, "xlsx": 1})
    client = Client()
    client.force_login(cast.ada)

    answer = client.post("/contacts/export/", {"format": "csv"}, follow=True)

    assert answer.redirect_chain
    assert "1 Kontakte" in answer.content.decode()
    assert not AuditEntry.objects.filter(verb="contacts.exported").exists()


def test_pages_of_the_file_join(cast, monkeypatch):
    for index in range(7):
        factories.conversation(cast.number, factories.contact(cast.number, f"Kunde {index}"))
    whole = _names(_export(cast.ada))
    monkeypatch.setattr(contact_export, "PAGE", 2)

    assert _names(_export(cast.ada)) == whole
    assert len(whole) == 9
