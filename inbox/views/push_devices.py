"""The browsers in which an agent gets pushes."""

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import Agent
from accounts.views.answers import done
from inbox.actions import pushing
from inbox.views.refusals import form_refusal, refusing

COOKIE = f"tresen_push_{settings.PORT}" if settings.DEMO else "__Host-push"
COOKIE_SECONDS = 365 * 24 * 3600
BASE64 = r"^[\w-]+={0,2}$"
# The first that fits names it: Edge and Opera call themselves Chrome too, and Chrome calls itself Safari.
BROWSERS = {
    "Edg": "Edge", "OPR": "Opera", "SamsungBrowser": "Samsung Internet", "Firefox": "Firefox", "Chrome": "Chrome",
    "Safari": "Safari",
}  # fmt: skip
SYSTEMS = {
    "iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows", "Mac OS": "macOS",
    "CrOS": "ChromeOS", "Linux": "Linux",
}  # fmt: skip


class SubscriptionForm(forms.Form):
    """What a browser answers when it subscribes."""

    endpoint = forms.CharField(max_length=1_000)
    p256dh = forms.RegexField(BASE64, min_length=86, max_length=90)
    auth = forms.RegexField(BASE64, min_length=20, max_length=30)


def token_of(request: HttpRequest) -> str:
    """What this browser is called, "" when it never asked for pushes."""
    return request.COOKIES.get(COOKIE, "")


def name_of(agent_string: str) -> str:
    """ "Chrome, Android": enough to tell one's devices apart."""
    found = [
        next((words for mark, words in marks.items() if mark in agent_string), "")
        for marks in (BROWSERS, SYSTEMS)
    ]
    return ", ".join(filter(None, found)) or _("Browser")


@require_POST
@refusing
def collection(request: HttpRequest) -> HttpResponse:
    """This browser wants pushes."""
    form = SubscriptionForm(request.POST)
    if not form.is_valid():
        return form_refusal(request, {"": [_("The browser gave no usable subscription.")]})
    agent: Agent = request.user  # type: ignore[assignment]
    token = token_of(request) or pushing.new_token()
    name = name_of(request.headers.get("User-Agent", ""))
    pushing.add_device(agent, **form.cleaned_data, name=name, token=token)
    done(request, _("You get pushes on this device from now on."))
    response = JsonResponse({})
    response.set_cookie(
        COOKIE, token, max_age=COOKIE_SECONDS, secure=settings.SECURE_COOKIES, httponly=True, samesite="Lax"
    )
    return response


@require_POST
def removal(request: HttpRequest, pk: int) -> HttpResponse:
    """No more pushes on that device."""
    if not pushing.remove_device(request.user, pk):  # type: ignore[arg-type]
        raise Http404
    done(request, _("This device gets no more pushes."))
    return redirect("settings-notifications")


@require_POST
def test(request: HttpRequest) -> HttpResponse:
    """Push to this browser, and say what came of it."""
    device = pushing.device_of(request.user, token_of(request))  # type: ignore[arg-type]
    if device is None:
        return JsonResponse({"sentence": ""})
    outcome = pushing.send_test(device)
    if outcome.ok:
        sentence = _("The push service has taken the test. It should appear within seconds.")
    elif outcome.gone:
        sentence = _("The push service does not know this device any more. Switch pushes on again.")
    else:
        sentence = _("The push service did not take the test: %(why)s.") % {"why": outcome.problem}
    return JsonResponse({"sentence": sentence})
