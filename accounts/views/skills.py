"""Skills: what some people can do and others cannot. Admins keep the list, rules of the assignment choose by it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import skill_actions
from accounts.models import Agent, Skill
from accounts.permissions import admin_required
from accounts.team_forms import SkillForm
from accounts.views.answers import done


@admin_required
@require_http_methods(["GET", "HEAD"])
def skills(request: HttpRequest) -> HttpResponse:
    viewer: Agent = request.user  # type: ignore[assignment]
    shown = viewer.workspace.skills.prefetch_related("agents").order_by("name")
    return render(request, "accounts/skills.html", {"nav": "settings", "settings_page": "people", "skills": shown})


@admin_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_skill(request: HttpRequest) -> HttpResponse:
    viewer: Agent = request.user  # type: ignore[assignment]
    return _edited(request, Skill(workspace=viewer.workspace))


@admin_required
@require_http_methods(["GET", "HEAD", "POST"])
def skill(request: HttpRequest, pk: int) -> HttpResponse:
    return _edited(request, _find(request, pk))


@admin_required
@require_POST
def removal(request: HttpRequest, pk: int) -> HttpResponse:
    subject = _find(request, pk)
    skill_actions.delete_skill(subject, by=request.user)  # type: ignore[arg-type]
    done(request, _("%(name)s is removed.") % {"name": subject.name})
    return redirect("settings-skills")


def _edited(request: HttpRequest, subject: Skill) -> HttpResponse:
    name = subject.name
    form = SkillForm(request.POST or None, instance=subject)
    if request.method == "POST" and form.is_valid():
        skill_actions.save_skill(form.save(commit=False), form.cleaned_data["agents"], by=request.user)  # type: ignore[arg-type]
        done(request, _("%(name)s is saved.") % {"name": subject.name})
        return redirect("settings-skills")
    context = {"nav": "settings", "settings_page": "people", "skill": subject, "name": name, "form": form}
    return render(request, "accounts/skill.html", context, status=422 if form.errors else 200)


def _find(request: HttpRequest, pk: int) -> Skill:
    found = Skill.objects.select_related("workspace")
    return get_object_or_404(found, pk=pk, workspace_id=request.user.workspace_id)  # type: ignore[union-attr]
