"""Contacts from a file: how it is read, what each row is told, what comes of it."""

import io
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone, translation
from openpyxl import Workbook

from accounts.models import AuditEntry
from inbox import jobs
from inbox.actions import contact_imports
from inbox.actions.consent import marketing_state, record_consent
from inbox.errors import FileRefused
from inbox.importing import reading
from inbox.importing.tables import read_table
from inbox.loops import sweeper
from inbox.models import Consent, Contact, ContactField, ContactImport, Event
from tests import factories
from tests.cast import Cast, make_cast
from tests.recording_queue import forget_jobs, recorded_jobs, run_jobs


@pytest.fixture
def cast(db) -> Cast:
    forget_jobs()
    return make_cast()


def _client(agent) -> Client:
    client = Client()
    client.force_login(agent)
    return client


def _workbook(rows) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


@pytest.fixture
def put_in(cast, django_capture_on_commit_callbacks):
    """Puts a text in as the lead (or somebody else) and lets the dry run happen."""

    def put(text: str | bytes, agent=None, **said) -> ContactImport:
        content = text.encode() if isinstance(text, str) else text
        with django_capture_on_commit_callbacks(execute=True):
            imported = contact_imports.begin_import(
                read_table(content), file_name="kunden.csv", number=cast.number, by=agent or cast.ada
            )
        _work(django_capture_on_commit_callbacks)
        if said:
            with django_capture_on_commit_callbacks(execute=True):
                contact_imports.check_import(imported, **said)
            _work(django_capture_on_commit_callbacks)
        return ContactImport.objects.get(pk=imported.pk)

    return put


@pytest.fixture
def apply(django_capture_on_commit_callbacks):
    def applied(imported: ContactImport) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            contact_imports.apply_import(imported)
        _work(django_capture_on_commit_callbacks)
        imported.refresh_from_db()

    return applied


def _work(capture) -> None:
    with capture(execute=True):
        run_jobs()


def _verdicts(imported: ContactImport) -> list[str]:
    return list(imported.rows.order_by("line").values_list("verdict", flat=True))


def _reasons(imported: ContactImport) -> list[str]:
    return [reason[0] for row in imported.rows.order_by("line") for reason in row.detail["reasons"]]


# --- reading the file -------------------------------------------------------------------------------------------------

ROWS = [["Vorname", "Telefon"], ["Jürgen", "0172 1234567"], ["Zoë", "0172 7654321"]]


@pytest.mark.parametrize("content", [
    *(("\n".join(mark.join(row) for row in ROWS)).encode(encoding) for mark in ";,\t|"
      for encoding in ("utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be")),
    b"sep=|\r\n" + "\r\n".join("|".join(row) for row in ROWS).encode(),
    '"Vorname";"Telefon"\r\n"Jürgen";"0172 1234567"\r\n"Zoë";"0172 7654321"\r\n\r\n'.encode(),
    _workbook(ROWS),
    _workbook([["Vorname", "Telefon", None], ["Jürgen", "0172 1234567"], [], ["Zoë", "0172 7654321"]]),
])  # fmt: skip
def test_a_table_is_read_whatever_its_form(content):
    table = read_table(content)

    assert [table.headings, *(cells for _line, cells in table.rows)] == ROWS


def test_rows_keep_the_numbers_that_the_spreadsheet_shows():
    assert [line for line, _cells in read_table(b"Telefon\n\n0172 1234567\n;;\n0172 7654321\n").rows] == [3, 5]
    assert [line for line, _cells in read_table(b"sep=;\nTelefon\n0172 1234567\n").rows] == [3]


def test_a_table_without_headings_loses_no_row():
    table = read_table("0172 1234567;Jürgen\n0172 7654321;Zoë".encode())

    assert (table.headings, len(table.rows)) == (["", ""], 2)


def test_cells_of_a_workbook_are_text_and_formulas_are_not_calculated():
    table = read_table(_workbook([
        ["Telefon", "Zahl", "Tag", "Ja", "Formel"],
        [491721234567, 12.5, datetime(2026, 3, 4), True, "=1+1"],  # noqa: DTZ001
    ]))  # fmt: skip

    assert table.rows[0][1] == ["491721234567", "12.5", "2026-03-04", "yes", "=1+1"]


def test_a_formula_is_what_excel_has_kept_of_it_and_one_that_found_nothing_is_empty():
    plain = _workbook([["Telefon", "Name", "Ort"], ["0172 1234567", "=A2", "=B2"]])
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(plain)) as source, zipfile.ZipFile(content, "w") as target:
        for name in source.namelist():
            sheet = source.read(name)
            for formula, kind, kept in ((b"A2", b"str", b"J\xc3\xbcrgen"), (b"B2", b"e", b"#N/A")):
                for before in (b"<f>%b</f><v></v>" % formula, b"<f>%b</f><v/>" % formula, b"<f>%b</f><v />" % formula):
                    sheet = sheet.replace(before, b"<f>%b</f><v>%b</v>" % (formula, kept))
                place = b'r="%b"' % {b"A2": b"B2", b"B2": b"C2"}[formula]
                sheet = sheet.replace(b"<c " + place, b"<c " + place + b' t="%b"' % kind)
            target.writestr(name, sheet)

    assert read_table(content.getvalue()).rows[0][1] == ["0172 1234567", "Jürgen", ""]


def test_of_a_landline_and_a_mobile_number_the_mobile_one_is_taken(cast, put_in):
    assert put_in("Telefon;Name;Mobil\n040 123456;Lena;0172 1111111\n").columns == ["", "name", "phone"]
    assert put_in("Rufnummer;Name;Tel. mobil\n040 123456;Lena;0172 1111111\n").columns == ["", "name", "phone"]


def _bomb() -> bytes:
    content = io.BytesIO(_workbook(ROWS))
    with zipfile.ZipFile(content, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/zeros.bin", b"\0" * (210 * 1024 * 1024))
    return content.getvalue()


@pytest.mark.parametrize(("content", "sentence"), [
    (b"", "no rows"), (b"\n\n;;\n", "no rows"), (b"Telefon;Name\n", "no rows"),
    (b"\xd0\xcf\x11\xe0" + b"x" * 600, "old"),
    (b"%PDF-1.7\n\x00\x01\x02", "no table"), (b"\x89PNG\r\n\x1a\n\x00\x00", "no table"),
    (b"PK\x03\x04nonsense", "no table"),
    (b"Telefon\n" + b"0172 1234567\n" * 10_001, "10,000"), (b";".join([b"x"] * 61) + b"\n1", "60"),
    (b"x" * (5 * 1024 * 1024 + 1), "5 MB"), (b'Telefon\n"' + b"0" * 200_000, "no table"), (_bomb, "no table"),
])  # fmt: skip
def test_what_is_no_table_or_too_much_is_refused_in_words(content, sentence):
    with pytest.raises(FileRefused) as refused:
        read_table(content() if callable(content) else content)

    with translation.override("en"):
        assert sentence in str(refused.value.sentence)


@pytest.mark.parametrize(("cell", "digits"), [
    ("0172 1234567", "491721234567"), ("+43 660 1234567", "436601234567"), ("491721234567", "491721234567"),
    ("1721234567", "491721234567"), ("0172/1234567 (mobil)", "491721234567"), ("Tel.: 0172-1234567", "491721234567"),
    ("'+49 172 1234567", "491721234567"), ("12", ""), ("Clara", ""), ("=1+1", ""),
    ("0123", ""), ("0170 123", ""), ("030 12345", "493012345"),
])  # fmt: skip
def test_phone_numbers_are_read_as_spreadsheets_write_them(cell, digits):
    assert reading.phone(cell, "DE") == digits


@pytest.mark.parametrize(("cell", "number"), [
    ("12,5", "12.5"), ("1.234,56", "1234.56"), ("1,234.56", "1234.56"), ("1.234.567", "1234567"), ("12 €", "12"),
    ("-3", "-3"), ("viel", None), ("1e5", None), ("", None), ("9" * 16, None),
])  # fmt: skip
def test_numbers_are_read_in_german_and_english(cell, number):
    try:
        assert reading.number(cell) == number
    except ValueError:
        assert number is None


# --- the dry run ------------------------------------------------------------------------------------------------------


def test_every_row_is_told_what_it_would_do_and_nothing_is_done(cast, put_in):
    before = Contact.objects.count(), Event.objects.count(), Consent.objects.count()
    imported = put_in(
        "Vorname;Nachname;Handy;E-Mail;Sprache\n"
        "Lena;Neu;0172 1111111;lena@example.org;Deutsch\n"
        f"Clara;Anders;+{cast.clara.phone};;\n"
        f"Dario;Conti;+{cast.dario.phone};;\n"
        "Lena;Noch einmal;+49 172 1111111;;\n"
        "Ohne;Nummer;;;\n"
        "Falsche;Nummer;12;;\n"
        "Kurz;Nummer;4,91721E+11;;\n"
        "Falsche;Adresse;0172 2222222;keine;xx\n"
    )

    assert imported.columns == ["first_name", "last_name", "phone", "email", "language"]
    assert _verdicts(imported) == [
        "new", "changed", "unchanged", "duplicate", "refused", "refused", "refused", "new"
    ]  # fmt: skip
    changed = imported.rows.get(line=3)
    assert (changed.contact, changed.detail["changes"]) == (cast.clara, [["name", "", "Clara Anders"]])
    assert _reasons(imported) == ["duplicate", "no_phone", "phone_wrong", "phone_shortened", "value", "value"]
    assert (Contact.objects.count(), Event.objects.count(), Consent.objects.count()) == before


def test_somebody_of_another_team_is_refused_to_a_lead_and_not_named(cast, put_in):
    eva = factories.contact(cast.number, "Eva Fremd", phone="491729999999")
    factories.conversation(cast.number, eva, team=cast.other_team)
    imported = put_in("Name;Telefon\nWer;+491729999999", agent=cast.lea)

    assert _reasons(imported) == ["taken"]
    assert "Eva Fremd" not in _client(cast.lea).get(f"/contacts/import/{imported.pk}/").content.decode()
    assert _verdicts(put_in("Name;Telefon\nWer;+491729999999")) == ["changed"]


def test_our_own_number_is_no_contact(cast, put_in):
    assert _reasons(put_in(f"Telefon\n+{cast.number.display_number}")) == ["own_number"]
    assert "own_number" not in _reasons(put_in(f"Telefon\n+{cast.other_number.display_number}"))


def test_values_of_own_fields_are_read_and_what_does_not_fit_is_left_out(cast, put_in, apply):
    make = ContactField.objects.create
    size = make(workspace=cast.workspace, name="Größe", kind="number")
    day = make(workspace=cast.workspace, name="Nächster Service", kind="date")
    kind = make(workspace=cast.workspace, name="Art", kind="choice", choices=["Rennrad"])
    lease = make(workspace=cast.workspace, name="Leasing", kind="switch")
    imported = put_in(
        "Telefon;GRÖSSE;nächster service;Art;Leasing\n"
        "0172 1111111;1.234,5;24.12.2026;rennrad;ja\n0172 2222222;groß;31.02.2026;Dreirad;vielleicht"
    )
    apply(imported)

    first, second = (row.contact for row in imported.rows.order_by("line").select_related("contact"))
    assert first.fields == {
        str(size.pk): "1234.5", str(day.pk): "2026-12-24", str(kind.pk): "Rennrad", str(lease.pk): True
    }  # fmt: skip
    assert (second.fields, _reasons(imported)) == ({}, ["value"] * 4)


def test_a_corrected_column_judges_every_row_anew(cast, put_in):
    imported = put_in("Kundin;Kontakt 1\nLena;0172 1111111")
    assert imported.columns == ["", "phone"]  # found by what is in it

    imported = put_in("Kundin;A\nLena;1", columns=["phone", ""])
    assert _reasons(imported) == ["phone_wrong"]


def test_who_keeps_what_is_known_only_fills_gaps(cast, put_in, apply):
    Contact.objects.filter(pk=cast.clara.pk).update(name="Clara S.", email="")
    text = f"Name;Telefon;E-Mail\nClara Sommer;+{cast.clara.phone};clara@example.org"
    imported = put_in(text, fill_only=True)
    apply(imported)

    cast.clara.refresh_from_db()
    assert (cast.clara.name, cast.clara.email) == ("Clara S.", "clara@example.org")


# --- importing --------------------------------------------------------------------------------------------------------


def test_what_the_dry_run_said_is_done_once_and_repeating_the_file_changes_nothing(cast, put_in, apply):
    text = f"Name;Telefon;Notiz\nLena Neu;0172 1111111;\nClara Anders;+{cast.clara.phone};Lieber anrufen"
    imported = put_in(text)
    before = Event.objects.filter(kind="conversation").count()

    apply(imported)

    lena = Contact.objects.get(name="Lena Neu")
    cast.clara.refresh_from_db()
    assert (lena.phone, lena.name_key, lena.conversations.count()) == ("491721111111", "lena neu", 0)
    assert (cast.clara.name, cast.clara.note) == ("Clara Anders", "Lieber anrufen")
    assert Event.objects.filter(kind="conversation").count() == before + 1
    assert (imported.state, _verdicts(imported)) == ("done", ["new", "changed"])
    entry = AuditEntry.objects.get(verb="contacts.imported")
    assert (entry.subject, entry.data) == ("kunden.csv", {"new": 1, "changed": 1})

    jobs.work_on_import(imported.pk)
    again = put_in(text)
    assert _verdicts(again) == ["unchanged", "unchanged"]
    assert Contact.objects.filter(name="Lena Neu").count() == 1


def test_what_changed_since_the_dry_run_is_seen(cast, put_in, apply):
    imported = put_in("Name;Telefon\nLena Neu;0172 1111111\nEva Neu;0172 2222222")
    factories.contact(cast.number, "Lena Neu", phone="491721111111")

    apply(imported)

    assert _verdicts(imported) == ["unchanged", "new"]
    assert Contact.objects.filter(identities__value="491721111111").count() == 1


def test_a_clash_with_somebody_who_writes_in_this_very_moment_costs_nobody_else(cast, put_in, apply, monkeypatch):
    imported = put_in("Name;Telefon\nLena Neu;0172 1111111\nEva Neu;0172 2222222")
    phone_of, clashes = contact_imports._phone_of, []

    def clashing(judge, contact, phone):
        if phone == "491721111111" and len(clashes) < 2:
            clashes.append(phone)
            raise IntegrityError
        return phone_of(judge, contact, phone)

    monkeypatch.setattr(contact_imports, "_phone_of", clashing)
    apply(imported)

    assert (imported.state, len(clashes)) == ("done", 2)
    assert Contact.objects.filter(name__in=["Lena Neu", "Eva Neu"]).count() == 2


def test_a_job_that_ends_early_is_gone_on_with_and_a_lost_one_is_repeated(
    cast, put_in, apply, monkeypatch, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(contact_imports, "SECONDS_A_JOB", 0)
    imported = put_in("Telefon\n" + "\n".join(f"0172 11111{number:02}" for number in range(4)))
    assert imported.state == "checking"
    ContactImport.objects.filter(pk=imported.pk).update(touched_at=timezone.now() - timedelta(minutes=5))
    forget_jobs()

    with django_capture_on_commit_callbacks(execute=True):
        sweeper.requeue_imports(timezone.now())
    assert len(recorded_jobs("work_on_import")) == 1
    _work(django_capture_on_commit_callbacks)
    imported.refresh_from_db()
    assert imported.state == "checked"

    apply(imported)
    assert imported.state == "applying"
    while recorded_jobs("work_on_import"):
        _work(django_capture_on_commit_callbacks)
    imported.refresh_from_db()
    assert (imported.state, Contact.objects.filter(identities__value__startswith="491721111").count()) == ("done", 4)


def test_who_may_no_longer_import_stops_their_import(cast, put_in, apply):
    imported = put_in("Telefon\n0172 1111111", agent=cast.lea)
    cast.lea.role = "agent"
    cast.lea.save()

    apply(imported)

    assert imported.state == "stopped"
    assert not Contact.objects.filter(identities__value="491721111111").exists()


def test_a_lead_finds_whom_they_imported(cast, put_in, apply):
    apply(put_in("Name;Telefon\nLena Neu;0172 1111111", agent=cast.lea))

    def found(agent):
        return [row.contact.name for row in _client(agent).get("/contacts/?q=lena neu").context["page"].rows]

    assert (found(cast.lea), found(cast.ben)) == (["Lena Neu"], [])


# --- consent ----------------------------------------------------------------------------------------------------------

DAY = datetime(2026, 1, 8, tzinfo=UTC).date()


def _states(*contacts) -> list[str]:
    return [marketing_state(contact) for contact in contacts]


def test_no_opt_in_comes_without_source_and_date(cast, put_in, apply):
    text = f"Telefon;Werbung\n+{cast.clara.phone};ja\n+{cast.dario.phone};nein"
    imported = put_in(text)
    assert (_verdicts(imported), _reasons(imported)) == (["unchanged", "unchanged"], ["consent_source"])
    assert _reasons(put_in(text, consent_source="Formular")) == ["consent_date"]
    imported = put_in(text, consent_source="Formular", consent_on=timezone.localdate() + timedelta(days=2))
    assert _reasons(imported) == ["consent_future"]
    assert not Consent.objects.exists()

    imported = put_in(text, consent_source="Formular am Tresen", consent_on=DAY, consent_wording="Ja, bitte")
    apply(imported)

    given = Consent.objects.get()
    assert (given.contact, given.state, given.source, given.recorded_by) == (cast.clara, "given", "import", cast.ada)
    assert (given.note, given.wording) == ("Formular am Tresen", "Ja, bitte")
    assert timezone.localtime(given.occurred_at, cast.ada.zone).date() == DAY
    assert _verdicts(put_in(text, consent_source="Formular am Tresen", consent_on=DAY)) == ["unchanged"] * 2


def test_an_opt_in_of_a_file_does_not_outdo_an_unsubscription(cast, put_in, apply):
    now = timezone.now()
    record_consent(cast.clara, "withdrawn", source="keyword", occurred_at=now - timedelta(days=30))
    phone = f"+{cast.clara.phone}"
    declared = put_in(f"Telefon;Werbung\n{phone};ja", consent_source="Formular", consent_on=now.date())
    older = put_in(
        f"Telefon;Werbung;Einwilligung am\n{phone};ja;{now - timedelta(days=40):%d.%m.%Y}", consent_source="Formular"
    )
    later = put_in(
        f"Telefon;Werbung;Einwilligung am;Einwilligung Quelle\n{phone};ja;{now - timedelta(days=2):%d.%m.%Y};QR-Code"
    )
    assert (_reasons(declared), _reasons(older)) == (["consent_withdrawn"], ["consent_withdrawn"])

    for imported in (declared, older):
        contact_imports.apply_import(imported)
        jobs.work_on_import(imported.pk)
    assert _states(cast.clara) == ["withdrawn"]
    apply(later)
    assert _states(cast.clara) == ["given"]


@pytest.mark.parametrize(("word", "before", "after"), [
    ("nein", "given", "withdrawn"), ("nein", "unknown", "unknown"), ("abgemeldet", "unknown", "withdrawn"),
    ("nicht gefragt", "given", "given"), ("", "given", "given"), ("vielleicht", "given", "given"),
])  # fmt: skip
def test_a_no_of_a_file_takes_back_what_was_given(cast, put_in, apply, word, before, after):
    if before == "given":
        record_consent(cast.clara, "given", source="agent", occurred_at=timezone.now() - timedelta(days=1))
    apply(put_in(f"Telefon;Newsletter\n+{cast.clara.phone};{word}"))

    assert _states(cast.clara) == [after]


# --- the pages --------------------------------------------------------------------------------------------------------


@pytest.fixture
def lea(cast) -> Client:
    return _client(cast.lea)


def _post_file(client: Client, cast: Cast, content: bytes, capture, name: str = "kunden.csv"):
    with capture(execute=True):
        return client.post("/contacts/import/", {
            "file": SimpleUploadedFile(name, content), "number": cast.number.pk,
        })  # fmt: skip


def test_from_the_file_to_the_contact_on_the_pages(cast, lea, django_capture_on_commit_callbacks):
    answer = _post_file(lea, cast, b"Name;Telefon\n<b>Lena</b>;0172 1111111", django_capture_on_commit_callbacks)
    path = answer["Location"]
    assert "hx-get" in lea.get(f"{path}progress/").content.decode()
    _work(django_capture_on_commit_callbacks)
    assert lea.get(f"{path}progress/")["HX-Refresh"] == "true"
    page = lea.get(path).content.decode()
    assert "&lt;b&gt;Lena&lt;/b&gt;" in page
    assert "<b>Lena</b>" not in page

    with django_capture_on_commit_callbacks(execute=True):
        assert lea.post(f"{path}application/").status_code == 302
    _work(django_capture_on_commit_callbacks)

    assert Contact.objects.filter(name="<b>Lena</b>").count() == 1
    assert lea.post(f"{path}application/", follow=True).status_code == 200  # said, not done twice
    assert lea.post(f"{path}removal/")["Location"] == "/contacts/import/"
    assert lea.get(path).status_code == 404


def test_a_wrong_reading_of_the_columns_is_refused(cast, lea, django_capture_on_commit_callbacks):
    answer = _post_file(
        lea, cast, b"Name;Telefon;Werbung\nLena;0172 1111111;ja", django_capture_on_commit_callbacks
    )
    _work(django_capture_on_commit_callbacks)

    def read(**columns):
        return lea.post(answer["Location"], {"column_0": "name", "column_1": "phone", **columns})

    assert read(column_1="").status_code == 422
    assert read(column_2="name").status_code == 422
    refused = read(column_2="consent")
    assert set(refused.context["form"].errors) == {"consent_source", "consent_on"}
    assert read(column_2="consent", consent_source="Formular", consent_on="2026-01-08").status_code == 302
    assert ContactImport.objects.get().consent_source == "Formular"


@pytest.mark.parametrize(("name", "content"), [("leer.csv", b""), ("bild.csv", b"\x89PNG\r\n\x1a\n\x00")])
def test_a_file_that_is_none_gets_a_sentence(cast, lea, name, content, django_capture_on_commit_callbacks):
    answer = _post_file(lea, cast, content, django_capture_on_commit_callbacks, name)

    assert answer.status_code == 422
    assert answer.context["form"].errors["file"]
    assert not ContactImport.objects.exists()


def test_long_verdict_lists_come_in_pages(cast, put_in):
    imported = put_in("Telefon\n" + "\n".join(f"0172 11111{number:03}" for number in range(150)))
    ada = _client(cast.ada)

    first = ada.get(f"/contacts/import/{imported.pk}/?show=new")
    second = ada.get(f"/contacts/import/{imported.pk}/?show=new&after={first.context['next']}")

    assert len(first.context["rows"]) + len(second.context["rows"]) == 150
    assert second.context["next"] is None


def test_files_are_forgotten_after_two_weeks(cast, put_in):
    old, new = put_in("Telefon\n0172 1111111"), put_in("Telefon\n0172 1111111")
    ContactImport.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=15))

    jobs.forget_old_imports()

    assert list(ContactImport.objects.all()) == [new]
