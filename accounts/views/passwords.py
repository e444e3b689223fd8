"""Ways in without a password: the forgotten one, a one-time link, an invitation."""

import logging

import django_rq
import redis
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import actions, entering, jobs, links, mail, throttle
from accounts.errors import LinkUsed
from accounts.forms import AcceptInvitationForm, EmailForm, NewPasswordForm, languages
from accounts.network import client_network
from accounts.views.answers import done, refusals_in_words

logger = logging.getLogger(__name__)
ASKED_PER_NETWORK = 20
GET_OR_POST = ["GET", "HEAD", "POST"]


@never_cache
@login_not_required
@require_http_methods(GET_OR_POST)
def password_reset(request: HttpRequest) -> HttpResponse:
    """Ask for a password link by mail. The answer is the same whether the address is known or not."""
    context = {"languages": languages(), "mail": mail.is_set_up_somewhere(), "form": EmailForm()}
    if request.method != "POST" or not context["mail"]:
        return render(request, "accounts/password_reset.html", context)
    form = context["form"] = EmailForm(request.POST)
    if not form.is_valid():
        return render(request, "accounts/password_reset.html", context, status=422)
    limit = throttle.Limit(throttle.hashed("reset-network", client_network(request)), ASKED_PER_NETWORK)
    if throttle.count(limit).allowed:
        try:
            queue = django_rq.get_queue("default", commit_mode="auto")
            queue.enqueue(jobs.send_password_link, form.cleaned_data["email"])
        except (redis.RedisError, OSError) as error:
            logger.warning("A password link could not be queued: %s", type(error).__name__)
    return render(request, "accounts/password_reset.html", context | {"sent": True})


@sensitive_post_parameters("password")
@never_cache
@login_not_required
@refusals_in_words
@require_http_methods(GET_OR_POST)
def password_reset_confirm(request: HttpRequest, person: str, token: str) -> HttpResponse:
    """Set a new password by link and go to the sign-in."""
    agent = links.agent_of_reset_link(person, token)
    if agent is None:
        raise LinkUsed
    form = NewPasswordForm(request.POST or None, agent=agent)
    if request.method == "POST" and form.is_valid():
        actions.reset_password(person, token, form.cleaned_data["password"])
        done(request, _("Your new password is set. Sign in with it."))
        return redirect("login")
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "agent": agent, "languages": languages()}
    return render(request, "accounts/password_reset_confirm.html", context, status=status)


@sensitive_post_parameters("password")
@never_cache
@login_not_required
@refusals_in_words
@require_http_methods(GET_OR_POST)
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Accept an invitation: name and password, then in, or first to the second factor that is demanded."""
    invited = actions.find_invitation(token)
    if invited is None:
        raise LinkUsed
    form = AcceptInvitationForm(request.POST or None, invitation=invited, initial={"name": invited.name})
    if request.method == "POST" and form.is_valid():
        agent = actions.accept_invitation(
            token, name=form.cleaned_data["name"], password=form.cleaned_data["password"],
            language=get_language() or invited.workspace.language,
        )
        return entering.enter(request, agent)
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "invitation": invited, "languages": languages()}
    return render(request, "accounts/invitation.html", context, status=status)
