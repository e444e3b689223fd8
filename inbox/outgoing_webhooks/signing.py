"""The signature of an outgoing webhook, by the Standard Webhooks convention, for which there are libraries everywhere.

Signed is `id.timestamp.body`, with HMAC-SHA256, over the bytes as they are sent. The receiver compares, refuses a
timestamp older than five minutes, and remembers ids. After a new secret the old one signs too, for a day.
"""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from inbox.models import OutgoingWebhook

PREFIX = "whsec_"
BOTH_FOR = timedelta(days=1)


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def headers_for(webhook: OutgoingWebhook, uid: str, body: bytes, now: datetime) -> dict[str, str]:
    """What goes with the body."""
    stamp = str(int(now.timestamp()))
    keys = [webhook.secret.reveal()]
    if webhook.previous_secret and webhook.previous_until is not None and now < webhook.previous_until:
        keys.append(webhook.previous_secret.reveal())
    signatures = " ".join(f"v1,{signature(key, uid, stamp, body)}" for key in keys)
    return {
        "Content-Type": "application/json", "User-Agent": "Tresen-Webhook/1", "webhook-id": uid,
        "webhook-timestamp": stamp, "webhook-signature": signatures,
    }  # fmt: skip


def signature(secret: str, uid: str, stamp: str, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.new(key, f"{uid}.{stamp}.".encode() + body, hashlib.sha256).digest()).decode()
