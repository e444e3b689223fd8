"""Setting up a second factor: one's own from the security page, or the first one that the workspace demands.

In the second case the person has only shown the password, and this is all they may do.
"""

import functools
import time
from collections.abc import Callable
from typing import Any

from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import authenticator_app, devices, entering, factor_actions, founding, security_keys
from accounts.entering import Entering
from accounts.errors import KnownKey
from accounts.fields import decrypt, encrypt
from accounts.forms import languages
from accounts.models import Agent, FactorKind
from accounts.security_forms import CodeForm, KeyForm
from accounts.views.answers import done, refusals_in_words
from accounts.views.second_factor import confirm_address

GET_OR_POST = ["GET", "HEAD", "POST"]
NEW_APP, NEW_CODES = "new_app", "new_codes"  # in the session, encrypted
CODES_SECONDS = 600


def _setting_up(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For who is signed in and fresh, and for who must set up their first factor before they may come in."""

    @functools.wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        if isinstance(request.user, Agent):
            page = request.path if request.method in ("GET", "HEAD") else reverse("profile-security")
            fresh = entering.is_fresh(request)
            return view(request, request.user, None) if fresh else redirect(confirm_address(page))
        coming = entering.entering(request)
        if coming is None:
            return redirect_to_login(request.get_full_path())
        return view(request, coming.agent, coming) if coming.must_set_up else redirect("second-factor")

    return never_cache(login_not_required(guarded))


@_setting_up
@require_http_methods(["GET", "HEAD"])
def set_up(request: HttpRequest, agent: Agent, coming: Entering | None) -> HttpResponse:
    """Which kind of factor?"""
    return _page(request, "set_up", agent, coming)


@sensitive_post_parameters("code")
@_setting_up
@refusals_in_words
@require_http_methods(GET_OR_POST)
def app(request: HttpRequest, agent: Agent, coming: Entering | None) -> HttpResponse:
    """Scan, then show that the app gives the right code."""
    form = CodeForm(request.POST if request.method == "POST" else None)
    if NEW_APP not in request.session:
        if request.method == "POST":
            return redirect("second-factor-app")
        request.session[NEW_APP] = encrypt(authenticator_app.new_secret())  # a reload shows what was scanned already
    secret = decrypt(request.session[NEW_APP])
    if request.method == "POST" and form.is_valid():
        codes = factor_actions.add_app(agent, secret=secret, code=form.cleaned_data["code"], first=coming is not None)
        if codes is not None:
            del request.session[NEW_APP]
            return _added(request, agent, coming, codes, _("Your authenticator app is set up."))
        form.add_error("code", _("This code is not right. Take the one shown now, and check the clock of your phone."))
    address = authenticator_app.address(secret, account=agent.email, issuer=f"Tresen {agent.workspace.name}")
    picture = mark_safe(authenticator_app.picture(address))  # noqa: S308 - squares only
    context = {"form": form, "address": address, "picture": picture, "by_hand": authenticator_app.by_hand(secret)}
    return _page(request, "app", agent, coming, status=422 if form.errors else 200, **context)


@sensitive_post_parameters("credential")
@_setting_up
@refusals_in_words
@require_http_methods(GET_OR_POST)
def key(request: HttpRequest, agent: Agent, coming: Entering | None) -> HttpResponse:
    """Name a key and let the browser make it."""
    form = KeyForm(request.POST or None, initial={"name": devices.device_words(request)})
    if request.method == "POST" and form.is_valid():
        try:
            made = security_keys.new_key(request, agent, form.cleaned_data["credential"])
            codes = factor_actions.add_key(agent, name=form.cleaned_data["name"], key=made, first=coming is not None)
        except security_keys.WrongAnswer:
            form.add_error(None, _("That did not work. Please try again."))
        except KnownKey as refusal:
            form.add_error(None, str(refusal))
        else:
            return _added(request, agent, coming, codes, _("Your key is set up."))
    context = {"form": form, "possible": security_keys.are_possible(request)}
    return _page(request, "key", agent, coming, status=422 if form.errors else 200, **context)


@_setting_up
@require_POST
def key_question(request: HttpRequest, agent: Agent, coming: Entering | None) -> HttpResponse:
    """What the browser shall ask a new key."""
    return JsonResponse(security_keys.ask_for_new(request, agent))


@never_cache
@require_http_methods(GET_OR_POST)
def codes(request: HttpRequest) -> HttpResponse:
    """The new recovery codes, until the person says that they have them, or ten minutes are over."""
    if request.method == "POST":
        return redirect(request.session.pop(NEW_CODES, {}).get("next") or "profile-security")
    shown = _new_codes(request)
    if not shown:
        return redirect("profile-security")
    return render(request, "accounts/recovery_codes.html", {"codes": shown, **wizard(request.user)})  # type: ignore[arg-type]


@never_cache
@require_http_methods(["GET", "HEAD"])
def codes_file(request: HttpRequest) -> HttpResponse:
    """The same as a text file."""
    shown = _new_codes(request)
    if not shown:
        return redirect("profile-security")
    agent: Agent = request.user  # type: ignore[assignment]
    head = _("Recovery codes for Tresen, %(email)s. Each works once.") % {"email": agent.email}
    name = _("tresen-recovery-codes.txt")
    return HttpResponse(
        "\r\n".join([head, "", *shown, ""]), content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )  # fmt: skip


def show_codes(request: HttpRequest, codes: list[str], after: str) -> str:
    """Keep new codes for the page that shows them; answers its address."""
    request.session[NEW_CODES] = {"sealed": encrypt("\n".join(codes)), "at": int(time.time()), "next": after}
    return reverse("recovery-codes")


def _new_codes(request: HttpRequest) -> list[str]:
    kept = request.session.get(NEW_CODES)
    if kept is None:
        return []
    return decrypt(kept["sealed"]).split("\n") if time.time() - kept["at"] < CODES_SECONDS else []


def keep_signed_in(request: HttpRequest, agent: Agent) -> None:
    """This session goes on, though all others have just ended."""
    update_session_auth_hash(request, agent)


def _added(
    request: HttpRequest, agent: Agent, coming: Entering | None, codes: list[str], words: str
) -> HttpResponse:
    """In with it, where one was coming in; and on to the recovery codes, if there are new ones."""
    if coming is not None:
        response = entering.signed_in(request, agent, stay=coming.stay, target=coming.target)
    else:
        keep_signed_in(request, agent)
        done(request, words)
        response = redirect("profile-security")
    if codes:
        response["Location"] = show_codes(request, codes, response["Location"])
    return response


def wizard(agent: Agent) -> dict[str, Any]:
    """In the first hour these pages are a step of the wizard and look like one."""
    return {"layout": "setup/gate.html", "trail": founding.trail("security")} if agent.workspace.setup_step else {}


def _page(
    request: HttpRequest, name: str, agent: Agent, coming: Entering | None, status: int = 200, **more: Any
) -> HttpResponse:
    context = {
        "agent": agent, "coming": coming, "languages": languages() if coming else [], "kinds": FactorKind,
        **wizard(agent), **more,
    }  # fmt: skip
    return render(request, f"accounts/factor_{name}.html", context, status=status)
