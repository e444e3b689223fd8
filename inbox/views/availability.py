"""One's own switch: available for new conversations, or away."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from accounts.models import Availability
from inbox.actions import assignment
from inbox.views.refusals import refusing

PLACES = ("rail", "more")


@require_POST
@refusing
def change(request: HttpRequest) -> HttpResponse:
    wanted = Availability.AVAILABLE if request.POST.get("available") else Availability.AWAY
    assignment.set_availability(request.user, wanted, by=request.user)
    here = request.POST.get("here", "")
    return render(request, "inbox/_availability.html", {"here": here if here in PLACES else PLACES[0]})
