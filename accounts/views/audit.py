"""The audit log, for admins: newest first, in pages."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from accounts.audit import WORDS, details
from accounts.models import Agent, AuditEntry
from accounts.permissions import admin_required

PAGE = 50


@admin_required
@require_http_methods(["GET", "HEAD"])
def audit(request: HttpRequest) -> HttpResponse:
    viewer: Agent = request.user  # type: ignore[assignment]
    entries = AuditEntry.objects.filter(workspace_id=viewer.workspace_id).select_related("actor").order_by("-pk")
    before = request.GET.get("before", "")
    if before.isdecimal() and len(before) < 19:
        entries = entries.filter(pk__lt=int(before))
    page = list(entries[: PAGE + 1])
    lines = [(entry, WORDS.get(entry.verb, entry.verb), details(entry)) for entry in page[:PAGE]]
    context = {
        "nav": "settings", "settings_page": "audit", "lines": lines,
        "older": page[PAGE - 1].pk if len(page) > PAGE else None,
    }  # fmt: skip
    return render(request, "accounts/audit.html", context)
