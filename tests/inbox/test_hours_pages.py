"""The hours of the business, of teams and of people, as they are set in the settings."""

from datetime import date

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import translation

from accounts.audit import details
from accounts.holidays import region_choices, region_name
from accounts.models import AuditEntry, Duty, HoursException, WorkingHours
from accounts.schedules import team_hours, workspace_hours
from inbox.forms.hours import Wrong, parse_blocks, parse_time
from tests.cast import make_cast

pytestmark = pytest.mark.django_db

MONDAY_NOON = "2026-11-23T11:00:00Z"  # 12:00 in Berlin
WEEK = {
    "is_used": "1", "open": ["0", "1", "2", "3", "4", "5"],
    **{f"from-{day}": ["9:00", "14"] for day in range(5)}, **{f"until-{day}": ["13:00", "18.30"] for day in range(5)},
    "from-5": ["10:00"], "until-5": ["14:00"], "from-6": ["9:00"], "until-6": ["18:00"], "region": "DE-BE",
}  # fmt: skip
STORED = [[[540, 780], [840, 1110]]] * 5 + [[[600, 840]], []]


@pytest.fixture
def cast():
    with time_machine.travel(MONDAY_NOON, tick=False):
        made = make_cast()
        for person in (made.ada, made.lea, made.ben):
            person.language = "en"
            person.save()
        yield made


def client_of(agent) -> Client:
    client = Client()
    client.force_login(agent)
    return client


@pytest.fixture
def ada(cast):
    return client_of(cast.ada)


@pytest.fixture
def lea(cast):
    return client_of(cast.lea)


HOURS, EXCEPTIONS = "/hours/", "/hours/exceptions/"


def test_an_admin_sets_a_week_with_several_times_a_day_and_the_holidays_of_a_state(cast, ada):
    response = ada.post(HOURS, WEEK, follow=True)

    row = WorkingHours.objects.get(workspace=cast.workspace)
    assert (row.weekly, row.region, row.is_used) == (STORED, "DE-BE", True)
    page = response.content.decode()
    assert "Open now until 13:00 · opens again today, 14:00" in page
    assert "Second Day of Christmas" in page
    assert workspace_hours(cast.workspace).blocks_on(date(2026, 12, 25)) == ()
    entry = AuditEntry.objects.get(verb="hours.changed")
    with translation.override("en"):
        assert ("hours", "Mon–Fri 09:00–13:00, 14:00–18:30 · Sat 10:00–14:00") in [
            tuple(map(str, pair)) for pair in details(entry)
        ]


def test_a_holiday_is_left_out_by_its_name_in_every_year(cast, ada):
    labour_day = {"holiday": ["Erster Mai", "Neujahr"], "observed": ["Neujahr"]}
    ada.post(HOURS, WEEK | labour_day)
    hours = workspace_hours(cast.workspace)
    assert hours.blocks_on(date(2027, 1, 1)) == ()
    assert hours.blocks_on(date(2026, 5, 1)) == ((540, 780), (840, 1110))
    assert hours.blocks_on(date(2027, 5, 1)) == ((600, 840),)


@pytest.mark.parametrize(
    ("pairs", "sentence"),
    [
        ([("9:00", "12:00"), ("11:00", "14:00")], "These times overlap around 11:00."),
        ([("18:00", "2:00")], "02:00 is not after 18:00. Beyond midnight?"),
        ([("9:00", "9:00")], "09:00 is not after 09:00."),
        ([("9:00", "25:00")], "“25:00” is no time of day."),
        ([("9:00", "24:30")], "“24:30” is no time of day."),
        ([("9:61", "10:00")], "“9:61” is no time of day."),
        ([("early", "late")], "“early” is no time of day."),
        ([("9:00", "")], "There is only one time here."),
        ([("", "")], "Say from when until when, or switch the day off."),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_stays_as_it_was_typed(cast, ada, pairs, sentence):
    typed = WEEK | {"from-2": [pair[0] for pair in pairs], "until-2": [pair[1] for pair in pairs]}

    response = ada.post(HOURS, typed)

    page = response.content.decode()
    assert response.status_code == 422
    assert sentence in page
    assert all(f'value="{said}"' in page for pair in pairs for said in pair)
    assert not WorkingHours.objects.exists()


def test_times_are_understood_as_people_write_them():
    assert [parse_time(said) for said in ("9", "09:05", "9.30", "0930", "1830", "24", " 8 Uhr ", "7h15")] == [
        540, 545, 570, 570, 1110, 1440, 480, 435,
    ]  # fmt: skip
    assert parse_blocks([("14", "18"), ("", ""), ("9", "12"), ("12", "13")]) == [[540, 720], [720, 780], [840, 1080]]
    with pytest.raises(Wrong):
        parse_blocks([(str(hour), str(hour + 1)) for hour in range(7)])


def test_one_more_time_and_one_less_are_shown_and_nothing_is_stored(cast, ada):
    more = ada.post(HOURS, WEEK | {"add": "5"}).content.decode()
    assert more.count('name="from-5"') == 2
    assert 'name="from-5" value="" ' in more
    less = ada.post(HOURS, WEEK | {"drop": "0:1"}).content.decode()
    assert less.count('name="from-0"') == 1
    assert not WorkingHours.objects.exists()


def test_what_is_typed_is_previewed_and_nothing_is_stored(cast, ada):
    page = ada.post(HOURS, WEEK | {"look": "1", "from-0": ["15:00"], "until-0": ["16:00"]}).content.decode()
    assert "Closed now · opens today, 15:00" in page
    page = ada.post(HOURS, WEEK | {"look": "1", "until-0": ["1:00", ""]}).content.decode()
    assert "As soon as the times are right" in page
    assert "field__error" not in page
    assert not WorkingHours.objects.exists()


def test_always_open_again_keeps_the_week_for_later(cast, ada):
    ada.post(HOURS, WEEK | {"region": ""})
    ada.post(HOURS, WEEK | {"region": "", "is_used": "0", "until-3": ["nonsense", ""]})

    assert workspace_hours(cast.workspace).always_open
    assert WorkingHours.objects.get().weekly == STORED


def test_two_admins_at_once_the_second_is_told_and_keeps_what_was_typed(cast, ada):
    ada.post(HOURS, WEEK)
    seen = WorkingHours.objects.get().changed_at.isoformat()
    with time_machine.travel("2026-11-23T11:01:00Z", tick=False):
        ada.post(HOURS, WEEK | {"seen": seen, "region": "DE-BY"})
        response = ada.post(HOURS, WEEK | {"seen": seen, "region": "DE-HH", "from-5": ["11:11"]})

    assert response.status_code == 409
    assert "Somebody else has changed these hours meanwhile." in response.content.decode()
    assert 'value="11:11"' in response.content.decode()
    assert WorkingHours.objects.get().region == "DE-BY"


def test_an_exception_made_meanwhile_is_no_conflict_but_a_week_is(cast, ada):
    fresh = ada.get(HOURS).content.decode()
    seen = fresh.split('name="seen" value="')[1].split('"')[0]
    ada.post(EXCEPTIONS, {"first": "2026-12-24", "kind": "closed"})

    assert ada.post(HOURS, WEEK | {"seen": seen}).status_code == 302
    assert ada.post(HOURS, WEEK | {"seen": seen, "region": "DE-BY"}).status_code == 409


def test_a_span_of_days_is_closed_under_one_name_and_removed_as_one(cast, ada):
    ada.post(HOURS, WEEK)
    new = {"first": "2026-12-28", "last": "2026-12-31", "name": "Betriebsferien", "kind": "closed"}
    page = ada.post(EXCEPTIONS, new, follow=True).content.decode().replace("\u00a0", " ")

    assert "Mon, 28 Dec 2026 – Thu, 31 Dec 2026" in page
    assert HoursException.objects.count() == 4
    assert workspace_hours(cast.workspace).blocks_on(date(2026, 12, 29)) == ()
    ada.post(EXCEPTIONS, {"remove": "2026-12-28.2026-12-31"})
    assert HoursException.objects.count() == 0
    assert list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True)) == [
        "hours.changed", "hours.exception_added", "hours.exception_removed",
    ]  # fmt: skip


def test_a_day_with_other_hours(cast, ada):
    ada.post(HOURS, WEEK)
    ada.post(EXCEPTIONS, {"first": "2026-12-24", "kind": "open", "from": ["9", ""], "until": ["13", ""], "name": "X"})

    assert workspace_hours(cast.workspace).blocks_on(date(2026, 12, 24)) == ((540, 780),)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"first": "2026-12-24", "last": "2026-12-20", "kind": "closed"}, "The last day is before the first."),
        ({"first": "", "kind": "closed"}, "This field is required."),
        ({"first": "2039-01-01", "kind": "closed"}, "Choose a day within the next two years."),
        ({"first": "2026-12-24", "last": "2028-01-20", "kind": "closed"}, "within a year."),
        ({"first": "2026-12-24", "kind": "open", "from": ["14"], "until": ["9"]}, "09:00 is not after 14:00."),
        ({"first": "2026-12-24", "kind": "open"}, "Say from when until when."),
        ({"first": "2026-12-20", "last": "2026-12-26", "kind": "closed"}, "there is something already: Inventur."),
    ],
)
def test_an_exception_that_cannot_be_is_refused_in_words_and_kept(cast, ada, said, sentence):
    ada.post(EXCEPTIONS, {"first": "2026-12-21", "name": "Inventur", "kind": "closed"})

    response = ada.post(EXCEPTIONS, {"name": "Nachbarschaftsfest", **said})

    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert "Nachbarschaftsfest" in response.content.decode()
    assert HoursException.objects.count() == 1


def test_a_lead_sees_the_business_and_sets_the_own_teams_hours_only(cast, lea):
    assert lea.get(HOURS).status_code == 200
    assert lea.post(HOURS, WEEK).status_code == 403
    assert lea.post(EXCEPTIONS, {"first": "2026-12-24", "kind": "closed"}).status_code == 403

    mine = reverse("settings-team-hours", args=[cast.team.pk])
    assert lea.post(mine, WEEK | {"region": "business"}).status_code == 302
    assert team_hours(cast.team).blocks_on(date(2026, 11, 23)) == ((540, 780), (840, 1110))
    foreign = reverse("settings-team-hours", args=[cast.other_team.pk])
    assert [lea.get(foreign).status_code, lea.post(foreign, WEEK).status_code] == [404, 404]
    assert WorkingHours.objects.get().team == cast.team


def test_a_lead_sets_working_hours_and_days_off_of_people_of_their_teams_only(cast, lea):
    lea.post(reverse("settings-person-hours", args=[cast.ben.pk]), WEEK | {"region": "business", "from-0": ["14:00"],
                                                                          "until-0": ["18:00"]})  # fmt: skip
    cast.ben.refresh_from_db()
    assert (cast.ben.duty, cast.ben.is_off_duty_now) == (Duty.OFF, True)

    days_off = {"first": "2026-11-23", "last": "2026-11-27", "name": "Krank", "kind": "closed"}
    lea.post(reverse("settings-person-hours-exceptions", args=[cast.ben.pk]), days_off)
    cast.ben.refresh_from_db()
    assert cast.ben.duty_until.isoformat() == "2026-11-28T09:00:00+00:00"
    assert "Krank" not in str(AuditEntry.objects.get(verb="hours.exception_added").data)
    for stranger in (cast.ada, cast.mallory):
        address = reverse("settings-person-hours", args=[stranger.pk])
        assert [lea.get(address).status_code, lea.post(address, WEEK).status_code] == [404, 404]


def test_holidays_of_the_business_change_the_shifts_of_its_people_at_once(cast, ada):
    ada.post(reverse("settings-person-hours", args=[cast.ben.pk]), WEEK | {"region": "business"})
    cast.ben.refresh_from_db()
    assert cast.ben.duty == Duty.ON

    ada.post(EXCEPTIONS, {"first": "2026-11-23", "name": "Wasserschaden", "kind": "closed"})
    cast.ben.refresh_from_db()
    assert cast.ben.duty == Duty.FREE


def test_agents_and_strangers_find_nothing(cast):
    ben = client_of(cast.ben)
    for name, args in (("settings-hours", []), ("settings-team-hours", [cast.team.pk]),
                       ("settings-person-hours", [cast.ben.pk])):  # fmt: skip
        address = reverse(name, args=args)
        assert [ben.get(address).status_code, ben.post(address, WEEK).status_code] == [403, 403]
    mallory = client_of(cast.mallory)
    assert mallory.get(reverse("settings-team-hours", args=[cast.team.pk])).status_code == 404
    assert not WorkingHours.objects.exists()


def test_all_regions_have_names_in_both_languages_and_holidays(cast):
    for language, bavaria in (("de", "Bayern"), ("en", "Bavaria")):
        with translation.override(language):
            assert [len(regions) for _country, regions in region_choices()] == [16, 9, 26]
            assert region_name("DE-BY") == bavaria
    assert region_name("DE-XX") == region_name("FR") == ""


def test_the_page_is_german_for_germans(cast):
    cast.ada.language = "de"
    cast.ada.save()
    ada = client_of(cast.ada)
    page = ada.post(HOURS, WEEK, follow=True).content.decode()
    assert "Jetzt geöffnet bis 13:00 · wieder ab heute, 14:00" in page
    assert "Tag der Arbeit" in page or "Erster Mai" in page


def test_the_pages_of_people_and_teams_lead_to_their_hours(cast, ada, lea):
    ada.post(reverse("settings-person-hours", args=[cast.ben.pk]), WEEK | {"region": ""})
    hours = reverse("settings-person-hours", args=[cast.ben.pk])
    assert hours in ada.get(reverse("settings-person", args=[cast.ben.pk])).content.decode()
    people = lea.get(reverse("settings-people")).content.decode()
    assert hours in people
    assert reverse("settings-person-hours", args=[cast.ada.pk]) not in people
    team = lea.get(reverse("settings-team", args=[cast.team.pk])).content.decode()
    assert reverse("settings-team-hours", args=[cast.team.pk]) in team
    profile = client_of(cast.ben).get(reverse("profile")).content.decode()
    assert "Mon–Fri 09:00–13:00, 14:00–18:30 · Sat 10:00–14:00" in profile


def test_the_board_says_until_when_a_team_is_open(cast, ada, lea):
    ada.post(HOURS, WEEK)
    assert ">open until 13:00<" in lea.get("/team/").content.decode()
    with time_machine.travel("2026-11-23T12:30:00Z", tick=False):
        assert ">closed until 14:00<" in client_of(cast.lea).get("/team/").content.decode()


def test_nonsense_is_refused_or_not_there(cast, ada):
    for wrong in ({"from-0": ["9"] * 50, "until-0": ["10"] * 50}, {"region": "XX-YY"},
                  {"seen": "nonsense", "from-1": ["x" * 5000], "until-1": ["9"]}):  # fmt: skip
        assert ada.post(HOURS, WEEK | wrong).status_code == 422
    for key in ("", "x", "2026-12-28", "2026-99-99.2026-12-31", "2026-12-28.2026-12-31.1"):
        assert ada.post(EXCEPTIONS, {"remove": key}).status_code == 404
