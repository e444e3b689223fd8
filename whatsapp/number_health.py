"""How a number does: asked hourly and on demand, told by webhooks in between. What changes goes into its history.

The facts are a flat dict, so that they can be compared: see FACTS. `whatsapp.number_alarms` says what they mean.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from whatsapp import errors
from whatsapp.connecting import token_facts
from whatsapp.errors import DeliveryProblem
from whatsapp.models import BusinessAccount, NumberChange, NumberHealth, PhoneNumber
from whatsapp.number_client import AppAPI, TokenAPI

UPGRADED_THROUGHPUT = 1000
HISTORY_SHOWN = 50
MOST_REASONS = 10
# What the history notes, and its words.
WATCHED: dict[str, str | Promise] = {
    "quality": _("Quality"), "status": _("Connection"), "limit": _("New customers a day"),
    "throughput": _("Messages per second"), "name": _("Display name"), "name_status": _("Review of the display name"),
    "can_send": _("May send"), "verification": _("Verification of the number"), "official": _("Official account"),
    "pin": _("Two-step PIN"), "token_expires_at": _("End of the access token"), "restriction": _("Restriction"),
}  # fmt: skip
LIMITS = {"TIER_50": "50", "TIER_250": "250", "TIER_1K": "1000", "TIER_2K": "2000", "TIER_10K": "10000",
          "TIER_100K": "100000", "TIER_UNLIMITED": "unlimited", "-1": "unlimited"}  # fmt: skip


def check(number: PhoneNumber, **known: str) -> NumberHealth:
    """Ask Meta how the number does; `known` are facts of our own. Raises DeliveryProblem, having noted it."""
    account = number.business_account
    secret = account.meta_app.secrets.order_by("-created_at", "-pk").first()
    plain = secret.secret.reveal() if secret else ""
    token = account.access_token.reveal()
    try:
        facts = facts_of(TokenAPI(token, plain).number(number.phone_number_id))
    except DeliveryProblem as problem:
        _note_trouble(number, problem.code)
        raise
    facts |= _token(account, token, plain)
    return _keep(number, facts | known)


def _token(account: BusinessAccount, token: str, secret: str) -> dict[str, str]:
    """What Meta says of the token; nothing when it does not say (an app secret that was changed there, say)."""
    try:
        about = token_facts(AppAPI(account.meta_app.app_id, secret).about(token))
    except DeliveryProblem:
        return {}
    return {"token_kind": about["kind"], "token_expires_at": about["expires_at"]}


def facts_of(shown: Mapping[str, Any]) -> dict[str, Any]:
    """Meta's node of a number, as what we keep. What is missing is left out."""
    throughput = shown.get("throughput")
    health = shown.get("health_status")
    facts = {
        "quality": _word(shown, "quality_rating"), "status": _word(shown, "status"),
        "limit": plain_limit(_word(shown, "whatsapp_business_manager_messaging_limit")),
        "throughput": _word(throughput, "level") if isinstance(throughput, dict) else "",
        "name": _word(shown, "verified_name"), "name_status": _word(shown, "name_status"),
        "new_name_status": _word(shown, "new_name_status"), "verification": _word(shown, "code_verification_status"),
        "official": _switch(shown, "is_official_business_account"), "pin": _switch(shown, "is_pin_enabled"),
        "can_send": _word(health, "can_send_message") if isinstance(health, dict) else "",
    }  # fmt: skip
    return {name: value for name, value in facts.items() if value} | {"reasons": _reasons(health)}


def plain_limit(word: str) -> str:
    """Meta writes limits in two ways: TIER_2K and 2000."""
    return LIMITS.get(word, word)


def _reasons(health: Any) -> list[dict[str, Any]]:
    """What health_status names: (entity, code, description, solution), a line each."""
    entities = health.get("entities") if isinstance(health, dict) else None
    found = [
        {"entity": _word(entity, "entity_type"), "code": error.get("error_code"),
         "description": _word(error, "error_description", 300), "solution": _word(error, "possible_solution", 300)}
        for entity in entities or [] if isinstance(entity, dict)
        for error in entity.get("errors") or [] if isinstance(error, dict)
    ]  # fmt: skip
    return found[:MOST_REASONS]


def _word(data: Mapping[str, Any], name: str, longest: int = 120) -> str:
    value = data.get(name)
    return value[:longest] if isinstance(value, str) else ""


def _switch(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    return ("yes" if value else "no") if isinstance(value, bool) else ""


@transaction.atomic
def _keep(number: PhoneNumber, facts: dict[str, Any]) -> NumberHealth:
    NumberHealth.objects.get_or_create(phone_number=number)
    health = NumberHealth.objects.select_for_update().get(phone_number=number)
    before, known = health.facts, bool(health.facts)
    health.facts = {**before, **facts}
    health.checked_at, health.trouble_since, health.trouble_code = timezone.now(), None, None
    health.save()
    changed = [name for name in WATCHED if known and str(before.get(name, "")) != str(health.facts.get(name, ""))]
    NumberChange.objects.bulk_create(
        NumberChange(phone_number=number, what=name, before=str(before.get(name, ""))[:120],
                     after=str(health.facts.get(name, ""))[:120])
        for name in changed
    )  # fmt: skip
    _apply(number, health.facts)
    return health


def _apply(number: PhoneNumber, facts: Mapping[str, Any]) -> None:
    """What the rest of the product goes by."""
    fields = {"quality": str(facts.get("quality") or number.quality)[:12],
              "status": str(facts.get("status") or number.status)[:20]}  # fmt: skip
    if facts.get("throughput") == "HIGH" and number.throughput < UPGRADED_THROUGHPUT:
        fields["throughput"] = UPGRADED_THROUGHPUT  # type: ignore[assignment]
    for name, value in fields.items():
        setattr(number, name, value)
    number.save(update_fields=list(fields))
    if facts.get("limit"):
        BusinessAccount.objects.filter(pk=number.business_account_id).update(daily_limit=str(facts["limit"])[:32])


def _note_trouble(number: PhoneNumber, code: int) -> None:
    health, _made = NumberHealth.objects.get_or_create(phone_number=number)
    health.trouble_since, health.trouble_code = health.trouble_since or timezone.now(), code
    health.save(update_fields=["trouble_since", "trouble_code"])


def note(number: PhoneNumber, what: str, after: str, *, before: str | None = None, at: datetime | None = None) -> None:
    """A webhook says that something changed: history, and the facts with it, so that it is not noted twice.

    Runs in the transaction of whoever takes the webhook in.
    """
    NumberHealth.objects.get_or_create(phone_number=number)
    health = NumberHealth.objects.select_for_update().get(phone_number=number)
    was = str(health.facts.get(what, "") or before or "")
    if was == after:
        return
    health.facts = {**health.facts, what: after}
    health.save(update_fields=["facts"])
    NumberChange.objects.create(
        phone_number=number, what=what, before=was[:120], after=after[:120], at=at or timezone.now()
    )


def unchanged_since(number: PhoneNumber, what: str) -> timedelta | None:
    """How long this fact has been as it is; None when it never changed while we looked."""
    last = NumberChange.objects.filter(phone_number=number, what=what).order_by("-id").first()
    return timezone.now() - last.at if last else None


def must_stop(problem: DeliveryProblem) -> bool:
    """Does this answer to the question mean that nothing can be sent either?"""
    return errors.action(problem.code) == errors.STOP
