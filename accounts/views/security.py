"""How one signs in, and where one is signed in: password, second factors, devices."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import actions, factor_actions, recovery_codes, session_actions, throttle
from accounts.forms import ChangePasswordForm
from accounts.models import Agent
from accounts.permissions import must_have_second_factor
from accounts.sessions import sessions_of
from accounts.views.answers import done, refusals_in_words
from accounts.views.factor_set_up import keep_signed_in, show_codes
from accounts.views.second_factor import fresh_required


@never_cache
@require_http_methods(["GET", "HEAD"])
def security(request: HttpRequest) -> HttpResponse:
    return _page(request, ChangePasswordForm(agent=request.user))  # type: ignore[arg-type]


@sensitive_post_parameters("current", "password")
@require_POST
def password(request: HttpRequest) -> HttpResponse:
    """Change the own password; this device stays signed in, all others are signed out."""
    agent: Agent = request.user  # type: ignore[assignment]
    limit = throttle.Limit(throttle.hashed("password", str(agent.pk)), throttle.PER_ACCOUNT)
    form = ChangePasswordForm(request.POST, agent=agent)
    if not throttle.count(limit).allowed:
        form.add_error(None, _("Too many tries. Please wait a quarter of an hour."))
        return _page(request, form, status=429)
    if not form.is_valid():
        return _page(request, form, status=422)
    actions.change_password(agent, form.cleaned_data["password"])
    throttle.forgive([limit])
    keep_signed_in(request, agent)
    done(request, _("Your password is changed. Other devices are signed out."))
    return redirect("profile-security")


@require_POST
@fresh_required()
@refusals_in_words
def remove_factor(request: HttpRequest, pk: int) -> HttpResponse:
    """Take away one of one's own factors."""
    agent: Agent = request.user  # type: ignore[assignment]
    factor = get_object_or_404(agent.second_factors, pk=pk)
    factor.agent = agent
    factor_actions.remove_factor(factor)
    keep_signed_in(request, agent)
    done(request, _("It is removed. Other devices are signed out."))
    return redirect("profile-security")


@require_POST
@fresh_required()
def renew_codes(request: HttpRequest) -> HttpResponse:
    """New recovery codes in place of the old ones."""
    agent: Agent = request.user  # type: ignore[assignment]
    if not agent.second_factors.exists():
        raise Http404
    codes = factor_actions.renew_recovery_codes(agent)
    return redirect(show_codes(request, codes, reverse("profile-security")))


@require_POST
def end_session(request: HttpRequest, mark: str) -> HttpResponse:
    """Sign out one other device."""
    agent: Agent = request.user  # type: ignore[assignment]
    session = next((each for each in sessions_of(agent) if each.mark == mark), None)
    if session is None or session.session_key == request.session.session_key:
        raise Http404
    session_actions.end_session(session, by=agent)
    done(request, _("The device is signed out."))
    return redirect("profile-security")


@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere but here."""
    agent: Agent = request.user  # type: ignore[assignment]
    actions.end_sessions(agent, by=agent)
    keep_signed_in(request, agent)
    done(request, _("All other devices are signed out."))
    return redirect("profile-security")


def _page(request: HttpRequest, form: ChangePasswordForm, status: int = 200) -> HttpResponse:
    agent: Agent = request.user  # type: ignore[assignment]
    factors = list(agent.second_factors.order_by("pk"))
    context: dict[str, Any] = {
        "nav": "settings", "settings_page": "security", "password_form": form, "factors": factors,
        "codes_left": recovery_codes.left(agent) if factors else 0, "codes_made": recovery_codes.COUNT,
        "demanded": must_have_second_factor(agent), "has_app": any(factor.kind == "app" for factor in factors),
        "sessions": sessions_of(agent), "current": request.session.session_key,
    }  # fmt: skip
    return render(request, "accounts/security.html", context, status=status)
