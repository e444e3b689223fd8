"""The other nodes: phone numbers, WABA, subscriptions, blocked users, debug_token."""

import time
from typing import Any

from whatsapp.sandbox import identity
from whatsapp.sandbox.errors import GraphError
from whatsapp.sandbox.http import Request, Response, json_response
from whatsapp.sandbox.sending import read_json
from whatsapp.sandbox.state import APP_ID, DAY, VERIFY_TOKEN, Number, State
from whatsapp.sandbox.webhooks import Outbox

NUMBER_FIELDS = "verified_name,code_verification_status,display_phone_number,quality_rating,platform_type,throughput,id"
CODE = "424242"  # what the SMS would say
Body = dict[str, Any]


class Numbers:
    def __init__(self, state: State, outbox: Outbox) -> None:
        self.state = state
        self.outbox = outbox

    # --- nodes -------------------------------------------------------------------------------------------------------
    def page(self, waba_id: str, request: Request) -> Response:
        fields = request.params.get("fields", NUMBER_FIELDS).split(",")
        data = [self.shown(number, fields) for number in self.state.numbers.values() if number.waba_id == waba_id]
        return json_response({"data": data, "paging": {"cursors": {"before": "MAZDZD", "after": "MAZDZD"}}})

    def get(self, number: Number, request: Request) -> Response:
        return json_response(self.shown(number, request.params.get("fields", NUMBER_FIELDS).split(",")))

    def shown(self, number: Number, fields: list[str]) -> Body:
        values: Body = {
            "display_phone_number": f"+{number.display[:2]} {number.display[2:6]} {number.display[6:]}",
            "verified_name": number.name, "quality_rating": number.quality, "quality_score": {"score": number.quality},
            "status": number.status,
            "name_status": "APPROVED", "new_name_status": "PENDING_REVIEW" if number.new_name else "NONE",
            "code_verification_status": "VERIFIED" if number.verified else "NOT_VERIFIED",
            "platform_type": "CLOUD_API", "account_mode": "LIVE", "is_official_business_account": False,
            "is_on_biz_app": False, "is_pin_enabled": bool(number.pin), "country_code": "DE", "country_dial_code": "49",
            "throughput": {"level": "HIGH" if number.throughput > 80 else "STANDARD"},
            "whatsapp_business_manager_messaging_limit": number.limit,
            "health_status": {
                "can_send_message": number.can_send,
                "entities": [{
                    "entity_type": "PHONE_NUMBER", "id": number.id, "can_send_message": number.can_send,
                    **({"errors": number.health_errors} if number.health_errors else {}),
                }],
            },
            "conversational_automation": {"id": number.id, **number.automation},
            "webhook_configuration": {"application": number.override_target or self.state.settings.webhook_target},
        }  # fmt: skip
        return {name.strip(): values[name.strip()] for name in fields if name.strip() in values} | {"id": number.id}

    # --- registration, PIN, display name ------------------------------------------------------------------------------
    def change(self, number: Number, request: Request) -> Response:
        """POST on the number itself: a new PIN, or a new display name that goes into review."""
        body = read_json(request)
        if "pin" in body:
            number.pin = _pin(body)
        if "new_display_name" in body:
            number.new_name = str(body["new_display_name"])[:120]
        self.state.touch("number", number.id, number)
        return json_response({"success": True})

    def request_code(self, number: Number, request: Request) -> Response:
        body = read_json(request)
        if body.get("code_method") not in {"SMS", "VOICE"} or not body.get("language"):
            raise GraphError(100, message="(#100) code_method (SMS or VOICE) and language are required.")
        number.code, number.verified = CODE, False
        self.state.touch("number", number.id, number)
        return json_response({"success": True})

    def verify_code(self, number: Number, request: Request) -> Response:
        if not number.code or str(read_json(request).get("code") or "") != number.code:
            raise GraphError(136025, "The code is wrong or has expired.")
        number.code, number.verified = "", True
        self.state.touch("number", number.id, number)
        return json_response({"success": True})

    def register(self, number: Number, request: Request) -> Response:
        if not number.verified:
            raise GraphError(133006, "Verify the phone number before registering it.")
        pin = _pin(read_json(request))
        if number.pin and pin != number.pin:
            raise GraphError(133005, "The two-step verification PIN is wrong.")
        number.pin, number.status = pin, "CONNECTED"
        self.state.touch("number", number.id, number)
        return json_response({"success": True})

    def deregister(self, number: Number, request: Request) -> Response:
        number.status = "DISCONNECTED"
        self.state.touch("number", number.id, number)
        return json_response({"success": True})

    def waba(self, waba_id: str, request: Request) -> Response:
        values: Body = {
            "name": self._first(waba_id).name, "currency": "EUR", "timezone_id": "42", "country": "DE",
            "account_review_status": "APPROVED", "business_verification_status": "verified",
            "owner_business_info": {"name": self._first(waba_id).name, "id": self._first(waba_id).portfolio_id},
        }  # fmt: skip
        fields = request.params.get("fields", "name,currency,timezone_id").split(",")
        return json_response({name: values[name] for name in fields if name in values} | {"id": waba_id})

    def _first(self, waba_id: str) -> Number:
        number = self.state.number_of_waba(waba_id)
        assert number
        return number

    # --- webhooks ----------------------------------------------------------------------------------------------------
    async def subscriptions(self, waba_id: str, request: Request) -> Response:
        number = self._first(waba_id)
        if request.method == "GET":
            entry: Body = {"whatsapp_business_api_data": {"id": APP_ID, "name": "Tresen", "link": "http://127.0.0.1"}}
            if number.override_target:
                entry["override_callback_uri"] = number.override_target
            return json_response({"data": [entry] if number.subscribed else []})
        body = read_json(request)
        target = str(body.get("override_callback_uri") or "")
        if (
            request.method == "POST"
            and target
            and not await self.outbox.verify(target, str(body.get("verify_token", VERIFY_TOKEN)))
        ):
            raise GraphError(2200, message="(#2200) Callback verification failed", status=400)
        number.subscribed = request.method == "POST"
        number.override_target = target if number.subscribed else ""
        self.state.touch("number", number.id, number)
        return json_response({"success": True})

    async def app_subscriptions(self, request: Request) -> Response:
        """Where the app's webhooks go. A new address has to answer our challenge first."""
        settings = self.state.settings
        if request.method == "GET":
            fields = [{"name": name, "version": "v26.0"} for name in ("messages", "account_update")]
            about = {"object": "whatsapp_business_account", "callback_url": settings.webhook_target, "active": True}
            return json_response({"data": [about | {"fields": fields}] if settings.webhook_target else []})
        params = request.params
        target = params.get("callback_url", "")
        if params.get("object") != "whatsapp_business_account" or not target:
            raise GraphError(100, message="(#100) object and callback_url are required.")
        if not await self.outbox.verify(target, params.get("verify_token", "")):
            raise GraphError(2200, message="(#2200) Callback verification failed", status=400)
        settings.webhook_target = target
        self.state.changed()
        return json_response({"success": True})

    # --- blocking ----------------------------------------------------------------------------------------------------
    def blocked(self, number: Number, request: Request) -> Response:
        if request.method == "GET":
            customers = [self.state.customers[key] for key in number.blocked if key in self.state.customers]
            data = [{"messaging_product": "whatsapp", "wa_id": one.phone} for one in customers]
            return json_response({"data": data, "paging": {}})
        body = read_json(request)
        done: list[Body] = []
        failed: list[Body] = []
        for user in body.get("block_users") or []:
            self._block(number, user, request.method == "POST", done, failed)
        word = "added_users" if request.method == "POST" else "removed_users"
        answer: Body = {"messaging_product": "whatsapp", "block_users": {word: done}}
        if failed:
            answer["block_users"]["failed_users"] = failed
            return json_response(answer | GraphError(139100).envelope(), 400)
        return json_response(answer)

    def _block(self, number: Number, user: Body, block: bool, done: list[Body], failed: list[Body]) -> None:
        given = str(user.get("user") or user.get("user_id") or "")
        customer = self.state.customer_by_phone(identity.normalise_phone(given)) or self.state.customer_by_bsuid(given)
        recently = customer and customer.inbound_at.get(number.id, 0.0) > time.time() - DAY
        if customer is None or (block and not recently):
            failed.append({"input": given, "errors": [{"message": "Did not write in 24 hours", "code": 139100}]})
            return
        if block and customer.key not in number.blocked:
            number.blocked.append(customer.key)
        elif not block and customer.key in number.blocked:
            number.blocked.remove(customer.key)
        self.state.touch("number", number.id, number)
        done.append({"input": given, "wa_id": customer.phone})


def _pin(body: Body) -> str:
    pin = str(body.get("pin") or "")
    if not (pin.isascii() and pin.isdigit() and len(pin) == 6):
        raise GraphError(100, message="(#100) Param pin must be 6 digits.")
    return pin


def debug_token(state: State, request: Request) -> Response:
    """What a token may do; asked with an app token (`app id|app secret`) or the token itself."""
    token = request.params.get("input_token", "")
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ") or request.params.get("access_token", "")
    settings = state.settings
    if bearer not in (settings.access_token, f"{APP_ID}|{settings.app_secret}"):
        raise GraphError(190, message="Invalid OAuth access token - Cannot parse access token")
    valid = token == settings.access_token
    scopes = ["whatsapp_business_management", "whatsapp_business_messaging"] if valid else []
    return json_response(
        {
            "data": {
                "app_id": APP_ID, "type": "SYSTEM_USER", "application": "Tresen", "is_valid": valid, "expires_at": 0,
                "scopes": scopes, "granular_scopes": [{"scope": scope} for scope in scopes],
            }
        }
    )  # fmt: skip
