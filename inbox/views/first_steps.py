"""Settings: what there is to do in the first days, until an admin closes the list."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts import founding
from accounts.models import Agent
from accounts.permissions import admin_desk_required
from inbox.first_steps import first_steps


@admin_desk_required
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    viewer: Agent = request.user  # type: ignore[assignment]
    if request.method == "POST":
        founding.close_first_steps(viewer.workspace, by=viewer)
    if not viewer.workspace.shows_first_steps:
        return redirect("settings-number")
    steps = first_steps(viewer.workspace)
    context = {"nav": "settings", "settings_page": "first-steps", "steps": steps, "linked": True,
               "open_count": sum(not step.is_done for step in steps)}  # fmt: skip
    return render(request, "inbox/settings/first_steps.html", context)
