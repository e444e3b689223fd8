"""What a person sets about themselves."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import duty
from accounts.forms import PreferenceForm, ProfileForm
from accounts.hours_words import week_of
from accounts.models import Agent, WorkingHours
from accounts.permissions import may_manage_settings
from accounts.views.answers import done


def settings_home(request: HttpRequest) -> HttpResponse:
    """The first settings page this person may open."""
    agent: Agent = request.user  # type: ignore[assignment]
    if not may_manage_settings(agent):
        return redirect("profile")
    return redirect("settings-first-steps" if agent.workspace.shows_first_steps else "settings-number")


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


def _page(request: HttpRequest, form: ProfileForm, status: int = 200) -> HttpResponse:
    context = {"nav": "settings", "settings_page": "profile", "form": form}
    context["hours"] = week_of(WorkingHours.objects.filter(agent=request.user.pk).first())
    return render(request, "accounts/profile.html", context, status=status)
