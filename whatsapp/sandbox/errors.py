"""Meta's error codes as the phone answers them: HTTP status, title and envelope (`whatsapp-cloud-api.md` §3)."""

import secrets
import string
from typing import Any

from whatsapp.sandbox.http import Response, json_response

# code: (HTTP status, title). The titles are Meta's; clients must not decide on them.
CODES: dict[int, tuple[int, str]] = {
    0: (401, "AuthException"),
    1: (400, "API Unknown"),
    2: (503, "API Service"),
    3: (500, "API Method"),
    4: (400, "API Too Many Calls"),
    10: (403, "Permission Denied"),
    33: (400, "Parameter value is not valid"),
    100: (400, "Invalid parameter"),
    190: (401, "Access token has expired"),
    200: (403, "API Permission"),
    368: (403, "Temporarily blocked for policies violations"),
    613: (400, "Calls to this api have exceeded the rate limit"),
    2494100: (400, "Phone number is in maintenance mode"),
    80007: (400, "Rate limit issues"),
    130429: (400, "Rate limit hit"),
    130472: (400, "User's number is part of an experiment"),
    130497: (403, "Business account is restricted from messaging users in this country"),
    131000: (500, "Something went wrong"),
    131005: (403, "Access denied"),
    131008: (400, "Required parameter is missing"),
    131009: (400, "Parameter value is not valid"),
    131016: (500, "Service unavailable"),
    131021: (400, "Recipient cannot be sender"),
    131026: (400, "Message undeliverable"),
    131030: (400, "Recipient phone number not in allowed list"),
    131031: (403, "Business Account locked"),
    131037: (400, "Display name approval required"),
    131041: (400, "Group not found"),
    131042: (400, "Business eligibility payment issue"),
    131045: (500, "Incorrect certificate"),
    131047: (400, "Re-engagement message"),
    131048: (400, "Spam rate limit hit"),
    131049: (400, "This message was not delivered to maintain healthy ecosystem engagement."),
    131050: (400, "User has stopped receipt of marketing messages from this business"),
    131051: (400, "Unsupported message type"),
    131052: (400, "Media download error"),
    131053: (400, "Media upload error"),
    131056: (400, "Pair rate limit hit"),
    131057: (500, "Account in maintenance mode"),
    131062: (400, "Recipient identifier not allowed for this message"),
    131063: (400, "Marketing templates are not available on this endpoint"),
    131064: (400, "Messaging limit reached"),
    132000: (400, "Number of parameters does not match the expected number of params"),
    132001: (404, "Template name does not exist in the translation"),
    132005: (400, "Translated text too long"),
    132007: (400, "Template content policy violation"),
    132008: (400, "Template parameter value is not valid"),
    132012: (400, "Parameter format does not match format in the created template"),
    132015: (400, "Template is paused"),
    132016: (400, "Template is disabled"),
    133005: (400, "Two step verification PIN mismatch"),
    133006: (400, "Phone number re-verification needed"),
    133010: (400, "Phone number not registered"),
    135000: (400, "Generic user error"),
    136025: (400, "Verify code error"),
    137000: (400, "Identity key hash does not match"),
    139100: (400, "Failed to block some users"),
}

# Failures that Meta reports after the 200, as a `failed` status; all others are answered at once.
ASYNCHRONOUS = {
    130472, 131026, 131031, 131037, 131042, 131047, 131048, 131049, 131050, 131052, 131053, 131064, 132015, 132016,
}  # fmt: skip

DETAILS = {
    131026: "Message Undeliverable.",
    131042: "Message failed to send because there were one or more errors related to your payment method.",
    131047: (
        "Message failed to send because more than 24 hours have passed since the customer last replied to this number."
    ),
    131048: "Message failed to send because there are restrictions on how many messages can be sent from this number.",
    131049: "In order to maintain a healthy ecosystem engagement, the message failed to be delivered.",
    131050: "The recipient has stopped receiving marketing messages from this business.",
    131053: "The media file could not be processed: its content does not match the announced type.",
    131056: "Message failed to send because there were too many messages sent from this phone number to the same user.",
    130429: "Message failed to send because there were too many messages sent from this phone number in a short time.",
    132015: "The template is paused because of low quality.",
    132016: "The template is disabled because of low quality.",
}
TRANSIENT = {1, 2, 4, 131000, 131016, 131057}
# Plain Graph errors carry no error_data; those of the messaging product do.
WITHOUT_DATA = {0, 1, 2, 3, 4, 10, 33, 190, 200, 368, 613}
ALPHABET = string.ascii_letters + string.digits + "_-"


class GraphError(Exception):
    """A refusal in Meta's envelope. `details` is the sentence for people, `subcode` tells template errors apart."""

    def __init__(
        self,
        code: int,
        details: str = "",
        *,
        message: str = "",
        subcode: int | None = None,
        kind: str = "OAuthException",
        status: int | None = None,
        user_title: str = "",
        user_message: str = "",
    ) -> None:
        http_status, title = CODES.get(code, (400, "Unknown error"))
        self.code = code
        self.status = status or http_status
        self.details = details or DETAILS.get(code, "")
        self.message = message or (f"(#{code}) {title}" if code not in {0, 190} else title)
        self.subcode = subcode
        self.kind = kind
        self.user = (user_title, user_message)
        super().__init__(self.message)

    def envelope(self) -> dict[str, Any]:
        error: dict[str, Any] = {"message": self.message, "type": self.kind, "code": self.code}
        if self.details and self.code not in WITHOUT_DATA:
            error["error_data"] = {"messaging_product": "whatsapp", "details": self.details}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        if self.code in TRANSIENT:
            error["is_transient"] = True
        if self.user[0]:
            error["is_transient"] = False
            error["error_user_title"], error["error_user_msg"] = self.user
        error["fbtrace_id"] = "A" + "".join(secrets.choice(ALPHABET) for _ in range(22))
        return {"error": error}

    def response(self) -> Response:
        return json_response(self.envelope(), self.status)


def unknown_object(method: str, node: str) -> GraphError:
    """Meta's answer to an id that does not exist or that the token may not see."""
    verb = {"GET": "get", "POST": "post", "DELETE": "delete"}.get(method, method.lower())
    return GraphError(
        100,
        message=(
            f"Unsupported {verb} request. Object with ID '{node}' does not exist, cannot be loaded due to missing "
            "permissions, or does not support this operation. Please read the Graph API documentation at "
            "https://developers.facebook.com/docs/graph-api"
        ),
        subcode=33,
        kind="GraphMethodException",
    )


def webhook_error(code: int, details: str = "") -> dict[str, Any]:
    """The error object inside a webhook: no type, no trace id."""
    title = CODES.get(code, (400, "Unknown error"))[1]
    return {
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": details or DETAILS.get(code, title)},
        "href": "/documentation/business-messaging/whatsapp/support/error-codes",
    }
