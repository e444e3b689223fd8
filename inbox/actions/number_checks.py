"""Asking Meta how our numbers do, hourly or on demand. An answer that means "nothing can be sent" stops sending."""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from inbox import events, jobs
from inbox.actions.sending_stops import resume_sending, stop_sending
from inbox.actions.template_care import telling_alarms
from inbox.enums import Direction, MessageStatus
from inbox.models import Conversation, DraftText, Message
from whatsapp import number_health, rotation, template_sync
from whatsapp.errors import DeliveryProblem
from whatsapp.models import BusinessAccount, NumberHealth, PhoneNumber, WebhookDelivery
from whatsapp.number_alarms import alarms
from whatsapp.template_sync import SyncResult

logger = logging.getLogger(__name__)

SILENCE = timedelta(minutes=30)  # Meta reports on a message within seconds


def check_number(number: PhoneNumber) -> DeliveryProblem | None:
    """Ask now; what Meta would not say, if anything. A dead token stops sending here already: the queue is kept."""
    before, asked_at = _alarms(number), timezone.now()
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
    account_answers(number.business_account, asked_at, rotation.DEAD_TOKEN)
    return None


def _alarms(number: PhoneNumber) -> list[str]:
    """What its banner is about: what of it is different is shown on open pages."""
    fresh = PhoneNumber.objects.select_related("business_account").get(pk=number.pk)
    health = NumberHealth.objects.filter(phone_number=fresh).first()
    return [alarm.kind for alarm in alarms(fresh, health, timezone.now())] if health else []


def fetch_templates(account: BusinessAccount) -> SyncResult:
    """All of an account's templates; a fetch that worked also proves its token."""
    asked_at = timezone.now()
    with telling_alarms(account):
        result = template_sync.sync_templates(account)
    if not result.error:
        account_answers(account, asked_at, rotation.ACCESS_CODES)
        refused = NumberHealth.objects.filter(trouble_code__in=rotation.ACCESS_CODES)
        if refused.filter(phone_number__business_account=account).exists():
            jobs.enqueue(jobs.check_numbers)
    return result


def account_answers(account: BusinessAccount, asked_at: datetime, overcome: set[int]) -> None:
    """Meta has taken this account's token: what it refused before with a code of `overcome` it would take now.

    What waited is sent, the templates are fetched if the last fetch failed for that, and drafts may be submitted again.
    """
    refused = DraftText.objects.filter(draft__business_account=account, refusal__code__in=list(overcome))
    refused.update(refusal={})
    found = BusinessAccount.objects.select_related("workspace").get(pk=account.pk)
    stopped_at = found.sending_stopped_at
    if found.sending_stopped_code in rotation.DEAD_TOKEN and stopped_at is not None and stopped_at < asked_at:
        resume_sending(found, by=None)
    if found.templates_sync_code in rotation.ACCESS_CODES:
        jobs.enqueue(jobs.sync_account_templates, account.pk)


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
