#!/usr/bin/env python3
"""A CRM that speaks to Tresen: enters a contact, sends a template, and hears by signed webhook what becomes of it.

Needs nothing but Python. In Tresen, under Settings, API and webhooks, make a token (contacts:write, contacts:read,
templates:read, messages:send) and a webhook to http(s)://this-machine:PORT/ with message.sent and message.status, then:

    TRESEN_URL=https://inbox.example.com TRESEN_TOKEN=tresen_… TRESEN_WEBHOOK_SECRET=whsec_… \
        python3 docs/examples/crm.py --listen 9000 --phone "+49 172 1234567" --name "Emil Ernst"
"""

import argparse
import base64
import hashlib
import hmac
import json
import os
import queue
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLERANCE = 5 * 60  # a signature older than that may have been recorded and played again


class Refused(Exception):
    """Tresen said no: `problem` has a code for programs and a sentence for people."""

    def __init__(self, problem: dict) -> None:
        super().__init__(f"{problem.get('code')}: {problem.get('detail')}")
        self.problem = problem


class Tresen:
    """The API, with the token of this system."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url.rstrip("/") + "/api/v1", token

    def get(self, path: str, **query: str) -> dict:
        return self._ask("GET", f"{path}?{urllib.parse.urlencode(query)}" if query else path)

    def post(self, path: str, body: dict) -> dict:
        """Safe to repeat: the key makes sure that it is done once, even if the answer got lost."""
        return self._ask("POST", path, body, {"Idempotency-Key": str(uuid.uuid4())})

    def _ask(self, method: str, path: str, body: dict | None = None, headers: dict | None = None) -> dict:
        data = json.dumps(body).encode() if body is not None else None
        for tries_left in (4, 3, 2, 1, 0):
            request = urllib.request.Request(self.url + path, data, method=method, headers={
                "Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **(headers or {})
            })  # fmt: skip
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                if error.code == 429 and tries_left:
                    time.sleep(float(error.headers.get("Retry-After", "5")))
                elif error.code >= 500 and tries_left:
                    time.sleep(2)
                else:
                    raise Refused(json.load(error)) from None
            except urllib.error.URLError:
                if not tries_left:
                    raise
                time.sleep(2)
        raise AssertionError("unreachable")


def is_genuine(secret: str, headers: dict, body: bytes, now: float) -> bool:
    """Whether Tresen has signed these very bytes, a moment ago."""
    stamp = headers.get("webhook-timestamp", "")
    if not stamp.isdecimal() or abs(now - int(stamp)) > TOLERANCE:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers.get('webhook-id', '')}.{stamp}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    # After a new secret there are two for a day.
    return any(hmac.compare_digest(expected, each) for each in headers.get("webhook-signature", "").split(" "))


def listen(port: int, secret: str) -> "queue.Queue[dict]":
    """Events as they come in: genuine ones, each once."""
    events: queue.Queue[dict] = queue.Queue()
    seen: set[str] = set()  # of a real CRM: a table with a unique index

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            if not is_genuine(secret, headers, body, time.time()):
                self.send_response(401)
                self.end_headers()
                return
            self.send_response(204)  # first say that it has arrived, then work
            self.end_headers()
            if headers["webhook-id"] not in seen:
                seen.add(headers["webhook-id"])
                events.put(json.loads(body))

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("", port), Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return events


def contact_with(tresen: Tresen, phone: str, name: str) -> tuple[int, int]:
    """The contact of this number, entered if it is new, and the thread with them."""
    try:
        made = tresen.post("/contacts", {"phone": phone, "name": name})
        return made["id"], made["conversation_id"]
    except Refused as refused:
        if refused.problem["code"] != "number_taken" or not refused.problem.get("contact_id"):
            raise
        contact = refused.problem["contact_id"]
        return contact, tresen.post(f"/contacts/{contact}/conversations", {})["id"]


def template_to_send(tresen: Tresen, name: str) -> dict:
    """The template of this name, or the first that needs no file and is no advertisement."""
    cursor = ""
    while cursor is not None:
        page = tresen.get("/templates", **({"name": name} if name else {}), **({"cursor": cursor} if cursor else {}))
        for template in page["items"]:
            is_plain = template["header"] in ("", "text") and template["category"] == "UTILITY"
            if template["is_sendable"] and (name or is_plain):
                return template
        cursor = page["next"]
    raise SystemExit("No template can be sent.")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listen", type=int, required=True, help="the port of the webhook on this machine")
    parser.add_argument("--phone", required=True)
    parser.add_argument("--name", default="")
    parser.add_argument("--template", default="")
    parser.add_argument("--seconds", type=float, default=60, help="how long to wait for news of the message")
    asked = parser.parse_args()
    events = listen(asked.listen, os.environ["TRESEN_WEBHOOK_SECRET"])
    tresen = Tresen(os.environ["TRESEN_URL"], os.environ["TRESEN_TOKEN"])

    contact, conversation = contact_with(tresen, asked.phone, asked.name)
    print(f"contact {contact}, conversation {conversation}")
    template = template_to_send(tresen, asked.template)
    values = {gap["field"]: gap["example"] or "–" for gap in template["fields"] if not gap["is_optional"]}
    body = {"template_id": template["id"], "values": values}
    sent = tresen.post(f"/conversations/{conversation}/templates", body)
    print(f"message {sent['id']}: {template['name']}, {sent['status']}")

    ends = time.monotonic() + asked.seconds
    while (left := ends - time.monotonic()) > 0:
        try:
            event = events.get(timeout=left)
        except queue.Empty:
            break
        message = event["data"].get("message", {})
        print(f"heard {event['event']}" + (f", message {message['id']}: {message['status']}" if message else ""))
        if message.get("id") == sent["id"] and message["status"] in ("delivered", "read", "failed"):
            return 0 if message["status"] != "failed" else 1
    print("nothing more was heard", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
