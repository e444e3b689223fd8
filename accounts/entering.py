"""From the right password to a signed-in session, with a second factor in between where there is one.

Somebody between the two has an anonymous session: Django knows no user in it, so every page, socket and file is as
closed to them as to a stranger. The session only notes who may go on to the second factor (or, where the workspace
demands one and there is none yet, to its set-up), for ten minutes, and no longer than the password stays the same.
"""

import time
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, resolve_url
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme

from accounts import devices, throttle
from accounts.models import Agent, SecondFactor
from accounts.permissions import must_have_second_factor

PENDING = "entering"
PENDING_SECONDS = 600
FRESH_SECONDS = 600


@dataclass(frozen=True)
class Entering:
    """Who has said the right password, and what they still have to do."""

    agent: Agent
    must_set_up: bool
    stay: bool
    target: str


def enter(request: HttpRequest, agent: Agent, *, stay: bool = True, target: str = "") -> HttpResponse:
    """After the password: in, or on to the second factor, or to its set-up."""
    target = safe_target(request, target)
    has_factor = SecondFactor.objects.filter(agent=agent).exists()
    if not has_factor and not must_have_second_factor(agent):
        return signed_in(request, agent, stay=stay, target=target)
    request.session.flush()  # whoever was signed in here is no more
    request.session[PENDING] = {
        "agent": agent.pk, "credentials": agent.get_session_auth_hash(), "must_set_up": not has_factor, "stay": stay,
        "target": target, "at": int(time.time()),
    }  # fmt: skip
    request.session.set_expiry(PENDING_SECONDS)
    return redirect("second-factor" if has_factor else "second-factor-set-up")


def entering(request: HttpRequest) -> Entering | None:
    """Who is between password and second factor in this browser."""
    noted = request.session.get(PENDING)
    if noted is None or request.user.is_authenticated or time.time() - noted["at"] > PENDING_SECONDS:
        return None
    agent = Agent.objects.select_related("workspace").filter(pk=noted["agent"], is_active=True).first()
    if agent is None or not constant_time_compare(noted["credentials"], agent.get_session_auth_hash()):
        return None
    return Entering(agent, noted["must_set_up"], noted["stay"], noted["target"])


def signed_in(request: HttpRequest, agent: Agent, *, stay: bool, target: str) -> HttpResponse:
    """Start a session with a fresh key, which ends with the browser unless the person wants to stay."""
    response = HttpResponseRedirect(target)
    request.session.pop(PENDING, None)
    login(request, agent, backend=settings.AUTHENTICATION_BACKENDS[0])
    now = int(time.time())
    request.session.update({
        "started_at": now, "active_at": now, "proven_at": now,
        "device": devices.device_words(request), "network": devices.network_words(request),
    })  # fmt: skip
    request.session.set_expiry(None if stay else 0)
    throttle.remember_device(request, response, agent.email)
    return response


def is_fresh(request: HttpRequest) -> bool:
    """Whether the person at this session has proven themselves within the last minutes."""
    return time.time() - request.session.get("proven_at", 0) < FRESH_SECONDS


def prove(request: HttpRequest) -> None:
    request.session["proven_at"] = int(time.time())


def safe_target(request: HttpRequest, target: str) -> str:
    """Where somebody wanted to go, if that is a page of ours; else the start."""
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if safe else resolve_url(settings.LOGIN_REDIRECT_URL)
