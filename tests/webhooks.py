"""Meta's side of the door, for tests: bodies, signatures, posts, and the intake that follows."""

import asyncio
import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import time_machine
from django.db import connection

from accounts.models import Team, Workspace
from config.hook import application
from inbox.actions.ingesting import Ingester
from inbox.loops.ingest import route
from tests import factories
from whatsapp.door import door
from whatsapp.models import AppSecret, BusinessAccount, MetaApp, PhoneNumber, WebhookDelivery
from whatsapp.signature import sign
from whatsapp.webhook import WEBHOOK_PATH

PAYLOADS = Path(__file__).parent / "payloads"
RECEIVED_AT = datetime.fromisoformat("2026-11-24T12:00:00+00:00")  # after every time in the samples
PORTFOLIO = "909000000000001"


def sample(name: str) -> bytes:
    """The bytes of tests/payloads/<name>*.json."""
    [path] = PAYLOADS.glob(f"{name}*.json")
    return path.read_bytes()


def sample_names() -> list[str]:
    return sorted(path.stem for path in PAYLOADS.glob("*.json"))


def radhaus() -> PhoneNumber:
    """The number of the samples, its workspace with a default team, and the second account of the same app."""
    workspace = Workspace.objects.create(name="Blumenhaus Sonnenschein")
    Team.objects.create(workspace=workspace, name="Laden", is_default=True)
    app = MetaApp.objects.create(workspace=workspace, app_id="880000000000001", verify_token=factories.VERIFY_TOKEN)
    AppSecret.objects.create(meta_app=app, secret=factories.APP_SECRET)
    numbers = []
    for index, portfolio in ((1, PORTFOLIO), (2, "909000000000002")):
        account = BusinessAccount.objects.create(
            workspace=workspace, meta_app=app, waba_id=f"20876543210000{index}", portfolio_id=portfolio,
            access_token=factories.ACCESS_TOKEN,
        )
        numbers.append(PhoneNumber.objects.create(
            workspace=workspace, business_account=account, phone_number_id=f"10987654321000{index}",
            display_number=f"4915550100{index}00",
        ))
    return numbers[0]


def post(*bodies: bytes, secret: str = factories.APP_SECRET) -> list[int]:
    """Post signed bodies to the real door, one after the other; the answers' status codes."""
    return [status for status, _, _ in posts([(body, signed(body, secret)) for body in bodies])]


def signed(body: bytes, secret: str = factories.APP_SECRET) -> list[tuple[bytes, bytes]]:
    return [(b"content-type", b"application/json"), (b"x-hub-signature-256", sign(body, secret))]


Answer = tuple[int, dict[bytes, bytes], bytes]


def posts(requests: Iterable[tuple[bytes, list[tuple[bytes, bytes]]]]) -> list[Answer]:
    """Post bodies with these headers, one after the other."""

    async def run() -> list[Answer]:
        answers = [await call("POST", body=body, headers=headers) for body, headers in requests]
        await door().close()
        return answers

    return asyncio.run(run())


async def call(
    method: str, *, body: bytes = b"", headers: Iterable[tuple[bytes, bytes]] = (), query: bytes = b"",
    chunks: Iterable[bytes] | None = None, disconnects: bool = False,
) -> Answer:
    """One request to the door's ASGI application: status, headers, body of the answer. (0, {}, b"") without one."""
    parts = list(chunks) if chunks is not None else [body]
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": part, "more_body": index < len(parts) - 1 or disconnects}
        for index, part in enumerate(parts)
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": WEBHOOK_PATH, "query_string": query, "headers": list(headers)}
    await application(scope, receive, send)
    if not sent:
        return 0, {}, b""
    return sent[0]["status"], dict(sent[0]["headers"]), b"".join(message.get("body", b"") for message in sent[1:])


def ingest(received_at: datetime = RECEIVED_AT) -> None:
    """Process everything that is due, as `manage.py ingest` does, as if it had been received then and it were then."""
    WebhookDelivery.objects.filter(state="new", attempts=0).update(received_at=received_at)
    with time_machine.travel(received_at, tick=True):
        ingester = Ingester()
        while (result := ingester.ingest_next()) is not None:
            for workspace_id in result.routed:
                route(workspace_id, expect_room=True)


def receive(*bodies: bytes | dict[str, Any]) -> None:
    """Post, expect 200, ingest."""
    raw = [body if isinstance(body, bytes) else json.dumps(body).encode() for body in bodies]
    assert post(*raw) == [200] * len(raw)
    ingest()


def envelope(value: dict[str, Any], field: str = "messages", waba_id: str = "208765432100001") -> dict[str, Any]:
    """One change of our number in Meta's envelope."""
    metadata = {"display_phone_number": "4915550100100", "phone_number_id": "109876543210001"}
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": waba_id, "changes": [{"field": field, "value": {"metadata": metadata, **value}}]}],
    }


def text(wamid: str, body: str, *, phone: str = "4915100001234", bsuid: str = "DE.84726150398214765093",
         at: int = 1795341600, name: str = "Lena Vogt", **extra: Any) -> dict[str, Any]:
    """A text message; `phone=""` or `bsuid=""` leave that id out."""
    person: dict[str, Any] = {"profile": {"name": name}}
    message: dict[str, Any] = {"id": wamid, "timestamp": str(at), "type": "text", "text": {"body": body}}
    if phone:
        person["wa_id"] = message["from"] = phone
    if bsuid:
        person["user_id"] = message["from_user_id"] = bsuid
    return envelope({"contacts": [person], "messages": [{**message, **extra}]})


SNAPSHOT_TABLES = [
    "inbox_contact", "inbox_contactidentity", "inbox_conversation", "inbox_case", "inbox_message", "inbox_attachment",
    "inbox_reaction", "inbox_consent", "inbox_activity", "inbox_unmatchedstatus", "inbox_servicemessagecount",
    "inbox_assignment", "inbox_routingdecision", "inbox_event", "whatsapp_phonenumber", "whatsapp_businessaccount",
    "whatsapp_messagetemplate",
]


def snapshot(leave_out: Iterable[str] = ()) -> dict[str, list[str]]:
    """Every row of every table that a webhook may change, to compare before and after."""
    found = {}
    with connection.cursor() as cursor:
        for table in SNAPSHOT_TABLES:
            if table not in leave_out:
                cursor.execute(f"SELECT row_to_json(t)::text FROM {table} t ORDER BY id")
                found[table] = [row[0] for row in cursor.fetchall()]
    return found
