"""What a delivered message costs: Meta's rate card as rows with dates, the only source of prices (decisions.md 27).

Meta charges on delivery, by the recipient's country and the category. Since 1 October 2026 free-form replies
("service") cost the market's utility rate after a number of free ones per business number and calendar month, counted
in the business account's time zone.
"""

import json
import zoneinfo
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from django.db.models import F, Q, QuerySet

from whatsapp.models import PhoneNumber, Rate
from whatsapp.phone_format import country_of

PRESET = Path(__file__).parent / "rate_card.json"
SERVICE = "service"
SERVICE_COSTS_SINCE = date(2026, 10, 1)


@dataclass(frozen=True, slots=True)
class Price:
    """The list price of one delivered message; `amount` is None where no row of the table covers it."""

    amount: Decimal | None
    currency: str
    category: str
    market: str = ""
    source: str = ""


def local_day(phone_number: PhoneNumber, at: datetime) -> date:
    """The calendar day by which Meta bills this number."""
    try:
        zone = zoneinfo.ZoneInfo(phone_number.business_account.timezone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        zone = zoneinfo.ZoneInfo("Europe/Berlin")
    return at.astimezone(zone).date()


def billing_month(phone_number: PhoneNumber, at: datetime) -> date:
    """The first day of the month in which Meta counts a message of this moment."""
    return local_day(phone_number, at).replace(day=1)


def estimate(phone_number: PhoneNumber, category: str, recipient_digits: str, at: datetime) -> Price:
    """The price of one message to this recipient; unknown markets and categories have no amount, never a guess."""
    return estimates(phone_number, recipient_digits, at).get(
        category.lower(), Price(None, phone_number.business_account.currency, category.lower())
    )


def estimates(phone_number: PhoneNumber, recipient_digits: str, at: datetime) -> dict[str, Price]:
    """The prices of all categories that the table knows for this recipient, in one query."""
    currency = phone_number.business_account.currency
    market = country_of(recipient_digits) if recipient_digits else ""
    rows = rates_on(local_day(phone_number, at), phone_number.workspace_id, currency).filter(market=market)
    return {row.category: Price(row.amount, currency, row.category, market, row.source) for row in rows}


def free_replies_left(phone_number: PhoneNumber, delivered_this_month: int, at: datetime) -> int | None:
    """How many more free-form replies this number may have delivered this month before they cost money.

    None where the table names no free ones at that date (earlier cards, other currencies).
    """
    currency = phone_number.business_account.currency
    rows = rates_on(local_day(phone_number, at), phone_number.workspace_id, currency).filter(category=SERVICE)
    latest = rows.last()
    return max(0, latest.free_per_month - delivered_this_month) if latest and latest.free_per_month else None


def load_preset() -> int:
    """Put the rate card that comes with the product into the table; rows changed by hand stay. How many are new."""
    new = 0
    for row in json.loads(PRESET.read_text(encoding="utf-8")):
        until = row.get("effective_until")
        _rate, created = Rate.objects.get_or_create(
            workspace=None, effective_from=date.fromisoformat(row["effective_from"]),
            currency=row["currency"], market=row["market"], category=row["category"],
            defaults={
                "effective_until": date.fromisoformat(until) if until else None,
                "amount": Decimal(row["amount"]), "free_per_month": row.get("free_per_month", 0),
                "source": row["source"],
            },
        )
        new += created
    return new


def rates_on(day: date, workspace_id: int, currency: str) -> QuerySet[Rate]:
    """What holds on this day for this workspace, in the order in which later ones replace earlier ones: of the same
    category the latest card counts, of the same day the workspace's own."""
    rows = Rate.objects.filter(Q(workspace=None) | Q(workspace=workspace_id), currency=currency)
    rows = rows.filter(Q(effective_until=None) | Q(effective_until__gte=day), effective_from__lte=day)
    return rows.order_by("effective_from", F("workspace").asc(nulls_first=True))
