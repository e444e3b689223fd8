"""Letting go of a number. Its row stays, since conversations hang on it; what could still speak for it is deleted.

The last number of an account takes the account's token with it, and at Meta the app gets nothing of it any more; the
last account of an app takes the app secrets, so that the door answers 401. The number itself stays registered at Meta:
it may move to another system. `connections.store` connects the same rows again.
"""

import secrets

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from whatsapp.errors import DeliveryProblem
from whatsapp.models import AppSecret, BusinessAccount, MetaApp, PhoneNumber
from whatsapp.number_client import TokenAPI
from whatsapp.rotation import newest_secret


def disconnect(number: PhoneNumber) -> DeliveryProblem | None:
    """Disconnect it, whatever Meta says; what Meta would not do, if anything. Does nothing when it was before."""
    account = number.business_account
    problem = None if _others(number).exists() else _unsubscribe(account)
    _forget(number)
    return problem


def _others(number: PhoneNumber) -> QuerySet[PhoneNumber]:
    siblings = PhoneNumber.objects.connected().filter(business_account=number.business_account_id)
    return siblings.exclude(pk=number.pk)


def _unsubscribe(account: BusinessAccount) -> DeliveryProblem | None:
    token, secret = account.access_token.reveal(), newest_secret(account.meta_app)
    try:
        TokenAPI(token, secret).unsubscribe(account.waba_id)
    except DeliveryProblem as problem:
        return problem
    return None


@transaction.atomic
def _forget(number: PhoneNumber) -> None:
    app = MetaApp.objects.select_for_update().get(pk=number.business_account.meta_app_id)
    moment = timezone.now()
    PhoneNumber.objects.connected().filter(pk=number.pk).update(
        disconnected_at=moment, sending_stopped_at=None, sending_stopped_code=None
    )
    number.disconnected_at, number.sending_stopped_at, number.sending_stopped_code = moment, None, None
    if _others(number).exists():
        return
    BusinessAccount.objects.filter(pk=number.business_account_id).update(
        access_token="", sending_stopped_at=None, sending_stopped_code=None
    )
    if not PhoneNumber.objects.connected().filter(business_account__meta_app=app).exists():
        AppSecret.objects.filter(meta_app=app).delete()
        app.verify_token = secrets.token_urlsafe(24)
        app.save(update_fields=["verify_token"])
