"""Rate cards: read as Meta gives them out, refused with the line that is wrong, and a price by the day of delivery."""

import io
import json
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from accounts.models import AuditEntry
from inbox import rate_pages
from inbox.costs import reply_price_hint
from inbox.importing.rate_cards import CardRefused, read_card
from inbox.importing.tables import Table, read_table
from inbox.models import ReportCell, ReportMark
from inbox.reports.recount import count_messages, kept_cells
from inbox.reports.rolling import roll
from tests import factories
from tests.cast import Cast, make_cast
from whatsapp import rates
from whatsapp.models import Rate, RateTable
from whatsapp.rate_markets import REGIONS, countries_of

META = """WhatsApp Business Platform rate card,,,,,
Effective 1 October 2026,,,,,
Market,Currency,Marketing,Utility,Authentication,Authentication-International
Germany,EUR,0.1200,0.0500,0.0500,n/a
France,EUR,0.0859,0.0248,0.0248,n/a
India,EUR,0.0094,0.0011,0.0011,0.0230
Rest of Western Europe,EUR,0.0592,0.0171,0.0171,n/a
Other,EUR,0.0604,0.0077,0.0077,n/a
* Without VAT.,,,,,
"""
GERMAN, AUSTRIAN, BRITISH = "4915100001234", "436601234567", "447700900123"


def card(text: str, currency: str = "EUR") -> dict[str, tuple[str, dict[str, str]]]:
    lines = read_card(read_table(text.encode()), currency=currency)
    return {line.market: (line.currency, line.prices) for line in lines}


# --- Reading ---------------------------------------------------------------------------------------------------------


def test_a_card_as_meta_gives_it_out_is_read_with_its_title_and_its_footnote() -> None:
    read = card(META)

    assert list(read) == ["Germany", "France", "India", "Rest of Western Europe", "Other"]
    assert read["Germany"] == ("EUR", {"marketing": "0.12", "utility": "0.05", "authentication": "0.05"})
    assert read["India"][1]["authentication-international"] == "0.023"


@pytest.mark.parametrize("text", [
    "Market;Currency;Marketing;Utility\nDeutschland;€;0,12;0,05\n",
    "Country\tMarketing\tUtility\nDE\t€0.12\t€0.05\n",
    "Market,Currency,Category,Rate\nGermany,EUR,Marketing,0.12\nGermany,EUR,Utility,0.05\n",
    "market,currency,MARKETING,UTILITY\nGERMANY,eur,0.1200000,0.05\n",
])  # fmt: skip
def test_other_ways_to_write_the_same_are_read_too(text: str) -> None:
    [(currency, prices)] = card(text).values()

    assert (currency, prices) == ("EUR", {"marketing": "0.12", "utility": "0.05"})


def test_the_currency_is_the_lines_own_else_the_sign_of_its_price_else_what_was_chosen() -> None:
    assert card("Market,Currency,Utility\nGermany,$US,0.05\n")["Germany"][0] == "USD"
    assert card("Market,Utility\nGermany,£0.05\n")["Germany"][0] == "GBP"
    assert card("Market,Utility\nGermany,0.05\n", "CHF")["Germany"][0] == "CHF"


def test_a_workbook_is_read_like_a_text() -> None:
    book = Workbook()
    for row in (["Market", "Currency", "Marketing", "Utility"], ["Germany", "EUR", 0.12, 0.05]):
        book.active.append(row)
    kept = io.BytesIO()
    book.save(kept)

    [line] = read_card(read_table(kept.getvalue()), currency="EUR")
    assert line.prices == {"marketing": "0.12", "utility": "0.05"}


@pytest.mark.parametrize(("text", "said"), [
    ("Name,Phone\nClara,0172 1234567\n", "Marketing"),
    ("Market,Currency,Utility\nGermany,EUR,0.05\nAtlantis,EUR,0.05\n", "3.*Atlantis"),
    ("Market,Currency,Utility\nGermany,EUR,0.05\n\nFrance,EUR,free\n", "4.*free"),
    ("Market,Currency,Utility\nGermany,EUR,-0.05\n", "2.*-0.05"),
    ("Market,Currency,Utility\nGermany,EUR,456\n", "2.*456"),
    ("Market,Currency,Utility\nGermany,Taler,0.05\n", "2.*Taler"),
    ("Market,Currency,Utility\nGermany,EUR,0.05\nDE,EUR,0.06\ngermany,EUR,0.05\n", "4.*2"),
    ("Market,Currency,Category,Rate\nGermany,EUR,Romance,0.05\n", "2.*Romance"),
    ("Market,Currency,Utility\nGermany,EUR,n/a\n", "."),
    ("Market,Volume tier,Utility\nGermany,1,0.05\n", "."),
])  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(text: str, said: str) -> None:
    with pytest.raises(CardRefused) as refused:
        card(text)

    assert any(re.search(said, problem) for problem in refused.value.problems)


def test_all_mistakes_are_said_at_once_but_not_a_thousand() -> None:
    text = "Market,Utility\n" + "".join(f"Atlantis {number},0.05\n" for number in range(50))

    with pytest.raises(CardRefused) as refused:
        card(text)
    assert (len(refused.value.problems), refused.value.more) == (20, 30)


@given(st.lists(st.lists(st.text(max_size=12), min_size=3, max_size=3), max_size=8))
def test_whatever_stands_in_a_table_is_read_or_refused(rows: list[list[str]]) -> None:
    table = Table(["Market", "Currency", "Utility"], list(enumerate(rows, 2)))
    try:
        lines = read_card(table, currency="EUR")
    except CardRefused as refused:
        assert refused.problems
    else:
        assert all(Decimal(price) >= 0 for line in lines for price in line.prices.values())


def test_every_country_belongs_to_one_region_at_most() -> None:
    codes = [code for region in (*REGIONS, "Other") for code in countries_of(region)]

    assert len(codes) == len(set(codes)) > 150
    assert not {"DE", "FR", "GB"} & set(codes) and countries_of("Rest of Western Europe").count("AT") == 1
    assert countries_of("Österreich") == countries_of("austria") == countries_of("AT") == ("AT",)


# --- The pages -------------------------------------------------------------------------------------------------------


@pytest.fixture
def cast(db: None) -> Cast:
    rates.load_preset()
    made = make_cast()
    made.ada.language = "en"
    made.ada.save()
    return made


@pytest.fixture
def admin(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.ada)
    return client


def put_in(client: Client, text: str = META, since: str = "2026-10-01", **said: Any) -> HttpResponse:
    file = SimpleUploadedFile("card.csv", text.encode())
    data = {"file": file, "effective_from": since, "currency": "EUR", "free_per_month": 1000, "source": "Meta"} | said
    return client.post(reverse("settings-rates"), data)


def in_force(client: Client, **said: Any) -> RateTable:
    put_in(client, **said)
    table = RateTable.objects.get(applied_at=None)
    client.post(reverse("settings-rate-table-application", args=[table.pk]))
    return table


def price(cast: Cast, category: str, to: str = GERMAN, at: str = "2026-11-22") -> Decimal | None:
    return rates.estimate(cast.number, category, to, datetime.fromisoformat(f"{at}T12:00+00:00")).amount


def test_a_card_is_looked_at_with_its_differences_before_it_holds(cast: Cast, admin: Client) -> None:
    answer = put_in(admin)
    table = RateTable.objects.get()
    page = admin.get(answer["Location"])

    assert price(cast, "utility") == Decimal("0.0456")  # nothing has changed yet
    words = page.content.decode()
    assert page.context["counts"]["up"] == 4 and "was €0.0456" in words
    assert page.context["rows"][0].market == "Germany"

    admin.post(reverse("settings-rate-table-application", args=[table.pk]))
    assert price(cast, "utility") == Decimal("0.05")
    assert price(cast, "utility", AUSTRIAN) == Decimal("0.0171")
    assert price(cast, "utility", BRITISH) is None  # a market of its own, and not on this card
    entry = AuditEntry.objects.get(verb="rates.imported")
    assert (entry.actor, entry.subject, entry.data["lines"]) == (cast.ada, "card.csv", 5)


def test_a_message_costs_what_the_card_of_its_day_says(cast: Cast, admin: Client) -> None:
    in_force(admin, since="2026-10-01")
    in_force(admin, text=META.replace("0.0500", "0.0600"), since="2027-01-01")

    assert price(cast, "utility", at="2026-09-30") == Decimal("0.0456")
    assert price(cast, "utility", at="2026-12-31") == Decimal("0.05")
    assert price(cast, "utility", at="2027-01-01") == Decimal("0.06")


def test_replies_follow_metas_rule_where_the_card_has_no_column_for_them(cast: Cast, admin: Client) -> None:
    in_force(admin, since="2026-04-01")
    in_force(admin, since="2027-01-01", free_per_month=500)

    assert price(cast, "service", AUSTRIAN, at="2026-09-30") == 0
    assert price(cast, "service", AUSTRIAN, at="2026-10-01") is None  # that card cannot know it, so nobody guesses
    assert price(cast, "service", AUSTRIAN, at="2027-01-01") == Decimal("0.0171")
    january = datetime(2027, 1, 5, tzinfo=UTC)
    assert rates.free_replies_left(cast.number, 20, january) == 480


def test_a_country_with_a_line_of_its_own_is_not_of_its_region(cast: Cast, admin: Client) -> None:
    in_force(admin, text=META + "Austria,EUR,0.09,0.02,0.02,\n")

    assert price(cast, "utility", AUSTRIAN) == Decimal("0.02")
    assert price(cast, "utility", "41791234567") == Decimal("0.0171")


def test_of_the_same_day_there_is_one_card_and_the_second_is_refused(cast: Cast, admin: Client) -> None:
    in_force(admin)
    put_in(admin, META.replace("0.0500", "0.0900"))
    second = RateTable.objects.get(applied_at=None)

    assert admin.post(reverse("settings-rate-table-application", args=[second.pk])).status_code == 409
    assert price(cast, "utility") == Decimal("0.05")


def test_applying_twice_changes_nothing_and_removing_brings_back_what_was(cast: Cast, admin: Client) -> None:
    table = in_force(admin)
    count = Rate.objects.count()
    admin.post(reverse("settings-rate-table-application", args=[table.pk]))
    assert Rate.objects.count() == count and AuditEntry.objects.filter(verb="rates.imported").count() == 1

    admin.post(reverse("settings-rate-table-removal", args=[table.pk]))
    assert price(cast, "utility") == Decimal("0.0456")
    assert not RateTable.objects.exists() and AuditEntry.objects.filter(verb="rates.removed").exists()


def test_a_bad_file_says_why_keeps_what_was_typed_and_saves_nothing(cast: Cast, admin: Client) -> None:
    answer = put_in(admin, "Market,Utility\nAtlantis,0.05\n", source="From a bottle")

    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Line 2: We do not know the market “Atlantis”" in page and "From a bottle" in page
    assert put_in(admin, "%PDF-1.4 \x00").status_code == 422
    assert put_in(admin, "").status_code == 422
    assert not RateTable.objects.exists()


def test_another_workspaces_card_changes_no_price_here(cast: Cast, admin: Client) -> None:
    stranger = Client()
    stranger.force_login(cast.mallory)
    theirs = in_force(stranger)

    assert price(cast, "utility") == Decimal("0.0456")
    assert rates.estimate(cast.other_number, "utility", GERMAN, datetime(2026, 11, 22, tzinfo=UTC)).amount == Decimal(
        "0.05"
    )
    for name in ("settings-rate-table", "settings-rate-table-application", "settings-rate-table-removal"):
        assert admin.post(reverse(name, args=[theirs.pk])).status_code in (404, 405)
    assert admin.get(reverse("settings-rate-table", args=[theirs.pk])).status_code == 404


def test_a_card_that_was_only_looked_at_makes_room_for_the_next(cast: Cast, admin: Client) -> None:
    for _try in range(3):
        put_in(admin)

    assert RateTable.objects.count() == 1


def test_where_the_prices_that_come_with_us_are_from_is_said_in_german(cast: Cast, admin: Client) -> None:
    sources = {row["source"] for row in json.loads(rates.PRESET.read_text(encoding="utf-8"))}
    assert sources == set(rate_pages.PRESET_SOURCES)
    with translation.override("de"):
        assert all(translation.gettext(source) != source for source in sources)
        assert {row.source for row in rate_pages.valid_today(cast.workspace, date(2026, 11, 1))}.isdisjoint(sources)


# --- Everything that shows a cost ------------------------------------------------------------------------------------


def test_what_was_sent_since_that_day_is_priced_anew_in_the_reports(cast: Cast, admin: Client) -> None:
    sent = datetime(2026, 10, 20, 9, tzinfo=UTC)
    for number in range(3):
        at = sent + timedelta(minutes=number)
        factories.outbound_message(
            cast.claras, by=cast.ben, at=at, kind="template", delivered_at=at, data={"category": "UTILITY"}
        )
    roll()
    assert _utility_cost() == 3 * 45_600

    table = in_force(admin)
    assert ReportMark.objects.exists()
    roll()
    assert _utility_cost() == 3 * 50_000
    assert kept_cells() == count_messages()

    admin.post(reverse("settings-rate-table-removal", args=[table.pk]))
    roll()
    assert _utility_cost() == 3 * 45_600


def test_the_composer_says_the_price_of_the_card(cast: Cast, admin: Client) -> None:
    in_force(admin, free_per_month=0, since=f"{date(2026, 10, 2)}")

    assert "0.05" in reply_price_hint(cast.claras).replace(",", ".")


def _utility_cost() -> int:
    return sum(ReportCell.objects.values_list("utility_cost", flat=True))
