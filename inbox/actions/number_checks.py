"""Asking Meta how our numbers do, hourly or on demand. An answer that means "nothing can be sent" stops sending."""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from inbox import events
from inbox.actions.sending_stops import stop_sending
from inbox.enums import Direction, MessageStatus
from inbox.models import Conversation, Message
from whatsapp import number_health
from whatsapp.errors import DeliveryProblem
from whatsapp.models import NumberHealth, PhoneNumber, WebhookDelivery
from whatsapp.number_alarms import alarms

logger = logging.getLogger(__name__)

SILENCE = timedelta(minutes=30)  # Meta reports on a message within seconds


def check_number(number: PhoneNumber) -> DeliveryProblem | None:
    """Ask now; what Meta would not say, if anything. A dead token stops sending here already: the queue is kept."""
    before = _alarms(number)
    try:
        number_health.check(number, webhook_silent_since=_silent_since(number, timezone.now()))
    except DeliveryProblem as problem:
        if number_health.must_stop(problem):
            stop_sending(number, problem.code)
        logger.warning("Number %s could not be checked: %s", number.phone_number_id, problem.code)
        return problem
    finally:
        if _alarms(number) != before:
            with transaction.atomic():
                events.workspace_alert(number.workspace, "number", number=number.pk)
    return None


def _alarms(number: PhoneNumber) -> list[str]:
    """What its banner is about: what of it is different is shown on open pages."""
    fresh = PhoneNumber.objects.select_related("business_account").get(pk=number.pk)
    health = NumberHealth.objects.filter(phone_number=fresh).first()
    return [alarm.kind for alarm in alarms(fresh, health, timezone.now())] if health else []


def _silent_since(number: PhoneNumber, now: datetime) -> str:
    """When Meta took a message and has not said a word since, by any webhook; "" when all is well."""
    deliveries = WebhookDelivery.objects.filter(meta_app=number.business_account.meta_app_id).order_by("-id")
    last = deliveries.values_list("received_at", flat=True).first()
    if last is None:
        return ""
    answered = Conversation.objects.filter(phone_number=number, answered_at__gt=last, answered_at__lt=now - SILENCE)
    conversation = answered.order_by("-answered_at").first()
    sent = Message.objects.filter(conversation=conversation, direction=Direction.OUT) if conversation else None
    message = sent.order_by("-occurred_at", "-seq").first() if sent is not None else None
    if message is None or message.status != MessageStatus.ACCEPTED or message.accepted_at is None:
        return ""
    return message.accepted_at.isoformat()


def check_all_numbers() -> None:
    """One number's trouble is not the next one's."""
    numbers = PhoneNumber.objects.connected().select_related("workspace", "business_account__meta_app").order_by("pk")
    for number in numbers:
        check_number(number)
