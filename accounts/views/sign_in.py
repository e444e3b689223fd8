"""Signing in and out."""

import logging
import math
import time
from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate, logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import entering, founding, refusals, throttle
from accounts.forms import SignInForm, languages
from accounts.models import Agent, SignOnProvider, Workspace
from accounts.network import client_network
from accounts.passwords import DEMO_ADDRESSES, DEMO_PASSWORD

logger = logging.getLogger("tresen.access")


@sensitive_post_parameters("password")
@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in page. Unknown and known addresses get the same answer after the same work."""
    if request.method != "POST":
        if request.user.is_authenticated:
            return HttpResponseRedirect(entering.safe_target(request, _target(request)))
        if founding.is_empty():
            return redirect("setup")
        return _page(request, SignInForm())
    form = SignInForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    email = form.cleaned_data["email"]
    limits = throttle.sign_in_limits(request, email)
    verdict = throttle.count_all(limits)
    if not verdict.allowed:
        refusals.note_blocked(request, verdict, email)
        return _too_many(request, form, verdict)
    agent = authenticate(request, username=email, password=form.cleaned_data["password"])
    if not isinstance(agent, Agent):
        refusals.note_sign_in(request, "sign_in.failed", email)
        form.add_error(None, _("Email or password is not right."))
        return _page(request, form, status=422)
    throttle.forgive(limits)
    return entering.enter(request, agent, stay=form.cleaned_data["stay"], target=_target(request))


def _target(request: HttpRequest) -> str:
    return request.POST.get("next") or request.GET.get("next", "")


def _too_many(request: HttpRequest, form: SignInForm, verdict: throttle.Verdict) -> HttpResponse:
    logger.warning("Sign-in limit reached, asked from %s", client_network(request))
    wait = max(1, math.ceil(verdict.again_at.timestamp() - time.time()))
    form.add_error(
        None,
        _("Too many tries. Wait %(minutes)s minutes, or sign in from a device on which you have signed in before.")
        % {"minutes": math.ceil(wait / 60)},
    )
    response = _page(request, form, status=429)
    response["Retry-After"] = str(wait)
    return response


def _page(request: HttpRequest, form: SignInForm, status: int = 200) -> HttpResponse:
    workspaces = list(Workspace.objects.order_by("pk")[:2])
    context: dict[str, Any] = {
        "form": form,
        "next": _target(request),
        "languages": languages(),
        "workspace": workspaces[0] if len(workspaces) == 1 else None,
        # With several businesses in one installation nobody shall read here who the others are.
        "provider": SignOnProvider.objects.filter(workspace=workspaces[0]).first() if len(workspaces) == 1 else None,
    }
    if settings.DEMO:
        people = Agent.objects.filter(workspace__is_demo=True, is_active=True, email__in=DEMO_ADDRESSES).order_by("pk")
        context |= {"demo_people": people, "demo_password": DEMO_PASSWORD}
    return render(request, "accounts/sign_in.html", context, status=status)


@require_POST
@login_not_required
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session. Other devices stay signed in."""
    logout(request)
    return redirect("login")
