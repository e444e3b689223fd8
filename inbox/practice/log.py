"""The page's log: what the phone did and heard, and what our inbox made of it, newest first, in plain words."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inbox.activity_lines import line_of
from inbox.models import Activity
from inbox.practice.screen import kind_words, moment, pretty_json
from whatsapp import errors

LIMIT = 40
KIND_ICONS = {
    "text": "note", "image": "image", "audio": "mic", "document": "file", "location": "pin", "contacts": "contacts",
    "reaction": "emoji", "button": "reply", "interactive": "reply", "unsupported": "help", "system": "mobile",
    "preference": "shield-off", "video": "play",
}  # fmt: skip


@dataclass
class Line:
    key: str
    at: datetime
    icon: str
    title: SafeString | str
    text: str = ""
    tone: str = ""  # good, ink, bad
    request: str = ""
    response: str = ""


def lines(events: Iterable[dict[str, Any]], activities: Iterable[Activity], *, raw: bool) -> list[Line]:
    """At most LIMIT lines."""
    found = [line for event in events if (line := _line(event)) is not None]
    if raw:
        by_id = {f"e{event['id']}": event for event in events}
        for line in found:
            line.request = pretty_json(by_id[line.key].get("request", ""))
            line.response = pretty_json(by_id[line.key].get("response", ""))
    for activity in activities:
        told = line_of(activity)
        html = mark_safe(told.html)  # noqa: S308 - safe already, by activity_lines
        found.append(Line(f"a{activity.pk}", activity.occurred_at, told.icon, html, _("In the inbox"), "ink"))
    found.sort(key=lambda line: (line.at, line.key), reverse=True)
    return found[:LIMIT]


def _line(event: dict[str, Any]) -> Line | None:
    build = BUILDERS.get(event["kind"])
    return build(event, f"e{event['id']}", moment(event["at"])) if build else None


def _customer(event: dict[str, Any], key: str, at: datetime) -> Line:
    if event.get("type") == "preference":
        stopped = event.get("value") == "stop"
        words = _("Marketing stopped in WhatsApp") if stopped else _("Marketing allowed again in WhatsApp")
        return Line(key, at, "shield-off" if stopped else "shield", words)
    kind = event.get("type", "text")
    words = kind_words({"type": kind, "content": {}})
    return Line(key, at, KIND_ICONS.get(kind, "note"), _("%(kind)s sent") % {"kind": words}, _("By the customer"))


def _webhook(event: dict[str, Any], key: str, at: datetime) -> Line:
    what = event.get("note") or _("Batch")
    if event.get("problem"):
        facts = {"problem": event["problem"], "attempt": event["attempt"]}
        text = _("%(problem)s · attempt %(attempt)s, will be repeated") % facts
        return Line(key, at, "alert", _("Webhook not accepted"), f"{what} · {text}", "bad")
    milliseconds = _("%(count)s ms") % {"count": round(event["milliseconds"])}
    signed = _("signed")  # outside the f-string, where gettext's tools would not find it
    return Line(key, at, "webhook", _("Webhook accepted"), f"{what} · {signed} · {milliseconds}", "good")


def _received(event: dict[str, Any], key: str, at: datetime) -> Line | None:
    """A call of ours to the Cloud API."""
    if event.get("status", 200) >= 400:
        code = event.get("code") or _code(event)
        reason = errors.sentence(code) if code else ""
        return Line(key, at, "alert", _("Call refused"), _("Code %(code)s") % {"code": code} + f" · {reason}", "bad")
    path = event.get("path", "")
    if path.endswith("/messages"):
        if not event.get("customer"):
            return None  # told by what it did, see _marked; or it did nothing
        return Line(key, at, "send", _("Reply accepted"), _("On its way to the phone"), "ink")
    name = path.rsplit("/", 1)[-1]
    if name == "message_templates":
        words = _("Templates fetched") if event["method"] == "GET" else _("Template submitted")
        return Line(key, at, "template", words)
    if name == "media":
        return Line(key, at, "upload", _("File uploaded"))
    return Line(key, at, "globe", f"{event.get('method')} …/{name}")


def _marked(event: dict[str, Any], key: str, at: datetime) -> Line:
    if event.get("what") == "typing":
        return Line(key, at, "keyboard", _("The customer sees that you are writing"))
    return Line(key, at, "eye", _("Marked as read, ticks are blue"))


def _code(event: dict[str, Any]) -> int:
    try:
        return int(json.loads(event.get("response") or "{}")["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return 0


def _status(event: dict[str, Any], key: str, at: datetime) -> Line:
    status = event["status"]
    if status == "failed":
        code = event.get("error") or 0
        reason = _("Code %(code)s") % {"code": code} + f" · {errors.sentence(code)}"
        return Line(key, at, "alert", _("Not delivered"), reason, "bad")
    title = {
        "sent": _("Reply sent"), "delivered": _("Reply delivered"), "read": _("Reply read"),
        "played": _("Voice message played"),
    }.get(status, status)  # fmt: skip
    price = {
        "free_customer_service": _("one of this month's free replies"), "regular": _("charged"),
        "free_entry_point": _("free after an ad"),
    }.get(event.get("pricing", ""), "")  # fmt: skip
    text = _("Delivery ticks turned blue in the inbox") if status == "read" else price
    return Line(key, at, {"read": "eye"}.get(status, "ticks"), title, text, "ink" if status == "delivered" else "")


def _clock(event: dict[str, Any], key: str, at: datetime) -> Line:
    minutes = round(event["seconds"] / 60)
    hours, rest = divmod(minutes, 60)
    spans = [ngettext("%(count)s h", "%(count)s h", hours) % {"count": hours}] if hours else []
    spans += [_("%(count)s min") % {"count": rest}] if rest else []
    span = " ".join(spans)
    return Line(key, at, "forward", _("Clock moved %(span)s ahead") % {"span": span}, _("For this customer"))


def _review(event: dict[str, Any], key: str, at: datetime) -> Line:
    name = escape(f"{event['name']} ({event['language']})")
    tone = {"APPROVED": "good", "REJECTED": "bad"}.get(str(event["event"]), "")
    return Line(key, at, "template", _("Template %(name)s") % {"name": name}, str(event["event"]).lower(), tone)


BUILDERS = {
    "customer": _customer, "webhook": _webhook, "received": _received, "status": _status, "clock": _clock,
    "review": _review, "marked": _marked,
}  # fmt: skip
