"""The other nodes: phone numbers, WABA, subscriptions, blocked users, debug_token."""

import time
from typing import Any

from whatsapp.sandbox import identity
from whatsapp.sandbox.errors import GraphError
from whatsapp.sandbox.http import Request, Response, json_response
from whatsapp.sandbox.sending import read_json
from whatsapp.sandbox.state import ACCESS_TOKEN, APP_ID, APP_SECRET, DAY, VERIFY_TOKEN, Number, State
from whatsapp.sandbox.webhooks import Outbox

NUMBER_FIELDS = "verified_name,code_verification_status,display_phone_number,quality_rating,platform_type,throughput,id"
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
            "status": number.status, "name_status": "APPROVED", "code_verification_status": "VERIFIED",
            "platform_type": "CLOUD_API", "account_mode": "LIVE", "is_official_business_account": False,
            "is_on_biz_app": False, "is_pin_enabled": True, "country_code": "DE", "country_dial_code": "49",
            "throughput": {"level": "HIGH" if number.throughput > 80 else "STANDARD"},
            "whatsapp_business_manager_messaging_limit": "TIER_2K",
            "health_status": {
                "can_send_message": "AVAILABLE",
                "entities": [{"entity_type": "PHONE_NUMBER", "id": number.id, "can_send_message": "AVAILABLE"}],
            },
            "conversational_automation": {"id": number.id, **number.automation},
            "webhook_configuration": {"application": number.override_target or self.state.settings.webhook_target},
        }  # fmt: skip
        return {name.strip(): values[name.strip()] for name in fields if name.strip() in values} | {"id": number.id}

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


def debug_token(request: Request) -> Response:
    """What a token may do; asked with an app token (`app id|app secret`) or the token itself."""
    token = request.params.get("input_token", "")
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ") or request.params.get("access_token", "")
    if bearer != ACCESS_TOKEN and bearer.partition("|")[2] != APP_SECRET:
        raise GraphError(190, message="Invalid OAuth access token - Cannot parse access token")
    valid = token == ACCESS_TOKEN
    scopes = ["whatsapp_business_management", "whatsapp_business_messaging"] if valid else []
    return json_response(
        {
            "data": {
                "app_id": APP_ID, "type": "SYSTEM_USER", "application": "Tresen", "is_valid": valid, "expires_at": 0,
                "scopes": scopes, "granular_scopes": [{"scope": scope} for scope in scopes],
            }
        }
    )  # fmt: skip
