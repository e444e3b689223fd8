"""What an admin has to know of a number, and who must do what about it. Pure: facts in, sentences out."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import formats, timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from whatsapp import meta_pages
from whatsapp.meta_pages import MetaPage
from whatsapp.models import BusinessAccount, NumberHealth, PhoneNumber

TOKEN_SOON = timedelta(days=14)
SILENT = timedelta(hours=3)  # Meta was asked three times and did not say
PAYMENT_CODES = {131042, 141006, 141010}
UNREGISTERED = {"DISCONNECTED", "PENDING", "UNVERIFIED", "MIGRATED"}
HELD = {"FLAGGED", "RESTRICTED", "RATE_LIMITED", "BANNED"}


@dataclass(frozen=True)
class Alarm:
    """One of them. `page` is where at Meta it is mended."""

    kind: str
    sentence: str | Promise
    page: MetaPage | None = None
    is_urgent: bool = True


def alarms(number: PhoneNumber, health: NumberHealth | None, now: datetime) -> list[Alarm]:
    """The most urgent first. Stopped sending has a banner of its own and is not repeated here."""
    facts = health.facts if health is not None else {}
    account = number.business_account
    found = [
        _status(str(facts.get("status") or number.status), account), _payment(facts, account),
        _blocked(facts, account), _webhook(facts), _restricted(account, now), _token(facts, now),
        _quality(number.quality, account), _name(facts, account), _silent(health, now),
    ]  # fmt: skip
    return sorted((each for each in found if each is not None), key=lambda each: not each.is_urgent)


def _status(status: str, account: BusinessAccount) -> Alarm | None:
    page = meta_pages.numbers(account.waba_id)
    if status in UNREGISTERED:
        return Alarm("registration", _("Not registered with WhatsApp. An admin registers it with its PIN, below."))
    if status in HELD:
        words = _("Meta holds this number back (%(status)s). An admin has to look at the reasons there.")
        return Alarm("held", words % {"status": status}, page)
    if status == "DELETED":
        return Alarm("deleted", _("Meta does not know this number any more. Connect another one."), page)
    return None


def _payment(facts: dict, account: BusinessAccount) -> Alarm | None:
    codes = {reason.get("code") for reason in facts.get("reasons", [])}
    if not codes & PAYMENT_CODES and account.sending_stopped_code != 131042:
        return None
    words = _("Meta has no valid payment method. Whoever pays there has to enter one; until then templates wait.")
    return Alarm("payment", words, meta_pages.billing())


def _blocked(facts: dict, account: BusinessAccount) -> Alarm | None:
    """What health_status says, in Meta's own (English) words: nobody knows it better."""
    reasons = [each for each in facts.get("reasons", []) if each.get("code") not in PAYMENT_CODES]
    state = facts.get("can_send")
    if state not in ("BLOCKED", "LIMITED"):
        return None
    detail = " ".join(filter(None, (reasons[0].get("description"), reasons[0].get("solution")))) if reasons else ""
    words = _("Meta lets this number send nothing.") if state == "BLOCKED" else _("Meta limits what this number sends.")
    page = meta_pages.numbers(account.waba_id)
    return Alarm("can_send", f"{words} {detail}".strip(), page, is_urgent=state == "BLOCKED")


def _webhook(facts: dict) -> Alarm | None:
    since = facts.get("webhook_silent_since")
    if not since:
        return None
    words = _("Messages are sent, but since %(date)s nothing has come in from Meta. An admin lets Meta call, below.")
    return Alarm("webhook", words % {"date": _day(datetime.fromisoformat(since))})


def _restricted(account: BusinessAccount, now: datetime) -> Alarm | None:
    until = account.restricted_until
    if until is None or until <= now:
        return None
    words = _("Until %(date)s Meta lets this account start no conversations. Replies go on; an admin can object there.")
    return Alarm("restricted", words % {"date": _day(until)}, meta_pages.support())


def _token(facts: dict, now: datetime) -> Alarm | None:
    ends = facts.get("token_expires_at")
    if not ends:
        return None
    until = datetime.fromisoformat(ends)
    if until > now + TOKEN_SOON:
        return None
    words = _("The access token ends on %(date)s. An admin makes a new one before that and enters it below.")
    is_urgent = until < now + TOKEN_SOON / 4
    return Alarm("token", words % {"date": _day(until)}, meta_pages.system_users(), is_urgent)


def _quality(quality: str, account: BusinessAccount) -> Alarm | None:
    if quality != "RED":
        return None
    words = _("Low quality: customers block or report you. Send fewer newsletters, and only to those who want them.")
    return Alarm("quality", words, meta_pages.numbers(account.waba_id), is_urgent=False)


def _name(facts: dict, account: BusinessAccount) -> Alarm | None:
    if "DECLINED" not in (facts.get("name_status"), facts.get("new_name_status")):
        return None
    words = _("Meta has declined the display name. An admin asks for another one.")
    return Alarm("name", words, meta_pages.numbers(account.waba_id), is_urgent=False)


def _silent(health: NumberHealth | None, now: datetime) -> Alarm | None:
    since = health.trouble_since if health is not None else None
    if since is None or since > now - SILENT:
        return None
    words = _("Meta has not said since %(date)s how this number does.")
    return Alarm("silent", words % {"date": _day(since)}, is_urgent=False)


def _day(moment: datetime) -> str:
    return formats.date_format(timezone.localtime(moment), "SHORT_DATETIME_FORMAT")
