"""The audit log, for admins: newest first, in pages, filtered, and as a file."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import audit_log, spreadsheets
from accounts.audit import record_audit
from accounts.audit_log import AREAS, CONSOLE, AuditFilter
from accounts.models import Agent
from accounts.permissions import admin_required
from accounts.views import downloads


@admin_required
@require_http_methods(["GET", "HEAD"])
def audit(request: HttpRequest) -> HttpResponse:
    viewer: Agent = request.user  # type: ignore[assignment]
    wanted = AuditFilter.of(request.GET.dict())
    before = request.GET.get("before", "")
    known = before.isascii() and before.isdecimal() and len(before) < 19
    page = audit_log.page(viewer, wanted, before=int(before) if known else None)
    context = {
        "nav": "settings", "settings_page": "audit", "page": page, "wanted": wanted,
        "people": [(str(person.pk), person.name) for person in audit_log.people(viewer)], "console": CONSOLE,
        "areas": [(area, words) for area, (words, _begins) in AREAS.items()],
    }  # fmt: skip
    return render(request, "accounts/audit.html", context)


@admin_required
@require_POST
def download(request: HttpRequest) -> HttpResponseBase:
    """What the filter shows, as CSV or workbook. That somebody took it is a line itself, and not in the file."""
    agent: Agent = request.user  # type: ignore[assignment]
    wanted = AuditFilter.of(request.POST.dict())
    form = "xlsx" if request.POST.get("format") == "xlsx" else "csv"
    entries = audit_log.matching(agent, wanted)
    count = entries.count()
    if count > audit_log.MOST.get(form, count):
        messages.error(request, _("These are more than %(most)s lines. Choose a shorter period, or take CSV.") % {
            "most": audit_log.MOST[form]
        })  # fmt: skip
        return redirect(f"{reverse('settings-audit')}?{wanted.address}")
    chosen = [f"{name}={value}" for name, value in wanted.parameters.items()]
    line = record_audit(
        agent.workspace, agent, "audit.exported", subject=f"{count} · {form.upper()}",
        data={"lines": count, "format": form, "filter": chosen},
    )  # fmt: skip
    pages = audit_log.pages(agent, wanted, before=line.pk)
    if form == "xlsx":
        return downloads.workbook_file(spreadsheets.workbook(pages, title=_("Activity log")), _("Activity log"))
    return downloads.csv_file(request, spreadsheets.csv_parts(pages, language=agent.language), _("Activity log"))
