"""Narrowing the list, and lists kept by name."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.views.answers import done
from inbox import filter_words
from inbox.actions import saved_filters as actions
from inbox.errors import InboxRuleViolation
from inbox.filters import Filter
from inbox.forms.filters import SaveForm
from inbox.models import SavedFilter
from inbox.views.refusals import form_refusal, refusing


@require_http_methods(["GET", "HEAD", "POST"])
@refusing
def collection(request: HttpRequest) -> HttpResponse:
    """GET: the menu that narrows the list of the query string. POST: keep that list under a name."""
    wanted = Filter.of(request.GET.dict())
    if request.method != "POST":
        labels = filter_words.labels_of(request.user)
        context = {"filter": wanted, "choices": filter_words.choices(request.user, labels)}
        return render(request, "inbox/filters/_menu.html", context)
    form = SaveForm(request.POST, agent=request.user)
    if not form.is_valid():
        return form_refusal(request, form.errors)
    saved = actions.save_filter(wanted, by=request.user, **form.cleaned_data)
    response = HttpResponse(status=204)
    address = f"{reverse('inbox')}?{Filter.of(saved.parameters).with_(saved_id=saved.pk).query}"
    response["HX-Location"] = f'{{"path": "{address}", "target": "#list", "swap": "outerHTML"}}'
    return response


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All of one's menu: rename, arrange, delete."""
    return _page(request)


@require_POST
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename it."""
    saved = _find(request, pk)
    try:
        actions.rename_filter(saved, name=request.POST.get("name", ""), by=request.user)
    except InboxRuleViolation as violation:
        return _page(request, pk, str(violation.sentence), violation.status)
    done(request, _("%(name)s is saved.") % {"name": saved.name})
    return redirect("settings-filters")


@require_POST
@refusing
def place(request: HttpRequest, pk: int) -> HttpResponse:
    """One place up, or down."""
    actions.move_filter(_find(request, pk), up=request.POST.get("to") == "up", by=request.user)
    return redirect("settings-filters")


@require_POST
@refusing
def removal(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete it; the conversations stay where they are."""
    saved = _find(request, pk)
    actions.delete_filter(saved, by=request.user)
    done(request, _("%(name)s is deleted.") % {"name": saved.name})
    return redirect("settings-filters")


def _find(request: HttpRequest, pk: int) -> SavedFilter:
    found = next((saved for saved in filter_words.saved_filters(request.user) if saved.pk == pk), None)
    if found is None:
        raise Http404
    return found


def _page(request: HttpRequest, wrong: int = 0, problem: str = "", status: int = 200) -> HttpResponse:
    labels = filter_words.labels_of(request.user)
    shown = [
        {
            "saved": saved, "may_keep": actions.may_keep(saved, request.user),
            "chips": filter_words.chips(request.user, Filter.of(saved.parameters), labels),
            "problem": problem if saved.pk == wrong else "",
            "name": request.POST.get("name", "") if saved.pk == wrong else saved.name,
        }
        for saved in filter_words.saved_filters(request.user)
    ]  # fmt: skip
    context = {"nav": "settings", "settings_page": "filters", "filters": shown}
    return render(request, "inbox/filters/index.html", context, status=status)
