"""Another access token, another app secret: tried at Meta first, then changed over while everything goes on.

Meta signs with a new app secret from the moment it is made, and repeats what we have not taken for up to seven days; so
the door accepts both secrets that long. Calls are made with the newest.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from whatsapp import connecting
from whatsapp.connections import Given
from whatsapp.models import AppSecret, BusinessAccount, MetaApp, PhoneNumber
from whatsapp.round_trip import BAD, Check

OVERLAP = timedelta(days=7)
DEAD_TOKEN = {0, 190}
# Sending that was stopped for one of these may go on with another token.
ACCESS_CODES = {0, 3, 10, 190, 131005, *range(200, 300)}


def newest_secret(app: MetaApp) -> str:
    found = app.secrets.order_by("-created_at", "-pk").first()
    return found.secret.reveal() if found else ""


def replace_token(number: PhoneNumber, token: str) -> list[Check]:
    """Try a token for this number's account and keep it when all holds; what was tried."""
    account = number.business_account
    given = Given(
        account.meta_app.app_id, account.waba_id, number.phone_number_id, newest_secret(account.meta_app), token
    )
    checks = list(connecting.check_token(given))
    if not any(check.state == BAD for check in checks):
        BusinessAccount.objects.filter(pk=account.pk).update(access_token=token)
        account.access_token = token
    return checks


def replace_secret(number: PhoneNumber, secret: str) -> list[Check]:
    """Try a secret of this number's app and keep it; the ones before are accepted for OVERLAP more."""
    account = number.business_account
    given = Given(
        account.meta_app.app_id, account.waba_id, number.phone_number_id, secret, account.access_token.reveal()
    )
    check = next(connecting.check_token(given))
    if check.state != BAD:
        _change_over(account.meta_app, secret)
    return [check]


@transaction.atomic
def _change_over(app: MetaApp, secret: str) -> None:
    now = timezone.now()
    known = list(AppSecret.objects.select_for_update().filter(meta_app=app).order_by("-created_at", "-pk"))
    if known and known[0].secret.reveal() == secret:
        return
    later = Q(valid_until=None) | Q(valid_until__gt=now + OVERLAP)
    AppSecret.objects.filter(later, meta_app=app).update(valid_until=now + OVERLAP)
    AppSecret.objects.create(meta_app=app, secret=secret, created_at=now)
