"""The only module that speaks to push services: which addresses are ones, our keys, encryption, the one request.

Built for Google's, Mozilla's, Apple's and Microsoft's services. Nothing is sent anywhere else: an address that a
browser names is a stranger's word. Redirects are not followed.
"""

import base64
import ipaddress
import json
import logging
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.db import connection, transaction
from py_vapid import Vapid02

from inbox.models import PushDevice, PushKey

logger = logging.getLogger(__name__)

HOSTS = {"fcm.googleapis.com", "updates.push.services.mozilla.com", "web.push.apple.com"}
PARENTS = (".notify.windows.com", ".push.apple.com")  # each of their servers has a name of its own
LONGEST_ADDRESS = 1_000
TIMEOUT = (3.0, 7.0)  # connect, read
GONE = (404, 410)


@dataclass(frozen=True)
class Outcome:
    """What came of one push; `gone` means the browser has given up this subscription."""

    ok: bool
    gone: bool = False
    problem: str = ""


def is_push_service(address: str) -> bool:
    """Is this the https address of a known push service (in demo mode also of this machine)?"""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.username is not None or parts.password is not None or len(address) > LONGEST_ADDRESS:
        return False
    if settings.DEMO and parts.scheme == "http" and host == "127.0.0.1":
        return True
    is_known = host in HOSTS or host.endswith(PARENTS)
    return is_known and parts.scheme == "https" and port in (None, 443)


def current_key() -> PushKey:
    """The pair that browsers subscribe to; made after the first migration, or by whoever asks first."""
    key = PushKey.objects.order_by("-pk").first()
    if key is not None:
        return key
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('tresen.push_key'))")
        return PushKey.objects.order_by("-pk").first() or make_key()


def make_key() -> PushKey:
    """A new pair. Browsers that subscribe from now on use it."""
    private = ec.generate_private_key(ec.SECP256R1())
    number = private.private_numbers().private_value.to_bytes(32, "big")
    point = private.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    return PushKey.objects.create(private_key=_text(number), public_key=_text(point))


def send(device: PushDevice, payload: dict[str, Any], *, seconds: int, is_urgent: bool) -> Outcome:
    """Push to one device, encrypted for it alone, to be dropped after so many seconds. Outside any transaction."""
    if not is_push_service(device.endpoint):
        return Outcome(ok=False, gone=True, problem="not a push service")
    target = urlsplit(device.endpoint)
    origin = f"{target.scheme}://{target.netloc}"
    try:
        if not settings.DEMO and not _is_public(target.hostname or ""):
            return Outcome(ok=False, problem="the push service's name leads to a private address")
        keys = {"p256dh": device.p256dh, "auth": device.auth.reveal()}
        from pywebpush import WebPusher  # it loads a second HTTP client: only where something is pushed

        pusher = WebPusher({"endpoint": device.endpoint, "keys": keys})
        body = pusher.encode(json.dumps(payload, ensure_ascii=False).encode())["body"]
        vapid = Vapid02.from_raw(device.key.private_key.reveal().encode())
        headers = {
            **vapid.sign({"aud": origin, "sub": _contact()}),
            "Content-Encoding": "aes128gcm", "Content-Type": "application/octet-stream",
            "TTL": str(seconds), "Urgency": "high" if is_urgent else "normal",
        }  # fmt: skip
        status = _post(device.endpoint, body, headers)
    except (requests.RequestException, OSError) as error:
        return Outcome(ok=False, problem=type(error).__name__)
    except Exception as error:  # keys that are none
        logger.warning("A push could not be encrypted: %r", error)
        return Outcome(ok=False, problem="the device's keys are of no use")
    if status in GONE:
        return Outcome(ok=False, gone=True, problem=f"HTTP {status}")
    return Outcome(ok=200 <= status < 300, problem="" if 200 <= status < 300 else f"HTTP {status}")


def _post(address: str, body: bytes, headers: dict[str, str]) -> int:
    with requests.Session() as session:
        session.trust_env = False
        with session.post(
            address, data=body, headers=headers, timeout=TIMEOUT, allow_redirects=False, stream=True
        ) as answer:
            return answer.status_code


def _is_public(host: str) -> bool:
    found = {entry[4][0] for entry in socket.getaddrinfo(host, 443, proto=socket.IPPROTO_TCP)}
    return bool(found) and all(ipaddress.ip_address(each).is_global for each in found)


def _contact() -> str:
    """Whom a push service may write to."""
    return settings.BASE_URL if settings.BASE_URL.startswith("https") else f"mailto:{settings.DEFAULT_FROM_EMAIL}"


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
