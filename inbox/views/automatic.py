"""Settings: what customers are answered by itself. For admins; the page they begin on is inbox.views.satisfaction's."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Agent, Team
from accounts.permissions import admin_desk_required
from accounts.views.answers import done
from inbox.actions import automatic_settings as actions
from inbox.automatic import page as automatic_page
from inbox.automatic import words as automatic_words
from inbox.enums import AutomaticKind
from inbox.errors import InboxRuleViolation
from inbox.forms.automatic import MORE, AutomaticForm, KeywordForm
from inbox.models import KeywordAnswer
from inbox.rules.language import LANGUAGES
from inbox.text import clean

PAGE = {"nav": "settings", "settings_page": "automatic", "places": list(automatic_words.PLACES.items())}


@admin_desk_required
@require_http_methods(["GET", "HEAD", "POST"])
def message(request: HttpRequest, kind: str, team: int | None = None) -> HttpResponse:
    """The words of one kind: for everybody, or of a team."""
    workspace, chosen = _viewer(request).workspace, _team(request, team)
    usual = actions.text_of(workspace, _kind(kind))
    row = actions.text_of(workspace, kind, chosen) if chosen else usual
    form = AutomaticForm(request.POST or None, row=row, usual=usual)
    if request.method == "POST" and form.is_valid():
        if chosen is not None and form.follows:
            actions.follow_workspace(kind, chosen, by=_viewer(request))
        else:
            saved: dict[str, Any] = {"on": form.is_on, "texts": form.texts}
            actions.save_text(workspace, kind, team=chosen, by=_viewer(request), **saved)
        done(request, _("Saved."))
        return redirect("settings-automatic")
    context = PAGE | {
        "form": form, "kind": kind, "title": AutomaticKind(kind).label, "when": automatic_page.WHEN[kind],
        "lacks_hours": automatic_page.lacks_hours(workspace, kind, chosen), "team": chosen, "teams": _teams(request),
        "by_hand": automatic_page.left_to_people(workspace, kind, chosen),
        "preview": _preview(request, form.codes[0], form, team=chosen),
    }  # fmt: skip
    return render(request, "inbox/settings/automatic_message.html", context, status=422 if form.errors else 200)


@admin_desk_required
@require_POST
def switch(request: HttpRequest, kind: str) -> HttpResponse:
    """On (`on`) or off for everybody; answers with its line."""
    workspace = _viewer(request).workspace
    actions.switch(workspace, _kind(kind), on=bool(request.POST.get("on")), by=_viewer(request))
    spent = automatic_page.spent_this_month(workspace, timezone.now())
    line = automatic_page.kind_line(workspace, kind, spent)
    return render(request, "inbox/settings/_automatic_kind.html", {"line": line})


@admin_desk_required
@require_http_methods(["GET", "HEAD", "POST"])
def keyword(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """A new list of words, or one that is there."""
    workspace = _viewer(request).workspace
    row = _keyword(request, pk) if pk is not None else KeywordAnswer(workspace=workspace)
    form = KeywordForm(request.POST or None, row=row)
    title = row.title
    if request.method == "POST" and form.is_valid():
        try:
            actions.save_keyword(form.filled(), by=_viewer(request))
        except InboxRuleViolation as violation:
            form.add_error(None, str(violation.sentence))
        else:
            done(request, _("Saved."))
            return redirect("settings-automatic")
    context = PAGE | {
        "form": form, "row": row, "title": title, "preview": _preview(request, form.codes[0], form),
    }  # fmt: skip
    return render(request, "inbox/settings/automatic_keyword.html", context, status=422 if form.errors else 200)


@admin_desk_required
@require_POST
def switch_keyword(request: HttpRequest, pk: int) -> HttpResponse:
    row = actions.switch_keyword(_keyword(request, pk), on=bool(request.POST.get("on")), by=_viewer(request))
    workspace = _viewer(request).workspace
    line = automatic_page.keyword_line(row, workspace, automatic_page.spent_this_month(workspace, timezone.now()))
    return render(request, "inbox/settings/_automatic_keyword.html", {"line": line})


@admin_desk_required
@require_POST
def remove_keyword(request: HttpRequest, pk: int) -> HttpResponse:
    row = _keyword(request, pk)
    actions.delete_keyword(row, by=_viewer(request))
    done(request, _("The answer to “%(word)s” is deleted.") % {"word": row.title})
    return redirect("settings-automatic")


@admin_desk_required
@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """What stands in the form of `language`, as a customer would read it."""
    code = request.GET.get("language", "")
    if code not in LANGUAGES and code != MORE:
        raise Http404
    team = request.GET.get("team", "")
    chosen = _team(request, int(team)) if team.isascii() and team.isdecimal() and len(team) < 10 else None
    return render(request, "inbox/settings/_automatic_preview.html", {"preview": _preview(request, code, team=chosen)})


def _preview(request: HttpRequest, code: str, form: Any = None, *, team: Team | None = None) -> dict[str, str]:
    """Of what is typed, else of what the form begins with."""
    if request.method == "POST":
        text, words = request.POST.get(f"text_{code}", ""), request.POST.get(f"words_{code}", "")
    else:
        text = form[f"text_{code}"].value() or ""
        words = (form[f"words_{code}"].value() or "") if form.has_words else ""
    typed = request.POST.get(f"language_{MORE}", "") if code == MORE else code
    language = typed if typed in LANGUAGES else _viewer(request).workspace.language
    asked = clean(words).split(",")[0].strip()[:60]
    said = clean(text)[: automatic_words.LONGEST]
    return automatic_page.preview(_viewer(request).workspace, said, language=language, team=team, asked=asked)


def _viewer(request: HttpRequest) -> Agent:
    return request.user  # type: ignore[return-value]


def _kind(kind: str) -> str:
    if kind not in automatic_page.KINDS:
        raise Http404
    return kind


def _team(request: HttpRequest, pk: int | None) -> Team | None:
    return get_object_or_404(Team, pk=pk, workspace_id=_viewer(request).workspace_id) if pk is not None else None


def _teams(request: HttpRequest) -> list[Team]:
    return list(Team.objects.filter(workspace=_viewer(request).workspace_id).order_by("name"))


def _keyword(request: HttpRequest, pk: int) -> KeywordAnswer:
    rows = KeywordAnswer.objects.select_related("team", "workspace")
    return get_object_or_404(rows, pk=pk, workspace_id=_viewer(request).workspace_id)
