"""Connecting a number: what somebody typed is tried at Meta, a check a sentence, before any of it is kept.

Secrets are never part of a sentence, an exception or a log line. What holds is kept by `whatsapp.connections`.
"""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.utils import formats, timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Workspace
from whatsapp import meta_pages
from whatsapp.connections import Given, field_of_another
from whatsapp.errors import DeliveryProblem
from whatsapp.models import MetaApp
from whatsapp.number_client import AppAPI, TokenAPI
from whatsapp.round_trip import BAD, GOOD, LOOK, Check, callback_url, failed, round_trip

SCOPES = ("whatsapp_business_messaging", "whatsapp_business_management")
# The check of each key is about one thing that was typed.
FIELDS = {"secret": "app_secret", "token": "access_token", "account": "waba_id", "number": "phone_number_id"}
SOON = timedelta(days=60)  # a token that ends sooner is worth a word


@dataclass
class Report:
    """Every check that was made, and Meta's own words for what is to be stored."""

    checks: list[Check] = field(default_factory=list)
    number: dict[str, Any] = field(default_factory=dict)
    account: dict[str, Any] = field(default_factory=dict)
    token: dict[str, Any] = field(default_factory=dict)
    verify_token: str = field(default="", repr=False)

    @property
    def holds(self) -> bool:
        """All were made and none failed."""
        return any(check.key == "webhook" for check in self.checks) and all(each.state != BAD for each in self.checks)

    @property
    def goes_elsewhere(self) -> bool:
        return any(check.key == "elsewhere" for check in self.checks)


def examine(given: Given, workspace: Workspace) -> Report:
    """Try everything. Nothing is stored; at Meta only the account's webhooks are turned on and sent here."""
    report = Report()
    for check in _checks(given, workspace, report):
        if check.page is not None:  # without one Meta had no answer, which is nothing that was typed
            check = replace(check, field=FIELDS.get(check.key, ""))
        report.checks.append(check)
        if check.state == BAD:
            break
    return report


def _checks(given: Given, workspace: Workspace, report: Report) -> Iterator[Check]:
    if field := field_of_another(given, workspace):
        words = _("This number, account or app belongs to another workspace here.")
        yield Check("elsewhere_here", BAD, words, field=field)
        return
    yield from check_token(given, report)
    yield from _account(given, report)
    yield from _number(given, report)
    yield from _subscription(given)
    yield from _webhook(given, workspace, report)


def check_token(given: Given, report: Report | None = None) -> Iterator[Check]:
    """Do app and secret belong together, and what may the token do? Also what a new token has to pass."""
    report = report if report is not None else Report()
    try:
        about = AppAPI(given.app_id, given.app_secret).about(given.access_token)
    except DeliveryProblem as problem:
        words = _("App ID and app secret do not belong together.")
        yield failed("secret", problem, words, meta_pages.app_basics(given.app_id))
        return
    report.token = token_facts(about)
    yield Check("secret", GOOD, _("App ID and app secret belong together."))
    yield _token(given, about)


def _token(given: Given, about: Mapping[str, Any]) -> Check:
    page = meta_pages.system_users()
    if about.get("is_valid") is not True:
        return Check("token", BAD, _("This token has expired or was withdrawn. Make a new one."), page)
    if str(about.get("app_id") or "") != given.app_id:
        return Check("token", BAD, _("This token was made for another app. Choose yours when you make one."), page)
    scopes = {str(each) for each in about.get("scopes") or []}
    missing = [scope for scope in SCOPES if scope not in scopes]
    if missing:
        words = _("This token lacks permissions: %(names)s. Tick them when you make one.")
        return Check("token", BAD, words % {"names": ", ".join(missing)}, page)
    if not _may_use(about, given.waba_id):
        words = _("This token may not use the account %(id)s. Give the system user the account as an asset.")
        return Check("token", BAD, words % {"id": given.waba_id}, page)
    ends = token_facts(about)["expires_at"]
    if ends and (until := datetime.fromisoformat(ends)) < timezone.now() + SOON:
        day = formats.date_format(timezone.localtime(until), "DATE_FORMAT")
        limited = _("The token works until %(date)s. One of a system user can last for ever.") % {"date": day}
        return Check("token", LOOK, limited, page)
    return Check("token", GOOD, _("The token is valid and may do everything it has to."))


def _may_use(about: Mapping[str, Any], waba_id: str) -> bool:
    """Meta names the accounts only where a token is limited to some."""
    for granular in about.get("granular_scopes") or []:
        targets = granular.get("target_ids") if isinstance(granular, dict) else None
        if targets and granular.get("scope") in SCOPES and waba_id not in [str(each) for each in targets]:
            return False
    return True


def token_facts(about: Mapping[str, Any]) -> dict[str, Any]:
    """What we keep of debug_token: kind, end ("" is never), scopes."""
    ends = about.get("expires_at")
    until = datetime.fromtimestamp(ends, UTC).isoformat() if isinstance(ends, int) and 0 < ends < 2**33 else ""
    return {"kind": str(about.get("type") or ""), "expires_at": until, "valid": about.get("is_valid") is True}


def _account(given: Given, report: Report) -> Iterator[Check]:
    try:
        report.account = TokenAPI(given.access_token, given.app_secret).waba(given.waba_id)
    except DeliveryProblem as problem:
        words = _("The token finds no WhatsApp account %(id)s.") % {"id": given.waba_id}
        yield failed("account", problem, words, meta_pages.accounts())
        return
    review = str(report.account.get("account_review_status") or "APPROVED")
    name = str(report.account.get("name") or given.waba_id)
    if review != "APPROVED":
        words = _("%(name)s: Meta has not approved this account yet (%(state)s).") % {"name": name, "state": review}
        yield Check("account", LOOK, words, meta_pages.accounts())
    else:
        yield Check("account", GOOD, _("WhatsApp account: %(name)s.") % {"name": name})


def _number(given: Given, report: Report) -> Iterator[Check]:
    page = meta_pages.numbers(given.waba_id)
    api = TokenAPI(given.access_token, given.app_secret)
    try:
        report.number = api.number(given.phone_number_id)
        is_accounts = given.phone_number_id in api.numbers_of(given.waba_id)
    except DeliveryProblem as problem:
        words = _("The token finds no number with the ID %(id)s.") % {"id": given.phone_number_id}
        yield failed("number", problem, words, page)
        return
    shown = {"number": str(report.number.get("display_phone_number") or given.phone_number_id),
             "name": str(report.number.get("verified_name") or "")}  # fmt: skip
    if not is_accounts:
        yield Check("number", BAD, _("%(number)s does not belong to this WhatsApp account.") % shown, page)
    elif str(report.number.get("status") or "CONNECTED") != "CONNECTED":
        waits = _("%(number)s, %(name)s: not registered yet. After connecting, register it with its PIN.") % shown
        yield Check("number", LOOK, waits, page)
    else:
        yield Check("number", GOOD, _("%(number)s, %(name)s.") % shown)


def _subscription(given: Given) -> Iterator[Check]:
    api = TokenAPI(given.access_token, given.app_secret)
    page = meta_pages.app_webhooks(given.app_id)
    try:
        if given.app_id not in api.apps_of(given.waba_id):
            api.subscribe(given.waba_id)
        is_there = given.app_id in api.apps_of(given.waba_id)
    except DeliveryProblem as problem:
        yield failed("subscription", problem, _("The account could not be subscribed to your app."), page)
        return
    if is_there:
        yield Check("subscription", GOOD, _("Your app gets what happens in this account."))
    else:
        yield Check("subscription", BAD, _("Meta does not list your app for this account."), page)


def _webhook(given: Given, workspace: Workspace, report: Report) -> Iterator[Check]:
    app = MetaApp.objects.filter(app_id=given.app_id, workspace=workspace).first()
    report.verify_token = app.verify_token.reveal() if app else secrets.token_urlsafe(24)
    api, page = AppAPI(given.app_id, given.app_secret), meta_pages.app_webhooks(given.app_id)
    try:
        at_present = api.callback()
    except DeliveryProblem as problem:
        yield failed("webhook", problem, _("Meta does not say where your app's webhooks go."), page)
        return
    if at_present and at_present != callback_url() and not given.take_over:
        words = _("The webhooks of this app go to %(host)s at present. Whoever listens there would hear nothing more.")
        yield Check("elsewhere", BAD, words % {"host": urlsplit(at_present).hostname or at_present}, page)
        return
    yield round_trip(workspace, api, report.verify_token, page)
