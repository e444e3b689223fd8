"""The rows of a connection: app, secret, account, number. Written here whether a page or a command line connects."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from accounts.models import Workspace
from whatsapp.models import AppSecret, BusinessAccount, MetaApp, PhoneNumber


@dataclass(frozen=True)
class Given:
    """What was typed. The two secrets do not print."""

    app_id: str
    waba_id: str
    phone_number_id: str
    app_secret: str = field(repr=False)
    access_token: str = field(repr=False)
    take_over: bool = False  # the app's webhooks may be turned from where they go now


class AlreadyElsewhere(Exception):
    """It is connected to another workspace of this installation."""


def field_of_another(given: Given, workspace: Workspace) -> str:
    """What of it belongs to another workspace here: the name of the first, or ""."""
    found = {
        "app_id": MetaApp.objects.filter(app_id=given.app_id),
        "waba_id": BusinessAccount.objects.filter(waba_id=given.waba_id),
        "phone_number_id": PhoneNumber.objects.filter(phone_number_id=given.phone_number_id),
    }  # fmt: skip
    return next((name for name, rows in found.items() if rows.exclude(workspace=workspace).exists()), "")


@transaction.atomic
def store(
    workspace: Workspace, given: Given, *, verify_token: str, display_number: str, portfolio_id: str = "",
    account: Mapping[str, Any] | None = None, number: Mapping[str, Any] | None = None, name: str = "",
) -> PhoneNumber:  # fmt: skip
    """Write or update app, secret, account and number; the same again gives the same rows.

    An empty `verify_token` leaves an app's as it is. `account` and `number` are Meta's own words, where known.
    """
    if field_of_another(given, workspace):
        raise AlreadyElsewhere
    app = MetaApp.objects.filter(app_id=given.app_id).first()
    if app is None or verify_token:
        token = verify_token or secrets.token_urlsafe(24)
        defaults = {"workspace": workspace, "verify_token": token}
        app, _made = MetaApp.objects.update_or_create(app_id=given.app_id, defaults=defaults)
    if not any(known.secret.reveal() == given.app_secret for known in app.secrets.all()):
        AppSecret.objects.create(meta_app=app, secret=given.app_secret)
    facts, owner = account or {}, (account or {}).get("owner_business_info")
    portfolio = portfolio_id or (str(owner.get("id") or "")[:32] if isinstance(owner, dict) else "")
    fields: dict[str, Any] = {"workspace": workspace, "meta_app": app, "access_token": given.access_token}
    known = BusinessAccount.objects.filter(waba_id=given.waba_id).first()
    if portfolio and (known is None or portfolio_id):  # identities hang on it: it never changes by itself
        fields["portfolio_id"] = portfolio
    for ours, theirs, longest in (("name", "name", 120), ("currency", "currency", 3)):
        if isinstance(facts.get(theirs), str) and facts[theirs]:
            fields[ours] = facts[theirs][:longest]
    stored, _made = BusinessAccount.objects.update_or_create(waba_id=given.waba_id, defaults=fields)
    return _stored_number(workspace, given, stored, display_number, number or {}, name)


def _stored_number(
    workspace: Workspace, given: Given, account: BusinessAccount, display_number: str, facts: Mapping[str, Any],
    name: str,
) -> PhoneNumber:  # fmt: skip
    fields: dict[str, Any] = {
        "workspace": workspace, "business_account": account, "display_number": display_number[:20],
        "disconnected_at": None,
    }  # fmt: skip
    known = PhoneNumber.objects.filter(phone_number_id=given.phone_number_id).first()
    if name or (known is None and facts.get("verified_name")):
        fields["name"] = (name or str(facts["verified_name"]))[:120]
    for ours, theirs, longest in (("quality", "quality_rating", 12), ("status", "status", 20)):
        if facts.get(theirs):
            fields[ours] = str(facts[theirs])[:longest]
    stored, _made = PhoneNumber.objects.update_or_create(phone_number_id=given.phone_number_id, defaults=fields)
    return stored


def digits(shown: object) -> str:
    """A displayed number as webhooks name it."""
    return re.sub(r"\D", "", str(shown or ""), flags=re.ASCII)
