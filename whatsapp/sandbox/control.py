"""The control API under /_control/: what the phone's page and the tests use. Loopback only, never from a web page.

Customers and chats are in `control_chat`; this module has the rest: settings, log, faults, ledger, templates, clock,
crowd and visits, raw webhooks. Every answer is JSON; a mistake is {"error": sentence} with 400, 403 or 404.
"""

import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from whatsapp.sandbox import clock
from whatsapp.sandbox.control_chat import ROUTES as CHAT_ROUTES
from whatsapp.sandbox.errors import GraphError
from whatsapp.sandbox.http import Request, Response, json_response
from whatsapp.sandbox.inbound import CannotSend
from whatsapp.sandbox.limits import peak_per_second
from whatsapp.sandbox.state import Settings
from whatsapp.sandbox.template_api import shown
from whatsapp.sandbox.webhooks import Update, encode

if TYPE_CHECKING:
    from whatsapp.sandbox.phone import Phone

Answer = dict[str, Any] | list[Any] | Response
Route = tuple[str, str, Callable[..., Any]]
LOOPBACK = {"127.0.0.1", "::1", "localhost", "[::1]"}
NUMBER_CHANGES = {
    "throughput", "quality", "status", "delivered_service", "portfolio_id", "name", "verified", "pin", "new_name",
    "limit", "can_send", "health_errors", "subscribed",
}  # fmt: skip
TEMPLATE_FIELDS = [
    "name", "language", "status", "category", "components", "parameter_format", "quality_score", "rejected_reason",
]  # fmt: skip


class Control:
    def __init__(self, phone: "Phone") -> None:
        self.phone = phone
        self.routes = [
            (method, re.compile(f"/_control/{path}"), action) for method, path, action in ROUTES + CHAT_ROUTES
        ]

    def handle(self, request: Request) -> Response | Awaitable[Response]:
        if not _is_from_here(request):
            return json_response({"error": "The control API answers this machine only, and no web page."}, 403)
        for method, path, action in self.routes:
            found = path.fullmatch(request.path)
            if found and method == request.method:
                return self._answer(action, request, found.groups())
        return json_response({"error": f"There is no {request.method} {request.path}."}, 404)

    async def _answer(self, action: Callable[..., Any], request: Request, groups: tuple) -> Response:
        try:
            answer = action(self.phone, request, *groups)
            if isinstance(answer, Awaitable):
                answer = await answer
        except LookupError as error:
            return json_response({"error": f"There is no {error.args[0] if error.args else 'such thing'}."}, 404)
        except GraphError as error:
            return json_response({"error": error.message}, 400)
        except (CannotSend, ValueError, TypeError) as error:
            return json_response({"error": str(error)}, 400)
        return answer if isinstance(answer, Response) else json_response(answer)


def _is_from_here(request: Request) -> bool:
    """From loopback, addressed as loopback (no rebound host name), and not sent by a page in a browser."""
    host = request.headers.get("host", "").rsplit(":", 1)[0]
    by_page = "origin" in request.headers or request.headers.get("sec-fetch-site", "none") != "none"
    return request.peer in LOOPBACK and host in LOOPBACK and not by_page


def read(request: Request) -> dict[str, Any]:
    data = json.loads(request.body or b"{}")
    if not isinstance(data, dict):
        raise ValueError("Send a JSON object.")
    return data


# --- state, settings, time
def get_state(phone: "Phone", request: Request) -> Answer:
    state, outbox = phone.state, phone.outbox
    return {
        "version": state.version, "settings": asdict(state.settings),
        "numbers": [
            {"id": one.id, "waba_id": one.waba_id, "display": one.display, "name": one.name, "status": one.status,
             "throughput": one.throughput, "blocked": one.blocked, "delivered_service": one.delivered_service,
             "profile": phone.profiles.shown(one), "picture": one.picture, "automation": one.automation}
            for one in sorted(state.numbers.values(), key=lambda number: number.display)
        ],
        "customers": len(state.customers), "accepted": len(state.ledger), "held": len(phone.flow.held),
        "webhooks": {
            "pending": outbox.pending(), "posts": outbox.delivered_posts, "items": outbox.delivered_items,
            "failed": outbox.failed_posts, "last_ack_ms": round(outbox.last_ack_ms, 1),
        },
    }  # fmt: skip


def change_settings(phone: "Phone", request: Request) -> Answer:
    data = read(request)
    known = {item.name for item in fields(Settings)}
    if unknown := set(data) - known:
        raise ValueError(f"Unknown settings: {', '.join(sorted(unknown))}.")
    for name, value in data.items():
        setattr(phone.state.settings, name, value)
    if "seed" in data:
        phone.flow.random.seed(data["seed"])
    phone.state.changed()
    return asdict(phone.state.settings)


def change_number(phone: "Phone", request: Request, number_id: str) -> Answer:
    number = phone.state.numbers[number_id]
    for name, value in read(request).items():
        if name not in NUMBER_CHANGES:
            raise ValueError(f"{name} can't be changed.")
        setattr(number, name, value)
    phone.state.touch("number", number.id, number)
    return {"id": number.id}


def advance(phone: "Phone", request: Request) -> Answer:
    seconds = float(read(request)["seconds"])
    clock.advance_everything(phone.state, phone.limits, seconds)
    phone.events.add("clock", seconds=seconds)
    return {"seconds": seconds}


async def changes(phone: "Phone", request: Request) -> Answer:
    since = int(request.params.get("since", "0"))
    await phone.state.wait_for_change(since, min(float(request.params.get("wait", "0")), 25))
    return {"version": phone.state.version}


async def reset(phone: "Phone", request: Request) -> Answer:
    await phone.reset(seed=bool(read(request).get("seed", True)))
    return {"reset": True}


async def idle(phone: "Phone", request: Request) -> Answer:
    """Wait until every webhook was answered with 200 and written; `seconds` at most."""
    done = await phone.outbox.idle(float(request.params.get("seconds", "5")))
    await phone.journal.committed()
    return {"idle": done, "pending": phone.outbox.pending()}


def log(phone: "Phone", request: Request) -> Answer:
    params = request.params
    found = phone.events.after(
        int(params.get("after", "0")),
        int(params.get("limit", "100")),
        params.get("customer", ""),
        raw=params.get("raw") == "1",
    )
    return {"version": phone.state.version, "events": found}


# --- ledger, statuses, webhooks
def ledger(phone: "Phone", request: Request) -> Answer:
    """Accepted sends: all, or those `since` a time, of one `to`, or with one `callback` (exact) or `prefix`."""
    params = request.params
    rows = [
        row
        for row in phone.state.ledger
        if row[1] >= float(params.get("since", "0"))
        and row[3].lstrip("+") == (params["to"].lstrip("+") if "to" in params else row[3].lstrip("+"))
        and row[5] == params.get("callback", row[5])
        and row[5].startswith(params.get("prefix", ""))
    ]
    answer: dict[str, Any] = {
        "count": len(rows), "by_callback": dict(Counter(row[5] for row in rows)),
        "without_callback": sum(1 for row in rows if not row[5]),
        "twice": sorted(callback for callback, count in Counter(row[5] for row in rows if row[5]).items() if count > 1),
        "peak_per_second": peak_per_second([row[1] for row in rows]),
        "refused": {str(code): count for code, count in phone.limits.refused.items()},
    }  # fmt: skip
    if params.get("entries") == "1":
        names = ("wamid", "at", "number", "to", "type", "callback")
        answer["entries"] = [dict(zip(names, row, strict=True)) for row in rows]
    return answer


async def flush_statuses(phone: "Phone", request: Request) -> Answer:
    """Tell held statuses: `statuses` (stages in order), `batch` per webhook, `limit` messages, `wait` seconds."""
    data = read(request)
    settings = phone.state.settings
    settings.batch_items = int(data.get("batch", settings.batch_items))
    count = phone.flow.flush(data.get("statuses", ["sent", "delivered"]), int(data.get("limit", 0)))
    done = await phone.outbox.idle(float(data["wait"])) if data.get("wait") else None
    return {"updates": count, "held": len(phone.flow.held), "idle": done}


def send_webhook(phone: "Phone", request: Request) -> Answer:
    """`field` and `value` of any webhook (waba_id or phone_number_id optional), or a whole `body`."""
    data = read(request)
    if "body" in data:
        body = data["body"]
        phone.outbox.put_raw(body.encode() if isinstance(body, str) else encode(body), data.get("note", ""))
        return {"queued": True}
    number = next(
        one
        for one in phone.state.numbers.values()
        if one.id == data.get("phone_number_id", one.id) and one.waba_id == data.get("waba_id", one.waba_id)
    )
    phone.outbox.put(Update(number, data["field"], "", data["value"], note=data["field"]))
    return {"queued": True}


async def verify(phone: "Phone", request: Request) -> Answer:
    return {"verified": await phone.outbox.verify(read(request).get("url") or phone.state.settings.webhook_target)}


# --- faults
def add_fault(phone: "Phone", request: Request) -> Answer:
    return asdict(phone.faults.add(read(request)))


def list_faults(phone: "Phone", request: Request) -> Answer:
    return {"faults": [asdict(fault) for fault in phone.faults.scripts]}


def clear_faults(phone: "Phone", request: Request) -> Answer:
    phone.faults.scripts.clear()
    return {"faults": []}


# --- templates
def list_templates(phone: "Phone", request: Request) -> Answer:
    found = sorted(phone.state.templates.values(), key=lambda one: (one.status != "PENDING", one.name, one.language))
    return {"templates": [shown(one, TEMPLATE_FIELDS) | {"waba_id": one.waba_id} for one in found]}


def review(phone: "Phone", request: Request, template_id: str) -> Answer:
    """`decision` APPROVED, REJECTED (`reason`, `explanation`), PAUSED, UNPAUSED, DISABLED; or `quality`; or
    `category` (with `announced_for`, Unix seconds, only announced)."""
    data = read(request)
    template = phone.state.templates[template_id]
    if "quality" in data:
        phone.templates.rate(template, data["quality"])
    elif "category" in data:
        phone.templates.recategorise(template, data["category"], data.get("announced_for"))
    else:
        phone.templates.review(template, data["decision"], data.get("reason", ""), data.get("explanation", ""))
    return shown(template, TEMPLATE_FIELDS)


# --- load
def start_crowd(phone: "Phone", request: Request) -> Answer:
    data = read(request)
    number = phone.state.numbers[data["number"]] if data.get("number") else phone.state.first_number()
    return _run(phone.crowd.start(number, data))


def see_crowd(phone: "Phone", request: Request) -> Answer:
    run = phone.crowd.run
    if run is None:
        return {"sent": 0}
    return _run(run) | ({"wamids": run.wamids} if request.params.get("wamids") == "1" else {})


def stop_crowd(phone: "Phone", request: Request) -> Answer:
    phone.crowd.stop()
    return see_crowd(phone, request)


def _run(run: Any) -> dict[str, Any]:
    return {name: value for name, value in asdict(run).items() if name != "wamids"}


def start_visits(phone: "Phone", request: Request) -> Answer:
    """`conversations` of as many customers within `minutes`, played at `speed`, from `seed`; see `visits`."""
    data = read(request)
    number = phone.state.numbers[data["number"]] if data.get("number") else phone.state.first_number()
    phone.visits.start(number, data)
    return phone.visits.progress()


def see_visits(phone: "Phone", request: Request) -> Answer:
    return phone.visits.progress()


def stop_visits(phone: "Phone", request: Request) -> Answer:
    phone.visits.stop()
    return phone.visits.progress()


ROUTES: list[Route] = [
    ("GET", "state", get_state),
    ("POST", "settings", change_settings),
    ("POST", "numbers/([0-9]+)", change_number),
    ("POST", "advance", advance),
    ("GET", "changes", changes),
    ("GET", "idle", idle),
    ("POST", "reset", reset),
    ("GET", "log", log),
    ("GET", "ledger", ledger),
    ("POST", "statuses/flush", flush_statuses),
    ("POST", "webhook", send_webhook),
    ("POST", "verify", verify),
    ("GET", "faults", list_faults),
    ("POST", "faults", add_fault),
    ("DELETE", "faults", clear_faults),
    ("GET", "templates", list_templates),
    ("POST", "templates/([0-9]+)/review", review),
    ("GET", "crowd", see_crowd),
    ("POST", "crowd", start_crowd),
    ("DELETE", "crowd", stop_crowd),
    ("GET", "visits", see_visits),
    ("POST", "visits", start_visits),
    ("DELETE", "visits", stop_visits),
]
