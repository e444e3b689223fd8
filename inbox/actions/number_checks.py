"""Asking Meta how our numbers do, hourly or on demand. An answer that means "nothing can be sent" stops sending."""

import logging

from inbox.actions.sending_stops import stop_sending
from whatsapp import number_health
from whatsapp.errors import DeliveryProblem
from whatsapp.models import PhoneNumber

logger = logging.getLogger(__name__)


def check_number(number: PhoneNumber) -> DeliveryProblem | None:
    """Ask now; what Meta would not say, if anything. A dead token stops sending here already: the queue is kept."""
    try:
        number_health.check(number)
    except DeliveryProblem as problem:
        if number_health.must_stop(problem):
            stop_sending(number, problem.code)
        logger.warning("Number %s could not be checked: %s", number.phone_number_id, problem.code)
        return problem
    return None


def check_all_numbers() -> None:
    """One number's trouble is not the next one's."""
    numbers = PhoneNumber.objects.select_related("workspace", "business_account__meta_app").order_by("pk")
    for number in numbers:
        check_number(number)
