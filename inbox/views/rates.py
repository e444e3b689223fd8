"""Settings: what messages cost. A rate card is put in, compared with what holds, and then put into force."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import admin_desk_required
from accounts.views.answers import done
from inbox import rate_pages
from inbox.access import MOST_ID
from inbox.actions import rate_tables
from inbox.errors import FileRefused, InboxRuleViolation
from inbox.forms.rate_cards import RateCardForm
from inbox.importing.rate_cards import CardRefused, read_card
from inbox.importing.tables import read_table
from whatsapp.models import RateTable


@admin_desk_required
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """What holds today, the cards, and the form. POST reads a file; what is wrong with it is said here."""
    form = RateCardForm(request.POST or None, request.FILES or None, by=request.user)
    problems: list[str] = []
    more = 0
    if request.method == "POST" and form.is_valid():
        try:
            return redirect("settings-rate-table", _read(request, form).pk)
        except CardRefused as refused:
            problems, more = refused.problems, refused.more
        except FileRefused as refused:
            form.add_error("file", str(refused.sentence))
        except InboxRuleViolation as violation:
            form.add_error(None, str(violation.sentence))
    workspace = request.user.workspace
    tables = RateTable.objects.filter(workspace=workspace).exclude(applied_at=None).select_related("imported_by")
    context = {
        "nav": "settings", "settings_page": "rates", "form": form, "problems": problems, "more": more,
        "rows": rate_pages.valid_today(workspace, timezone.localdate()),
        "headings": [rate_pages.CATEGORIES[category] for category in rate_pages.USUAL],
        "tables": tables.order_by("-effective_from", "-pk"),
    }  # fmt: skip
    return render(request, "inbox/settings/rates.html", context, status=422 if form.errors or problems else 200)


@admin_desk_required
@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One card beside what holds without it; before it is in force, with the button that does it."""
    table = _found(request, pk)
    rows = rate_pages.card_rows(table)
    counts = rate_pages.changes(rows)
    only = request.GET.get("show") == "changes"
    context = {
        "nav": "settings", "settings_page": "rates", "table": table, "counts": counts, "only": only,
        "rows": [row for row in rows if row.is_changed] if only else rows, "total": len(rows),
        "headings": [rate_pages.CATEGORIES[category] for category in rate_pages.columns_of(table)],
        "is_past": table.effective_from < timezone.localdate(),
    }  # fmt: skip
    return render(request, "inbox/settings/rate_table.html", context)


@admin_desk_required
@require_POST
def application(request: HttpRequest, pk: int) -> HttpResponse:
    table = _found(request, pk)
    try:
        rate_tables.apply_table(table, by=request.user)
    except InboxRuleViolation as violation:
        context = {"sentence": violation.sentence, "back": request.path.removesuffix("application/")}
        return render(request, "accounts/refused.html", context, status=violation.status)
    if table.effective_from > timezone.localdate():
        day = formats.date_format(table.effective_from, "DATE_FORMAT")
        done(request, _("The prices hold from %(day)s.") % {"day": day})
    else:
        done(request, _("The prices are in force. What was sent since then is priced anew."))
    return redirect("settings-rates")


@admin_desk_required
@require_POST
def removal(request: HttpRequest, pk: int) -> HttpResponse:
    table = _found(request, pk)
    rate_tables.remove_table(table, by=request.user)
    done(request, _("Removed.") if table.applied_at else _("Not taken over."))
    return redirect("settings-rates")


def _read(request: HttpRequest, form: RateCardForm) -> RateTable:
    said = form.cleaned_data
    lines = read_card(read_table(said["file"].read()), currency=said["currency"])
    return rate_tables.keep_card(
        lines, by=request.user, effective_from=said["effective_from"], file_name=said["file"].name,
        source=said["source"] or said["file"].name, free_per_month=said["free_per_month"],
    )  # fmt: skip


def _found(request: HttpRequest, pk: int) -> RateTable:
    tables = RateTable.objects.filter(workspace_id=request.user.workspace_id)
    return get_object_or_404(tables, pk=min(pk, MOST_ID))
