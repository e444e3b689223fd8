"""Single sign-on: out to the identity provider, back from it, and where an admin connects it."""

import logging

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import entering, interrupted, sign_on_actions, single_sign_on, throttle
from accounts.errors import SignOnFailed
from accounts.models import Agent, SignOnProvider
from accounts.network import client_network
from accounts.permissions import admin_required
from accounts.security_forms import SignOnForm
from accounts.views.answers import done, refusals_in_words
from accounts.views.second_factor import fresh_required

logger = logging.getLogger("tresen.access")


def _settings_page() -> str:
    return reverse("settings-sign-on")


@never_cache
@login_not_required
@refusals_in_words
@require_http_methods(["GET", "HEAD"])
def start(request: HttpRequest, pk: int) -> HttpResponse:
    """Off to the provider."""
    provider = get_object_or_404(SignOnProvider, pk=pk)
    target = entering.safe_target(request, request.GET.get("next", ""))
    network = throttle.Limit(throttle.hashed("sign-on", client_network(request)), throttle.PER_NETWORK)
    try:
        if not throttle.count(network).allowed:  # each asks the provider
            raise SignOnFailed("too many")
        return HttpResponseRedirect(single_sign_on.begin(request, provider, target))
    except SignOnFailed as refusal:
        logger.warning("Single sign-on could not begin: %s", refusal.reason)
        raise


@never_cache
@login_not_required
@refusals_in_words
@require_http_methods(["GET", "HEAD"])
def back(request: HttpRequest) -> HttpResponse:
    """Back from the provider: in, or on to the second factor, as after a password."""
    try:
        agent, target = single_sign_on.finish(request)
    except SignOnFailed as refusal:
        logger.warning("Single sign-on from %s failed: %s", client_network(request), refusal.reason)
        raise
    return entering.enter(request, agent, target=target)


@sensitive_post_parameters("client_secret")
@admin_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def provider(request: HttpRequest) -> HttpResponse:
    """Connect the workspace's provider, after it has answered."""
    viewer: Agent = request.user  # type: ignore[assignment]
    kept = SignOnProvider.objects.filter(workspace_id=viewer.workspace_id).first()
    if request.method != "POST":
        shown = SignOnProvider.objects.get(pk=kept.pk) if kept else None
        return _page(request, SignOnForm(interrupted.words(request, request.path), instance=kept), shown)
    return _save(request, viewer, kept)


@fresh_required(back=_settings_page)
def _save(request: HttpRequest, viewer: Agent, kept: SignOnProvider | None) -> HttpResponse:
    shown = SignOnProvider.objects.get(pk=kept.pk) if kept else None
    form = SignOnForm(request.POST, instance=kept)
    if form.is_valid():
        try:
            single_sign_on.endpoints(form.cleaned_data["issuer"])
        except SignOnFailed as refusal:
            words = _("The provider does not answer as one (%(reason)s). Check the address.")
            form.add_error("issuer", words % {"reason": refusal.reason})
        else:
            sign_on_actions.connect_provider(viewer.workspace, by=viewer, **form.cleaned_data)
            done(request, _("Saved. The button is on the sign-in page."))
            return redirect("settings-sign-on")
    return _page(request, form, shown, status=422)


@admin_required
@require_POST
@fresh_required(back=_settings_page)
def removal(request: HttpRequest) -> HttpResponse:
    """No more single sign-on; everybody signs in by password again."""
    viewer: Agent = request.user  # type: ignore[assignment]
    sign_on_actions.remove_provider(viewer.workspace, by=viewer)
    done(request, _("Single sign-on is switched off."))
    return redirect("settings-sign-on")


def _page(request: HttpRequest, form: SignOnForm, kept: SignOnProvider | None, status: int = 200) -> HttpResponse:
    context = {
        "nav": "settings", "settings_page": "sign-on", "form": form, "provider": kept,
        "redirect_address": single_sign_on.redirect_address(),
    }  # fmt: skip
    return render(request, "accounts/sign_on.html", context, status=status)
