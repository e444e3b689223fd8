"""Settings: an outgoing webhook, its secret, its test, and the log of what it was told."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import entering, interrupted
from accounts.permissions import admin_desk_required
from accounts.views.answers import done
from accounts.views.second_factor import ask_again, fresh_required, resuming
from inbox.actions import outgoing_webhooks
from inbox.errors import FieldsInvalid, InboxRuleViolation
from inbox.forms.api import WebhookForm
from inbox.models import OutgoingDelivery, OutgoingWebhook
from inbox.outgoing_webhooks.words import error_words

PAGE = 50


def _one(pk: int) -> str:
    return reverse("settings-webhook", args=[pk])


@admin_desk_required
@never_cache
@fresh_required(back=lambda: reverse("settings-webhook-new"))
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Set one up; its secret is shown this once."""
    typed = request.POST or interrupted.words(request, request.path)
    form = WebhookForm(typed, workspace_id=request.user.workspace_id)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            webhook, secret = outgoing_webhooks.create_webhook(
                url=said["url"], events=said["events"], numbers=said["numbers"], by=request.user
            )
        except InboxRuleViolation as refusal:
            _say(form, refusal)
        else:
            return _shown(request, webhook, _form(webhook), secret=secret)
    context = {"nav": "settings", "settings_page": "api", "form": form}
    status = 422 if request.method == "POST" else 200
    return render(request, "inbox/settings/outgoing_webhook_new.html", context, status=status)


@admin_desk_required
@require_http_methods(["GET", "HEAD", "POST"])
@resuming
def show(request: HttpRequest, pk: int) -> HttpResponse:
    webhook = _webhook(request, pk)
    if request.method != "POST":
        return _shown(request, webhook, _form(webhook, interrupted.words(request, request.path)))
    form = _form(webhook, request.POST)
    if form.is_valid():
        if form.cleaned_data["url"] != webhook.url and not entering.is_fresh(request):
            return ask_again(request, _one(pk))  # another address is as good as another webhook
        try:
            outgoing_webhooks.change_webhook(webhook, by=request.user, **form.cleaned_data)
        except InboxRuleViolation as refusal:
            _say(form, refusal)
        else:
            done(request, _("The webhook is saved."))
            return redirect("settings-webhook", pk)
    return _shown(request, webhook, form, status=422)


@admin_desk_required
@require_POST
def test(request: HttpRequest, pk: int) -> HttpResponse:
    """Tell it a test now."""
    made = outgoing_webhooks.ping(_webhook(request, pk))
    if made.error:
        words = {"reason": error_words(made.error), "status": f" ({made.status})" if made.status else ""}
        messages.error(request, _("The test did not work%(status)s. %(reason)s") % words)
    else:
        words = {"status": made.status, "ms": made.milliseconds}
        done(request, _("The test has arrived: %(status)s, after %(ms)s ms.") % words)
    return redirect("settings-webhook", pk)


@admin_desk_required
@never_cache
@require_POST
@fresh_required(back=_one)
def secret(request: HttpRequest, pk: int) -> HttpResponse:
    """A new secret, shown this once."""
    webhook = _webhook(request, pk)
    made = outgoing_webhooks.renew_secret(webhook, by=request.user)
    return _shown(request, _webhook(request, pk), _form(webhook), secret=made)


@admin_desk_required
@require_POST
def removal(request: HttpRequest, pk: int) -> HttpResponse:
    outgoing_webhooks.remove_webhook(_webhook(request, pk), by=request.user)
    done(request, _("The webhook is removed."))
    return redirect("settings-api")


@admin_desk_required
@require_POST
def replay(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a delivery once more."""
    found = OutgoingDelivery.objects.select_related("webhook")
    delivery = get_object_or_404(found, pk=pk, webhook__workspace=request.user.workspace_id)
    if outgoing_webhooks.replay(delivery, by=request.user):
        done(request, _("It is sent again."))
    return redirect("settings-webhook", delivery.webhook_id)


def _shown(
    request: HttpRequest, webhook: OutgoingWebhook, form: WebhookForm, *, secret: str = "", status: int = 200
) -> HttpResponse:
    state, before = request.GET.get("state", ""), request.GET.get("before", "")
    rows = OutgoingDelivery.objects.filter(webhook=webhook).order_by("-pk")
    if state in OutgoingDelivery.State.values:
        rows = rows.filter(state=state)
    if before.isascii() and before.isdecimal() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    found = list(rows[: PAGE + 1])
    context: dict[str, Any] = {
        "nav": "settings", "settings_page": "api", "webhook": webhook, "form": form, "secret": secret, "state": state,
        "rows": [(row, error_words(row.error) if row.error else "") for row in found[:PAGE]],
        "states": [("", _("All")), *OutgoingDelivery.State.choices],
        "older": found[PAGE - 1].pk if len(found) > PAGE else None,
    }  # fmt: skip
    return render(request, "inbox/settings/outgoing_webhook.html", context, status=status)


def _form(webhook: OutgoingWebhook, said: Any = None) -> WebhookForm:
    return WebhookForm(said, workspace_id=webhook.workspace_id, webhook=webhook)


def _say(form: WebhookForm, refusal: InboxRuleViolation) -> None:
    field = "url" if isinstance(refusal, FieldsInvalid) else None
    form.add_error(field, str(getattr(refusal, "fields", {}).get("url", refusal.sentence)))


def _webhook(request: HttpRequest, pk: int) -> OutgoingWebhook:
    found = OutgoingWebhook.objects.select_related("workspace")
    return get_object_or_404(found, pk=pk, workspace_id=request.user.workspace_id)
