"""Connecting a number from the browser: paste, see every check, and only then is anything kept. For admins."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import Agent, Team
from accounts.permissions import admin_required
from accounts.views.answers import done
from inbox.actions.connecting import connect_number
from whatsapp import connecting
from whatsapp.connect_forms import ConnectForm
from whatsapp.round_trip import callback_url


@admin_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """GET: the form. POST: every check at Meta; when all hold, the number is connected."""
    agent: Agent = request.user  # type: ignore[assignment]
    form = ConnectForm(request.POST or None)
    teams = Team.objects.filter(workspace_id=agent.workspace_id).order_by("-is_default", "name")
    context = {"nav": "settings", "settings_page": "number", "form": form, "teams": teams,
               "callback_url": callback_url(), "demo": settings.DEMO}  # fmt: skip
    if request.method != "POST" or not form.is_valid():
        return _page(request, context)
    team = teams.filter(pk=_whole(request.POST.get("team", ""))).first() or teams.first()
    report = connecting.examine(form.given, agent.workspace)
    if not report.holds or team is None:
        return _page(request, context | {"report": report})
    number = connect_number(form.given, report, team=team, by=agent)
    where = reverse("settings-number-one", args=[number.pk])
    done(request, _("%(number)s is connected.") % {"number": number})
    return HttpResponse(headers={"HX-Redirect": where}) if _is_part(request) else redirect(where)


def _page(request: HttpRequest, context: dict[str, object]) -> HttpResponse:
    """The whole page, or the checks alone: what was pasted stays in the browser, and secrets are never sent back."""
    template = "inbox/settings/_checks.html" if _is_part(request) else "inbox/settings/connect.html"
    return render(request, template, context, status=422 if request.method == "POST" else 200)


def _is_part(request: HttpRequest) -> bool:
    return bool(getattr(request, "htmx", False))


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else 0
