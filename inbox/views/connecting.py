"""Connecting a number from the browser: paste, see every check, and only then is anything kept. For admins."""

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import interrupted
from accounts.models import Agent, Team
from accounts.permissions import admin_required
from accounts.views.answers import done
from accounts.views.second_factor import fresh_required
from inbox.actions.connecting import connect_number
from whatsapp import connecting
from whatsapp.connect_forms import ConnectForm
from whatsapp.connecting import Report
from whatsapp.round_trip import callback_url


@sensitive_post_parameters("app_secret", "access_token")
@admin_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """GET: the form. POST: every check at Meta; when all hold, the number is connected."""
    return _connect(request) if request.method == "POST" else _page(request, interrupted.words(request, request.path))


@fresh_required(back=lambda: reverse("settings-number-new"))
def _connect(request: HttpRequest) -> HttpResponse:
    """Another token for what is connected already may come this way, too."""
    agent: Agent = request.user  # type: ignore[assignment]
    form = ConnectForm(request.POST)
    if not form.is_valid():
        return _page(request, request.POST, form)
    team = _team(agent, request.POST)
    given = form.given
    report = connecting.examine(given, agent.workspace)
    if not report.holds or team is None:
        form.mark(report.checks)
        return _page(request, request.POST, form, report)
    number = connect_number(given, report, team=team, by=agent)
    where = reverse("settings-number-one", args=[number.pk])
    done(request, _("%(number)s is connected.") % {"number": number})
    return HttpResponse(headers={"HX-Redirect": where}) if _is_part(request) else redirect(where)


def _teams(agent: Agent) -> QuerySet[Team]:
    return Team.objects.filter(workspace_id=agent.workspace_id).order_by("-is_default", "name")


def _team(agent: Agent, typed: QueryDict) -> Team | None:
    teams = _teams(agent)
    return teams.filter(pk=_whole(typed.get("team", ""))).first() or teams.first()


def _page(
    request: HttpRequest, typed: QueryDict | None, form: ConnectForm | None = None, report: Report | None = None
) -> HttpResponse:
    """The whole page, or what was found alone: what was pasted stays in the browser; secrets are never sent back."""
    agent: Agent = request.user  # type: ignore[assignment]
    context = {
        "nav": "settings", "settings_page": "number", "form": form or ConnectForm(typed), "report": report,
        "teams": _teams(agent), "team": _team(agent, typed or QueryDict()), "callback_url": callback_url(),
        "demo": settings.DEMO, "is_part": _is_part(request),
    }  # fmt: skip
    template = "inbox/settings/_checks.html" if _is_part(request) else "inbox/settings/connect.html"
    return render(request, template, context, status=422 if request.method == "POST" else 200)


def _is_part(request: HttpRequest) -> bool:
    return bool(getattr(request, "htmx", False))


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else 0
