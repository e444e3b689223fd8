"""Teams: who answers together, and how work is given out. Admins make them, leads tend to their own."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import team_actions
from accounts.hours_words import week_of
from accounts.models import Agent, Membership, Team, WorkingHours
from accounts.permissions import admin_required, lead_required, leads_team, may_manage_people
from accounts.team_forms import TeamForm
from accounts.views.answers import done


@lead_required
@require_http_methods(["GET", "HEAD"])
def teams(request: HttpRequest) -> HttpResponse:
    viewer: Agent = request.user  # type: ignore[assignment]
    shown = viewer.workspace.teams.prefetch_related("memberships__agent").order_by("name")
    if not may_manage_people(viewer):
        shown = shown.filter(memberships__agent=viewer, memberships__is_lead=True)
    context = {"nav": "settings", "settings_page": "teams", "teams": shown, "manages": may_manage_people(viewer)}
    return render(request, "accounts/teams.html", context)


@admin_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_team(request: HttpRequest) -> HttpResponse:
    viewer: Agent = request.user  # type: ignore[assignment]
    team = Team(workspace=viewer.workspace)
    form = TeamForm(request.POST or None, instance=team)
    if request.method == "POST" and form.is_valid():
        made = team_actions.create_team(viewer.workspace, by=viewer, **form.cleaned_data)
        _set_members(made, form.chosen_people(), form, by=viewer)
        done(request, _("Team %(name)s is there.") % {"name": made.name})
        return redirect("settings-teams")
    return _page(request, team, form)


@lead_required
@require_http_methods(["GET", "HEAD", "POST"])
def team(request: HttpRequest, pk: int) -> HttpResponse:
    """One team. A lead may set how work is given out and who is in it, not its name or who leads it."""
    viewer: Agent = request.user  # type: ignore[assignment]
    subject = get_object_or_404(Team.objects.select_related("workspace"), pk=pk, workspace_id=viewer.workspace_id)
    if not leads_team(viewer, subject):
        raise Http404
    manages = may_manage_people(viewer)
    if request.method != "POST":
        return _page(request, subject, TeamForm(instance=subject, may_rename=manages))
    form = TeamForm(request.POST, instance=Team.objects.get(pk=pk), may_rename=manages)
    if not form.is_valid():
        return _page(request, subject, form)
    team_actions.update_team(subject, by=viewer, **form.cleaned_data)
    chosen = form.chosen_people()
    if not manages:  # the leads stay as an admin set them
        leads = {person: True for person, _member, leads, _limit in form.people() if leads}
        chosen = dict.fromkeys(chosen, False) | leads
    _set_members(subject, chosen, form, by=viewer)
    done(request, _("Team %(name)s is saved.") % {"name": subject.name})
    return redirect("settings-teams")


def _set_members(subject: Team, chosen: dict[Agent, bool], form: TeamForm, *, by: Agent) -> None:
    team_actions.set_members(subject, chosen, by=by)
    limits = {(subject.pk, agent_id): limit for agent_id, limit in form.limits.items()}
    team_actions.set_limits(Membership.objects.filter(team=subject), limits, by=by)


def _page(request: HttpRequest, subject: Team, form: TeamForm) -> HttpResponse:
    context = {
        "nav": "settings", "settings_page": "teams", "team": subject, "form": form, "people": form.people(),
        "hours": week_of(WorkingHours.objects.filter(team=subject).first()) if subject.pk else "",
        "manages": may_manage_people(request.user),  # type: ignore[arg-type]
    }  # fmt: skip
    return render(request, "accounts/team.html", context, status=422 if form.errors else 200)


@admin_required
@require_POST
def default_team(request: HttpRequest, pk: int) -> HttpResponse:
    """Make this the team that gets what nothing else claims."""
    viewer: Agent = request.user  # type: ignore[assignment]
    subject = get_object_or_404(Team, pk=pk, workspace_id=viewer.workspace_id)
    team_actions.make_default(subject, by=viewer)
    done(request, _("%(name)s is the default team now.") % {"name": subject.name})
    return redirect("settings-teams")
