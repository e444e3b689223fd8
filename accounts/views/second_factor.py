"""Proving who one is a second time: at the sign-in, and before one changes how one signs in."""

import functools
import logging
import math
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import entering, factor_actions, interrupted, refusals, security_keys, throttle
from accounts.forms import languages
from accounts.models import Agent, FactorKind
from accounts.network import client_network
from accounts.security_forms import CodeForm, PasswordForm
from accounts.views.answers import done

logger = logging.getLogger("tresen.access")
View = Callable[..., HttpResponse]
GET_OR_POST = ["GET", "HEAD", "POST"]


@sensitive_post_parameters("code", "credential")
@never_cache
@login_not_required
@require_http_methods(GET_OR_POST)
def second_factor(request: HttpRequest) -> HttpResponse:
    """The second step of the sign-in, for who has said the right password."""
    coming = entering.entering(request)
    if coming is None:
        return redirect("login")
    if request.method != "POST":
        return _step_page(request, coming.agent, CodeForm(paper=True))
    form = CodeForm(request.POST, paper=True)
    status = _prove(request, coming.agent, form)
    if status:
        return _step_page(request, coming.agent, form, status=status)
    return entering.signed_in(request, coming.agent, stay=coming.stay, target=coming.target)


@never_cache
@login_not_required
@require_POST
def question(request: HttpRequest) -> HttpResponse:
    """What the browser shall ask the person's key."""
    coming = entering.entering(request)
    agent = coming.agent if coming else request.user
    if not isinstance(agent, Agent):
        return redirect("login")
    return JsonResponse(security_keys.ask(request, agent))


@sensitive_post_parameters("password", "code", "credential")
@never_cache
@require_http_methods(GET_OR_POST)
def confirm(request: HttpRequest) -> HttpResponse:
    """Prove oneself again, by password or factor, then go where one wanted to."""
    agent: Agent = request.user  # type: ignore[assignment]
    if request.method != "POST":
        return _confirm_page(request, agent, PasswordForm(), CodeForm())
    by_password = "password" in request.POST
    password = PasswordForm(request.POST if by_password else None)
    code = CodeForm(None if by_password else request.POST)
    status = _prove_password(agent, password) if by_password else _prove(request, agent, code)
    if status:
        return _confirm_page(request, agent, password, code, status=status)
    entering.prove(request)
    target = request.POST.get("next", "")
    if interrupted.waits(request, target):
        done(request, _("Thank you. What you typed is here again: look it over and send it."))
    return redirect(entering.safe_target(request, target))


def fresh_required(back: Callable[..., str] | None = None) -> Callable[[View], View]:
    """Only for who has proven themselves within the last minutes. Others do it now; a form they sent brings them `back`
    to its page (without it, to their own security page), which finds what they typed in `accounts.interrupted`."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if entering.is_fresh(request):
                return view(request, *args, **kwargs)
            page = back(**kwargs) if back else reverse("profile-security")
            return ask_again(request, request.get_full_path() if request.method in ("GET", "HEAD") else page)

        return resuming(guarded)

    return decorate


def resuming(view: View) -> View:
    """For a view that may `ask_again`: it gets the secrets back that were typed before the proof, and what was typed is
    forgotten once it has been dealt with."""

    @functools.wraps(view)
    def resumed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        interrupted.complete(request)
        response = view(request, *args, **kwargs)
        if entering.is_fresh(request) and response.status_code < 400:
            interrupted.over(request)
        return response

    return resumed


def ask_again(request: HttpRequest, target: str) -> HttpResponse:
    """Off to the proof, and on to `target`; what was sent waits meanwhile."""
    if request.method == "POST":
        interrupted.keep(request, target)
    where = confirm_address(target)
    return HttpResponse(headers={"HX-Redirect": where}) if getattr(request, "htmx", False) else redirect(where)


def confirm_address(target: str) -> str:
    return f"{reverse('confirm')}?{urlencode({'next': target})}"


def _prove(request: HttpRequest, agent: Agent, form: CodeForm) -> int:
    """Try the code or key that was sent: 0 if it is good, else the status of the answer, with the form saying why."""
    limits = throttle.factor_limits(request, agent)
    verdict = throttle.count_all(limits)
    if not verdict.allowed:
        refusals.note_blocked(request, verdict, agent.email)
        logger.warning("Second-factor limit reached for agent %s, asked from %s", agent.pk, client_network(request))
        form.full_clean()
        form.add_error(None, _too_many(verdict))
        return 429
    if "credential" in request.POST:
        good, words = _key_is_good(request, agent), _("That key did not work. Try again, or use a code.")
        form.errors.clear()
    elif form.is_valid():
        good = factor_actions.prove_code(agent, form.cleaned_data["code"])
        words = _("This code is not right, or it has been used already. Wait for the next one.")
    else:
        return 422
    if not good:
        refusals.note_sign_in(request, "sign_in.factor_failed", agent.email)
        form.add_error(None, words)
        return 422
    throttle.forgive(limits)
    return 0


def _key_is_good(request: HttpRequest, agent: Agent) -> bool:
    try:
        credential_id, count = security_keys.proven(request, agent, request.POST["credential"])
    except security_keys.WrongAnswer:
        return False
    return factor_actions.prove_key(agent, credential_id, count)


def _prove_password(agent: Agent, form: PasswordForm) -> int:
    limit = throttle.Limit(throttle.hashed("password", str(agent.pk)), throttle.PER_ACCOUNT)
    verdict = throttle.count(limit)
    if not form.is_valid():
        return 422
    if not verdict.allowed:
        form.add_error(None, _too_many(verdict))
        return 429
    if not agent.check_password(form.cleaned_data["password"]):
        form.add_error("password", _("This is not your current password."))
        return 422
    throttle.forgive([limit])
    return 0


def _too_many(verdict: throttle.Verdict) -> str:
    minutes = max(1, math.ceil((verdict.again_at.timestamp() - time.time()) / 60))
    return _("Too many tries. Wait %(minutes)s minutes.") % {"minutes": minutes}


def _factors(request: HttpRequest, agent: Agent) -> dict[str, Any]:
    kinds = set(agent.second_factors.values_list("kind", flat=True))
    possible = security_keys.are_possible(request)
    return {
        "agent": agent, "has_app": FactorKind.APP in kinds, "has_key": FactorKind.KEY in kinds and possible,
        "elsewhere": FactorKind.KEY in kinds and not possible,
    }  # fmt: skip


def _step_page(request: HttpRequest, agent: Agent, form: CodeForm, status: int = 200) -> HttpResponse:
    context = {"form": form, "languages": languages(), **_factors(request, agent)}
    if not context["has_key"]:
        form.fields["code"].widget.attrs["autofocus"] = True
    return render(request, "accounts/second_factor.html", context, status=status)


def _confirm_page(
    request: HttpRequest, agent: Agent, password: PasswordForm, code: CodeForm, status: int = 200
) -> HttpResponse:
    target = request.POST.get("next") or request.GET.get("next", "")
    context = {
        "password_form": password, "form": code, "next": target, "waits": interrupted.waits(request, target),
        **_factors(request, agent),
    }  # fmt: skip
    return render(request, "accounts/confirm.html", context, status=status)
