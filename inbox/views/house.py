"""Settings: the installation as a whole. Time zones, mail, and the doctor. For admins."""

import copy

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import interrupted, mail, throttle
from accounts.mail_forms import MailServerForm
from accounts.models import MailServer
from accounts.permissions import admin_required
from accounts.views.answers import done
from inbox.actions import installation
from inbox.doctor.examination import Examined, examine, parts_of, verdict
from inbox.doctor.findings import Finding, Level
from inbox.forms.zones import ZoneForm
from whatsapp.models import BusinessAccount

EXAMINATIONS_PER_HOUR = 30
BADGES = {Level.GOOD: ("good", "check"), Level.NOTE: ("", "info"), Level.WARN: ("warn", "alert"),
          Level.BAD: ("bad", "alert")}  # fmt: skip


@admin_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    return page(request)


@admin_required
@require_POST
def zone(request: HttpRequest) -> HttpResponse:
    """The time zone of the business."""
    form = ZoneForm(request.POST)
    if not form.is_valid():
        return page(request, zone_form=form, status=422)
    installation.change_zone(request.user.workspace, form.cleaned_data["timezone"], by=request.user)
    done(request, _("Saved."))
    return redirect("settings-installation")


@admin_required
@require_POST
def account_zone(request: HttpRequest, pk: int) -> HttpResponse:
    """The time zone of a business account at Meta."""
    accounts = BusinessAccount.objects.filter(workspace_id=request.user.workspace_id)
    account = get_object_or_404(accounts, pk=pk)
    form = ZoneForm(request.POST, prefix=f"account-{account.pk}")
    if not form.is_valid():
        return page(request, account_form=(account.pk, form), status=422)
    installation.change_account_zone(account, form.cleaned_data["timezone"], by=request.user)
    done(request, _("Saved."))
    return redirect("settings-installation")


@admin_required
@require_POST
def examination(request: HttpRequest) -> HttpResponse:
    """What the doctor says now, of this workspace's numbers only."""
    limit = throttle.Limit(throttle.hashed("doctor", str(request.user.workspace_id)), EXAMINATIONS_PER_HOUR, 3600)
    if not throttle.count(limit).allowed:
        messages.error(request, _("That was often enough for now. Please wait an hour."))
        return redirect("settings-installation")
    found = list(examine(parts_of(request.user.workspace)))
    return page(request, examined=found)


def _lines(examined: Examined) -> list[tuple[str, str, Finding]]:
    return [(*BADGES[finding.level], finding) for finding in examined.findings]


def page(
    request: HttpRequest, *, zone_form: ZoneForm | None = None, account_form: tuple[int, ZoneForm] | None = None,
    mail_form: MailServerForm | None = None, examined: list[Examined] | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    """The whole page, with the form that was refused as it was typed."""
    workspace = request.user.workspace
    kept = MailServer.objects.filter(workspace=workspace).first()
    typed = interrupted.words(request, reverse("settings-mail-server"))
    accounts = BusinessAccount.objects.filter(workspace=workspace).order_by("pk")
    forms = [
        (account, account_form[1] if account_form and account_form[0] == account.pk else ZoneForm.of(account))
        for account in accounts
    ]
    context = {
        "nav": "settings", "settings_page": "installation", "zone_form": zone_form or ZoneForm.of(workspace),
        "accounts": forms, "examined": [(each.part.name, _lines(each)) for each in examined or ()],
        "verdict": verdict(max(each.level for each in examined)) if examined else "",
        "mail": mail.outgoing(workspace), "mail_kept": kept,
        "mail_form": mail_form or MailServerForm(typed, instance=copy.copy(kept)),
    }  # fmt: skip
    return render(request, "inbox/settings/installation.html", context, status=status)
