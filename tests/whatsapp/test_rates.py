"""Prices come from rows with dates and nowhere else."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests import factories
from whatsapp import rates
from whatsapp.models import PhoneNumber, Rate

pytestmark = pytest.mark.django_db
NOVEMBER = datetime(2026, 11, 22, 12, tzinfo=UTC)
GERMAN, AUSTRIAN, ODD = "4915100001234", "436601234567", "0000"


@pytest.fixture
def number() -> PhoneNumber:
    rates.load_preset()
    return factories.number(factories.workspace())


def price(number: PhoneNumber, category: str, at: datetime = NOVEMBER, to: str = GERMAN) -> Decimal | None:
    return rates.estimate(number, category, to, at).amount


def test_the_preset_has_germany_in_euro_with_its_source(number):
    assert price(number, "MARKETING") == Decimal("0.1131")
    assert price(number, "UTILITY") == Decimal("0.0456")
    assert rates.estimate(number, "utility", GERMAN, NOVEMBER).source


def test_replies_cost_the_utility_rate_since_october_2026(number):
    assert price(number, "service", datetime(2026, 9, 30, 21, 59, tzinfo=UTC)) == 0
    assert price(number, "service", datetime(2026, 9, 30, 22, 1, tzinfo=UTC)) == Decimal("0.0456")


def test_what_the_table_does_not_know_has_no_price(number):
    assert price(number, "utility", to=AUSTRIAN) is None
    assert price(number, "utility", to=ODD) is None
    assert price(number, "utility", to="") is None
    assert price(number, "utility", datetime(2024, 1, 1, tzinfo=UTC)) is None
    assert price(number, "something_new") is None


def test_each_account_pays_in_its_own_currency(number):
    number.business_account.currency = "USD"

    assert price(number, "utility") == Decimal("0.0550")
    assert price(number, "utility", to=AUSTRIAN) == Decimal("0.0171")


def test_a_newer_card_wins_from_its_day_on(number):
    Rate.objects.create(
        effective_from="2027-01-01", currency="EUR", market="DE", category="utility", amount="0.05", source="Januar"
    )

    assert price(number, "utility") == Decimal("0.0456")
    assert price(number, "utility", datetime(2027, 1, 1, 12, tzinfo=UTC)) == Decimal("0.05")


@pytest.mark.parametrize(("delivered", "left"), [(0, 1000), (812, 188), (1000, 0), (5000, 0)])
def test_a_thousand_replies_a_month_are_free(number, delivered, left):
    assert rates.free_replies_left(number, delivered, NOVEMBER) == left


def test_before_october_2026_there_is_nothing_to_count(number):
    assert rates.free_replies_left(number, 5, datetime(2026, 9, 1, tzinfo=UTC)) is None


def test_the_month_is_that_of_the_accounts_time_zone(number):
    last_minutes = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)

    assert rates.billing_month(number, last_minutes).isoformat() == "2026-12-01"
    number.business_account.timezone = "America/New_York"
    assert rates.billing_month(number, last_minutes).isoformat() == "2026-11-01"
    number.business_account.timezone = "Mars/Olympus"
    assert rates.billing_month(number, last_minutes).isoformat() == "2026-12-01"


def test_loading_again_adds_nothing_and_keeps_what_was_changed_by_hand(number):
    Rate.objects.filter(category="marketing", currency="EUR").update(amount="0.2")

    assert rates.load_preset() == 0
    assert price(number, "marketing") == Decimal("0.2")
