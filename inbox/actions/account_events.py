"""What Meta says about a number, its account or its templates, and about a customer's own marketing switch."""

import logging
from datetime import datetime, timedelta

from inbox import events, jobs
from inbox.actions import contacts, template_care
from inbox.actions.consent import contact_changed, had_agreed, latest_consent, record_consent
from inbox.actions.intake import Ignored, Intake
from inbox.actions.sending_stops import stop_sending
from inbox.enums import ConsentState
from inbox.models import Consent
from whatsapp import errors, number_health
from whatsapp.models import BusinessAccount, PhoneNumber
from whatsapp.payloads import AccountEvent, NumberErrors, PreferenceUpdate, TemplateEvent

logger = logging.getLogger(__name__)

RATE_LIMITED = 130429
SLOW_FOR = timedelta(seconds=30)
UPGRADED_THROUGHPUT = 1000
RESTRICTION = "RESTRICTED_BIZ_INITIATED_MESSAGING"
NO_END = timedelta(days=365)  # a restriction without an end: until Meta says otherwise
NAME_STATES = {"REJECTED": "DECLINED", "PENDING": "PENDING_REVIEW", "DEFERRED": "PENDING_REVIEW"}
POLICY_CODE = 368  # what Meta answers while an account is disabled


def receive_preference(number: PhoneNumber, item: PreferenceUpdate, intake: Intake) -> None:
    """Stop or resume in WhatsApp's own settings: evidence like any other, newest by Meta's time.

    Resume takes back WhatsApp's own stop and nothing else: who never agreed to our words has not agreed by it.
    """
    contact, at = contacts.identify(number, item.person), intake.clamp(item.at)
    state = ConsentState.WITHDRAWN if item.value == "stop" else ConsentState.GIVEN
    if state == ConsentState.GIVEN and not had_agreed(contact, at):
        raise Ignored("marketing is let in again by somebody who has not agreed to ours")
    before = latest_consent(contact)
    record_consent(contact, state, source=Consent.Source.META, occurred_at=at, wording=item.detail)
    if latest_consent(contact) != before:
        contact_changed(contact)


def receive_number_errors(number: PhoneNumber, item: NumberErrors, intake: Intake) -> None:
    """Trouble of a whole number: too fast means slower for a while, what only an admin can mend stops sending."""
    for error in item.errors:
        if error.code == RATE_LIMITED:
            _slow_down(number, intake.received_at + SLOW_FOR)
        elif error.code and errors.action(error.code) == errors.STOP:
            stop_sending(number, error.code)
        else:
            logger.warning("Meta reports error %s for number %s", error.code, number.phone_number_id)


def _slow_down(number: PhoneNumber, until: datetime) -> None:
    number.refresh_from_db(fields=["slowed_until"])
    if number.slowed_until is None or number.slowed_until < until:
        number.slowed_until = until
        number.save(update_fields=["slowed_until"])
        events.workspace_alert(number.workspace, "number_slowed", number=number.pk)


def receive_template_event(account: BusinessAccount, item: TemplateEvent, intake: Intake) -> None:
    """Template news go to the templates' own module."""
    from whatsapp import template_sync

    if item.kind == "components":
        jobs.enqueue(jobs.sync_account_templates, account.pk)
    with template_care.telling_alarms(account):
        is_ours = template_sync.apply_event(item)
    if not is_ours:
        raise Ignored(f"template {item.name} ({item.language}) is not known here; the next sync brings it")


def receive_account_event(account: BusinessAccount, item: AccountEvent, intake: Intake) -> None:
    """Limits, restrictions and bans on the account; quality and throughput on a number."""
    account = BusinessAccount.objects.select_for_update(of=("self",)).select_related("workspace").get(pk=account.pk)
    if item.kind in {"phone_number_quality_update", "phone_number_name_update", "business_username_updates"}:
        _number_event(account, item)
    elif item.kind == "business_capability_update":
        _set_limit(account, item)
    elif item.event == "ACCOUNT_RESTRICTION":
        _restrict(account, item, intake)
    elif item.event == "DISABLED_UPDATE":
        _ban(account, item, intake)
    elif item.kind in {"account_alerts", "account_review_update", "security", "account_update"}:
        events.workspace_alert(account.workspace, "account_event", event=item.event, detail=item.detail)
    else:
        raise Ignored(f"{item.kind}: {item.event}")


def _number_event(account: BusinessAccount, item: AccountEvent) -> None:
    """These name a number only by its digits."""
    number = account.phone_numbers.filter(display_number=item.display_number).first()
    if number is None:
        raise Ignored(f"{item.kind} of a number that is not known here")
    _set_limit(account, item)
    if item.event == "THROUGHPUT_UPGRADE" and number.throughput < UPGRADED_THROUGHPUT:
        number_health.note(number, "throughput", "HIGH", before="STANDARD", at=item.at)
        number.throughput = UPGRADED_THROUGHPUT
        number.save(update_fields=["throughput"])
    elif item.event in {"FLAGGED", "UNFLAGGED"}:
        rating = "RED" if item.event == "FLAGGED" else "GREEN"
        number_health.note(number, "quality", rating, before=number.quality, at=item.at)
        number.quality = rating
        number.save(update_fields=["quality"])
    elif item.kind == "phone_number_name_update":
        number_health.note(number, "name_status", NAME_STATES.get(item.event, item.event), at=item.at)
        if item.event == "APPROVED" and item.detail:
            number_health.note(number, "name", item.detail, before=number.name, at=item.at)
            number.name = item.detail
            number.save(update_fields=["name"])


def _set_limit(account: BusinessAccount, item: AccountEvent) -> None:
    if item.limit and item.limit != account.daily_limit:
        for number in account.phone_numbers.order_by("pk"):
            before = number_health.plain_limit(account.daily_limit)
            number_health.note(number, "limit", number_health.plain_limit(item.limit), before=before, at=item.at)
        account.daily_limit = item.limit
        account.save(update_fields=["daily_limit"])


def _restrict(account: BusinessAccount, item: AccountEvent, intake: Intake) -> None:
    """Templates stop until then; replies in an open window stay allowed."""
    found = next((each for each in item.restrictions if each.kind == RESTRICTION), None)
    if found is None:
        kinds = ", ".join(each.kind for each in item.restrictions)
        events.workspace_alert(account.workspace, "account_event", event=item.event, detail=kinds)
        return
    before = account.restricted_until
    account.restricted_until, account.restriction = found.until or intake.received_at + NO_END, found.kind
    account.save(update_fields=["restricted_until", "restriction"])
    if account.restricted_until != before:
        until = account.restricted_until.isoformat() if account.restricted_until else ""
        for number in account.phone_numbers.order_by("pk"):
            number_health.note(number, "restriction", until, at=item.at)
        events.workspace_alert(account.workspace, "account_restricted")


def _ban(account: BusinessAccount, item: AccountEvent, intake: Intake) -> None:
    if item.ban_state == "DISABLE" and account.sending_stopped_at is None:
        account.sending_stopped_at, account.sending_stopped_code = intake.clamp(item.at), POLICY_CODE
    elif item.ban_state == "REINSTATE" and account.sending_stopped_code == POLICY_CODE:
        account.sending_stopped_at = account.sending_stopped_code = None
    account.save(update_fields=["sending_stopped_at", "sending_stopped_code"])
    events.workspace_alert(account.workspace, "account_event", event=item.ban_state or item.event, detail="")
