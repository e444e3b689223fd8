"""Narrowing the list, and lists kept by name."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import deny
from accounts.views.answers import done
from inbox import filter_words
from inbox.actions import saved_filters as actions
from inbox.errors import InboxRuleViolation, NotAllowed
from inbox.filters import Filter
from inbox.forms.filters import SaveForm
from inbox.models import SavedFilter
from inbox.views.refusals import form_refusal, refusing

SETTINGS_PAGE = {"nav": "settings", "settings_page": "filters"}


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
    said = form.cleaned_data
    saved = actions.save_filter(wanted, name=said["name"], team=said["for_team"], by=request.user)
    response = HttpResponse(status=204)
    address = f"{reverse('inbox')}?{Filter.of(saved.parameters).with_(saved_id=saved.pk).query}"
    response["HX-Location"] = f'{{"path": "{address}", "target": "#list", "swap": "outerHTML"}}'
    return response


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All of one's menu, to arrange, change and delete."""
    labels = filter_words.labels_of(request.user)
    shown = [
        {
            "saved": saved, "may_keep": actions.may_keep(saved, request.user),
            "chips": filter_words.chips(request.user, Filter.of(saved.parameters), labels),
        }
        for saved in filter_words.saved_filters(request.user)
    ]  # fmt: skip
    return render(request, "inbox/filters/index.html", {**SETTINGS_PAGE, "filters": shown})


@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """Its name, for whom it is, and what it holds."""
    saved = _find(request, pk)
    if not actions.may_keep(saved, request.user):
        deny(request, request.user, str(NotAllowed.sentence))
    asked = request.POST or None
    wanted = Filter.of(asked.dict() if asked else saved.parameters)
    initial = {"name": saved.name, "for_team": saved.team_id}
    form = SaveForm(asked, agent=request.user, initial=initial)
    if asked and form.is_valid():
        said = form.cleaned_data
        try:
            actions.change_filter(saved, wanted, name=said["name"], team=said["for_team"], by=request.user)
        except InboxRuleViolation as violation:
            form.add_error("name", str(violation.sentence))
        else:
            done(request, _("%(name)s is saved.") % {"name": saved.name})
            return redirect("settings-filters")
    context = {
        **SETTINGS_PAGE, "saved": saved, "filter": wanted, "form": form,
        "choices": filter_words.choices(request.user, filter_words.labels_of(request.user)),
        "teams": filter_words.led_teams(request.user),
    }  # fmt: skip
    return render(request, "inbox/filters/one.html", context, status=422 if form.errors else 200)


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
