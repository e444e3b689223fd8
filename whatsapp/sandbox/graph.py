"""The Graph API's front: version, bearer token, and which node answers."""

import hmac
import json
import re
from collections.abc import Awaitable
from typing import TYPE_CHECKING

from whatsapp.sandbox import faults
from whatsapp.sandbox.errors import GraphError, unknown_object
from whatsapp.sandbox.http import Request, Response, json_response
from whatsapp.sandbox.number_api import debug_token
from whatsapp.sandbox.state import APP_ID, Number

if TYPE_CHECKING:
    from whatsapp.sandbox.phone import Phone

VERSION = re.compile(r"^v(\d+)\.\d+$")
OLDEST = 21
NUMBER_ACTS = {
    "": "change", "register": "register", "deregister": "deregister", "request_code": "request_code",
    "verify_code": "verify_code",
}  # fmt: skip
Answer = Response | Awaitable[Response]


class Graph:
    def __init__(self, phone: "Phone") -> None:
        self.phone = phone
        self.state = phone.state

    def handle(self, request: Request) -> Answer:
        """Answer one call to /vNN.N/…"""
        version, _, rest = request.path[1:].partition("/")
        found = VERSION.match(version)
        try:
            if not found:
                raise GraphError(2500, message=f"Unknown path components: {request.path}", status=404)
            if int(found[1]) < OLDEST:
                raise GraphError(2635, message=f"(#2635) You are calling a deprecated version of the API: {version}.")
            if rest == "debug_token":
                return debug_token(self.state, request)
            if rest == f"{APP_ID}/subscriptions":
                self._authenticate(request, f"{APP_ID}|{self.state.settings.app_secret}")
                return self._guarded(self.phone.numbers.app_subscriptions(request))
            self._authenticate(request)
            node, _, edge = rest.strip("/").partition("/")
            return self._guarded(self._dispatch(request, node, edge))
        except GraphError as error:
            return self._refused(request, error)

    def _refused(self, request: Request, error: GraphError) -> Response:
        response = error.response()
        self.phone.events.call(request, response, code=error.code)
        return response

    def _guarded(self, answer: Answer) -> Answer:
        return answer if isinstance(answer, Response) else self._awaited(answer)

    async def _awaited(self, answer: Awaitable[Response]) -> Response:
        try:
            return await answer
        except GraphError as error:
            return error.response()

    def _authenticate(self, request: Request, wanted: str = "") -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme not in {"Bearer", "OAuth"}:
            token = request.params.get("access_token", "")
        if not hmac.compare_digest(token.encode(), (wanted or self.state.settings.access_token).encode()):
            raise GraphError(
                190, message="Invalid OAuth access token - Cannot parse access token"
                if token else "An access token is required to request this resource.",
            )  # fmt: skip

    def _dispatch(self, request: Request, node: str, edge: str) -> Answer:
        number = self.state.numbers.get(node)
        if number:
            if edge == "messages" and request.method == "POST":
                return self._send(number, request)
            return self._logged(request, self._number(number, request, edge))
        return self._logged(request, self._other(request, node, edge))

    def _logged(self, request: Request, answer: Answer) -> Answer:
        if isinstance(answer, Response):
            self.phone.events.call(request, answer)
        return answer

    def _number(self, number: Number, request: Request, edge: str) -> Answer:
        script = self.phone.faults.take(request)
        if script:
            return self.scripted(script)
        numbers = self.phone.numbers
        if edge == "media" and request.method == "POST":
            return self.phone.media.upload(number, request)
        if edge == "whatsapp_business_profile" and request.method in {"GET", "POST"}:
            return self.phone.profiles.profile(number, request)
        if edge == "conversational_automation" and request.method == "POST":
            return self.phone.profiles.automate(number, request)
        if edge == "block_users" and request.method in {"GET", "POST", "DELETE"}:
            return numbers.blocked(number, request)
        if edge == "" and request.method == "GET":
            return numbers.get(number, request)
        if edge in NUMBER_ACTS and request.method == "POST":
            return getattr(numbers, NUMBER_ACTS[edge])(number, request)
        raise unknown_object(request.method, f"{number.id}/{edge}")

    def _other(self, request: Request, node: str, edge: str) -> Answer:
        script = self.phone.faults.take(request)
        if script:
            return self.scripted(script)
        if self.state.number_of_waba(node):
            return self._waba(request, node, edge)
        template, media = self.state.templates.get(node), self.state.media.get(node)
        if template:
            return self._template(request, node, edge)
        if media and not edge and request.method == "GET":
            return self.phone.media.describe(media, request)
        if media and not edge and request.method == "DELETE":
            return self.phone.media.delete(media, request)
        if node == APP_ID and edge == "uploads" and request.method == "POST":
            return self.phone.media.start_upload(request)
        if node.startswith("upload:"):
            return self.phone.media.continue_upload(node, request)
        raise unknown_object(request.method, node)

    def _waba(self, request: Request, waba_id: str, edge: str) -> Answer:
        if edge == "message_templates":
            actions = {"GET": "page", "POST": "create", "DELETE": "delete"}
            if request.method in actions:
                return getattr(self.phone.templates, actions[request.method])(waba_id, request)
        elif edge == "phone_numbers" and request.method == "GET":
            return self.phone.numbers.page(waba_id, request)
        elif edge == "subscribed_apps" and request.method in {"GET", "POST", "DELETE"}:
            return self.phone.numbers.subscriptions(waba_id, request)
        elif edge == "" and request.method == "GET":
            return self.phone.numbers.waba(waba_id, request)
        raise unknown_object(request.method, f"{waba_id}/{edge}")

    def _template(self, request: Request, node: str, edge: str) -> Response:
        template = self.state.templates[node]
        if edge == "" and request.method == "GET":
            return self.phone.templates.get(template, request)
        if edge == "" and request.method == "POST":
            return self.phone.templates.edit(template, request)
        if edge == "unpause" and request.method == "POST":
            self.phone.templates.review(template, "UNPAUSED")
            return json_response({"success": True})
        raise unknown_object(request.method, f"{node}/{edge}")

    # --- messages ----------------------------------------------------------------------------------------------------
    def _send(self, number: Number, request: Request) -> Answer:
        """The hot path: no task, no await, unless the answer has to wait."""
        sent_before = len(self.state.ledger)
        script = None
        if self.phone.faults.scripts:
            to, callback = _peek(request)
            script = self.phone.faults.take(request, to, callback)
        response, word = self.phone.sending.post(number, request, script)
        accepted = len(self.state.ledger) > sent_before
        self.phone.events.call(request, response, self._customer_of_last() if accepted else "", fault=word)
        if accepted and self.state.settings.durable:
            return self._after_commit(response, word, script)
        if self.state.settings.slow_answers and self.phone.flow.random.random() < self.state.settings.slow_answers:
            response.delay = 1.0
        return faults.apply_transport(word, response, script.seconds if script else 0.0) if word else response

    def _customer_of_last(self) -> str:
        message = self.state.messages.get(self.state.ledger[-1][0])
        return message.customer if message else ""

    async def _after_commit(self, response: Response, word: str, script: faults.Fault | None) -> Response:
        await self.phone.journal.committed()
        return faults.apply_transport(word, response, script.seconds if script else 0.0) if word else response

    def scripted(self, script: faults.Fault) -> Response:
        word = script.effect()
        if word.isdigit():
            raise GraphError(int(word))
        if word in faults.NOT_ACCEPTED or word == "status":
            return faults.refuse_transport(word, script)
        return faults.apply_transport(word, Response(b"", 500, "text/plain"), script.seconds)


def _peek(request: Request) -> tuple[str, str]:
    """Recipient and callback of a send, for scripts that ask for them."""
    try:
        body = json.loads(request.body)
        return str(body.get("to") or body.get("recipient") or ""), str(body.get("biz_opaque_callback_data") or "")
    except (ValueError, AttributeError):
        return "", ""
