"""Settings: what an admin decides about one template: alarms seen, whose it is, whether it is a favourite."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import Agent, Team
from accounts.permissions import admin_desk_required
from accounts.views.answers import done
from inbox.actions import template_care
from inbox.views.template_settings import found_template


@admin_desk_required
@require_POST
def seen(request: HttpRequest, pk: int) -> HttpResponse:
    """What Meta did to it is known now."""
    agent: Agent = request.user  # type: ignore[assignment]
    template_care.see_alarms(found_template(agent, pk), by=agent)
    return redirect("settings-template", pk=pk)


@admin_desk_required
@require_POST
def teams(request: HttpRequest, pk: int) -> HttpResponse:
    """Whose it is: the teams that were ticked, or everybody's."""
    agent: Agent = request.user  # type: ignore[assignment]
    template = found_template(agent, pk)
    ticked = [each for each in request.POST.getlist("team") if each.isdecimal() and len(each) < 19]
    chosen = Team.objects.filter(workspace=agent.workspace_id, pk__in=ticked)
    template_care.restrict_to(template, chosen, by=agent)
    done(request, _("Saved."))
    return redirect("settings-template", pk=pk)


@admin_desk_required
@require_POST
def favourite(request: HttpRequest, pk: int) -> HttpResponse:
    """Whether it stands first in one's own picker; answers with its button."""
    agent: Agent = request.user  # type: ignore[assignment]
    template = found_template(agent, pk)
    on = request.POST.get("on") == "1"
    template_care.set_favourite(template, by=agent, on=on)
    if not request.htmx:
        return redirect("settings-template", pk=pk)
    return render(request, "whatsapp/_favourite.html", {"template": template, "is_favourite": on})
