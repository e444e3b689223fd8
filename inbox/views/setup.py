"""The wizard of the first hour. Its first page is open to everybody as long as nobody lives here; the others belong to
the founder and are gone for good when it is over."""

import functools
import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import actions, entering, founding, interrupted, links, team_actions, throttle
from accounts.fields import decrypt, encrypt
from accounts.forms import InviteForm, languages
from accounts.models import Agent, Invitation, Role
from accounts.network import client_network
from accounts.permissions import admin_desk_required
from accounts.setup_forms import BusinessForm, FounderDetailsForm, FounderForm
from accounts.views.people import mail_invitation, open_invitations
from accounts.views.second_factor import ask_again, resuming
from inbox.actions.connecting import connect_number
from inbox.first_steps import first_steps
from inbox.practice import number as practice_number
from whatsapp import connecting
from whatsapp.connect_forms import ConnectForm
from whatsapp.connections import Given
from whatsapp.models import PhoneNumber
from whatsapp.round_trip import callback_url

logger = logging.getLogger("tresen.access")
GET_OR_POST = ["GET", "HEAD", "POST"]
NEW_LINK = "setup_link"  # in the session, encrypted
TRIES, TRIES_OF_ALL = 30, 300  # at the code, in a quarter of an hour
View = Callable[..., HttpResponse]


@sensitive_post_parameters("code", "password")
@never_cache
@login_not_required
@require_http_methods(GET_OR_POST)
def account(request: HttpRequest) -> HttpResponse:
    """Who begins. For the founder who comes back: name and address."""
    if isinstance(request.user, Agent):
        return _again(request)
    if not founding.is_empty():
        return _gone_on(request)
    form = FounderForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _page(request, "account", form=form)
    if not _may_try(request):
        form.add_error(None, _("Too many tries. Please wait a quarter of an hour."))
        return _page(request, "account", form=form, status=429)
    try:
        values = {name: form.cleaned_data[name] for name in ("name", "email", "password")}
        founder = founding.found(
            form.cleaned_data["code"], language=get_language() or settings.LANGUAGE_CODE, team=_("Team"), **values
        )
    except founding.WrongCode as refusal:
        logger.warning("Wrong set-up code, from %s", client_network(request))
        form.add_error("code", str(refusal))
        return _page(request, "account", form=form)
    except founding.AlreadyFounded:
        return redirect("login")
    return entering.enter(request, founder, target=reverse("setup-workspace"))


def _gone_on(request: HttpRequest) -> HttpResponse:
    """Back from the second factor, a reload, the terminal's link once more: on to where the founder's way goes on."""
    coming = entering.entering(request)
    if coming is None or not coming.agent.workspace.setup_step:
        raise Http404
    return redirect("second-factor-set-up" if coming.must_set_up else "second-factor")


def _may_try(request: HttpRequest) -> bool:
    limits = [throttle.Limit(throttle.hashed("setup", client_network(request)), TRIES),
              throttle.Limit(throttle.hashed("setup-all", ""), TRIES_OF_ALL)]  # fmt: skip
    return throttle.count_all(limits).allowed


def _founders(step: str) -> Callable[[View], View]:
    """For the admin of a workspace whose wizard has come to this step; for everybody else there is no such page."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def guarded(request: HttpRequest) -> HttpResponse:
            workspace = request.user.workspace  # type: ignore[union-attr]
            if not workspace.setup_step:
                raise Http404
            if not founding.is_open(workspace, step):
                return redirect(f"setup-{workspace.setup_step}")
            return view(request)

        return never_cache(require_http_methods(GET_OR_POST)(admin_desk_required(guarded)))

    return decorate


@_founders(founding.WORKSPACE)
@resuming
def _again(request: HttpRequest) -> HttpResponse:
    """Another address is where new passwords are sent: for that they show once more who they are."""
    founder: Agent = request.user  # type: ignore[assignment]
    typed = request.POST or interrupted.words(request, request.path)
    form = FounderDetailsForm(typed, instance=Agent.objects.get(pk=founder.pk))
    if request.method != "POST" or not form.is_valid():
        return _page(request, "account", form=form)
    if form.cleaned_data["email"] != founder.email and not entering.is_fresh(request):
        return ask_again(request, reverse("setup"))
    founding.rename_founder(founder, **form.cleaned_data)
    return redirect("setup-workspace")


@_founders(founding.WORKSPACE)
def workspace(request: HttpRequest) -> HttpResponse:
    """What the business is called, its language and its zone."""
    founder: Agent = request.user  # type: ignore[assignment]
    of = founder.workspace
    new = {"name": "" if of.name == founding.UNNAMED else of.name, "language": of.language, "timezone": of.timezone}
    form = BusinessForm(request.POST or None, initial=new)
    if request.method != "POST" or not form.is_valid():
        return _page(request, founding.WORKSPACE, form=form, back=reverse("setup"))
    values = form.cleaned_data
    founding.describe(of, name=values["name"], language=values["language"], zone=values["timezone"], by=founder)
    return _on(request, founding.WORKSPACE)


@sensitive_post_parameters("app_secret", "access_token")
@_founders(founding.WHATSAPP)
@resuming
def whatsapp(request: HttpRequest) -> HttpResponse:
    """The practice phone, the own number, or neither for now. What is connected already is only shown."""
    founder: Agent = request.user  # type: ignore[assignment]
    connected = PhoneNumber.objects.filter(workspace_id=founder.workspace_id).order_by("pk").first()
    typed = request.POST or interrupted.words(request, request.path)
    practises = _wants_practice(typed)
    form = ConnectForm(initial=(typed or QueryDict()).dict()) if practises else ConnectForm(typed)
    context = {"form": form, "practises": practises, "connected": connected, "callback_url": callback_url(),
               "back": reverse("setup-workspace"), "may_wait": connected is None}  # fmt: skip
    if request.method != "POST":
        return _page(request, founding.WHATSAPP, **context)
    if connected is not None or "later" in request.POST:
        return _on(request, founding.WHATSAPP)
    if not practises and not entering.is_fresh(request):
        return ask_again(request, reverse("setup-whatsapp"))
    if not practises and not form.is_valid():
        return _page(request, founding.WHATSAPP, **context)
    given = practice_number.practice_given() if practises else form.given
    report = connecting.examine(given, founder.workspace)
    if not report.holds:
        if not practises:
            form.mark(report.checks)
        return _page(request, founding.WHATSAPP, **context, report=report)
    _connect(given, report, founder, practises=practises)
    return _on(request, founding.WHATSAPP)


def _wants_practice(typed: QueryDict | None) -> bool:
    return settings.DEMO and (typed or QueryDict()).get("path", "practice") == "practice"


def _connect(given: Given, report: connecting.Report, founder: Agent, *, practises: bool) -> None:
    name = founder.workspace.name if practises else ""
    connect_number(given, report, team=founding.first_team(founder.workspace), by=founder, name=name)
    if practises:
        practice_number.call_phone(name)


@_founders(founding.TEAM)
@resuming
def team(request: HttpRequest) -> HttpResponse:
    """What the first team is called, and who comes in: each invitation a link to be passed on."""
    founder: Agent = request.user  # type: ignore[assignment]
    first = founding.first_team(founder.workspace)
    typed = request.POST or interrupted.words(request, request.path) or QueryDict()
    inviting = request.method == "POST" and "invite" in request.POST
    form = InviteForm(_with_team(typed, first.pk) if "invite" in typed else None, workspace=founder.workspace)
    context: dict[str, Any] = {"back": reverse("setup-whatsapp"), "may_wait": True, "team": first}
    if inviting and form.is_valid():
        if form.cleaned_data["role"] == Role.ADMIN and not entering.is_fresh(request):
            return ask_again(request, reverse("setup-team"))
        _keep_link(request, *actions.invite_agent(founder.workspace, by=founder, **form.cleaned_data))
        return redirect("setup-team")
    if request.method == "POST" and not inviting:
        request.session.pop(NEW_LINK, None)
        name = " ".join(request.POST.get("team", "").split())[:80]
        if name and "later" not in request.POST:
            team_actions.update_team(first, by=founder, name=name)
        return _on(request, founding.TEAM)
    return _page(request, founding.TEAM, form=form, invitations=open_invitations(founder), **context, **_link(request))


def _with_team(typed: QueryDict, team: int) -> dict[str, Any]:
    return {"email": typed.get("email", ""), "role": typed.get("role", ""), "teams": [team]}


def _keep_link(request: HttpRequest, invitation: Invitation, token: str) -> None:
    """For this browser, as long as the step lasts: a reload must neither lose it nor make another."""
    link = links.invitation_link(token)
    mailed = mail_invitation(invitation, link)
    request.session[NEW_LINK] = {"sealed": encrypt(link), "email": invitation.email, "mailed": mailed}


def _link(request: HttpRequest) -> dict[str, Any]:
    kept = request.session.get(NEW_LINK)
    if kept is None:
        return {}
    return {"new_link": decrypt(kept["sealed"]), "new_link_for": kept["email"], "mailed": kept["mailed"]}


@_founders(founding.DONE)
def done(request: HttpRequest) -> HttpResponse:
    """What is left for the first days; and the end of the wizard."""
    founder: Agent = request.user  # type: ignore[assignment]
    if request.method == "POST":
        founding.finish(founder.workspace, by=founder)
        return redirect("inbox")
    return _page(request, founding.DONE, steps=first_steps(founder.workspace), back=reverse("setup-team"))


def _on(request: HttpRequest, step: str) -> HttpResponse:
    """To the next step, also where a script asked."""
    where = reverse(f"setup-{founding.advance(request.user.workspace, step)}")  # type: ignore[union-attr]
    return HttpResponse(headers={"HX-Redirect": where}) if request.htmx else redirect(where)  # type: ignore[attr-defined]


def _page(request: HttpRequest, step: str, *, status: int = 0, **context: Any) -> HttpResponse:
    """A step, or what its checks found alone: what was pasted stays in the browser."""
    form = context.get("form")
    refused = request.method == "POST" and (bool(form is not None and form.errors) or "report" in context)
    is_part = request.htmx and step == founding.WHATSAPP  # type: ignore[attr-defined]
    template = "inbox/settings/_checks.html" if is_part else f"setup/{step}.html"
    known = [] if request.user.is_authenticated else languages()
    more = {"is_part": is_part, "trail": founding.trail(step), "languages": known}
    return render(request, template, context | more, status=status or (422 if refused else 200))
