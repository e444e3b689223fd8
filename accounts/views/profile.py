"""What a person sets about themselves."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

<<<<<<< HEAD
from accounts import duty
from accounts.forms import PreferenceForm, ProfileForm
from accounts.models import Agent
=======
from accounts import actions, duty, throttle
from accounts.forms import ChangePasswordForm, PreferenceForm, ProfileForm
from accounts.hours_words import week_of
from accounts.models import Agent, WorkingHours
>>>>>>> ea6ee03 (Limits per team, and the ways to the hours: from people, teams, the board and the profile)
from accounts.permissions import may_manage_settings
from accounts.views.answers import done


def settings_home(request: HttpRequest) -> HttpResponse:
    """The first settings page this person may open."""
    return redirect("settings-number" if may_manage_settings(request.user) else "profile")  # type: ignore[arg-type]


@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """My profile: name, language, zone, appearance, keys."""
    agent: Agent = request.user  # type: ignore[assignment]
    if request.method != "POST":
        return _page(request, ProfileForm(instance=agent))
    form = ProfileForm(request.POST, instance=Agent.objects.get(pk=agent.pk))
    if not form.is_valid():
        return _page(request, form, status=422)
    saved = form.save(commit=False)
    saved.save(update_fields=list(form.cleaned_data))
    duty.refresh([saved], timezone.now())  # working hours are in the own time zone
    with translation.override(saved.language):
        done(request, _("Saved."))
    return redirect("profile")


@require_POST
def preference(request: HttpRequest) -> HttpResponse:
    """One setting of the profile at once: `theme` or `language`."""
    agent: Agent = request.user  # type: ignore[assignment]
    form = PreferenceForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=400)
    Agent.objects.filter(pk=agent.pk).update(**form.said)
    return HttpResponse(status=204)


<<<<<<< HEAD
def _page(request: HttpRequest, form: ProfileForm, status: int = 200) -> HttpResponse:
    context = {"nav": "settings", "settings_page": "profile", "form": form}
=======
@sensitive_post_parameters("current", "password")
@require_POST
def password(request: HttpRequest) -> HttpResponse:
    """Change the own password; this device stays signed in, all others are signed out."""
    agent: Agent = request.user  # type: ignore[assignment]
    limit = throttle.Limit(throttle.hashed("password", str(agent.pk)), throttle.PER_ACCOUNT)
    form = ChangePasswordForm(request.POST, agent=agent)
    if not throttle.count(limit).allowed:
        form.add_error(None, _("Too many tries. Please wait a quarter of an hour."))
        return _page(request, ProfileForm(instance=agent), form, status=429)
    if not form.is_valid():
        return _page(request, ProfileForm(instance=agent), form, status=422)
    actions.change_password(agent, form.cleaned_data["password"])
    throttle.forgive([limit])
    started_at = request.session.get("started_at", int(time.time()))
    update_session_auth_hash(request, agent)
    request.session["started_at"] = started_at
    done(request, _("Your password is changed. Other devices are signed out."))
    return redirect("profile")


def _page(
    request: HttpRequest, form: ProfileForm, password_form: ChangePasswordForm, status: int = 200
) -> HttpResponse:
    context = {"nav": "settings", "settings_page": "profile", "form": form, "password_form": password_form}
    context["hours"] = week_of(WorkingHours.objects.filter(agent=request.user.pk).first())
>>>>>>> ea6ee03 (Limits per team, and the ways to the hours: from people, teams, the board and the profile)
    return render(request, "accounts/profile.html", context, status=status)
