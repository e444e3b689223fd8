"""How hours of the business, teams and people are laid over each other, and what duty makes of them."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from accounts.models import HoursException, WorkingHours
from accounts.schedules import hours_of_agents, hours_of_teams, team_hours, workspace_hours
from tests import factories

pytestmark = pytest.mark.django_db

BERLIN = ZoneInfo("Europe/Berlin")
NINE_TO_SIX = [[[540, 1080]]] * 5 + [[], []]
CHRISTMAS_EVE, CHRISTMAS = date(2026, 12, 24), date(2026, 12, 25)
REFORMATION = date(2026, 10, 31)


@pytest.fixture
def workspace():
    return factories.workspace()


@pytest.fixture
def business(workspace):
    return WorkingHours.objects.create(workspace=workspace, weekly=NINE_TO_SIX, region="DE-BB")


def blocks_of(hours, day):
    return [list(block) for block in hours.blocks_on(day)]


def test_a_holiday_that_is_left_out_is_a_day_like_any_other(workspace, business):
    saturday = [*NINE_TO_SIX[:5], [[600, 840]], []]
    WorkingHours.objects.filter(pk=business.pk).update(weekly=saturday)
    assert blocks_of(workspace_hours(workspace), REFORMATION) == []

    WorkingHours.objects.filter(pk=business.pk).update(open_holidays=["Reformationstag"])
    assert blocks_of(workspace_hours(workspace), REFORMATION) == [[600, 840]]


def test_on_special_days_a_team_works_as_far_as_the_business_is_open(workspace, business):
    team = factories.team(workspace)
    HoursException.objects.create(hours=business, date=CHRISTMAS_EVE, name="Heiligabend", blocks=[[540, 780]])
    own = WorkingHours.objects.create(workspace=workspace, team=team, weekly=[[[600, 1200]]] * 7)

    assert blocks_of(team_hours(team), CHRISTMAS_EVE) == [[600, 780]]
    assert blocks_of(team_hours(team), CHRISTMAS) == []
    WorkingHours.objects.filter(pk=own.pk).update(follows_business=False)
    assert blocks_of(team_hours(team), CHRISTMAS) == [[600, 1200]]


def test_what_was_set_for_the_team_itself_wins(workspace, business):
    team = factories.team(workspace)
    own = WorkingHours.objects.create(workspace=workspace, team=team, weekly=[[[600, 1200]]] * 7)
    HoursException.objects.create(hours=own, date=CHRISTMAS, name="Notdienst", blocks=[[0, 1440]])

    assert blocks_of(team_hours(team), CHRISTMAS) == [[0, 1440]]
    assert hours_of_teams(workspace)[team.pk] == team_hours(team)


def test_a_team_without_a_week_of_its_own_may_have_days_of_its_own(workspace, business):
    team = factories.team(workspace)
    own = WorkingHours.objects.create(workspace=workspace, team=team, weekly=[], is_used=False)
    HoursException.objects.create(hours=own, date=date(2026, 12, 1), name="Inventur", blocks=[])

    assert blocks_of(team_hours(team), date(2026, 12, 1)) == []
    assert blocks_of(team_hours(team), date(2026, 12, 2)) == [[540, 1080]]
    assert blocks_of(team_hours(team), CHRISTMAS) == []


def test_a_person_is_off_on_the_holidays_of_the_business_or_of_where_they_live(workspace, business):
    anna, ben = factories.agent(workspace, "Anna A"), factories.agent(workspace, "Ben B")
    WorkingHours.objects.create(workspace=workspace, agent=anna, weekly=NINE_TO_SIX)
    WorkingHours.objects.create(
        workspace=workspace, agent=ben, weekly=NINE_TO_SIX, follows_business=False, region="DE-BY"
    )
    epiphany, labour_day = date(2026, 1, 6), date(2026, 5, 1)
    hours = hours_of_agents(workspace.pk)

    assert blocks_of(hours[anna.pk], labour_day) == blocks_of(hours[ben.pk], labour_day) == []
    assert blocks_of(hours[anna.pk], epiphany) == [[540, 1080]]
    assert blocks_of(hours[ben.pk], epiphany) == []


def test_a_person_without_fixed_hours_has_only_days_off(workspace, business):
    anna = factories.agent(workspace, "Anna A")
    own = WorkingHours.objects.create(workspace=workspace, agent=anna, weekly=NINE_TO_SIX, is_used=False)
    assert hours_of_agents(workspace.pk) == {}

    HoursException.objects.create(hours=own, date=date(2026, 12, 1), name="Urlaub")
    hours = hours_of_agents(workspace.pk)[anna.pk]
    assert not hours.is_open(datetime(2026, 12, 1, 12, tzinfo=BERLIN))
    assert hours.is_open(datetime(2026, 12, 2, 3, tzinfo=BERLIN))


def test_any_number_of_people_takes_four_queries(workspace, business, django_assert_num_queries):
    for n in range(3):
        WorkingHours.objects.create(
            workspace=workspace, agent=factories.agent(workspace, f"Person {n}"), weekly=NINE_TO_SIX
        )
    with django_assert_num_queries(4):  # theirs and the business's, each with its days
        assert len(hours_of_agents(workspace.pk)) == 3
