"""Settings page for admins: what Meta posted, what became of it, and the button that tries it again.

What customers wrote is not on these pages; who needs it for a fault asks for it, proves who they are, and that is kept
in the activity log.
"""

import re
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import F, Func, IntegerField, Q, QuerySet, Value
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.audit import record_audit
from accounts.models import Agent
from accounts.permissions import admin_required
from accounts.views.second_factor import fresh_required
from whatsapp import deliveries
from whatsapp.delivery_bodies import outline, whole
from whatsapp.delivery_words import in_words
from whatsapp.models import DeliveryState, WebhookDelivery

PAGE = 50
AT_ONCE = 500  # replayed by one click
SEARCHED = 5000  # of the newest; bodies have no index
WANTED = re.compile(r"[A-Za-z0-9_.=+/ -]{4,120}")  # an id of Meta's, a phone number
LATE_SECONDS = 10.0
REJECTIONS_SHOWN = timedelta(days=7)


class _Bytes(Func):
    function = "octet_length"
    output_field = IntegerField()


class _Position(Func):
    function = "position"
    arg_joiner = " IN "
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
    rows: QuerySet[Any] = _mine(request).defer("body").annotate(size=_Bytes(F("body"))).order_by("-pk")
    if state in DeliveryState.values:
        rows = rows.filter(state=state)
    else:
        state = ""
    search = request.GET.get("q", "").strip()
    if WANTED.fullmatch(search):
        rows = _containing(rows, _mine(request), search)
    before = request.GET.get("before", "")
    if before.isascii() and before.isdecimal() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    page = list(rows[: PAGE + 1])
    for row in page:
        row.reason_words = in_words(row.reason)
    age = deliveries.oldest_unprocessed_age(workspace_id=agent.workspace_id)
    refused = deliveries.rejected_counts(timezone.now() - REJECTIONS_SHOWN)
    context = {
        "nav": "settings", "settings_page": "deliveries", "rows": page[:PAGE], "state": state,
        "search": search, "is_too_vague": bool(search) and not WANTED.fullmatch(search), "searched": SEARCHED,
        "states": [("", _("All")), *DeliveryState.choices], "older": page[PAGE - 1].pk if len(page) > PAGE else None,
        "age": round(age), "is_late": age > LATE_SECONDS,
        "failed": deliveries.failed_count(workspace_id=agent.workspace_id),
        "refused": [(_reason_words(reason), count) for reason, count in refused.items()],
    }  # fmt: skip
    return render(request, "whatsapp/deliveries.html", context)


@admin_required
@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One delivery with its outline and what was found in it."""
    return _page(request, _found(request, pk))


@admin_required
@require_POST
@fresh_required(lambda pk: reverse("settings-delivery", args=[pk]))
def content(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole body, for who has just proven who they are. The activity log says so."""
    agent: Agent = request.user  # type: ignore[assignment]
    delivery = _found(request, pk)
    record_audit(agent.workspace, agent, "webhook.opened", delivery.pk)
    return _page(request, delivery, is_whole=True)


def _page(request: HttpRequest, delivery: WebhookDelivery, *, is_whole: bool = False) -> HttpResponse:
    body = bytes(delivery.body)
    context = {
        "nav": "settings", "settings_page": "deliveries", "delivery": delivery, "size": len(body),
        "body": whole(body) if is_whole else outline(body), "is_whole": is_whole, "reason": in_words(delivery.reason),
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


@admin_required
@require_POST
def replays(request: HttpRequest) -> HttpResponse:
    """All that failed once more, the oldest first."""
    agent: Agent = request.user  # type: ignore[assignment]
    failed = list(_mine(request).filter(state=DeliveryState.FAILED).only("pk").order_by("pk")[:AT_ONCE])
    if failed:
        deliveries.replay(failed)
        record_audit(agent.workspace, agent, "webhook.all_replayed", data={"count": len(failed)})
    words = ngettext(
        "%(count)s delivery is being processed again.", "%(count)s deliveries are being processed again.", len(failed)
    )
    messages.success(request, words % {"count": len(failed)})
    return redirect("settings-deliveries")


def _containing(rows: QuerySet[Any], mine: QuerySet[Any], search: str) -> QuerySet[Any]:
    """Those of the newest whose body or reason has this in it; phone numbers also as people write them."""
    newest = mine.order_by("-pk").values("pk")[:SEARCHED]
    digits = re.sub(r"[ +/-]", "", search)
    wanted = digits if digits.isdecimal() else search
    inside = _Position(Value(wanted.encode()), F("body"))
    return rows.filter(pk__in=newest).annotate(inside=inside).filter(Q(inside__gt=0) | Q(reason__icontains=search))


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
