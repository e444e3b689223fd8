"""Every background job, and the one way to queue them. A leaf: each job imports its action inside its body.

A job takes ids, loads its row and calls one action. The row is the truth: a job that never runs (Redis was gone) is
queued again by the sweeper, a job that runs twice finds its work done.
"""

import functools
import logging
import time
from collections.abc import Callable
from typing import Any

import redis
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from redis.backoff import NoBackoff
from redis.retry import Retry

from accounts.logs import belonging

logger = logging.getLogger(__name__)

REST_SECONDS = 2.0  # after a failure Redis is left alone this long, so that receiving never waits for it


class _Redis:
    """Since when Redis is not worth a try, per process."""

    rests_until = 0.0


@functools.lru_cache(maxsize=1)
def _connection() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=2, retry=Retry(NoBackoff(), 1)
    )


def enqueue(func: Callable[..., Any], *args: Any, queue: str = "default") -> None:
    """Queue `func(*args)` once the current transaction has committed (at once without one).

    Never raises: when Redis is gone the failure is logged and the sweeper finds the row later.
    """
    transaction.on_commit(functools.partial(_put, func, args, queue), robust=True)


def _put(func: Callable[..., Any], args: tuple[Any, ...], queue: str) -> None:
    import django_rq

    if time.monotonic() < _Redis.rests_until:
        return
    try:
        django_rq.get_queue(queue, connection=_connection(), commit_mode="auto").enqueue(
            func, *args, meta=dict(belonging.get())
        )
    except (redis.RedisError, OSError) as error:
        _Redis.rests_until = time.monotonic() + REST_SECONDS
        logger.warning("Job %s could not be queued, the sweeper will: %s", func.__name__, type(error).__name__)


def fetch_attachment(attachment_id: int) -> None:
    """Get a customer's file from Meta and keep our own copy."""
    from inbox.actions import attachments
    from inbox.models import Attachment

    attachment = Attachment.objects.filter(pk=attachment_id).first()
    if attachment is None:
        logger.info("Attachment %s has gone; nothing to fetch", attachment_id)
        return
    attachments.fetch_attachment(attachment)


def prepare_attachment(attachment_id: int) -> None:
    """Make the previews of a file that is here already: one of ours, or one from before."""
    from inbox.actions import previews
    from inbox.models import Attachment

    attachment = Attachment.objects.filter(pk=attachment_id).first()
    if attachment is None:
        logger.info("Attachment %s has gone; nothing to prepare", attachment_id)
        return
    previews.prepare_attachment(attachment)


def send_read_receipt(message_id: int) -> None:
    """Let the customer see that their message has been read."""
    from inbox.actions import receipts
    from inbox.models import Message

    message = Message.objects.select_related("phone_number__business_account").filter(pk=message_id).first()
    if message is None:
        logger.info("Message %s has gone; nothing to mark read", message_id)
        return
    receipts.send_read_receipt(message)


def send_typing(conversation_id: int) -> None:
    """Let the customer see that somebody is writing."""
    from inbox.actions import receipts
    from inbox.models import Conversation

    conversation = Conversation.objects.filter(pk=conversation_id).first()
    if conversation is None:
        logger.info("Conversation %s has gone; nobody to show typing to", conversation_id)
        return
    receipts.send_typing(conversation)


def send_push(notice_id: int) -> None:
    """Tell an agent on their devices."""
    from inbox.actions import pushing
    from inbox.models import PushNotice

    notice = PushNotice.objects.select_related("conversation__workspace", "conversation__contact").filter(pk=notice_id)
    if (found := notice.first()) is None:
        logger.info("Push %s has gone; somebody else has sent it", notice_id)
        return
    pushing.send_notice(found)


def forget_ended_push_devices() -> None:
    """Delete the devices of people who have been signed out everywhere or left."""
    from inbox.actions import pushing

    pushing.forget_ended_devices()


def settle_block(conversation_id: int) -> None:
    """Tell Meta whom we do not want to hear from, or again."""
    from inbox.actions import blocking
    from inbox.models import Conversation

    found = Conversation.objects.select_related("contact", "block", "phone_number__business_account__meta_app")
    conversation = found.filter(pk=conversation_id, block__isnull=False).first()
    if conversation is None:
        logger.info("Conversation %s has gone or is not blocked", conversation_id)
        return
    blocking.settle_block(conversation)


def work_on_import(import_id: int) -> None:
    """Go on with checking or applying a file of contacts."""
    from inbox.actions import contact_imports
    from inbox.models import ContactImport

    found = ContactImport.objects.select_related("workspace", "agent__workspace", "phone_number__business_account")
    imported = found.filter(pk=import_id).first()
    if imported is None:
        logger.info("Import %s has gone; nothing to do", import_id)
        return
    contact_imports.work_on(imported)


def work_on_erasure(erasure_id: int) -> None:
    """Go on with erasing a person."""
    from inbox.models import Erasure
    from inbox.privacy import erasing

    erasure = Erasure.objects.filter(pk=erasure_id, state=Erasure.State.RUNNING).first()
    if erasure is None:
        logger.info("Erasure %s is done; nothing to do", erasure_id)
        return
    erasing.work_on(erasure)


def make_person_export(export_id: int) -> None:
    """Put together what is known of a person."""
    from inbox.models import PersonExport
    from inbox.privacy import exporting

    export = PersonExport.objects.select_related("contact", "by__workspace").filter(pk=export_id).first()
    if export is None:
        logger.info("Export %s has gone; nothing to do", export_id)
        return
    exporting.make(export)


def forget_what_is_old() -> None:
    """Delete what the workspaces do not want to keep any longer."""
    from inbox.privacy import retention

    retention.work()


def forget_old_person_exports() -> None:
    """Delete exports of people that are older than a day."""
    from inbox.privacy import exporting

    exporting.forget_old()


def roll_reports() -> None:
    """Bring the figures of the reports up to date."""
    from inbox.reports import rolling

    if rolling.roll():
        enqueue(roll_reports)


def sync_account_templates(account_id: int) -> None:
    """Fetch the templates of one business account from Meta."""
    from inbox.actions.number_checks import fetch_templates
    from whatsapp.models import BusinessAccount

    account = BusinessAccount.objects.select_related("meta_app", "workspace").filter(pk=account_id).first()
    if account is None:
        logger.info("Business account %s has gone; no templates to fetch", account_id)
        return
    result = fetch_templates(account)
    if result.error:
        logger.warning("The templates of %s could not be fetched: %s", account.waba_id, result.error)


def sync_templates() -> None:
    """Fetch the templates of every connected business account, each in a job of its own."""
    from whatsapp.models import BusinessAccount, PhoneNumber

    connected = PhoneNumber.objects.connected().filter(business_account=OuterRef("pk"))
    for account_id in BusinessAccount.objects.filter(Exists(connected)).values_list("pk", flat=True):
        enqueue(sync_account_templates, account_id)


def measure_storage() -> None:
    """Note what each workspace's media take, for the warning to admins."""
    from inbox import storage

    storage.measure_storage()


def forget_old_sign_ins() -> None:
    """Delete counters of past sign-in tries and sessions that are over."""
    from accounts.jobs import delete_expired_throttles
    from accounts.sessions import SessionStore

    delete_expired_throttles()
    SessionStore.clear_expired()


def forget_old_events() -> None:
    """Delete what the screens have long heard."""
    from inbox import event_writing

    event_writing.forget_old()


def forget_old_deliveries() -> None:
    """Delete webhook bodies that were processed long ago."""
    from whatsapp import deliveries

    deliveries.forget_old()


def forget_old_uploads() -> None:
    """Delete files that were left in a composer long ago."""
    from inbox.actions import uploads

    uploads.forget_old()


def forget_old_imports() -> None:
    """Delete the files of contacts that were imported some time ago."""
    from inbox.actions import contact_imports

    contact_imports.forget_old()


def sweep_files() -> None:
    """Delete stored files that belong to no row any more."""
    from inbox.actions import sweeping

    sweeping.sweep_files()


def forget_old_merges() -> None:
    """Delete what it would take to part contacts that were merged yesterday."""
    from inbox.actions import contact_merges

    contact_merges.forget_old()


def tell_webhook(webhook_id: int) -> None:
    """Tell another system what has happened."""
    from inbox.models import OutgoingWebhook
    from inbox.outgoing_webhooks import delivering

    webhook = OutgoingWebhook.objects.filter(pk=webhook_id, is_active=True).first()
    if webhook is None:
        logger.info("Webhook %s has gone or is switched off", webhook_id)
        return
    delivering.tell(webhook)


def forget_told_webhooks() -> None:
    """Delete the log of what other systems were told long ago."""
    from inbox.outgoing_webhooks import delivering

    delivering.forget_old()


def forget_old_api_answers() -> None:
    """Delete answers of the API that nobody can ask for again."""
    from inbox.api import repeating

    repeating.forget_old()


def check_numbers() -> None:
    """Ask Meta how every number does."""
    from inbox.actions import number_checks

    number_checks.check_all_numbers()


def mail_alarms() -> None:
    """Tell admins by mail what the banners say."""
    from inbox.actions import alarm_mails

    alarm_mails.mail_all_alarms()


# What the scheduler queues by itself; each takes no argument and bears being run twice.
HOURLY = (
    sync_templates, check_numbers, mail_alarms, measure_storage, forget_old_events, forget_old_api_answers,
    forget_old_person_exports,
)  # fmt: skip
NIGHTLY: tuple[Callable[[], None], ...] = (
    forget_old_sign_ins, forget_old_deliveries, forget_old_uploads, sweep_files, forget_ended_push_devices,
    forget_old_imports, forget_old_merges, forget_told_webhooks, forget_what_is_old,
)  # fmt: skip
