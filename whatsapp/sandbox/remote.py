"""The running phone's control API, for the page and for fast-forward. Demo mode only."""

from typing import Any

import requests
from django.conf import settings

from whatsapp.sandbox.http import MAX_BODY

TIMEOUT = 10


class PhoneUnreachable(Exception):
    """The practice phone does not answer: it is not running, or not yet."""


class PhoneRefused(Exception):
    """The phone said no; the text is its (English) sentence."""


def call(method: str, path: str, data: Any = None, *, params: dict[str, Any] | None = None, wait: float = 0) -> Any:
    """A call to /_control/`path`; returns its JSON. `wait` is added to the time-out."""
    return _request(method, path, json=data, params=params, timeout=TIMEOUT + wait).json()


def upload(customer: str, content: bytes, mime_type: str, name: str) -> str:
    """Put a file on the customer's phone; returns its media id."""
    headers = {"Content-Type": mime_type}
    response = _request("POST", f"customers/{customer}/media", data=content, params={"name": name}, headers=headers)
    return response.json()["id"]


def file(media_id: str) -> tuple[bytes, str]:
    """A file on the phone, with its type."""
    response = _request("GET", f"media/{media_id}")
    return response.content[:MAX_BODY], response.headers.get("content-type", "application/octet-stream")


def _request(method: str, path: str, *, timeout: float = TIMEOUT, **more: Any) -> requests.Response:
    if not settings.DEMO:
        raise PhoneUnreachable("There is no practice phone outside demo mode.")
    try:
        response = requests.request(method, f"{settings.SANDBOX_URL}/_control/{path}", timeout=timeout, **more)
    except requests.RequestException as error:
        raise PhoneUnreachable(str(error)) from error
    if response.status_code != 200:
        try:
            sentence = response.json()["error"]
        except (ValueError, KeyError):
            sentence = f"HTTP {response.status_code}"
        raise PhoneRefused(sentence)
    return response
