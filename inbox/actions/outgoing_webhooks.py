"""Admins set up webhooks for other systems, change and try them, and send again what was sent before."""

import uuid
from collections.abc import Iterable
from datetime import timedelta
from urllib.parse import urlsplit

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.audit import record_audit
from accounts.models import Agent
from inbox.errors import FieldsInvalid, InboxRuleViolation
from inbox.models import OutgoingDelivery, OutgoingEvent, OutgoingWebhook
from inbox.models.outgoing_webhook import PING
from inbox.outgoing_webhooks import addresses, delivering, sending, signing, words
from whatsapp.models import PhoneNumber

MOST = 20  # of one workspace: each event writes a row for each


def create_webhook(
    *, url: str, events: Iterable[str], by: Agent, numbers: Iterable[PhoneNumber] = ()
) -> tuple[OutgoingWebhook, str]:
    """A webhook and its secret, which is shown this once; without `numbers` it hears of all.

    Raises FieldsInvalid for an address we do not connect to.
    """
    url = checked_address(url)
    secret = signing.new_secret()
    with transaction.atomic():
        if OutgoingWebhook.objects.filter(workspace=by.workspace_id).count() >= MOST:
            raise InboxRuleViolation(_("There are as many webhooks as there may be."))
        webhook = OutgoingWebhook.objects.create(
            workspace=by.workspace, url=url, events=_in_order(events), secret=secret
        )
        narrowed = _narrow(webhook, numbers)
        record_audit(
            by.workspace, by, "outgoing_webhook.created", subject=_host(url),
            data={"events": webhook.events, **narrowed},
        )  # fmt: skip
    return webhook, secret


def change_webhook(
    webhook: OutgoingWebhook, *, url: str, events: Iterable[str], is_active: bool, by: Agent,
    numbers: Iterable[PhoneNumber] = (),
) -> None:  # fmt: skip
    """Another address, other events or numbers, on or off. What waits already is told all the same.

    Switched on again it is judged anew.
    """
    url = checked_address(url)
    with transaction.atomic():
        row = OutgoingWebhook.objects.select_for_update().get(pk=webhook.pk)
        if (is_active and not row.is_active) or url != row.url:
            row.failing_since = row.switched_off_at = row.queued_until = None
        row.url, row.events, row.is_active = url, _in_order(events), is_active
        row.save()
        narrowed = _narrow(row, numbers)
        record_audit(
            by.workspace, by, "outgoing_webhook.changed", subject=_host(url),
            data={"events": row.events, **narrowed, "active": row.is_active},
        )  # fmt: skip


@transaction.atomic
def renew_secret(webhook: OutgoingWebhook, *, by: Agent) -> str:
    """A new secret, shown this once; for a day the one before signs as well."""
    row = OutgoingWebhook.objects.select_for_update().get(pk=webhook.pk)
    secret = signing.new_secret()
    row.previous_secret, row.previous_until = row.secret, timezone.now() + signing.BOTH_FOR
    row.secret = secret
    row.save(update_fields=["secret", "previous_secret", "previous_until"])
    record_audit(by.workspace, by, "outgoing_webhook.secret", subject=_host(row.url))
    return secret


@transaction.atomic
def remove_webhook(webhook: OutgoingWebhook, *, by: Agent) -> None:
    """With its log, and what it has not been told yet."""
    record_audit(by.workspace, by, "outgoing_webhook.removed", subject=_host(webhook.url))
    webhook.delete()


def ping(webhook: OutgoingWebhook) -> sending.Try:
    """Send a test now and say what came of it. It stands in the log, and is not repeated by itself."""
    now = timezone.now()
    delivery = OutgoingDelivery.objects.create(
        webhook=webhook, uid=uuid.uuid4(), event=PING, subject_id=webhook.pk, occurred_at=now, tried_at=now,
        tries=1, next_try_at=now + timedelta(minutes=2),
    )  # fmt: skip
    return delivering.attempt(delivery)


@transaction.atomic
def replay(delivery: OutgoingDelivery, *, by: Agent) -> bool:
    """Send it again, under the same id, with all its tries; False while it waits anyway."""
    rows = OutgoingDelivery.objects.filter(pk=delivery.pk).exclude(state=OutgoingDelivery.State.WAITING)
    waiting = {"state": OutgoingDelivery.State.WAITING, "tries": 0, "next_try_at": timezone.now()}
    if not rows.update(**waiting, error="", answer_status=None):
        return False
    data = {"event": delivery.event, "number": delivery.pk}
    record_audit(by.workspace, by, "outgoing_webhook.replayed", subject=_host(delivery.webhook.url), data=data)
    return True


def checked_address(url: str) -> str:
    """The address as it is stored, if we would connect to it."""
    url = url.strip()
    try:
        addresses.target_of(url)
    except addresses.AddressRefused as refusal:
        raise FieldsInvalid({"url": words.ERRORS[refusal.code]})
    return url


def _in_order(events: Iterable[str]) -> list[str]:
    wanted = set(events)
    return [event.value for event in OutgoingEvent if event.value in wanted]


def _narrow(webhook: OutgoingWebhook, numbers: Iterable[PhoneNumber]) -> dict[str, object]:
    """Let it hear of these numbers alone, of all where none is given; what the activity log says of that. Of another
    workspace's it hears nothing."""
    given = list(numbers)
    chosen = [number for number in given if number.workspace_id == webhook.workspace_id]
    webhook.all_numbers = not given
    webhook.save(update_fields=["all_numbers"])
    webhook.numbers.set(chosen)
    return {"numbers": [str(number) for number in chosen]} if given else {"all_numbers": True}


def _host(url: str) -> str:
    """For the activity log: the rest of an address is often a secret by itself."""
    return urlsplit(url).netloc
