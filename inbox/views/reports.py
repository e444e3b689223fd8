"""The reports for leads and admins: the page, the conversations behind a figure, the file, the figures of people.

For everybody else none of it exists; of what a lead asks for, only their teams are answered.
"""

from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.audit import record_audit
from accounts.models import Agent
from accounts.permissions import admin_desk_required, desk_required, may_manage_settings
from accounts.views.downloads import XLSX
from inbox.actions.report_settings import shows_people, switch_people
from inbox.errors import InboxRuleViolation
from inbox.models import ReportSettings
from inbox.reports import drill, export, people, words
from inbox.reports.page import Report
from inbox.reports.wanted import Scope, Wanted


@desk_required
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The whole page, or for another choice of filters only what is below them."""
    wanted, now = _wanted(request, request.GET.dict())
    agent = request.user
    context = {
        "nav": "reports", "report": Report(wanted, now), "wanted": wanted,
        "shows_people": shows_people(agent.workspace_id), "may_switch": may_manage_settings(agent),
        "people_settings": _people_settings(agent),
    }  # fmt: skip
    template = "inbox/reports/_report.html" if getattr(request, "htmx", False) else "inbox/reports/index.html"
    return render(request, template, context)


@desk_required
@require_GET
def conversations(request: HttpRequest) -> HttpResponse:
    """The conversations behind one figure, a page at a time."""
    values = request.GET.dict()
    wanted, now = _wanted(request, values)
    figure = values.get("figure", "received")
    hits = drill.hits(wanted, figure, values, now)
    if hits is None:
        raise Http404
    more = {name: values[name] for name in ("why", "code") if values.get(name)}
    context = {
        "nav": "reports", "hits": hits, "wanted": wanted, "span_words": words.span(wanted.span.first, wanted.span.last),
        "counted": hits.counted, "next": drill.link(wanted, figure, **more, after=hits.next) if hits.next else "",
    }  # fmt: skip
    template = "inbox/reports/_hits.html" if getattr(request, "htmx", False) else "inbox/reports/conversations.html"
    return render(request, template, context)


@desk_required
@require_POST
def download(request: HttpRequest) -> HttpResponse:
    """The tables of the page as CSV or workbook; the activity log keeps who took which."""
    agent = request.user
    wanted, now = _wanted(request, request.POST.dict())
    form = "xlsx" if request.POST.get("format") == "xlsx" else "csv"
    tables = list(Report(wanted, now).tables.values())
    if request.POST.get("people") == "1":
        _require_people(agent)
        tables.append(people.table(wanted, people.look_at_people(wanted, now, verb="reports.people_exported")))
    record_audit(
        agent.workspace, agent, "reports.exported", subject=f"{wanted.span.first} – {wanted.span.last}",
        data={"format": form} | ({"filter": wanted.narrowed} if wanted.narrowed else {}),
    )  # fmt: skip
    if form == "xlsx":
        response = HttpResponse(export.as_workbook(tables), content_type=XLSX)
    else:
        response = HttpResponse(export.as_csv(tables, language=agent.language), content_type="text/csv; charset=utf-8")
    name = f"{slugify(_('Reports'))}-{wanted.span.first}-{wanted.span.last}.{form}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


@desk_required
@require_GET
def persons(request: HttpRequest) -> HttpResponse:
    """The figures of single people, where they were switched on. Looking is recorded."""
    _require_people(request.user)
    wanted, now = _wanted(request, request.GET.dict())
    found = people.look_at_people(wanted, now)
    context = {
        "nav": "reports", "wanted": wanted, "span_words": words.span(wanted.span.first, wanted.span.last),
        "people": found, "table": people.table(wanted, found),
    }  # fmt: skip
    template = "inbox/reports/_people.html" if getattr(request, "htmx", False) else "inbox/reports/people.html"
    return render(request, template, context)


@admin_desk_required
@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """Figures of single people on, with a reason, or off."""
    try:
        switch_people(on=request.POST.get("on") == "1", reason=request.POST.get("reason", ""), by=request.user)
    except InboxRuleViolation as violation:
        messages.error(request, str(violation))
    return redirect("reports")


def _wanted(request: HttpRequest, values: dict[str, str]) -> tuple[Wanted, datetime]:
    now = timezone.now()
    return Wanted.of(values, Scope.of(request.user), now), now


def _people_settings(agent: Agent) -> ReportSettings | None:
    return ReportSettings.objects.filter(workspace=agent.workspace_id).select_related("changed_by").first()


def _require_people(agent: Agent) -> None:
    if not shows_people(agent.workspace_id):
        raise Http404
