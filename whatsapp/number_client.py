"""Meta's calls about a number, its account and its app: what connecting asks, what the health page shows, registration.

Nothing here needs a stored row: connecting checks what somebody has typed before any of it is kept.
"""

from collections.abc import Mapping
from typing import Any

from whatsapp import client, errors
from whatsapp.errors import TemporaryFailure
from whatsapp.models import PhoneNumber

NUMBER_FIELDS = (
    "id,display_phone_number,verified_name,name_status,new_name_status,code_verification_status,quality_rating,status,"
    "platform_type,throughput,whatsapp_business_manager_messaging_limit,account_mode,is_official_business_account,"
    "is_pin_enabled,health_status"
)
WABA_FIELDS = "id,name,currency,account_review_status,business_verification_status,owner_business_info"
# What we want to hear of (whatsapp-cloud-api.md §8).
WEBHOOK_FIELDS = (
    "messages", "message_template_status_update", "message_template_quality_update",
    "message_template_components_update", "template_category_update", "phone_number_quality_update",
    "phone_number_name_update", "account_update", "account_alerts", "account_review_update",
    "business_capability_update", "user_preferences", "security", "business_username_updates",
)  # fmt: skip
OBJECT = "whatsapp_business_account"


class TokenAPI(client.GraphCaller):
    """What a token may do. `secret` signs the calls of apps that demand it."""

    def __init__(self, token: str, secret: str = "") -> None:
        self.use(token, secret)

    def waba(self, waba_id: str) -> dict[str, Any]:
        return self._get(waba_id, fields=WABA_FIELDS)

    def numbers_of(self, waba_id: str) -> list[str]:
        """The ids of the account's numbers: Meta allows twenty, so one page holds them."""
        data = self._get(f"{waba_id}/phone_numbers", fields="id", limit="100").get("data")
        return [str(each.get("id")) for each in data if isinstance(each, dict)] if isinstance(data, list) else []

    def number(self, phone_number_id: str) -> dict[str, Any]:
        return self._get(phone_number_id, fields=NUMBER_FIELDS)

    def apps_of(self, waba_id: str) -> list[str]:
        """The ids of the apps that get this account's webhooks."""
        data = self._get(f"{waba_id}/subscribed_apps").get("data")
        found = [each.get("whatsapp_business_api_data") for each in data] if isinstance(data, list) else []
        return [str(each.get("id")) for each in found if isinstance(each, dict)]

    def subscribe(self, waba_id: str) -> None:
        """From now on the token's app gets this account's webhooks."""
        self._post(f"{waba_id}/subscribed_apps")

    def unsubscribe(self, waba_id: str) -> None:
        """The token's app gets nothing of this account any more."""
        self._send("DELETE", f"{waba_id}/subscribed_apps")


class AppAPI(client.GraphCaller):
    """What an app asks in its own name, with its secret."""

    def __init__(self, app_id: str, secret: str) -> None:
        self.use(f"{app_id}|{secret}", "")
        self._app = app_id

    def about(self, token: str) -> dict[str, Any]:
        """What Meta says of a token: is_valid, expires_at, scopes, granular_scopes, app_id, type."""
        data = self._get("debug_token", input_token=token).get("data")
        if not isinstance(data, dict):
            raise TemporaryFailure(errors.STRANGE_ANSWER, "debug_token without data")
        return data

    def callback(self) -> str:
        """Where the app's webhooks go at present; "" when nowhere."""
        data = self._get(f"{self._app}/subscriptions").get("data")
        ours = [each for each in data if isinstance(each, dict) and each.get("object") == OBJECT] if data else []
        return str(ours[0].get("callback_url") or "") if ours else ""

    def send_webhooks_to(self, url: str, verify_token: str) -> None:
        """Meta asks `url` a riddle at once, and refuses when it is not answered (2200)."""
        fields = ",".join(WEBHOOK_FIELDS)
        query = {"object": OBJECT, "callback_url": url, "verify_token": verify_token, "fields": fields}
        self._post(f"{self._app}/subscriptions", query=query)


class RegistrationAPI(client.GraphCaller):
    """Verifying and registering one of our numbers, and its PIN."""

    def __init__(self, phone_number: PhoneNumber) -> None:
        super().__init__(phone_number.business_account)
        self._number = phone_number.phone_number_id

    def request_code(self, method: str, language: str) -> None:
        self._post(f"{self._number}/request_code", json={"code_method": method, "language": language})

    def verify_code(self, code: str) -> None:
        self._post(f"{self._number}/verify_code", json={"code": code})

    def register(self, pin: str) -> None:
        self._post(f"{self._number}/register", json={"messaging_product": "whatsapp", "pin": pin})

    def set_pin(self, pin: str) -> None:
        self._change({"pin": pin})

    def ask_for_name(self, name: str) -> None:
        self._change({"new_display_name": name})

    def _change(self, values: Mapping[str, str]) -> None:
        self._post(self._number, json=dict(values))
