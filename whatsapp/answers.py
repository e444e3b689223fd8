"""What Meta's HTTP answers mean: the error envelope, and answers that carry none (whatsapp-cloud-api.md §3.1)."""

import json
from typing import Any

import requests

from whatsapp import errors
from whatsapp.errors import DeliveryProblem, OutcomeUnknown, PermanentFailure, TemporaryFailure
from whatsapp.payloads.reading import loads, storable, whole


def parsed(response: requests.Response) -> Any:
    """The JSON of an answer, all text in it storable; None when it is none.

    An answer often quotes what we or the customer wrote, and a result that the database refuses would be lost.
    """
    try:
        return storable(loads(response.content))
    except (ValueError, RecursionError):
        return None


def problem(response: requests.Response, body: Any, is_send: bool, trace: str) -> DeliveryProblem:
    """The failure that an error envelope stands for."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return no_word_of_meta(response, is_send, trace)
    code = whole(error, "code")
    if code is None or abs(code) >= 2**31:
        return no_word_of_meta(response, is_send, trace)
    subcode = error.get("error_subcode")
    data = error.get("error_data")
    details = data.get("details") if isinstance(data, dict) else ""
    detail = str(details or error.get("error_user_msg") or error.get("message") or "")[:1000]
    trace = str(error.get("fbtrace_id") or trace)[:120]
    status = response.status_code
    what = errors.action(code, subcode=subcode if isinstance(subcode, int) else None)
    unheard_of = what == errors.FIX and (status >= 500 or error.get("is_transient") is True)
    if what == errors.RETRY or unheard_of:
        return TemporaryFailure(code, detail, _wait_of(response, code), http_status=status, trace_id=trace)
    return PermanentFailure(
        code, detail, what, http_status=status, trace_id=trace, subcode=subcode if isinstance(subcode, int) else None
    )


def no_word_of_meta(response: requests.Response, is_send: bool, trace: str) -> DeliveryProblem:
    """A proxy's page, an empty body, rubbish: no word of Meta's on whether the request was taken."""
    status = response.status_code
    if status == 429:
        return TemporaryFailure(
            errors.HTTP_TOO_MANY, "HTTP 429", _wait_of(response, None), http_status=status, trace_id=trace
        )
    if status >= 500 or 200 <= status < 300:
        if is_send:
            return OutcomeUnknown(f"HTTP {status} without an answer of Meta's", http_status=status)
        return TemporaryFailure(errors.STRANGE_ANSWER, f"HTTP {status}", http_status=status, trace_id=trace)
    return PermanentFailure(errors.STRANGE_ANSWER, f"HTTP {status}", http_status=status, trace_id=trace)


def _wait_of(response: requests.Response, code: int | None) -> float | None:
    """Seconds to wait by Retry-After or Meta's usage header, else what the code's guide says."""
    try:
        return min(max(float(response.headers["retry-after"]), 0.0), 3600.0)
    except (KeyError, ValueError):
        pass
    minutes = 0
    try:
        usage = json.loads(response.headers.get("x-business-use-case-usage") or "{}")
        minutes = max(
            int(item.get("estimated_time_to_regain_access", 0)) for items in usage.values() for item in items
        )
    except (ValueError, TypeError, AttributeError):
        pass
    return min(minutes * 60.0, 3600.0) if minutes > 0 else errors.slow_down_seconds(code)
