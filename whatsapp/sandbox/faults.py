"""Failures on demand.

**Magic recipients.** A phone number of +49 159 99 and seven digits fails with these digits as its code:
+49 159 99 **0131026** is "undeliverable", +49 159 99 **0131056** hits the pair limit, +49 159 99 **0000190** answers
"token expired". Codes that Meta reports late (131026, 131042, 131047 to 131050, 131053 …: `errors.ASYNCHRONOUS`)
are accepted and then `failed`; the others are refused at once.

**Callback data.** `biz_opaque_callback_data` beginning with `sim:CODE` does the same for any recipient
(`sim:131026:my-id`).

**Transport**, as last digits or as a word after `sim:`:

| digits | word   | what happens |
|--------|--------|--------------|
| 0000901 | `hang`   | accepted, no answer for 60 s, then the connection closes; statuses flow |
| 0000902 | `close`  | accepted, the connection closes without an answer; statuses flow |
| 0000903 | `empty500` | accepted, HTTP 500 without a body; statuses flow |
| 0000904 | `html`   | *not* accepted, HTTP 502 with an HTML page |
| 0000905 | `slow`   | accepted, answered after 3 s |
| 0000906 | `drop`   | *not* accepted, the connection closes before the answer |
| 0000907 | `silent` | accepted, no answer for 60 s, and no status ever follows |

**Scripts.** `POST /_control/faults` with `kind` (a word above, `error` + `code`, or `status` + `status`/`body`),
`times`, `after` (skip so many matching calls first), and what it matches: `path` (part of it), `method`, `to`,
`callback` (part). `slow` and `hang` take `seconds`. The customer's `failures` list does the same for their next sends.
"""

from dataclasses import dataclass
from typing import Any

from whatsapp.sandbox.errors import CODES
from whatsapp.sandbox.http import Request, Response

WORDS = {
    "0000901": "hang", "0000902": "close", "0000903": "empty500", "0000904": "html", "0000905": "slow",
    "0000906": "drop", "0000907": "silent",
}  # fmt: skip
MAGIC_PREFIX = "4915999"
BY_DIGITS = {f"{code:07d}": str(code) for code in CODES if 0 < code < 10_000_000} | WORDS
NOT_ACCEPTED = {"html", "drop"}
HTML_PAGE = (
    b"<!DOCTYPE html><html><head><title>502</title></head><body><h1>Sorry, something went wrong.</h1></body></html>"
)


@dataclass(slots=True)
class Fault:
    """One scripted fault; `times` counts down, 0 is spent."""

    id: int
    kind: str
    path: str = ""
    method: str = ""
    to: str = ""
    callback: str = ""
    code: int = 0
    status: int = 500
    body: str = ""
    content_type: str = "text/html"
    seconds: float = 0.0
    times: int = 1
    after: int = 0

    def matches(self, request: Request, to: str, callback: str) -> bool:
        return (
            self.times != 0
            and self.path in request.path
            and self.method in {"", request.method}
            and (not self.to or to.lstrip("+") == self.to.lstrip("+"))
            and self.callback in callback
        )

    def effect(self) -> str:
        """The word for `Effect`: what the same thing is called as callback data."""
        if self.kind == "error":
            return str(self.code)
        return self.kind


class Faults:
    """The scripts in force."""

    def __init__(self) -> None:
        self.scripts: list[Fault] = []
        self._next_id = 1

    def add(self, data: dict[str, Any]) -> Fault:
        fault = Fault(id=self._next_id, **data)
        self._next_id += 1
        self.scripts.append(fault)
        return fault

    def take(self, request: Request, to: str = "", callback: str = "") -> Fault | None:
        """The fault for this call, used up by one; None when none applies."""
        for fault in self.scripts:
            if not fault.matches(request, to, callback):
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            if fault.times > 0:
                fault.times -= 1
            return fault
        return None


def magic(to: str, callback: str) -> str:
    """What a recipient or callback asks for: a code, a word, or ""."""
    if callback.startswith("sim:"):
        return callback[4:].partition(":")[0]
    return BY_DIGITS.get(to[7:], "") if to.startswith(MAGIC_PREFIX) else ""


def apply_transport(word: str, response: Response, seconds: float = 0.0) -> Response:
    """The answer to an accepted call, disturbed as the word says."""
    if word in {"hang", "silent"}:
        response.fault, response.delay = "hang", seconds or 60.0
    elif word == "close":
        response.fault = "close"
    elif word == "empty500":
        return Response(b"", 500, "text/plain")
    elif word == "slow":
        response.delay = seconds or 3.0
    return response


def refuse_transport(word: str, fault: Fault | None = None) -> Response:
    """The answer to a call that is not accepted: an error page, another status, or nothing."""
    if word == "drop":
        response = Response()
        response.fault = "close"
        return response
    if word == "status" and fault:
        return Response(fault.body.encode(), fault.status, fault.content_type)
    return Response(HTML_PAGE, 502, "text/html")
