"""One's own switch: available for new conversations, away, or on a break with an end."""

from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import Agent, Availability
from inbox.actions.availability import set_availability
from inbox.errors import InboxRuleViolation
from inbox.views.refusals import refusing

PLACES = ("rail", "more")


@require_http_methods(["GET", "POST"])
@refusing
def change(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":  # somebody else has changed it, or a break is over
        return _switch(request, request.GET.get("here", ""))
    switch(request, request.user)
    return _switch(request, request.POST.get("here", ""))


def _switch(request: HttpRequest, here: str) -> HttpResponse:
    return render(request, "inbox/_availability.html", {"here": here if here in PLACES else PLACES[0]})


def switch(request: HttpRequest, person: Agent) -> bool:
    """Available when the form says so, else away, for so many `minutes` if it names some; which of them it is now."""
    available = bool(request.POST.get("available"))
    wanted = Availability.AVAILABLE if available else Availability.AWAY
    until = None if available else break_end(request)
    set_availability(person, wanted, by=request.user, until=until)  # type: ignore[arg-type]
    return available


def break_end(request: HttpRequest) -> datetime | None:
    """When the break is over that begins now and lasts `minutes`; None for one without an end."""
    if not (minutes := request.POST.get("minutes", "")):
        return None
    if not (minutes.isascii() and minutes.isdecimal() and len(minutes) < 5):
        raise InboxRuleViolation(_("Choose a time within the next day."))
    return timezone.now() + timedelta(minutes=int(minutes))
