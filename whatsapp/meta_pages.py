"""The pages of Meta's settings that mend something: what to call them, and where they are."""

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class MetaPage(NamedTuple):
    words: str | Promise
    url: str


def app_basics(app_id: str) -> MetaPage:
    return MetaPage(_("Meta app: Settings, Basic"), f"https://developers.facebook.com/apps/{app_id}/settings/basic/")


def app_webhooks(app_id: str) -> MetaPage:
    address = f"https://developers.facebook.com/apps/{app_id}/whatsapp-business/wa-settings/"
    return MetaPage(_("Meta app: WhatsApp, Configuration"), address)


def system_users() -> MetaPage:
    return MetaPage(_("Meta: Business settings, System users"), "https://business.facebook.com/settings/system-users")


def accounts() -> MetaPage:
    address = "https://business.facebook.com/settings/whatsapp-business-accounts"
    return MetaPage(_("Meta: Business settings, WhatsApp accounts"), address)


def numbers(waba_id: str) -> MetaPage:
    address = f"https://business.facebook.com/wa/manage/phone-numbers/?waba_id={waba_id}"
    return MetaPage(_("WhatsApp Manager: Phone numbers"), address)


def billing() -> MetaPage:
    return MetaPage(_("Meta: Billing and payments"), "https://business.facebook.com/billing_hub/")


def support() -> MetaPage:
    return MetaPage(_("Meta: Business Support"), "https://business.facebook.com/business-support-home/")
