"""What a reply will cost, in the words of the rate table and of this month's count; nothing here is assumed free."""

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inbox.models import Conversation, ServiceMessageCount
from inbox.templatetags.inbox import money as written
from whatsapp import rates
from whatsapp.rates import SERVICE, Price


def money(price: Price) -> str:
    """The amount as the reader writes it ("0,0456 €"), or "" where the table knows none."""
    return "" if price.amount is None else written(price.amount, price.currency)


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
