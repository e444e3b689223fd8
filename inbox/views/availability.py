"""One's own switch: available for new conversations, away, or on a break with an end."""

from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from inbox.actions import redistribution
from inbox.errors import InboxRuleViolation
from inbox.views.refusals import refusing

PLACES = ("rail", "more")


@require_http_methods(["GET", "POST"])
@refusing
def change(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":  # somebody else has changed it, or a break is over
        return _switch(request, request.GET.get("here", ""))
    if request.POST.get("available"):
        redistribution.end_pause(request.user, by=request.user)
    else:
        redistribution.pause(request.user, by=request.user, until=break_end(request))
    return _switch(request, request.POST.get("here", ""))


def _switch(request: HttpRequest, here: str) -> HttpResponse:
    return render(request, "inbox/_availability.html", {"here": here if here in PLACES else PLACES[0]})


def break_end(request: HttpRequest) -> datetime | None:
    """When the break is over that begins now and lasts `minutes`; None for one without an end."""
    if not (minutes := request.POST.get("minutes", "")):
        return None
    if not (minutes.isascii() and minutes.isdecimal() and len(minutes) < 5):
        raise InboxRuleViolation(_("Choose a time within the next day."))
    return timezone.now() + timedelta(minutes=int(minutes))
