"""The activity log as somebody reads it: sentences, filter, pages, files; and what is written of failed tries."""

import ast
import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.http import Http404
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation
from openpyxl import load_workbook

from accounts import audit_log, throttle
from accounts.audit import WORDS, details, record_audit, sentence
from accounts.audit_log import AREAS, AuditFilter, area_of, matching
from accounts.models import AuditEntry
from inbox import access
from inbox.views.number_changes import DEEDS
from tests import factories
from tests.cast import Cast, make_cast

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"


@pytest.fixture
def cast() -> Cast:
    made = make_cast()
    made.ada.language = "en"
    made.ada.save()
    return made


@pytest.fixture
def admin(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.ada)
    return client


def shown(client: Client, **wanted: str) -> list[str]:
    page = client.get(reverse("settings-audit"), wanted)
    return [line.plain for line in page.context["page"].lines]


# --- Words -----------------------------------------------------------------------------------------------------------


def test_every_kind_of_line_that_the_code_writes_is_a_sentence_in_both_languages() -> None:
    written = set(_verbs())
    assert len(written) > 80  # the search itself finds what it should

    assert written - set(WORDS) == set()
    for verb in WORDS:
        with translation.override("en"):
            english = sentence(verb)
        with translation.override("de"):
            german = sentence(verb)
        assert english[0] and english != german, verb
        assert "{" not in "".join(english + german), verb


def test_a_language_may_say_the_thing_in_the_middle() -> None:
    with translation.override("de"):
        assert sentence("person.role_changed") == ("hat die Rolle von", "geändert")
    assert sentence("no.words") == ("no.words", "")


def test_every_kind_of_line_is_about_something() -> None:
    lost = [verb for verb in WORDS if area_of(verb) == "installation"]
    begins = {verb.split(".")[0] for verb in lost}

    assert begins <= {"workspace", "mail", "job", "jobs", "api", "webhooks"}
    assert {area_of(verb) for verb in WORDS} == set(AREAS)


def _verbs() -> Iterator[str]:
    """Every literal that looks like a verb of the log in modules that write to it, and those that are put together."""
    files = [file for app in ("accounts", "whatsapp", "inbox") for file in (settings.BASE_DIR / app).rglob("*.py")]
    trees = [
        ast.parse(source) for source in (file.read_text(encoding="utf-8") for file in files if file.name != "audit.py")
        if re.search("record_audit|refusals|look_at_people", source)
    ]  # fmt: skip
    nodes = [node for tree in trees for node in ast.walk(tree)]
    begins = {verb.split(".")[0] for verb in WORDS}
    for node in nodes:
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "record_audit" and len(node.args) > 2:
            begins |= {node.args[2].value.split(".")[0]} if isinstance(node.args[2], ast.Constant) else set()
    verb = re.compile(rf"({'|'.join(sorted(begins))})\.[a-z_]+")
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and verb.fullmatch(node.value):
            yield node.value
    yield from (f"number.{deed}" for deed in DEEDS)


# --- The page --------------------------------------------------------------------------------------------------------


def test_lines_are_found_by_who_what_when_and_any_word(cast: Cast, admin: Client) -> None:
    record_audit(cast.workspace, cast.ada, "team.created", "Werkbank")
    record_audit(cast.workspace, cast.lea, "label.created", "Eilig")
    record_audit(cast.workspace, None, "person.changed", "ben@radhaus.example", {"name": "Bénédicte"})
    AuditEntry.objects.create(
        workspace=cast.workspace, actor=cast.lea, verb="label.deleted", subject="Alt",
        created_at=timezone.now() - timedelta(days=40),
    )  # fmt: skip
    today, week = timezone.localdate(), timezone.localdate() - timedelta(days=7)

    assert len(shown(admin)) == 4
    assert shown(admin, who=str(cast.lea.pk), area="house") == ["deleted the label Alt", "created the label Eilig"]
    assert shown(admin, who="console") == ["changed ben@radhaus.example"]
    assert shown(admin, area="people") == ["changed ben@radhaus.example", "created the team Werkbank"]
    assert shown(admin, **{"from": f"{week}", "to": f"{today}"}, area="house") == ["created the label Eilig"]
    assert shown(admin, to=f"{week}") == ["deleted the label Alt"]
    assert shown(admin, q="WERKB") == ["created the team Werkbank"]
    assert shown(admin, q="bénéd") == ["changed ben@radhaus.example"]
    assert shown(admin, q="%") == []


@pytest.mark.parametrize("wanted", [
    {"who": "x"}, {"who": "-1"}, {"who": "9" * 30}, {"area": "nothing"}, {"from": "yesterday"}, {"to": "2026-02-31"},
    {"q": "\x00"}, {"before": "x"}, {"before": "9" * 40}, {"to": "9999-12-31"}, {"from": "0001-01-01"},
])  # fmt: skip
def test_nonsense_in_the_address_is_left_out(wanted: dict[str, str], cast: Cast, admin: Client) -> None:
    record_audit(cast.workspace, cast.ada, "team.created", "Werkbank")

    assert shown(admin, **wanted) == ["created the team Werkbank"]


def test_pages_keep_the_filter_and_show_every_line_once(cast: Cast, admin: Client) -> None:
    for number in range(120):
        record_audit(cast.workspace, cast.ada, "label.created", f"Nr. {number}")
        record_audit(cast.workspace, cast.ada, "team.created", f"Team {number}")
    record_audit(cast.mallory.workspace, cast.mallory, "label.created", "Elsewhere")

    seen: list[str] = []
    page = admin.get(reverse("settings-audit"), {"area": "house"})
    seen += [line.entry.subject for line in page.context["page"].lines]
    while older := re.search(r'href="(\?[^"]*before=\d+)"', page.content.decode()):
        page = admin.get(reverse("settings-audit") + older[1].replace("&amp;", "&"))
        seen += [line.entry.subject for line in page.context["page"].lines]

    assert seen == [f"Nr. {number}" for number in reversed(range(120))]


def test_a_long_page_asks_no_more_than_a_short_one(cast: Cast, admin: Client) -> None:
    record_audit(cast.workspace, cast.ada, "team.created", "Werkbank")
    admin.get(reverse("settings-audit"))  # what is kept from now on
    with CaptureQueriesContext(connection) as few:
        admin.get(reverse("settings-audit"))
    for number in range(60):
        record_audit(cast.workspace, [cast.ada, cast.lea][number % 2], "team.created", f"Team {number}")
    with CaptureQueriesContext(connection) as many:
        admin.get(reverse("settings-audit"))

    assert len(many) == len(few)


def test_what_somebody_wrote_is_only_text_on_the_page(cast: Cast, admin: Client) -> None:
    record_audit(cast.workspace, cast.ada, "label.created", "<img src=x>", {"name": "<svg/onload=1>"})

    page = admin.get(reverse("settings-audit")).content.decode()

    assert "<img src=x>" not in page and "<svg/onload" not in page
    assert "&lt;img src=x&gt;" in page


@pytest.mark.parametrize("statement", [
    "UPDATE accounts_auditentry SET subject = 'x'", "DELETE FROM accounts_auditentry",
    "UPDATE accounts_auditentry SET data = '{}' WHERE false OR id > 0",
])  # fmt: skip
def test_the_database_itself_keeps_every_line(statement: str, cast: Cast) -> None:
    record_audit(cast.workspace, cast.ada, "team.created", "Werkbank")

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AuditEntry.objects.get().subject == "Werkbank"


# --- Files -----------------------------------------------------------------------------------------------------------


def test_the_csv_has_what_the_filter_shows_calculates_nothing_and_is_a_line_itself(cast: Cast, admin: Client) -> None:
    for number in range(3):
        record_audit(cast.workspace, cast.ada, "team.created", f"=cmd|' /C calc'!A{number}")
    record_audit(cast.workspace, cast.ada, "label.created", "Eilig")
    record_audit(cast.mallory.workspace, cast.mallory, "team.created", "Elsewhere")

    answer = admin.post(reverse("settings-audit-export"), {"format": "csv", "area": "people"})
    rows = list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))

    assert rows[0] == ["When", "Who", "What", "Object", "Details", "Kind", "No."]
    assert [row[2] for row in rows[1:]] == [f"created the team =cmd|' /C calc'!A{number}" for number in (2, 1, 0)]
    assert {row[3][:2] for row in rows[1:]} == {"'="}
    line = AuditEntry.objects.get(verb="audit.exported")
    assert (line.actor, line.data) == (cast.ada, {"lines": 3, "format": "csv", "filter": ["area=people"]})
    assert answer["Cache-Control"] == "no-store" and "attachment" in answer["Content-Disposition"]


def test_the_workbook_has_nothing_but_text(cast: Cast, admin: Client) -> None:
    record_audit(cast.workspace, cast.ada, "team.created", "=1+1", {"capacity": 3})

    answer = admin.post(reverse("settings-audit-export"), {"format": "xlsx"})
    sheet = load_workbook(io.BytesIO(answer.content)).active
    cells = [[cell.value for cell in row] for row in sheet.iter_rows()]

    assert cells[1][1:5] == ["Ada Admin", "created the team =1+1", "=1+1", "Capacity: 3"]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s"}


def test_a_file_of_many_lines_is_read_in_parts_and_has_them_all(cast: Cast, admin: Client, monkeypatch) -> None:
    monkeypatch.setattr("accounts.audit_log.PART", 7)
    for number in range(30):
        record_audit(cast.workspace, cast.ada, "team.created", f"Team {number}")

    answer = admin.post(reverse("settings-audit-export"), {"format": "csv"})

    assert len(answer.getvalue().decode().splitlines()) == 31


def test_too_many_lines_for_a_workbook_are_said_and_the_filter_stays(cast: Cast, admin: Client, monkeypatch) -> None:
    monkeypatch.setitem(audit_log.MOST, "xlsx", 1)
    for number in range(2):
        record_audit(cast.workspace, cast.ada, "team.created", f"Team {number}")

    answer = admin.post(reverse("settings-audit-export"), {"format": "xlsx", "area": "people"}, follow=True)

    assert answer.redirect_chain == [(reverse("settings-audit") + "?area=people", 302)]
    assert "more than 1 lines" in answer.content.decode()
    assert not AuditEntry.objects.filter(verb="audit.exported").exists()


@pytest.mark.parametrize("person", ["lea", "ben"])
def test_nobody_but_admins_takes_the_log_away_and_the_try_is_in_it(person: str, cast: Cast) -> None:
    client = Client()
    client.force_login(getattr(cast, person))

    assert client.post(reverse("settings-audit-export"), {"format": "csv"}).status_code == 403
    assert AuditEntry.objects.get().verb == "access.refused"


# --- Failed tries ----------------------------------------------------------------------------------------------------


def test_days_are_written_as_everywhere_and_nothing_is_a_dash(cast: Cast) -> None:
    said = {"from": "", "to": "Werkstatt", "until": "2027-02-24"}
    with translation.override("en"):
        pairs = dict(details(record_audit(cast.workspace, cast.ada, "api_token.created", data=said)))
        assert {str(name): value for name, value in pairs.items()} == {
            "before": "–", "after": "Werkstatt", "until": "24 Feb 2027"
        }  # fmt: skip


def test_wrong_passwords_are_lines_until_the_limit_which_is_one_more(cast: Cast, admin: Client) -> None:
    stranger = Client(HTTP_USER_AGENT="Mozilla/5.0 (X11; Linux) Firefox/140.0", REMOTE_ADDR="203.0.113.77")
    for _try in range(throttle.PER_ACCOUNT + 5):
        stranger.post(LOGIN, {"email": "Ben@radhaus.example", "password": "wrong-password-here"})
    stranger.post(LOGIN, {"email": "nobody@radhaus.example", "password": "wrong-password-here"})

    verbs = list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs == ["sign_in.failed"] * throttle.PER_ACCOUNT + ["sign_in.blocked"]
    page = admin.get(reverse("settings-audit"), {"area": "access", "who": "console"}).context["page"]
    assert (page.lines[0].who, page.lines[0].plain) == ("Somebody", "tried too often to sign in as ben@radhaus.example")
    assert [str(value) for _name, value in page.lines[1].details] == ["Firefox · Linux", "203.0.113.…"]
    assert "wrong-password" not in str(list(AuditEntry.objects.values()))


def test_a_wrong_second_factor_is_a_line(cast: Cast) -> None:
    factories.app_factor(cast.ben)
    client = Client()
    client.post(LOGIN, {"email": cast.ben.email, "password": factories.PASSWORD})
    client.post(reverse("second-factor"), {"code": "000000"})

    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.actor, entry.subject) == ("sign_in.factor_failed", None, cast.ben.email)


def test_a_look_at_what_is_not_theirs_is_one_line_an_hour(cast: Cast) -> None:
    otto = factories.agent(cast.workspace, "Otto Ost", teams=[cast.other_team])
    for _look in range(3):
        with pytest.raises(Http404):
            access.get_conversation(otto, cast.claras.pk)
    for pk in (2**62, cast.claras.pk):  # nothing there; there, but another's: neither may be learnt from the log
        with pytest.raises(Http404):
            access.get_conversation(cast.mallory, pk)

    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.verb) == (otto, "access.unseen")
    assert entry.data == {"kind": "conversation", "number": cast.claras.pk}


def test_who_tries_everything_fills_no_disk(cast: Cast, monkeypatch) -> None:
    monkeypatch.setattr("accounts.refusals.UNSEEN_MOST", 5)
    otto = factories.agent(cast.workspace, "Otto Ost", teams=[cast.other_team])
    for number in range(8):
        somebody = factories.contact(cast.number, f"Kunde {number}")
        conversation = factories.conversation(cast.number, somebody, team=cast.team)
        with pytest.raises(Http404):
            access.get_conversation(otto, conversation.pk)

    assert matching(cast.ada, AuditFilter(area="access")).count() == 5
