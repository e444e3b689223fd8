"""Sending stops when Meta says something only an admin can mend: the queue is kept, everybody responsible is told."""

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise

from accounts.models import Agent
from inbox import events, jobs
from inbox.actions import outbox
from inbox.enums import Alert
from whatsapp import errors
from whatsapp.models import BusinessAccount, PhoneNumber

STANDS_NOT_STILL = Q(sending_stopped_at=None) | Q(sending_stopped_code=131042)


def stop_sending(phone_number: PhoneNumber, code: int) -> bool:
    """Stop the number, or its whole business account when the code concerns that; False when it stood still already.

    Nothing is lost: queued messages wait, and their window is asked again before they leave.
    """
    is_accounts = errors.stops_whole_account(code)
    model, pk = (
        (BusinessAccount, phone_number.business_account_id) if is_accounts else (PhoneNumber, phone_number.pk)
    )
    with transaction.atomic():
        # "No payment method" holds back templates only; whatever stops everything takes its place.
        may_stop = Q(sending_stopped_at=None) if errors.stops_only_paid(code) else STANDS_NOT_STILL
        stopped = model.objects.filter(may_stop, pk=pk).update(
            sending_stopped_at=timezone.now(), sending_stopped_code=code
        )
        if stopped:
            events.workspace_alert(phone_number.workspace, Alert.SENDING_STOPPED, code=code, number=phone_number.pk)
            jobs.enqueue(jobs.mail_alarms)
    return bool(stopped)


def reasons(phone_number: PhoneNumber) -> list[Promise | str]:
    """Why this number sends nothing, in words: its own reason, its account's, or both; empty when it sends."""
    places = (phone_number, phone_number.business_account)
    found = [errors.sentence(where.sending_stopped_code) for where in places if where.sending_stopped_at]
    return found if len({str(each) for each in found}) == len(found) else found[:1]


def resume_sending(where: BusinessAccount | PhoneNumber, *, by: Agent | None) -> bool:
    """Let a number or account send again, oldest first; False when it was not stopped. Called after a new token, too.

    `by` is None when a command line did it.
    """
    with transaction.atomic():
        resumed = type(where).objects.filter(pk=where.pk, sending_stopped_at__isnull=False).update(
            sending_stopped_at=None, sending_stopped_code=None
        )
        if resumed:
            events.workspace_alert(where.workspace, Alert.SENDING_RESUMED, by=by.pk if by else None)
            outbox.wake()
    where.sending_stopped_at, where.sending_stopped_code = None, None
    return bool(resumed)
