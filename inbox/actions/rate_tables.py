"""Rate cards: read and kept to be looked at, put into force, taken back. Then messages of that time are priced anew."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.audit import record_audit
from accounts.models import Agent
from inbox.errors import InboxRuleViolation
from inbox.importing.rate_cards import CardLine
from inbox.reports.rolling import mark_costs_since
from whatsapp.models import Rate, RateTable
from whatsapp.rate_markets import countries_of
from whatsapp.rates import SERVICE, SERVICE_COSTS_SINCE

MOST_TABLES = 40


class SameDay(InboxRuleViolation):
    code = "rate_table_same_day"
    status = 409
    sentence = _("There is a card from this day already. Remove it first.")


class TooManyTables(InboxRuleViolation):
    code = "rate_tables"
    sentence = _("That are enough rate cards. Remove old ones first.")


def keep_card(
    lines: list[CardLine], *, by: Agent, effective_from: date, source: str, file_name: str, free_per_month: int
) -> RateTable:
    """What was read, to be looked at; it replaces what this person has looked at and not used."""
    tables = RateTable.objects.filter(workspace=by.workspace_id)
    tables.filter(imported_by=by, applied_at=None).delete()
    if tables.count() >= MOST_TABLES:
        raise TooManyTables
    return RateTable.objects.create(
        workspace_id=by.workspace_id, effective_from=effective_from, source=source[:200], file_name=file_name[-120:],
        free_per_month=free_per_month, lines=[line.as_json() for line in lines], imported_by=by,
    )  # fmt: skip


@transaction.atomic
def apply_table(table: RateTable, *, by: Agent) -> None:
    """From its day on its rates hold. Applying it again changes nothing."""
    locked = RateTable.objects.select_for_update().get(pk=table.pk)
    if locked.applied_at is not None:
        return
    currencies = {line["currency"] for line in locked.lines}
    own = Rate.objects.filter(workspace=locked.workspace_id, effective_from=locked.effective_from)
    if own.filter(currency__in=currencies).exists():
        raise SameDay
    Rate.objects.bulk_create(rates_of(locked), batch_size=1000)
    locked.applied_at = timezone.now()
    locked.save(update_fields=["applied_at"])
    data = {"since": f"{locked.effective_from}", "source": locked.source, "lines": len(locked.lines)}
    record_audit(by.workspace, by, "rates.imported", subject=locked.file_name, data=data)
    _count_anew(locked)


@transaction.atomic
def remove_table(table: RateTable, *, by: Agent) -> None:
    """Its rates no longer hold; what was before them does again."""
    locked = RateTable.objects.select_for_update().get(pk=table.pk)
    if locked.applied_at is not None:
        data = {"since": f"{locked.effective_from}", "source": locked.source, "lines": len(locked.lines)}
        record_audit(by.workspace, by, "rates.removed", subject=locked.file_name, data=data)
        _count_anew(locked)
    locked.delete()


def rates_of(table: RateTable) -> Iterator[Rate]:
    """The rows of the card, a country each. A country that the card names itself is not of its region."""
    named = {
        (codes[0], line["currency"]) for line in table.lines if len(codes := countries_of(line["market"])) == 1
    }  # fmt: skip
    for line in table.lines:
        codes = countries_of(line["market"])
        for code in codes:
            if len(codes) > 1 and (code, line["currency"]) in named:
                continue
            for category, (amount, free, until) in prices_of(line, table).items():
                yield Rate(
                    workspace_id=table.workspace_id, table=table, effective_from=table.effective_from,
                    effective_until=until, currency=line["currency"], market=code, category=category, amount=amount,
                    free_per_month=free, source=f"{table.source}, “{line['market']}”"[:200],
                )  # fmt: skip


def prices_of(line: dict, table: RateTable) -> dict[str, tuple[Decimal, int, date | None]]:
    """Category → (amount, free ones, last day). A card that has no column for replies leaves them to Meta's rule: free
    until the end of September 2026, then the utility rate."""
    free = table.free_per_month
    prices: dict[str, tuple[Decimal, int, date | None]] = {
        category: (Decimal(amount), free if category == SERVICE else 0, None)
        for category, amount in line["prices"].items()
    }
    if SERVICE not in prices and "utility" in prices:
        if table.effective_from >= SERVICE_COSTS_SINCE:
            prices[SERVICE] = (prices["utility"][0], free, None)
        else:
            prices[SERVICE] = (Decimal(0), 0, date.fromordinal(SERVICE_COSTS_SINCE.toordinal() - 1))
    return prices


def _count_anew(table: RateTable) -> None:
    mark_costs_since(table.workspace_id, datetime.combine(table.effective_from, time.min, UTC))
