"""What a reply will cost, in the words of the rate table and of this month's count; nothing here is assumed free."""

from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inbox.models import Conversation, ServiceMessageCount
from whatsapp import rates
from whatsapp.rates import SERVICE, Price

SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "CHF": "CHF"}


def money(price: Price) -> str:
    """`0.0456 €` as the reader writes it (up to four decimals), or "" where the table knows no amount."""
    if price.amount is None:
        return ""
    amount = price.amount.normalize()
    places = min(4, max(2, -int(amount.as_tuple().exponent)))
    return f"{number_format(price.amount, places)} {SYMBOLS.get(price.currency, price.currency)}"


def reply_price_hint(conversation: Conversation) -> str:
    """What the next free-form reply costs: how many free ones are left, else the price, "" when the table is silent."""
    now, number = timezone.now(), conversation.phone_number
    left = rates.free_replies_left(number, delivered_this_month(conversation), now)
    if left:
        return ngettext(
            "%(count)s free reply left this month", "%(count)s free replies left this month", left
        ) % {"count": left}
    price = rates.estimate(number, SERVICE, conversation.contact.phone, now)
    if price.amount is None:
        return ""
    return _("This reply costs about %(price)s") % {"price": money(price)} if price.amount else ""


def delivered_this_month(conversation: Conversation) -> int:
    """Free-form replies of this conversation's number that Meta delivered in the current billing month."""
    number = conversation.phone_number
    count = ServiceMessageCount.objects.filter(
        phone_number=number, month=rates.billing_month(number, timezone.now())
    ).values_list("delivered", flat=True)
    return count.first() or 0
