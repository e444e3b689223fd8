"""Settings, data protection: how long data are kept, the papers, and who looked at whose data. For admins."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.permissions import admin_desk_required
from accounts.views.answers import done
from inbox import access
from inbox.models import RetentionSettings
from inbox.privacy import accesses, documents
from inbox.privacy import retention as rules

PAPERS = ("record", "contract")


@admin_desk_required
@require_http_methods(["GET", "HEAD", "POST"])
def retention(request: HttpRequest) -> HttpResponse:
    """The times, and with `?try=1` what would go tonight by those on the page."""
    workspace = request.user.workspace
    if request.method == "POST":
        if rules.change(workspace, _days(request.POST), by=request.user):
            done(request, _("Saved."))
        return redirect("settings-privacy-retention")
    chosen, is_trial = rules.settings_of(workspace), "try" in request.GET
    if is_trial:
        chosen = RetentionSettings(
            workspace=workspace, **{f"{key}_days": value for key, value in _days(request.GET).items()}
        )
    due = rules.due(workspace, chosen=chosen)
    lines = [
        {"kind": kind, "days": getattr(chosen, kind.column), "due": due[kind.key],
         "choices": [(days, _in_words(days)) for days in _choices(kind, getattr(chosen, kind.column))]}
        for kind in rules.KINDS
    ]  # fmt: skip
    context = {"lines": lines, "fixed": rules.FIXED, "is_trial": is_trial, "most": rules.MOST_COUNTED}
    return _page(request, "inbox/privacy/retention.html", "retention", context)


@admin_desk_required
@require_safe
def papers(request: HttpRequest) -> HttpResponse:
    return _page(request, "inbox/privacy/documents.html", "documents", {})


@admin_desk_required
@require_safe
def paper(request: HttpRequest, name: str) -> HttpResponse:
    """To print. German, because German law asks for them."""
    if name not in PAPERS:
        raise Http404
    with translation.override("de"):
        context = {"house": documents.house_of(request.user.workspace)}
        return render(request, f"inbox/privacy/documents/{name}.html", context)


@admin_desk_required
@require_safe
def log(request: HttpRequest) -> HttpResponse:
    """Who looked at or took along what; `?contact=` of one person."""
    asked, before = request.GET.get("contact", ""), request.GET.get("before", "")
    contact = access.get_contact(request.user, int(asked)) if _is_id(asked) else None
    page = accesses.page(
        request.user, contact_id=contact.pk if contact else None, before=int(before) if _is_id(before) else None
    )
    return _page(request, "inbox/privacy/log.html", "log", {"page": page, "contact": contact})


def _days(values: Any) -> dict[str, int | None]:
    """Only what is offered; anything else counts as not said."""
    found = {}
    for kind in rules.KINDS:
        said = values.get(kind.key, "")
        days = int(said) if _is_id(said) else None
        found[kind.key] = days if days in kind.choices else kind.choices[-1] if None not in kind.choices else None
    return found


def _choices(kind: rules.Kind, chosen: int | None) -> list[int | None]:
    return [*kind.choices, *([chosen] if chosen not in kind.choices else [])]


def _in_words(days: int | None) -> str:
    if days is None:
        return _("Keep")
    if days >= 365:
        return _("1 year") if days == 365 else _("%(count)s years") % {"count": days // 365}
    return _("%(count)s days") % {"count": days}


def _is_id(said: str) -> bool:
    return said.isascii() and said.isdecimal() and len(said) < 19


def _page(request: HttpRequest, template: str, tab: str, context: dict[str, Any]) -> HttpResponse:
    return render(request, template, context | {"nav": "settings", "settings_page": "privacy", "tab": tab})
