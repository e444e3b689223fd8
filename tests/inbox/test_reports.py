"""The page of the reports: what it says, to whom, and what is behind a figure."""

import csv
import io
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from statistics import median, quantiles
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from accounts.models import AuditEntry
from inbox.enums import ConversationStatus
from inbox.models import Case, CaseFigures, Label, LostWindow, Message
from inbox.reports import rolling
from inbox.reports.page import Report
from inbox.reports.reading import Where, read
from inbox.reports.wanted import Scope, Span, Wanted, ahead, offsets
from tests import factories
from tests.cast import Cast, make_cast
from whatsapp.models import BusinessAccount, Rate
from whatsapp.rates import load_preset

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 4, 16, 15, 0, tzinfo=UTC)  # a Thursday, 17:00 in Berlin
HX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def cast() -> Cast:
    """Two weeks: Clara was answered after ten minutes, Dario is of the other team and after two hours."""
    cast = make_cast()
    load_preset()
    Message.objects.all().delete()
    Case.objects.all().delete()
    cast.darios.team = cast.other_team
    cast.darios.save()
    for days in (1, 2, 10):
        told(cast, cast.claras, cast.team, days, minutes=10)
        told(cast, cast.darios, cast.other_team, days, minutes=120)
    return cast


def told(cast, conversation, team, days: int, *, minutes: int, by=None) -> Case:
    """A closed case of so many days ago, at 10:00 in Berlin."""
    at = (NOW - timedelta(days=days)).replace(hour=8, minute=0)
    case = Case.objects.create(
        workspace=cast.workspace, conversation=conversation, team=team, opened_at=at,
        first_replied_at=at + timedelta(minutes=minutes), first_replied_by=by or cast.ben,
    )
    factories.inbound_message(conversation, at=at)
    sent = at + timedelta(minutes=minutes)
    factories.outbound_message(
        conversation, by=cast.ben, at=sent, delivered_at=sent, pricing={"type": "regular", "category": "utility"}
    )
    case.closed_at, case.closed_by = at + timedelta(hours=4), cast.ben
    case.save()
    conversation.status = ConversationStatus.CLOSED
    conversation.save()
    return case


def rolled() -> None:
    while rolling.roll_batch():
        pass


def wanted(agent, **said) -> Wanted:
    return Wanted.of({name: str(value) for name, value in said.items()}, Scope.of(agent), NOW)


def client_of(agent) -> Client:
    client = Client()
    client.force_login(agent)
    return client


def names(answer) -> list[str]:
    return [hit.conversation.contact.display_name for hit in answer.context["hits"].rows]


# --- Periods ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "span", "before"),
    [
        ({}, ("2026-03-18", "2026-04-16"), ("2026-02-16", "2026-03-17")),
        ({"period": "today"}, ("2026-04-16", "2026-04-16"), ("2026-04-15", "2026-04-15")),
        ({"period": "month"}, ("2026-04-01", "2026-04-16"), ("2026-03-16", "2026-03-31")),
        ({"period": "last-month"}, ("2026-03-01", "2026-03-31"), ("2026-01-29", "2026-02-28")),
        ({"period": "7", "compare": "year"}, ("2026-04-10", "2026-04-16"), ("2025-04-10", "2025-04-16")),
        ({"period": "7", "compare": "none"}, ("2026-04-10", "2026-04-16"), None),
        (
            {"period": "own", "from": "2026-04-09", "to": "2026-04-05"},
            ("2026-04-05", "2026-04-09"), ("2026-03-31", "2026-04-04"),
        ),
        ({"period": "own", "from": "x", "to": "2026-99-99"}, ("2026-03-18", "2026-04-16"), None),
        ({"period": "own", "from": "1900-01-01", "to": "2026-04-16"}, ("2026-03-18", "2026-04-16"), None),
    ],
)  # fmt: skip
def test_a_period_and_what_it_is_compared_with(cast, said, span, before):
    found = wanted(cast.ada, **said)

    assert found.span == Span(*map(date.fromisoformat, span))
    if before:
        assert found.before == Span(*map(date.fromisoformat, before))


def test_days_are_those_of_the_business_also_when_the_clocks_change(cast):
    zone = Scope.of(cast.ada).zone

    start, end = Span(date(2026, 3, 29), date(2026, 3, 29)).bounds(zone)

    assert (start, end) == (datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC))


# --- Figures ---------------------------------------------------------------------------------------------------------


def test_the_figures_of_both_periods(cast):
    rolled()

    period, before = read(wanted(cast.ada, period=7), NOW)

    assert (period.opened.cases, period.opened.again, before.opened.cases) == (4, 4, 2)
    assert (period.counts["received"], period.counts["replies"], period.counts["answered"]) == (4, 4, 4)
    assert (period.opened.median, period.opened.slowest) == (65 * 60, 120 * 60)
    assert period.closed.median == 4 * 3600
    assert period.by_bucket[date(2026, 4, 14)]["received"] == 2
    assert period.by_hour[3, 10]["received"] == 2  # Wednesday, ten o'clock in Berlin
    assert period.counts["utility_cost"] == 4 * 45_600
    assert period.answered_percent == 100


def test_a_lead_sees_the_teams_they_lead_and_no_more(cast):
    rolled()

    theirs, everything = (read(wanted(agent), NOW)[0] for agent in (cast.lea, cast.ada))
    asked = read(wanted(cast.lea, team=cast.other_team.pk), NOW)[0]

    assert (theirs.opened.cases, everything.opened.cases) == (3, 6)
    assert asked.opened.cases == theirs.opened.cases
    assert set(theirs.by_team) == {cast.team.pk}
    cast.team.memberships.all().delete()
    assert read(wanted(cast.lea), NOW)[0].opened.cases == 0


def test_narrowed_by_label_team_and_number(cast):
    label = Label.objects.create(workspace=cast.workspace, name="Reparatur")
    cast.darios.labels.add(label)
    number = factories.number(cast.workspace, account=cast.number.business_account)
    rolled()

    labelled = read(wanted(cast.ada, label=label.pk), NOW)[0]
    of_team = read(wanted(cast.ada, team=cast.other_team.pk), NOW)[0]

    for period in (labelled, of_team):
        assert (period.opened.cases, period.counts["received"], period.opened.median) == (3, 3, 7200)
    assert read(wanted(cast.ada, number=number.pk), NOW)[0].counts["received"] == 0


def test_the_target_and_what_is_overdue(cast):
    cast.team.first_response_minutes = 60
    cast.team.save()
    factories.conversation(cast.number, factories.contact(cast.number, "Nina Neu"))
    case = Case.objects.latest("pk")
    Case.objects.filter(pk=case.pk).update(opened_at=NOW - timedelta(hours=3))
    factories.inbound_message(case.conversation, at=NOW - timedelta(hours=3))
    rolled()

    period = read(wanted(cast.ada), NOW)[0]

    assert (period.opened.in_target, period.opened.missed) == (3, 1)
    earlier = read(wanted(cast.ada), NOW - timedelta(hours=2, minutes=30))[0]
    assert (earlier.opened.in_target, earlier.opened.missed) == (3, 0)


def test_windows_lost_count_against_those_answered(cast):
    at = NOW - timedelta(days=2)
    for conversation, why in ((cast.claras, "queue"), (cast.darios, "away")):
        LostWindow.objects.create(
            workspace=cast.workspace, conversation=conversation, phone_number=cast.number, team=conversation.team,
            window_of=at - timedelta(days=1), waiting_since=at - timedelta(days=1), closed_at=at, why=why,
        )
    rolled()

    everything, theirs = (read(wanted(agent, period=7), NOW)[0] for agent in (cast.ada, cast.lea))

    assert everything.lost == {"queue": 1, "away": 1}
    assert everything.answered_percent == pytest.approx(100 * 4 / 6)
    assert theirs.lost == {"queue": 1}
    page = Report(wanted(cast.ada, period=7), NOW)
    assert [row[0].words for row in page.tables["lost"].rows] == ["Niemand hatte sie", "Zuständige abwesend"]


# --- The page --------------------------------------------------------------------------------------------------------


def test_the_page_and_its_part_for_another_choice(cast):
    rolled()
    client = client_of(cast.ada)

    page = client.get("/reports/")
    part = client.get("/reports/?period=7&times=clock", headers=HX)

    assert page.status_code == part.status_code == 200
    assert "<html" in page.content.decode() and "<html" not in part.content.decode()
    assert 'id="export-filter" hx-swap-oob="true"' in part.content.decode()
    assert [figure.value for figure in page.context["report"].figures] == ["6", "1,1", "4,0", "–", "100", "0,27\xa0€"]


def test_what_has_not_changed_points_nowhere(cast):
    rolled()
    figures = {figure.name: figure for figure in Report(wanted(cast.ada, period=7), NOW).figures}

    assert (figures["Unterhaltungen"].said, figures["Unterhaltungen"].is_up) == ("gestiegen um 100 %", True)
    still = figures["Erste Antwort, Median"]
    assert (still.change, still.said, still.is_good) == ("unverändert", "unverändert", None)


def test_a_failed_message_alone_is_something(cast):
    Message.objects.all().delete()
    Case.objects.all().delete()
    factories.outbound_message(cast.claras, by=cast.ben, at=NOW, status="failed", error_code=131026)
    Case.objects.all().delete()
    rolled()

    report = Report(wanted(cast.ada, period="today"), NOW)

    assert not report.is_empty and report.failed_count == "1"


@pytest.mark.parametrize("period", ["today", "7", "30", "90", "year", "month"])
def test_every_period_has_its_drawings_also_without_anything(cast, period):
    rolled()
    client = client_of(cast.ada)

    assert client.get(f"/reports/?period={period}").status_code == 200
    assert client_of(cast.mallory).get(f"/reports/?period={period}").status_code == 200


def test_the_number_of_questions_does_not_grow(cast, django_assert_num_queries):
    rolled()
    asked = wanted(cast.ada)
    with django_assert_num_queries(10):
        read(asked, NOW)
    for days in range(3, 9):
        told(cast, cast.claras, cast.team, days, minutes=5)
    rolled()
    with django_assert_num_queries(10):
        read(asked, NOW)


# --- What is behind a figure -----------------------------------------------------------------------------------------


def test_behind_a_figure_stand_its_conversations(cast):
    rolled()
    client = client_of(cast.ada)

    for figure, found in {
        "received": ["Clara Sommer", "Dario Conti"], "opened": ["Dario Conti", "Clara Sommer"] * 3, "lost": [],
        "missed": [], "utility": ["Dario Conti", "Clara Sommer"],
    }.items():
        answer = client.get(f"/reports/conversations/?figure={figure}")
        assert answer.status_code == 200
        assert sorted(names(answer)) == sorted(found), figure
    assert client.get("/reports/conversations/?figure=agents").status_code == 404
    for nonsense in ("--1", "-", "²", "131047,x", "9" * 30):
        assert client.get(f"/reports/conversations/?figure=failed&code={nonsense}").status_code == 200


def test_a_page_of_conversations_goes_on_where_the_last_one_ended(cast, monkeypatch):
    monkeypatch.setattr("inbox.reports.drill.PAGE", 2)
    rolled()
    client = client_of(cast.ada)
    for figure, most in (("opened", 6), ("received", 2)):
        seen, address = [], f"/reports/conversations/?figure={figure}"
        while address:
            answer = client.get(address)
            seen += [(hit.at, hit.conversation.pk) for hit in answer.context["hits"].rows]
            address = answer.context["next"]
        assert len(seen) == most == len(set(seen))
        assert [at for at, _pk in seen] == sorted((at for at, _pk in seen), reverse=True)


def test_a_lead_finds_only_what_they_may_see(cast):
    rolled()
    client = client_of(cast.lea)
    assert set(names(client.get("/reports/conversations/?figure=received"))) == {"Clara Sommer"}

    cast.claras.team = cast.other_team
    cast.claras.save()

    assert names(client.get("/reports/conversations/?figure=received")) == []
    assert names(client_of(cast.mallory).get("/reports/conversations/?figure=received")) == []


def test_a_list_tells_the_figure_and_how_much_of_it_it_cannot_show(cast):
    rolled()
    label = Label.objects.create(workspace=cast.workspace, name="Reparatur")
    cast.claras.labels.add(label)
    client = client_of(cast.lea)
    whole = client.get(f"/reports/conversations/?figure=received&label={label.pk}&team={cast.team.pk}")
    assert (whole.context["hits"].total, whole.context["hits"].hidden) == (3, 0)
    assert "Werkstatt · Reparatur</span>" in whole.content.decode()
    [hit] = whole.context["hits"].rows
    assert (hit.at, hit.until) == (NOW.replace(day=15, hour=8, minute=0), NOW.replace(day=15, hour=8, minute=15))

    cast.claras.team = cast.other_team
    cast.claras.save()

    for figure in ("received", "opened", "replied"):
        found = client.get(f"/reports/conversations/?figure={figure}").context["hits"]
        assert (found.total, found.hidden, found.rows) == (3, 3, []), figure
    assert "3 davon stehen nicht in der Liste" in client.get("/reports/conversations/?figure=closed").content.decode()


def test_behind_the_row_of_a_team_stand_its_own_conversations(cast):
    rolled()
    client = client_of(cast.ada)
    table = client.get("/reports/").context["report"].tables["teams"]

    [mine] = [row for row in table.rows if row[0].words == "Werkstatt"]

    assert mine[1].words == "3" and set(names(client.get(mine[1].url))) == {"Clara Sommer"}


@pytest.mark.parametrize("address", ["", "conversations/?figure=opened", "people/"])
def test_for_agents_none_of_it_exists(cast, address):
    assert client_of(cast.ben).get(f"/reports/{address}").status_code == 404


# --- To take away ----------------------------------------------------------------------------------------------------


def exported(agent, **said) -> bytes:
    answer = client_of(agent).post("/reports/export/", said)
    assert answer.status_code == 200
    return answer.content


def test_the_file_has_the_tables_of_the_page_filtered_alike(cast):
    rolled()
    lines = list(csv.reader(io.StringIO(exported(cast.lea, period="7").decode("utf-8-sig")), delimiter=";"))

    book = load_workbook(io.BytesIO(exported(cast.ada, period="7", format="xlsx")))

    assert ["Unterhaltungen eröffnet", "2", "1"] in lines
    rows = [[cell.value for cell in row] for row in book.worksheets[0].iter_rows()]
    assert ["Unterhaltungen eröffnet", 4, 2] in rows
    assert [cell.value for cell in book["Nach Team"]["A"]] == ["Team", "Verleih", "Werkstatt"]
    assert ["Team", "Werkstatt"] in lines and ["Team", "Alle Teams"] in [
        [cell.value for cell in row] for row in book["Auswahl"].iter_rows()
    ]  # fmt: skip
    entry = AuditEntry.objects.filter(verb="reports.exported").latest("pk")
    assert (entry.actor, entry.data["format"], entry.subject) == (cast.ada, "xlsx", "2026-04-10 – 2026-04-16")


def test_numbers_in_a_file_say_what_they_are_numbers_of(cast):
    rolled()
    lines = list(csv.reader(io.StringIO(exported(cast.ada, period="7").decode("utf-8-sig")), delimiter=";"))

    book = load_workbook(io.BytesIO(exported(cast.ada, period="7", format="xlsx")))

    assert ["Erste Antwort, Median (Min.)", "65,0", "65,0"] in lines
    assert ["Im Fenster beantwortet (%)", "100,0", "100,0"] in lines
    assert ["Werkstatt", "Utility", "EUR", "2", "0,0912"] in lines
    assert ["Wie lange gewartet wird (Min.)"] in lines
    headings, *rows = book["Verlauf"].iter_rows()
    assert [cell.value for cell in headings][7] == "Erste Antwort, Median (Min.)"
    day, *_counts, share, _lost = rows[-2]
    assert (day.value.date(), share.value, share.number_format) == (date(2026, 4, 15), 1, "0.0%")


def test_where_teams_spend_in_several_currencies_each_amount_says_its_own(cast):
    number = factories.number(cast.workspace, team=cast.other_team)
    BusinessAccount.objects.filter(pk=number.business_account_id).update(currency="USD")
    Message.objects.filter(conversation=cast.darios).update(phone_number=number)
    Rate.objects.create(effective_from=date(2026, 1, 1), currency="USD", market="DE", category="utility", amount="0.5")
    rolled()

    book = load_workbook(io.BytesIO(exported(cast.ada, period="7", format="xlsx")))

    headings, *rows = book["Nach Team"].iter_rows(values_only=True)
    said = {row[0]: row[-1].replace("\xa0", " ") for row in rows}
    assert (headings[-1], said) == ("Kosten", {"Verleih": "1,00 $", "Werkstatt": "0,09 €"})


def test_no_word_of_ours_becomes_a_formula(cast):
    cast.team.name = "=1+1"
    cast.team.save()
    rolled()

    book = load_workbook(io.BytesIO(exported(cast.ada, format="xlsx")))

    cells = [cell for row in book["Nach Team"].iter_rows() for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
    assert "'=1+1" in exported(cast.ada).decode("utf-8-sig")


# --- Figures of single people ----------------------------------------------------------------------------------------


def switched(agent, **said):
    return client_of(agent).post("/reports/people/switch/", said)


REASON = "Betriebsvereinbarung vom 3. März"


def test_people_are_nowhere_until_an_admin_switches_them_on_and_says_why(cast):
    rolled()
    lea, ada = client_of(cast.lea), client_of(cast.ada)
    for address in ("/reports/", "/reports/conversations/?figure=opened&person=1&agent=1", "/reports/?people=1"):
        assert "Ben Brandt" not in ada.get(address).content.decode()
    assert ada.get("/reports/people/").status_code == 404
    assert ada.post("/reports/export/", {"people": "1"}).status_code == 404
    assert switched(cast.ada, on="1", reason="nur so").status_code == 302
    assert ada.get("/reports/people/").status_code == 404
    assert switched(cast.lea, on="1", reason=REASON).status_code == 404
    assert lea.get("/reports/people/").status_code == 404

    switched(cast.ada, on="1", reason=REASON)

    entry = AuditEntry.objects.get(verb="reports.people_on")
    assert (entry.actor, entry.data) == (cast.ada, {"reason": REASON})
    assert "Ben Brandt" not in ada.get("/reports/").content.decode()
    assert "Ben Brandt" in lea.get("/reports/people/").content.decode()
    switched(cast.ada, on="0")
    assert lea.get("/reports/people/").status_code == 404
    assert AuditEntry.objects.filter(verb="reports.people_off").count() == 1


def test_every_look_at_people_is_recorded_and_shows_only_those_one_leads(cast):
    eva = factories.agent(cast.workspace, "Eva Fremd", teams=[cast.other_team])
    Case.objects.filter(team=cast.other_team).update(closed_by=eva, first_replied_by=eva)
    rolled()
    switched(cast.ada, on="1", reason=REASON)

    theirs = client_of(cast.lea).get("/reports/people/?period=7")
    client_of(cast.ada).post(
        "/reports/export/", {"period": "7", "people": "1", "format": "xlsx", "team": cast.team.pk}
    )

    [person] = theirs.context["people"]
    assert (person.agent, person.cases, person.closed, person.reply_median) == (cast.ben, 2, 2, 600)
    looks = AuditEntry.objects.filter(verb__startswith="reports.people_").exclude(verb="reports.people_on")
    said = [(entry.actor.name, entry.verb, entry.subject) for entry in looks.order_by("pk")]
    assert said == [
        ("Lea Lenz", "reports.people_viewed", "2026-04-10 – 2026-04-16"),
        ("Ada Admin", "reports.people_exported", "2026-04-10 – 2026-04-16"),
    ]
    assert looks.get(verb="reports.people_exported").data == {"people": ["Ben Brandt"], "filter": ["Werkstatt"]}


def test_who_only_gave_the_first_answer_to_what_is_somebody_elses_now_is_among_the_people(cast):
    fay = factories.agent(cast.workspace, "Fay Flink", teams=[cast.team])
    Case.objects.filter(pk=Case.objects.filter(team=cast.team).latest("opened_at").pk).update(first_replied_by=fay)
    rolled()
    switched(cast.ada, on="1", reason=REASON)

    people = client_of(cast.lea).get("/reports/people/?period=7").context["people"]

    assert [(person.agent, person.cases) for person in people] == [(cast.ben, 2), (fay, 0)]


# --- Against a plain count of the same cases -------------------------------------------------------------------------


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    cases=st.lists(
        st.tuples(st.integers(0, 4 * 24 * 60), st.none() | st.integers(0, 3000), st.none() | st.integers(0, 5000)),
        min_size=1, max_size=12,
    ),
    clock=st.booleans(),
)  # fmt: skip
def test_days_and_percentiles_equal_a_plain_count_over_the_night_the_clocks_change(cast, cases, clock):
    CaseFigures.objects.all().delete()
    berlin, began = ZoneInfo("Europe/Berlin"), datetime(2026, 3, 27, 12, tzinfo=UTC)  # the 29th has 23 hours
    expected = defaultdict(list)
    for place, (minutes, replied, closed) in enumerate(cases):
        opened_at = began + timedelta(minutes=minutes)
        CaseFigures.objects.create(
            case_id=10**6 + place, workspace=cast.workspace, conversation=cast.claras, phone_number=cast.number,
            team=cast.team, is_again=False, is_asked=True, opened_at=opened_at,
            closed_at=opened_at + timedelta(minutes=closed) if closed is not None else None, close_seconds=closed,
            close_open_seconds=closed, reply_seconds=replied, reply_open_seconds=replied and replied // 2,
        )
        spent = replied if clock or replied is None else replied // 2
        expected[opened_at.astimezone(berlin).date()].append(spent)

    said = {"period": "own", "from": "2026-03-27", "to": "2026-04-01", "times": "clock" if clock else ""}
    period = read(wanted(cast.ada, **said), NOW)[0]

    assert {day: times.cases for day, times in period.opened_by_bucket.items()} == {
        day: len(spent) for day, spent in expected.items()
    }
    for day, spent in expected.items():
        known = [each for each in spent if each is not None]
        assert period.opened_by_bucket[day].median == (median(known) if known else None)
        if len(known) > 1:
            tenth = quantiles(known, n=10, method="inclusive")[-1]
            assert period.opened_by_bucket[day].slowest == pytest.approx(tenth)


ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"]


@given(
    name=st.sampled_from(ZONES),
    start=st.integers(0, 37 * 365 * 24).map(lambda hours: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(hours=hours)),
    days=st.integers(1, 400), places=st.lists(st.floats(0, 0.999), min_size=1, max_size=30),
)  # fmt: skip
def test_the_clocks_are_ahead_of_utc_as_far_as_the_zone_says(name, start, days, places):
    zone, end = ZoneInfo(name), start + timedelta(days=days)
    turns = offsets(start, end, zone)

    for place in places:
        moment = start + (end - start) * place
        seconds = next(seconds for until, seconds in turns if moment < until)
        assert timedelta(seconds=seconds) == moment.astimezone(zone).utcoffset()
    for (until, seconds), (_, following) in pairwise(turns):
        moments = until - timedelta(seconds=1), until  # to the second
        assert [ahead(moment, zone) for moment in moments] == [seconds, following]
    assert turns[-1][0] == end


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("period", ["30", "year"])
def test_a_row_stands_where_the_database_would_place_it_by_the_clock(cast, zone, period):
    cast.workspace.timezone = zone
    cast.workspace.save()
    where = Where(wanted(cast.ada, period=period), "slot")
    slots = "generate_series(%(start)s::timestamptz, %(end)s - interval '1 second', '1001 seconds') slot"
    week = f"- {'(extract(isodow FROM local)::int - 1)' if period == 'year' else '0'}"

    placed = where.rows(f"SELECT slot, bucket, dow, hour FROM {where.placed(slots, 'slot')} c ORDER BY slot")
    by_clock = where.rows(
        f"SELECT slot, local::date {week} AS bucket, extract(isodow FROM local)::int AS dow,"
        " extract(hour FROM local)::int AS hour"
        f" FROM (SELECT slot, slot AT TIME ZONE %(zone)s AS local FROM {slots}) c ORDER BY slot"
    )

    assert placed == by_clock
