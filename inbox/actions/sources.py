"""Whose delivery is it? Numbers and accounts as one Meta app may speak for them; everything else is quarantined."""

import time

from whatsapp.models import BusinessAccount, PhoneNumber
from whatsapp.payloads import Item, NumberItem

FRESH_SECONDS = 3.0


class Quarantined(Exception):
    """Signed, but by an app that does not speak for this number or account. Kept, shown to nobody."""

    def __init__(self, what: str) -> None:
        super().__init__(f"quarantined: {what}")


class Sources:
    """Looks numbers and accounts up, and remembers them for some seconds: they are asked for with every message."""

    def __init__(self, meta_app_id: int) -> None:
        self.meta_app_id = meta_app_id
        self.made_at = time.monotonic()
        self.numbers: dict[tuple[str, str], PhoneNumber] = {}
        self.accounts: dict[str, BusinessAccount] = {}

    @property
    def is_fresh(self) -> bool:
        return time.monotonic() - self.made_at < FRESH_SECONDS

    def number(self, item: Item) -> PhoneNumber:
        """The number this item is about, connected to the app that signed."""
        assert isinstance(item, NumberItem)
        key = item.phone_number_id, item.waba_id
        if key not in self.numbers:
            self.numbers[key] = self._number(*key)
        return self.numbers[key]

    def _number(self, phone_number_id: str, waba_id: str) -> PhoneNumber:
        rows = PhoneNumber.objects.select_related("business_account", "workspace")
        number = rows.filter(phone_number_id=phone_number_id).first()
        if number is None or number.disconnected_at is not None:
            raise Quarantined(f"number {phone_number_id or 'without id'} is not connected here")
        if number.business_account.meta_app_id != self.meta_app_id:
            raise Quarantined(f"number {phone_number_id} belongs to another app than the one that signed")
        if waba_id and waba_id != number.business_account.waba_id:
            raise Quarantined(f"number {phone_number_id} is not of account {waba_id}")
        return number

    def account(self, item: Item) -> BusinessAccount:
        """The business account this item is about, connected to the app that signed."""
        if item.waba_id not in self.accounts:
            account = BusinessAccount.objects.select_related("workspace").filter(waba_id=item.waba_id).first()
            if account is None:
                raise Quarantined(f"account {item.waba_id or 'without id'} is not connected here")
            if account.meta_app_id != self.meta_app_id:
                raise Quarantined(f"account {item.waba_id} belongs to another app than the one that signed")
            self.accounts[item.waba_id] = account
        return self.accounts[item.waba_id]
