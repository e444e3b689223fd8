"""People from a file: put it in, see what every row would do, then let it be done."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import contact_manager_required
from accounts.views.answers import done
from inbox import access
from inbox.actions import contact_imports
from inbox.contacts import fields as contact_fields
from inbox.errors import FileRefused, InboxRuleViolation
from inbox.forms.contact_imports import ImportFileForm, ReadingForm
from inbox.importing import columns, tables, words
from inbox.models import ContactImport, ContactImportRow
from whatsapp.phone_format import pretty

PAGE_SIZE = 100
RECENT = 10
REMARKS = "remarks"


@dataclass(frozen=True)
class ShownRow:
    row: ContactImportRow
    phone: str
    changes: list[tuple[Any, str, str]]
    reasons: list[str]


@contact_manager_required
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """Put a file in. It is read at once, so that what is wrong with it is said here."""
    form = ImportFileForm(request.POST or None, request.FILES or None, by=request.user)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            table = tables.read_table(file.read())
        except FileRefused as refused:
            form.add_error("file", str(refused.sentence))
        else:
            imported = contact_imports.begin_import(
                table, file_name=file.name, number=form.cleaned_data["number"], by=request.user
            )
            return redirect("contact-import", imported.pk)
    recent = ContactImport.objects.filter(agent=request.user).order_by("-created_at")[:RECENT]
    context = {"nav": "contacts", "form": form, "recent": recent}
    return render(request, "inbox/contacts/import_file.html", context, status=422 if form.errors else 200)


@contact_manager_required
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """The dry run or what came of it, with a verdict per row. POST: read the columns in another way.

    `?after=` is the next page of rows alone.
    """
    imported = access.get_import(request.user, pk)
    form = ReadingForm(request.POST or None, imported=imported)
    if request.method == "POST" and form.is_valid():
        try:
            contact_imports.check_import(imported, **form.said)
            return redirect("contact-import", imported.pk)
        except InboxRuleViolation as violation:
            form.add_error(None, str(violation.sentence))
    shown = request.GET.get("show", "")
    after = request.GET.get("after", "")
    context = _page(imported, shown, int(after) if after.isdecimal() and len(after) < 10 else 0)
    if after:
        return render(request, "inbox/contacts/_import_rows.html", context)
    counts = contact_imports.counts_of(imported)
    context |= {
        "nav": "contacts", "form": form, "total": sum(counts.values()), "todo": _todo(counts),
        "chips": _chips(imported, counts), "asks": form.errors or columns.PHONE not in imported.columns,
        "lacks_source": _lacks_source(imported),
    }  # fmt: skip
    return render(request, "inbox/contacts/import.html", context, status=422 if form.errors else 200)


@contact_manager_required
@require_safe
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """How far the work is; when it has ended, the page is loaded anew."""
    imported = access.get_import(request.user, pk)
    response = render(request, "inbox/contacts/_import_progress.html", _progress(imported))
    if not imported.is_working:
        response["HX-Refresh"] = "true"
    return response


@contact_manager_required
@require_POST
def apply(request: HttpRequest, pk: int) -> HttpResponse:
    """Do what the dry run says."""
    imported = access.get_import(request.user, pk)
    try:
        contact_imports.apply_import(imported)
    except InboxRuleViolation as violation:
        done(request, str(violation.sentence))
    return redirect("contact-import", imported.pk)


@contact_manager_required
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget the file."""
    imported = access.get_import(request.user, pk)
    contact_imports.discard_import(imported)
    done(request, _("%(name)s is forgotten.") % {"name": imported.file_name})
    return redirect("contact-imports")


def _page(imported: ContactImport, shown: str, after: int) -> dict[str, Any]:
    rows = imported.rows.filter(line__gt=after)
    if shown in ContactImportRow.Verdict.values:
        rows = rows.filter(verdict=shown)
    elif shown == REMARKS:
        rows = rows.filter(has_remarks=True)
    else:
        shown, rows = "", rows.exclude(verdict="")
    found = list(rows.order_by("line").select_related("contact")[: PAGE_SIZE + 1])
    targets = columns.targets_for(contact_fields.fields_of(imported.workspace_id))
    return {
        **_progress(imported), "shown": shown, "rows": [_shown(row, imported, targets) for row in found[:PAGE_SIZE]],
        "next": found[PAGE_SIZE - 1].line if len(found) > PAGE_SIZE else None,
    }  # fmt: skip


def _shown(row: ContactImportRow, imported: ContactImport, targets: dict[str, Any]) -> ShownRow:
    typed = next((row.cells[i] for i, target in enumerate(imported.columns) if target == columns.PHONE), "")
    changes = [(targets.get(target, "–"), old, new) for target, old, new in row.detail.get("changes", [])]
    reasons = [words.sentence(reason, targets) for reason in row.detail.get("reasons", [])]
    return ShownRow(row, pretty(row.phone) if row.phone else str(typed)[:40], changes, reasons)


def _progress(imported: ContactImport) -> dict[str, Any]:
    total = imported.rows.count()
    left = imported.rows.filter(verdict="")
    if imported.state == ContactImport.State.APPLYING:
        total = imported.rows.filter(verdict__in=ContactImportRow.EFFECTIVE).count()
        left = imported.rows.filter(verdict__in=ContactImportRow.EFFECTIVE, is_applied=False)
    return {"imported": imported, "of": total, "done": total - left.count() if imported.is_working else total}


def _todo(counts: dict[str, int]) -> int:
    return sum(counts.get(verdict, 0) for verdict in ContactImportRow.EFFECTIVE)


def _lacks_source(imported: ContactImport) -> bool:
    chosen = imported.columns
    return columns.CONSENT in chosen and columns.CONSENT_SOURCE not in chosen and not imported.consent_source


def _chips(imported: ContactImport, counts: dict[str, int]) -> list[tuple[str, Any, int]]:
    """The verdicts that occur, and what was left out of otherwise good rows."""
    chips = [(value, label, counts[value]) for value, label in ContactImportRow.Verdict.choices if counts.get(value)]
    remarks = imported.rows.filter(has_remarks=True).count()
    return [*chips, (REMARKS, _("With something left out"), remarks)] if remarks else chips
