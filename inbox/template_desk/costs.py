"""What a template costs at home, by the rate card, and what another category would make of that."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from django.utils import timezone
from django.utils.translation import gettext as _

from inbox import costs
from inbox.templatetags.inbox import category_words
from inbox.templatetags.inbox import money as written
from whatsapp import rates
from whatsapp.models import BusinessAccount, MessageTemplate, PhoneNumber
from whatsapp.phone_format import country_of

CENT = Decimal("0.01")


@dataclass
class HomePrices:
    """An account's prices for recipients in the country of its first number: most customers live there."""

    account: BusinessAccount

    @cached_property
    def number(self) -> PhoneNumber | None:
        return self.account.phone_numbers.select_related("business_account").order_by("pk").first()

    @cached_property
    def market(self) -> str:
        return country_of(self.number.display_number) if self.number else ""

    @cached_property
    def prices(self) -> dict[str, rates.Price]:
        return rates.estimates(self.number, self.number.display_number, timezone.now()) if self.number else {}

    def price(self, category: str) -> Decimal | None:
        known = self.prices.get(category.lower())
        return known.amount if known else None

    def words(self, category: str) -> str:
        """The price of one message, or "" where the table knows none."""
        known = self.prices.get(category.lower())
        return costs.money(known) if known else ""

    def spent(self, template: MessageTemplate, delivered: int) -> str:
        """What so many would cost at this price; "" where it is unknown."""
        price = self.price(template.category)
        return self._sum(price * delivered) if price is not None and delivered else ""

    def _sum(self, amount: Decimal) -> str:
        return written(amount.quantize(CENT), self.account.currency)

    def difference(self, before: str, after: str, count: int) -> str:
        """What the other category costs: per message, and for as many as were sent in the last 30 days."""
        old, new = self.price(before), self.price(after)
        if old is None or new is None:
            return ""
        currency = self.account.currency
        words = _("%(new)s instead of %(old)s a message (%(market)s)") % {
            "new": written(new, currency), "old": written(old, currency), "market": self.market
        }  # fmt: skip
        if count and new > old:
            words += _(", %(more)s more for the %(count)s of the last 30 days") % {
                "more": self._sum((new - old) * count), "count": count
            }  # fmt: skip
        return words

    def change(self, before: str, after: str, count: int) -> str:
        """ "Utility → Marketing: …" """
        names = f"{category_words(before)} → {category_words(after)}"
        costs_words = self.difference(before, after, count)
        return f"{names}: {costs_words}" if costs_words else names
