"""One's own switch: available for new conversations, away, or on a break with an end."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.models import Agent, Availability
from inbox.actions import bulk
from inbox.actions.availability import set_availability
from inbox.actions.redistribution import redistribute
from inbox.actions.undo_people import remembering_person
from inbox.errors import InboxRuleViolation
from inbox.times import in_words
from inbox.views.bulk import names_of_refused
from inbox.views.refusals import refusing, trigger_header

PLACES = ("rail", "more")
MENUS = ("menu", "more")


@dataclass(frozen=True, slots=True)
class Switched:
    is_available: bool
    outcome: bulk.Outcome | None = None  # of handing over
    step: dict[str, Any] | None = None  # what would take the switch back


@require_http_methods(["GET", "POST"])
@refusing
def change(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":  # somebody else has changed it, a break is over, or the working hours are
        return _switch(request, request.GET.get("here", ""))
    switched = switch(request, request.user)  # type: ignore[arg-type]
    answer = _switch(request, request.POST.get("here", ""))
    if toast := _toast(request.user, switched):  # type: ignore[arg-type]
        answer["HX-Trigger"] = trigger_header({"toast": toast})
    return answer


def _switch(request: HttpRequest, here: str) -> HttpResponse:
    context = {"here": here if here in PLACES else PLACES[0], "places": MENUS}
    return render(request, "inbox/_availability_answer.html", context)


def switch(request: HttpRequest, person: Agent) -> Switched:
    """Available when the form says so, else away: for so many `minutes` if it names some, with `keeps` keeping what is
    theirs, with `hand_over` giving away at once what customers wait for. `seen` is the switch as the page knew it."""
    by: Agent = request.user  # type: ignore[assignment]
    is_available, hands_over = bool(request.POST.get("available")), bool(request.POST.get("hand_over"))
    wanted = Availability.AVAILABLE if is_available else Availability.AWAY
    until = None if is_available else break_end(request)
    keeps = bool(request.POST.get("keeps")) and not hands_over
    seen = request.POST.get("seen")
    step = remembering_person(
        person, lambda each: set_availability(each, wanted, by=by, until=until, keeps=keeps, seen=seen)
    )
    if is_available or not hands_over:
        return Switched(is_available, step=step)
    return Switched(False, redistribute(person, by=by, first=step))


def handed_over(outcome: bulk.Outcome) -> dict[str, Any]:
    """The message after conversations went back to the queue, with the way to take it back."""
    done = ngettext(
        "%(count)s conversation is back in the queue.", "%(count)s conversations are back in the queue.", outcome.done
    )
    words = [done % {"count": outcome.done}]
    if outcome.refused:
        words.append(_("Not done: %(names)s") % {"names": names_of_refused(outcome)})
    toast: dict[str, Any] = {"words": " ".join(words), "bad": bool(outcome.refused) and not outcome.done}
    if outcome.undo is not None:
        toast["undo"] = reverse("undo", args=[outcome.undo.pk])
    return toast


def _toast(me: Agent, switched: Switched) -> dict[str, Any]:
    """What is worth saying beyond what the switch shows."""
    if switched.outcome is not None:
        return handed_over(switched.outcome)
    if switched.is_available and me.works_extra:
        words = _("You get conversations outside your working hours, until you switch off.")
        if me.duty_until is not None:
            words += " " + _("Your next working time begins:") + " " + in_words(me.duty_until, "since")
        return {"words": words}
    return {"words": _("You are away and keep what is yours.")} if me.away_keeps else {}


def break_end(request: HttpRequest) -> datetime | None:
    """When the break is over that begins now and lasts `minutes`; None for one without an end."""
    if not (minutes := request.POST.get("minutes", "")):
        return None
    if not (minutes.isascii() and minutes.isdecimal() and len(minutes) < 5):
        raise InboxRuleViolation(_("Choose a time within the next day."))
    return timezone.now() + timedelta(minutes=int(minutes))
