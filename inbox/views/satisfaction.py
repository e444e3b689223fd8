"""Settings: the question after closing, on the page of all that is said by itself.

Leads switch the question for their teams, admins choose the words.
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Agent, Team
from accounts.permissions import admin_required, lead_required, leads_team, may_manage_settings, teams_led_by
from accounts.views.answers import done
from inbox.actions import satisfaction_settings
from inbox.automatic import page as automatic_page
from inbox.forms.satisfaction import SatisfactionForm
from inbox.satisfaction_rules import wording_for

PAGE = {"nav": "settings", "settings_page": "automatic"}


@lead_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    viewer: Agent = request.user  # type: ignore[assignment]
    chosen = satisfaction_settings.chosen_for(viewer.workspace)
    asking = set(chosen.teams.values_list("pk", flat=True)) if chosen.pk else set()
    context = PAGE | {
        "words": wording_for(viewer.language, chosen.wording, fallback=viewer.workspace.language), "chosen": chosen,
        "teams": [(team, team.pk in asking) for team in teams_led_by(viewer)],
        "manages": may_manage_settings(viewer),
    }  # fmt: skip
    if context["manages"]:
        context |= automatic_page.overview(viewer.workspace)
    return render(request, "inbox/settings/automatic.html", context)


@admin_required
@require_http_methods(["GET", "HEAD", "POST"])
def words(request: HttpRequest) -> HttpResponse:
    """What customers read, how often they are asked, and after which outcomes they are not."""
    viewer: Agent = request.user  # type: ignore[assignment]
    form = SatisfactionForm(request.POST or None, instance=satisfaction_settings.chosen_for(viewer.workspace))
    if request.method == "POST" and form.is_valid():
        satisfaction_settings.save_words(viewer.workspace, by=viewer, **form.said)
        done(request, _("Saved."))
        return redirect("settings-automatic")
    return render(request, "inbox/settings/rating.html", PAGE | {"form": form}, status=422 if form.errors else 200)


@lead_required
@require_POST
def team(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch it on or off for one team; answers with its line."""
    viewer: Agent = request.user  # type: ignore[assignment]
    subject = get_object_or_404(Team, pk=pk, workspace_id=viewer.workspace_id)
    if not leads_team(viewer, subject):
        raise Http404
    on = request.POST.get("asks") == "on"
    satisfaction_settings.switch_team(subject, on=on, by=viewer)
    return render(request, "inbox/settings/_rating_team.html", {"team": subject, "on": on})
