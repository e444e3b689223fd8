"""Settings page for admins: what Meta posted, what became of it, and the button that tries it again."""

import json
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import F, Func, IntegerField, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.audit import record_audit
from accounts.models import Agent
from accounts.permissions import admin_required
from whatsapp import deliveries
from whatsapp.delivery_words import in_words
from whatsapp.models import DeliveryState, WebhookDelivery
from whatsapp.payloads.reading import clean, loads

PAGE = 50
SHOWN_CHARACTERS = 200_000
LATE_SECONDS = 10.0
REJECTIONS_SHOWN = timedelta(days=7)


class _Bytes(Func):
    function = "octet_length"
    output_field = IntegerField()


def _mine(request: HttpRequest) -> QuerySet[WebhookDelivery]:
    """Deliveries to the apps of this admin's workspace."""
    agent: Agent = request.user  # type: ignore[assignment]
    return WebhookDelivery.objects.filter(meta_app__workspace_id=agent.workspace_id)


@admin_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The list, newest first, by state, in pages."""
    agent: Agent = request.user  # type: ignore[assignment]
    state = request.GET.get("state", "")
    rows = _mine(request).defer("body").annotate(size=_Bytes(F("body"))).order_by("-pk")
    if state in DeliveryState.values:
        rows = rows.filter(state=state)
    else:
        state = ""
    before = request.GET.get("before", "")
    if before.isascii() and before.isdecimal() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    page = list(rows[: PAGE + 1])
    for row in page:
        row.reason_words = in_words(row.reason)  # type: ignore[attr-defined]
    age = deliveries.oldest_unprocessed_age(workspace_id=agent.workspace_id)
    refused = deliveries.rejected_counts(timezone.now() - REJECTIONS_SHOWN)
    context = {
        "nav": "settings", "settings_page": "deliveries", "rows": page[:PAGE], "state": state,
        "states": [("", _("All")), *DeliveryState.choices], "older": page[PAGE - 1].pk if len(page) > PAGE else None,
        "age": round(age), "is_late": age > LATE_SECONDS,
        "failed": deliveries.failed_count(workspace_id=agent.workspace_id),
        "refused": [(_reason_words(reason), count) for reason, count in refused.items()],
    }  # fmt: skip
    return render(request, "whatsapp/deliveries.html", context)


@admin_required
@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One delivery with its body and what was found in it."""
    delivery = _found(request, pk)
    body = bytes(delivery.body)
    context = {
        "nav": "settings", "settings_page": "deliveries", "delivery": delivery, "size": len(body),
        "body": readable(body), "reason": in_words(delivery.reason),
        "findings": [{**finding, "words": in_words(finding.get("reason", ""))} for finding in delivery.findings],
        "is_waiting": delivery.state == DeliveryState.NEW,
    }  # fmt: skip
    return render(request, "whatsapp/delivery.html", context)


@admin_required
@require_POST
def replay(request: HttpRequest, pk: int) -> HttpResponse:
    """Send it through the intake again."""
    agent: Agent = request.user  # type: ignore[assignment]
    delivery = _found(request, pk)
    deliveries.replay([delivery])
    record_audit(agent.workspace, agent, "webhook.replayed", delivery.pk)
    messages.success(request, _("The delivery is being processed again."))
    return redirect("settings-delivery", pk=delivery.pk)


def readable(body: bytes) -> str:
    """The body for people: indented if it is JSON, else as text; cut where it gets absurd."""
    try:
        text = json.dumps(loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = body.decode("utf-8", errors="replace")
    text = clean(text)
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "\n…"


def _found(request: HttpRequest, pk: int) -> WebhookDelivery:
    delivery = _mine(request).filter(pk=pk).first() if pk < 2**63 else None
    if delivery is None:
        raise Http404
    return delivery


def _reason_words(reason: str) -> Any:
    words = {
        "missing_signature": _("without a signature"),
        "wrong_signature": _("with a wrong signature"),
        "two_signatures": _("with two signatures"),
        "too_large": _("too large"),
        "too_slow": _("too slow"),
        "verify_token": _("with a wrong verify token"),
    }
    return words.get(reason, reason)
