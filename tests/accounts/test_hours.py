"""Opening hours as a value, and as they were set."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.test import TestCase

from accounts.holidays import holidays_of
from accounts.hours import OpeningHours
from accounts.models import HoursException, WorkingHours
from accounts.schedules import hours_of_agents, hours_of_teams, team_hours, workspace_hours
from tests import factories

BERLIN = ZoneInfo("Europe/Berlin")
SHOP = (*[((540, 780), (840, 1110))] * 5, ((600, 840),), ())  # with a lunch break; Saturday short; Sunday closed


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def test_a_deadline_passes_over_lunch_and_the_weekend():
    hours = OpeningHours(BERLIN, SHOP)
    assert hours.add(at("2026-11-27T12:45"), timedelta(minutes=30)) == at("2026-11-27T14:15")
    assert hours.add(at("2026-11-28T13:50"), timedelta(minutes=30)) == at("2026-11-30T09:20")
    assert hours.between(at("2026-11-27T12:00"), at("2026-11-30T10:00")) == timedelta(hours=1 + 4.5 + 4 + 1)


def test_it_says_when_it_closes_and_when_it_opens_again():
    hours = OpeningHours(BERLIN, SHOP)
    assert hours.closes_after(at("2026-11-27T12:00")) == at("2026-11-27T13:00")
    assert hours.closes_after(at("2026-11-27T13:00")) is None
    assert hours.next_opening(at("2026-11-28T14:00")) == at("2026-11-30T09:00")


def test_a_night_shift_closes_in_the_morning():
    night = OpeningHours(BERLIN, (((0, 360), (1320, 1440)),) * 7)
    assert night.closes_after(at("2026-11-27T23:00")) == at("2026-11-28T06:00")


def test_the_night_on_which_clocks_go_back_is_an_hour_longer():
    hours = OpeningHours(BERLIN, (((0, 1440),),) * 7)
    assert hours.between(at("2026-10-25T00:00"), at("2026-10-26T00:00")) == timedelta(hours=25)


def test_without_a_week_it_is_always_open_and_with_an_empty_one_never():
    moment = datetime(2026, 11, 29, 3, tzinfo=UTC)
    assert OpeningHours(BERLIN).is_open(moment)
    never = OpeningHours(BERLIN, ((),) * 7)
    assert never.next_opening(moment) is None
    assert never.add(moment, timedelta(minutes=1)) is None


def test_regions_have_their_own_holidays():
    assert date(2026, 3, 8) in holidays_of("DE-BE", 2026)  # women's day
    assert date(2026, 3, 8) not in holidays_of("DE-BY", 2026)
    assert date(2026, 10, 26) in holidays_of("AT-9", 2026)
    assert holidays_of("", 2026) == holidays_of("DE-XX", 2026) == {}


class StoredHoursTest(TestCase):
    def setUp(self):
        self.workspace = factories.workspace()
        self.repairs, self.sales = factories.team(self.workspace, "Repairs"), factories.team(self.workspace, "Sales")

    def week(self, **owner) -> WorkingHours:
        return WorkingHours.objects.create(workspace=self.workspace, weekly=[list(day) for day in SHOP], **owner)

    def test_a_team_keeps_the_hours_of_the_business_until_it_has_its_own(self):
        self.week()
        WorkingHours.objects.create(workspace=self.workspace, team=self.sales, weekly=[[[0, 1440]]] * 7)
        sunday = at("2026-11-29T12:00")
        assert not team_hours(self.repairs).is_open(sunday)
        assert team_hours(self.sales).is_open(sunday)
        both = hours_of_teams(self.workspace)
        assert both == {self.repairs.pk: team_hours(self.repairs), self.sales.pk: team_hours(self.sales)}

    def test_a_day_that_was_set_wins_over_a_holiday_and_a_holiday_over_the_week(self):
        week = self.week(region="DE-BE")
        assert not workspace_hours(self.workspace).is_open(at("2026-12-25T10:00"))
        HoursException.objects.create(hours=week, date=date(2026, 12, 25), name="Notdienst", blocks=[[600, 660]])
        assert workspace_hours(self.workspace).is_open(at("2026-12-25T10:00"))

    def test_people_have_hours_in_their_own_zone_and_only_if_set(self):
        anna, _ben = factories.agent(self.workspace, timezone="Europe/Lisbon"), factories.agent(self.workspace)
        self.week(agent=anna)
        found = hours_of_agents(self.workspace.pk)
        assert list(found) == [anna.pk]
        assert found[anna.pk].is_open(at("2026-11-27T10:00"))
        assert not found[anna.pk].is_open(at("2026-11-27T09:30"))
